"""`relrec`: records of RELREC from links that were collected (SDTMIG 3.4 section 8.2)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sdtm.algorithms.lookup import key_texts
from sdtm.catalog import ALGORITHMS
from spectrail import frames
from spectrail.errors import SpecError
from spectrail.steps import ColumnName, Exclusion, Positions, Problem, Records, Table, TableColumn


@ALGORITHMS.records(
    method="records of {domain} and {table_domain} that are linked by {source} and {key}",
    makes=("RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL", "RELTYPE", "RELID"),
)
def relrec(
    frame: pd.DataFrame,
    *,
    source: tuple[ColumnName, ...],
    domain: str,
    variable: ColumnName,
    table: Table,
    key: tuple[TableColumn, ...],
    table_domain: str,
    table_variable: TableColumn,
    relation: str = "",
) -> Records:
    """Turn records of one domain into the RELREC records that relate them to the table's records with the same link.

    `source` and `key` are the link columns of both sides, the subject first; `variable` and `table_variable` identify
    the records (`CM.CMSEQ`, `AESEQ`; an optional dataset prefix is dropped in IDVAR).  All records of a subject that
    share a link are one relationship: RDOMAIN, USUBJID, IDVAR, IDVARVAL, RELTYPE (empty at record level) and RELID,
    `relation` (default: both domains) with a number per subject.  Records without a link or partner are left out; a
    link without partner is a problem, listed once.  Relationships between whole datasets are rows of a lookup table.
    """
    if len(source) != len(key) or not source:
        raise SpecError(f"relrec has {len(source)} source column(s) for {len(key)} key column(s)")
    left = [frame[name] for name in source]
    right = [table[name].reset_index(drop=True) for name in key]
    wanted, offered = frames.shared_codes(left, right)
    linked = np.isin(wanted, offered[offered >= 0]) & (wanted >= 0)
    rows = np.flatnonzero(linked).astype(np.int64)
    partners = np.flatnonzero(np.isin(offered, wanted[rows])).astype(np.int64)
    codes = np.concatenate([wanted[rows], offered[partners]])
    subject = frames.as_text(pd.concat([left[0].iloc[rows], right[0].iloc[partners]], ignore_index=True))
    side = np.repeat([0, 1], [len(rows), len(partners)])
    numbers = _relation_numbers(subject, codes)
    order = np.lexsort((np.concatenate([rows, partners]), side, numbers, frames.packed_order([subject])))
    made = _relations(
        subject,
        side,
        pd.concat(
            [
                frames.as_text(frame[variable].iloc[rows]),
                frames.as_text(table[table_variable].reset_index(drop=True).iloc[partners]),
            ],
            ignore_index=True,
        ),
        numbers,
        (domain, table_domain),
        (variable.rpartition(".")[2], table_variable.rpartition(".")[2]),
        relation or f"{table_domain}{domain}",
    )
    made = made.take(order).reset_index(drop=True)
    provider = np.concatenate([rows, np.full(len(partners), -1, dtype=np.int64)])[order]
    from_table = np.concatenate([np.full(len(rows), -1, dtype=np.int64), partners])[order]
    joined = np.flatnonzero(from_table >= 0).astype(np.int64)
    own = np.flatnonzero(provider >= 0).astype(np.int64)
    return Records(
        made,
        provider,
        links=(own, provider[own]),
        joined=(joined, table.index.to_numpy(dtype=np.int64)[from_table[joined]]),
        excluded=_left_out(linked),
        problems=_lost(left, wanted, linked),
    )


def _relation_numbers(subject: pd.Series, codes: Positions) -> Positions:
    """Number the links of each subject from 1 in the order of their first record."""
    links, count = frames.group_codes([subject, pd.Series(codes)])
    first = frames.first_positions(links, count)
    owner = frames.group_codes([subject.iloc[first]])[0] if count else links
    order = np.lexsort((first, owner))
    number = np.empty(count, dtype=np.int64)
    number[order] = frames.number_in_runs(owner[order])
    return np.asarray(number[links])


def _relations(
    subject: pd.Series,
    side: np.ndarray,
    identifier: pd.Series,
    numbers: Positions,
    domains: tuple[str, str],
    variables: tuple[str, str],
    relation: str,
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "RDOMAIN": frames.take_text(domains, side),
            "USUBJID": subject,
            "IDVAR": frames.take_text(variables, side),
            "IDVARVAL": identifier,
            "RELTYPE": frames.missing_text(len(side)),
            "RELID": relation + frames.as_text(pd.Series(numbers.astype(np.float64))),
        }
    )


def _left_out(linked: np.ndarray) -> tuple[Exclusion, ...]:
    rows = np.flatnonzero(~linked).astype(np.int64)
    return (Exclusion(rows, "not related to a record of the other domain"),) if len(rows) else ()


def _lost(left: list[pd.Series], wanted: Positions, linked: np.ndarray) -> tuple[Problem, ...]:
    rows = np.flatnonzero((wanted >= 0) & ~linked).astype(np.int64)
    if not len(rows):
        return ()
    text = "link to a record that the other domain does not have"
    return (Problem("MAP-RELREC", "warning", text, rows, key_texts(left, rows).to_numpy(), once=True),)
