"""Draw random numbers that depend on seed, stream and subject only, never on order or on how many are drawn."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_COLUMN = np.uint64(0xD1B54A32D192ED03)


def _mix(state: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Finalise 64-bit counters (splitmix64)."""
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


class Streams:
    """Named streams of one seed for a block of subjects given by their running numbers, int64 (n,)."""

    def __init__(self, seed: int, subjects: Ints) -> None:
        self.seed = seed
        self._subjects = subjects.astype(np.uint64)

    def uniform(self, stream: str, width: int) -> Floats:
        """Return uniforms in (0, 1), float64 (n, width); column j never depends on the width."""
        digest = hashlib.blake2b(f"{self.seed}/{stream}".encode(), digest_size=8).digest()
        key = np.uint64(int.from_bytes(digest, "little"))
        with np.errstate(over="ignore"):
            rows = _mix(key + (self._subjects + np.uint64(1)) * _GOLDEN)
            columns = np.arange(1, width + 1, dtype=np.uint64) * _COLUMN
            bits = _mix(rows[:, None] + columns[None, :])
        return np.asarray(((bits >> np.uint64(11)).astype(np.float64) + 0.5) / float(1 << 53))

    def one(self, stream: str) -> Floats:
        """Return one uniform per subject, float64 (n,)."""
        return self.uniform(stream, 1)[:, 0]

    def normal(self, stream: str, width: int) -> Floats:
        """Return standard normals, float64 (n, width)."""
        return np.asarray(ndtri(self.uniform(stream, width)))

    def integers(self, stream: str, low: int, high: int) -> Ints:
        """Return one integer per subject from low to high, both included, int64 (n,)."""
        return (low + np.floor(self.one(stream) * (high - low + 1))).astype(np.int64)

    def choice(self, stream: str, weights: list[float]) -> Ints:
        """Return one index per subject, drawn with the given weights, int64 (n,)."""
        edges = np.cumsum(np.asarray(weights) / sum(weights))
        return np.minimum(np.searchsorted(edges, self.one(stream), side="right"), len(weights) - 1).astype(np.int64)
