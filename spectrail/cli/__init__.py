"""The command line: `spectrail`."""

from __future__ import annotations

import sys

from spectrail.cli.app import app
from spectrail.cli.output import fail
from spectrail.errors import FormatError, SpectrailError


def main() -> None:
    """Run the command line; our own errors print without a traceback and set the exit status."""
    try:
        app(standalone_mode=True)
    except FormatError as error:
        sys.exit(fail(error, status=1))
    except SpectrailError as error:
        sys.exit(fail(error, status=2))
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; nothing was replaced\n")
        sys.exit(130)


__all__ = ["app", "main"]
