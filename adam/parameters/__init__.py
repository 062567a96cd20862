"""Rules of parameters; importing this package imports every module of it, and each registers what it defines.

Nothing has to be listed here: a new module is found by itself.
"""

from __future__ import annotations

import importlib
import pkgutil

for _module in sorted(one.name for one in pkgutil.iter_modules(__path__)):
    importlib.import_module(f"{__name__}.{_module}")
