"""Build the packaged tables of this folder from plain CSV files; run by developers only.

    python -m specs.standards.build FOLDER_OF_CSV

writes one compressed Parquet file per table beside this module and the hash table of SOURCES.md.  The same CSV files
and the same pyarrow version give the same bytes.
"""

from __future__ import annotations

import csv
import hashlib
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from spectrail.errors import InputError, Place, UsageError

HERE = Path(__file__).parent
CT_RELEASE = "2025-03-28"
HASHES_START = "<!-- hashes: written by build.py -->"
HASHES_END = "<!-- end of hashes -->"

Row = dict[str, str]


def main(arguments: list[str]) -> None:
    """Build every table from the folder named on the command line."""
    if len(arguments) != 1:
        raise UsageError(
            "one argument is needed: the folder of CSV files", hint="python -m specs.standards.build DIR"
        )
    build(Path(arguments[0]), HERE)


def build(source: Path, target: Path) -> None:
    """Write all packaged tables of `source` into `target`, then the hashes into its SOURCES.md."""
    for name, make in TABLES.items():
        pq.write_table(
            make(source),
            target / f"{name}.parquet",
            compression="zstd",
            compression_level=19,
            write_statistics=False,
            store_schema=True,
        )
    sources = target / "SOURCES.md"
    if sources.exists():
        sources.write_text(with_hashes(sources.read_text("utf-8"), target), "utf-8")


def with_hashes(text: str, folder: Path) -> str:
    """Return the text of SOURCES.md with the hash table of the Parquet files of `folder` put in."""
    lines = ["| file | SHA-256 |", "|---|---|"]
    for path in sorted(folder.glob("*.parquet")):
        lines.append(f"| {path.name} | {hashlib.sha256(path.read_bytes()).hexdigest()} |")
    before, _, rest = text.partition(HASHES_START)
    after = rest.partition(HASHES_END)[2]
    return f"{before}{HASHES_START}\n\n" + "\n".join(lines) + f"\n\n{HASHES_END}{after}"


def rows_of(path: Path) -> list[Row]:
    """Read a UTF-8 CSV file with a header as text cells."""
    try:
        with path.open(encoding="utf-8", newline="") as handle:
            return list(csv.DictReader(handle))
    except FileNotFoundError:
        raise InputError(
            "there is no such file", place=Place(file=str(path)), hint="name the folder of CSVs"
        ) from None


def table_of(rows: Iterable[Row], **columns: str) -> pa.Table:
    """Make an Arrow table of text (`text`), numbers (`int`), flags (`flag`: Y/Yes) or lists (`list`) from rows."""
    rows = list(rows)
    return pa.table({name: COLUMN_TYPES[kind]([row[name] for row in rows]) for name, kind in columns.items()})


def _list(cells: list[str]) -> pa.Array:
    return pa.array([[part for part in re.split(r"[;\s]+", cell) if part] for cell in cells], pa.list_(pa.string()))


COLUMN_TYPES: dict[str, Callable[[list[str]], pa.Array]] = {
    "text": lambda cells: pa.array(cells, pa.string()),
    "category": lambda cells: pa.array(cells, pa.string()).dictionary_encode(),
    "int": lambda cells: pa.array([int(cell) for cell in cells], pa.int16()),
    "flag": lambda cells: pa.array([cell in ("Y", "Yes") for cell in cells], pa.bool_()),
    "list": _list,
}


def sdtmig_datasets(source: Path) -> pa.Table:
    """SDTMIG 3.4 datasets: label, class, structure, keys."""
    rows = rows_of(source / "sdtmig_3_4_datasets.csv")
    for row in rows:
        row.update({"name": row["domain"], "class_name": row["class"], "keys": row["key_variables"]})
    return table_of(
        rows,
        name="text",
        label="text",
        class_name="text",
        define_class_ct="text",
        structure="text",
        keys="list",
        repeating="flag",
        is_reference_data="flag",
    )


def _variables(rows: list[Row], group: str) -> pa.Table:
    for row in rows:
        row.update({"group": row[group], "codelists": row.get("codelist", ""), "values": row.get("value_list", "")})
        row.setdefault("format", "")
        row.setdefault("role", "")
        row.setdefault("core", "")
        row.setdefault("dataset", "")
        row.setdefault("variable_set", "")
    return table_of(
        rows,
        group="category",
        dataset="category",
        variable_set="category",
        order="int",
        name="text",
        label="text",
        type="category",
        codelists="list",
        format="category",
        values="list",
        role="category",
        core="category",
    )


def sdtmig_variables(source: Path) -> pa.Table:
    """SDTMIG 3.4 variables of every dataset, in order."""
    return _variables(rows_of(source / "sdtmig_3_4_variables.csv"), "domain")


def sdtm_variables(source: Path) -> pa.Table:
    """SDTM 2.0 model variables by class; `dataset` for the special-purpose, trial design and relationship ones."""
    return _variables(rows_of(source / "sdtm_2_0_model_variables.csv"), "class")


def adam_variables(source: Path, *, standard: str) -> pa.Table:
    """ADaM variables by class of one standard (`ADaMIG v1.3` or `ADaM OCCDS v1.1`)."""
    rows = [row for row in rows_of(source / "adamig_1_3_variables.csv") if row["source_standard"] == standard]
    return _variables(rows, "class")


def ct_terms(source: Path) -> pa.Table:
    """CT terms of one release; `paired` is the list of the TEST names of a list of TESTCDs, and the reverse."""
    terms = rows_of(source / f"ct_terms_{CT_RELEASE}.csv")
    here = {row["codelist"] for row in terms}
    pairs = {row["codelist_code"]: row["paired_codelist"] for row in rows_of(source / "ct_codelists.csv")}
    for row in terms:
        paired = pairs.get(row["codelist_code"], "")
        row["paired"] = paired if paired in here else ""
    return table_of(
        terms,
        package="category",
        codelist_code="category",
        codelist="category",
        codelist_name="category",
        extensible="flag",
        paired="category",
        term_code="text",
        submission_value="text",
        decode="text",
        nci_preferred_term="text",
    )


def ct_synonyms(source: Path) -> pa.Table:
    """Synonyms of the terms of that release; synonyms of terms the release lacks are left out."""
    known = {
        (row["codelist_code"], row["term_code"], row["submission_value"])
        for row in rows_of(source / f"ct_terms_{CT_RELEASE}.csv")
    }
    rows = [
        row
        for row in rows_of(source / "ct_synonyms.csv")
        if (row["codelist_code"], row["term_code"], row["submission_value"]) in known
    ]
    return table_of(rows, codelist_code="category", submission_value="text", synonym="text")


def ts_parameters(source: Path) -> pa.Table:
    """Trial summary parameters with the codelist of their values."""
    rows = rows_of(source / "ts_parameters.csv")
    for row in rows:
        row["required_cg0287"] = row["required_sdtmig_3_2_3_3_rule_CG0287"]
        row["required_fb1111"] = row["required_fda_rule_FB1111"]
    return table_of(
        rows,
        tsparmcd="text",
        tsparm="text",
        term_code="text",
        required_cg0287="flag",
        required_fb1111="flag",
        tsval_kind="text",
        tsval_codelist="text",
    )


TABLES: dict[str, Callable[[Path], pa.Table]] = {
    "sdtmig-3.4-datasets": sdtmig_datasets,
    "sdtmig-3.4-variables": sdtmig_variables,
    "sdtm-2.0-variables": sdtm_variables,
    "adamig-1.3-variables": lambda source: adam_variables(source, standard="ADaMIG v1.3"),
    "occds-1.1-variables": lambda source: adam_variables(source, standard="ADaM OCCDS v1.1"),
    f"ct-{CT_RELEASE}-terms": ct_terms,
    f"ct-{CT_RELEASE}-synonyms": ct_synonyms,
    "ts-parameters": ts_parameters,
}
"""Packaged table -> function that makes it from the folder of CSV files."""


if __name__ == "__main__":
    main(sys.argv[1:])
