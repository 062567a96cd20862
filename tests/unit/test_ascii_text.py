"""Transliteration of text to printable ASCII."""

from __future__ import annotations

import pandas as pd

from spectrail.io.ascii_text import transliterate


def test_transliterate_lists_what_changed() -> None:
    """Each changed record is listed with both texts; the others stay as they are."""
    micro, greek = "5 \u00b5g/L", "5 \u03bcg/L"
    values = pd.Series([micro, "mg/L", None, greek, "\u2265 3 \u00d7 ULN", "Caf\u00e9 \u201cx\u201d", "\uff21\uff22"])
    result, changed = transliterate(values.astype("str"))
    assert result.fillna("<missing>").tolist() == [
        "5 ug/L",
        "mg/L",
        "<missing>",
        "5 ug/L",
        ">= 3 x ULN",
        'Cafe "x"',
        "AB",
    ]
    assert result.dtype == "str"
    assert changed["record"].tolist() == [0, 3, 4, 5, 6]
    assert changed["before"].tolist()[:2] == [micro, greek]
    assert changed["after"].tolist()[0] == "5 ug/L"
    assert changed["complete"].tolist() == [True] * 5


def test_transliterate_what_has_no_ascii_form() -> None:
    """A character without an ASCII form stays and is listed as incomplete, or becomes the fallback."""
    values = pd.Series(["\u53d1\u70ed 38", "ok"], dtype="str")
    result, changed = transliterate(values)
    assert result.tolist() == ["\u53d1\u70ed 38", "ok"]
    assert changed[["record", "complete"]].to_numpy().tolist() == [[0, False]]
    result, changed = transliterate(values, fallback="?")
    assert result.tolist() == ["?? 38", "ok"]
    assert changed["complete"].tolist() == [False]


def test_transliterate_plain_text_is_untouched() -> None:
    """Text that is ASCII comes back as the same object with an empty table."""
    values = pd.Series(["a", None], dtype="str", index=[5, 7])
    result, changed = transliterate(values)
    assert result is values
    assert len(changed) == 0


def test_transliterate_keeps_index_and_name() -> None:
    """The result stands where the input stood; control characters become blanks, nothing becomes missing."""
    values = pd.Series(["a\tb", "\u200b", None], dtype="str", index=[5, 7, 9], name="X")
    result, _ = transliterate(values)
    assert result.index.tolist() == [5, 7, 9]
    assert result.name == "X"
    assert result.isna().tolist() == [False, True, True]
    assert result.iloc[0] == "a b"
