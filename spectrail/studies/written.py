"""What a simulation wrote into a study folder: a later one replaces that, and nothing that others wrote or edited."""

from __future__ import annotations

import json
from pathlib import Path

from spectrail.errors import OutputError, Place
from spectrail.output import refuse_filled, sha256_file

RECORD = Path("truth") / "written.json"
SHOWN = 3


def record(folder: Path) -> None:
    """Write the SHA-256 of every file below `folder` into its record."""
    text = json.dumps({"files": _hashes(folder)}, indent=1, ensure_ascii=False)
    (folder / RECORD).write_text(text + "\n", encoding="utf-8", newline="\n")


def check(folder: Path, *, force: bool = False) -> None:
    """Raise OutputError when `folder` holds what no simulation wrote, or, without `force`, what was edited since."""
    recorded = _recorded(folder)
    if recorded is None:
        refuse_filled(folder, "is not empty and has no record of a simulation that wrote it")
        return
    present = _hashes(folder)
    edited = sorted(name for name in recorded.keys() | present.keys() if recorded.get(name) != present.get(name))
    if edited and not force:
        more = f" and {len(edited) - SHOWN} more" if len(edited) > SHOWN else ""
        raise OutputError(
            f"was edited since it was simulated: {', '.join(edited[:SHOWN])}{more}",
            place=Place(file=str(folder)),
            hint="give a new folder, or --force to lose everything in this one; nothing was changed",
        )


def _recorded(folder: Path) -> dict[str, str] | None:
    """Return the hashes of the record; None when there is none that can be read."""
    try:
        content = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    files = content.get("files") if isinstance(content, dict) else None
    return files if isinstance(files, dict) else None


def _hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder but the record; that of a link is empty, none is written."""
    links = {path for path in folder.rglob("*") if path.is_symlink()}
    files = {path for path in folder.rglob("*") if path.is_file()} - {folder / RECORD}
    return {
        path.relative_to(folder).as_posix(): "" if path in links else sha256_file(path)
        for path in sorted(files | links)
    }
