"""Terms that extend a codelist as define.xml declares: no fault, but listed with how often they occur."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from spectrail.findings import Findings
from validation.core.identity import identify
from validation.core.study import DefineFacts, Table

DECLARED = "CT-EXTENDED"
DESCRIPTION = "A value is a term that define.xml declares as an extension of its codelist"


def declared_extensions(tables: Mapping[str, Table], define: DefineFacts | None) -> Findings:
    """Return a notice per dataset, variable and extended value that occurs: first record and count."""
    if define is None:
        return Findings()
    return Findings.concat(
        _of_variable(name, str(variable), column, define.extended(name, identify(table).unsplit, str(variable)))
        for name, table in tables.items()
        for variable, column in table.frame.items()
        if not pd.api.types.is_numeric_dtype(column.dtype)
    )


def _of_variable(dataset: str, variable: str, column: pd.Series, extended: frozenset[str]) -> Findings:
    if not extended:
        return Findings()
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
