"""SAS transport files (XPORT): version 5 is written, versions 5 and 8 are read."""

from __future__ import annotations

from spectrail.io.xpt_read import read_xpt, read_xpt_members
from spectrail.io.xpt_write import write_xpt

__all__ = ["read_xpt", "read_xpt_members", "write_xpt"]
