"""Packaged example studies: raw data generators with their specifications."""

from __future__ import annotations

from pathlib import Path

from spectrail.errors import UnknownNameError

NAMES = ("blina_ball",)


def simulate_study(
    name: str,
    folder: Path,
    *,
    subjects: int | None = None,
    seed: int = 1,
    profile: str = "trial",
    extract: int = 1,
    mrd_domain: str = "LB",
    force: bool = False,
) -> Path:
    """Write a complete study folder of a packaged study and return it; `force` replaces one that was edited."""
    if name not in NAMES:
        raise UnknownNameError("packaged study", name, NAMES)
    from spectrail.studies.blina_ball.study import write_study

    return write_study(
        Path(folder),
        subjects=subjects,
        seed=seed,
        profile=profile,
        extract=extract,
        mrd_domain=mrd_domain,
        force=force,
    )
