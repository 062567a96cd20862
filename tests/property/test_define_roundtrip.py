"""Whatever a specification holds, writing it as define.xml and reading it back loses nothing."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from define_xml.reader import read_define
from define_xml.writer import define_bytes
from specs import models as m

TEXT = (
    st.text(
        st.characters(blacklist_categories=("Cs", "Cc", "Cn"), blacklist_characters="\ufffe\uffff"),
        min_size=1,
        max_size=12,
    )
    .map(lambda one: " ".join(one.split()))
    .filter(bool)
)
IDS = st.one_of(st.sampled_from(["X", "CL.X", "MT.X", "COM.X", "STD.X", "LF.X", "WC.X", "a b", "é", "1"]), TEXT)
NAMES = st.from_regex(r"[A-Z][A-Z0-9_]{0,7}", fullmatch=True)


def unique(ids: st.SearchStrategy[str], most: int = 3) -> st.SearchStrategy[list[str]]:
    """Return a strategy for lists of different ids."""
    return st.lists(ids, unique=True, max_size=most)


@st.composite
def studies(draw: st.DrawFn) -> m.Study:
    """Return a specification with everything that define.xml 2.1 can hold, linked at random."""
    maybe = lambda items: draw(st.sampled_from(["", *items]))  # noqa: E731
    documents = tuple(
        m.Document(
            id=one,
            title=draw(TEXT),
            href=draw(NAMES) + ".pdf",
            kind=draw(st.sampled_from(["acrf", "supplemental", ""])),
        )
        for one in draw(unique(IDS))
    )
    refs = (
        st.lists(
            st.builds(
                m.DocumentRef,
                document=st.sampled_from([one.id for one in documents]),
                pages=st.sampled_from(["3", "4 5", "7-9"]),
                page_type=st.just("PhysicalRef"),
                title=st.sampled_from(["", "Title"]),
            ),
            max_size=2,
            unique_by=lambda one: one.document,
        ).map(tuple)
        if documents
        else st.just(())
    )
    comments = tuple(m.Comment(id=one, description=draw(TEXT), documents=draw(refs)) for one in draw(unique(IDS)))
    methods = tuple(
        m.Method(
            id=one,
            name=draw(TEXT),
            description=draw(TEXT),
            documents=draw(refs),
            expressions=tuple(
                m.FormalExpression(context=draw(TEXT), code=draw(TEXT)) for _ in range(draw(st.integers(0, 2)))
            ),
        )
        for one in draw(unique(IDS))
    )
    standards = tuple(
        m.Standard(id=one, name="SDTMIG", version=draw(TEXT), comment=maybe([two.id for two in comments]))
        for one in draw(unique(IDS))
    )
    codelists = tuple(
        m.Codelist(
            id=one,
            name=draw(TEXT),
            code=draw(st.sampled_from(["", "C66742"])),
            terminology=maybe([two.id for two in standards]),
            comment=maybe([two.id for two in comments]),
            terms=tuple(
                m.Term(term=term, decode=term[::-1], extended=draw(st.booleans())) for term in draw(unique(TEXT))
            ),
        )
        for one in draw(unique(IDS))
    )
    origins = st.lists(
        st.one_of(
            st.just(m.Origin(type="Predecessor", predecessor="DM.AGE")),
            st.builds(m.Origin, type=st.just("Derived"), source=st.just("Sponsor"), description=TEXT, documents=refs),
        ),
        max_size=2,
    ).map(tuple)
    common = {
        "label": TEXT,
        "data_type": st.sampled_from(["text", "integer", "float", "date"]),
        "length": st.one_of(st.none(), st.integers(1, 200)),
        "codelist": st.sampled_from(["", *(one.id for one in codelists)]),
        "comment": st.sampled_from(["", *(one.id for one in comments)]),
        "method": st.sampled_from(["", *(one.id for one in methods)]),
        "mandatory": st.sampled_from(["Yes", "No"]),
        "origins": origins,
    }
    datasets = []
    for name in draw(unique(NAMES)):
        names = draw(st.lists(NAMES, unique=True, min_size=1, max_size=4))
        variables = tuple(draw(st.builds(m.Variable, name=st.just(one), **common)) for one in names)
        conditions = st.lists(
            st.builds(
                m.Condition,
                dataset=st.just(name),
                variable=st.sampled_from(names),
                comparator=st.sampled_from(["EQ", "IN", "NOTIN", "LT"]),
                values=st.lists(TEXT, min_size=1, max_size=3).map(tuple),
                hard=st.booleans(),
            ),
            min_size=1,
            max_size=2,
        ).map(tuple)
        levels = tuple(
            draw(
                st.builds(
                    m.ValueLevel,
                    variable=st.just(one),
                    where=st.builds(m.WhereClause, conditions=conditions),
                    name=NAMES,
                    order=st.just(place),
                    **common,
                )
            )
            for one in names[:2]
            for place in (1, 2)
        )
        datasets.append(
            m.Dataset(
                name=name,
                label=draw(TEXT),
                keys=tuple(names[:2]),
                structure=draw(TEXT),
                purpose="Tabulation",
                variables=variables,
                value_levels=levels,
                comment=maybe([one.id for one in comments]),
                standard=maybe([one.id for one in standards]),
            )
        )
    return m.Study(
        study_id=draw(TEXT),
        description=draw(TEXT),
        protocol=draw(TEXT),
        standards=standards,
        documents=documents,
        comments=comments,
        methods=methods,
        codelists=codelists,
        datasets=tuple(datasets),
    )


@settings(max_examples=60, deadline=None)
@given(study=studies())
def test_write_read_write_is_a_fixpoint(study: m.Study):
    """The second writing gives the bytes of the first, and nothing of the file is unknown to the reader."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "define.xml"
        first, _ = define_bytes(study)
        path.write_bytes(first)
        imported = read_define(path)
        rules = set(imported.findings.frame["rule"])
        assert not rules & {"DEF-I01", "DEF-I02", "DEF-I04"}
        second, _ = define_bytes(imported.study)
        path.write_bytes(second)
        assert define_bytes(read_define(path).study)[0] == second
        assert counted(imported.study) == counted(study)


def counted(study: m.Study) -> list[object]:
    """Return what must survive whatever the ids became: numbers of objects, names and texts in order."""
    return [
        [(one.description, len(one.documents)) for one in study.comments],
        [(one.name, one.description, one.expressions) for one in study.methods],
        [(one.name, one.code, [(term.term, term.decode) for term in one.terms]) for one in study.codelists],
        [
            (
                one.name,
                one.label,
                one.keys,
                [(two.name, two.label, two.data_type, two.length) for two in one.variables],
            )
            for one in study.datasets
        ],
        [
            [(two.variable, two.label, two.name, two.where.conditions) for two in one.value_levels]
            for one in study.datasets
        ],
    ]
