"""Write the datasets of one folder of the submission: transport files of common widths, define.xml and its page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from spectrail.dataset import Dataset
from spectrail.errors import FormatError
from spectrail.findings import Findings
from spectrail.io.xpt import write_xpt
from spectrail.pipeline.describe import describe
from spectrail.pipeline.run import Run
from spectrail.pipeline.spill import Spilled, common_widths

CANNOT_HOLD = "XPT-VALUE"


def write_package(run: Run, folder: Path, package: Mapping[str, Spilled], *, kind: Literal["SDTM", "ADaM"]) -> None:
    """Write every dataset as XPT, then what describes them.

    A text variable has the width of its longest value over all datasets of the package (decision 34).  A value that a
    transport file cannot hold is a finding of the rule XPT-VALUE, and its dataset is not written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    widths = common_widths(package.values())
    for name, one in package.items():
        lengths = {column.name: widths[column.name] for column in one.layout.columns if not column.numeric}
        path = folder / f"{name.lower()}.xpt"
        run.findings.append(_over_length(one))
        try:
            write_xpt(Dataset(one.layout.with_lengths(lengths), one.frame()), path, created=run.created)
        except FormatError as error:
            run.findings.append(_cannot_hold(name, error))
            continue
        run.wrote(path, records=one.records)
    if "define" in run.parts and package:
        run.progress(f"define.xml of {kind}")
        run.findings.append(describe(run.study, package, widths, folder, kind=kind))
        run.wrote(*(path for path in sorted(folder.iterdir()) if path.suffix != ".xpt"))


def _over_length(one: Spilled) -> Findings:
    """Compare the longest values of a dataset with the lengths the specification sets (decision 34)."""
    found = [
        Findings.of(
            rule="XPT-LENGTH",
            severity="error",
            dataset=one.layout.name,
            variable=column.name,
            value=str(one.widths[column.name]),
            message=f"values are longer than the {column.length} bytes that the specification allows",
        )
        for column in one.layout.columns
        if column.length and not column.numeric and one.widths.get(column.name, 0) > column.length
    ]
    return Findings.concat(found)


def _cannot_hold(name: str, error: FormatError) -> Findings:
    return Findings.of(
        rule=CANNOT_HOLD,
        severity="error",
        dataset=name,
        variable=error.place.variable if error.place else "",
        message=f"{error.what}; {error.hint}" if error.hint else error.what,
        keys=error.place.keys if error.place else "",
    )
