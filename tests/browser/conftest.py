"""One headless Chromium for all tests of pages."""

from __future__ import annotations

import importlib
import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

OFFLINE = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1400,1000",
)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Start Chromium; skip where there is none, unless CI says that there has to be."""
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    wanted = os.environ.get("CI") == "true"
    if not (binary and driver):
        if wanted:
            pytest.fail("chromium and chromedriver must be installed in CI")
        pytest.skip("chromium and chromedriver are not on this machine")
    webdriver = importlib.import_module("selenium.webdriver") if wanted else pytest.importorskip("selenium.webdriver")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for argument in (*OFFLINE, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    running = webdriver.Chrome(service=webdriver.ChromeService(executable_path=driver), options=options)
    yield running
    running.quit()
