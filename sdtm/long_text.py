"""Text over 200 bytes, split by the rule of its class (SDTMIG 3.4 section 4.5.3; decision 11).

General observation classes keep the first piece and move the others into supplemental qualifiers named after the
variable; comments continue in COVAL1 to COVALn, trial summary values in TSVAL1 to TSVALn.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from specs import models
from spectrail.build import Block, Build
from spectrail.lineage import Trace
from spectrail.steps import Positions

LIMIT = 200
SERIES = {"COVAL": "COVAL{}", "TSVAL": "TSVAL{}"}
OBSERVATIONS = ("EVENTS", "FINDINGS", "FINDINGS ABOUT", "INTERVENTIONS")


def pieces(text: str, limit: int = LIMIT) -> list[str]:
    """Cut ASCII text into pieces of at most `limit` bytes, between words where one is near enough.

    Joined with one blank where it was cut between words, the pieces give the text back.
    """
    found = []
    rest = text
    while len(rest) > limit:
        cut = rest.rfind(" ", 1, limit + 1)
        if cut < limit // 2:
            found.append(rest[:limit])
            rest = rest[limit:]
        else:
            found.append(rest[:cut])
            rest = rest[cut + 1 :]
    return [*found, rest]


def shorten(build: Build, block: Block, spec: models.Dataset) -> None:
    """Split every written text variable of a block that holds text over 200 bytes."""
    for name in [one for one in block.columns if one in spec.names or one.startswith("SUPP")]:
        values = block.columns[name]
        if not isinstance(values.dtype, pd.StringDtype):
            continue
        long = np.flatnonzero((values.str.len() > LIMIT).fillna(False).to_numpy(dtype=bool))
        if len(long):
            _split(build, block, spec, name, long)


def _split(build: Build, block: Block, spec: models.Dataset, name: str, long: Positions) -> None:
    targets = _names(spec, name)
    if targets is None:
        return
    cut = [pieces(text) for text in block.columns[name].take(long)]
    most = max(len(one) for one in cut)
    first = block.columns[name].array.copy()
    first[long] = [one[0] for one in cut]
    block.columns[name] = pd.Series(first, index=block.index, name=name)
    for number in range(1, most):
        target = targets.format(number)
        values = pd.array([None] * len(block), dtype="str")
        values[long] = [one[number] if len(one) > number else None for one in cut]
        block.columns[target] = pd.Series(values, index=block.index, name=target)
        text = f"Continuation {number} of {name.rpartition('.')[2]}, whose text is longer than {LIMIT} bytes"
        build.traces.append(Trace(target, build.position, "split_text", (name,), text, "", len(long)))


def _names(spec: models.Dataset, name: str) -> str | None:
    """Return the template of continuation names, or None where the class has no rule for splitting."""
    if name in SERIES:
        return SERIES[name]
    if name.startswith("SUPP"):
        return name[: name.index(".") + 8] + "{}"
    if spec.class_.upper() in OBSERVATIONS:
        return f"SUPP{spec.name}.{name[:7]}{{}}"
    return None
