"""Values copied, constant, computed, mapped or put into classes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from adam import imputation, selection
from adam.catalog import DERIVATIONS
from spectrail import frames
from spectrail.errors import SpecError
from spectrail.steps import Computed, Condition, Evaluate, Records, Values


@DERIVATIONS.column(method="copied from {source}")
def predecessor(values: Values) -> pd.Series:
    """Copy a variable as it is (origin Predecessor)."""
    return values


@DERIVATIONS.column(method='"{value}"[ where {source} is not missing]')
def assign_constant(*values: Values, value: str, rows: Condition = "1 == 1") -> str | pd.Series:
    """Give every record the same text; with a source, only records in which the source has a value."""
    if not values:
        return frames.repeat_text(value, len(rows))
    present = values[0].notna().to_numpy()
    return selection.flag(present, value)


@DERIVATIONS.column(method="{value}")
def assign_number(*, value: float, rows: Condition = "1 == 1") -> npt.NDArray[np.float64]:
    """Give every record the same number."""
    return np.full(len(rows), float(value))


@DERIVATIONS.column(method="the date {value}")
def assign_date(*, value: str, rows: Condition = "1 == 1") -> npt.NDArray[np.datetime64]:
    """Give every record the same complete date (the data cut-off); raise SpecError for text that is none."""
    found = imputation.as_instants(pd.Series([value], dtype="str"))
    if np.isnat(found[0]):
        raise SpecError(f"{value!r} is not a complete date", hint="write it as 2024-06-30")
    return np.repeat(found, len(rows))


@DERIVATIONS.column(method="{expression}")
def compute(*, expression: Computed) -> pd.Series:
    """Give the value of an expression, a number or a text."""
    return expression


@DERIVATIONS.column(method="the date that is {value}")
def compute_date(*, value: Computed) -> npt.NDArray[np.datetime64]:
    """Give the complete date or datetime that an expression of texts or dates gives; others are null."""
    return imputation.as_instants(value)


@DERIVATIONS.column(method='"{true_value}" if {condition}[; otherwise "{false_value}"]')
def compute_flag(*, condition: Condition, true_value: str = "Y", false_value: str = "") -> pd.Series:
    """Give `true_value` where a condition holds, else `false_value` (left out: null)."""
    return selection.flag(condition.to_numpy(), true_value, false_value)


@DERIVATIONS.column(
    method="{source} mapped as follows: {mapping}[otherwise=*?; any other value unchanged]"
    '[otherwise=*!; any other value to "{otherwise}"]'
)
def map_values(values: Values, *, mapping: dict[str, str], otherwise: str = "") -> pd.Series:
    """Give the text that stands beside each value in `mapping`; other values give `otherwise` (`*`: the value)."""
    return frames.map_distinct(
        frames.as_text(values),
        lambda found: [mapping.get(one, one if otherwise == "*" else otherwise) or None for one in found],
    )


@DERIVATIONS.column(method="number for the value of {source}: {mapping}")
def map_numbers(values: Values, *, mapping: dict[str, float]) -> npt.NDArray[np.float64]:
    """Give the number that stands beside each text in `mapping`, null for other texts."""
    codes, distinct = frames.factorize(frames.as_text(values))
    return frames.take_numbers([mapping.get(str(one), np.nan) for one in distinct], codes)


@DERIVATIONS.column(method="numeric value of {source}")
def as_number(values: Values) -> npt.NDArray[np.float64]:
    """Give the number that a text is, null for other texts."""
    return pd.to_numeric(frames.as_text(values), errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


@DERIVATIONS.records(method="value of the first condition that holds: {definition:classes}")
def derive_vars_cat(
    frame: pd.DataFrame, *, definition: tuple[dict[str, str], ...], evaluate: Evaluate, numbers: tuple[str, ...] = ()
) -> Records:
    """Add category variables: each row of `definition` has `condition` and the values of the new variables.

    The first row whose condition holds gives the values (AVALCATy, AVALCAyN and the like); no row, no value.
    Variables listed in `numbers` are numeric.
    """
    names = list(dict.fromkeys(name for row in definition for name in row if name != "condition"))
    if not names or any("condition" not in row for row in definition):
        raise SpecError("each row of definition needs a condition and at least one variable")
    chosen = np.full(len(frame), -1, dtype=np.int64)
    for number, row in enumerate(definition):
        free = chosen < 0
        chosen[free & evaluate(row["condition"], frame)] = number
    made = {}
    for name in names:
        texts = [row.get(name, "") for row in definition]
        if name in numbers:
            made[name] = pd.Series(frames.take_numbers([float(text) if text else np.nan for text in texts], chosen))
        else:
            made[name] = frames.take_text(texts, chosen)
    return selection.with_variables(frame, made)


@DERIVATIONS.records(method="criterion {crit_nr}, {description}: met if {condition}")
def derive_vars_crit_flag(
    frame: pd.DataFrame,
    *,
    condition: str,
    description: str,
    evaluate: Evaluate,
    crit_nr: int = 1,
    values_yn: bool = False,
    create_numeric_flag: bool = False,
) -> Records:
    """Add CRITy and CRITyFL (CRITyFN): Y where the condition holds; with `values_yn` N elsewhere (ADaMIG 1.3, 3.3.6).

    Without `values_yn` CRITy is filled only where CRITyFL is Y.
    """
    hit = evaluate(condition, frame)
    text = frames.repeat_text(description, len(frame)) if values_yn else selection.flag(hit, description)
    made = {f"CRIT{crit_nr}": text, f"CRIT{crit_nr}FL": selection.flag(hit, "Y", "N" if values_yn else "")}
    if create_numeric_flag:
        made[f"CRIT{crit_nr}FN"] = pd.Series(np.where(hit, 1.0, 0.0 if values_yn else np.nan))
    return selection.with_variables(frame, made)
