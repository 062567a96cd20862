"""Raw content of a specification: text, sequences and mappings, each with its place, before it is typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from spectrail.errors import Place

Path = tuple[str | int, ...]
"""Where an object is in the model: field names and indices, as `("datasets", 0, "variables", 3, "codelist")`."""


@dataclass(slots=True)
class Node:
    """A value as written (text, sequence or mapping of nodes) and where; `key` is the place of its key."""

    value: str | list[Node] | dict[str, Node]
    place: Place
    key: Place | None = None

    @property
    def text(self) -> str | None:
        """The text of a scalar, None for anything else."""
        return self.value if isinstance(self.value, str) else None

    @property
    def items(self) -> list[Node] | None:
        """The items of a sequence, None for anything else."""
        return self.value if isinstance(self.value, list) else None

    @property
    def fields(self) -> dict[str, Node] | None:
        """The fields of a mapping, None for anything else."""
        return self.value if isinstance(self.value, dict) else None

    @property
    def kind(self) -> str:
        """The kind of value in words."""
        return {str: "text", list: "a list", dict: "a mapping"}[type(self.value)]


def plain(node: Node) -> object:
    """Return the content of a node without places."""
    if isinstance(node.value, list):
        return tuple(plain(item) for item in node.value)
    if isinstance(node.value, dict):
        return {key: plain(item) for key, item in node.value.items()}
    return node.value


class Places(Mapping[Path, Place]):
    """Where each object of a study was written, by its path in the model.

    Objects are addressed by position because equal objects (STUDYID of every dataset) are equal.
    """

    def __init__(self, entries: Mapping[Path, Place] | None = None) -> None:
        self._entries = dict(entries or {})

    def __getitem__(self, path: Path) -> Place:
        return self._entries[path]

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def nearest(self, *path: str | int) -> Place:
        """Return the place of the object at `path`, or of the nearest object around it that has one."""
        for end in range(len(path), 0, -1):
            found = self._entries.get(path[:end])
            if found is not None:
                return found
        return self._entries.get((), Place())
