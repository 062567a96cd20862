"""The classes of mess: dates, missing codes, units, numbers, identity, text, logic."""

from __future__ import annotations

import numpy as np
import pandas as pd

from spectrail.studies.blina_ball.case import QUERY
from spectrail.studies.blina_ball.events import terms
from spectrail.studies.blina_ball.facts import table
from spectrail.studies.blina_ball.mess import Sheet, Text, Write, append_copy
from spectrail.studies.blina_ball.rng import Bools
from spectrail.studies.blina_ball.text import decimals, write_day, write_minute

EXCEL_EPOCH = 25569  # serial number of 1970-01-01
FULL_WIDTH = str.maketrans("0123456789.<>", "０１２３４５６７８９．＜＞")


def plant_all(sheet: Sheet) -> None:
    """Plant every class of mess once."""
    _dates(sheet)
    _times(sheet)
    _missing(sheet)
    _units(sheet)
    _numbers(sheet)
    _identity(sheet)
    _text(sheet)
    _logic(sheet)


def _day(row: pd.Series, column: str) -> int:
    return int(row[column]) + int(row["_trt0"])


def _iso(row: pd.Series, column: str) -> str:
    return write_day(_day(row, column), "YYYY-MM-DD")


def _parts(row: pd.Series, column: str) -> tuple[str, str, str]:
    year, month, day = _iso(row, column).split("-")
    return year, month, day


def _calendar(sheet: Sheet, form: str, column: str) -> tuple[pd.Series, pd.Series, Bools]:
    """Return month, day of month, and whether there is a date at all."""
    typed = sheet.block.typed[form]
    offset = pd.to_numeric(typed[column])
    dates = pd.to_datetime((offset.fillna(0) + sheet.block.subjects["trt0"][typed["_i"]]).astype(int), unit="D")
    return dates.dt.month, dates.dt.day, offset.notna().to_numpy()


def _dates(sheet: Sheet) -> None:
    def month_name(row: pd.Series, column: str) -> str:
        return write_day(_day(row, column), "DD MON YYYY").split()[1]

    def partial(row: pd.Series) -> tuple[Text, str]:
        year, month, _ = _parts(row, "CMSTDAT")
        return f"UN {month_name(row, 'CMSTDAT')} {year}", f"{year}-{month}"

    def chinese(row: pd.Series) -> tuple[Text, str]:
        year, month, day = _parts(row, "CMSTDAT")
        return f"{year}年{int(month)}月{int(day)}日", _iso(row, "CMSTDAT")

    def in_order(column: str, layout: str, *, iso: bool = True) -> Write:
        def write(row: pd.Series) -> tuple[Text, str]:
            year, month, day = _parts(row, column)
            return layout.format(y=year, m=month, d=day, s=year[2:]), _iso(row, column) if iso else ""

        return write

    def mh(row: pd.Series) -> tuple[Text, str]:
        return f"UN UNK {_parts(row, 'MHSTDAT')[0]}", _parts(row, "MHSTDAT")[0]

    def mh_month(row: pd.Series) -> tuple[Text, str]:
        text = "-".join(_parts(row, "MHSTDAT")[:2])
        return text, text

    sheet.plant("date:unknown_month", "MH", "MHSTDAT", 4, mh)
    sheet.plant("date:year_month", "MH", "MHSTDAT", 3, mh_month)
    sheet.plant("date:unknown_day", "CM", "CMSTDAT", 4, partial)
    sheet.plant("date:chinese", "CM", "CMSTDAT", 3, chinese)
    sheet.plant(
        "date:excel_serial",
        "TRANSF",
        "TRDAT",
        2,
        lambda row: (str(_day(row, "TRDAT") + EXCEL_EPOCH), _iso(row, "TRDAT")),
    )
    _, day, known = _calendar(sheet, "AE", "ENDAT")
    late = known & (day > 12).to_numpy()
    sheet.plant("date:two_digit_year", "AE", "ENDAT", 2, in_order("ENDAT", "{m}/{d}/{s}"), where=late)
    sheet.plant("date:day_first", "AE", "ENDAT", 2, in_order("ENDAT", "{d}/{m}/{y}"), where=late, expected=QUERY)
    _, day, known = _calendar(sheet, "VS", "VSDAT")
    late = known & (day > 12).to_numpy()
    sheet.plant("date:other_order", "VS", "VSDAT", 2, in_order("VSDAT", "{m}/{d}/{y}"), where=late)
    month, day, known = _calendar(sheet, "ECOG", "ECOGDAT")
    either = known & ((day <= 12) & (day != month)).to_numpy()
    sheet.plant(
        "date:ambiguous", "ECOG", "ECOGDAT", 2, in_order("ECOGDAT", "{m}/{d}/{y}"), where=either, expected=QUERY
    )


def _times(sheet: Sheet) -> None:
    minute = pd.to_numeric(sheet.block.typed["LBLOC"]["SAMPTIM"])

    def short(row: pd.Series) -> tuple[Text, str]:
        value = int(row["SAMPTIM"])
        return f"{value // 60}:{value % 60}", f"{_iso(row, 'SAMPDAT')}T{write_minute(value)}"

    def twelve(row: pd.Series) -> tuple[Text, str]:
        value = int(row["TRTIM"])
        return f"{value // 60 - 12}:{value % 60:02d} PM", f"{_iso(row, 'TRDAT')}T{write_minute(value)}"

    def midnight(row: pd.Series) -> tuple[Text, str]:
        return "24:00", f"{write_day(_day(row, 'TRDAT') + 1, 'YYYY-MM-DD')}T00:00"

    sheet.plant("time:short", "LBLOC", "SAMPTIM", 3, short, where=minute % 60 < 10)
    sheet.plant("time:12_hour", "TRANSF", "TRTIM", 2, twelve)
    sheet.plant("time:24_00", "TRANSF", "TRTIM", 1, midnight)


def _missing(sheet: Sheet) -> None:
    lab = sheet.block.typed["LBLOC"]
    spare = lab["TESTCD"].isin(["URATE", "FIBRINO", "AST"]) & (lab["_tp"] > 3)
    for text, count in (("未做", 2), ("ND", 2), ("NA", 2), ("UNK", 2), (".", 2), ("-", 2), ("", 2)):
        sheet.plant(
            "missing:" + (text or "blank"),
            "LBLOC",
            "RESULT",
            count,
            _constant(text or None),
            where=spare,
        )
    sheet.plant("missing:999", "VS", "PULSE", 2, lambda _: ("999", ""))
    sheet.plant("missing:UNK", "CM", "CMDOSE", 2, lambda _: ("UNK", ""))


def _constant(text: Text) -> Write:
    return lambda _: (text, "")


def _units(sheet: Sheet) -> None:
    lab = sheet.block.typed["LBLOC"]
    own = (sheet.block.subjects["site"] == 1)[lab["_i"]] & (lab["_tp"] != 22).to_numpy()
    counts, code = ("WBC", "NEUT", "LYM"), lab["TESTCD"]
    plans: list[tuple[str, str, tuple[str, ...], float, int, int]] = [
        ("unit:10*9/L", "10*9/L", counts, 1, 2, 2),
        ("unit:G/L", "G/L", counts, 1, 2, 2),
        ("unit:x10e3/uL micro sign", "x10e3/µL", counts, 1, 2, 2),
        ("unit:x10e3/uL Greek mu", "x10e3/μL", counts, 1, 2, 2),
        ("unit:K/uL", "K/uL", (*counts, "PLAT"), 1, 2, 2),
        ("unit:/mm3", "/mm3", counts, 1000, 0, 2),
        ("unit:10^4/mm3", "万/mm3", ("PLAT",), 0.1, 1, 2),
        ("unit:g/dL", "g/dL", ("HGB",), 0.1, 1, 2),
        ("unit:mg/dL", "mg/dL", ("CREAT",), 1 / 88.4, 2, 2),
        ("unit:mg/dL", "mg/dL", ("BILI",), 1 / 17.1, 2, 2),
        ("unit:umol/L", "umol/L", ("CREAT", "BILI"), 1, 1, 2),
        ("unit:IU/L", "IU/L", ("ALT", "AST"), 1, 0, 2),
    ]
    for cls, unit, codes, factor, digits, count in plans:
        where = own & code.isin(codes).to_numpy()
        for label in sheet.pick("LBLOC", count, where, cls + codes[0]):
            _rescale(sheet, label, cls, unit, factor, digits)
    sheet.plant("unit:blank", "LBLOC", "UNIT", 3, lambda row: (None, ""), where=own & (code == "HGB"), expected=QUERY)
    sheet.plant(
        "unit:unknown", "LBLOC", "UNIT", 1, lambda row: ("EL/L", ""), where=own & (code == "LDH"), expected=QUERY
    )


def _rescale(sheet: Sheet, label: int, cls: str, unit: str, factor: float, digits: int) -> None:
    """Show a row in another unit, limits included, and log what it is in standard units."""
    typed, frame = sheet.block.typed["LBLOC"].loc[label], sheet.frames["LBLOC"]
    if factor != 1:
        for name in ("RESULT", "LLN", "ULN"):
            places = digits if name == "RESULT" else max(digits, 1)
            value = np.array([np.round(float(frame.at[label, name]) * factor, places)])
            frame.at[label, name] = decimals(value, digits)[0]
    standard = {row["TESTCD"]: row["STDUNIT"] for row in table("tests")}[typed["TESTCD"]]
    back = {"/mm3": 0.001, "万/mm3": 10, "g/dL": 10, "mg/dL": {"CREAT": 88.4, "BILI": 17.1}.get(typed["TESTCD"], 1)}
    shown = round(float(frame.at[label, "RESULT"]) * float(str(back.get(unit, 1))), 6)
    sheet.write(
        "LBLOC", label, "UNIT", unit, cls, f"{shown:g} {standard}", "resolve", f"result {frame.at[label, 'RESULT']}"
    )


def _numbers(sheet: Sheet) -> None:
    lab = sheet.block.typed["LBLOC"]
    code, value, site = lab["TESTCD"], lab["_value"], sheet.block.subjects["site"][lab["_i"]]
    elsewhere = (lab["_tp"] != 22).to_numpy()
    thousand = (
        elsewhere
        & (site == 2)
        & code.isin(["WBC", "NEUT"]).to_numpy()
        & (value >= 1).to_numpy()
        & (value < 10).to_numpy()
    )

    def grouped(mark: str) -> Write:
        return lambda row: (f"{int(row['RESULT']) // 1000}{mark}{int(row['RESULT']) % 1000:03d}", row["RESULT"])

    sheet.plant("number:thousands", "LBLOC", "RESULT", 2, grouped(","), where=thousand)
    sheet.plant("number:dot_thousands", "LBLOC", "RESULT", 2, grouped("."), where=thousand, expected=QUERY)
    sheet.plant(
        "number:full_width",
        "LBLOC",
        "RESULT",
        2,
        lambda row: (row["RESULT"].translate(FULL_WIDTH), row["RESULT"]),
        where=elsewhere & (site == 1) & (code == "PLAT").to_numpy(),
    )
    sheet.plant(
        "number:full_width_less",
        "LBLOC",
        "RESULT",
        2,
        lambda row: ("＜0.1", "<0.1"),
        where=elsewhere & (site == 1) & (code == "LYM").to_numpy(),
    )
    sheet.plant(
        "number:greater", "LBLOC", "RESULT", 2, lambda row: (">999", ">999"), where=(code == "LDH") & (value > 400)
    )
    high = elsewhere & (code == "ALT").to_numpy() & (value > 45).to_numpy()
    sheet.plant("number:flag", "LBLOC", "RESULT", 2, lambda row: (row["RESULT"] + "*H", row["RESULT"]), where=high)
    sheet.plant(
        "number:repeat",
        "LBLOC",
        "RESULT",
        2,
        lambda row: (row["RESULT"] + "(repeat)", row["RESULT"]),
        where=elsewhere & (code == "WBC").to_numpy(),
    )


def _identity(sheet: Sheet) -> None:
    for label in sheet.pick("VS", 2, None, "duplicate page"):
        frame = sheet.frames["VS"]
        later: dict[str, Text] = {name: frame.at[label, name][:17] + "59" for name in ("MaxUpdated", "SaveTS")}
        append_copy(sheet, "VS", label, {"PageRepeatNumber": "1", **later}, "identity:duplicate_page", "one page")
    for form, count in (("LBLOC", 2), ("AE", 1)):
        for label in sheet.pick(form, count, None, "duplicate row"):
            append_copy(sheet, form, label, {}, "identity:duplicate_row", "one row")
    first = (sheet.block.subjects["site"] == 1)[sheet.block.typed["DM"]["_i"]]
    sheet.plant("identity:site_code", "DM", "SiteNumber", 3, lambda row: ("1", "01"), where=first)
    sheet.plant("identity:term_case", "AE", "AEPT", 3, lambda row: (row["AEPT"].upper(), row["AEPT"]))


def _text(sheet: Sheet) -> None:
    chinese = {row["AETERM"]: row["TERM_ZH"] for row in terms().values()}
    ae, resp = sheet.block.typed["AE"], sheet.block.typed["RESP"]
    sheet.plant(
        "text:chinese_term",
        "AE",
        "AETERM",
        3,
        lambda row: (chinese[row["AETERM"]], row["AETERM"]),
        where=ae["AETERM"].isin(chinese),
    )
    sheet.plant("text:response_spelling", "RESP", "RESP", 1, lambda row: ("cr", "CR"), where=resp["RESP"] == "CR")
    sheet.plant(
        "text:response_spelling",
        "RESP",
        "RESP",
        1,
        lambda row: ("C.R.", "CR"),
        where=(resp["RESP"] == "CR") & (resp["_tp"] > 45),
    )
    broken = "Marrow reviewed\nby a second reader"
    sheet.plant("text:line_break", "RESP", "COMMENT", 2, lambda row: (broken, broken.replace("\n", " ")))
    first = (sheet.block.subjects["site"] == 1)[sheet.block.typed["DX"]["_i"]]
    site = next(row for row in table("translations") if row["KIND"] == "site")
    sheet.plant("text:chinese_site", "DX", "Site", 2, lambda row: (site["TEXT"], site["ENGLISH"]), where=first)


def _logic(sheet: Sheet) -> None:
    ae, bm, resp = (sheet.block.typed[name] for name in ("AE", "BM", "RESP"))
    month_first = "MM/DD/YYYY"
    sheet.plant(
        "logic:end_before_start",
        "AE",
        "ENDAT",
        2,
        lambda row: (write_day(_day(row, "STDAT") - 4, month_first), _iso(row, "ENDAT")),
        where=ae["ENDAT"].notna() & ae["STDAT"].notna(),
        expected=QUERY,
    )
    for label in sheet.pick("BM", 1, bm["_tp"] > 45, "marrow before day 1"):
        _early_marrow(sheet, label)
    sheet.plant(
        "logic:response_without_marrow",
        "RESP",
        "BMDAT",
        1,
        lambda row: (write_day(_day(row, "BMDAT") - 13, "DD-Mon-YYYY"), _iso(row, "BMDAT")),
        where=resp["_tp"] > 45,
        expected=QUERY,
    )
    sheet.plant(
        "logic:implausible",
        "VS",
        "TEMP",
        2,
        lambda row: (str(round(row["TEMP"] * 10)), f"{row['TEMP']:g}"),
        expected=QUERY,
    )


def _early_marrow(sheet: Sheet, label: int) -> None:
    """Add a marrow dated before consent: the copy of a follow-up marrow on a page of its own."""
    typed, frame = sheet.block.typed["BM"], sheet.frames["BM"]
    row = typed.loc[label]
    text = write_day(int(sheet.block.subjects["trt0"][row["_i"]]) - 30, "YYYY-MM-DD")
    position = int(typed.loc[typed["_i"] == row["_i"], "_pos"].max()) + 1
    changes: dict[str, Text] = {"BMDAT": text, "RecordPosition": str(position)}
    append_copy(
        sheet,
        "BM",
        label,
        changes,
        "logic:marrow_before_day_1",
        frame.at[label, "BMDAT"],
        column="BMDAT",
        expected=QUERY,
    )
