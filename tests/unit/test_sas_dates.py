"""SAS dates: formats and numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from spectrail.errors import FormatError, Place
from spectrail.io.sas_dates import date_kind, datetimes_of, parse_format, render_format, sas_numbers

PLACE = Place(dataset="ADSL", variable="X")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("DATE9.", ("DATE", 9, 0)),
        ("date9", ("DATE", 9, 0)),
        ("8.2", ("", 8, 2)),
        ("8.", ("", 8, 0)),
        ("$20.", ("$", 20, 0)),
        ("$CHAR200.", ("$CHAR", 200, 0)),
        ("E8601DA10.", ("E8601DA", 10, 0)),
        ("E8601DT26.6", ("E8601DT", 26, 6)),
        ("BEST.", ("BEST", 0, 0)),
        ("", ("", 0, 0)),
    ],
)
def test_parse_format(text: str, parts: tuple[str, int, int]) -> None:
    """A SAS format has a name, a width and decimals, each of them optional."""
    assert parse_format(text) == parts
    upper = text.upper()
    assert render_format(*parts) == (upper if upper.endswith(".") or "." in upper or not upper else upper + ".")


def test_parse_format_refuses_other_text() -> None:
    """What is no SAS format is an error that shows what formats look like."""
    with pytest.raises(FormatError, match=r"'yyyy-mm-dd' is not a SAS format\n.*DATE9\."):
        parse_format("yyyy-mm-dd")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("DATE9.", "date"),
        ("YYMMDD10.", "date"),
        ("E8601DA.", "date"),
        ("IS8601DA.", "date"),
        ("DDMMYYS10.", "date"),
        ("DATETIME20.", "datetime"),
        ("E8601DT19.", "datetime"),
        ("TIME5.", "time"),
        ("HHMM.", "time"),
        ("8.2", None),
        ("BEST12.", None),
        ("$20.", None),
        ("", None),
        ("DATES.", None),
    ],
)
def test_date_kind(text: str, kind: str | None) -> None:
    """The format tells days from seconds from plain numbers."""
    assert date_kind(text) == kind


def test_sas_numbers() -> None:
    """1960-01-01 is day 0; seconds count from its midnight; 1582-10-15 is day -137774."""
    days = pd.Series(pd.to_datetime(["1960-01-01", "1959-12-31", "2025-03-28", None, "1970-01-01"]))
    assert sas_numbers(days, kind="date", place=PLACE).tolist()[:3] == [0.0, -1.0, 23828.0]
    assert np.isnan(sas_numbers(days, kind="date", place=PLACE)[3])
    assert sas_numbers(days, kind="datetime", place=PLACE).tolist()[4] == 3653 * 86400.0
    early = pd.Series(np.array(["1582-10-15"], dtype="datetime64[us]"))
    assert sas_numbers(early, kind="date", place=PLACE).tolist() == [-137774.0]
    part = pd.Series(np.array(["1959-12-31T23:59:59.250"], dtype="datetime64[us]"))
    assert sas_numbers(part, kind="datetime", place=PLACE).tolist() == [-0.75]
    times = pd.Series(pd.to_timedelta(["08:30:00", None]))
    assert sas_numbers(times, kind="time", place=PLACE).tolist()[0] == 30600.0


@pytest.mark.parametrize(
    ("values", "kind", "message"),
    [
        (pd.to_datetime(["2025-01-01 10:00"]), "date", "has a time of day"),
        (pd.to_datetime(["2025-01-01"]), None, "dates need a format"),
        (pd.to_datetime(["2025-01-01"]), "time", "dates stand under a time format"),
        (pd.to_datetime(["2025-01-01"]).tz_localize("UTC"), "date", "have no SAS form"),
        (pd.to_timedelta(["1h"]), "date", "dates need a format"),
    ],
)
def test_sas_numbers_refuses(values: pd.Index, kind: None, message: str) -> None:
    """Values that the format does not fit are errors with the variable's name."""
    with pytest.raises(FormatError, match=f"variable X: .*{message}"):
        sas_numbers(pd.Series(values), kind=kind, place=PLACE)


def test_datetimes_of() -> None:
    """Days and seconds become datetime64[us]; a part of a day, a time or year 10000 does not."""
    dates = datetimes_of(np.array([0.0, -1.0, np.nan, 23828.0, 2_936_549.0]), kind="date")
    assert dates is not None
    assert dates.dtype == "datetime64[us]"
    assert [str(one)[:10] for one in dates] == ["1960-01-01", "1959-12-31", "NaT", "2025-03-28", "9999-12-31"]
    moments = datetimes_of(np.array([-0.75, 86400.5]), kind="datetime")
    assert moments is not None
    assert [str(one) for one in moments] == ["1959-12-31T23:59:59.250000", "1960-01-02T00:00:00.500000"]
    assert datetimes_of(np.array([0.5]), kind="date") is None
    assert datetimes_of(np.array([2_936_550.0]), kind="date") is None
    assert datetimes_of(np.array([1.0]), kind="time") is None
    empty = datetimes_of(np.array([]), kind="date")
    assert empty is not None
    assert len(empty) == 0
