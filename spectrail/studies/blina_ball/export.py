"""Rewrite a raw extract from CSV into other formats: Excel, SAS transport version 8, ODM-XML 1.3.2."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyreadstat

from spectrail.errors import InputError, Place, UnknownNameError
from spectrail.io.xlsx import write_workbook
from spectrail.studies.blina_ball.facts import STUDY, forms
from spectrail.studies.blina_ball.simulate import CODECS

CREATED = datetime(2024, 8, 1, 6, 0, 0)
ODM_FILE = "odm.xml"


def read_form(raw: Path, name: str) -> pd.DataFrame:
    """Read `<name>.csv` of a raw folder; every cell text exactly as written, empty cells missing."""
    path = raw / f"{name}.csv"
    try:
        data = path.read_bytes().decode(CODECS[forms()[name].encoding])
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"cannot read the form: {error}", place=Place(file=str(path)), hint="simulate the study first"
        ) from error
    head = next(iter(data.splitlines())).replace('"', "").split(",")
    options = pacsv.ConvertOptions(
        column_types=dict.fromkeys(head, pa.string()), strings_can_be_null=True, null_values=[""]
    )
    table = pacsv.read_csv(
        BytesIO(data.encode()), parse_options=pacsv.ParseOptions(newlines_in_values=True), convert_options=options
    )
    return table.to_pandas()


def export(directory: str | Path, to: str, *, out: str | Path | None = None) -> Path:
    """Write the forms of `directory`/raw as `to`: xlsx, xpt8 (one file per form) or odm (one file for the study).

    The files go to `out` (default: `directory`/raw_<to>), which is returned. Transport files cannot hold trailing
    blanks; the other formats hold every cell as it is.
    """
    if to not in WRITERS:
        raise UnknownNameError("raw format", to, WRITERS)
    source = Path(directory) / "raw"
    target = Path(out) if out is not None else Path(directory) / f"raw_{to}"
    target.mkdir(parents=True, exist_ok=True)
    WRITERS[to]({name: read_form(source, name) for name in forms()}, target)
    return target


def _write_xlsx(frames: dict[str, pd.DataFrame], target: Path) -> None:
    for name, frame in frames.items():
        rows = frame.astype(object).where(frame.notna(), "").to_numpy().tolist()
        write_workbook(target / f"{name}.xlsx", {name: [list(frame.columns), *rows]}, created=CREATED, title=name)


def _write_xpt8(frames: dict[str, pd.DataFrame], target: Path) -> None:
    for name, frame in frames.items():
        text = frame.astype(object).where(frame.notna(), "")
        pyreadstat.write_xport(text, str(target / f"{name}.xpt"), table_name=name, file_format_version=8)


def _write_odm(frames: dict[str, pd.DataFrame], target: Path) -> None:
    stamp = CREATED.isoformat()
    with (target / ODM_FILE).open("w", encoding="utf-8", newline="\n") as handle:
        handle.write('<?xml version="1.0" encoding="UTF-8"?>\n')
        handle.write(
            f'<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" ODMVersion="1.3.2" FileType="Snapshot" FileOID="{STUDY}"'
            f' CreationDateTime="{stamp}">\n'
        )
        handle.write(_odm_metadata(frames))
        for name, frame in frames.items():
            handle.write(f'<ClinicalData StudyOID="{STUDY}" MetaDataVersionOID="1">\n')
            for text in _odm_rows(name, frame):
                handle.write(text)
            handle.write("</ClinicalData>\n")
        handle.write("</ODM>\n")


def _odm_metadata(frames: dict[str, pd.DataFrame]) -> str:
    """Declare one form with one item group per raw form, and its columns as text items."""
    events = "\n".join(f'<FormRef FormOID="{name}" Mandatory="No"/>' for name in frames)
    forms_ = "\n".join(
        f'<FormDef OID="{name}" Name={quoteattr(forms()[name].title)} Repeating="Yes">'
        f'<ItemGroupRef ItemGroupOID="{name}" Mandatory="No"/></FormDef>'
        for name in frames
    )
    groups = "\n".join(
        f'<ItemGroupDef OID="{name}" Name="{name}" Repeating="Yes">'
        + "".join(f'<ItemRef ItemOID="{name}.{column}" Mandatory="No"/>' for column in frame)
        + "</ItemGroupDef>"
        for name, frame in frames.items()
    )
    items = "\n".join(
        f'<ItemDef OID="{name}.{column}" Name="{column}" DataType="text" Length="200"/>'
        for name, frame in frames.items()
        for column in frame
    )
    return (
        f'<Study OID="{STUDY}"><GlobalVariables><StudyName>{STUDY}</StudyName><StudyDescription>Synthetic study'
        f"</StudyDescription><ProtocolName>{STUDY}</ProtocolName></GlobalVariables>\n"
        f'<MetaDataVersion OID="1" Name="1">\n'
        f'<StudyEventDef OID="ANY" Name="Any" Repeating="Yes" Type="Common">\n{events}\n'
        f"</StudyEventDef>\n{forms_}\n{groups}\n{items}\n</MetaDataVersion></Study>\n"
    )


def _odm_rows(name: str, frame: pd.DataFrame) -> list[str]:
    """Return the XML of the records of a form, one text per record, elements opened and closed where keys change."""
    columns = [_items(name, column, frame[column]) for column in frame]
    items = pc.binary_join_element_wise(*columns, "").to_numpy(zero_copy_only=False)
    event = frame["Folder"] + "\x00" + frame["InstanceRepeatNumber"] + "\x00" + frame["PageRepeatNumber"]
    subject_new = (frame["Subject"] != frame["Subject"].shift()).to_numpy()
    event_new = subject_new | (event != event.shift()).to_numpy()
    opened = _tags(frame, name, subject_new, event_new)
    # the key is the record's own: a page that stands twice in the extract stands twice here
    numbers = frame["RecordPosition"].to_numpy(dtype=object)
    body = (
        opened
        + f'<ItemGroupData ItemGroupOID="{name}" ItemGroupRepeatKey="'
        + numbers
        + '">'
        + items
        + "</ItemGroupData>"
    )
    closed = np.where(np.append(event_new[1:], True), "</FormData></StudyEventData>", "").astype(object)
    closed = closed + np.where(np.append(subject_new[1:], True), "</SubjectData>\n", "\n").astype(object)
    return [] if len(frame) == 0 else list(body + closed)


def _tags(frame: pd.DataFrame, name: str, subject_new: np.ndarray, event_new: np.ndarray) -> np.ndarray:
    subject = ('<SubjectData SubjectKey="' + frame["Subject"] + '">').to_numpy(dtype=object)
    event = (
        '<StudyEventData StudyEventOID="'
        + frame["Folder"]
        + '" StudyEventRepeatKey="'
        + frame["InstanceRepeatNumber"]
    )
    form = f'"><FormData FormOID="{name}" FormRepeatKey="' + frame["PageRepeatNumber"] + '">'
    opening = (event + form).to_numpy(dtype=object)
    return np.where(subject_new, subject, "") + np.where(event_new, opening, "")


def _items(name: str, column: str, values: pd.Series) -> pa.Array:
    """Write a column as ItemData elements; nothing where it is missing but in the first record, which names it."""
    codes, distinct = pd.factorize(values)
    element = f'<ItemData ItemOID="{name}.{column}" '
    texts = np.array([*(f"{element}Value={_quoted(str(value))}/>" for value in distinct), ""], dtype=object)
    out = texts[codes]
    if len(out) and not out[0]:
        out[0] = f'{element}IsNull="Yes"/>'
    return pa.array(out, type=pa.string())


def _quoted(text: str) -> str:
    return quoteattr(text, {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


WRITERS: dict[str, Callable[[dict[str, pd.DataFrame], Path], None]] = {
    "xlsx": _write_xlsx,
    "xpt8": _write_xpt8,
    "odm": _write_odm,
}
