"""Functions of an installed distribution: the how-to page as it is written, and what is refused."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from specs.scaffold import init_study
from spectrail.io.xpt import read_xpt

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "howto" / "own-functions.md"
BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command line in a folder where everything below `installed` is installed."""
    paths = [str(folder / "installed"), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(paths),
        "COLUMNS": "200",
    }
    return subprocess.run(
        shlex.split(line), cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def install(folder: Path, name: str, version: str, module: str, code: str, entries: dict[str, str]) -> None:
    """Install a distribution by hand: its module beside its metadata."""
    made = folder / "installed"
    info = made / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (made / f"{module}.py").write_text(code, encoding="utf-8")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
    lines = "".join(f"{key} = {value}\n" for key, value in entries.items())
    (info / "entry_points.txt").write_text(f"[spectrail.extensions]\n{lines}", encoding="utf-8")


def page_blocks() -> list[tuple[str, str]]:
    """Return path (blank for commands) and content of every block of the page, in order."""
    found = []
    for _, words, body in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        options = dict(word.split("=", 1) for word in words.split())
        found.append((options.get("file", ""), body))
    return found


def install_page(folder: Path) -> dict[str, str]:
    """Install what the page describes; return its files by path."""
    blocks = {path: body for path, body in page_blocks() if path}
    project = tomllib.loads(blocks["acme/pyproject.toml"])["project"]
    entries = project["entry-points"]["spectrail.extensions"]
    install(folder, project["name"], project["version"], "acme_rules", blocks["acme/acme_rules.py"], entries)
    return blocks


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Follow the page from top to bottom; give back the folder and what each command printed."""
    folder = tmp_path_factory.mktemp("own")
    install_page(folder)
    printed = []
    for path, body in page_blocks():
        if path:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(body, encoding="utf-8")
            continue
        for line in body.strip().splitlines():
            done = run(line, folder)
            assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
            printed.append(done.stdout)
    return folder, printed


def test_values_come_from_the_functions(followed: tuple[Path, list[str]]) -> None:
    """Day 2 is in week 1, day 8 in week 2; an event that began on an unknown day has no week."""
    datasets = {path.stem: read_xpt(path).frame for path in followed[0].glob("out/m5/**/*.xpt")}
    assert datasets["dm"]["SITEID"].tolist() == ["DE-10", "DE-10", "DE-11"]
    found = datasets["adaewk"].set_index("AEDECOD").loc[["Headache", "Neutropenia", "Pyrexia"], ["AESTDY", "ASTWK"]]
    assert found.fillna(0).values.tolist() == [[2, 1], [8, 2], [0, 0]]


def test_lineage_goes_through_them_to_the_raw_row(followed: tuple[Path, list[str]]) -> None:
    """`explain` names function, distribution and version, and walks on to file and row."""
    site, week = (re.sub(r"\s+", " ", text) for text in followed[1][3:5])
    assert "step acme_site from dm_raw.SITE" in site
    assert "site number dm_raw.SITE with the country DE before it [acme_site of acme-rules 1.2.0]" in site
    assert "raw file raw/dm.csv (dm_raw), row 1, line 2" in site
    assert "step acme_week from AESTDY" in week
    assert "week of treatment that holds study day AESTDY [acme_week of acme-rules 1.2.0]" in week
    assert "START: 20-JAN-2025" in week


def test_the_run_record_names_distribution_and_version(followed: tuple[Path, list[str]]) -> None:
    """What code took part can be found again."""
    record = json.loads((followed[0] / "out" / "run.json").read_text(encoding="utf-8"))
    assert record["extensions"] == [
        {"name": "acme", "distribution": "acme-rules", "version": "1.2.0", "entry_point": "acme_rules:extension"}
    ]


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Make the study of `spec init`, with the page's distribution installed; its study.yaml may be added to."""
    install_page(tmp_path)
    init_study(tmp_path / "study")
    return tmp_path


def checked(folder: Path, line: str = "") -> subprocess.CompletedProcess[str]:
    """Check the study with a line more in study.yaml."""
    with (folder / "study" / "study.yaml").open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    return run("spectrail spec check study", folder)


def use_site(folder: Path) -> None:
    """Let DM name a function of the distribution."""
    path = folder / "study" / "specs" / "steps" / "dm.yaml"
    step = "  - {target: SITEID, algorithm: acme_site, source: dm_raw.SITE}\n"
    path.write_text(path.read_text(encoding="utf-8") + step, encoding="utf-8")


def test_a_function_of_an_extension_that_is_not_named_is_unknown(study: Path) -> None:
    """Being installed is not enough: the module is not even imported."""
    use_site(study)
    (study / "installed" / "acme_rules.py").write_text("raise SystemExit('imported')", encoding="utf-8")
    done = checked(study)
    assert done.returncode == 1
    assert "'acme_site'" in done.stdout
    assert "imported" not in done.stdout + done.stderr


def test_arguments_of_the_functions_are_checked(study: Path) -> None:
    """A step that leaves out an argument is a fault."""
    use_site(study)
    done = checked(study, "extensions: [acme]")
    assert done.returncode == 1
    told = r"error SPEC-143 specs/steps/dm.yaml, line \d+: DM.SITEID: acme_site needs the argument 'country'"
    assert re.search(told, done.stdout)


def test_an_extension_that_is_not_installed_is_told(study: Path) -> None:
    """The message names the place, what is known and where such things come from."""
    done = checked(study, "extensions: [acne]")
    assert done.returncode == 2
    assert re.search(r"study\.yaml, line \d+: no installed distribution offers the extension 'acne'", done.stderr)
    assert "did you mean acme?" in done.stderr


@pytest.mark.parametrize("name", ["compute_flag", "assign_no_ct", "records"])
def test_a_name_that_spectrail_has_is_refused(study: Path, name: str) -> None:
    """Both origins are named, whether the name is one of ADaM, of SDTM or of the runner."""
    code = (
        "from spectrail.extension import Extension\nfrom spectrail.steps import Values\nit = Extension()\n"
        f"@it.sdtm.column()\ndef {name}(values: Values):\n    return values\n"
    )
    install(study, "other-rules", "0.3", "other_rules", code, {"other": "other_rules:it"})
    done = checked(study, "extensions: [acme, other]")
    assert done.returncode == 2
    assert f"both spectrail and other-rules 0.3 (extension 'other') have a function '{name}'" in done.stderr


def test_a_name_that_two_extensions_have_is_refused(study: Path) -> None:
    """Both distributions are named; only one of them may be used."""
    code = (study / "installed" / "acme_rules.py").read_text(encoding="utf-8")
    install(study, "other-rules", "0.3", "other_rules", code, {"other": "other_rules:extension"})
    done = checked(study, "extensions: [acme, other]")
    assert done.returncode == 2
    assert "both acme-rules 1.2.0 (extension 'acme') and other-rules 0.3 (extension 'other')" in done.stderr


def test_two_distributions_of_one_extension_are_refused(study: Path) -> None:
    """Which of them would be loaded must not depend on the order of folders."""
    install(study, "copy-rules", "1.0", "copy_rules", "", {"acme": "copy_rules:extension"})
    done = checked(study, "extensions: [acme]")
    assert done.returncode == 2
    assert "acme-rules and copy-rules offer the extension 'acme'" in done.stderr


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("1 / 0", "cannot be loaded: ZeroDivisionError: division by zero"),
        ("extension = 5", "is no Extension but int"),
    ],
)
def test_a_broken_extension_is_told_without_a_traceback(study: Path, code: str, message: str) -> None:
    """The entry point and the trouble are named."""
    (study / "installed" / "acme_rules.py").write_text(code, encoding="utf-8")
    done = checked(study, "extensions: [acme]")
    assert done.returncode == 2
    assert f"the extension 'acme' (acme_rules:extension) {message}" in done.stderr
    assert "Traceback" not in done.stderr
