"""The issue ledger: statuses from run to run, what is refused, and a file that diffs well."""

from __future__ import annotations

from pathlib import Path

import pytest

from spectrail.errors import InputError
from spectrail.findings import Findings
from validation.ledger import (
    COLUMNS,
    Ledger,
    fingerprint_texts,
    judge,
    not_accepted,
    read_ledger,
    updated,
    write_ledger,
)


def findings(*values: str, record: int = 1) -> Findings:
    """Return findings of rule R1 on AE.AETERM with these values, in records from `record` on."""
    return Findings.of(
        rule="R1",
        severity="error",
        dataset="AE",
        variable="AETERM",
        keys="USUBJID=1",
        value=list(values),
        message="wrong",
        record=list(range(record, record + len(values))),
    )


def statuses(ledger: Ledger) -> dict[str, str]:
    """Return value -> status of the entries."""
    return dict(zip(ledger.entries["value"], ledger.entries["status"], strict=True))


def with_status(ledger: Ledger, value: str, status: str, explanation: str = "") -> Ledger:
    """Return the ledger as somebody edited it."""
    entries = ledger.entries.copy()
    entries.loc[entries["value"] == value, ["status", "explanation"]] = [status, explanation]
    return Ledger(entries)


def test_fingerprints_are_f_and_the_hexadecimal_hash():
    """The text is the hash of the findings table, written in full."""
    found = findings("a", "b")
    assert list(fingerprint_texts(found)) == [f"F{number:016x}" for number in found.fingerprints().tolist()]
    assert list(fingerprint_texts(Findings())) == []


def test_fingerprints_do_not_depend_on_the_record():
    """Rows may move without a finding becoming another (rule, dataset, variable, keys, value only)."""
    assert list(fingerprint_texts(findings("a"))) == list(fingerprint_texts(findings("a", record=99)))


def test_statuses_from_run_to_run():
    """New, then known; gone is fixed; back again is new."""
    first = updated(Ledger(), findings("a", "b"), ran=["R1"])
    assert statuses(first) == {"a": "new", "b": "new"}
    second = updated(first, findings("a", "c"), ran=["R1"])
    assert statuses(second) == {"a": "known", "b": "fixed", "c": "new"}
    third = updated(second, findings("a", "b"), ran=["R1"])
    assert statuses(third) == {"a": "known", "b": "new", "c": "fixed"}


def test_rules_that_did_not_run_fix_nothing():
    """An entry keeps its status when its rule was left out of the run."""
    first = updated(Ledger(), findings("a"), ran=["R1"])
    assert statuses(updated(first, Findings(), ran=["R2"])) == {"a": "new"}
    assert statuses(updated(first, Findings(), ran=["R1"])) == {"a": "fixed"}


def test_accepted_findings_stay_accepted_and_do_not_count():
    """The explanation is kept over updates; the exit status sees only what is not accepted."""
    ledger = with_status(updated(Ledger(), findings("a", "b"), ran=["R1"]), "a", "accepted", "as collected")
    again = updated(ledger, findings("a", "b"), ran=["R1"])
    assert statuses(again) == {"a": "accepted", "b": "known"}
    judged = judge(findings("a", "b"), again, ran=["R1"])
    assert (list(judged.status), list(judged.explanation)) == (["accepted", "known"], ["as collected", ""])
    assert list(not_accepted(findings("a", "b"), judged).frame["value"]) == ["b"]
    assert judged.counts() == {"new": 0, "known": 1, "accepted": 1, "fixed": 0}


def test_without_a_ledger_nothing_is_judged():
    """No status is invented where there is no ledger; everything counts."""
    judged = judge(findings("a"), None)
    assert (judged.used, list(judged.status)) == (False, [""])
    assert len(not_accepted(findings("a"), judged)) == 1


def test_file_is_sorted_and_has_one_line_per_fingerprint(tmp_path: Path):
    """The order of findings and repeated findings leave the file the same; line breaks in values become blanks."""
    write_ledger(updated(Ledger(), findings("b", "a\nx", "b"), ran=["R1"]), tmp_path / "one.csv")
    write_ledger(updated(Ledger(), findings("a\nx", "b"), ran=["R1"]), tmp_path / "two.csv")
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
    lines = (tmp_path / "one.csv").read_text().splitlines()
    assert lines[0] == ",".join(COLUMNS)
    assert [line.split(",", 1)[1] for line in lines[1:]] == [
        "new,R1,AE,AETERM,USUBJID=1,a x,",
        "new,R1,AE,AETERM,USUBJID=1,b,",
    ]


@pytest.mark.parametrize("value", ["=1+1", "-3", "+x", "@cmd", "'quoted", "plain"])
def test_formulas_are_quoted_and_come_back(tmp_path: Path, value: str):
    """A cell that a spreadsheet would compute gets an apostrophe, which reading takes away again."""
    ledger = with_status(updated(Ledger(), findings(value), ran=["R1"]), value, "accepted", value)
    write_ledger(ledger, tmp_path / "ledger.csv")
    last = (tmp_path / "ledger.csv").read_text().splitlines()[1].rsplit(",", 1)[1]
    assert last == (value if value == "plain" else f"'{value}")
    back = read_ledger(tmp_path / "ledger.csv")
    assert back.entries[list(COLUMNS)].to_numpy().tolist() == ledger.entries[list(COLUMNS)].to_numpy().tolist()


def test_absent_file_is_an_empty_ledger(tmp_path: Path):
    """The first update starts from nothing."""
    assert len(read_ledger(tmp_path / "ledger.csv")) == 0


PRINT = "F0123456789abcdef"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n", "ledger.csv: is not a ledger"),
        (f"{','.join(COLUMNS)}\n{PRINT},done,R1,,,,,\n", "line 2: has a status that is not known"),
        (f"{','.join(COLUMNS)}\nxyz,new,R1,,,,,\n", "line 2: has no fingerprint"),
        (f"{','.join(COLUMNS)}\n{PRINT},accepted,R1,,,,, \n", "line 2: accepts a finding without an explanation"),
        (f"{','.join(COLUMNS)}\n{PRINT},new,R1,,,,,\n{PRINT},new,R1,,,,,\n", "line 3: repeats a fingerprint"),
        (f"{','.join(COLUMNS)}\n{PRINT},new,R1\n", "line 2: has 3 cells, not 8"),
    ],
)
def test_faulty_ledgers_are_refused_with_the_line(tmp_path: Path, text: str, message: str):
    """Nothing is accepted by accident."""
    (tmp_path / "ledger.csv").write_text(text)
    with pytest.raises(InputError) as caught:
        read_ledger(tmp_path / "ledger.csv")
    assert message in str(caught.value)
