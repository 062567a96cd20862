"""Folders of datasets as they were handed in: files read by suffix, whatever is odd about them kept as findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from spectrail.dataset import Dataset
from spectrail.errors import InputError, Place, UsageError
from spectrail.findings import Findings
from spectrail.io.tables import read_dataset
from spectrail.io.xpt import read_xpt_members

SUFFIXES = (".xpt", ".json", ".ndjson", ".parquet")
"""Suffixes of datasets; where two files hold the same dataset, the earlier suffix is validated."""
DEFINE = "define.xml"
LEFT_OUT = frozenset({"split", "lineage", "validation", "suites"})
"""Folders that hold no package of their own: pieces of oversized files, and what a build writes beside datasets."""
Progress = Callable[[str], None]


@dataclass(frozen=True)
class DataFile:
    """One dataset file: `name` is its stem in upper case, `datasets` what it holds, `error` why it cannot be read."""

    path: Path
    size: int
    datasets: tuple[Dataset, ...] = ()
    error: str = ""
    version: str = ""

    @property
    def name(self) -> str:
        """Dataset name that the file name says."""
        return self.path.stem.upper()

    @property
    def dataset(self) -> Dataset | None:
        """The dataset that the file should hold, None when it cannot be read."""
        named = [one for one in self.datasets if one.name.upper() == self.name]
        return next(iter(named or self.datasets), None)


@dataclass(frozen=True)
class Package:
    """One folder of datasets with the define.xml that describes it, if there is one."""

    folder: Path
    files: tuple[DataFile, ...]
    define: Path | None = None

    @property
    def suffix(self) -> str:
        """The suffix that most files have."""
        suffixes = [one.path.suffix.lower() for one in self.files]
        return max(SUFFIXES, key=suffixes.count) if suffixes else ".xpt"

    def named(self, file_name: str) -> DataFile | None:
        """Return the file of exactly this name."""
        return next((one for one in self.files if one.path.name == file_name), None)


def find_packages(path: Path, *, define: Path | None = None) -> list[tuple[Path, list[Path], Path | None]]:
    """Return the folders at or below `path` that hold datasets, with their dataset files and define.xml.

    Raises InputError when there is none, UsageError when `define` is given for several folders.
    """
    if not path.is_dir():
        raise InputError("is not a folder", place=Place(file=str(path)), hint="give a folder of dataset files")
    found = [(folder, files) for folder in _folders(path) if (files := dataset_files(folder))]
    if not found:
        raise InputError(
            "holds no datasets", place=Place(file=str(path)), hint="datasets are files with " + ", ".join(SUFFIXES)
        )
    if define is not None:
        if len(found) > 1:
            raise UsageError(
                f"--define is for one folder, {len(found)} below {path} hold datasets",
                hint="name one of them as PATH",
            )
        if not define.is_file():
            raise InputError("there is no such file", place=Place(file=str(define)), hint="name a define.xml")
    return [(folder, files, define or _define_of(folder)) for folder, files in found]


def _folders(path: Path) -> Iterator[Path]:
    yield path
    for child in sorted(path.iterdir()):
        if (
            child.is_dir()
            and not child.is_symlink()
            and not child.name.startswith(".")
            and child.name not in LEFT_OUT
        ):
            yield from _folders(child)


def _define_of(folder: Path) -> Path | None:
    names = [one for one in sorted(folder.iterdir()) if one.name.lower() == DEFINE]
    return names[0] if names else None


def dataset_files(folder: Path) -> list[Path]:
    """Return the dataset files of a folder in order of name; JSON only where it is Dataset-JSON."""
    found = [one for one in sorted(folder.iterdir()) if one.is_file() and one.suffix.lower() in SUFFIXES]
    return [one for one in found if "json" not in one.suffix.lower() or _is_dataset_json(one)]


def _is_dataset_json(path: Path) -> bool:
    with path.open("rb") as stream:
        return b"datasetJSONVersion" in stream.read(65_536)


def read_package(folder: Path, files: Sequence[Path], define: Path | None, *, progress: Progress) -> Package:
    """Read the datasets of a folder; a file that cannot be read is kept with the reason."""
    chosen: dict[str, Path] = {}
    for path in sorted(files, key=lambda one: (SUFFIXES.index(one.suffix.lower()), one.name)):
        chosen.setdefault(path.stem.upper(), path)
    read = []
    for path in sorted(chosen.values()):
        progress(f"reading {path.name}")
        read.append(read_file(path))
    return Package(folder, tuple(read), define)


def read_file(path: Path) -> DataFile:
    """Read one dataset file, all members of a transport file."""
    size = path.stat().st_size
    version = _transport_version(path) if path.suffix.lower() == ".xpt" else ""
    try:
        datasets = read_xpt_members(path) if version or path.suffix.lower() == ".xpt" else (read_dataset(path),)
    except InputError as error:
        return DataFile(path, size, (), error.what + (f" ({error.hint})" if error.hint else ""), version)
    return DataFile(path, size, tuple(datasets), "", version)


def _transport_version(path: Path) -> str:
    with path.open("rb") as stream:
        kind = stream.read(28)[20:28]
    return {b"LIBRARY ": "5", b"LIBV8   ": "8"}.get(kind, "")


def reader_findings(package: Package) -> Findings:
    """Return what the readers found odd, and an error for each file that could not be read."""
    parts = [dataset.findings for one in package.files for dataset in one.datasets]
    parts += [
        Findings.of(rule="SUB-READ", severity="error", dataset=one.name, value=one.path.name, message=one.error)
        for one in package.files
        if one.error
    ]
    return Findings.concat(parts)
