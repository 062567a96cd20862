"""The YAML face of the specification, and study folders.

A study folder holds `study.yaml` (identifiers, versions, sources, settings) and the files that its `specification`
lists, relative to it; without a list all of `specs/`: workbooks, YAML files and lookup tables (`specs/tables/*.csv`).
A file is either a mapping of fields of the study, or about one dataset: `dataset: AE` and fields of that dataset.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from specs import faults as f
from specs import models as m
from specs.assemble import assemble
from specs.compact import compact
from specs.faults import Fault, raise_errors, to_findings
from specs.merge import Fragment, merge
from specs.nodes import Node, Places
from specs.nodes import Path as NodePath
from specs.yaml_text import block, parse_yaml
from spectrail.errors import InputError, OutputError, Place, SpecError, nearest_hint
from spectrail.findings import Findings
from spectrail.output import refuse_filled

MOST_BYTES = 20_000_000
SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,60}")
SUFFIXES = (".yaml", ".yml", ".xlsx", ".xlsm", ".csv")
HEAD = ("study_id", "name", "description", "protocol", "language", "standards", "ct", "created", "cutoff")
STUDY_YAML = (*HEAD, "extensions", "settings", "sources", "sdtm_source", "define")


@dataclass(frozen=True)
class LoadedStudy:
    """A study as read: the model, where everything was written, faults met on reading, and the files read."""

    study: m.Study
    places: Places
    faults: tuple[Fault, ...] = ()
    folder: Path = Path()
    files: tuple[Path, ...] = ()

    @property
    def findings(self) -> Findings:
        """The faults as findings."""
        return to_findings(self.faults)


def read_study(folder: Path | str, *, strict: bool = True) -> LoadedStudy:
    """Read a study folder; raise `SpecError` listing every error unless `strict` is off, then keep them as faults.

    A team that works in Excel only has everything in `study.xlsx` instead of study.yaml and its files.
    """
    root = Path(folder)
    main = root / "study.yaml"
    book = root / "study.xlsx"
    if not main.is_file() and book.is_file():
        fragments, met = _read_all([book], root)
        return _load(fragments, met, root, (book,), strict, Place(file=book.name))
    if not main.is_file():
        hint = "make one with: spectrail spec init DIR" if root.is_dir() else "give the folder of a study"
        raise InputError(f"{folder} holds no study.yaml", place=Place(file=str(main)), hint=hint)
    node = read_yaml(main, root)
    fields = dict(node.fields or {})
    listed = fields.pop("specification", None)
    files = _listed_files(listed, root) if listed is not None and listed.value != "" else _found_files(root)
    fragments, met = _read_all(files, root)
    return _load([Fragment(fields, leads=True), *fragments], met, root, (main, *files), strict, node.place)


def read_specification(path: Path | str, *, strict: bool = True) -> LoadedStudy:
    """Read a workbook, a YAML file or a folder of such files (a study folder too) as a specification."""
    source = Path(path)
    if source.is_dir() and any((source / name).is_file() for name in ("study.yaml", "study.xlsx")):
        return read_study(source, strict=strict)
    if not source.exists():
        raise InputError(f"{path} does not exist", place=Place(file=str(path)), hint="check the path")
    root = source if source.is_dir() else source.parent
    files = _in_folder(source) if source.is_dir() else [source]
    fragments, met = _read_all(files, root)
    return _load(fragments, met, root, tuple(files), strict, Place(file=str(path)))


def _load(
    fragments: list[Fragment], met: list[Fault], root: Path, files: tuple[Path, ...], strict: bool, place: Place
) -> LoadedStudy:
    fields, conflicts = merge(fragments)
    if "study_id" not in fields and "name" in fields:
        fields["study_id"] = fields["name"]
    study, places, shaped = assemble(Node(fields, place))
    found = [*met, *conflicts, *shaped]
    if study is None:
        raise_errors(found)
        raise SpecError("the specification is empty", place=place, hint="make one with: spectrail spec init DIR")
    found += _outside(study, places, root)
    if strict:
        raise_errors(found)
    return LoadedStudy(study, places, tuple(found), root, files)


def _outside(study: m.Study, places: Places, root: Path) -> list[Fault]:
    """List paths of raw data that leave the study folder."""
    given: list[tuple[str, NodePath]] = [
        (source.path, ("sources", i, "path")) for i, source in enumerate(study.sources)
    ]
    if study.sdtm_source:
        given.append((study.sdtm_source, ("sdtm_source",)))
    found = []
    for text, path in given:
        try:
            inside(root, text)
        except SpecError as error:
            found.append(Fault(f.OUTSIDE, error.what, places.nearest(*path), error.hint, text))
    return found


def inside(folder: Path, text: str, *, place: Place | None = None) -> Path:
    """Return the path of a file named relative to a study folder; raise `SpecError` when it lies outside."""
    parts = PurePosixPath(text.replace("\\", "/"))
    if parts.is_absolute() or re.match(r"[A-Za-z]:", text) or ".." in parts.parts or "\x00" in text:
        raise SpecError(
            f"the path {text!r} leaves the study folder", place=place, hint="put the file below the study folder"
        )
    made = folder / parts
    if made.exists() and not made.resolve().is_relative_to(folder.resolve()):
        raise SpecError(
            f"the path {text!r} leads out of the study folder by a link", place=place, hint="copy the file instead"
        )
    return made


def _listed_files(node: Node, root: Path) -> list[Path]:
    """Return the files of the `specification` list, folders spread out."""
    items = node.items if node.items is not None else [node]
    files: list[Path] = []
    for item in items:
        if item.text is None:
            raise SpecError("'specification' lists paths", place=item.place, hint="write [specs/spec.xlsx, ...]")
        path = inside(root, item.text, place=item.place)
        if path.is_dir():
            files += _in_folder(path)
        elif path.is_file():
            files.append(path)
        else:
            known = [str(other.relative_to(root)) for other in _found_files(root)]
            raise SpecError(
                f"the file {item.text!r} does not exist", place=item.place, hint=nearest_hint(item.text, known)
            )
    return list(dict.fromkeys(files))


def _found_files(root: Path) -> list[Path]:
    specs = root / "specs"
    return _in_folder(specs) if specs.is_dir() else []


def _in_folder(folder: Path) -> list[Path]:
    """Return workbooks, then YAML files, then tables below a folder, each kind by name; no hidden or lock files."""
    found = [
        path
        for path in folder.rglob("*")
        if path.is_file() and path.suffix.lower() in SUFFIXES and not path.name.startswith((".", "~$"))
    ]
    for path in found:
        if path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()):
            raise SpecError(f"{path.name} is a link that leads out of the folder", place=Place(file=str(path)))
    rank = {".xlsx": 0, ".xlsm": 0, ".yaml": 1, ".yml": 1, ".csv": 2}
    return sorted(found, key=lambda path: (rank[path.suffix.lower()], str(path)))


def _read_all(files: Iterable[Path], root: Path) -> tuple[list[Fragment], list[Fault]]:
    fragments: list[Fragment] = []
    met: list[Fault] = []
    for path in files:
        suffix = path.suffix.lower()
        if suffix in (".xlsx", ".xlsm"):
            from specs.workbook_read import read_workbook_nodes

            content, faults = read_workbook_nodes(path, shown_path(path, root))
            fragments.append(Fragment(content))
            met += faults
        elif suffix == ".csv":
            fragments.append(Fragment({"tables": read_table(path, root)}))
        elif suffix in (".yaml", ".yml"):
            fragments.append(Fragment(_yaml_fields(read_yaml(path, root))))
        else:
            raise InputError(
                f"{path.name} is no specification",
                place=Place(file=str(path)),
                hint=f"use one of {', '.join(SUFFIXES)}",
            )
    return fragments, met


def shown_path(path: Path, root: Path) -> str:
    """Return the path that messages show: relative to the study folder where it lies in it."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def read_text(path: Path, root: Path) -> str:
    """Read a UTF-8 text file; raise `InputError` naming the first byte that is not UTF-8."""
    place = Place(file=shown_path(path, root))
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise InputError(
            f"{size} bytes are more than a specification needs", place=place, hint="is it the right file?"
        )
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"not UTF-8: byte 0x{data[error.start]:02X} at position {error.start}",
            place=Place(file=place.file, line=line),
            hint="save the file as UTF-8",
        ) from None


def read_yaml(path: Path, root: Path) -> Node:
    """Read a YAML file that holds a mapping."""
    place = Place(file=shown_path(path, root))
    node = parse_yaml(read_text(path, root), place)
    if node is None:
        raise SpecError("the file is empty", place=place, hint="remove it or fill it")
    if node.fields is None:
        raise SpecError(f"a mapping is needed, not {node.kind}", place=node.place, hint="write key: value lines")
    return node


def _yaml_fields(node: Node) -> dict[str, Node]:
    """Return the fields of the study in a file; `dataset: AE` makes the file one about that dataset."""
    fields = dict(node.fields or {})
    name = fields.pop("dataset", None)
    if name is None:
        return fields
    entry = Node({"name": name, **fields}, name.key or name.place)
    return {"datasets": Node([entry], node.place)}


def read_table(path: Path, root: Path) -> Node:
    """Read a lookup table: every cell is text, the stem of the file its name; rows without any text are left out."""
    file = shown_path(path, root)
    reader = csv.reader(io.StringIO(read_text(path, root), newline=""), strict=True)
    rows: list[Node] = []
    columns: list[Node] | None = None
    try:
        for cells in reader:
            place = Place(file=file, line=reader.line_num)
            if columns is None:
                columns = [Node(cell, place) for cell in cells]
            elif any(cells):
                if len(cells) != len(columns):
                    message = f"the row has {len(cells)} cells, the header {len(columns)}"
                    raise InputError(message, place=place, hint="quote cells that contain a comma")
                rows.append(Node([Node(cell, place) for cell in cells], place))
    except csv.Error as error:
        place = Place(file=file, line=reader.line_num)
        raise InputError(f"not a table: {error}", place=place, hint="save it as CSV with commas") from None
    if columns is None:
        raise InputError("the table is empty", place=Place(file=file), hint="give it a header row")
    place = Place(file=file)
    head = Place(file=file, line=1)
    table = {"name": Node(path.stem, place), "columns": Node([*columns], head), "rows": Node([*rows], place)}
    return Node([Node(table, place)], place)


def write_yaml(study: m.Study, folder: Path | str) -> tuple[Path, ...]:
    """Write a study as study.yaml and `specs/` below `folder`; refuse a folder that holds anything."""
    root = Path(folder)
    if (root / "study.yaml").exists():
        raise OutputError(f"{folder} holds a study already", place=Place(file=str(root)), hint="give a new folder")
    refuse_filled(root)
    content = compact(study)
    files: dict[str, str] = {}
    for dataset, model in zip(content.pop("datasets", []), study.datasets, strict=True):
        for name, part in _dataset_parts(dataset, model.name):
            while name in files:
                name = name.replace(".yaml", "_.yaml")
            files[name] = block(part) + "\n"
    tables = content.pop("tables", [])
    inline = _tables(study.tables, tables, files)
    shared = {key: value for key, value in content.items() if key not in STUDY_YAML}
    if inline:
        shared["tables"] = inline
    if shared:
        files = {"specs/study_metadata.yaml": block(shared) + "\n", **files}
    head = {key: content[key] for key in STUDY_YAML if key in content}
    head["specification"] = list(files)
    files = {"study.yaml": block(head) + "\n", **files}
    return _write_files(files, root)


def _dataset_parts(dataset: dict[str, object], name: str) -> list[tuple[str, dict[str, object]]]:
    """Part a dataset into what it is and how it is built."""
    del dataset["name"]
    stem = name.lower() if SAFE_NAME.fullmatch(name) else "dataset"
    steps = dataset.pop("steps", None)
    parts: list[tuple[str, dict[str, object]]] = [(f"specs/{stem}.yaml", {"dataset": name, **dataset})]
    if steps is not None:
        parts.append((f"specs/steps/{stem}.yaml", {"dataset": name, "steps": steps}))
    return parts


def _tables(
    models: tuple[m.LookupTable, ...], tables: list[dict[str, object]], files: dict[str, str]
) -> list[object]:
    """Put tables into CSV files; give back what a CSV file cannot hold: labels, the order, odd names."""
    inline: list[object] = []
    for model, table in zip(models, tables, strict=True):
        path = f"specs/tables/{model.name}.csv"
        taken = {name.lower() for name in files}
        if not SAFE_NAME.fullmatch(model.name) or path.lower() in taken or not _fits_csv(model):
            inline.append(table)
            continue
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(model.columns)
        writer.writerows(model.rows)
        files[path] = text.getvalue()
        inline.append({key: value for key, value in table.items() if key in ("name", "label")})
    plain = [{"name": model.name} for model in models]
    return [] if inline == plain else inline


def _fits_csv(table: m.LookupTable) -> bool:
    width = len(table.columns)
    cells = [*table.columns, *(cell for row in table.rows for cell in row)]
    shaped = width > 0 and all(len(row) == width and any(row) for row in table.rows)
    return shaped and not any("\r" in cell or "\x00" in cell for cell in cells) and not cells[0].startswith("\ufeff")


def _write_files(files: dict[str, str], root: Path) -> tuple[Path, ...]:
    written = []
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        written.append(path)
    return tuple(written)
