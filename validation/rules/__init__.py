"""The packaged conformance rules: one folder per rule, in CDISC CORE's format."""

from __future__ import annotations

from pathlib import Path

RULES_FOLDER = Path(__file__).resolve().parent
