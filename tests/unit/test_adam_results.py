"""Results declared in the specification become rows, one per statistic."""

from __future__ import annotations

from typing import Any

import pytest
from adam_helpers import frame

from adam.results.declared import file_name, results
from specs import models as m
from specs.where import parse_where
from spectrail.dataset import Dataset
from spectrail.errors import SpecError, UnknownNameError
from spectrail.layout import Column, Layout

ADSL = "USUBJID | SAFFL | FASFL\nA | Y | Y\nB | Y | Y\nC | Y | Y\nD | N | Y"
ADRS = "USUBJID | PARAMCD | AVALC\nA | RSPEOI | Y\nB | RSPEOI | N\nC | RSPEOI | Y\nD | RSPEOI | N\nA | RSPD22 | N"
ADAE = """
USUBJID | AEBODSYS | AREL
A | Infections | Y
A | Infections | Y
B | Infections | N
B | Cardiac | Y
D | Cardiac | Y
"""
ADTTE = """
USUBJID | PARAMCD | TRT | AVAL | CNSR | CIFEVT
A | OS | X | 10 | 0 | 1
B | OS | X | 20 | 1 | 0
C | OS | Y | 30 | 0 | 2
D | OS | Y | 40 | 1 | 0
"""


def datasets() -> dict[str, Dataset]:
    """Return literal analysis datasets."""
    texts = {"ADSL": ADSL, "ADRS": ADRS, "ADAE": ADAE, "ADTTE": ADTTE}
    made = {name: frame(text, numbers=("AVAL", "CNSR", "CIFEVT")) for name, text in texts.items()}
    return {
        name: Dataset(Layout(name, "", tuple(Column(str(one), "", "text") for one in table)), table)
        for name, table in made.items()
    }


def rows(code: str, *used: tuple[str, str], display: str = "T-1") -> list[dict[str, Any]]:
    """Compute one result over datasets with their selections."""
    analysed = tuple(
        m.AnalysisDataset(dataset=name, where=parse_where(text) if text else m.WhereClause()) for name, text in used
    )
    result = m.AnalysisResult(
        id="R-1", datasets=analysed, code=m.ProgrammingCode(context="spectrail", code="\n".join(code.split("; ")))
    )
    study = m.Study(study_id="S", displays=(m.AnalysisDisplay(id=display, results=(result,)),))
    return results(study, datasets()).get(display, [])


def shown(found: list[dict[str, Any]], *names: str) -> list[list[Any]]:
    """Return some fields of rows, numbers to 4 places."""
    return [[round(one, 4) if isinstance(one, float) else one for one in map(row.get, names)] for row in found]


def test_proportion_names_everything() -> None:
    """A row says display, result, dataset, selection, method and statistic, and holds value, limits and numbers."""
    (row,) = rows("statistic: proportion; condition: AVALC == 'Y'", ("ADRS", "PARAMCD EQ RSPEOI"))
    assert {name: row[name] for name in ("display", "result", "dataset", "selection", "statistic", "level")} == {
        "display": "T-1",
        "result": "R-1",
        "dataset": "ADRS",
        "selection": "PARAMCD EQ RSPEOI",
        "statistic": "proportion",
        "level": 0.95,
    }
    assert row["method"] == "proportion of subjects with AVALC == 'Y'; Clopper-Pearson interval"
    assert shown([row], "value", "lower", "upper", "n", "denominator") == [[0.5, 0.0676, 0.9324, 2, 4]]


def test_events_by_class_with_the_population_as_denominator() -> None:
    """Related events by class: subjects of the safety population are counted, its size is the denominator."""
    found = rows("statistic: proportion; condition: AREL == 'Y'; by: AEBODSYS", ("ADAE", ""), ("ADSL", "SAFFL EQ Y"))
    assert shown(found, "group", "n", "denominator", "population") == [
        [{"AEBODSYS": "Cardiac"}, 1, 3, "ADSL where SAFFL EQ Y"],
        [{"AEBODSYS": "Infections"}, 1, 3, "ADSL where SAFFL EQ Y"],
    ]
    counted = rows("statistic: count; condition: AREL == 'Y'; by: AEBODSYS", ("ADAE", ""), ("ADSL", "SAFFL EQ Y"))
    assert shown(counted, "group", "statistic", "value") == [
        [{"AEBODSYS": "Cardiac"}, "subjects", 1],
        [{"AEBODSYS": "Cardiac"}, "records", 1],
        [{"AEBODSYS": "Infections"}, "subjects", 1],
        [{"AEBODSYS": "Infections"}, "records", 2],
    ]


def test_survival_rows() -> None:
    """Quantiles and rates with the transform in the method, subjects at risk, and null after the last observation."""
    found = rows("statistic: survival; at: 15, 50; quantiles: 0.25, 0.5; transform: log", ("ADTTE", "PARAMCD EQ OS"))
    assert shown(found, "statistic", "value", "lower", "upper", "n", "denominator", "at_risk") == [
        ["quantile 0.25", 20.0, 10.0, None, 2, 4, None],
        ["median", 30.0, 10.0, None, 2, 4, None],
        ["rate at 15", 0.75, 0.4259, 1.0, 2, 4, 3],
        ["rate at 50", None, None, None, 2, 4, 0],
    ]
    assert {row["method"] for row in found[2:]} == {"Kaplan-Meier; Greenwood interval on the log scale"}


def test_log_rank_and_incidence_rows() -> None:
    """The log-rank test of two arms; incidence of the event with competing ones."""
    assert shown(rows("statistic: log_rank; by: TRT", ("ADTTE", "")), "statistic", "df") == [
        ["chi-square", 1],
        ["p-value", 1],
    ]
    found = rows("statistic: incidence; at: 35; quantiles: 0.25, 0.5", ("ADTTE", ""))
    assert shown(found, "statistic", "value") == [
        ["incidence at 35", 0.25],
        ["quantile 0.25", 10.0],
        ["median", None],
    ]


def test_quartiles() -> None:
    """Quartiles of 10, 20, 30, 40 are the middles 15 and 35."""
    found = {row["statistic"]: row["value"] for row in rows("statistic: summary", ("ADTTE", ""))}
    assert (found["q1"], found["median"], found["q3"], found["n"]) == (15.0, 25.0, 35.0, 4)


@pytest.mark.parametrize(
    ("code", "used", "words"),
    [
        ("statistic: mean", ("ADTTE", ""), "mean"),
        ("statistic: survival; at: x", ("ADTTE", ""), "'x' is not a number"),
        ("statistic: survival; transform: cube", ("ADTTE", ""), "cube"),
        ("statistic: survival; at: 1; foo: 2", ("ADTTE", ""), "foo"),
        ("statistic: summary; by: ARM", ("ADTTE", ""), "ARM"),
        ("statistic: summary", ("ADXX", ""), "ADXX"),
        ("statistic: summary", ("ADTTE", "AVAL GT x"), "'x' is not a number"),
        ("no colon", ("ADTTE", ""), "no colon"),
    ],
)
def test_wrong_result_is_refused(code: str, used: tuple[str, str], words: str) -> None:
    """What cannot be computed says which word of the specification is wrong."""
    with pytest.raises((SpecError, UnknownNameError), match=words):
        rows(code, used)


def test_other_programming_code_is_left_alone() -> None:
    """Code in another language is documentation, not computed."""
    result = m.AnalysisResult(id="R", code=m.ProgrammingCode(context="SAS Version 9.4", code="proc lifetest;"))
    assert results(m.Study(study_id="S", displays=(m.AnalysisDisplay(id="T", results=(result,)),)), {}) == {}


def test_file_name_stays_in_the_folder() -> None:
    """The id of a display, which a third party wrote, names a file and no path."""
    assert [file_name(one) for one in ("T3", "Table 14.2.1", "../../x")] == ["t3.json", "table-14.2.1.json", "x.json"]
    with pytest.raises(SpecError, match="no file name"):
        file_name("..")
