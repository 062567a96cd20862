"""The workbook face of the specification: P21-style sheets and our own, read and written.

What the P21 columns cannot hold, and where it goes, so that nothing is lost: several origins, expressions or
documents of one object, descriptions and aliases, NCI ranks, synonyms and extensions of terms, and every further
field get columns of their own; steps, parameters, sources, settings, translations, standards and lookup tables get
sheets of their own.  Not held: rows of a lookup table without any text, outer white space of names and descriptions,
and two codelists with one id.
"""

from __future__ import annotations

from specs.workbook_read import read_workbook_nodes
from specs.workbook_write import workbook_sheets, write_workbook

__all__ = ["read_workbook_nodes", "workbook_sheets", "write_workbook"]
