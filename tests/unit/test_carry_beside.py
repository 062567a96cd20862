"""What stands beside analysis datasets goes with them into a partial build."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from spectrail.pipeline.analysis import carry_beside


@pytest.mark.parametrize(
    ("parts", "carried", "expected"),
    [
        (
            ("sdtm",),
            {"ADTTE": None},
            ["lineage/adtte.candidates.parquet", "lineage/cutoff.parquet", "results/t3.json"],
        ),
        (("adam",), {"ADTTE": None}, ["lineage/adtte.candidates.parquet"]),
        (("adam",), {"ADSL": None}, []),
        (("sdtm",), {}, []),
    ],
)
def test_candidates_and_results_are_carried(
    tmp_path: Path, parts: tuple[str, ...], carried: dict[str, Any], expected: list[str]
) -> None:
    """Candidates go with their dataset; results and cut-off listing only where no analysis dataset is made anew."""
    for name in ("lineage/adtte.candidates.parquet", "lineage/cutoff.parquet", "results/t3.json", "results/x.txt"):
        path = tmp_path / "old" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("content", encoding="utf-8")
    noted: list[Path] = []
    run: Any = SimpleNamespace(
        out=tmp_path / "old", building=tmp_path / "new", parts=parts, wrote=lambda *paths: noted.extend(paths)
    )
    carry_beside(run, carried)
    made = sorted(path.relative_to(tmp_path / "new").as_posix() for path in (tmp_path / "new").rglob("*.*"))
    assert made == expected
    assert [path.name for path in noted] == [Path(one).name for one in expected if one.startswith("results")]
