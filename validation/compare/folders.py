"""Compare files or folders of datasets, whatever their formats."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from spectrail.dataset import Dataset
from spectrail.errors import InputError, Place, UsageError
from spectrail.io.tables import FORMATS, read_dataset
from validation.compare.datasets import Comparison, Tolerance, compare_datasets
from validation.folder import dataset_files

PLAIN = ".csv"
"""A format without attributes: only names and values are compared."""


@dataclass(frozen=True)
class FolderComparison:
    """The comparison of all datasets of a name, and the names that only one side has."""

    base: str
    compare: str
    datasets: tuple[Comparison, ...]
    only_base: tuple[str, ...] = ()
    only_compare: tuple[str, ...] = ()
    tolerance: Tolerance = field(default_factory=Tolerance)

    @property
    def equal(self) -> bool:
        """Tell whether both sides hold the same datasets and all of them are equal."""
        return not self.only_base and not self.only_compare and all(one.equal for one in self.datasets)


def compare_paths(
    base: str | Path,
    compare: str | Path,
    *,
    keys: Sequence[str] = (),
    tolerance: Tolerance | None = None,
    ignore: Collection[str] = (),
    progress: Callable[[str], None] | None = None,
) -> FolderComparison:
    """Compare two dataset files, or two folders file by file (by name without suffix).

    XPT, Dataset-JSON, Parquet and CSV may be mixed. Raises InputError for what cannot be read, UsageError when a
    file is given against a folder or a folder holds no datasets.
    """
    left, right = Path(base), Path(compare)
    for path in (left, right):
        if not path.exists():
            raise InputError("there is no such file or folder", place=Place(file=str(path)), hint="check the path")
    if left.is_dir() != right.is_dir():
        raise UsageError("a file cannot be compared with a folder", hint="give two files or two folders")
    files = (_files(left), _files(right)) if left.is_dir() else ({"": left}, {"": right})
    allowed = tolerance or Tolerance()
    found = []
    for name in [one for one in files[0] if one in files[1]]:
        if progress is not None:
            progress(f"comparing {name or left.name}")
        pair = (files[0][name], files[1][name])
        plain = any(path.suffix.lower() == PLAIN for path in pair)
        datasets = [read_dataset(path) for path in pair]
        found.append(_compared(datasets, keys, allowed, ignore, plain=plain, folder=left.is_dir()))
    return FolderComparison(
        str(base),
        str(compare),
        tuple(found),
        tuple(one for one in files[0] if one not in files[1]),
        tuple(one for one in files[1] if one not in files[0]),
        allowed,
    )


def _compared(
    datasets: Sequence[Dataset],
    keys: Sequence[str],
    tolerance: Tolerance,
    ignore: Collection[str],
    *,
    plain: bool,
    folder: bool,
) -> Comparison:
    """Compare two datasets; of keys given for a folder, each dataset takes those it has."""
    base, compare = datasets
    known = [key for key in keys if not folder or (key in base.layout.names and key in compare.layout.names)]
    return compare_datasets(base, compare, keys=known, tolerance=tolerance, ignore=ignore, plain=plain)


def _files(folder: Path) -> dict[str, Path]:
    """Return dataset files by name in upper case; one of them where a name comes in several formats."""
    found: dict[str, Path] = {}
    plain = [path for path in sorted(folder.iterdir()) if path.suffix.lower() == PLAIN and path.is_file()]
    for path in [*dataset_files(folder), *plain]:
        found.setdefault(path.stem.upper(), path)
    if not found:
        raise UsageError(
            "holds no datasets", place=Place(file=str(folder)), hint="datasets are files with " + ", ".join(FORMATS)
        )
    return dict(sorted(found.items()))
