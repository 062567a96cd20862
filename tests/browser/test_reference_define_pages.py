"""The define.html of the reference study, SDTM and ADaM, as a reviewer opens them: from disk, without network."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from chromium import follow, in_view, open_page, requests, settle, shown

from spectrail.pipeline.build import build_study
from spectrail.studies import simulate_study

pytestmark = [pytest.mark.browser, pytest.mark.slow]
KINDS = ("SDTM", "ADaM")
NARROW, WIDE = (420, 900), (1400, 1000)


@pytest.fixture(scope="module")
def pages(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Build the reference study and return its two pages; nothing is built where there is no browser."""
    folder = tmp_path_factory.mktemp("reference")
    study = simulate_study("blina_ball", folder / "study")
    build_study(study, folder / "out", only=("sdtm", "adam", "define"))
    (sdtm,) = (folder / "out").glob("m5/datasets/*/tabulations/sdtm/define.html")
    (adam,) = (folder / "out").glob("m5/datasets/*/analysis/adam/datasets/define.html")
    return {"SDTM": sdtm, "ADaM": adam}


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_opens_quickly_and_asks_for_nothing(browser: Any, pages: dict[str, Path], kind: str):
    """Interactive in under three seconds, no message in the console, no request but the page itself."""
    started = time.perf_counter()
    open_page(browser, pages[kind])
    assert time.perf_counter() - started < 3
    assert [one for one in requests(browser) if not one.startswith(("file:", "data:"))] == []
    assert browser.get_log("browser") == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_link_has_a_target_and_every_id_is_one(browser: Any, pages: dict[str, Path], kind: str):
    """Links within the page, and links to the files beside it."""
    open_page(browser, pages[kind])
    script = (
        "return [...document.querySelectorAll('a[href^=\"#\"]')]"
        ".map(a => decodeURIComponent(a.getAttribute('href').slice(1))).filter(id => !document.getElementById(id))"
    )
    assert browser.execute_script(script) == []
    twice = (
        "const ids = [...document.querySelectorAll('[id]')].map(e => e.id);"
        "return ids.filter((id, i) => ids.indexOf(id) !== i)"
    )
    assert browser.execute_script(twice) == []
    files = (
        "return [...document.querySelectorAll('a:not([href^=\"#\"])')].map(a => a.getAttribute('href').split('#')[0])"
    )
    beside = {one for one in browser.execute_script(files) if not one.startswith("http")}
    assert beside, kind
    assert [one for one in sorted(beside) if not (pages[kind].parent / one).is_file()] == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["narrow", "wide"])
def test_nothing_sticks_out_of_the_window(browser: Any, pages: dict[str, Path], kind: str, size: tuple[int, int]):
    """Wide tables scroll in their own frame, the page does not."""
    try:
        browser.set_window_size(*size)
        open_page(browser, pages[kind])
        assert browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    finally:
        browser.set_window_size(*WIDE)


def test_search_leaves_what_fits(browser: Any, pages: dict[str, Path]):
    """By dataset, by variable, by both; Escape lifts the filter."""
    open_page(browser, pages["SDTM"])
    everything = len(shown(browser, "section.dataset > h2"))
    browser.find_element("id", "find-dataset").send_keys("laboratory")
    settle()
    assert shown(browser, "nav [data-dataset] b") == ["LB"]
    browser.find_element("id", "find-variable").send_keys("LBSTRESN")
    settle()
    assert "LBSTRESN" in [one.removesuffix("value levels") for one in shown(browser, "tr.variable > th")]
    browser.switch_to.active_element.send_keys("\ue00c")  # Escape
    settle()
    assert len(shown(browser, "section.dataset > h2")) == everything


def test_variable_to_codelist_and_back(browser: Any, pages: dict[str, Path]):
    """The codelist shows its NCI code, and names the variable among those that use it."""
    open_page(browser, pages["SDTM"])
    assert follow(browser, "[id='IG.DM.IT.DM.SEX'] a[href='#CL.SEX']") == "#CL.SEX"
    assert in_view(browser, "CL.SEX")
    assert shown(browser, "[id='CL.SEX'] h3 small") == ["C66731"]
    assert "C16576" in shown(browser, "[id='CL.SEX'] td")
    assert follow(browser, "[id='CL.SEX'] .users a[href='#IG.DM.IT.DM.SEX']") == "#IG.DM.IT.DM.SEX"
    assert in_view(browser, "IG.DM.IT.DM.SEX")


def test_value_levels_to_their_conditions_and_back(browser: Any, pages: dict[str, Path]):
    """From QVAL to its levels, from the condition to QNAM, from the heading back to QVAL."""
    open_page(browser, pages["SDTM"])
    assert follow(browser, "[id='IG.SUPPAE.IT.SUPPAE.QVAL'] a.vlm") == "#IG.SUPPAE.VL.SUPPAE.QVAL"
    assert in_view(browser, "IG.SUPPAE.VL.SUPPAE.QVAL")
    levels = shown(browser, "[id='IG.SUPPAE.VL.SUPPAE.QVAL'] .where")
    assert "QNAM = AERELBLN" in levels
    assert follow(browser, "[id='IG.SUPPAE.VL.SUPPAE.QVAL'] .where a") == "#IG.SUPPAE.IT.SUPPAE.QNAM"
    assert follow(browser, "[id='IG.SUPPAE.VL.SUPPAE.QVAL'] h3 a") == "#IG.SUPPAE.IT.SUPPAE.QVAL"


def test_collected_origins_lead_to_the_annotated_crf(browser: Any, pages: dict[str, Path]):
    """The page number is a link into the PDF beside the page."""
    open_page(browser, pages["SDTM"])
    links = (
        "return [...document.querySelectorAll(\"[id='IG.AE.IT.AE.AETERM'] .doc a\")].map(a => a.getAttribute('href'))"
    )
    found = browser.execute_script(links)
    assert found[0] == "acrf.pdf"
    assert found[1].startswith("acrf.pdf#page=")


@pytest.mark.parametrize(
    ("kind", "variable", "method"),
    [
        ("SDTM", "IG.AE.IT.AE.AESTDY", "MT.AE.AESTDY"),
        ("ADaM", "IG.ADSL.IT.ADSL.TRTDURD", "MT.ADSL.TRTDURD"),
        ("ADaM", "IG.ADTTE.IT.ADTTE.ADT", "MT.ADTTE.ADT"),
    ],
)
def test_variable_to_method_and_back(browser: Any, pages: dict[str, Path], kind: str, variable: str, method: str):
    """A short method is read beside the variable, a long one unfolds there; both stand in the list of methods."""
    open_page(browser, pages[kind])
    assert follow(browser, f"[id='{variable}'] a[href='#{method}']") == f"#{method}"
    assert in_view(browser, method)
    assert len(shown(browser, f"[id='{method}'] pre")) == 1
    assert follow(browser, f"[id='{method}'] .users a") == f"#{variable}"


def test_methods_are_sentences(browser: Any, pages: dict[str, Path]):
    """No expression syntax, no empty place of a template, every text a sentence."""
    for kind in KINDS:
        open_page(browser, pages[kind])
        texts = shown(browser, "article.method > p.text")
        assert len(texts) > 50
        for text in texts:
            # the method of GENRISK quotes the pattern of a complex karyotype: signs in it are data, no syntax left
            for sign in ("==", "!=", "{", "}", "[highest", "  ", "present(", "missing(", " ,", "None"):
                assert sign not in text.replace("[^,[]+(,[^,[]+){6,}[[].*", ""), text
            assert text.endswith("."), text


def test_analysis_results_lead_to_data_and_conditions(browser: Any, pages: dict[str, Path]):
    """The page opens with a table of displays; each result links dataset, variables and the condition's variables."""
    open_page(browser, pages["ADaM"])
    displays = shown(browser, "#analysis .summary tbody th")
    assert displays[:2] == ["Table 3", "Table 4"]
    assert follow(browser, "#analysis .summary td a") == "#AR.R.T3.D22"
    assert in_view(browser, "AR.R.T3.D22")
    result = "[id='AR.R.T3.D22'] dd"
    assert "SPECIFIED IN SAP" in shown(browser, result)
    assert "ADRS.PARAMCD: RSPD22" in [" ".join(one.split()) for one in shown(browser, result)]
    for target in ("IG.ADRS", "IG.ADRS.IT.ADRS.AVALC", "IG.ADRS.IT.ADRS.PARAMCD", "IG.ADSL.IT.ADSL.FASFL"):
        assert follow(browser, f"{result} a[href='#{target}']") == f"#{target}"
        assert in_view(browser, target)
    back = "return [...document.querySelectorAll(\"[id='IG.ADRS'] .facts a\")].map(a => a.textContent)"
    named = [one for one in browser.execute_script(back) if one.startswith(("Table", "Figure"))]
    assert named == list(dict.fromkeys(named))
    assert "Table 3" in named


def test_lineage_goes_back_to_the_source(browser: Any, pages: dict[str, Path]):
    """SDTM names the field of the form, ADaM the variable of SDTM."""
    for kind, identifier, source in (
        ("SDTM", "IG.AE.IT.AE.AETERM", "ae_raw.AETERM"),
        ("ADaM", "IG.ADSL.IT.ADSL.AGE", "DM.AGE"),
    ):
        open_page(browser, pages[kind])
        selector = f"[id='{identifier}'] details.lineage"
        browser.execute_script("document.querySelector(arguments[0]).open = true", selector)
        assert source in shown(browser, f"{selector} code.source")
