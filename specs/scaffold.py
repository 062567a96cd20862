"""Start a study folder, and turn one face of a specification into the other."""

from __future__ import annotations

import re
from pathlib import Path

from specs.workbook import write_workbook
from specs.yaml_files import read_specification, write_yaml
from spectrail.errors import OutputError, Place, UsageError
from spectrail.output import refuse_filled

STUDY = """\
# A study: identifiers, versions, and where the raw data are. Every value is text; nothing needs quotes but text
# with ': ' or ' #' in it.
study_id: {study_id}
name: {study_id}
protocol: {study_id}
standards:
  - {{name: SDTMIG, version: 3.4}}
ct: 2025-03-28                  # release of controlled terminology
created: 2025-01-31T12:00:00    # the time written into all files, so that a build can be repeated byte by byte

# Raw extracts: the name by which steps address a form, and its file below this folder.
sources:
  dm_raw: {{path: raw/dm.csv, keys: [SUBJECT]}}
  ae_raw: {{path: raw/ae.csv, keys: [SUBJECT, LINE]}}

# The files of the specification; without this list everything in specs/ is read.
specification: [specs/datasets.yaml, specs/steps/dm.yaml, specs/steps/ae.yaml]
"""

DATASETS = """\
# WHAT is built: datasets and their variables. Labels, types, roles and codelists come from SDTMIG, origins from the
# steps, unless given here, as in {name: AETERM, origin: Collected, length: 100}.
datasets:
  DM:
    variables: [STUDYID, DOMAIN, USUBJID, SUBJID, RFSTDTC, SITEID, SEX, COUNTRY]
  AE:
    keys: [STUDYID, USUBJID, AEDECOD, AESTDTC]
    variables: [STUDYID, DOMAIN, USUBJID, AESEQ, AETERM, AEDECOD, AESEV, AESER, AESTDTC, AEENDTC, AESTDY]

# Collected values that are no submission value of the CDISC list, and what they stand for.
codelists:
  SEX:
    code: C66731
    terms:
      - {term: F, synonyms: [female]}
      - {term: M, synonyms: [male]}
"""

DM = """\
# HOW DM is built: the steps in order. A step fills only records in which its target is still missing.
dataset: DM
steps:
  - {algorithm: records, source: dm_raw}
  - {target: USUBJID, algorithm: compute, expression: 'concat("{study_id}-", dm_raw.SUBJECT)'}
  - {target: SUBJID, algorithm: assign_no_ct, source: dm_raw.SUBJECT}
  - {target: RFSTDTC, algorithm: assign_datetime, source: dm_raw.FIRSTDOSE, formats: [DD-MMM-YYYY]}
  - {target: SITEID, algorithm: assign_no_ct, source: dm_raw.SITE}
  - {target: SEX, algorithm: assign_ct, source: dm_raw.SEX, codelist: SEX}
  - {target: COUNTRY, algorithm: hardcode_no_ct, value: DEU}
"""

AE = """\
# HOW AE is built.
dataset: AE
steps:
  - {algorithm: records, source: ae_raw}
  - {target: USUBJID, algorithm: compute, expression: 'concat("{study_id}-", ae_raw.SUBJECT)'}
  - {target: AETERM, algorithm: assign_no_ct, source: ae_raw.TERM}
  - {target: AEDECOD, algorithm: assign_no_ct, source: ae_raw.PT}
  - {target: AESEV, algorithm: assign_ct, source: ae_raw.SEVERITY}
  - {target: AESER, algorithm: assign_ct, source: ae_raw.SERIOUS}
  - {target: AESTDTC, algorithm: assign_datetime, source: ae_raw.START, formats: [DD-MMM-YYYY]}
  # the end is not asked for while the event goes on
  - {target: AEENDTC, algorithm: assign_datetime, source: ae_raw.END, formats: [DD-MMM-YYYY],
     when: "ae_raw.ONGOING != 'Y'"}
  - {target: AESTDY, algorithm: derive_dy, source: AESTDTC}
  - {target: AESEQ, algorithm: derive_seq}
"""

RAW_DM = """\
SUBJECT,SITE,SEX,FIRSTDOSE
001,10,female,06-JAN-2025
002,10,male,13-JAN-2025
003,11,F,20-JAN-2025
"""

RAW_AE = """\
SUBJECT,LINE,TERM,PT,SEVERITY,SERIOUS,START,END,ONGOING
001,1,headache,Headache,Mild,N,07-JAN-2025,08-JAN-2025,N
001,2,fever,Pyrexia,Moderate,N,UN-JAN-2025,,Y
002,1,neutropenia,Neutropenia,Severe,Y,20-JAN-2025,29-JAN-2025,N
"""

FILES = {
    "study.yaml": STUDY,
    "specs/datasets.yaml": DATASETS,
    "specs/steps/dm.yaml": DM,
    "specs/steps/ae.yaml": AE,
    "raw/dm.csv": RAW_DM,
    "raw/ae.csv": RAW_AE,
}


def init_study(folder: Path | str, *, study_id: str = "STUDY1") -> tuple[Path, ...]:
    """Write a small study folder that builds as it is, with comments; refuse a folder that has files."""
    root = Path(folder)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,19}", study_id):
        raise UsageError(f"{study_id!r} cannot be a study identifier", hint="letters, digits, - and _, up to 20")
    refuse_filled(root)
    written = []
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        filled = text.format(study_id=study_id) if name == "study.yaml" else text.replace("{study_id}", study_id)
        path.write_text(filled, encoding="utf-8", newline="\n")
        written.append(path)
    return tuple(written)


def convert_specification(source: Path | str, target: Path | str) -> tuple[Path, ...]:
    """Write a specification in its other face: a workbook when `target` ends in .xlsx, else a folder of YAML files.

    Raises `SpecError` with every error of the source, `OutputError` when the target is a file, or a folder
    that holds anything.
    """
    out = Path(target)
    loaded = read_specification(source)
    if out.suffix.lower() == ".xlsx":
        if out.exists():
            raise OutputError(
                f"{target} exists already", place=Place(file=str(out)), hint="remove it or choose another"
            )
        out.parent.mkdir(parents=True, exist_ok=True)
        write_workbook(loaded.study, out)
        return (out,)
    if out.suffix:
        raise UsageError(
            f"{target} is neither a folder nor a workbook", hint="give a folder, or a name ending in .xlsx"
        )
    return write_yaml(loaded.study, out)
