"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spectrail.cli.output import FailOn

StudyFolder = Annotated[Path, typer.Argument(help="Study folder: study.yaml beside raw/ and specs/.")]
OutFolder = Annotated[Path, typer.Option("--out", "-o", help="Output folder; replaced as a whole or not at all.")]
FailOnOption = Annotated[FailOn, typer.Option("--fail-on", help="Severity at which the exit status is 1.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
