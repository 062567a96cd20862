"""Text: regular expressions, beginnings and ends, parts."""

from __future__ import annotations

from typing import Any

import numpy as np

from validation.core.columns import Column, Flags, as_objects
from validation.core.conditions import (
    Condition,
    comparator,
    is_column,
    literal,
    negation,
    number_option,
    operator,
    pairwise,
    target,
)
from validation.core.frames import Frame
from validation.core.patterns import extracted, matches
from validation.core.signals import wrong_type


def _pattern(condition: Condition) -> str:
    if not isinstance(condition.value, str):
        raise wrong_type(f"{condition}: the regular expression is not text")
    return condition.value


def _matching(column: Column, condition: Condition, *, part: slice | None) -> Flags:
    texts = column.texts if part is None else as_objects([text[part] for text in column.texts])
    return matches(_pattern(condition), texts, at_start=part is None)


def _first(condition: Condition) -> slice:
    return slice(None, _length(condition, "prefix"))


def _last(condition: Condition) -> slice:
    return slice(-_length(condition, "suffix"), None)


def _length(condition: Condition, key: str) -> int:
    # No characters at all could never be tested: 0 is read as the one character at that end.
    return max(1, number_option(condition, key))


@operator("matches_regex")
def matches_regex(frame: Frame, condition: Condition) -> Flags:
    """Tell which populated cells match from their start; numbers as text, whole ones without `.0`."""
    column = target(frame, condition)
    return column.spread(_matching(column, condition, part=None))


@operator("not_matches_regex")
def not_matches_regex(frame: Frame, condition: Condition) -> Flags:
    """Tell which populated cells do not match from their start."""
    column = target(frame, condition)
    return column.spread(~_matching(column, condition, part=None))


@operator("prefix_matches_regex", needs=("prefix",))
def prefix_matches_regex(frame: Frame, condition: Condition) -> Flags:
    """Tell which populated cells have the pattern somewhere in their first characters."""
    column = target(frame, condition)
    return column.spread(_matching(column, condition, part=_first(condition)))


@operator("not_prefix_matches_regex", needs=("prefix",))
def not_prefix_matches_regex(frame: Frame, condition: Condition) -> Flags:
    """Tell which populated cells lack the pattern in their first characters."""
    column = target(frame, condition)
    return column.spread(~_matching(column, condition, part=_first(condition)))


@operator("suffix_matches_regex", needs=("suffix",))
def suffix_matches_regex(frame: Frame, condition: Condition) -> Flags:
    """Tell which populated cells have the pattern somewhere in their last characters."""
    column = target(frame, condition)
    return column.spread(_matching(column, condition, part=_last(condition)))


@operator("not_suffix_matches_regex", needs=("suffix",))
def not_suffix_matches_regex(frame: Frame, condition: Condition) -> Flags:
    """Tell which populated cells lack the pattern in their last characters."""
    column = target(frame, condition)
    return column.spread(~_matching(column, condition, part=_last(condition)))


def _affixes(frame: Frame, condition: Condition) -> set[str]:
    if is_column(frame, condition):
        return {value for value in comparator(frame, condition).occurring() if isinstance(value, str)}
    value = literal(frame, condition)
    return {str(item) for item in value} if isinstance(value, (list, tuple)) else {str(value)}


@operator("starts_with")
def starts_with(frame: Frame, condition: Condition) -> Flags:
    """Tell which text cells start with the comparator (of a column: with any of its values)."""
    affixes = _affixes(frame, condition)
    lengths = sorted({len(affix) for affix in affixes})
    return target(frame, condition).where(
        lambda text: isinstance(text, str) and any(text[:length] in affixes for length in lengths)
    )


@operator("ends_with")
def ends_with(frame: Frame, condition: Condition) -> Flags:
    """Tell which text cells end with the comparator (of a column: with any of its values)."""
    affixes = _affixes(frame, condition)
    lengths = sorted({len(affix) for affix in affixes})
    return target(frame, condition).where(
        lambda text: (
            isinstance(text, str)
            and any(text[len(text) - length :] in affixes for length in lengths if length <= len(text))
        )
    )


@operator("contains")
def contains(frame: Frame, condition: Condition) -> Flags:
    """Tell which text cells hold the comparator as a part, which list cells hold it as a member.

    With a column as comparator and no lists: which comparator cells occur anywhere in the target's column.
    """
    column = target(frame, condition)
    if is_column(frame, condition):
        other = comparator(frame, condition)
        if column.kind != "list":
            present = set(column.occurring())
            return other.where(lambda value: value in present)
        return pairwise(column, other, lambda members, wanted: members is not None and wanted in members)
    wanted = literal(frame, condition)
    return column.where(lambda value: _holds(value, wanted))


negation("does_not_contain", of="contains")


def _holds(value: Any, wanted: Any) -> bool:
    if isinstance(value, tuple):
        return wanted in value
    return isinstance(value, str) and isinstance(wanted, str) and wanted in value


def _ends(frame: Frame, condition: Condition, part: slice) -> Column:
    column = target(frame, condition)
    strange = [value for value in column.distinct if not isinstance(value, str)]
    if strange:
        raise wrong_type(f"{condition}: {condition.name} holds {strange[0]!r}, which is not text")
    return column.mapped(lambda text: text[part])


def _equal_end(frame: Frame, condition: Condition, part: slice) -> Flags:
    ends = _ends(frame, condition, part)
    if condition.value == "DOMAIN" and not condition.flag("value_is_literal"):
        return ends.where(lambda text: text == frame.wildcard)
    if is_column(frame, condition):
        return pairwise(ends, comparator(frame, condition), lambda text, wanted: text is not None and text == wanted)
    wanted = literal(frame, condition)
    return ends.where(lambda text: text == wanted)


@operator("prefix_equal_to", needs=("prefix",))
def prefix_equal_to(frame: Frame, condition: Condition) -> Flags:
    """Tell which cells' first characters equal the comparator; DOMAIN stands for the dataset's wildcard value."""
    return _equal_end(frame, condition, _first(condition))


@operator("suffix_equal_to", needs=("suffix",))
def suffix_equal_to(frame: Frame, condition: Condition) -> Flags:
    """Tell which cells' last characters equal the comparator; DOMAIN stands for the dataset's wildcard value."""
    return _equal_end(frame, condition, _last(condition))


negation("prefix_not_equal_to", of="prefix_equal_to")
negation("suffix_not_equal_to", of="suffix_equal_to")


def _listed_end(frame: Frame, condition: Condition, part: slice) -> Flags:
    ends = _ends(frame, condition, part)
    if is_column(frame, condition):
        other = comparator(frame, condition)
        if other.kind == "list":
            return pairwise(ends, other, lambda text, members: text is not None and text in (members or ()))
        present = set(other.occurring())
        return ends.where(lambda text: text in present)
    value = literal(frame, condition)
    members = set(value) if isinstance(value, (list, tuple)) else {value}
    return ends.where(lambda text: text in members)


@operator("prefix_is_contained_by", needs=("prefix",))
def prefix_is_contained_by(frame: Frame, condition: Condition) -> Flags:
    """Tell which cells' first characters are in the list or in the row's list cell."""
    return _listed_end(frame, condition, _first(condition))


@operator("suffix_is_contained_by", needs=("suffix",))
def suffix_is_contained_by(frame: Frame, condition: Condition) -> Flags:
    """Tell which cells' last characters are in the list or in the row's list cell."""
    return _listed_end(frame, condition, _last(condition))


negation("prefix_is_not_contained_by", of="prefix_is_contained_by")
negation("suffix_is_not_contained_by", of="suffix_is_contained_by")


@operator("equals_string_part", needs=("regex",))
def equals_string_part(frame: Frame, condition: Condition) -> Flags:
    """Tell which cells equal the first match of `regex` in their comparator; null equals nothing."""
    pattern = str(condition.options["regex"])
    part = comparator(frame, condition).mapped(lambda value: extracted(pattern, str(value)))
    return pairwise(target(frame, condition), part, lambda text, wanted: wanted is not None and text == wanted)


negation("does_not_equal_string_part", of="equals_string_part")


@operator("split_parts_have_equal_length", comparator=False)
def split_parts_have_equal_length(frame: Frame, condition: Condition) -> Flags:
    """Tell which text cells fall into two parts of one length at `separator` (default `/`); no separator is equal."""
    separator = str(condition.options.get("separator") or "/")
    column = target(frame, condition)
    return column.where(lambda text: _equal_parts(text, separator))


def _equal_parts(text: Any, separator: str) -> bool:
    if not isinstance(text, str):
        return False
    return len({len(part.strip()) for part in text.split(separator)}) == 1


@operator("split_parts_have_unequal_length", comparator=False)
def split_parts_have_unequal_length(frame: Frame, condition: Condition) -> Flags:
    """Tell which text cells fall into parts of different length; a null cell has no parts and is not flagged."""
    column = target(frame, condition)
    return ~split_parts_have_equal_length(frame, condition) & ~np.asarray(column.null)
