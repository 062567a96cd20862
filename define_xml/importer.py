"""Turn a define.xml into an editable specification: workbook and YAML."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from define_xml.reader import DefineImport, read_define
from specs.workbook_write import write_workbook
from specs.yaml_files import write_yaml
from spectrail.output import refuse_filled

WORKBOOK = "specification.xlsx"


def import_define(path: Path | str, out: Path | str) -> DefineImport:
    """Read a define.xml and write its content below `out`: YAML in `yaml/`, the same as `specification.xlsx`.

    Both hold the same specification; a study uses one of them. What the model has no place for is listed in the
    findings. Raises InputError for a file that is not a define.xml, OutputError when `out` holds anything.
    """
    imported = _named(read_define(path))
    folder = Path(out)
    refuse_filled(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write_yaml(imported.study, folder / "yaml")
    write_workbook(imported.study, folder / WORKBOOK)
    return imported


def _named(imported: DefineImport) -> DefineImport:
    """Give the study its name, which a reader of the workbook looks for beside the identifier."""
    study = imported.study
    return replace(imported, study=study.model_copy(update={"name": study.name or study.study_id}))
