"""Checks of raw sources: the files that a study folder must hold."""

from __future__ import annotations

from collections.abc import Iterator

from specs.linting import Context, Found, check, nearest
from specs.yaml_files import inside
from spectrail.errors import SpecError


@check("SPEC-157", "error", "raw file missing")
def raw_files(context: Context) -> Iterator[Found]:
    """Find raw sources whose file the study folder does not hold."""
    root = context.folder
    if root is None:
        return
    for i, source in enumerate(context.study.sources):
        try:
            path = inside(root, source.path)
        except SpecError:  # a fault of reading reports it
            continue
        if not path.is_file():
            beside = sorted(one.relative_to(root).as_posix() for one in path.parent.glob("*") if one.is_file())
            hint = nearest(source.path, beside)
            message = f"raw source {source.name}: the file {source.path!r} does not exist"
            yield Found(("sources", i, "path"), message, hint, source.path)
