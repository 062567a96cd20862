"""General derivations of analysis datasets on hand-computed rows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from adam_helpers import frame, run

from adam.derivations.toxicity import compared
from spectrail.errors import SpecError, UnknownNameError

NUMBERS = ("AVAL", "BASE", "AVISITN", "ADY", "SEQ", "ANRLO", "ANRHI", "DOSE", "VALUE", "AESEQ")
DATES = (
    "ADT",
    "TRTSDT",
    "TRTEDT",
    "ASTDT",
    "AENDT",
    "EXSTDT",
    "EXENDT",
    "APERSDT",
    "APEREDT",
    "ADTM",
    "ASTDTM",
    "AENDTM",
)


def table(text: str) -> pd.DataFrame:
    """Read a literal table."""
    return frame(text, dates=DATES, numbers=NUMBERS)


def values(made: pd.DataFrame, *names: str) -> list[list[Any]]:
    """Return columns row by row, missing as the empty text, dates as text."""
    columns = []
    for name in names:
        one = made[name]
        if pd.api.types.is_datetime64_any_dtype(one.dtype):
            midnight = (one.dropna() == one.dropna().dt.normalize()).all()
            one = one.dt.strftime("%Y-%m-%d" if midnight else "%Y-%m-%dT%H:%M").astype("str")
        columns.append(one.astype(object).where(one.notna(), "").tolist())
    return [list(row) for row in zip(*columns, strict=True)]


def test_merged_record_by_order() -> None:
    """The first or last record of a key counts by the order; a key without one gets nothing."""
    made = run(
        table("USUBJID\n1\n2\n3"),
        {
            "algorithm": "derive_vars_merged",
            "dataset_add": "EX",
            "order": ("SEQ",),
            "mode": "last",
            "new_vars": {"LASTTRT": "EXTRT"},
            "filter_add": "DOSE > 0",
            "exist_flag": "EXFL",
            "false_value": "N",
        },
        EX=table("USUBJID | SEQ | EXTRT | DOSE\n1 | 1 | A | 5\n1 | 2 | B | 5\n1 | 3 | C | 0\n2 | 1 | D | 0"),
    )
    assert values(made, "LASTTRT", "EXFL") == [["B", "Y"], ["", "N"], ["", "N"]]


def test_merge_of_several_records_needs_an_order() -> None:
    """Several records for a key without order and mode are an error of the specification."""
    with pytest.raises(SpecError, match="several records"):
        run(
            table("USUBJID\n1"),
            {"algorithm": "derive_vars_merged", "dataset_add": "EX", "new_vars": ("EXTRT",)},
            EX=table("USUBJID | EXTRT\n1 | A\n1 | B"),
        )


def test_tie_of_a_merge_is_decided_by_content() -> None:
    """Records that tie in the order are told apart by content, whatever their order."""
    step = {
        "algorithm": "derive_vars_merged",
        "dataset_add": "EX",
        "order": ("SEQ",),
        "mode": "first",
        "new_vars": ("EXTRT",),
    }
    one = run(table("USUBJID\n1"), step, EX=table("USUBJID | SEQ | EXTRT\n1 | 1 | B\n1 | 1 | A"))
    other = run(table("USUBJID\n1"), step, EX=table("USUBJID | SEQ | EXTRT\n1 | 1 | A\n1 | 1 | B"))
    assert values(one, "EXTRT") == values(other, "EXTRT") == [["A"]]


def test_existence_and_summary() -> None:
    """A flag tells keys with a matching record from keys without one and keys that are absent; sums count values."""
    ae = table("USUBJID | AESER | VALUE\n1 | Y | 2\n1 | N | 3\n2 | N | ")
    made = run(
        table("USUBJID\n1\n2\n3"),
        {
            "target": "SERFL",
            "algorithm": "derive_var_merged_exist_flag",
            "source": "USUBJID",
            "dataset_add": "AE",
            "condition": "AESER == 'Y'",
            "false_value": "N",
            "missing_value": "U",
        },
        {
            "target": "TOTAL",
            "algorithm": "derive_var_merged_summary",
            "source": "USUBJID",
            "dataset_add": "AE",
            "value": "VALUE",
        },
        {
            "target": "COUNT",
            "algorithm": "derive_var_merged_summary",
            "source": "USUBJID",
            "dataset_add": "AE",
            "summary": "count",
        },
        AE=ae,
    )
    assert values(made, "SERFL", "TOTAL", "COUNT") == [["Y", 5.0, 2.0], ["N", "", 1.0], ["U", "", 0.0]]


@pytest.mark.parametrize(
    ("summary", "expected"),
    [("mean", 2.0), ("min", 1.0), ("max", 4.0), ("median", 1.5), ("first", 1.0), ("last", 4.0), ("sum", 8.0)],
)
def test_summaries(summary: str, expected: float) -> None:
    """Each summary of 1, 2, 1 and 4."""
    made = run(
        table("USUBJID\n1"),
        {
            "target": "X",
            "algorithm": "derive_var_merged_summary",
            "source": "USUBJID",
            "dataset_add": "V",
            "value": "VALUE",
            "summary": summary,
        },
        V=table("USUBJID | VALUE\n1 | 1\n1 | 2\n1 | 1\n1 | 4"),
    )
    assert values(made, "X") == [[expected]]


def test_supplemental_qualifiers() -> None:
    """A qualifier belongs to the record its IDVARVAL names, a qualifier without IDVAR to the subject."""
    supp = frame(
        "USUBJID | IDVAR | IDVARVAL | QNAM | QVAL\n1 | AESEQ | 2 | AERELBLN | RELATED\n2 | AESEQ | 1.0 | AERELBLN | N"
    )
    made = run(
        table("USUBJID | AESEQ\n1 | 1\n1 | 2\n2 | 1"),
        {"target": "X", "algorithm": "derive_var_supp", "source": "AESEQ", "qualifier": "SUPPAE.AERELBLN"},
        SUPPAE=supp,
    )
    assert values(made, "X") == [[""], ["RELATED"], ["N"]]
    with pytest.raises(UnknownNameError, match="qualifier of SUPPAE"):
        run(
            table("USUBJID | AESEQ\n1 | 1"),
            {"target": "X", "algorithm": "derive_var_supp", "source": "AESEQ", "qualifier": "SUPPAE.AERELBLM"},
            SUPPAE=supp,
        )


def test_joined_record_between_dates() -> None:
    """The last dose before an event is found by a condition between both records; names that clash get _join."""
    made = run(
        table("USUBJID | SEQ | ASTDT\n1 | 9 | 2023-01-05\n1 | 9 | 2023-01-01"),
        {
            "algorithm": "derive_vars_joined",
            "dataset_add": "EX",
            "order": ("EXSTDT",),
            "mode": "last",
            "new_vars": {"LDOSEDT": "EXSTDT", "LDOSE": "DOSE"},
            "filter_join": "EXSTDT <= ASTDT and SEQ_join < SEQ",
            "exist_flag": "DOSEFL",
        },
        EX=table(
            "USUBJID | SEQ | EXSTDT | DOSE\n1 | 1 | 2023-01-02 | 5\n1 | 2 | 2023-01-04 | 7\n1 | 10 | 2023-01-05 | 8"
        ),
    )
    assert values(made, "LDOSEDT", "LDOSE", "DOSEFL") == [["2023-01-04", 7.0, "Y"], ["", "", ""]]


def test_joined_existence() -> None:
    """A record is flagged when another one meets the condition with it."""
    made = run(
        table("USUBJID | ADT\n1 | 2023-01-05\n1 | 2023-02-01"),
        {
            "algorithm": "derive_var_joined_exist_flag",
            "dataset_add": "TX",
            "new_var": "TXFL",
            "filter_join": "days_between(ASTDT, ADT) >= 0 and days_between(ASTDT, ADT) < 7",
        },
        TX=table("USUBJID | ASTDT\n1 | 2023-01-01"),
    )
    assert values(made, "TXFL") == [["Y"], [""]]


def test_baseline_flag_by_time() -> None:
    """A result before the dose of its day counts, one after does not, one without time does; ties by order."""
    text = """
USUBJID | PARAMCD | ADTM                | AVAL | SEQ
1       | ANC     | 2023-03-10T08:00:00 | 1    | 1
1       | ANC     | 2023-03-10T10:00:00 | 2    | 2
2       | ANC     | 2023-03-10T00:00:00 | 3    | 1
3       | ANC     | 2023-03-09T10:00:00 | 4    | 2
3       | ANC     | 2023-03-09T10:00:00 | 5    | 1
3       | ANC     | 2023-03-10T07:00:00 |      | 3
"""
    rows = table(text).assign(TRTSDTM=pd.Timestamp("2023-03-10T09:00:00"))
    made = run(
        rows,
        {"algorithm": "derive_var_ablfl", "date": "ADTM", "reference": "TRTSDTM", "order": ("SEQ",)},
        {"target": "BASE", "algorithm": "derive_var_base", "source": "AVAL"},
    )
    assert values(made, "ABLFL", "BASE") == [["Y", 1.0], ["", 1.0], ["Y", 3.0], ["Y", 4.0], ["", 4.0], ["", 4.0]]


def test_two_baselines_need_a_basetype() -> None:
    """More than one baseline record per group is refused."""
    with pytest.raises(SpecError, match="more than one baseline"):
        run(
            table("USUBJID | PARAMCD | AVAL | ABLFL\n1 | A | 1 | Y\n1 | A | 2 | Y"),
            {"target": "BASE", "algorithm": "derive_var_base", "source": "AVAL"},
        )


def test_basetype_repeats_records() -> None:
    """A record that belongs to two baseline types stands twice, one that belongs to none once."""
    made = run(
        table("USUBJID | EPOCH\n1 | A\n1 | B\n1 | C"),
        {
            "algorithm": "derive_basetype_records",
            "basetypes": {"FIRST": "EPOCH in ['A', 'B']", "LAST": "EPOCH == 'B'"},
        },
    )
    assert values(made, "EPOCH", "BASETYPE") == [["A", "FIRST"], ["B", "FIRST"], ["B", "LAST"], ["C", ""]]


def test_changes() -> None:
    """Change and percent change are decimal: 0.3 from 0.1 is 0.2 and 200 %; a baseline of 0 has no percent."""
    made = run(
        table("AVAL | BASE\n0.3 | 0.1\n5 | 0\n-1 | -2\n | 2"),
        {"target": "CHG", "algorithm": "derive_var_chg"},
        {"target": "PCHG", "algorithm": "derive_var_pchg"},
        {"target": "R2BASE", "algorithm": "derive_var_analysis_ratio", "numer_var": "AVAL", "denom_var": "BASE"},
    )
    assert values(made, "CHG", "PCHG") == [[0.2, 200.0], [5.0, ""], [1.0, 50.0], ["", ""]]
    assert made["R2BASE"].round(12).iloc[[0, 2]].tolist() == [3.0, 0.5]


def test_range_indicator() -> None:
    """A value at a limit is normal; without the deciding limit there is no indicator unless the other decides."""
    made = run(
        table("AVAL | ANRLO | ANRHI\n2 | 2 | 7\n1.9 | 2 | 7\n7.1 | 2 | 7\n1 | 2 |\n3 | |\n | 2 | 7"),
        {"target": "ANRIND", "algorithm": "derive_var_anrind"},
    )
    assert values(made, "ANRIND") == [["NORMAL"], ["LOW"], ["HIGH"], ["LOW"], [""], [""]]


FLAGGED = "USUBJID | AVISIT | AVAL | SEQ\n1 | V1 | 3 | 1\n1 | V1 | 5 | 2\n1 | V1 | 5 | 3\n2 | V1 | 1 | 1"
EXTREME = {
    "algorithm": "derive_var_extreme_flag",
    "by_vars": ("USUBJID", "AVISIT"),
    "new_var": "ANL01FL",
    "mode": "last",
}


def test_extreme_flags() -> None:
    """One record per group is flagged; with flag_all all that tie; `when` restricts who takes part."""
    assert values(run(table(FLAGGED), EXTREME | {"order": ("AVAL", "SEQ")}), "ANL01FL") == [[""], [""], ["Y"], ["Y"]]
    tied = run(table(FLAGGED), EXTREME | {"order": ("AVAL",), "flag_all": "yes"})
    assert values(tied, "ANL01FL") == [[""], ["Y"], ["Y"], ["Y"]]
    some = run(table(FLAGGED), EXTREME | {"order": ("SEQ",), "when": "AVAL < 5", "false_value": "N"})
    assert values(some, "ANL01FL") == [["Y"], [""], [""], ["Y"]]


def test_tie_of_a_flag_does_not_depend_on_row_order() -> None:
    """Of records that tie, the same one is flagged whatever the order of rows."""
    step = EXTREME | {"order": ("AVAL",), "mode": "first", "when": "AVAL == 5"}
    straight = run(table(FLAGGED), step)
    reverse = run(table(FLAGGED).iloc[::-1].reset_index(drop=True), step)
    chosen = [made.loc[made["ANL01FL"] == "Y", "SEQ"].tolist() for made in (straight, reverse)]
    assert chosen == [[2.0], [2.0]]


def test_worst_flag_by_parameter() -> None:
    """High is worst for one parameter, low for the other; a parameter not named is not flagged."""
    made = run(
        table(
            "USUBJID | PARAMCD | AVAL | SEQ\n1 | ALT | 5 | 1\n1 | ALT | 9 | 2\n"
            "1 | ANC | 5 | 1\n1 | ANC | 9 | 2\n1 | K | 1 | 1"
        ),
        {
            "algorithm": "derive_var_worst_flag",
            "by_vars": ("USUBJID", "PARAMCD"),
            "order": ("SEQ",),
            "param_worst": {"ALT": "high", "ANC": "low"},
        },
    )
    assert values(made, "WORS01FL") == [[""], ["Y"], ["Y"], [""], [""]]


def test_numbers_and_relative_flags() -> None:
    """Records are numbered by order within the subject; flags end at the first record that meets a condition."""
    made = run(
        table("USUBJID | ADY | AVALC\n1 | 30 | PD\n1 | 10 | CR\n1 | 40 | CR\n2 | 5 | CR"),
        {"algorithm": "derive_var_obs_number", "order": ("ADY",)},
        {
            "algorithm": "derive_var_relative_flag",
            "by_vars": ("USUBJID",),
            "order": ("ADY",),
            "new_var": "PRE",
            "condition": "AVALC == 'PD'",
        },
    )
    assert values(made, "ASEQ", "PRE") == [[2.0, "Y"], [1.0, "Y"], [3.0, ""], [1.0, "Y"]]


def test_categories_and_criteria() -> None:
    """The first class whose condition holds counts; a criterion is Y, or Y and N."""
    made = run(
        table("AVAL\n1\n5\n9\n"),
        {
            "algorithm": "derive_vars_cat",
            "definition": (
                {"condition": "AVAL < 2", "AVALCAT1": "low", "AVALCA1N": "1"},
                {"condition": "AVAL < 6", "AVALCAT1": "middle", "AVALCA1N": "2"},
            ),
            "numbers": ("AVALCA1N",),
        },
        {"algorithm": "derive_vars_crit_flag", "condition": "AVAL > 4", "description": "> 4"},
        {
            "algorithm": "derive_vars_crit_flag",
            "condition": "AVAL > 4",
            "description": "> 4",
            "crit_nr": "2",
            "values_yn": "yes",
            "create_numeric_flag": "yes",
        },
    )
    assert values(made, "AVALCAT1", "AVALCA1N") == [["low", 1.0], ["middle", 2.0], ["", ""]]
    assert values(made, "CRIT1", "CRIT1FL") == [["", ""], ["> 4", "Y"], ["> 4", "Y"]]
    assert values(made, "CRIT2", "CRIT2FL", "CRIT2FN") == [["> 4", "N", 0.0], ["> 4", "Y", 1.0], ["> 4", "Y", 1.0]]


def test_constants_and_maps() -> None:
    """Constants, mapped texts and numbers; a value that is not mapped gives nothing, the rest, or itself."""
    made = run(
        frame("SEX\nM\nF\nU"),
        {"target": "A", "algorithm": "map_values", "source": "SEX", "mapping": {"M": "Male"}, "otherwise": "*"},
        {"target": "B", "algorithm": "map_numbers", "source": "SEX", "mapping": {"M": "1", "F": "2"}},
        {"target": "C", "algorithm": "assign_constant", "value": "X"},
        {"target": "D", "algorithm": "assign_number", "value": "7"},
    )
    assert values(made, "A", "B", "C", "D") == [["Male", 1.0, "X", 7.0], ["F", 2.0, "X", 7.0], ["U", "", "X", 7.0]]


def test_records_added() -> None:
    """Extreme, summary and copied records get their DTYPE; a summary without values is null."""
    rows = table("USUBJID | PARAMCD | AVISIT | AVAL | DTYPE\n1 | A | V1 | 3 |\n1 | A | V1 | 6 |\n1 | A | V2 | |")
    most = run(
        rows,
        {
            "algorithm": "derive_extreme_records",
            "by_vars": ("USUBJID", "PARAMCD"),
            "order": ("AVAL",),
            "mode": "last",
            "set_values_to": {"DTYPE": "MAXIMUM", "AVISIT": "POST-BASELINE MAXIMUM"},
        },
    )
    mean = run(
        rows,
        {
            "algorithm": "derive_summary_records",
            "by_vars": ("USUBJID", "PARAMCD", "AVISIT"),
            "set_values_to": {"DTYPE": "AVERAGE"},
        },
    )
    assert values(most, "AVISIT", "AVAL", "DTYPE")[3:] == [["POST-BASELINE MAXIMUM", 6.0, "MAXIMUM"]]
    assert values(mean, "AVISIT", "AVAL", "DTYPE")[3:] == [["V1", 4.5, "AVERAGE"], ["V2", "", "AVERAGE"]]


def test_records_copied_by_condition() -> None:
    """Each record that meets the condition is there twice, in order; only what is set differs in the copy."""
    rows = table(
        "USUBJID | PARAMCD | AVISIT | AVISITN | AVAL | DTYPE\n"
        "1 | A | V1 | 1 | 3 |\n"
        "1 | A | V2 | 2 | 6 |\n"
        "1 | A | V3 | 3 | |\n"
        "2 | A | V1 | 1 | 7 |"
    )
    made = run(
        rows,
        {
            "algorithm": "derive_dtype_records",
            "condition": "AVAL > 5",
            "set_values_to": {"AVISIT": "ENDPOINT", "AVISITN": "99", "DTYPE": "COPY"},
        },
    )
    names = ("USUBJID", "PARAMCD", "AVISIT", "AVISITN", "AVAL", "DTYPE")
    assert values(made, *names) == [
        ["1", "A", "V1", 1.0, 3.0, ""],
        ["1", "A", "V2", 2.0, 6.0, ""],
        ["1", "A", "V3", 3.0, "", ""],
        ["2", "A", "V1", 1.0, 7.0, ""],
        ["1", "A", "ENDPOINT", 99.0, 6.0, "COPY"],
        ["2", "A", "ENDPOINT", 99.0, 7.0, "COPY"],
    ]


def test_no_record_meets_the_condition() -> None:
    """Without a record that meets the condition nothing is added; a missing value does not meet it."""
    rows = table("USUBJID | AVAL | DTYPE\n1 | 3 |\n1 | |")
    step = {"algorithm": "derive_dtype_records", "condition": "AVAL > 5", "set_values_to": {"DTYPE": "COPY"}}
    assert values(run(rows, step), "AVAL", "DTYPE") == [[3.0, ""], ["", ""]]


def test_last_observation_carried_forward() -> None:
    """Expected visits without a value get the last one before, never the next, nothing before the first."""
    rows = table(
        "USUBJID | PARAMCD | AVISIT | AVISITN | AVAL\n1 | A | V2 | 2 | 5\n1 | A | V3 | 3 |\n2 | A | V1 | 1 | 7"
    )
    expected = frame("PARAMCD | AVISIT | AVISITN\nA | V1 | 1\nA | V2 | 2\nA | V3 | 3")
    made = run(rows, {"algorithm": "derive_locf_records", "dataset_ref": "VISITS"}, VISITS=expected)
    assert values(made, "USUBJID", "AVISIT", "AVAL", "DTYPE")[3:] == [
        ["1", "V3", 5.0, "LOCF"],
        ["2", "V2", 7.0, "LOCF"],
        ["2", "V3", 7.0, "LOCF"],
    ]


def test_visit_windows() -> None:
    """A day belongs to the window that holds it, both ends included; the distance skips day 0."""
    windows = frame(
        "AVISIT | AVISITN | AWTARGET | AWLO | AWHI\nDAY 22 | 22 | 22 | 18 | 29\n"
        "DAY 37 | 37 | 37 | 33 | 45\nDAY 1 | 1 | 1 | | 1"
    )
    made = run(
        table("ADY\n18\n29\n30\n41\n-1\n"), {"algorithm": "derive_vars_avisit", "dataset_windows": "W"}, W=windows
    )
    assert values(made, "AVISIT", "AWTDIFF") == [
        ["DAY 22", 4.0],
        ["DAY 22", 7.0],
        ["", ""],
        ["DAY 37", 4.0],
        ["DAY 1", 1.0],
    ]
    with pytest.raises(SpecError, match="overlap"):
        run(
            table("ADY\n18"),
            {"algorithm": "derive_vars_avisit", "dataset_windows": "W"},
            W=windows.assign(AWLO=pd.Series(["18", "20", None], dtype="str")),
        )


def test_periods() -> None:
    """A date takes the variables of the period it falls in; the last period is open."""
    made = run(
        table("USUBJID | ADT\n1 | 2023-01-01\n1 | 2023-02-01\n1 | 2023-09-01\n2 | 2023-01-01"),
        {"algorithm": "derive_vars_period", "dataset_ref": "P", "new_vars": ("APERIODC",)},
        P=table(
            "USUBJID | APERSDT | APEREDT | APERIODC\n1 | 2023-01-01 | 2023-01-31 | INDUCTION\n1 | 2023-02-01 | | REST"
        ),
    )
    assert values(made, "APERIODC") == [["INDUCTION"], ["REST"], ["REST"], [""]]


def test_on_treatment() -> None:
    """On treatment from first to last dose plus the window; events that span the start count when asked."""
    rows = table(
        "ADT | AENDT | TRTSDT | TRTEDT\n2023-03-09 | | 2023-03-10 | 2023-04-10\n"
        "2023-05-10 | | 2023-03-10 | 2023-04-10\n"
        "2023-05-11 | | 2023-03-10 | 2023-04-10\n2023-03-10 | | |"
    )
    step = {"target": "ONTRTFL", "algorithm": "derive_var_ontrtfl", "ref_end_date": "TRTEDT", "ref_end_window": "30"}
    assert values(run(rows, step), "ONTRTFL") == [[""], ["Y"], [""], [""]]
    spanning = run(rows, step | {"end_date": "AENDT", "span_period": "yes"})
    assert values(spanning, "ONTRTFL") == [["Y"], ["Y"], [""], [""]]


def test_term_groupings() -> None:
    """A grouping names the events whose term or code it lists, without regard to case."""
    queries = frame(
        "PREFIX | GRPNAME | GRPID | SCOPE | SRCVAR | TERMCHAR\nCQ01 | CRS | | | AEDECOD | Cytokine release syndrome\n"
        "SMQ02 | Bleeding | 20 | NARROW | AEDECOD | HAEMORRHAGE\nSMQ02 | Bleeding | 20 | NARROW | AELLT | Nosebleed"
    )
    made = run(
        frame("AEDECOD | AELLT\nCYTOKINE RELEASE SYNDROME | x\nEpistaxis | NOSEBLEED\nFever | x"),
        {"algorithm": "derive_vars_query", "dataset_queries": "Q"},
        Q=queries,
    )
    assert values(made, "CQ01NAM", "SMQ02NAM", "SMQ02CD", "SMQ02SC") == [
        ["CRS", "", "", ""],
        ["", "Bleeding", 20.0, "NARROW"],
        ["", "", "", ""],
    ]


def test_grade_changes_of_one_event() -> None:
    """Records that follow each other without a gap are one event; a gap of two days begins another."""
    made = run(
        table(
            "USUBJID | AEDECOD | ASTDT | AENDT\n1 | X | 2023-01-01 | 2023-01-05\n1 | X | 2023-01-06 | 2023-01-08\n"
            "1 | X | 2023-01-11 | \n1 | X | 2023-02-01 |\n1 | Y | 2023-01-06 |"
        ),
        {
            "algorithm": "derive_var_continuation",
            "by_vars": ("USUBJID", "AEDECOD"),
            "group": "GRP",
            "new_var": "CONTFL",
        },
    )
    assert values(made, "GRP", "CONTFL") == [[1, ""], [1, "Y"], [2, ""], [2, "Y"], [1, ""]]


INFUSION = """
USUBJID | EXTRT        | DOSE | ASTDTM              | AENDTM
1       | BLINATUMOMAB | 9    | 2023-01-08T16:00:00 | 2023-01-11T16:00:00
1       | BLINATUMOMAB | 28   | 2023-01-11T16:00:00 | 2023-01-13T04:00:00
1       | BLINATUMOMAB | 9    | 2023-01-14T10:00:00 | 2023-01-15T10:00:00
1       | BLINATUMOMAB | 9    | 2023-01-15T13:00:00 | 2023-01-15T16:00:00
"""


def test_exposure() -> None:
    """Dose, hours, days, steps and interruptions of an infusion; a pause under the least length is none (case 71)."""
    measures = ("dose", "hours", "days", "steps", "interruptions", "interrupted_hours")
    step = {
        "algorithm": "derive_param_exposure",
        "dose": "DOSE",
        "parameters": tuple({"measure": one, "PARAMCD": one} for one in measures),
    }
    made = run(table(INFUSION), step)
    assert dict(zip(made["PARAMCD"], made["AVAL"], strict=True)) == {
        "dose": 9 * 3 + 28 * 1.5 + 9 + 9 * 0.125,
        "hours": 72 + 36 + 24 + 3,
        "days": 8.0,
        "steps": 2.0,
        "interruptions": 1.0,
        "interrupted_hours": 30.0,
    }
    all_gaps = run(table(INFUSION), step | {"interruption_min_hours": "0", "parameters": step["parameters"][4:]})
    assert all_gaps["AVAL"].tolist() == [2.0, 33.0]


def measured(rows: pd.DataFrame, *measures: str, **arguments: str) -> dict[tuple[str, str], float]:
    """Return exposure measures by subject (and agent) and measure."""
    step = {
        "algorithm": "derive_param_exposure",
        "dose": "DOSE",
        "parameters": tuple({"measure": one, "PARAMCD": one} for one in measures),
    }
    made = run(rows, step | arguments)
    return dict(zip(zip(made["USUBJID"], made["PARAMCD"], strict=True), made["AVAL"], strict=True))


def test_relative_dose_and_intensity() -> None:
    """16 of 20 planned is 80 %; given in 2 of 4 planned days, the intensity is 160 %; nothing planned gives null."""
    rows = table(
        "USUBJID | EXTRT | DOSE | ASTDTM | AENDTM\n1 | A | 8 | 2023-01-01 | 2023-01-02\n2 | A | 8 | 2023-01-01 |"
    ).assign(PLANNED=[20.0, np.nan], LENGTH=4.0)
    found = measured(rows, "planned", "relative_dose", "intensity", planned_var="PLANNED", planned_days_var="LENGTH")
    assert [found["1", one] for one in ("planned", "relative_dose", "intensity")] == [20.0, 80.0, 160.0]
    assert [math.isnan(found["2", one]) for one in ("planned", "relative_dose", "intensity")] == [True] * 3
    with pytest.raises(UnknownNameError, match="measure 'intensity'"):
        measured(rows, "intensity", planned_var="PLANNED")


def test_doses_by_frequency() -> None:
    """An infusion's dose is an amount per day; that of a single dose counts once, of BID over two days four times."""
    rows = table("""
USUBJID | EXTRT | EXDOSFRQ   | DOSE | ASTDTM              | AENDTM
1       | A     | CONTINUOUS | 28   | 2023-01-01T10:00:00 | 2023-01-02T22:00:00
2       | A     | ONCE       | 15   | 2023-01-01T10:00:00 | 2023-01-01T10:00:00
2       | A     | ONCE       | 15   | 2023-01-02T10:00:00 | 2023-01-02T10:00:00
3       | A     | BID        | 5    | 2023-01-01          | 2023-01-02
4       | A     |            | 7    | 2023-01-01          | 2023-01-02
""")
    found = measured(rows, "dose", "hours", "interruptions", "duration", dose_freq="EXDOSFRQ")
    assert {key[0]: value for key, value in found.items() if key[1] == "dose"} == {"1": 42, "2": 30, "3": 20, "4": 7}
    assert {key[0]: value for key, value in found.items() if key[1] == "hours"} == {"1": 36, "2": 0, "3": 0, "4": 0}
    assert {key[0]: value for key, value in found.items() if key[1] == "duration"} == {
        "1": 1.5,
        "2": 2,
        "3": 2,
        "4": 2,
    }
    assert {value for key, value in found.items() if key[1] == "interruptions"} == {0}
    with pytest.raises(UnknownNameError, match=r"dosing frequency 'NOW AND THEN'\s+-> known: BID, CONTINUOUS"):
        measured(rows.assign(EXDOSFRQ="NOW AND THEN"), "dose", dose_freq="EXDOSFRQ")


def test_cycles() -> None:
    """Dosing after a pause of more than the cycle gap is a new cycle and the pause no interruption; a record inside
    another ends nothing; a record without start is counted and lies in no gap."""
    rows = table("""
USUBJID | EXTRT | DOSE | ASTDTM              | AENDTM
1       | A     | 28   | 2023-01-01T10:00:00 | 2023-01-11T10:00:00
1       | A     | 28   | 2023-01-02T10:00:00 | 2023-01-03T10:00:00
1       | A     | 28   | 2023-01-18T10:00:00 | 2023-01-19T10:00:00
1       | A     | 28   | 2023-01-26T11:00:00 | 2023-01-27T11:00:00
1       | A     | 28   |                     |
""")
    wanted = {"records": 5, "cycles": 2, "interruptions": 1, "interrupted_hours": 168, "duration": 19}
    found = measured(rows, *wanted, cycle_gap_days="7")
    assert {key[1]: value for key, value in found.items()} == wanted
    assert measured(rows, "cycles")["1", "cycles"] == 1


def test_single_doses() -> None:
    """Daily and twice daily dosing become single doses; an unknown frequency is named."""
    rows = table(
        "USUBJID | EXDOSFRQ | ASTDT | AENDT\n1 | QD | 2023-01-01 | 2023-01-03\n1 | BID | 2023-01-05 | 2023-01-05"
    )
    made = run(rows, {"algorithm": "create_single_dose_dataset"})
    assert values(made, "ASTDT") == [["2023-01-01"], ["2023-01-02"], ["2023-01-03"], ["2023-01-05"], ["2023-01-05"]]
    with pytest.raises(UnknownNameError, match=r"unknown dosing frequency 'BIDS'\s+-> did you mean BID\?"):
        run(rows.assign(EXDOSFRQ="BIDS"), {"algorithm": "create_single_dose_dataset"})
    added = run(
        rows.assign(EXDOSFRQ="BIDS"), {"algorithm": "create_single_dose_dataset", "doses_per_day": {"BIDS": "1"}}
    )
    assert values(added, "ASTDT") == [["2023-01-01"], ["2023-01-02"], ["2023-01-03"], ["2023-01-05"]]


def test_decimal_comparison() -> None:
    """Products of decimals compare as decimals; missing values never compare."""
    one, factor = np.array([1.8, 0.3, np.nan]), np.array([1.5 * 1.2, 0.1 * 3, 1.0])
    assert compared(">", one, factor).tolist() == [False, False, False]
    assert compared(">=", one, factor).tolist() == [True, True, False]
    with pytest.raises(UnknownNameError, match="comparison"):
        compared("=>", one, factor)
