"""Named settings of a study in the arguments of its steps: `$cri_rule` stands for the setting's value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spectrail.errors import UnknownNameError

MARK = "$"


def substituted(value: Any, settings: Mapping[str, str]) -> Any:
    """Replace every text `$name` in an argument by the value of that setting; `$$text` is the text `$text`.

    Raises UnknownNameError for a setting the study does not have.
    """
    if isinstance(value, str):
        if value.startswith(MARK * 2):
            return value[1:]
        if not value.startswith(MARK) or len(value) == 1:
            return value
        name = value[1:]
        if name not in settings:
            raise UnknownNameError("setting", name, settings)
        return settings[name]
    if isinstance(value, Mapping):
        return {key: substituted(item, settings) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return tuple(substituted(item, settings) for item in value)
    return value
