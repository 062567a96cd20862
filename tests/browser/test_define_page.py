"""The rendered define.html in a headless Chromium, from disk: search, links, keyboard, no network, no errors."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from chromium import follow, in_view, open_page, requests, settle, shown

from define_xml.html import render_html
from define_xml.writer import write_define
from specs import models as m
from spectrail.lineage import Lineage, Trace

pytestmark = pytest.mark.browser
SHARED = Path(__file__).resolve().parents[2].parent / "shared"


def big_study(datasets: int) -> m.Study:
    """Return a specification of many datasets: 30 variables each, codelists, methods, value levels."""
    codelists = tuple(
        m.Codelist(
            id=f"CL{one}",
            name=f"Codelist {one}",
            terms=tuple(m.Term(term=f"TERM {two}", decode=f"Decode {two}") for two in range(25)),
        )
        for one in range(80)
    )
    methods = tuple(
        m.Method(id=f"M{one}", name=f"Method {one}", description=f"How value {one} is made") for one in range(60)
    )
    made = []
    for one in range(datasets):
        variables = [m.Variable(name="USUBJID", label="Unique Subject Identifier", length=20, mandatory="Yes")]
        for two in range(29):
            variables.append(
                m.Variable(
                    name=f"V{two:02d}",
                    label=f"Variable {two} of {one}",
                    length=10,
                    codelist=f"CL{(one + two) % 80}" if two % 3 == 0 else "",
                    method=f"M{one}" if two == 1 else "",
                    origins=(m.Origin(type="Derived" if two == 1 else "Assigned", source="Sponsor"),),
                )
            )
        levels = tuple(
            m.ValueLevel(
                variable="V02",
                where=m.WhereClause(conditions=(m.Condition(variable="V00", values=(f"TERM {three}",)),)),
                label=f"Level {three}",
                length=5,
            )
            for three in range(5)
        )
        made.append(
            m.Dataset(
                name=f"AD{one:02d}",
                label=f"Analysis dataset {one}",
                class_="BASIC DATA STRUCTURE",
                structure="One record per subject per value",
                purpose="Analysis",
                keys=("USUBJID", "V00"),
                variables=tuple(variables),
                value_levels=levels,
            )
        )
    return m.Study(
        study_id="BIG",
        description="A study of many datasets",
        datasets=tuple(made),
        codelists=codelists,
        methods=methods,
    )


@pytest.fixture(scope="module")
def big_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Render the define.xml of 60 datasets, with lineage of one variable."""
    folder = tmp_path_factory.mktemp("page")
    write_define(big_study(60), folder / "define.xml", kind="ADaM")
    steps = (
        Trace("V01", 1, "merge", ("DM.RFSTDTC",), "RFSTDTC of DM for the subject", "", 120),
        Trace("V01", 2, "impute_date", ("V01",), "missing days become the first", "V00 == 'X'", 7),
    )
    render_html(folder / "define.xml", folder / "define.html", lineage={"AD07": Lineage(traces=steps)})
    return folder / "define.html"


def test_sixty_datasets_are_interactive_within_three_seconds(browser: Any, big_page: Path):
    """From the start of loading to a page whose script has run; nothing is fetched, nothing is logged."""
    started = time.perf_counter()
    open_page(browser, big_page)
    assert time.perf_counter() - started < 3
    loaded = browser.execute_script(
        "const t = performance.timing; return t.domContentLoadedEventEnd - t.navigationStart"
    )
    assert loaded < 3000
    assert [one for one in requests(browser) if not one.startswith(("file:", "data:"))] == []
    assert browser.get_log("browser") == []


def test_filter_by_dataset(browser: Any, big_page: Path):
    """Only the datasets whose name or label fits stay, in the page and in the navigation; Escape lifts the filter."""
    open_page(browser, big_page)
    field = browser.find_element("id", "find-dataset")
    field.send_keys("ad07")
    settle()
    assert shown(browser, "nav [data-dataset] b") == ["AD07"]
    assert shown(browser, "section.dataset > h2") == ["AD07 Analysis dataset 7"]
    assert shown(browser, "#count") == ["1 datasets, 35 rows"]
    field.send_keys("\ue00c")  # Escape
    settle()
    assert len(shown(browser, "nav [data-dataset] b")) == 60


def test_filter_by_variable(browser: Any, big_page: Path):
    """Only the rows that contain the text stay, and only the datasets that have one."""
    open_page(browser, big_page)
    browser.find_element("id", "find-variable").send_keys("Variable 3 of 12")
    settle()
    assert shown(browser, "tr.variable > th") == ["V03"]
    assert shown(browser, "section.dataset > h2") == ["AD12 Analysis dataset 12"]


def test_links_lead_both_ways(browser: Any, big_page: Path):
    """Variable to codelist, method and value levels, and back; a target that is hidden lifts the filter."""
    open_page(browser, big_page)

    browser.find_element("id", "find-dataset").send_keys("AD07")
    settle()
    assert follow(browser, "[id='IG.AD07.IT.AD07.V00'] a[href='#CL.CL7']") == "#CL.CL7"
    assert in_view(browser, "CL.CL7")
    assert len(shown(browser, "nav [data-dataset] b")) == 60
    assert follow(browser, "[id='CL.CL7'] .users a[href='#IG.AD07.IT.AD07.V00']") == "#IG.AD07.IT.AD07.V00"
    assert in_view(browser, "IG.AD07.IT.AD07.V00")
    assert follow(browser, "[id='IG.AD07.IT.AD07.V01'] a[href='#MT.M7']") == "#MT.M7"
    assert follow(browser, "[id='MT.M7'] .users a") == "#IG.AD07.IT.AD07.V01"
    assert follow(browser, "[id='IG.AD07.IT.AD07.V02'] a.vlm") == "#IG.AD07.VL.AD07.V02"
    assert follow(browser, "[id='IG.AD07.VL.AD07.V02'] h3 a") == "#IG.AD07.IT.AD07.V02"


def test_keyboard_reaches_search_and_navigation(browser: Any, big_page: Path):
    """`/` goes to the search, Enter from it to the first dataset found, arrow keys move, Enter follows the link."""
    open_page(browser, big_page)
    browser.find_element("tag name", "body").send_keys("/")
    assert browser.execute_script("return document.activeElement.id") == "find-variable"
    browser.switch_to.active_element.send_keys("Variable 3 of 12")
    settle()
    browser.switch_to.active_element.send_keys("\ue007")  # Enter
    assert browser.execute_script("return document.activeElement.textContent") == "AD12 Analysis dataset 12"
    browser.switch_to.active_element.send_keys("\ue007")
    time.sleep(0.2)
    assert browser.execute_script("return location.hash") == "#IG.AD12"
    open_page(browser, big_page)
    browser.execute_script("document.querySelector('nav [data-dataset=AD03] a').focus()")
    browser.switch_to.active_element.send_keys("\ue015")  # arrow down
    assert browser.execute_script("return document.activeElement.getAttribute('href')") == "#IG.AD04"


def test_lineage_of_a_variable_is_shown(browser: Any, big_page: Path):
    """The section lists steps, sources, condition and records."""
    open_page(browser, big_page)
    selector = "[id='IG.AD07.IT.AD07.V01'] details.lineage"
    browser.execute_script("document.querySelector(arguments[0]).open = true", selector)
    steps = [" ".join(one.split()) for one in shown(browser, f"{selector} li")]
    assert steps == [
        "merge from DM.RFSTDTC: RFSTDTC of DM for the subject (120 records)",
        "impute_date from V01 when V00 == 'X': missing days become the first (7 records)",
    ]


def test_every_link_within_a_page_has_a_target(tmp_path: Path, browser: Any):
    """Pages of files made by others: no dangling link, no double id, no console message, no request."""
    samples = [
        SHARED / "data/define_samples/define21-sdtm.xml",
        SHARED / "data/define_samples/define21-adam-arm.xml",
        SHARED / "data/tdf_sdtm/define.xml",
    ]
    if not all(one.is_file() for one in samples):
        pytest.skip("the shared samples are not on this machine")
    for sample in samples:
        page = tmp_path / f"{sample.parent.name}-{sample.stem}.html"
        render_html(sample, page)
        open_page(browser, page)
        script = (
            "return [...document.querySelectorAll('a[href^=\"#\"]')]"
            ".map(a => decodeURIComponent(a.getAttribute('href').slice(1)))"
            ".filter(id => !document.getElementById(id))"
        )
        dangling = {one for one in browser.execute_script(script) if "SUPPLB.QNAM" not in one}
        assert dangling == set()
        twice = (
            "const ids = [...document.querySelectorAll('[id]')].map(e => e.id);"
            "return ids.filter((id, i) => ids.indexOf(id) !== i)"
        )
        assert browser.execute_script(twice) == []
        assert [one for one in requests(browser) if not one.startswith(("file:", "data:"))] == []
        assert browser.get_log("browser") == []


def test_analysis_results_link_to_datasets_variables_and_conditions(tmp_path: Path, browser: Any):
    """The ADaM sample with analysis results: dataset, variable and where clause are links that lead somewhere."""
    sample = SHARED / "data/define_samples/define21-adam-arm.xml"
    if not sample.is_file():
        pytest.skip("the shared samples are not on this machine")
    render_html(sample, tmp_path / "define.html")
    open_page(browser, tmp_path / "define.html")
    links = browser.execute_script(
        "return [...document.querySelectorAll('#analysis .result dd a')]"
        ".map(a => [a.textContent, a.getAttribute('href')])"
    )
    assert ["ADQSADAS", "#IG.ADQSADAS"] in links
    assert ["CHG", "#IG.ADQSADAS.IT.ADQSADAS.CHG"] in links
    assert ["PARAMCD", "#IG.ADQSADAS.IT.ADQSADAS.PARAMCD"] in links


def test_hostile_text_and_links_stay_text(tmp_path: Path, browser: Any):
    """Markup in labels is shown, not run; a link to a script is no link."""
    evil = "<img src=x onerror=\"document.title='owned'\"></script><script>document.title='owned'</script>"
    study = big_study(1).model_copy(
        update={
            "documents": (
                m.Document(id="evil", title="Evil", href="javascript:document.title='owned'", kind="supplemental"),
            )
        }
    )
    dataset = study.datasets[0].model_copy(update={"label": evil})
    write_define(study.model_copy(update={"datasets": (dataset,)}), tmp_path / "define.xml", kind="ADaM")
    render_html(tmp_path / "define.xml", tmp_path / "define.html")
    open_page(browser, tmp_path / "define.html")
    assert browser.execute_script("return document.title") == "BIG - define.xml"
    assert shown(browser, "section.dataset > h2") == [f"AD00 {evil}"]
    assert browser.execute_script("return document.querySelectorAll('a[href^=javascript]').length") == 0
