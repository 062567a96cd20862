"""The simulated study as a whole: bytes, counts of mess, encodings, refusals, the second extract, other formats."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest

from spectrail.errors import OutputError, UnknownNameError, UsageError
from spectrail.studies.blina_ball.export import export, read_form
from spectrail.studies.blina_ball.facts import TABLES, forms, system_columns, table
from spectrail.studies.blina_ball.simulate import CODECS, SMALLEST, Simulated, simulate

PLANTED = {
    "correction:response": 1,
    "date:ambiguous": 2,
    "date:chinese": 3,
    "date:day_first": 3,
    "date:excel_serial": 2,
    "date:form_rule": 1,
    "date:other_order": 2,
    "date:two_digit_year": 2,
    "date:unknown_day": 7,
    "date:unknown_month": 6,
    "date:year_month": 3,
    "identity:duplicate_page": 2,
    "identity:duplicate_row": 3,
    "identity:rescreened": 1,
    "identity:site_code": 3,
    "identity:term_case": 3,
    "identity:two_labs": 1,
    "logic:death_before_enrolment": 1,
    "logic:dose_after_discontinuation": 1,
    "logic:end_before_start": 2,
    "logic:implausible": 2,
    "logic:lab_after_death": 1,
    "logic:marrow_before_day_1": 1,
    "logic:marrow_without_counts": 1,
    "logic:platelet_masking": 1,
    "logic:response_without_marrow": 1,
    "missing:-": 2,
    "missing:.": 2,
    "missing:999": 2,
    "missing:NA": 2,
    "missing:ND": 2,
    "missing:UNK": 4,
    "missing:blank": 2,
    "missing:未做": 2,
    "mrd:at_most": 1,
    "mrd:chinese": 2,
    "mrd:decimal_comma": 1,
    "mrd:full_width": 1,
    "mrd:k_of_n": 1,
    "mrd:not_done": 1,
    "mrd:positive_text": 1,
    "mrd:power": 2,
    "mrd:unit_blank": 1,
    "mrd:unit_in_text": 2,
    "number:dot_thousands": 2,
    "number:flag": 2,
    "number:full_width": 2,
    "number:full_width_less": 2,
    "number:greater": 2,
    "number:repeat": 2,
    "number:thousands": 2,
    "text:chinese_site": 2,
    "text:chinese_term": 3,
    "text:line_break": 3,
    "text:response_spelling": 3,
    "time:12_hour": 2,
    "time:24_00": 1,
    "time:short": 3,
    "unit:/mm3": 3,
    "unit:/uL": 1,
    "unit:10*9/L": 2,
    "unit:10^4/mm3": 3,
    "unit:G/L": 2,
    "unit:IU/L": 2,
    "unit:K/uL": 3,
    "unit:blank": 4,
    "unit:g/dL": 2,
    "unit:mg/dL": 6,
    "unit:umol/L": 2,
    "unit:unknown": 1,
    "unit:x10e3/uL Greek mu": 2,
    "unit:x10e3/uL micro sign": 2,
}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    """Return the default trial, written once."""
    return simulate(tmp_path_factory.mktemp("trial"))


def _truth(study: Simulated, name: str) -> list[dict[str, str]]:
    with (study.directory / "truth" / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.csv"))}


def test_same_seed_gives_the_same_bytes(study: Simulated, tmp_path: Path) -> None:
    """A second run with the same arguments writes the same files, byte by byte."""
    simulate(tmp_path)
    assert _files(tmp_path) == _files(study.directory)


def test_another_seed_gives_another_study(study: Simulated, tmp_path: Path) -> None:
    """The seed changes the measured values."""
    simulate(tmp_path, seed=2)
    assert (tmp_path / "raw" / "VS.csv").read_bytes() != (study.directory / "raw" / "VS.csv").read_bytes()


def test_size_of_the_default_study(study: Simulated) -> None:
    """130 persons in 131 screenings: 5 failed, 125 enrolled, 3 of them never dosed."""
    status = pd.DataFrame(_truth(study, "subjects"))["status"].value_counts().to_dict()
    assert (study.subjects, study.screenings) == (130, 131)
    assert status == {"treated": 122, "screen failure": 5, "enrolled, never dosed": 3}


def test_columns_are_those_of_the_form_table(study: Simulated) -> None:
    """Every file has the system columns, then those of `forms.csv`; no two differ in case only."""
    for name, form in forms().items():
        columns = list(read_form(study.directory / "raw", name).columns)
        assert columns == [*system_columns(), *form.columns]
        assert len({column.upper() for column in columns}) == len(columns)


def test_every_class_of_mess_has_its_count(study: Simulated) -> None:
    """The truth log holds each class as often as it is meant to be planted."""
    log = pd.DataFrame(_truth(study, "mess"))
    assert log["class"].value_counts().to_dict() == PLANTED
    assert study.planted == PLANTED


def _check_log(study: Simulated) -> int:
    """Follow every log entry to its raw cell; return how many there are."""
    raw = {name: read_form(study.directory / "raw", name) for name in forms()}
    log = _truth(study, "mess")
    for entry in log:
        row = raw[entry["form"]].iloc[int(entry["row"]) - 1]
        place = [row[name] for name in ("Subject", "Folder", "PageRepeatNumber", "RecordPosition")]
        assert place == [entry[name] for name in ("Subject", "Folder", "PageRepeatNumber", "RecordPosition")]
        if entry["column"]:
            value = row[entry["column"]]
            assert ("" if pd.isna(value) else value) == entry["raw_value"]
        assert entry["expected"] in ("resolve", "query")
    return len(log)


def test_truth_log_points_at_the_raw_cell(study: Simulated) -> None:
    """File, row, record identity and column of every log entry lead to the planted raw value."""
    assert _check_log(study) == sum(PLANTED.values())


def test_mess_is_planted_in_every_block_of_subjects(tmp_path: Path) -> None:
    """Beyond the first 1000 subjects mess is planted again, and the log still leads to it."""
    larger = simulate(tmp_path, subjects=1300)
    assert _check_log(larger) == sum(larger.planted.values())
    assert larger.planted["number:thousands"] == 4
    assert not (tmp_path / "truth" / "clean").exists()


def test_rows_off_the_log_are_clean(study: Simulated) -> None:
    """A row that the log does not name is equal to its clean row, and no clean row is lost."""
    log = _truth(study, "mess")
    for name in forms():
        raw = read_form(study.directory / "raw", name)
        lines = [int(entry["row"]) - 1 for entry in log if entry["form"] == name]
        extra = [int(entry["row"]) - 1 for entry in log if entry["form"] == name and "duplicate" in entry["class"]]
        extra += [int(e["row"]) - 1 for e in log if e["form"] == name and e["class"] == "logic:marrow_before_day_1"]
        clean = pd.read_csv(study.directory / "truth" / "clean" / f"{name}.csv", dtype=str, keep_default_na=False)
        kept = raw.drop(index=extra).fillna("")
        same = (kept.reset_index(drop=True) == clean).all(axis=1).to_numpy()
        assert len(kept) == len(clean)
        assert set(kept.index[~same]) <= set(lines)


def test_files_are_in_their_encodings(study: Simulated) -> None:
    """AE is GB18030 and not UTF-8, CM starts with a byte order mark, all are decodable as declared."""
    raw = study.directory / "raw"
    with pytest.raises(UnicodeDecodeError):
        (raw / "AE.csv").read_bytes().decode("utf-8")
    assert (raw / "CM.csv").read_bytes()[:3] == b"\xef\xbb\xbf"
    for name, form in forms().items():
        assert (raw / f"{name}.csv").read_bytes().decode(CODECS[form.encoding]).count("\ufeff") == 0


def test_second_extract_holds_the_corrections(study: Simulated, tmp_path: Path) -> None:
    """Extract 2 differs by the logged changes only, later MaxUpdated on each, and one AE is gone."""
    later = simulate(tmp_path, extract=2)
    changes = _truth(later, "changes")
    shown = [(row["kind"], row["form"], row["column"], row["old_value"] == "NE") for row in changes]
    assert shown == [
        ("changed", "VS", "WEIGHT", False),
        ("changed", "EXCH", "STDAT", False),
        ("changed", "AE", "CTCGR", False),
        ("changed", "RESP", "RESP", True),
        ("removed", "AE", "", False),
        ("added", "CM", "", False),
    ]
    assert later.rows == study.rows | {"AE": study.rows["AE"] - 1, "CM": study.rows["CM"] + 1}
    for row in changes[:4]:
        old, new = (_record(folder, row) for folder in (study.directory, later.directory))
        differing = {name for name in old.index if str(old[name]) != str(new[name])}
        assert differing == {row["column"], "MaxUpdated", "SaveTS"}
        assert (new[row["column"]], new["MaxUpdated"] > old["MaxUpdated"]) == (row["new_value"], True)
    removed = changes[4]
    assert len(_records(study.directory, removed)) == 1
    assert len(_records(later.directory, removed)) == 0


def _records(folder: Path, row: dict[str, str]) -> pd.DataFrame:
    frame = read_form(folder / "raw", row["form"])
    keys = ["Subject", "Folder", "PageRepeatNumber", "RecordPosition"]
    return frame.loc[(frame[keys] == [row[key] for key in keys]).all(axis=1)]


def _record(folder: Path, row: dict[str, str]) -> pd.Series:
    return _records(folder, row).iloc[0]


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ({"profile": "publication", "subjects": 36}, "35 subjects, not 36"),
        ({"subjects": SMALLEST - 1}, f"at least {SMALLEST} subjects"),
        ({"profile": "phase3"}, "unknown profile 'phase3'"),
        ({"extract": 3}, "extract 3"),
        ({"profile": "publication", "extract": 2}, "extract 2 of profile publication"),
    ],
)
def test_impossible_requests_are_refused(tmp_path: Path, arguments: dict[str, object], what: str) -> None:
    """A size, profile or extract that does not exist is named, with what to do."""
    with pytest.raises(UsageError, match=what):
        simulate(tmp_path, **arguments)  # type: ignore[arg-type]


def test_raw_files_of_others_are_not_overwritten(tmp_path: Path) -> None:
    """A raw folder that no simulation wrote is left alone."""
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "DM.csv").write_text("theirs")
    with pytest.raises(OutputError, match="no simulation wrote"):
        simulate(tmp_path)
    assert (tmp_path / "raw" / "DM.csv").read_text() == "theirs"


def test_transport_and_odm_hold_the_same_cells(tmp_path: Path) -> None:
    """Version 8 transport files and ODM-XML give the cells of the CSV files back."""
    simulate(tmp_path, profile="publication")
    folder = export(tmp_path, "xpt8")
    for name in ("DM", "AE", "EXBL"):
        frame, _ = pyreadstat.read_xport(str(folder / f"{name}.xpt"))
        assert (
            frame.astype(str).to_numpy().tolist() == read_form(tmp_path / "raw", name).fillna("").to_numpy().tolist()
        )
    text = (export(tmp_path, "odm") / "odm.xml").read_text(encoding="utf-8")
    assert text.count('<ItemGroupData ItemGroupOID="DM"') == 35
    first = read_form(tmp_path / "raw", "DM").iloc[0]
    assert f'<ItemData ItemOID="DM.BRTHDAT_RAW" Value="{first["BRTHDAT_RAW"]}"/>' in text


def test_unknown_export_format_lists_the_known_ones(tmp_path: Path) -> None:
    """An unknown format is refused."""
    with pytest.raises(UnknownNameError, match="csv"):
        export(tmp_path, "csv")


def test_packaged_edge_case_table_is_that_of_the_default_study(study: Simulated) -> None:
    """`edge_cases.csv` in the package is what the default study writes to its truth folder."""
    packaged = (TABLES.parent / "edge_cases.csv").read_bytes()
    assert packaged == (study.directory / "truth" / "edge_cases.csv").read_bytes()


def test_chinese_texts_have_their_translation(study: Simulated) -> None:
    """Every text in the raw files that is not ASCII, signs and full-width digits apart, is in `translations.csv`."""
    known = {row["TEXT"] for row in table("translations")}
    log = {entry["raw_value"] for entry in _truth(study, "mess")}
    for name in forms():
        frame = read_form(study.directory / "raw", name)
        texts = {str(text) for column in frame for text in frame[column].dropna().unique()}
        chinese = {text for text in texts if any("\u4e00" <= sign <= "\u9fff" for sign in text)}
        assert {text for text in chinese - known if text not in log or "年" not in text} == set(), name
