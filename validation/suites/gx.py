"""Run suites in Great Expectations: the only module that imports it (its import takes seconds)."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from spectrail.errors import OutputError, Place, UsageError

SITE = "spectrail"
NOT_INSTALLED = "great_expectations is not installed"
INSTALL = "pip install 'spectrail[suites]'"


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
    gx, context = _context()
    source = context.data_sources.add_pandas(name="records")
    batch = source.add_dataframe_asset(name="records").add_batch_definition_whole_dataframe("all")
    wanted = list(suite["expectations"])
    loaded = _added(gx, context, suite)
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


def ready_for_data_docs(folder: Path) -> None:
    """Raise `UsageError` when great_expectations is not installed or the folder holds something already."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{str(folder)!r} is not an empty folder", hint="name a new folder for the data docs")
    if importlib.util.find_spec("great_expectations") is None:
        raise UsageError(NOT_INSTALLED, hint=INSTALL)


def build_data_docs(
    suites: Iterable[tuple[Mapping[str, Any], pd.DataFrame]],
    folder: str | Path,
    *,
    progress: Callable[[str], None] = lambda _: None,
) -> Path:
    """Run suites (JSON form, frame with its relation columns) and build Great Expectations' data docs of the results.

    Returns `index.html`. Pages show up to 20 failing values of an expectation. Raises `UsageError` as
    `ready_for_data_docs` does, `OutputError` when the pages cannot be written.
    """
    root = Path(folder)
    ready_for_data_docs(root)
    gx, context = _context()
    for name in context.get_site_names():
        context.delete_data_docs_site(name)
    context.add_data_docs_site(
        site_name=SITE,
        site_config={
            "class_name": "SiteBuilder",
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            "store_backend": {
                "class_name": "TupleFilesystemStoreBackend",
                "base_directory": str(root.resolve()),
            },
        },
    )
    source = context.data_sources.add_pandas(name="datasets")
    for suite, frame in suites:
        name = str(suite["name"])
        progress(f"running the suite of {name} in Great Expectations")
        batch = source.add_dataframe_asset(name=name).add_batch_definition_whole_dataframe("all")
        definition = gx.ValidationDefinition(name=name, data=batch, suite=_added(gx, context, suite))
        context.validation_definitions.add(definition).run(
            batch_parameters={"dataframe": frame}, result_format="BASIC"
        )
    progress("building data docs")
    try:
        context.build_data_docs()
    except OSError as error:
        raise OutputError(f"cannot write data docs: {error.strerror}", place=Place(file=str(root))) from None
    return root / "index.html"


def _context() -> tuple[Any, Any]:
    """Import the library and return it with a context in memory that sends nothing and prints no progress."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    try:
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig
    except ImportError:
        raise UsageError(NOT_INSTALLED, hint=INSTALL) from None
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return gx, context


def _added(gx: Any, context: Any, suite: Mapping[str, Any]) -> Any:
    wanted = list(suite["expectations"])
    loaded = context.suites.add(gx.ExpectationSuite(name=str(suite["name"]), expectations=wanted))
    if len(loaded.expectations) != len(wanted):
        raise UsageError(f"Great Expectations kept {len(loaded.expectations)} of {len(wanted)} expectations")
    return loaded
