"""A page in a headless Chromium as tests look at it: opened from disk, what is shown, what was asked for."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any


def open_page(browser: Any, page: Path, fragment: str = "") -> None:
    """Open a page from disk in a fresh document; its script has run."""
    browser.get("about:blank")
    browser.get_log("performance")
    browser.get(page.as_uri() + fragment)
    assert browser.execute_script("return document.documentElement.dataset.ready") == "yes"


def requests(browser: Any) -> list[str]:
    """Return the addresses that the page has asked for since the last call."""
    found = []
    for entry in browser.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            found.append(message["params"]["request"]["url"])
    return found


def shown(browser: Any, selector: str) -> list[str]:
    """Return the text of the visible elements."""
    script = (
        "return [...document.querySelectorAll(arguments[0])].filter(e => e.checkVisibility()).map(e => e.textContent)"
    )
    return list(browser.execute_script(script, selector))


def settle() -> None:
    """Wait for the filter, which runs 80 ms after the last key."""
    time.sleep(0.4)


def follow(browser: Any, selector: str) -> str:
    """Click a link and return the target that the address names then."""
    browser.execute_script("document.querySelector(arguments[0]).click()", selector)
    time.sleep(0.2)
    return str(browser.execute_script("return decodeURIComponent(location.hash)"))


def in_view(browser: Any, identifier: str) -> bool:
    """Tell whether an element begins within the window."""
    script = (
        "const box = document.getElementById(arguments[0]).getBoundingClientRect();"
        "return box.top >= 0 && box.top < innerHeight"
    )
    return bool(browser.execute_script(script, identifier))
