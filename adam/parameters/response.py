"""Response of acute leukaemia by rule: marrow, counts, extramedullary disease to CR, CRh, CRi, MLFS, PR, NR."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from adam.derivations.toxicity import compared
from spectrail.errors import UnknownNameError

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

CLASSES = (
    "CR",
    "CRh",
    "CRi",
    "MORPHOLOGIC LEUKEMIA-FREE STATE",
    "PR",
    "SD",
    "NR",
    "PD",
    "RELAPSED DISEASE",
    "NE",
)
"""Response classes in the order best to worst; AVAL is the position from 1."""
CR, CRH, CRI, MLFS, PR, SD, NR, PD, RELAPSE, NE = range(10)
REMISSION = (CR, CRH, CRI)
_LIMITS = {"count_anc_cr": 1.0, "count_plt_cr": 100.0, "count_anc_crh": 0.5, "count_plt_crh": 50.0}


@dataclass(frozen=True)
class Rules:
    """The choices of the response algorithm; every field is a setting of that name."""

    cri_rule: str = "any_deficit"
    blast_cut: str = "<5"
    count_anc_cr: str = ">="
    count_plt_cr: str = ">="
    count_anc_crh: str = ">="
    count_plt_crh: str = ">="
    efs_relapse_blast: str = ">5%"

    def __post_init__(self) -> None:
        for name, options in (
            ("cri_rule", ("any_deficit", "one_lineage")),
            ("blast_cut", ("<5", "<=5")),
            ("efs_relapse_blast", (">5%", ">=25%")),
            *((name, (">=", ">")) for name in _LIMITS),
        ):
            if getattr(self, name) not in options:
                raise UnknownNameError(f"option of {name}", getattr(self, name), options)

    def enough(self, name: str, values: Floats) -> Bools:
        """Tell which counts meet a limit (`count_anc_cr`, ...)."""
        return compared(getattr(self, name), values, np.full(len(values), _LIMITS[name]))


def evaluable(blast: Floats, cells: Floats, cellularity: Floats, adequate: Bools) -> Bools:
    """Tell which marrows can be judged.

    Blasts are there and they are 5 % or more, or 200 cells were counted, or the cellularity is 10 % or more; where
    neither number of cells nor cellularity is known, the word of the investigator (`adequate`) counts.
    """
    unknown = np.isnan(cells) & np.isnan(cellularity)
    with np.errstate(invalid="ignore"):
        good = (blast >= 5) | (cells >= 200) | (cellularity >= 10) | (unknown & adequate)
    return np.asarray(~np.isnan(blast) & good)


def count_class(anc: Floats, plt: Floats, rules: Rules) -> Ints:
    """Class a marrow in remission by its counts: CR, CRh, CRi or MLFS; NE where a count is missing.

    `any_deficit`: any deficit beyond CRh is CRi. `one_lineage`: CRi needs one recovered line, none is MLFS.
    """
    anc_cr, plt_cr = rules.enough("count_anc_cr", anc), rules.enough("count_plt_cr", plt)
    crh = rules.enough("count_anc_crh", anc) & rules.enough("count_plt_crh", plt)
    rest = np.full(len(anc), CRI)
    if rules.cri_rule == "one_lineage":
        rest = np.where(anc_cr | plt_cr, CRI, MLFS)
    made = np.where(anc_cr & plt_cr, CR, np.where(crh, CRH, rest))
    return np.where(np.isnan(anc) | np.isnan(plt), NE, made)


def remission_marrow(blast: Floats, rules: Rules) -> Bools:
    """Tell which marrows have no more blasts than a remission allows."""
    return compared("<" if rules.blast_cut == "<5" else "<=", blast, np.full(len(blast), 5.0))


def classify(assessments: pd.DataFrame, rules: Rules) -> Ints:
    """Class assessments: one position in `CLASSES` per row.

    Columns: USUBJID, ADT; BLAST, CELLS, CELLULAR (%), ADEQ (bool), ANC, PLT (10^9/L), PBLAST (%), EMD (1 present, 0
    absent, NaN not assessed), EMDBL (the same at baseline) and BLASTBL. Rows may come in any order; what a row is
    after a remission depends on the subject's earlier rows.
    """
    number = {
        name: assessments[name].to_numpy(dtype=np.float64)
        for name in ("BLAST", "ANC", "PLT", "PBLAST", "EMDBL", "BLASTBL")
    }
    blast = number["BLAST"]
    usable = _evaluable_rows(assessments)
    emd = extramedullary(assessments)
    disease = (emd == 1) | (number["PBLAST"] > 0)
    free = remission_marrow(blast, rules)
    counted = count_class(number["ANC"], number["PLT"], rules)
    clean = np.where(np.isnan(emd), NE, np.where(disease, NR, counted))
    made = np.where(usable & free, clean, NE)
    after = _after_remission(assessments, np.isin(made, REMISSION))
    relapsed = compared(">", blast, np.full(len(blast), 5.0))
    if rules.efs_relapse_blast == ">=25%":
        relapsed = compared(">=", blast, np.full(len(blast), 25.0))
    before = _before_remission(assessments, number, emd, rules)
    high = usable & ~free
    made = np.where(high, np.where(after, np.where(relapsed, RELAPSE, NR), before), made)
    made = np.where(after & usable & free & disease, RELAPSE, made)
    new_emd = (emd == 1) & (number["EMDBL"] == 0) & ~after
    return np.where(new_emd & usable & ~np.isin(made, (RELAPSE,)), PD, made)


def counts_decide(assessments: pd.DataFrame, rules: Rules) -> Bools:
    """Tell which rows are in remission as far as marrow, blood and disease elsewhere go: their counts give the class.

    Columns as in `classify`.
    """
    free = remission_marrow(assessments["BLAST"].to_numpy(dtype=np.float64), rules)
    no_blasts = ~(assessments["PBLAST"].to_numpy(dtype=np.float64) > 0)
    return np.asarray(_evaluable_rows(assessments) & free & no_blasts & (extramedullary(assessments) == 0))


def extramedullary(assessments: pd.DataFrame) -> Floats:
    """Return extramedullary disease (1, 0, NaN unknown); not assessed is absent where it was at baseline."""
    emd, base = (assessments[name].to_numpy(dtype=np.float64) for name in ("EMD", "EMDBL"))
    return np.where(np.isnan(emd) & (base == 0), 0.0, emd)


def _evaluable_rows(assessments: pd.DataFrame) -> Bools:
    blast, cells, cellularity = (
        assessments[name].to_numpy(dtype=np.float64) for name in ("BLAST", "CELLS", "CELLULAR")
    )
    return evaluable(blast, cells, cellularity, assessments["ADEQ"].to_numpy(dtype=bool))


def _after_remission(assessments: pd.DataFrame, remission: Bools) -> Bools:
    """Tell which rows lie after the subject's first remission."""
    codes, distinct = pd.factorize(assessments["USUBJID"])
    days = assessments["ADT"].to_numpy(dtype="datetime64[us]").astype(np.int64)
    first = np.full(len(distinct), np.iinfo(np.int64).max)
    np.minimum.at(first, codes[remission], days[remission])
    return np.asarray(days > first[codes])


def _before_remission(assessments: pd.DataFrame, number: dict[str, Floats], emd: Floats, rules: Rules) -> Ints:
    """Class marrows with blasts before any remission: PD against the nadir, PR against baseline, else NR."""
    blast, base = number["BLAST"], number["BLASTBL"]
    nadir = _nadir_before(assessments, blast, base)
    progressed = compared(">=", blast, nadir * 1.25) & (nadir > 0)
    halved = compared("<=", blast, base * 0.5)
    counts = rules.enough("count_anc_cr", number["ANC"]) & rules.enough("count_plt_cr", number["PLT"])
    none = (emd == 0) & ~(number["PBLAST"] > 0)
    partial = halved & (blast <= 25) & counts & none
    return np.where(progressed, PD, np.where(partial, PR, NR))


def _nadir_before(assessments: pd.DataFrame, blast: Floats, base: Floats) -> Floats:
    """Return the lowest earlier marrow blasts of each row, the baseline included."""
    codes, _ = pd.factorize(assessments["USUBJID"])
    days = assessments["ADT"].to_numpy(dtype="datetime64[us]").astype(np.int64)
    order = np.lexsort((days, codes))
    ordered = pd.Series(blast[order])
    groups = codes[order]
    lowest = ordered.groupby(groups).cummin().groupby(groups).ffill().groupby(groups).shift(1).to_numpy()
    earlier = np.empty(len(blast))
    earlier[order] = lowest
    return np.fmin(earlier, base)
