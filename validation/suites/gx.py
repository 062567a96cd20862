"""Run suites in Great Expectations: the only module that imports it (its import takes seconds)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from spectrail.errors import UsageError


@dataclass(frozen=True)
class Verdict:
    """What Great Expectations says of one expectation: type, column(s), whether it holds, how many rows break it."""

    type: str
    columns: tuple[str, ...]
    rules: tuple[str, ...]
    success: bool
    unexpected: int


def run_in_great_expectations(suite: Mapping[str, Any], frame: pd.DataFrame) -> list[Verdict]:
    """Run the JSON form of a suite on a frame that holds its relation columns; verdicts in the order of the suite.

    Raises `UsageError` when great_expectations is not installed, or when it dropped or could not run an expectation.
    """
    try:
        import great_expectations as gx
    except ImportError:
        raise UsageError("great_expectations is not installed", hint="pip install 'spectrail[suites]'") from None
    context = gx.get_context(mode="ephemeral")
    source = context.data_sources.add_pandas(name="records")
    batch = source.add_dataframe_asset(name="records").add_batch_definition_whole_dataframe("all")
    wanted = list(suite["expectations"])
    loaded = context.suites.add(gx.ExpectationSuite(name=str(suite["name"]), expectations=wanted))
    if len(loaded.expectations) != len(wanted):
        raise UsageError(f"Great Expectations kept {len(loaded.expectations)} of {len(wanted)} expectations")
    result = batch.get_batch({"dataframe": frame}).validate(loaded, result_format="BASIC")
    configured = [(one.expectation_config, one) for one in result.results]
    verdicts = {config.meta["key"]: one for config, one in configured if config is not None and config.meta}
    return [_verdict(entry, verdicts[entry["meta"]["key"]]) for entry in wanted]


def _verdict(entry: Mapping[str, Any], result: Any) -> Verdict:
    trouble = result.exception_info or {}
    if any(isinstance(value, Mapping) and value.get("raised_exception") for value in trouble.values()) or trouble.get(
        "raised_exception"
    ):
        raise UsageError(f"Great Expectations could not run {entry['type']} {entry['kwargs']}")
    kwargs = entry["kwargs"]
    columns = kwargs.get("column_list") or [kwargs["column"]]
    unexpected = int(result.result.get("unexpected_count") or 0)
    rules = tuple(entry.get("meta", {}).get("rules", ()))
    return Verdict(entry["type"], tuple(columns), rules, bool(result.success), unexpected)
