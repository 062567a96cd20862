"""Score a build of the reference study against its truth: what was found of what was planted, and what was harmed.

    python -m spectrail.studies.blina_ball.scoring STUDY OUT [PAGE]

The build itself never reads the truth.  The clean forms behind the extract are built with the same specification and
compared value by value through lineage.  PAGE is a file of the documentation that takes the table.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd

from specs.yaml_files import read_study
from spectrail.pipeline.build import build_study
from spectrail.studies.blina_ball.scoring_build import Scored, partners, read_build
from spectrail.studies.blina_ball.scoring_harm import Harm, harm_done
from spectrail.studies.blina_ball.scoring_truth import Planted, is_resolved

COUNTS = ("planted", "found", "resolved", "queried", "missed")


@dataclass(frozen=True)
class Score:
    """What became of the planted mess, and of what was clean.

    `cells` is the truth log with `resolved` (SDTM holds the true value; judged where the log expects it), `queried`
    (the listing asks about its raw row) and `at_field` (about the very field).  `false_queries` are listed queries on
    rows in which nothing was planted.
    """

    cells: pd.DataFrame
    harm: Harm
    false_queries: pd.DataFrame

    @property
    def classes(self) -> pd.DataFrame:
        """Return the counts `COUNTS` by class, and what the log expects."""
        cells = self.cells.assign(planted=1, found=self.cells["resolved"] | self.cells["queried"])
        cells["missed"] = ~cells["found"]
        table = cells.groupby("class", sort=True)[list(COUNTS)].sum().astype(int)
        resolve = cells.assign(resolve=cells["expected"] == "resolve").groupby("class")["resolve"].sum()
        return table.assign(to_resolve=resolve.astype(int))

    @property
    def short(self) -> pd.DataFrame:
        """Return the planted cells that were missed, or should have been resolved and were only queried."""
        found = self.cells["resolved"] | (self.cells["queried"] & (self.cells["expected"] == "query"))
        return self.cells[~found]


def score_build(study: Path, out: Path) -> Score:
    """Compare the build in `out` of a simulated study folder with its truth; builds the clean forms on the way."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = write_clean_study(study, Path(scratch) / "study")
        build_study(folder, Path(scratch) / "out", only=("sdtm",))
        return score(study, read_build(study, out), read_build(folder, Path(scratch) / "out"), listed_queries(out))


def score(study: Path, messy: Scored, clean: Scored, queries: pd.DataFrame) -> Score:
    """Score one build against the build of its clean forms and the truth log of the study folder."""
    log = pd.read_csv(study / "truth" / "mess.csv", dtype="str", keep_default_na=False)
    asked = pd.MultiIndex.from_frame(queries[["File", "Row"]])
    places = pd.MultiIndex.from_frame(log[["file", "row"]])
    fields = pd.MultiIndex.from_frame(queries[["File", "Row", "Field"]])
    cells = log.assign(
        resolved=np.array(resolved_cells(log, messy, clean), dtype=bool),
        queried=places.isin(asked),
        at_field=pd.MultiIndex.from_frame(log[["file", "row", "column"]]).isin(fields),
    )
    return Score(cells, harm_of(log, messy, clean), queries[~asked.isin(places)])


def harm_of(log: pd.DataFrame, messy: Scored, clean: Scored) -> Harm:
    """Compare the values that go back to clean cells by the truth log with those of the clean forms."""
    pairs = {name: partners(frame, clean.raw[name]) for name, frame in messy.raw.items()}
    planted = pd.DataFrame({"source": log["file"].map(messy.source_of), "row": log["row"].astype(int) - 1})
    return harm_done(messy, clean, pairs, planted)


def resolved_cells(log: pd.DataFrame, messy: Scored, clean: Scored) -> list[bool]:
    """Tell for each entry of a truth log that is to be resolved whether SDTM holds its true value (others: False)."""
    pairs = {name: partners(frame, clean.raw[name]) for name, frame in messy.raw.items()}
    found = []
    for entry in log.to_dict("records"):
        source, row = messy.source_of(entry["file"]), int(entry["row"]) - 1
        planted = Planted(
            messy=messy,
            clean=clean,
            source=source,
            column=entry["column"],
            row=row,
            partner=int(pairs[source].iloc[row]),
            raw=entry["raw_value"],
            true=entry["true_value"],
        )
        found.append(entry["expected"] == "resolve" and is_resolved(planted, entry["class"]))
    return found


def write_clean_study(study: Path, folder: Path) -> Path:
    """Write a study folder around the clean forms, in the encodings that the specification declares."""
    shutil.copytree(study / "specs", folder / "specs")
    shutil.copyfile(study / "study.yaml", folder / "study.yaml")
    for source in read_study(study).study.sources:
        text = (study / "truth" / "clean" / Path(source.path).name).read_text(encoding="utf-8-sig")
        target = folder / source.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode(source.encoding or "utf-8"))
    return folder


def listed_queries(out: Path) -> pd.DataFrame:
    """Read the query listing of a build as it would be sent: the workbook, with file names in `File`."""
    book = openpyxl.load_workbook(out / "queries" / "queries.xlsx", read_only=True)
    header, *rows = book["Queries"].iter_rows(values_only=True)
    table = pd.DataFrame([[cell or "" for cell in row] for row in rows], columns=list(header), dtype="str")
    return table.assign(File=table["File"].str.replace(r"^.*/", "", regex=True))


def render(score: Score) -> str:
    """Return the table of classes with totals, the shortfall and the harm, as Markdown."""
    classes = score.classes
    total = classes.sum()
    lines = ["| class | planted | found | resolved | queried | missed |", "|---|--:|--:|--:|--:|--:|"]
    lines += [
        f"| `{name}` | " + " | ".join(str(row[one]) for one in COUNTS) + " |" for name, row in classes.iterrows()
    ]
    lines.append("| **all** | " + " | ".join(f"**{total[one]}**" for one in COUNTS) + " |")
    share = total["found"] / total["planted"] if total["planted"] else 1.0
    found = f"{total['found']} of {total['planted']} planted cells were found ({share:.1%})"
    lines += ["", f"{found}: {total['resolved']} resolved to the true value, {total['queried']} queried."]
    asked = score.cells[score.cells["expected"] == "query"]
    settled = (
        f"Of the {len(asked)} that only data management can settle {int(asked['at_field'].sum())} are asked about"
    )
    lines.append(f"{settled} at the very field; of the others it is told, such as a duplicate that was left out.")
    lines += ["", f"Short of what the truth log expects: {len(score.short) or 'none'}."]
    lines += [
        f"- {row['class']}: {row['file']} row {row['row']} {row['column']}" for _, row in score.short.iterrows()
    ]
    lines += ["", f"False queries: {len(score.false_queries) or 'none'}."]
    lines += [f"- {row['File']} row {row['Row']}: {row['Rule']}" for _, row in score.false_queries.iterrows()]
    return "\n".join([*lines, "", *score.harm.lines(), ""])


def main(arguments: list[str]) -> int:
    """Print the score, or put it into a page; the status is 1 when something was missed or harmed."""
    if len(arguments) not in (2, 3):
        print("usage: python -m spectrail.studies.blina_ball.scoring STUDY OUT [PAGE]", file=sys.stderr)
        return 2
    found = score_build(Path(arguments[0]), Path(arguments[1]))
    text = render(found)
    if len(arguments) == 3:
        write_page(Path(arguments[2]), text)
    else:
        print(text)
    return int(bool(len(found.short) or len(found.false_queries) or len(found.harm.repairs)))


BEGIN, END = "<!-- score: begin -->\n", "<!-- score: end -->"


def write_page(page: Path, text: str) -> None:
    """Put the rendered score between the marks of a page."""
    old = page.read_text(encoding="utf-8")
    head, tail = old.split(BEGIN, 1)[0], old.split(END, 1)[1]
    page.write_text(f"{head}{BEGIN}{text}{END}{tail}", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
