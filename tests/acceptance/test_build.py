"""A build as a whole: the same bytes twice, whole or not at all, parts carried over, every row accounted for."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from specs.scaffold import init_study
from spectrail.errors import UsageError
from spectrail.io.xpt import read_xpt
from spectrail.pipeline.build import build_study
from spectrail.pipeline.explain import Explainer, as_data
from validation.ledger import COLUMNS, fingerprint_texts

SDTM = Path("m5/datasets/study1/tabulations/sdtm")
PARTS = ("sdtm", "define")
"""What most tests build: validation has tests of its own."""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Make the small study of `spec init`."""
    init_study(tmp_path / "study")
    return tmp_path / "study"


def contents(out: Path) -> dict[str, bytes]:
    """Read every file of an output but the run record."""
    files = sorted(path for path in out.rglob("*") if path.is_file() and path.name != "run.json")
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


def command(study: Path, out: Path) -> list[str]:
    """Return the command line of a build."""
    return [
        sys.executable,
        "-c",
        "from spectrail.cli import main; main()",
        "build",
        str(study),
        "-o",
        str(out),
        "--only",
        "sdtm,define",
    ]


def test_a_build_ends_with_the_pages_it_has_written(study: Path, tmp_path: Path) -> None:
    """Without validation there is no report to name; with it report and queries are the last two lines."""
    out = tmp_path / "out"
    queries = f"queries: {out / 'queries' / 'queries.html'}"
    said = subprocess.run(command(study, out), capture_output=True, text=True, check=True).stdout.splitlines()
    assert said[-2:] == [f"run record: {out / 'run.json'}", queries]
    everything = [*command(study, out)[:-2], "--fail-on", "never"]
    said = subprocess.run(everything, capture_output=True, text=True, check=True).stdout.splitlines()
    assert said[-2:] == [f"report: {out / 'validation' / 'report.html'}", queries]


def test_two_builds_give_the_same_bytes(study: Path, tmp_path: Path) -> None:
    """Everything but the run record is equal byte by byte."""
    build_study(study, tmp_path / "one", only=PARTS)
    build_study(study, tmp_path / "two", only=PARTS)
    one, two = contents(tmp_path / "one"), contents(tmp_path / "two")
    assert list(one) == list(two)
    assert [name for name in one if one[name] != two[name]] == []
    assert {"lineage/ae.records.parquet", f"{SDTM}/ae.xpt", f"{SDTM}/define.xml"} <= set(one)


def test_a_build_killed_half_way_leaves_the_earlier_output(study: Path, tmp_path: Path) -> None:
    """SIGKILL while the new output is being written; the next build works and leaves nothing behind."""
    out = tmp_path / "out"
    build_study(study, out, only=PARTS)
    before = contents(out)
    building = tmp_path / ".out.building"
    process = subprocess.Popen(command(study, out), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not building.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert contents(out) == before
    build_study(study, out, only=PARTS)
    assert contents(out) == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".out")] == []


def test_a_write_that_fails_leaves_the_earlier_output(study: Path, tmp_path: Path) -> None:
    """A file system that takes no more bytes: a clear error, exit status 2, the earlier output whole."""
    out = tmp_path / "out"
    build_study(study, out, only=PARTS)
    before = contents(out)
    done = subprocess.run(
        command(study, out),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: (
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN),
            resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)),
        ),
    )
    assert done.returncode == 2, done.stderr
    assert "the previous output is untouched" in done.stderr
    assert "Traceback" not in done.stderr
    assert contents(out) == before


def test_a_partial_build_carries_the_rest_over(study: Path, tmp_path: Path) -> None:
    """`--datasets AE` gives the same output as a whole build."""
    out = tmp_path / "out"
    build_study(study, out, only=PARTS)
    before = contents(out)
    build_study(study, out, only=PARTS, datasets=["AE"])
    after = contents(out)
    assert {name: after[name] for name in before if name.endswith((".xpt", ".xml"))} == {
        name: before[name] for name in before if name.endswith((".xpt", ".xml"))
    }


ANALYSIS = """\
datasets:
  ADAE:
    label: Adverse Events Analysis
    class: ADAM OTHER
    keys: [USUBJID, AESEQ]
    variables:
      - {name: USUBJID, data_type: text, origin: {type: Predecessor, predecessor: AE.USUBJID}}
      - {name: AESEQ, data_type: integer, origin: {type: Predecessor, predecessor: AE.AESEQ}}
      - {name: SEX, data_type: text, origin: {type: Predecessor, predecessor: DM.SEX}}
    steps:
      - {algorithm: records, source: AE}
"""


@pytest.mark.parametrize(
    ("only", "datasets", "needed", "hint"),
    [
        (("adam",), (), "AE", "add sdtm to --only, or give the OUT of a full build"),
        (("sdtm", "adam"), ("ADAE",), "AE", "name AE in --datasets, too, or give the OUT of a full build"),
        (("sdtm", "adam"), ("ADAE", "AE"), "DM", "name DM in --datasets, too, or give the OUT of a full build"),
    ],
)
def test_a_partial_build_says_what_it_lacks(
    study: Path, tmp_path: Path, only: tuple[str, ...], datasets: tuple[str, ...], needed: str, hint: str
) -> None:
    """Into a new folder there is nothing to carry over; into the OUT of a full build the same request works."""
    (study / "specs" / "analysis.yaml").write_text(ANALYSIS)
    text = (study / "study.yaml").read_text(encoding="utf-8").partition("specification:")[0]
    standards = "standards:\n  - {name: ADaMIG, version: 1.3}"
    (study / "study.yaml").write_text(text.replace("standards:", standards), encoding="utf-8")
    new, full = tmp_path / "new", tmp_path / "full"
    with pytest.raises(UsageError) as caught:
        build_study(study, new, only=only, datasets=datasets)
    assert f"ADAE needs {needed}, which is neither built here nor in {new}\n  -> {hint}" in str(caught.value)
    assert not new.exists()
    build_study(study, full, only=("sdtm", "adam"))
    record = build_study(study, full, only=only, datasets=datasets).record
    assert {Path(entry["path"]).stem for entry in record["outputs"]} >= {"adae", "ae", "dm"}


def test_a_carried_file_that_was_touched_is_refused(study: Path, tmp_path: Path) -> None:
    """A dataset changed behind the build's back is not carried over."""
    out = tmp_path / "out"
    build_study(study, out, only=PARTS)
    path = out / SDTM / "dm.xpt"
    path.write_bytes(path.read_bytes().replace(b"DEU", b"FRA"))
    with pytest.raises(UsageError, match="not as the earlier build wrote it"):
        build_study(study, out, only=PARTS, datasets=["AE"])


def test_common_lengths_follow_the_longest_value_of_the_package(study: Path, tmp_path: Path) -> None:
    """USUBJID is as wide in AE as in DM, although the longest one is only in DM (decision 34)."""
    (study / "raw" / "dm.csv").write_text(
        "SUBJECT,SITE,SEX,FIRSTDOSE\n001,10,F,06-JAN-2025\n0000003,11,M,20-JAN-2025\n"
    )
    (study / "raw" / "ae.csv").write_text(
        "SUBJECT,LINE,TERM,PT,SEVERITY,SERIOUS,START,END,ONGOING\n001,1,fever,Pyrexia,Mild,N,07-JAN-2025,,Y\n"
    )
    build_study(study, tmp_path / "out", only=PARTS)
    widths = {
        name: read_xpt(tmp_path / "out" / SDTM / f"{name}.xpt").layout["USUBJID"].length for name in ("dm", "ae")
    }
    assert widths == {"dm": len("STUDY1-0000003"), "ae": len("STUDY1-0000003")}


def test_a_value_over_its_specified_length_is_an_error_finding(study: Path, tmp_path: Path) -> None:
    """A typed length is an upper bound."""
    path = study / "specs" / "datasets.yaml"
    path.write_text(path.read_text().replace(" AETERM, AEDECOD", " {name: AETERM, length: 5}, AEDECOD"))
    result = build_study(study, tmp_path / "out", only=PARTS)
    found = result.findings.frame
    assert found[found["rule"] == "XPT-LENGTH"][["severity", "dataset", "variable", "value"]].to_numpy().tolist() == [
        ["error", "AE", "AETERM", "11"]
    ]


def test_every_raw_row_is_accounted_for(study: Path, tmp_path: Path) -> None:
    """Mapped, excluded and unused rows of every form add up to its rows."""
    steps = study / "specs" / "steps" / "ae.yaml"
    text = steps.read_text().replace(
        "source: ae_raw}", "source: ae_raw, when: \"ae_raw.SEVERITY != 'Mild'\", reason: mild}", 1
    )
    steps.write_text(text)
    build_study(study, tmp_path / "out", only=PARTS)
    accounting = json.loads((tmp_path / "out" / "run.json").read_text())["accounting"]
    assert accounting == [
        {"form": "dm_raw", "rows": 3, "mapped": 3, "excluded": 0, "unused": 0,
         "datasets": [{"dataset": "DM", "mapped": 3, "excluded": {}}]},
        {"form": "ae_raw", "rows": 3, "mapped": 2, "excluded": 1, "unused": 0,
         "datasets": [{"dataset": "AE", "mapped": 2, "excluded": {"mild": 1}}]},
    ]  # fmt: skip


def test_explain_gives_file_row_columns_values_and_algorithm(study: Path, tmp_path: Path) -> None:
    """A partial start date is traced to its cell."""
    build_study(study, tmp_path / "out", only=PARTS)
    found = Explainer(tmp_path / "out", study).explain(
        "AE", "USUBJID == 'STUDY1-001' and AETERM == 'fever'", "AESTDTC"
    )
    data = as_data(found[0])
    assert (data["value"], data["steps"][0]["algorithm"]) == ("2025-01", "assign_datetime")
    assert data["raw"] == [
        {"source": "ae_raw", "file": "raw/ae.csv", "row": 2, "line": 3, "values": {"START": "UN-JAN-2025"}}
    ]


def test_explain_refuses_an_extract_that_has_changed(study: Path, tmp_path: Path) -> None:
    """Collected values are shown only from the very file the build read."""
    build_study(study, tmp_path / "out", only=PARTS)
    path = study / "raw" / "ae.csv"
    path.write_text(path.read_text().replace("UN-JAN", "05-JAN"))
    with pytest.raises(UsageError, match="hash differs"):
        Explainer(tmp_path / "out", study).explain("AE", "AETERM == 'fever'", "AESTDTC")


def test_the_exit_status_follows_fail_on(study: Path, tmp_path: Path) -> None:
    """Errors in the data end with 1, and with 0 when asked never to fail."""
    path = study / "raw" / "ae.csv"
    path.write_text(path.read_text().replace("07-JAN-2025", "30-FEB-2025"))
    out = tmp_path / "out"

    def status(*options: str) -> int:
        return subprocess.run([*command(study, out), *options], capture_output=True, check=False).returncode

    assert [status(), status("--fail-on", "never")] == [1, 0]


def test_a_whole_build_is_validated_and_reported(study: Path, tmp_path: Path) -> None:
    """findings.json holds the findings of the build and of the validation; a study without TS is rejected."""
    path = study / "raw" / "ae.csv"
    path.write_text(path.read_text().replace("07-JAN-2025", "30-FEB-2025"))
    result = build_study(study, tmp_path / "out")
    folder = tmp_path / "out" / "validation"
    written = json.loads((folder / "findings.json").read_text())["findings"]
    assert len(written) == len(result.findings)
    assert [(one["rule"], one["dataset"]) for one in written if one["severity"] == "reject"] == [("TRC-TS", "TS")]
    assert [
        (one["rule"], one["variable"], one["value"], one["source_row"])
        for one in written
        if one["rule"].startswith("MAP-")
    ] == [("MAP-DATE-IMPOSSIBLE", "AESTDTC", "30-FEB-2025", 1)]
    assert {one.name for one in folder.iterdir()} >= {"findings.json", "report.html", "report.xlsx"}


def test_accepted_findings_do_not_count(study: Path, tmp_path: Path) -> None:
    """A finding that the ledger of the study accepts is reported, and does not set the exit status."""
    path = study / "raw" / "ae.csv"
    path.write_text(path.read_text().replace("07-JAN-2025", "30-FEB-2025"))
    result = build_study(study, tmp_path / "out", only=PARTS)
    (fingerprint,) = fingerprint_texts(result.findings.at_or_above("error"))
    (study / "ledger.csv").write_text(
        f"{','.join(COLUMNS)}\n{fingerprint},accepted,MAP-DATE-IMPOSSIBLE,AE,AESTDTC,,30-FEB-2025,asked the site\n"
    )
    again = build_study(study, tmp_path / "out", only=PARTS)
    assert (len(again.findings), len(again.counted.at_or_above("error"))) == (len(result.findings), 0)


def test_a_study_may_bring_its_own_release_of_terminology(study: Path, tmp_path: Path) -> None:
    """`ct` names an NCI file: its terms are what values are mapped to, and define.xml names its date."""
    header = (
        "Code\tCodelist Code\tCodelist Extensible (Yes/No)\tCodelist Name\tCDISC Submission Value\t"
        "CDISC Synonym(s)\tCDISC Definition\tNCI Preferred Term\n"
    )
    lists = {
        "C66731": ("Sex", "F M"),
        "C66742": ("No Yes Response", "N Y"),
        "C66769": ("Severity", "LIGHT MODERATE SEVERE"),
    }
    rows = []
    for code, (name, terms) in lists.items():
        rows.append(f"{code}\t\tNo\t{name}\t{name.upper()}\t\td\t{name}\n")
        rows += [f"{code}{n}\t{code}\t\t{name}\t{term}\t\td\t{term}\n" for n, term in enumerate(terms.split())]
    (study / "SDTM Terminology 2025-09-26.txt").write_text(header + "".join(rows))
    path = study / "study.yaml"
    path.write_text(path.read_text().replace("ct: 2025-03-28 ", "ct: SDTM Terminology 2025-09-26.txt "))
    result = build_study(study, tmp_path / "out", only=PARTS)
    found = result.findings.frame
    assert found[found["rule"] == "MAP-CT"][["variable", "value"]].to_numpy().tolist() == [["AESEV", "Mild"]]
    assert 'Version="2025-09-26"' in (tmp_path / "out" / SDTM / "define.xml").read_text()
