"""Judge one planted cell: does SDTM hold its true value in the records that go back to its raw row?

Every kind of mess has its own meaning of "true": a date its ISO 8601 form, a result its value in standard units, a
duplicate one record.  Where the true value is what the clean form holds, the record made from the clean row says how
SDTM writes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from spectrail.studies.blina_ball.scoring_build import Scored, item_of

COLLECTED = re.compile(r"\w\w(ORRES|ORRESU|ORNRLO|ORNRHI)")
"""Variables that keep what was collected as it was written."""

Judge = Callable[["Planted"], bool]


@dataclass(frozen=True)
class Planted:
    """A planted cell: where it is in the extract (row from 0), its truth, the row of the clean form (-1: none)."""

    messy: Scored
    clean: Scored
    source: str
    column: str
    row: int
    partner: int
    raw: str
    true: str

    def values(self, build: Scored, row: int) -> Iterator[tuple[str, str, int, str]]:
        """Yield dataset, variable, record and value of all that was made from the column in a row of a build."""
        for name, record in build.made_from(self.source, row):
            frame = build.records[name]
            for variable in map(str, frame.columns):
                shown = f"QVAL.{frame['QNAM'].iloc[record]}" if variable == "QVAL" else variable
                if build.reads(name, shown, record, self.source, self.column):
                    yield name, variable, record, str(frame[variable].iloc[record])

    def records(self, build: Scored, row: int) -> Iterator[dict[str, str]]:
        """Yield the records made from the column in a row, by the parts of their variable names after the prefix."""
        for name, record in dict.fromkeys((name, record) for name, _, record, _ in self.values(build, row)):
            cells = build.records[name].iloc[record]
            yield {str(variable)[2:]: str(value) for variable, value in cells.items()}


def is_resolved(planted: Planted, kind: str) -> bool:
    """Tell whether SDTM holds the true value of a planted cell of a class such as `unit:g/dL`."""
    group = kind.partition(":")[0]
    judge = BY_CLASS.get(kind) or BY_GROUP.get(group)
    if judge is None:
        raise ValueError(f"no judgement is known for planted cells of the class {kind!r}")
    return judge(planted)


def _dates(planted: Planted) -> bool:
    """Every date made from the cell is the true one: a whole date with any time, a partial one as it is."""
    found = [
        value for _, variable, _, value in planted.values(planted.messy, planted.row) if variable.endswith("DTC")
    ]
    found += [
        value
        for _, variable, value in planted.messy.given(planted.source, planted.column, planted.row)
        if variable.endswith("DTC")
    ]
    whole = len(planted.true) == 10
    return bool(found) and all((value[:10] if whole else value) == planted.true for value in found)


def _missing(planted: Planted) -> bool:
    """No value is made from the cell, and a finding says that it was not done."""
    values = [value for *_, value in planted.values(planted.messy, planted.row) if value]
    stats = [one.get("STAT", "NOT DONE") for one in planted.records(planted.messy, planted.row)]
    return bool(stats) and values in ([], ["NOT DONE"] * len(values)) and set(stats) == {"NOT DONE"}


def _standard(planted: Planted) -> bool:
    """The standard result and its unit are the true ones; a result with a sign or in words has no number."""
    text, _, unit = planted.true.partition(" ")
    found = list(planted.records(planted.messy, planted.row))
    if planted.true == "NOT DONE":
        return bool(found) and all((one["STAT"], one["STRESC"]) == ("NOT DONE", "") for one in found)
    if not re.match(r"[<>=]*[\d.]+$", text):
        text, unit = planted.true, ""
    number = text if re.match(r"[\d.]+$", text) else ""
    return bool(found) and all(
        (one["STRESC"], one["STRESU"]) == (text, unit) and _same_number(one["STRESN"], number) for one in found
    )


def _same_number(one: str, two: str) -> bool:
    return one == two if not (one and two) else abs(float(one) - float(two)) <= 1e-9 * abs(float(two))


def _result(planted: Planted) -> bool:
    """The result is the true one, in its standard form."""
    if planted.true == _clean_cell(planted):
        return _as_clean(planted)
    found = [one["STRESC"] for one in planted.records(planted.messy, planted.row)]
    return bool(found) and set(found) == {planted.true}


def _as_clean(planted: Planted) -> bool:
    """All that is made from the cell, but the result as collected, is what the clean row gives."""
    return bool(made := _standardised(planted, planted.messy, planted.row)) and (
        made == _standardised(planted, planted.clean, planted.partner)
    )


def _standardised(planted: Planted, build: Scored, row: int) -> list[tuple[str, str, str, str]]:
    return sorted(
        (name, str(item_of(build.records[name]).iloc[record]), variable, value)
        for name, variable, record, value in planted.values(build, row)
        if not COLLECTED.fullmatch(variable) and not variable.endswith(("SEQ", "NRIND", "LOBXFL"))
    )


def _true_text(planted: Planted) -> bool:
    """A variable that reads the cell holds the true text."""
    return planted.true in [value for *_, value in planted.values(planted.messy, planted.row)]


def _clean_cell(planted: Planted) -> str:
    raw = planted.clean.raw[planted.source]
    return str(raw[planted.column].iloc[planted.partner]) if planted.partner >= 0 else ""


def _one_row(planted: Planted) -> bool:
    """The copied row and its original are as many records as the original alone is in the clean study."""
    raw = planted.messy.raw[planted.source]
    same = ["Subject", "Folder", "InstanceRepeatNumber", "RecordPosition"]
    copies = (raw[same] == raw[same].iloc[planted.row]).all(axis=1).to_numpy().nonzero()[0].tolist()
    clean = planted.clean.raw[planted.source]
    original = (clean[same] == raw[same].iloc[planted.row]).all(axis=1).to_numpy().nonzero()[0].tolist()
    made = {one for row in copies for one in planted.messy.made_from(planted.source, row)}
    wanted = {one for row in original for one in planted.clean.made_from(planted.source, row)}
    return len(copies) == 2 and len(original) == 1 and len(made) == len(wanted) > 0


def _not_submitted(planted: Planted) -> bool:
    """No variable reads the cell where the site's name is not submitted; its number is the clean one."""
    return not list(planted.values(planted.messy, planted.row)) and _subject_site(
        planted, planted.messy, planted.row
    ) == (_subject_site(planted, planted.clean, planted.partner))


def _subject_site(planted: Planted, build: Scored, row: int) -> list[str]:
    subject = build.raw[planted.source]["Subject"].iloc[row]
    people = build.records["DM"]
    return people.loc[people["SUBJID"] == subject, "SITEID"].tolist()


def _one_person(planted: Planted) -> bool:
    """Both screenings are one record of DM, under the number of the first."""
    rows = planted.messy.raw[planted.source]
    numbers = [rows["Subject"].iloc[planted.row], planted.raw]
    people = planted.messy.records["DM"]
    ids = [f"{planted.messy.study.study_id}-{number}" for number in numbers]
    found = people[people["USUBJID"].isin(ids) | people["SUBJID"].isin(numbers)]
    made = dict.fromkeys(planted.messy.made_from(planted.source, planted.row))
    return found["USUBJID"].tolist() == [ids[1]] and any(name == "DM" for name, _ in made)


def _both_kept(planted: Planted) -> bool:
    """The sample has a record of its own beside that of the other laboratory."""
    mine = planted.messy.raw[planted.source].iloc[planted.row]
    records = planted.messy.records["LB"]
    made = [
        records.iloc[record] for name, record in planted.messy.made_from(planted.source, planted.row) if name == "LB"
    ]
    return (
        len(made) == 1
        and made[0]["LBNAM"] == mine["LABNAME"]
        and (
            set(
                records.loc[
                    (records["USUBJID"] == made[0]["USUBJID"])
                    & (records["LBTESTCD"] == made[0]["LBTESTCD"])
                    & (records["LBDTC"].str[:10] == made[0]["LBDTC"][:10]),
                    "LBNAM",
                ]
            )
            > {mine["LABNAME"]}
        )
    )


def _superseded(planted: Planted) -> bool:
    """The row is no record; the visit's response is that of the later row."""
    raw = planted.messy.raw[planted.source]
    visit = ["Subject", "Folder", "InstanceRepeatNumber"]
    same = (raw[visit] == raw[visit].iloc[planted.row]).all(axis=1).to_numpy().nonzero()[0].tolist()
    found = [
        (row, planted.messy.records[name]["RSSTRESC"].iloc[record])
        for row in same
        for name, record in planted.messy.made_from(planted.source, row)
        if name == "RS" and planted.messy.records[name]["RSTESTCD"].iloc[record] == "OVRLRESP"
    ]
    return [(row != planted.row, value) for row, value in found] == [(True, planted.true)]


BY_GROUP: dict[str, Judge] = {
    "date": _dates,
    "time": _dates,
    "missing": _missing,
    "unit": _standard,
    "mrd": _standard,
    "number": _result,
    "text": _as_clean,
    "logic": _result,
}
BY_CLASS: dict[str, Judge] = {
    "identity:duplicate_page": _one_row,
    "identity:duplicate_row": _one_row,
    "identity:site_code": _true_text,
    "identity:term_case": _as_clean,
    "identity:rescreened": _one_person,
    "identity:two_labs": _both_kept,
    "text:line_break": _true_text,
    "text:chinese_site": _not_submitted,
    "correction:response": _superseded,
}
