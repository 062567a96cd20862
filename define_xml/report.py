"""Collect findings about a define.xml: element, OID, dataset, variable, values, line."""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml import etree

from define_xml.catalogue import RULES
from define_xml.namespaces import line_of, prefixed
from spectrail.findings import Findings

Row = tuple[str, str, str, str, str, str, int, int]


@dataclass
class Report:
    """Findings of one file in the order they were made, each once; `file` is the name they carry."""

    file: str
    rows: list[Row] = field(default_factory=list)
    seen: set[Row] = field(default_factory=set)

    def add(
        self,
        rule: str,
        message: str,
        *,
        element: etree._Element | None = None,
        dataset: str = "",
        variable: str = "",
        value: str = "",
        count: int = 1,
        line: int = 0,
    ) -> None:
        """Add a finding of a catalogued rule; `element` gives its name, OID and line."""
        keys = ""
        if element is not None:
            identifier = element.get("OID") or element.get("ID") or element.get("ItemOID") or ""
            keys = f"{prefixed(element.tag)} {identifier}".strip()
            line = line_of(element) or 0
        row = (rule, dataset, variable, keys, value, message, line, count)
        if row not in self.seen:
            self.seen.add(row)
            self.rows.append(row)

    def findings(self) -> Findings:
        """Return what was collected: `keys` hold element and OID, `source_row` the line of the file."""
        if not self.rows:
            return Findings()
        columns = [list(column) for column in zip(*self.rows, strict=True)]
        rule, dataset, variable, keys, value, message, line, count = columns
        return Findings.of(
            rule=rule,
            severity=[RULES[one].severity for one in rule],
            dataset=dataset,
            variable=variable,
            keys=keys,
            value=value,
            message=message,
            reference=[RULES[one].source for one in rule],
            source=[self.file] * len(rule),
            source_row=line,
            count=count,
        )
