"""Terms that extend a codelist as define.xml declares: no fault, but listed with how often they occur."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from spectrail.findings import Findings
from validation.core.study import DefineFacts, Table

DECLARED = "CT-EXTENDED"
DESCRIPTION = "A value is a term that define.xml declares as an extension of its codelist"


def declared_extensions(tables: Mapping[str, Table], define: DefineFacts | None) -> Findings:
    """Return a notice per dataset, variable and extended value that occurs: first record and count."""
    declared = define.datasets if define is not None else ()
    return Findings.concat(
        _of_variable(name, variable, table.frame[variable], extended)
        for name, table in tables.items()
        for entry in declared
        if entry.name.upper() == name
        for variable, extended in entry.extended.items()
        if variable in table.frame and not pd.api.types.is_numeric_dtype(table.frame[variable].dtype)
    )


def _of_variable(dataset: str, variable: str, column: pd.Series, extended: frozenset[str]) -> Findings:
    rows = np.flatnonzero(column.isin(extended).to_numpy(dtype=bool))
    if not len(rows):
        return Findings()
    codes, values = pd.factorize(column.iloc[rows])
    first = np.unique(codes, return_index=True)[1]
    return Findings.of(
        rule=DECLARED,
        severity="notice",
        dataset=dataset,
        variable=variable,
        record=rows[first] + 1,
        value=np.asarray(values, dtype=object),
        message="the term extends its codelist, as define.xml declares",
        count=np.bincount(codes),
    )
