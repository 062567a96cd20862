"""Methods that explain helper variables and say what settings chose."""

from __future__ import annotations

from adam.catalog import DERIVATIONS
from adam.methods import explained
from specs.models import Step
from spectrail.lineage import Trace
from spectrail.step_run import render_method


def step(algorithm: str, *read: str, target: str = "") -> Step:
    """Make a step that reads some columns."""
    return Step(algorithm=algorithm, target=target, source=read)


def test_helpers_are_explained_where_they_are_read() -> None:
    """A method tells how the helper variables behind it were made, each once; written variables speak for themselves."""
    steps = [
        step("records", "AE"),
        step("a", "AE.X", target="INNER"),
        step("b", "INNER", target="HELPER"),
        step("c", target="OTHER"),
        step("d", "HELPER", "WRITTEN", target="FLAG"),
        step("e", "FLAG", target="LAST"),
    ]
    traces = [
        Trace(one.target, number, one.algorithm, method=f"by {one.algorithm}") for number, one in enumerate(steps)
    ]
    made = explained(traces[1:], {"FLAG", "LAST"}, steps, lambda one: one.source)
    assert {one.variable: one.method for one in made} == {
        "INNER": "by a",
        "HELPER": "by b",
        "OTHER": "by c",
        "FLAG": "by d; HELPER: by b; INNER: by a",
        "LAST": "by e",
    }


def test_helpers_of_other_blocks_and_later_ones_are_left_out() -> None:
    """Only what was made before on the same records stands behind a value; a helper made of itself ends."""
    steps = [
        step("records", "AE"),
        step("a", target="HELPER"),
        step("records", "CM"),
        step("b", target="HELPER"),
        step("c", "HELPER", target="HELPER"),
        step("d", "HELPER", target="FLAG"),
        step("e", target="HELPER"),
        step("combine"),
        step("f", "HELPER", target="LATE"),
    ]
    traces = [
        Trace(one.target, number, one.algorithm, method=f"by {one.algorithm}") for number, one in enumerate(steps)
    ]
    made = explained([one for one in traces if one.variable], {"FLAG", "LATE"}, steps, lambda one: one.source)
    methods = {one.variable: one.method for one in made}
    assert methods["FLAG"] == "by d; HELPER: by b; HELPER: by c"
    assert methods["LATE"] == "by f"


def test_method_of_an_option_has_its_condition_only() -> None:
    """The text has the condition of the chosen option, not the others."""
    entry = DERIVATIONS.registry["derive_var_flag_by_option"]
    arguments = {"new_var": "F", "option": "late", "conditions": {"strict": "ADY <= 39", "late": "ADY <= 45"}}
    made = Step(algorithm=entry.name, arguments=arguments)
    assert render_method(entry, made) == "Y where ADY <= 45 (late)"


def test_method_says_what_a_source_depends_on() -> None:
    """A source that counts for some options only is told with the option chosen."""
    entry = DERIVATIONS.registry["derive_param_tte"]
    event = {"dataset": "ADSL", "date": "HSCTDT", "setting": "censor", "options": "event", "EVNTDESC": "TRANSPLANT"}
    made = Step(
        algorithm=entry.name,
        arguments={
            "start_dates": {"enrolment": "ENRLDT", "consent": "RFICDT"},
            "origin": "consent",
            "event_conditions": (event,),
            "censor_conditions": ({"dataset": "ADSL", "date": "LSTALVDT", "CNSDTDSC": "ALIVE"},),
        },
    )
    assert render_method(entry, made) == (
        "time from RFICDT (consent) to the earliest of: dataset ADSL, date HSCTDT, EVNTDESC TRANSPLANT, only with event"
        " (chosen: censor); else censored at the latest of: dataset ADSL, date LSTALVDT, CNSDTDSC ALIVE"
    )
