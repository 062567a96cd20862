"""Raw extracts as tables of text: CSV, Excel, SAS, Parquet, Dataset-JSON and ODM-XML."""

from __future__ import annotations

from sdtm.intake.reader import read_raw, read_sources
from sdtm.intake.table import RawTable, row_hash
from specs.models import RawSource

__all__ = ["RawSource", "RawTable", "read_raw", "read_sources", "row_hash"]
