"""Collect findings about a define.xml: element, OID, dataset, variable, values, line."""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml import etree

from define_xml.catalogue import RULES
from define_xml.namespaces import prefixed
from spectrail.findings import Findings


@dataclass
class Report:
    """Findings of one file in the order they were made; `file` is the name they carry."""

    file: str
    rows: list[tuple[str, str, str, str, str, str, int, int]] = field(default_factory=list)

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
    ) -> None:
        """Add a finding of a catalogued rule; `element` gives its name, OID and line."""
        keys, line = "", 0
        if element is not None:
            identifier = element.get("OID") or element.get("ID") or element.get("ItemOID") or ""
            keys = f"{prefixed(element.tag)} {identifier}".strip()
            line = element.sourceline or 0
        self.rows.append((rule, dataset, variable, keys, value, message, line, count))

    def findings(self) -> Findings:
        """Return what was collected: `keys` hold element and OID, `source_row` the line of the file."""
        if not self.rows:
            return Findings()
        rule, dataset, variable, keys, value, message, line, count = (list(column) for column in zip(*self.rows, strict=True))
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
