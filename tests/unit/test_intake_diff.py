"""Two extracts are compared row by row over the keys of their form."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from sdtm.intake import RawSource, RawTable, read_raw
from sdtm.intake.diff import ExtractDiff, as_rows, as_table, diff_extracts, diff_folders
from spectrail.errors import InputError

SOURCE = RawSource(name="ae_raw", path="ae.csv", keys=("Subject", "AESPID"))


def table(folder: Path, content: str) -> RawTable:
    """Read the content as form ae_raw."""
    (folder / "ae.csv").write_text(content)
    return read_raw(SOURCE, root=folder)


def diff(folder: Path, old: str, new: str, *keys: str, ignore: tuple[str, ...] = ()) -> ExtractDiff:
    """Compare two contents of form ae_raw."""
    return diff_extracts(
        {"ae_raw": table(folder, old)}, {"ae_raw": table(folder, new)}, keys={"ae_raw": keys}, ignore=ignore
    )


def listed(found: ExtractDiff) -> list[list[object]]:
    """Return the rows without form and matching, None for missing."""
    frame = found.rows[["change", "keys", "column", "old", "new", "old_row", "new_row"]]
    return [[None if value != value else value for value in row] for row in frame.to_numpy().tolist()]


OLD = "Subject,AESPID,AETERM,AESEV\n001,1,Rash,Mild\n001,2,Fever,\n002,1,Pain,Severe\n"
NEW = "Subject,AESPID,AETERM,AESEV\n002,1,Pain,Severe\n001,1,rash,Moderate\n003,1,Cough,Mild\n"


def test_added_changed_and_removed_rows_by_key(tmp_path: Path) -> None:
    """One line per changed cell, one per added and removed row; the order of rows is no difference."""
    found = diff(tmp_path, OLD, NEW, "Subject", "AESPID")
    assert listed(found) == [
        ["added", "Subject=003 AESPID=1", "", None, None, 0, 3],
        ["changed", "Subject=001 AESPID=1", "AETERM", "Rash", "rash", 1, 2],
        ["changed", "Subject=001 AESPID=1", "AESEV", "Mild", "Moderate", 1, 2],
        ["removed", "Subject=001 AESPID=2", "", None, None, 2, 0],
    ]
    assert found.rows["form"].unique().tolist() == ["ae_raw"]
    assert found.rows["matched_by"].unique().tolist() == ["keys"]
    assert found.forms.to_dict("records") == [
        {
            "form": "ae_raw",
            "rows_old": 3,
            "rows_new": 3,
            "same": 1,
            "added": 1,
            "changed": 1,
            "removed": 1,
            "matched_by": "keys",
            "reason": "",
            "columns_added": "",
            "columns_removed": "",
        }
    ]


def test_equal_extracts(tmp_path: Path) -> None:
    """No rows, and the form says that all are the same."""
    found = diff(tmp_path, OLD, OLD, "Subject", "AESPID")
    assert len(found) == 0
    assert found.forms[["same", "added", "changed", "removed"]].to_numpy().tolist() == [[3, 0, 0, 0]]
    assert list(found.rows.columns[:4]) == ["form", "change", "keys", "column"]


def test_missing_and_blank_differ(tmp_path: Path) -> None:
    """A value that is emptied is a change; a missing key equals a missing key."""
    found = diff(tmp_path, "K,A,B\n1,x,\n,y, \n", "K,A,B\n1,,\n,y,\n", "K")
    assert listed(found) == [
        ["changed", "K=1", "A", "x", None, 1, 1],
        ["changed", "K=", "B", " ", None, 2, 2],
    ]


def test_without_keys_rows_are_matched_by_content_and_it_is_said(tmp_path: Path) -> None:
    """A change shows as one removed and one added row; copies of a row are counted."""
    found = diff(tmp_path, "A,B\n1,x\n1,x\n2,y\n", "A,B\n2,y\n1,x\n3,z\n")
    assert listed(found) == [
        ["added", "", "", None, None, 0, 3],
        ["removed", "", "", None, None, 2, 0],
    ]
    assert found.rows["matched_by"].unique().tolist() == ["content"]
    assert found.forms[["matched_by", "reason", "same"]].to_numpy().tolist() == [
        ["content", "no key columns are given: rows are matched by their full content", 2]
    ]


def test_rows_of_repeated_keys_are_matched_by_content(tmp_path: Path) -> None:
    """Only the rows whose key occurs more than once on either side lose their key."""
    found = diff(tmp_path, "K,A\n1,a\n1,b\n2,c\n3,d\n", "K,A\n1,a\n2,C\n1,e\n3,d\n3,f\n", "K")
    assert listed(found) == [
        ["added", "K=1", "", None, None, 0, 3],
        ["added", "K=3", "", None, None, 0, 5],
        ["changed", "K=2", "A", "c", "C", 3, 2],
        ["removed", "K=1", "", None, None, 2, 0],
    ]
    assert found.rows["matched_by"].tolist() == ["content", "content", "keys", "content"]
    assert found.forms[["matched_by", "reason"]].to_numpy().tolist() == [
        ["keys and content", "2 key(s) occur more than once: their rows are matched by their full content"]
    ]


def test_columns_of_one_side_and_ignored_columns(tmp_path: Path) -> None:
    """New columns are named per form and are no change of every row; time stamps of the export can be ignored."""
    found = diff(tmp_path, "K,A,S,GONE\n1,a,t1,x\n", "S,A,K,COME\nt2,b,1,y\n", "K", ignore=("S",))
    assert listed(found) == [["changed", "K=1", "A", "a", "b", 1, 1]]
    assert found.forms[["columns_added", "columns_removed"]].to_numpy().tolist() == [["COME", "GONE"]]


def test_key_column_that_is_not_there(tmp_path: Path) -> None:
    """The nearest column is named."""
    with pytest.raises(InputError) as caught:
        diff(tmp_path, OLD, NEW, "Subjct")
    assert (
        str(caught.value)
        == "ae.csv: the key column 'Subjct' of ae_raw is not in the file\n  -> did you mean Subject?"
    )


def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Write two study folders; form dm is new in the second."""
    for name, content in {"old": OLD, "new": NEW}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "ae.csv").write_text(content)
    (tmp_path / "new" / "dm.csv").write_text("Subject\n001\n")
    return tmp_path / "old", tmp_path / "new"


def test_two_study_folders(tmp_path: Path) -> None:
    """A file that one folder lacks counts as a form without rows there."""
    old, new = folders(tmp_path)
    found = diff_folders(old, new, [SOURCE, RawSource(name="dm_raw", path="dm.csv", keys=("Subject",))])
    assert found.forms[["form", "rows_old", "rows_new", "added", "reason"]].to_numpy().tolist() == [
        ["ae_raw", 3, 3, 1, ""],
        ["dm_raw", 0, 1, 1, "the old extract lacks the file"],
    ]
    back = diff_folders(new, old, [RawSource(name="dm_raw", path="dm.csv", keys=("Subject",))])
    assert listed(back) == [["removed", "Subject=001", "", None, None, 1, 0]]


def test_file_that_both_folders_lack(tmp_path: Path) -> None:
    """Nothing to compare is an error, not an empty difference."""
    old, new = folders(tmp_path)
    with pytest.raises(InputError) as caught:
        diff_folders(old, new, [RawSource(name="lb_raw", path="lb.csv")])
    assert str(caught.value) == "lb.csv: neither study folder has this raw file\n  -> check the path of its source"


def test_json_rows(tmp_path: Path) -> None:
    """Missing texts and absent row numbers are null."""
    found = as_rows(diff(tmp_path, "K,A\n1,x\n2,y\n", "K,A\n1,\n", "K"))
    assert found["rows"] == [
        {
            "form": "ae_raw", "change": "changed", "keys": "K=1", "column": "A", "old": "x", "new": None,
            "old_row": 1, "new_row": 1, "matched_by": "keys",
        },
        {
            "form": "ae_raw", "change": "removed", "keys": "K=2", "column": "", "old": None, "new": None,
            "old_row": 2, "new_row": None, "matched_by": "keys",
        },
    ]  # fmt: skip
    assert found["forms"][0]["changed"] == 1


def test_tables_show_collected_text_as_it_is(tmp_path: Path) -> None:
    """Markup and terminal codes in collected values do not act; what is left out is said."""
    found = diff(tmp_path, "K,A\n1,x\n2,y\n", "K,A\n1,[red]bold\x1b[31m\n2,z\n", "K")
    console = Console(file=io.StringIO(), width=160)
    console.print(as_table(found, most=1))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "[red]bold\\x1b[31m" in text
    assert "1 more are not shown; ask for JSON to get all" in text
    assert "rows_old" in text
