"""Method texts: expressions in words, templates filled, one variable told as a whole."""

from __future__ import annotations

import pytest

import adam.derivations
import adam.parameters  # noqa: F401
import sdtm.algorithms
import sdtm.derivations  # noqa: F401
from adam.catalog import DERIVATIONS
from define_xml.method_words import words_of
from sdtm.catalog import ALGORITHMS
from specs.expressions import parse
from spectrail.expressions import FUNCTIONS
from spectrail.expressions.english import in_words
from spectrail.lineage import Lineage, Trace
from spectrail.method_text import method_text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("AVALC == 'Y'", 'AVALC = "Y"'),
        ("EXTRT != 'BLINATUMOMAB' and EXDOSE > 0", 'EXTRT is not "BLINATUMOMAB" and EXDOSE > 0'),
        ("A == 'X' and (B > 1 or missing(C))", 'A = "X" and (B > 1 or C is missing)'),
        ("A in ['CR', 'CRi']", 'A in ("CR", "CRi")'),
        ("A not in ['CR']", 'A is not "CR"'),
        ("not missing(A) and not (ADT >= NACTDT)", "A is not missing and not (ADT >= NACTDT)"),
        ("5 if AESDTH == 'Y' else number(AETOXGR)", '5 if AESDTH = "Y"; otherwise AETOXGR as a number'),
        ("A if present(A) else None", "A if A is not missing"),
        ("number(LBLLOD) / 100", "(LBLLOD as a number) / 100"),
        ("(A - B) * 2", "(A - B) * 2"),
        ("concat('S-', coalesce(A, B))", '"S-" followed by the first non-missing of A and B'),
        ("text(round(0 - CHG, 2))", "(0 - CHG) rounded to 2 decimals as text"),
        ("max(A, B, C) < 3", "(the highest of A, B and C) < 3"),
        ("substr(A, 1, 2) == 'x'", '(the characters of A from number 1 on, 2 of them) = "x"'),
        ("join('; ', A, B)", 'those not missing, with "; " between them, of A and B'),
    ],
)
def test_expressions_in_words(text: str, words: str):
    """What a reader sees; parentheses stay where two readings would be possible."""
    assert in_words(parse(text).tree) == words


def test_every_function_can_be_told():
    """The example of each function of the language has words, for any number of arguments that it may have."""
    for function in FUNCTIONS.values():
        words = in_words(parse(function.example.text).tree)
        assert words
        assert f"{function.name}(" not in words
    for text in ("extract(A, '(x)')", "substr(A, 2)", "round(A)", "concat(A)", "coalesce(A)", "join('-', A)"):
        assert text.partition("(")[0] + "(" not in in_words(parse(text).tree)


@pytest.mark.parametrize("value", ["no", "No", "False", "F", "n", "0", "off"])
def test_truth_values_are_read_as_they_are_bound(value: str):
    """Whatever counts as false when a step runs is told as false."""
    durations = told("derive_vars_duration", target="D", start_date="A", end_date="B", add_one=value)
    assert "plus 1" not in durations


def test_a_text_that_looks_like_an_option_is_a_text():
    """The value that all others are mapped to may be any word."""
    assert '"none"' in told("map_values", source=("A",), mapping={"x": "y"}, otherwise="none")


def test_the_start_as_a_date():
    """START is the start date, also with days added; a variable of that beginning is a variable."""
    sources = ({"dataset": "ADSL", "date": "START + 5"}, {"dataset": "ADTTE", "date": "STARTDT"})
    text = told("derive_param_tte", target="ADT", start_date="S", event_conditions=sources, censor_conditions=sources)
    assert "the start date plus 5 days; ADTTE.STARTDT" in text


def told(name: str, target: str = "", source: tuple[str, ...] = (), codelist: str = "", **arguments: object) -> str:
    """Return the method text of an algorithm of either catalogue."""
    entry = DERIVATIONS.registry.get(name) or ALGORITHMS.registry[name]
    return method_text(entry, source=source, target=target, codelist=codelist, arguments=arguments, parse=parse)


MERGED = {"dataset_add": "DS", "new_vars": {"EOTREAS": "DSDECOD"}, "filter_add": "DSSCAT == 'STUDY'"}
CAT = ({"condition": "AGE < 35", "AGEGR1": "<35", "AGEGR1N": "1"}, {"condition": "AGE >= 35", "AGEGR1": ">=35"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (told("compute_flag", condition="TRTSDT > 0", false_value="N"), '"Y" if TRTSDT > 0; otherwise "N"'),
        (told("compute_flag", condition="missing(X)"), '"Y" if X is missing'),
        (told("assign_constant", value="DAYS", source=("ADURN",)), '"DAYS" where ADURN is not missing'),
        (
            told("derive_vars_merged", "EOTREAS", **MERGED, order=("DSSTDTC", "DSSEQ"), mode="first"),
            'DS.DSDECOD of the first record with the same USUBJID where DSSCAT = "STUDY", in order of DSSTDTC, DSSEQ',
        ),
        (
            told("derive_vars_merged", "X", dataset_add="DS", new_vars=("X", "Z")),
            "DS.X of the record with the same USUBJID",
        ),
        (
            told("derive_vars_merged", "HASFL", **MERGED, exist_flag="HASFL", false_value="N"),
            '"Y" if DS has a record with the same USUBJID where DSSCAT = "STUDY"; otherwise "N"',
        ),
        (
            told("derive_vars_cat", "AGEGR1", definition=CAT),
            'value of the first condition that holds: "<35" if AGE < 35; ">=35" if AGE >= 35',
        ),
        (
            told("derive_vars_cat", "AGEGR1N", definition=CAT),
            "value of the first condition that holds: 1 if AGE < 35",
        ),
        (
            told("derive_vars_dt", "ASTDT", dtc="AESTDTC", highest_imputation="M", max_dates=("DTHDT", "DCUTDT")),
            "numeric date of AESTDTC; a missing month or day is imputed with the first possible one, not after DTHDT"
            " and DCUTDT",
        ),
        (told("derive_vars_dt", "ADT", dtc="RSDTC"), "numeric date of RSDTC"),
        (told("derive_vars_duration", "X", start_date="A", end_date="B"), "B minus A plus 1, in days"),
        (told("derive_vars_duration", "X", start_date="A", end_date="B", add_one="no"), "B minus A, in days"),
        (
            told("derive_var_extreme_flag", "F", by_vars=("USUBJID",), order=("desc(AVAL)", "ADT"), mode="first"),
            '"Y" for the first record of each USUBJID, in order of AVAL (descending), ADT',
        ),
        (
            told("derive_var_flag_by_option", option="b", conditions={"a": "A > 1", "b": "B > 1"}),
            '"Y" if B > 1',
        ),
        (
            told("map_values", source=("X",), mapping={"A": "B"}, otherwise="*"),
            'X mapped as follows: "A" to "B"; any other value unchanged',
        ),
        (
            told("map_values", source=("X",), mapping={"A": "B"}, otherwise="C"),
            'X mapped as follows: "A" to "B"; any other value to "C"',
        ),
        (told("take_values", "ADT", variables={"AVALC": "R"}, dates={"ADT": "D"}), "date part of D"),
        (told("take_values", "AVALC", variables={"AVALC": "R"}, dates={"ADT": "D"}), "copied from R"),
        (told("concat", source=("A", "B"), prefix="X-"), '"X-" followed by A and B, joined by " "'),
        (told("concat", source=("A",)), "A"),
        (
            told("derive_var_anrind", "ANRIND"),
            '"LOW" if AVAL is below ANRLO, "HIGH" if it is above ANRHI, otherwise "NORMAL"',
        ),
    ],
)
def test_templates_are_filled_from_the_step(text: str, expected: str):
    """Parts that an argument does not call for are left out; a text tells of the variable asked for."""
    assert text == expected


def test_every_template_names_arguments_only():
    """A word of a template is an argument of its algorithm, or source, target and codelist."""
    import re

    for entry in (*DERIVATIONS.registry.values(), *ALGORITHMS.registry.values()):
        known = {"source", "target", "codelist", *(one.name for one in entry.parameters)}
        templates = {"": entry.method} if isinstance(entry.method, str) else entry.method
        assert list(templates)[-1] == "", entry.name
        for key, template in templates.items():
            named = set(re.findall(r"\{(\w+)", template)) | set(re.findall(r"\[(\w+)(?:=[^?!\]]*)?[?!]", template))
            assert named | ({key[1:]} if key.startswith("@") else set()) <= known, entry.name
            assert template.count("[") == template.count("]"), entry.name
            assert not re.search(r"\[[^\]]*\[", template), entry.name


def test_a_variable_is_told_with_its_records_and_intermediate_values():
    """Equal texts of several parameters are one line; a value that is not kept is explained, through others too."""
    traces = (
        Trace("REL", 1, "x", ("AEREL",), '"Y" if AEREL = "RELATED"', "", 3),
        Trace("EARLY", 2, "x", ("REL", "ASTDT"), '"Y" if ASTDT < 5', "REL == 'Y'", 3),
        Trace("FL", 3, "x", ("EARLY", "AVAL"), "copied from A", "PARAMCD == 'P1'", 3),
        Trace("FL", 4, "x", ("AVAL",), "copied from B", "PARAMCD == 'P2'", 3),
        Trace("FL", 5, "x", ("AVAL",), "copied from A", "PARAMCD == 'P3'", 3),
    )
    lineage = Lineage(traces=traces)
    text = words_of(lineage.of_variable("FL"), lineage, frozenset({"FL", "AVAL", "ASTDT", "AEREL", "PARAMCD"}))
    assert text.split("\n") == [
        '1. Where PARAMCD in ("P1", "P3"): copied from A.',
        '2. Where PARAMCD = "P2": copied from B.',
        'EARLY (intermediate): Where REL = "Y": "Y" if ASTDT < 5.',
        'REL (intermediate): "Y" if AEREL = "RELATED".',
    ]


def test_records_of_several_forms_are_told_apart_by_form():
    """Where the forms are treated alike there is one sentence without a head."""
    apart = (
        Trace("ECTRT", 1, "x", (), '"A"', "", 3, "exbl_raw"),
        Trace("ECTRT", 2, "x", (), "copied from exch_raw.T", "", 3, "exch_raw"),
    )
    assert words_of(apart, Lineage(traces=apart), frozenset({"ECTRT"})).split("\n") == [
        '1. Records from exbl_raw: "A".',
        "2. Records from exch_raw: copied from exch_raw.T.",
    ]
    alike = (
        Trace("N", 1, "x", (), "number of X", "", 3, "exbl_raw"),
        Trace("N", 2, "x", (), "number of X", "", 3, "exch_raw"),
    )
    assert words_of(alike, Lineage(traces=alike), frozenset({"N"})) == "Number of X."


def test_a_parameter_code_is_told_with_the_condition_on_its_records():
    """That PARAMCD is P1 where PARAMCD is P1 says nothing; which records of the source get the code does."""
    traces = (
        Trace("PARAMCD", 1, "x", (), '"P1" for the records of LB', "PARAMCD == 'P1'", 3),
        Trace("PARAMCD", 2, "x", ("LB.LBTESTCD",), '"P2"', "LB.LBTESTCD == 'LEUKCE'", 3),
    )
    assert words_of(traces, Lineage(traces=traces), frozenset({"PARAMCD"})).split("\n") == [
        '1. "P1" for the records of LB.',
        '2. Where LB.LBTESTCD = "LEUKCE": "P2".',
    ]
