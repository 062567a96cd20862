"""Published suites run in Great Expectations alone, in a process of its own, and give the same failures."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spectrail.dataset import Dataset
from spectrail.io.tables import write_dataset
from spectrail.io.xpt import read_xpt
from spectrail.layout import Column, Layout
from validation.suites.evaluation import evaluate_suite, with_relations
from validation.suites.files import plan_suites, write_suites
from validation.suites.gx import run_in_great_expectations
from validation.suites.planning import plan_suite

pytest.importorskip("great_expectations", reason="great_expectations is not installed (extra: suites)")

TDF = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "tdf_sdtm"

ALONE = """
import json, sys
from pathlib import Path
import great_expectations as gx
import pandas as pd

context = gx.get_context(mode="ephemeral")
source = context.data_sources.add_pandas(name="p")
answers = {}
for path in sorted(Path(sys.argv[1]).glob("*.json")):
    suite = json.loads(path.read_text(encoding="utf-8"))
    loaded = context.suites.add(gx.ExpectationSuite(name=suite["name"], expectations=suite["expectations"]))
    batch = source.add_dataframe_asset(name=path.stem).add_batch_definition_whole_dataframe("all")
    frame = pd.read_parquet(path.with_suffix(".parquet"))
    result = batch.get_batch({"dataframe": frame}).validate(loaded, result_format="BASIC")
    answers[suite["name"]] = {
        one.expectation_config.meta["key"]: [one.success, int(one.result.get("unexpected_count") or 0)]
        for one in result.results
    }
assert "validation" not in sys.modules and "spectrail" not in sys.modules
Path(sys.argv[2]).write_text(json.dumps(answers))
"""


def text(values: list[str | None]) -> pd.Series:
    """Return a text column."""
    return pd.Series([value if value is not None else np.nan for value in values], dtype="str")


def broken_study() -> list[Dataset]:
    """Return a small study that breaks something of every kind of expectation."""
    dm = pd.DataFrame({"STUDYID": text(["S", "S"]), "USUBJID": text(["1", "1"]), "AGE": [30.0, -1.0]})
    ae = pd.DataFrame(
        {
            "STUDYID": text(["S", "S", "S"]),
            "USUBJID": text(["1", "1", "2"]),
            "AETERM": text(["A", "TOO LONG", None]),
            "AESTDTC": text(["2020-02", "2020-02-30", "1JAN"]),
            "AEENDTC": text(["2020-01", None, "2020"]),
            "AEDUR": text(["P1D", "1 DAY", None]),
        }
    )
    ae.loc[1, ["USUBJID", "AESTDTC"]] = ["1", "2020-02"]
    layouts = {
        "DM": Layout("DM", "DM", _columns(dm), ("STUDYID", "USUBJID")),
        "AE": Layout("AE", "AE", _columns(ae)[::-1], ("USUBJID", "AESTDTC")),
    }
    return [Dataset(layouts["DM"], dm), Dataset(layouts["AE"], ae)]


def _columns(frame: pd.DataFrame) -> tuple[Column, ...]:
    return tuple(
        Column(name, name, "float" if frame[name].dtype == "float64" else "text", 8 if name != "AETERM" else 4)
        for name in frame
    )


def ours(planned: list[tuple[Dataset, object]]) -> dict[str, dict[str, list[object]]]:
    """Return success and failing rows per suite and expectation as our evaluation sees them."""
    return {
        suite.dataset: {
            outcome.expectation.to_json()["meta"]["key"]: [outcome.success, len(outcome.rows)]
            for outcome in evaluate_suite(suite, dataset.frame)
        }
        for dataset, suite in planned
    }


def test_the_same_failures_in_another_process(tmp_path: Path) -> None:
    """Every expectation has the same verdict and number of failing rows; most kinds fail at least once."""
    datasets = broken_study()
    if TDF.is_dir():
        datasets += [read_xpt(TDF / name) for name in ("cm.xpt", "suppae.xpt", "ts.xpt")]
    planned = plan_suites(datasets)
    write_suites(planned, tmp_path / "suites", data=True)
    subprocess.run(
        [sys.executable, "-c", ALONE, str(tmp_path / "suites"), str(tmp_path / "answers.json")],
        check=True,
        cwd=tmp_path,
        capture_output=True,
        timeout=300,
    )
    expected = ours(planned)
    assert json.loads((tmp_path / "answers.json").read_text()) == expected
    failed = {
        outcome.expectation.type
        for dataset, suite in planned
        for outcome in evaluate_suite(suite, dataset.frame)
        if not outcome.success
    }
    assert failed >= {
        "expect_table_columns_to_match_ordered_list",
        "expect_column_values_to_not_be_null",
        "expect_column_values_to_be_in_set",
        "expect_column_values_to_match_regex",
        "expect_column_value_lengths_to_be_between",
        "expect_column_values_to_be_between",
        "expect_compound_columns_to_be_unique",
    }


@pytest.mark.slow
def test_data_docs_show_what_fails(tmp_path: Path) -> None:
    """`validate --data-docs` builds pages in another process; that of AE shows a date that is none."""
    folder, docs = tmp_path / "data", tmp_path / "docs"
    folder.mkdir()
    for dataset in broken_study():
        columns = tuple(Column(one.name, one.label, one.type) for one in dataset.layout.columns)
        plain = Dataset(Layout(dataset.name, dataset.name, columns), dataset.frame[[one.name for one in columns]])
        write_dataset(plain, folder / f"{dataset.name.lower()}.xpt", created=datetime(2025, 1, 31))
    command = [sys.executable, "-c", "from spectrail.cli import main; main()", "validate", str(folder)]
    command += ["-o", str(tmp_path / "reports"), "--data-docs", str(docs), "--fail-on", "never"]

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)

    done = run()
    assert done.returncode == 0, done.stderr
    index = (docs / "index.html").read_text(encoding="utf-8")
    assert index.count("Failed") >= 2
    page = next((docs / "validations" / "AE").rglob("*.html")).read_text(encoding="utf-8")
    assert ("1JAN" in page, "AESTDTC" in page) == (True, True)
    again = run()
    assert (again.returncode, "is not an empty folder" in again.stderr) == (2, True)


def test_our_runner_agrees_too() -> None:
    """The verdicts of the lazily imported runner are those of our evaluation, in the order of the suite."""
    dataset = broken_study()[1]
    suite = plan_suite(dataset)
    verdicts = run_in_great_expectations(suite.to_json(), with_relations(suite, dataset.frame))
    assert [(one.success, one.unexpected) for one in verdicts] == [
        (outcome.success, len(outcome.rows)) for outcome in evaluate_suite(suite, dataset.frame)
    ]


def test_forty_expectations_on_a_hundred_thousand_rows() -> None:
    """Our evaluation with failing rows stays around a second of CPU."""
    rows = 100_000
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {f"V{at}": pd.Series(rng.integers(0, 1000, rows).astype("str"), dtype="str") for at in range(20)}
        | {f"V{at}DTC": "2020-01-" + pd.Series(rng.integers(1, 40, rows)).astype("str") for at in range(10)}
    )
    dataset = Dataset(Layout("XX", "XX", _columns(frame)), frame)
    suite = plan_suite(dataset)
    assert len(suite.expectations) >= 40
    start = time.process_time()
    evaluate_suite(suite, frame)
    assert time.process_time() - start < 3
