"""ODM-XML clinical data become one table per form and item group."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from sdtm.intake import RawSource, RawTable, read_raw, read_sources
from sdtm.intake.odm_rows import CONTEXT
from spectrail.errors import InputError

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" '
    'xmlns:mdsol="http://www.mdsol.com/ns/odm/metadata" FileType="{type}">\n'
)
METADATA = """<Study OID="S1"><MetaDataVersion OID="1" Name="1">
<ItemDef OID="AE.AETERM" Name="AETERM" DataType="text"/>
<ItemDef OID="AE.AESEV" Name="AESEV" DataType="text"/>
<ItemDef OID="AE.DOSE" Name="AEDOSE" DataType="float"/>
<ItemDef OID="AE.OTHER" Name="AESEV" DataType="text"/>
</MetaDataVersion></Study>
"""
SNAPSHOT = (
    HEAD.format(type="Snapshot")
    + METADATA
    + """<ClinicalData StudyOID="S1" MetaDataVersionOID="1">
<SubjectData SubjectKey="001" mdsol:Status="x">
<SiteRef LocationOID="SITE01"/>
<StudyEventData StudyEventOID="SCR" StudyEventRepeatKey="1">
<FormData FormOID="AE" FormRepeatKey="1">
<ItemGroupData ItemGroupOID="AE_IG" ItemGroupRepeatKey="1">
<AuditRecord><UserRef UserOID="u"/></AuditRecord>
<ItemData ItemOID="AE.AETERM" Value=" Rash &amp; fever "/>
<ItemData ItemOID="AE.AESEV" IsNull="Yes"/>
<mdsol:Query Value="ignored"><ItemData ItemOID="no"/></mdsol:Query>
</ItemGroupData>
<ItemGroupData ItemGroupOID="AE_IG" ItemGroupRepeatKey="2">
<ItemDataString ItemOID="AE.AETERM">发热</ItemDataString>
<ItemDataDouble ItemOID="AE.DOSE" MeasurementUnitOID="MU.MG">1.10</ItemDataDouble>
</ItemGroupData>
</FormData>
<FormData FormOID="VS"><ItemGroupData ItemGroupOID="VS_IG"><ItemData ItemOID="VS.X" Value="1"/></ItemGroupData>
</FormData></StudyEventData>
</SubjectData>
<SubjectData SubjectKey="002">
<StudyEventData StudyEventOID="SCR">
<FormData FormOID="AE">
<ItemGroupData ItemGroupOID="AE_IG">
<ItemData ItemOID="AE.DOSE" Value="2"><MeasurementUnitRef MeasurementUnitOID="MU.UG"/></ItemData>
<ItemData ItemOID="AE.AETERM" Value="NA"/>
<ItemData ItemOID="AE.OTHER" Value=""/>
</ItemGroupData>
</FormData>
</StudyEventData>
</SubjectData>
</ClinicalData>
</ODM>
"""
)


def read(folder: Path, content: str, **options: object) -> RawTable:
    """Read the content as the file of one source."""
    (folder / "odm.xml").write_text(content, encoding="utf-8")
    return read_raw(RawSource(name="ae_raw", path="odm.xml", **options), root=folder)  # type: ignore[arg-type]


def rows(table: RawTable, *names: str) -> list[list[str | None]]:
    """Return some columns as rows, None for missing."""
    return [
        [None if value != value else value for value in row] for row in table.frame[list(names)].to_numpy().tolist()
    ]


def test_snapshot_with_typed_and_untyped_items(tmp_path: Path) -> None:
    """Context columns first, then the items under the Name of their definition where it is unique in the table."""
    table = read(tmp_path, SNAPSHOT, member="AE/AE_IG")
    assert list(table.frame.columns) == [
        *CONTEXT,
        "AETERM",
        "AE.AESEV",
        "AEDOSE",
        "AEDOSE.MeasurementUnitOID",
        "AE.OTHER",
    ]
    assert rows(table, *CONTEXT) == [
        ["S1", "001", "SITE01", "SCR", "1", "AE", "1", "AE_IG", "1"],
        ["S1", "001", "SITE01", "SCR", "1", "AE", "1", "AE_IG", "2"],
        ["S1", "002", None, "SCR", None, "AE", None, "AE_IG", None],
    ]
    assert rows(table, *table.frame.columns[9:]) == [
        [" Rash & fever ", None, None, None, None],
        ["发热", None, "1.10", "MU.MG", None],
        ["NA", None, "2", "MU.UG", None],
    ]
    assert {str(dtype) for dtype in table.frame.dtypes} == {"str"}
    assert table.lines.tolist() == [14, 20, 31]
    assert table.notes == (
        "item groups AE/AE_IG",
        "ODM file type Snapshot",
        "1 AuditRecord element(s) in the file are not read",
    )
    assert len(table.findings) == 0


@pytest.mark.parametrize("member", ["AE/AE_IG", "AE_IG", "AE"])
def test_members_by_form_or_item_group(tmp_path: Path, member: str) -> None:
    """A form with one item group and an item group alone are names enough."""
    assert len(read(tmp_path, SNAPSHOT, member=member)) == 3


def test_tables_of_one_file_are_read_in_one_pass(tmp_path: Path) -> None:
    """Without metadata columns are named by ItemOID."""
    (tmp_path / "odm.xml").write_text(SNAPSHOT.replace(METADATA, ""), encoding="utf-8")
    tables = read_sources(
        [RawSource(name="vs", path="odm.xml", member="VS"), RawSource(name="ae", path="odm.xml", member="AE")],
        root=tmp_path,
    )
    assert [list(table.frame.columns[9:]) for table in tables.values()] == [
        ["VS.X"],
        ["AE.AETERM", "AE.AESEV", "AE.DOSE", "AE.DOSE.MeasurementUnitOID", "AE.OTHER"],
    ]


def test_item_group_of_two_forms_comes_in_the_order_of_the_file(tmp_path: Path) -> None:
    """Rows of one item group on several forms are one table."""
    body = "".join(
        f'<FormData FormOID="{form}"><ItemGroupData ItemGroupOID="IG"><ItemData ItemOID="X" Value="{value}"/>'
        "</ItemGroupData></FormData>\n"
        for form, value in [("F1", 1), ("F2", 2), ("F1", 3)]
    )
    table = read(tmp_path, document(f'<StudyEventData StudyEventOID="E">\n{body}</StudyEventData>'), member="IG")
    assert rows(table, "FormOID", "X") == [["F1", "1"], ["F2", "2"], ["F1", "3"]]
    assert table.lines.tolist() == [4, 5, 6]


def document(subject: str, *, file_type: str = "Transactional") -> str:
    """Return a file with one subject."""
    return (
        HEAD.format(type=file_type)
        + f'<ClinicalData StudyOID="S1"><SubjectData SubjectKey="001">{subject}</SubjectData></ClinicalData></ODM>'
    )


def group(key: str, value: str, transaction: str = "Insert") -> str:
    """Return one record on a line of its own."""
    return (
        f'\n<ItemGroupData ItemGroupOID="IG" ItemGroupRepeatKey="{key}" TransactionType="{transaction}">'
        f'<ItemData ItemOID="X" Value="{value}"/></ItemGroupData>'
    )


def event(content: str, transaction: str = "Update") -> str:
    """Return records inside event and form."""
    return (
        f'<StudyEventData StudyEventOID="E"><FormData FormOID="F" TransactionType="{transaction}">{content}'
        "</FormData></StudyEventData>"
    )


def test_removed_records_are_left_out_and_listed(tmp_path: Path) -> None:
    """A Remove takes back the record itself and what stood under its keys before, not what comes later."""
    content = event(group("1", "a") + group("2", "b")) + event(group("1", "a", "Remove") + group("1", "c"))
    table = read(tmp_path, document(content), member="IG")
    assert rows(table, "ItemGroupRepeatKey", "X") == [["2", "b"], ["1", "c"]]
    assert table.findings.frame[["rule", "severity", "message"]].to_numpy().tolist() == [
        [
            "raw.odm_removed",
            "notice",
            "the record on line 6 is left out: its ItemGroupData has TransactionType Remove",
        ],
        [
            "raw.odm_removed",
            "notice",
            "the record on line 4 is left out: the ItemGroupData on line 6 has TransactionType Remove",
        ],
    ]
    assert table.findings.frame["value"].iloc[1] == (
        "StudyOID=S1 SubjectKey=001 StudyEventOID=E FormOID=F ItemGroupOID=IG ItemGroupRepeatKey=1"
    )


def test_removed_form_without_content_takes_back_its_records(tmp_path: Path) -> None:
    """An empty FormData with Remove is enough."""
    content = event(group("1", "a") + group("2", "b")) + "\n" + event("", "Remove") + event(group("3", "c"))
    table = read(tmp_path, document(content), member="IG")
    assert rows(table, "X") == [["c"]]
    assert table.findings.frame["message"].astype(str).tolist() == [
        "the record on line 4 is left out: the FormData on line 6 has TransactionType Remove",
        "the record on line 5 is left out: the FormData on line 6 has TransactionType Remove",
    ]


def test_removed_item_is_empty_and_listed(tmp_path: Path) -> None:
    """A single value that is taken back."""
    content = event(group("1", "a").replace('Value="a"', 'TransactionType="Remove"'))
    table = read(tmp_path, document(content), member="IG")
    assert rows(table, "X") == [[None]]
    assert table.findings.frame["message"].astype(str).tolist() == [
        "the item on line 4 is read as empty: its ItemData has TransactionType Remove"
    ]


def test_repeated_keys_are_a_finding(tmp_path: Path) -> None:
    """Both records are kept, both rows are named."""
    table = read(
        tmp_path, document(event(group("1", "a") + group("2", "b") + group("1", "c", "Update"))), member="IG"
    )
    assert rows(table, "X") == [["a"], ["b"], ["c"]]
    assert table.findings.frame[["rule", "severity", "source_row"]].to_numpy().tolist() == [
        ["raw.odm_repeated_key", "warning", 1],
        ["raw.odm_repeated_key", "warning", 3],
    ]


def test_lines_beyond_65535_are_true(tmp_path: Path) -> None:
    """The line of a record is right in long files."""
    content = event(group("1", "a") + "\n" * 100_000 + group("2", "b"))
    assert read(tmp_path, document(content), member="IG").lines.tolist() == [4, 100_005]


@pytest.mark.parametrize(
    ("content", "options", "expected"),
    [
        (
            SNAPSHOT,
            {"member": "AX"},
            "odm.xml: the file has no form or item group 'AX'\n  -> known: AE/AE_IG, VS/VS_IG",
        ),
        (
            SNAPSHOT,
            {},
            "odm.xml: the file has 2 item groups and the source names none\n"
            "  -> set member to one of AE/AE_IG, VS/VS_IG",
        ),
        (
            document(event(group("1", "a").replace(' ItemOID="X"', ""))),
            {"member": "IG"},
            "odm.xml, line 4: ItemData has no ItemOID\n"
            "  -> check the file against the schema of ODM 1.3.2, or ask for the extract again",
        ),
        (
            document(event(group("1", "a").replace(' ItemGroupOID="IG"', ""))),
            {"member": "IG"},
            "odm.xml, line 4: ItemGroupData has no ItemGroupOID\n"
            "  -> check the file against the schema of ODM 1.3.2, or ask for the extract again",
        ),
        (
            document(group("1", "a")),
            {"member": "IG"},
            "odm.xml, line 4: ItemGroupData does not stand inside FormData\n"
            "  -> check the file against the schema of ODM 1.3.2, or ask for the extract again",
        ),
    ],
)
def test_wrong_files_and_members(tmp_path: Path, content: str, options: dict[str, str], expected: str) -> None:
    """Each message names the line or lists what is there."""
    with pytest.raises(InputError) as caught:
        read(tmp_path, content, **options)
    assert str(caught.value) == expected


def test_memory_stays_bounded(tmp_path: Path) -> None:
    """Records are packed as they come; item groups that no source asks for cost nothing."""
    with (tmp_path / "odm.xml").open("w") as stream:
        stream.write(HEAD.format(type="Snapshot") + '<ClinicalData StudyOID="S"><SubjectData SubjectKey="1">')
        stream.write('<StudyEventData StudyEventOID="E"><FormData FormOID="F">')
        for number in range(30_000):
            stream.write(group(str(number), f"value {number}"))
        stream.write('<ItemGroupData ItemGroupOID="ONE"><ItemData ItemOID="X" Value="1"/></ItemGroupData>')
        stream.write("</FormData></StudyEventData></SubjectData></ClinicalData></ODM>")
    size = (tmp_path / "odm.xml").stat().st_size
    peaks = {}
    for member, count in [("ONE", 1), ("IG", 30_000)]:
        tracemalloc.start()
        table = read_raw(RawSource(name="x", path="odm.xml", member=member), root=tmp_path)
        peaks[member] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert len(table) == count
    assert peaks["ONE"] < size / 2
    assert peaks["IG"] < 8 * size
