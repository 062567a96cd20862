"""Seeded raw laboratory data for the build benchmark: one row per visit, ten tests side by side, two unit systems."""

from __future__ import annotations

import numpy as np
import pandas as pd

TESTS = ("NEUT", "PLAT", "WBC", "HGB", "ALT", "AST", "BILI", "CREAT", "ALB", "LDH")
NAMES = {
    "NEUT": "Neutrophils", "PLAT": "Platelets", "WBC": "Leukocytes", "HGB": "Hemoglobin",
    "ALT": "Alanine Aminotransferase", "AST": "Aspartate Aminotransferase", "BILI": "Bilirubin",
    "CREAT": "Creatinine", "ALB": "Albumin", "LDH": "Lactate Dehydrogenase",
}  # fmt: skip
UNITS = {
    "NEUT": ("10^9/L", "/mm3", 0.001), "PLAT": ("10^9/L", "K/uL", 1.0), "WBC": ("10^9/L", "10*9/L", 1.0),
    "HGB": ("g/L", "g/dL", 10.0), "ALT": ("U/L", "U/L", 1.0), "AST": ("U/L", "U/L", 1.0),
    "BILI": ("umol/L", "mg/dL", 17.1), "CREAT": ("umol/L", "mg/dL", 88.4), "ALB": ("g/L", "g/dL", 10.0),
    "LDH": ("U/L", "U/L", 1.0),
}  # fmt: skip
"""Standard unit, the unit of the second laboratory, and the factor from it."""
RANGES = {
    "NEUT": (1.8, 6.3), "PLAT": (125, 350), "WBC": (3.5, 9.5), "HGB": (115, 150), "ALT": (7, 40), "AST": (13, 35),
    "BILI": (3, 21), "CREAT": (41, 81), "ALB": (40, 55), "LDH": (120, 250),
}  # fmt: skip
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
VISITS = 50


def raw_labs(records: int, seed: int = 1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return raw laboratory rows (`records` / 10 of them) and one raw demography row per subject."""
    generator = np.random.default_rng(seed)
    rows = records // len(TESTS)
    subject = np.arange(rows) // VISITS
    visit = np.arange(rows) % VISITS
    second = (subject % 2).astype(bool)
    day = np.datetime64("2023-01-02") + (subject % 300) + visit * 7
    day = day.astype("datetime64[D]")
    columns: dict[str, object] = {
        "SUBJECT": pd.Series(subject).map("{:06d}".format),
        "VISIT": pd.Series(visit).map("Week {}".format),
        "SAMPDAT": _collected_dates(day),
        "SAMPTIM": pd.Series(generator.integers(360, 600, rows)).map(lambda m: f"{m // 60}:{m % 60:02d}"),
    }
    for test in TESTS:
        low, high = RANGES[test]
        standard = generator.normal((low + high) / 2, (high - low) / 3, rows).clip(0.01)
        factor = np.where(second, UNITS[test][2], 1.0)
        columns[test] = pd.Series(np.round(standard / factor, 2)).map("{:g}".format)
        columns[f"{test}_U"] = np.where(second, UNITS[test][1], UNITS[test][0])
        columns[f"{test}_LO"] = np.where(second, f"{low / UNITS[test][2]:g}", f"{low:g}")
        columns[f"{test}_HI"] = np.where(second, f"{high / UNITS[test][2]:g}", f"{high:g}")
    labs = pd.DataFrame(columns).astype("str").sample(frac=1, random_state=seed).reset_index(drop=True)
    people = np.arange(subject.max() + 1)
    start = np.datetime64("2023-01-09") + people % 300
    demography = pd.DataFrame(
        {"SUBJECT": pd.Series(people).map("{:06d}".format), "FIRSTDOSE": _collected_dates(start)}
    ).astype("str")
    return labs, demography


def _collected_dates(days: np.ndarray) -> pd.Series:
    found = pd.DatetimeIndex(days.astype("datetime64[ns]"))
    months = np.array(MONTHS)[found.month - 1]
    return pd.Series(found.strftime("%d").to_numpy() + " " + months + " " + found.strftime("%Y").to_numpy())
