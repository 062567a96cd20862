"""Parts that algorithms stand on: date formats, numbers, units, unscheduled visits, qualifiers joined back."""

from __future__ import annotations

import time
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from sdtm.algorithms.numbers import decimal_text, read_number
from sdtm.algorithms.text import byte_pieces
from sdtm.algorithms.units import factor, normal_unit
from sdtm.algorithms.visit_map import number_unscheduled
from sdtm.derivations.results import round_significant
from sdtm.derivations.sequence import derive_seq
from sdtm.derivations.supplemental import merge_supp
from spectrail.date_formats import Status, reader
from spectrail.errors import InputError, SpecError


def text(*values: str | None) -> pd.Series:
    """Make a text column."""
    return pd.Series(list(values), dtype="str")


def table(**columns: list[str | None]) -> pd.DataFrame:
    """Make a frame of text columns."""
    return pd.DataFrame({name: text(*values) for name, values in columns.items()})


@pytest.mark.parametrize(
    ("formats", "value", "date", "time", "status"),
    [
        (["DD MMM YYYY"], "5 sept 2023", "2023-09-05", "", Status.READ),
        (["DD-Mon-YYYY"], "UN-Mar-2023", "2023-03", "", Status.READ),
        (["DD-Mon-YYYY"], "---Mar-2023", "2023-03", "", Status.READ),
        (["MM/DD/YYYY"], "99/99/2023", "2023", "", Status.READ),
        (["MM/DD/YYYY"], "UN/UN/UNK", "", "", Status.MISSING),
        (["MM/DD/YYYY"], "未做", "", "", Status.MISSING),
        (["MM/DD/YYYY"], "13/01/2023", "", "", Status.IMPOSSIBLE),
        (["MM/DD/YYYY"], "00/01/2023", "", "", Status.IMPOSSIBLE),
        (["MM/DD/YYYY"], "1/2/23", "", "", Status.UNREAD),
        (["M/D/YYYY"], "1/2/2023", "2023-01-02", "", Status.READ),
        (["YYYY-MM-DD HH:MI:SS"], "2023-03-05  07:08:09", "2023-03-05", "07:08:09", Status.READ),
        (["YYYY-MM-DDTHH:MM[:SS][Z]"], "2023-03-05T07:08-0530", "2023-03-05", "07:08-05:30", Status.READ),
        (["HH:MM AM"], "上午", "", "", Status.UNREAD),
        (["AMHH:MM"], "下午3:05", "", "15:05", Status.READ),
        (["HHMM"], "0905", "", "09:05", Status.READ),
        (["EXCEL"], "44990.25", "2023-03-05", "06:00:00", Status.READ),
        (["EXCEL"], "4499", "", "", Status.UNREAD),
        (["YYYYMMDD"], "20230229", "", "", Status.IMPOSSIBLE),
        (["DD.MM.YYYY", "MM.DD.YYYY"], "05.05.2023", "2023-05-05", "", Status.READ),
        (["DD.MM.YYYY", "MM.DD.YYYY"], "05.06.2023", "", "", Status.AMBIGUOUS),
    ],
)
def test_a_value_is_read_by_the_formats_of_its_form(
    formats: list[str], value: str, date: str, time: str, status: Status
) -> None:
    """Date and time as far as known, or why not."""
    moment, found = reader(formats).read(value)
    assert (moment.date, moment.time, found) == (date, time, status)


@pytest.mark.parametrize(
    ("pivot", "expected"), [(30, ["2029", "1930"]), (0, ["1929", "1930"]), (100, ["2029", "2030"])]
)
def test_the_pivot_places_two_digit_years(pivot: int, expected: list[str]) -> None:
    """Years from the pivot on are in the 1900s."""
    one = reader(["DD/MM/YY"], pivot=pivot)
    assert [one.read(f"01/02/{year}")[0].year for year in ("29", "30")] == expected


@pytest.mark.parametrize(
    ("formats", "pivot", "message"),
    [
        (["DD/MM/YY"], None, "no pivot"),
        (["DD/MM/YY"], 101, "not between"),
        (["[DD/MM"], None, "brackets"),
        (["DD]"], None, "brackets"),
        (["DD DD YYYY"], None, "names the day twice"),
        (["xyz"], None, "names no part"),
        ([], None, "no date format"),
    ],
)
def test_a_format_that_cannot_be_meant_is_an_error(formats: list[str], pivot: int | None, message: str) -> None:
    """The specification is wrong, not the data."""
    with pytest.raises(SpecError, match=message):
        reader(formats, pivot=pivot)


def test_long_and_nasty_texts_cost_no_more_than_their_length() -> None:
    """Hyphens, blanks and brackets by the thousand are refused at once."""
    one = reader(["DD MMM YYYY", "[[DD ]MMM ]YYYY", "DD-MM-YYYY"])
    start = time.process_time()
    assert one.read("-" * 20_000 + "x")[1] is Status.UNREAD
    assert one.read("UN-" * 20_000 + "x")[1] is Status.UNREAD
    assert read_number("5" + " " * 20_000 + "x").unread
    assert read_number("5" + "(" * 20_000).unread
    assert time.process_time() - start < 1


@pytest.mark.parametrize("value", ["-", "--/--/----", "UN/UNK", ".", "UNK UNK UNKN", "99/99/9999", "N/A"])
def test_texts_of_unknown_parts_only_are_missing(value: str) -> None:
    """Whatever stands between them."""
    assert reader(["DD MMM YYYY"]).read(value)[1] is Status.MISSING


def test_zero_may_be_an_unknown_day_without_harming_times() -> None:
    """A form that writes 00 for an unknown day still has full hours."""
    one = reader(["DD/MM/YYYY HH:MM"], unknown=["00"])
    moment, _ = one.read("00/03/2023 10:00")
    assert (moment.date, moment.time) == ("2023-03", "10:00")


@pytest.mark.parametrize(
    ("value", "number", "comparator", "note", "unread"),
    [
        ("1.10", "1.1", "", False, False),
        ("-0", "0", "", False, False),
        ("＜0.1", "0.1", "<", False, False),
        ("≥5", "5", ">=", False, False),
        ("1,200", "1200", "", False, False),
        ("1,200,000.5", "1200000.5", "", False, False),
        ("0,02", "0.02", "", True, False),
        ("1,20", "1.2", "", True, False),
        ("1,2,3", None, "", False, True),
        ("3.2(repeat)", "3.2", "", True, False),
        ("3.2 HH", "3.2", "", True, False),
        ("1×10⁻⁴", "0.0001", "", False, False),
        ("2.5E3", "2500", "", False, False),
        ("10^-4", "0.0001", "", False, False),
        ("3/200", None, "", False, True),
        ("1-2", None, "", False, True),
        ("NEGATIVE", None, "", False, False),
        ("12 mg", None, "", False, True),
        ("3.2(2nd)", None, "", False, True),
    ],
)
def test_results_are_read_by_stated_rules(
    value: str, number: str | None, comparator: str, note: bool, unread: bool
) -> None:
    """A text with digits is a number or is reported; one without is qualitative."""
    found = read_number(value)
    shown = None if found.number is None else decimal_text(found.number)
    assert (shown, found.comparator, bool(found.note), found.unread) == (number, comparator, note, unread)


@pytest.mark.parametrize(
    ("test", "source", "target", "expected"),
    [
        ("HGB", "g/dL", "g/L", Fraction(10)),
        ("HGB", "g/L", "10^9/L", None),
        ("PLAT", "G/L", "10^9/L", Fraction(1)),
        ("PLAT", "/mm3", "10^9/L", Fraction(1, 1000)),
        ("PLAT", "万/mm3", "10^9/L", Fraction(10)),
        ("PLAT", "10⁹/L", "10^9/L", Fraction(1)),
        ("CREAT", "mg/dL", "umol/L", Fraction("88.4")),
        ("CREAT", "mg/L", "umol/L", Fraction("8.84")),
        ("BILI", "mg/dL", "mmol/L", Fraction("0.0171")),
        ("ALB", "mg/dL", "umol/L", None),
        ("ALT", "IU/L", "U/L", None),
        ("X", "ug/day", "mg/DAYS", Fraction(1, 1000)),
        ("WEIGHT", "lb", "kg", Fraction("0.45359237")),
        ("HEIGHT", "in", "cm", Fraction("2.54")),
        ("X", "furlong", "m", None),
        ("X", "MIU/mL", "IU/L", None),
        ("X", "mIU/mL", "IU/L", Fraction(1)),
        ("X", "MG/DL", "g/L", Fraction(1, 100)),
    ],
)
def test_factors_between_units_are_exact(test: str, source: str, target: str, expected: Fraction | None) -> None:
    """Units of one kind are connected by general facts, mass and amount only for the tests that are known."""
    found = factor(test, normal_unit(source), normal_unit(target))
    assert (found[0] if found else None) == expected


def test_micro_signs_and_spellings_become_one() -> None:
    """U+00B5 and U+03BC, blanks around the slash, mcg."""
    units = ["µmol/L", "μmol/L", "umol / L", "mcg/mL", "10E9/L", "x10^9/L", "10*9/L", "K/uL", "K/µL"]
    assert [normal_unit(unit) for unit in units] == [
        "umol/L",
        "umol/L",
        "umol/L",
        "ug/mL",
        "10^9/L",
        "10^9/L",
        "10^9/L",
        "10^3/uL",
        "10^3/uL",
    ]


def test_rounding_to_significant_digits_makes_decimals_meet() -> None:
    """1.2 x 1.5 is 1.8 again."""
    assert round_significant(np.array([1.2 * 1.5, 0.1 + 0.2, np.nan])).tolist()[:2] == [1.8, 0.3]


def test_unscheduled_visits_are_numbered_per_subject_whatever_the_order() -> None:
    """All subjects at once or one by one, forwards or backwards: the same numbers."""
    subject = text("a", "a", "a", "b", "a", "b", "a")
    days = np.array([10.0, 12, 12, 5, 15, np.nan, 20])
    made = np.array([1.0, np.nan, np.nan, np.nan, 2, np.nan, np.nan])
    loose = np.isnan(made)
    expected = [np.nan, 1.01, 1.01, 0.01, np.nan, np.nan, 2.01]
    np.testing.assert_array_equal(number_unscheduled(subject, days, made, loose), expected)
    back = slice(None, None, -1)
    found = number_unscheduled(subject[back].reset_index(drop=True), days[back], made[back], loose[back])
    np.testing.assert_array_equal(found[back], expected)
    for name in ("a", "b"):
        rows = np.flatnonzero(subject == name)
        part = number_unscheduled(subject.iloc[rows].reset_index(drop=True), days[rows], made[rows], loose[rows])
        np.testing.assert_array_equal(part, np.array(expected)[rows])


def test_sequence_numbers_are_the_same_for_all_subjects_or_one() -> None:
    """Partition by subject and stack: nothing changes."""
    frame = table(USUBJID=["b", "a", "b", "a"], K=["2", "1", "1", None], V=["x", "y", "z", "w"])

    def numbered(part: pd.DataFrame) -> list[tuple[str, float]]:
        found = derive_seq(part, target="S", source=("K",), content=lambda rows: part.take(rows))
        return list(zip(found.frame["V"], found.frame["S"], strict=True))

    whole = numbered(frame)
    parts = [numbered(frame[frame["USUBJID"] == name].reset_index(drop=True)) for name in ("a", "b")]
    assert whole == [("w", 1.0), ("y", 2.0), ("z", 1.0), ("x", 2.0)]
    assert whole == parts[0] + parts[1]


def test_bytes_not_characters_limit_the_pieces_of_a_text() -> None:
    """No character is cut in two, and nothing is lost."""
    found = byte_pieces("苏州大学附属第一医院 血液科", 20)
    assert found == ["苏州大学附属", "第一医院", "血液科"]
    assert all(len(piece.encode()) <= 20 for piece in found)


SUPP = {"USUBJID": ["1", "1", "1", "2"], "IDVAR": ["AESEQ"] * 4, "QNAM": ["AETRTEM", "AEX", "AETRTEM", "AETRTEM"]}


def test_qualifiers_return_to_their_records_however_numbers_are_written() -> None:
    """24.04 and 24.040, 1 and 1.0 are the same record."""
    parent = pd.DataFrame({"USUBJID": text("1", "1", "2"), "AESEQ": [1.0, 24.04, 1.0]})
    supp = table(**SUPP, IDVARVAL=["1.0", "24.040", "24.04", "1"], QVAL=["Y", "v", "N", "Y"])
    merged, problems = merge_supp(parent, supp)
    assert problems == ()
    assert merged["AETRTEM"].tolist() == ["Y", "N", "Y"]
    assert merged["AEX"].fillna("").tolist() == ["", "v", ""]


def test_qualifiers_without_parent_and_repeated_ones_are_reported() -> None:
    """Nothing is dropped in silence."""
    parent = pd.DataFrame({"USUBJID": text("1"), "AESEQ": [1.0]})
    supp = table(**SUPP, IDVARVAL=["1", "1", "1", "1"], QVAL=["Y", "v", "N", "Y"])
    merged, problems = merge_supp(parent, supp)
    assert merged["AETRTEM"].tolist() == ["Y"]
    assert [(one.rule, one.rows.tolist()) for one in problems] == [
        ("MAP-SUPP-ORPHAN", [3]),
        ("MAP-SUPP-REPEATED", [2]),
    ]


def test_qualifiers_of_dm_belong_to_the_subject() -> None:
    """SUPPDM has no IDVAR; an IDVAR the parent lacks makes orphans; an empty SUPP-- changes nothing."""
    parent = table(USUBJID=["1", "2"])
    supp = table(
        USUBJID=["2", "1"], IDVAR=[None, "NOSUCH"], IDVARVAL=[None, "1"], QNAM=["RACE1", "RACE1"], QVAL=["A", "B"]
    )
    merged, problems = merge_supp(parent, supp)
    assert merged["RACE1"].fillna("").tolist() == ["", "A"]
    assert [(one.rule, one.rows.tolist()) for one in problems] == [("MAP-SUPP-ORPHAN", [1])]
    same, none = merge_supp(parent, supp.iloc[:0])
    assert (list(same.columns), none) == (["USUBJID"], ())


def test_a_qualifier_named_as_a_variable_of_the_parent_is_an_error() -> None:
    """It would overwrite the variable."""
    supp = table(USUBJID=["1"], IDVAR=[None], IDVARVAL=[None], QNAM=["AGE"], QVAL=["7"])
    with pytest.raises(InputError, match="AGE"):
        merge_supp(table(USUBJID=["1"], AGE=["7"]), supp)
