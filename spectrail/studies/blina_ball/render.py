"""Turn typed form frames into what an EDC system exports: text in every cell, system columns first."""

from __future__ import annotations

import numpy as np
import pandas as pd

from spectrail.studies.blina_ball.facts import STUDY, Field, Form, day_number, forms, table
from spectrail.studies.blina_ball.rng import Floats, Ints
from spectrail.studies.blina_ball.subjects import Subjects
from spectrail.studies.blina_ball.text import Objects, by_distinct, plain_number, write_days, write_minute
from spectrail.studies.blina_ball.timeline import UNS2, column_folders, folder_index

SITE_NAMES = ("Donghu University First Hospital", "Linhai Central Hospital", "Northern Haematology Institute")
LATEST_ENTRY = day_number("2024-07-25")
TEXT_NUMBERS = frozenset({"LLN", "ULN"})


def arrange(s: Subjects, form: Form, frame: pd.DataFrame) -> pd.DataFrame:
    """Sort a typed form by subject and time; add `_alt`, `_pos` (record position) and `_date` (absolute day)."""
    for name in ("_tp", "_order", "_alt", "_first", *form.columns):
        if name not in frame:
            frame[name] = {"_tp": -1, "_order": 0, "_alt": 1, "_first": False}.get(name)
    frame["_alt"] = frame["_alt"].fillna(1).astype(int)
    frame["_tp"] = frame["_tp"].fillna(-1).astype(int)
    main = next((field.name for field in form.fields if field.type == "date" and "BRTH" not in field.name), "")
    main = {"DM": "ICFDAT", "ELIG": "IEDAT", "VISIT": "_sort"}.get(form.name, main)
    time = next((field.name for field in form.fields if field.type == "time"), main)
    keys = pd.DataFrame(
        {
            "i": frame["_i"],
            "a": frame["_alt"],
            "d": pd.to_numeric(frame[main]).fillna(1e6),
            "t": pd.to_numeric(frame[time]),
            "p": frame["_tp"],
            "o": pd.to_numeric(frame["_order"]).fillna(0),
            "f": frame["_first"].fillna(False).astype(bool).map({True: 0, False: 1}),
        }
    )
    order = np.lexsort([keys[name].to_numpy() for name in ("o", "f", "t", "p", "d", "a", "i")])
    frame = frame.take(order).reset_index(drop=True)
    frame["_pos"] = frame.groupby(["_i", "_alt"], sort=False).cumcount() + 1
    frame["_date"] = pd.to_numeric(frame[main]) + s["trt0"][frame["_i"]]
    return frame


def render(s: Subjects, form: Form, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the arranged form as text, object columns with None, system columns first, plus `_i`."""
    reference = s["trt0"][frame["_i"]].astype(np.float64)
    columns = system(s, form, frame)
    for field in form.fields:
        columns[field.name] = _cells(field, frame[field.name], reference)
    columns["_i"] = frame["_i"].to_numpy()
    return pd.DataFrame(columns)


def _cells(field: Field, column: pd.Series, reference: Floats) -> Objects:
    if field.type == "date":
        return write_days(pd.to_numeric(column).to_numpy(dtype=float) + reference, field.format)
    if field.type == "time":
        return by_distinct(pd.to_numeric(column).to_numpy(dtype=float), write_minute)
    if field.type == "number" and field.name not in TEXT_NUMBERS:
        return by_distinct(pd.to_numeric(column).to_numpy(dtype=float), plain_number)
    return _texts(column)


def _texts(column: pd.Series) -> Objects:
    codes, distinct = pd.factorize(column)
    texts = np.array([*(_cell(value) for value in distinct), None], dtype=object)
    return np.asarray(texts[codes])


def _cell(value: object) -> str:
    return plain_number(float(value)) if isinstance(value, int | float) else str(value)


def subject_labels(s: Subjects, rows: Ints, first: Ints) -> Objects:
    """Return the subject number; a person screened again carries a number of the 9xxxx range the second time."""
    again = s["rescreened"][rows] & (first == 1)
    labels = [
        [f"{site:02d}-{number:05d}", f"{site:02d}-{90000 + number:05d}"]
        for site, number in zip(s["site"].tolist(), s["number"].tolist(), strict=True)
    ]
    return np.asarray(np.array(labels, dtype=object)[rows, again.astype(int)])


def system(s: Subjects, form: Form, frame: pd.DataFrame) -> dict[str, Objects]:
    """Return the system columns of a form."""
    rows = frame["_i"].to_numpy()
    folder, repeat = _folders(s, form, frame)
    facts = table("visits")
    take = {
        name: np.array([row[name] for row in facts], dtype=object) for name in ("FOLDER", "FOLDERNAME", "FOLDERSEQ")
    }
    name = take["FOLDERNAME"][folder]
    numbered = np.isin(take["FOLDER"][folder], ("UNS", "EOS"))
    suffix = by_distinct(repeat.astype(np.float64) + 1, lambda value: f" {value:.0f}")
    site = s["site"][rows]
    position = frame["_pos"].to_numpy()
    created, updated, saved = _stamps(s, frame)
    dated = frame["_date"].to_numpy() if form.kind != "log" else np.full(len(frame), np.nan)
    count = len(frame)
    number = np.array([None, "01", "02", "03"], dtype=object)[site]
    return {
        "project": np.full(count, STUDY, dtype=object),
        "environmentName": np.full(count, "Prod", dtype=object),
        "Subject": subject_labels(s, rows, frame["_alt"].to_numpy()),
        "Site": np.array([None, *SITE_NAMES], dtype=object)[site],
        "SiteNumber": number,
        "StudyEnvSiteNumber": number.copy(),
        "InstanceName": np.where(numbered, name + suffix, name),
        "InstanceRepeatNumber": by_distinct(repeat.astype(float), plain_number),
        "Folder": take["FOLDER"][folder],
        "FolderName": name,
        "FolderSeq": take["FOLDERSEQ"][folder],
        "DataPageName": np.full(count, form.title, dtype=object),
        "PageRepeatNumber": np.full(count, "0", dtype=object),
        "RecordPosition": by_distinct(position.astype(float), plain_number),
        "RecordDate": write_days(dated, "YYYY-MM-DD"),
        "MinCreated": created,
        "MaxUpdated": updated,
        "SaveTS": saved,
    }


def _folders(s: Subjects, form: Form, frame: pd.DataFrame) -> tuple[Ints, Ints]:
    """Return the folder (row of `tables/visits.csv`) and the repeat of its instance."""
    index = folder_index()
    at = frame["_tp"].to_numpy()
    zero = np.zeros(len(frame), dtype=np.int64)
    if form.name == "SURV":
        return zero + index["EOS"], frame["_pos"].to_numpy() - 1
    if form.kind == "log":
        return zero + index["LOG"], zero
    if form.kind == "once":
        return zero + index["SCR"], zero
    plain, extended = column_folders()
    return np.where(s["ext"][frame["_i"]], extended[at], plain[at]), (at == UNS2).astype(np.int64)


def _stamps(s: Subjects, frame: pd.DataFrame) -> tuple[Objects, Objects, Objects]:
    """Return first entry, last change and save times; they follow from subject and record, never from a clock."""
    number, position = s["number"][frame["_i"]].astype(np.int64), frame["_pos"].to_numpy(dtype=np.int64)
    mixed = (number * 7919 + position * 104729) % 1009
    # A record marked first is the one that a later record of the same page corrected.
    mixed = np.where(frame["_first"].fillna(False).astype(bool), 0, mixed)
    day = np.nan_to_num(frame["_date"].to_numpy(dtype=float), nan=0.0)
    day = np.where(day > 0, day, s["trt0"][frame["_i"]] + 25) + 1 + mixed % 4
    day = np.minimum(day, LATEST_ENTRY)
    seconds = (day.astype(np.int64) * 1440 + 480 + mixed % 500) * 60 + mixed % 60
    later = np.where(mixed % 7 == 0, (mixed % 20) * 86400 + 3600, 0)
    limit = (LATEST_ENTRY + 1) * 86400
    changed = np.minimum(seconds + later, np.maximum(limit, seconds))
    return _iso(seconds), _iso(changed), _iso(changed + 2)


def _iso(seconds: Ints) -> Objects:
    text = np.datetime_as_string(seconds.astype("datetime64[s]"))
    return text.astype(object)


def form(name: str) -> Form:
    """Return a form by name."""
    return forms()[name]
