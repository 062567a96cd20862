"""Variables merged from other datasets by key, as in admiral: one matching record, existence, summaries, SUPP--."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from adam import selection
from adam.catalog import DERIVATIONS
from adam.selection import Mode, NewVars
from spectrail import frames
from spectrail.errors import SpecError, UnknownNameError
from spectrail.steps import ColumnName, Evaluate, Outcome, Positions, Problem, Records, Table, Tables, Values

Summary = Literal["sum", "mean", "min", "max", "count", "first", "last", "median"]


@DERIVATIONS.records(
    method={
        "@exist_flag": '"{true_value}" if {dataset_add} has a record with the same {by_vars}[ where {filter_add}]'
        '[; otherwise "{false_value}"]',
        "": "{dataset_add}.{new_vars:target} of the[ {mode}] record with the same {by_vars}[ where {filter_add}]"
        "[mode?, in order of {order:order}]",
    }
)
def derive_vars_merged(
    frame: pd.DataFrame,
    *,
    dataset_add: Table,
    by_vars: tuple[ColumnName, ...] = ("USUBJID",),
    order: tuple[str, ...] = (),
    new_vars: NewVars,
    filter_add: str = "",
    mode: Mode = "",
    exist_flag: str = "",
    true_value: str = "Y",
    false_value: str = "",
    missing_values: dict[str, str] | None = None,
    evaluate: Evaluate,
) -> Records:
    """Add variables of the record of another dataset that has the same keys.

    With `order` and `mode` the first or last of several records counts, ties decided by the content of the records
    (a notice tells them); without, several records for a key are an error of the specification.  `missing_values`
    gives texts for records without a match, `exist_flag` a variable that says whether there was one.
    """
    rows, problems = merged_rows(
        frame, dataset_add, by_vars=by_vars, order=order, mode=mode, filter_add=filter_add, evaluate=evaluate
    )
    made, taken = selection.take_variables(dataset_add, new_vars, rows)
    for new, text in (missing_values or {}).items():
        if new in made:
            made[new] = made[new].mask(rows < 0, text)
    if exist_flag:
        made[exist_flag] = selection.flag(rows >= 0, true_value, false_value)
    return selection.with_variables(frame, made, taken=taken, problems=problems)


def merged_rows(
    frame: pd.DataFrame,
    table: pd.DataFrame,
    *,
    by_vars: tuple[str, ...],
    order: tuple[str, ...],
    mode: Mode,
    filter_add: str,
    evaluate: Evaluate,
) -> tuple[Positions, tuple[Problem, ...]]:
    """Return the position in the table for every record (-1: none) and the ties met."""
    positions = np.arange(len(table), dtype=np.int64)
    if filter_add:
        positions = np.flatnonzero(evaluate(filter_add, table)).astype(np.int64)
    offered = table.iloc[positions]
    left, right = frames.shared_codes(selection.columns(frame, by_vars), selection.columns(offered, by_vars))
    usable = np.flatnonzero(right >= 0)
    size = int(max(left.max(initial=-1), right.max(initial=-1))) + 2
    found = np.full(size, -1, dtype=np.int64)
    problems: tuple[Problem, ...] = ()
    if len(usable):
        part = offered.iloc[usable]
        codes = pd.factorize(right[usable])[0].astype(np.int64)
        if not mode and codes.max() + 1 < len(codes):
            raise SpecError(
                f"several records have the same {', '.join(by_vars)}",
                hint="give order and mode, or a finer filter_add",
            )
        chosen, tied = selection.extreme_records(part, codes, order, mode or "first")
        found[right[usable][chosen]] = positions[usable[chosen]]
        if len(tied):
            mine = np.flatnonzero(np.isin(left, right[usable][tied]))
            problems = selection.tie_problem(mine.astype(np.int64), by_vars, f"{mode} alike")
    return found[left], problems


@DERIVATIONS.column(
    method='"{true_value}" if {dataset_add} has a record with the same {by_vars}[ where {condition}]'
    '[missing_value==false_value?; otherwise "{false_value}"]'
    '[missing_value==false_value!; "{false_value}" if it has only others]'
    '[missing_value==false_value!; "{missing_value}" if it has none]'
)
def derive_var_merged_exist_flag(
    *by: Values,
    dataset_add: Table,
    by_vars: tuple[str, ...] = ("USUBJID",),
    condition: str = "",
    true_value: str = "Y",
    false_value: str = "",
    missing_value: str = "",
    evaluate: Evaluate,
) -> Outcome:
    """Flag records whose key has a record in another dataset that meets a condition.

    `false_value` is given where the key is there without such a record, `missing_value` where it is not there at all.
    The sources are the key variables, in the order of `by_vars`.
    """
    if len(by) != len(by_vars):
        raise SpecError(f"{len(by)} source(s) for the keys {', '.join(by_vars)}", hint="give source: [USUBJID]")
    there = frames.match_keys(list(by), selection.columns(dataset_add, by_vars)).rows
    rows = np.flatnonzero(evaluate(condition, dataset_add)) if condition else np.arange(len(dataset_add))
    some = dataset_add.iloc[rows]
    hit = frames.match_keys(list(by), selection.columns(some, by_vars)).rows
    codes = np.where(hit >= 0, 0, np.where(there >= 0, 1, 2)).astype(np.int64)
    provider = selection.row_numbers(some, hit)
    return Outcome(
        frames.take_text([true_value, false_value, missing_value], codes),
        provider=provider,
        provider_column=by_vars[0],
    )


@DERIVATIONS.column(
    method="{summary} of[ {value} over] the records of {dataset_add} with the same {by_vars}[ where {filter_add}]"
)
def derive_var_merged_summary(
    *by: Values,
    dataset_add: Table,
    by_vars: tuple[str, ...] = ("USUBJID",),
    value: str = "",
    summary: Summary = "sum",
    filter_add: str = "",
    missing_value: float | None = None,
    evaluate: Evaluate,
) -> npt.NDArray[np.float64]:
    """Summarise a numeric variable of another dataset over all records of each key.

    Missing values do not count; `count` without `value` counts records. Keys without a record give `missing_value`.
    """
    rows = np.flatnonzero(evaluate(filter_add, dataset_add)) if filter_add else np.arange(len(dataset_add))
    part = dataset_add.iloc[rows]
    left, right = frames.shared_codes(list(by), selection.columns(part, by_vars))
    numbers = (
        np.ones(len(part)) if not value else selection.column(part, value).to_numpy(dtype=np.float64, na_value=np.nan)
    )
    return summarised(left, right, numbers, summary, missing_value)


def summarised(
    left: Positions,
    right: Positions,
    numbers: npt.NDArray[np.float64],
    summary: Summary,
    missing_value: float | None = None,
) -> npt.NDArray[np.float64]:
    """Summarise numbers by the codes `right` and give each code of `left` its result."""
    good = (right >= 0) & ~np.isnan(numbers)
    codes, numbers = right[good], numbers[good]
    size = int(max(left.max(initial=-1), right.max(initial=-1))) + 2
    result = np.full(size, np.nan if missing_value is None else missing_value)
    if len(codes):
        dense, distinct = pd.factorize(codes)
        result[distinct] = _reduce(dense.astype(np.int64), numbers, summary)
    if summary == "count" and missing_value is None:
        result = np.where(np.isnan(result), 0.0, result)
    return result[left]


def _reduce(codes: Positions, numbers: npt.NDArray[np.float64], summary: Summary) -> npt.NDArray[np.float64]:
    counts = np.bincount(codes).astype(np.float64)
    if summary == "count":
        return counts
    if summary in ("sum", "mean"):
        # summed in the order of size, so that the order of records cannot change the last digit
        order = np.lexsort((numbers, codes))
        sums = np.add.reduceat(numbers[order], frames.run_starts(codes[order]))
        return sums if summary == "sum" else sums / counts
    if summary in ("min", "max"):
        return frames.segment_reduce(numbers, codes, "min" if summary == "min" else "max")
    order = np.lexsort((numbers, codes))
    starts = frames.run_starts(codes[order])
    if summary == "median":
        low = starts + (counts.astype(np.int64) - 1) // 2
        high = starts + counts.astype(np.int64) // 2
        return np.asarray((numbers[order][low] + numbers[order][high]) / 2)
    ends = np.append(starts[1:], len(codes)) - 1
    by_row = frames.sort_codes(codes)
    return np.asarray(numbers[by_row][starts if summary == "first" else ends])


@DERIVATIONS.column(method="QVAL of the supplemental qualifier {qualifier} of the record")
def derive_var_supp(*keys: Values, qualifier: str, subject: Values = "USUBJID", tables: Tables) -> Outcome:
    """Give the value of a supplemental qualifier (`SUPPAE.AETRTEM`) of the parent record.

    The source is the parent's IDVAR (AESEQ); qualifiers without IDVAR belong to all records of the subject. A number
    in IDVARVAL is compared as a number. Raises UnknownNameError for a qualifier that no record has.
    """
    table, _, qnam = qualifier.partition(".")
    supp = tables(table)
    mine = supp[(supp["QNAM"] == qnam).to_numpy(dtype=bool)]
    if not len(mine):
        raise UnknownNameError(f"qualifier of {table}", qnam, supp["QNAM"].dropna().unique().tolist())
    if mine["IDVAR"].isna().all() or not keys:
        rows = frames.match_keys([subject], [mine["USUBJID"]]).rows
    else:
        wanted = _plain(keys[0])
        rows = frames.match_keys([subject, wanted], [mine["USUBJID"], _plain(mine["IDVARVAL"])]).rows
    return Outcome(selection.take_column(mine["QVAL"], rows))


def _plain(values: pd.Series) -> pd.Series:
    """Return numbers, and texts that are numbers, in their shortest form; other texts as they are."""
    text = frames.as_text(values)

    def shortest(found: list[str]) -> list[str]:
        numbers = pd.to_numeric(pd.Series(found, dtype="str"), errors="coerce").tolist()
        return [one.strip() if n != n else frames.number_text(n) for one, n in zip(found, numbers, strict=True)]

    return frames.map_distinct(text, shortest)
