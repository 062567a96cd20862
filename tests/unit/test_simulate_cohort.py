"""What is true of the simulated subjects: published counts, edge cases, consistency, rates, independence of size."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from spectrail.studies.blina_ball.block import Block, build_block
from spectrail.studies.blina_ball.cases import CASES
from spectrail.studies.blina_ball.facts import forms
from spectrail.studies.blina_ball.rng import Streams
from spectrail.studies.blina_ball.truth import edge_case_table

DATED = (
    ("LBLOC", "SAMPDAT"),
    ("BM", "BMDAT"),
    ("MRD", "BMDAT"),
    ("RESP", "ASMTDAT"),
    ("AE", "STDAT"),
    ("AE", "ENDAT"),
    ("CM", "CMSTDAT"),
    ("CM", "CMENDAT"),
    ("TRANSF", "TRDAT"),
    ("SUBS", "STDAT"),
    ("HSCT", "HSCTDAT"),
    ("VISIT", "VISDAT"),
    ("VS", "VSDAT"),
    ("ECOG", "ECOGDAT"),
    ("EXCH", "STDAT"),
    ("EXBL", "ENDT"),
    ("PDEV", "DVSTDAT"),
)


@pytest.fixture(scope="module")
def trial() -> Block:
    """Return the default trial."""
    return build_block(1, 1, 130, profile="trial", cases=len(CASES), plain=25)


@pytest.fixture(scope="module")
def ordinary() -> Block:
    """Return 1000 subjects without a deliberate case."""
    return build_block(1, 1001, 1000, profile="trial", cases=0, plain=0)


@pytest.fixture(scope="module")
def published() -> Block:
    """Return the publication profile."""
    return build_block(1, 1, 35, profile="publication", cases=0, plain=0)


def _day(block: Block, form: str, column: str) -> pd.Series:
    typed = block.typed[form]
    return pd.to_numeric(typed[column]) + block.subjects["trt0"][typed["_i"]]


def _numeric(frame: pd.DataFrame, column: str) -> pd.Series:
    return pd.to_numeric(frame[column])


def _remissions(block: Block, folder: str) -> tuple[int, int]:
    """Count remissions and MRD negative subjects of a visit from the clean marrow, count and MRD forms."""
    bm = block.clean["BM"].query("Folder == @folder").set_index("Subject")
    lab = block.clean["LBLOC"]
    at = lab.loc[(lab["Folder"] == folder) & lab["TESTCD"].isin(["NEUT", "PLAT"])]
    at = at.merge(bm["BMDAT"], left_on="Subject", right_index=True)
    counts = at.loc[at["SAMPDAT"] == at["BMDAT"]].groupby("Subject")["TESTCD"].nunique()
    clear = (_numeric(bm, "BLASTPCT") < 5) & (_numeric(bm, "CELLCNT") >= 200) & (_numeric(bm, "PBLAST") == 0)
    remitted = clear & (counts.reindex(bm.index) == 2)
    mrd = block.clean["MRD"]
    flow = mrd.loc[(mrd["Folder"] == folder) & (mrd["ASSAY_STD"] == "FLOW")]
    value = pd.to_numeric(flow["RESULT_TXT"].str.removeprefix("<"))
    negative = (value < 0.01) | (flow["RESULT_TXT"].str.startswith("<") & (value <= 0.01))
    return int(remitted.sum()), int(negative.sum())


def test_published_counts(published: Block) -> None:
    """33/35 in remission and 30/35 MRD negative at day 22; with the two extended ones 35/35 and 31/35."""
    assert len(published.clean["DM"]) == 35
    assert _remissions(published, "D22") == (33, 30)
    assert _remissions(published, "D37") == (2, 1)
    assert int(published.subjects["poor"].sum()) == 17


def test_moving_blasts_over_the_cut_moves_the_count(published: Block) -> None:
    """One subject's marrow raised from remission to 5 % blasts is one remission less."""
    bm = published.clean["BM"].copy()
    row = bm.index[(bm["Folder"] == "D22") & (_numeric(bm, "BLASTPCT") < 5)][0]
    bm.loc[row, "BLASTPCT"] = "5"
    moved = Block(
        published.subjects, published.grid, published.marrows, published.typed, published.clean | {"BM": bm}
    )
    assert _remissions(moved, "D22") == (32, 30)


def test_every_edge_case_has_its_place(trial: Block) -> None:
    """All 78 rows are in the table; each subject-level one names a subject of its own with records that exist."""
    table = edge_case_table(trial)
    assert {int(number) for rows in table["row"] for number in rows.split()} == set(range(1, 79))
    on_subject = table.loc[table["subject"] != ""]
    owners = on_subject.groupby("subject")["row"].agg(lambda rows: set(" ".join(rows).split()))
    assert owners.map(len).max() == 1
    for entry in on_subject.to_dict("records"):
        for records in entry["records"].split("; "):
            form, positions = records.split(" ")
            mine = trial.clean[form].loc[trial.clean[form]["Subject"] == entry["subject"], "RecordPosition"]
            assert set(positions.split(",")) <= set(mine), (entry["row"], form)


def _subject(trial: Block, row: str, nth: int = 0) -> str:
    table = edge_case_table(trial)
    return str(table.loc[table["row"] == row, "subject"].iloc[nth])


def _rows(trial: Block, form: str, subject: str, **where: str) -> pd.DataFrame:
    frame = trial.clean[form]
    frame = frame.loc[frame["Subject"] == subject]
    for column, value in where.items():
        frame = frame.loc[frame[column] == value]
    return frame


@pytest.mark.parametrize(
    ("row", "nth", "blast", "anc", "platelets", "response"),
    [
        ("1", 0, "4.9", "1.00", "100", "CR"),
        ("2", 0, "5", "2.00", "200", "PR"),
        ("3", 0, "1.5", "0.99", "100", "CRh"),
        ("4", 0, "1.5", "1.00", "99", "CRh"),
        ("4", 1, "1.5", "0.50", "50", "CRh"),
        ("5", 0, "1.5", "0.49", "120", "CRi"),
        ("6", 0, "1.5", "0.40", "60", "CRi"),
        ("7", 0, "0", "1.80", "140", "NE"),
        ("8", 0, "2", "2.00", "160", "NR"),
        ("8", 1, "2", "2.10", "170", "NR"),
        ("9", 0, "2", "1.60", "150", "NE"),
        ("16", 0, "1", "1.50", "60", "CR"),
    ],
)
def test_marrow_cases_hold_their_facts(
    trial: Block, row: str, nth: int, blast: str, anc: str, platelets: str, response: str
) -> None:
    """Blasts, counts and response of day 22 are those of the edge-case table."""
    subject = _subject(trial, row, nth)
    day = _rows(trial, "BM", subject, Folder="D22").iloc[0]
    lab = _rows(trial, "LBLOC", subject, SAMPDAT=day["BMDAT"]).set_index("TESTCD")["RESULT"]
    answer = _rows(trial, "RESP", subject, Folder="D22")["RESP"].iloc[0]
    assert (day["BLASTPCT"], lab["NEUT"], lab["PLAT"], answer) == (blast, anc, platelets, response)


def test_event_cases_hold_their_facts(trial: Block) -> None:
    """Deaths, transplants, other therapy and partial dates lie where the edge-case table wants them."""
    surv = {row: _rows(trial, "SURV", _subject(trial, row), STATUS="Dead") for row in ("19", "33", "36", "37", "38")}
    assert surv["36"]["DTHDAT"].tolist() == ["02-Jul-2024"]
    enrolled = _rows(trial, "ELIG", _subject(trial, "33"))["ENRLDAT"].iloc[0]
    died = surv["33"]["DTHDAT"].iloc[0]
    assert pd.to_datetime(enrolled, format="%m-%d-%Y") == pd.to_datetime(died, format="%d-%b-%Y")
    alive = _rows(trial, "SURV", _subject(trial, "37"), STATUS="Alive")["SURVDAT"].tolist()
    assert alive[-1] == "12-Aug-2023"
    assert _rows(trial, "SURV", _subject(trial, "38"), STATUS="Alive")["SURVDAT"].tolist()[-1] == "20-May-2023"
    assert len(_rows(trial, "HSCT", _subject(trial, "41"))) == 1
    assert _rows(trial, "SUBS", _subject(trial, "43"))["REASON"].tolist() == ["Lack of efficacy"]
    assert len(_rows(trial, "EXCH", _subject(trial, "45"))) + len(_rows(trial, "EXBL", _subject(trial, "45"))) == 0
    assert _rows(trial, "BM", _subject(trial, "44"))["Folder"].tolist() == ["SCR"]


def test_pause_of_thirty_hours(trial: Block) -> None:
    """The interrupted infusion has 9, 28 and 9 ug/day with 30 hours between the second and the third stretch."""
    bags = _rows(trial, "EXBL", _subject(trial, "70"), PHASE_STD="IND")
    start = pd.to_datetime(bags["STDT"] + " " + bags["STTIM"], format="%d-%b-%Y %H:%M")
    end = pd.to_datetime(bags["ENDT"] + " " + bags["ENTIM"], format="%d-%b-%Y %H:%M")
    gap = start.iloc[1:].to_numpy() - end.iloc[:-1].to_numpy()
    assert bags.loc[bags["INTYN"] == "Yes", "RESUMDOSE"].tolist() == ["9"]
    assert list(
        dict.fromkeys(zip(bags["DOSELVL"], np.append([0], np.cumsum(gap > np.timedelta64(0))), strict=True))
    ) == [
        ("9", 0),
        ("28", 0),
        ("9", 1),
    ]
    assert gap.max() == np.timedelta64(30, "h")


def test_rescreened_person_has_two_numbers(trial: Block) -> None:
    """The second screening names the first number; only the second was enrolled."""
    second = _subject(trial, "72")
    dm = trial.clean["DM"]
    first = dm.loc[dm["Subject"] == second, "PREVSUBJ"].iloc[0]
    elig = trial.clean["ELIG"].set_index("Subject")["ENRLYN_STD"]
    assert (elig[first], elig[second]) == ("N", "Y")


@pytest.mark.parametrize("name", ["trial", "ordinary", "published"])
def test_nothing_happens_after_the_end(name: str, request: pytest.FixtureRequest) -> None:
    """No clean record is dated after death, leaving or cut-off, but for the deliberate one and deaths told later."""
    block: Block = request.getfixturevalue(name)
    s = block.subjects
    last = s["last"] + s["trt0"]
    for form, column in DATED:
        rows = block.typed[form]["_i"].to_numpy()
        late = (_day(block, form, column) > last[rows]).to_numpy()
        if (name, form) == ("trial", "LBLOC"):
            assert late.sum() == 1
            continue
        assert not late.any(), (form, block.clean[form].loc[late].head())


@pytest.mark.parametrize("name", ["trial", "ordinary", "published"])
def test_dates_follow_each_other(name: str, request: pytest.FixtureRequest) -> None:
    """Consent, screening, enrolment and first dose; event and medication starts before ends; bags without overlap."""
    block: Block = request.getfixturevalue(name)
    s = block.subjects
    assert ((s["icf"] <= s["scr"]) & (s["scr"] < s["enrl"] + 1) & (s["enrl"] < 0)).all()
    for form, start, end in (("AE", "STDAT", "ENDAT"), ("CM", "CMSTDAT", "CMENDAT"), ("MH", "MHSTDAT", "MHENDAT")):
        assert not (_day(block, form, start) > _day(block, form, end)).any(), form
    bags = block.typed["EXBL"]
    start, end = bags["STDT"] * 1440 + bags["STTIM"], bags["ENDT"] * 1440 + bags["ENTIM"]
    assert (start < end).all()
    following = bags["_i"].eq(bags["_i"].shift(-1))
    assert not (following & (start.shift(-1) < end)).any()


@pytest.mark.parametrize("name", ["trial", "ordinary", "published"])
def test_records_are_unique_and_in_their_lists(name: str, request: pytest.FixtureRequest) -> None:
    """Record positions are unique within subject and form; coded cells hold codes of the form table."""
    block: Block = request.getfixturevalue(name)
    for form, frame in block.clean.items():
        assert not frame.duplicated(["Subject", "RecordPosition"]).any(), form
        content = [column for column in forms()[form].columns if column not in ("MinCreated",)]
        assert not frame.duplicated(["Subject", "Folder", "InstanceName", *content]).any(), form
    lab = block.clean["LBLOC"]
    assert not lab.duplicated(["Subject", "SAMPDAT", "SAMPTIM", "TESTCD", "LABNAME"]).any()
    assert set(block.clean["RESP"]["RESP"]) <= {"CR", "CRh", "CRi", "MLFS", "PR", "NR", "PD", "NE", "RELAPSE"}


def test_ages_agree_with_birth_dates(ordinary: Block) -> None:
    """The age on the form is the number of completed years at consent."""
    dm = ordinary.clean["DM"]
    birth, consent = (pd.to_datetime(dm[column], format="%m/%d/%Y") for column in ("BRTHDAT_RAW", "ICFDAT"))
    before = (consent.dt.month * 100 + consent.dt.day) < (birth.dt.month * 100 + birth.dt.day)
    assert (consent.dt.year - birth.dt.year - before.astype(int)).tolist() == dm["AGE"].astype(int).tolist()


def test_responses_rest_on_marrows_with_counts(ordinary: Block) -> None:
    """Every response names the date of a marrow, and every marrow has ANC and platelets within a day."""
    bm, resp, lab = (ordinary.typed[name] for name in ("BM", "RESP", "LBLOC"))
    assert len(resp.merge(bm, on=["_i", "BMDAT"])) == len(resp)
    for code in ("NEUT", "PLAT"):
        days = lab.loc[lab["TESTCD"] == code, ["_i", "SAMPDAT"]]
        near = pd.concat([days.assign(BMDAT=days["SAMPDAT"] + shift) for shift in (-1, 0, 1)])
        pairs = bm[["_i", "BMDAT"]].drop_duplicates().merge(near.drop_duplicates(["_i", "BMDAT"]), on=["_i", "BMDAT"])
        assert len(pairs) == len(bm[["_i", "BMDAT"]].drop_duplicates())


def test_treatment_stops_when_the_disposition_says(ordinary: Block) -> None:
    """No study dose is dated after the end of study treatment on form DISP."""
    disp = ordinary.typed["DISP"]
    ended = disp.loc[disp["PHASE_STD"] == "TRT"].set_index("_i")["DAT"]
    for form, column in (("EXCH", "STDAT"), ("EXBL", "ENDT")):
        rows = ordinary.typed[form]
        assert not (rows[column] > rows["_i"].map(ended)).any(), form


@pytest.mark.parametrize("name", ["trial", "ordinary"])
def test_interruptions_have_their_event(name: str, request: pytest.FixtureRequest) -> None:
    """Events that interrupted the infusion and interruptions belong together, line problems apart."""
    block: Block = request.getfixturevalue(name)
    ae, bags = block.typed["AE"], block.typed["EXBL"]
    events = ae.loc[ae["ACN_BLIN"] == "Drug interrupted", ["_i", "STDAT"]]
    pauses = bags.loc[(bags["INTYN"] == "Yes") & (bags["INTREAS"] != "Infusion line problem"), ["_i", "ENDT"]]
    assert sorted(events.itertuples(index=False, name=None)) == sorted(pauses.itertuples(index=False, name=None))
    assert len(events) > 0


def test_correction_is_later_than_what_it_corrects(trial: Block) -> None:
    """Of the two responses of one visit the corrected one was changed last."""
    rows = _rows(trial, "RESP", _subject(trial, "15"), Folder="D22").sort_values("MaxUpdated")
    assert rows["RESP"].tolist() == ["CRi", "CR"]


def test_rates_of_ordinary_subjects(ordinary: Block) -> None:
    """Rates of 1000 subjects without deliberate cases lie near the targets of the design."""
    s, found = ordinary.subjects, ordinary.marrows
    treated = s["treated"]
    at22 = found.loc[found["_tp"] == 22]
    shares = {
        "responders": at22["CLASS"].isin(["CR", "CRh", "CRi"]).mean(),
        "male": s["male"].mean(),
        "leukocytes": (ordinary.grid["WBC"][:, 0] >= 30).mean(),
        "neutropenia": (ordinary.grid["NEUT"][:, 0] < 0.5).mean(),
        "mrd": (at22["FLOW"] < 1e-4).mean(),
        "transplants": (~np.isnan(s["hsct"][treated])).mean(),
        "site 1": (s["site"] == 1).mean(),
        "crs": _share(ordinary, "Cytokine release syndrome"),
        "febrile": _share(ordinary, "Febrile neutropenia"),
    }
    targets = {
        "responders": 33 / 36,
        "male": 0.5,
        "leukocytes": 0.2,
        "neutropenia": 0.25,
        "mrd": 0.86,
        "transplants": 0.4,
        "site 1": 0.6,
        "crs": 0.55,
        "febrile": 0.35,
    }
    assert {name: round(share, 3) for name, share in shares.items() if abs(share - targets[name]) > 0.06} == {}


def _share(block: Block, term: str) -> float:
    ae = block.typed["AE"]
    return float(ae.loc[ae["AEPT"] == term, "_i"].nunique() / block.subjects["treated"].sum())


def test_a_subject_does_not_depend_on_the_others() -> None:
    """The clean forms of a subject are the same in a block of ten and alone."""
    many = build_block(1, 5001, 10, profile="trial", cases=0, plain=0)
    alone = build_block(1, 5004, 1, profile="trial", cases=0, plain=0)
    for name, frame in alone.clean.items():
        same = many.clean[name].loc[many.clean[name]["_i"] == 3]
        assert (
            same.drop(columns="_i").fillna("").to_numpy().tolist()
            == frame.drop(columns="_i").fillna("").to_numpy().tolist()
        )


def test_streams_do_not_depend_on_order_or_width() -> None:
    """A draw is a function of seed, stream, subject and column only."""
    numbers = np.array([7, 3, 900], dtype=np.int64)
    wide = Streams(1, numbers).uniform("a", 5)
    assert Streams(1, numbers[::-1].copy()).uniform("a", 2).tolist() == wide[::-1, :2].tolist()
    assert not np.isin(Streams(1, numbers).uniform("b", 5), wide).any()
    assert ((wide > 0) & (wide < 1)).all()
