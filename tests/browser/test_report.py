"""The report as people meet it: on a narrow screen, in the dark, without script, by keyboard, by role and name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from analyzer.features.catalog import select
from analyzer.features.extract import extract_features
from analyzer.patterns.estimator import UsagePatterns
from analyzer.patterns.vocabulary import BASE_RATE, gives
from analyzer.policy.marks import mark_patterns
from analyzer.report.data import Card, Place, ReportData
from analyzer.report.page import render
from analyzer.sessions.synthetic import Population, synthesize

pytestmark = pytest.mark.browser

Open = Callable[..., Page]

CONTRAST = """selector => {
  const numbers = text => text.match(/[\\d.]+/g).map(Number)
  const luminance = rgb => rgb.slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0)
  const behind = element => {
    for (let e = element; e; e = e.parentElement) {
      const color = numbers(getComputedStyle(e).backgroundColor)
      if (color.length < 4 || color[3] === 1) return color
    }
    return [255, 255, 255]
  }
  return [...document.querySelectorAll(selector)].map(element => {
    const style = getComputedStyle(element)
    const text = luminance(numbers(element.closest('svg') ? style.fill : style.color))
    const back = luminance(behind(element.closest('svg') ? element.closest('svg') : element))
    return (Math.max(text, back) + 0.05) / (Math.min(text, back) + 0.05)
  })
}"""
TEXTS = ["p", "h1", "h2", "h3", "h4", "a", "li", "dt", "dd", "summary", "th", "td", "caption", "code", ".mark", "text"]


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sessions, _ = synthesize(Population(1_500, days=28))
    vectors = extract_features(sessions)
    patterns = UsagePatterns().fit(vectors)
    marks = mark_patterns(patterns)
    cells = patterns.prototypes_
    features = {spec.name: (spec.unit, spec.meaning) for spec in select()}
    cards = [
        Card(p, m, gives(p.contrasts), Place(*cells.centers[cells.pattern == n][:, :2].mean(axis=0).tolist()), features)
        for n, (p, m) in enumerate(zip(patterns.profiles_, marks, strict=False))
    ]
    assert len(cards) > 3
    data = ReportData(
        sources=sessions.sources,
        tally=sessions.tally,
        notes=("Times without a zone were read as UTC.",),
        quarantine=(("played_s is negative", 12),),
        window="28d",
        vectors=len(vectors),
        withheld_share=float((patterns.labels_ < 0).mean()),
        model="fitted",
        model_reason="there are enough vectors to find patterns of their own",
        cards=cards,
        no_pattern=marks[-1],
        rulebook="analyzer-default 2026.11",
        rulebook_hash=marks[-1].rulebook_hash,
        made_on=date(2026, 11, 23),
        base_rate=BASE_RATE,
    )
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(render(data), encoding="utf-8")
    return path


@pytest.fixture
def opened(browser: Browser, report: Path) -> Iterator[Open]:
    """Open the report from its file; anything it says on the console or asks for fails the test."""
    contexts, heard = [], []

    def open_report(width: int = 1280, **options: object) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: heard.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: heard.append(f"error: {error}"))
        page.on("request", lambda request: heard.append(request.url) if request.url != report.as_uri() else None)
        page.goto(report.as_uri())
        return page

    yield open_report
    for context in contexts:
        context.close()
    assert heard == []


def open_details(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
def test_it_asks_for_nothing_and_has_its_picture_taken(opened: Open, tmp_path: Path, width: int, scheme: str) -> None:
    page = opened(width, color_scheme=scheme)
    page.wait_for_load_state("networkidle")
    picture = tmp_path / f"report-{width}-{scheme}.png"
    page.screenshot(path=picture, full_page=True)
    assert picture.stat().st_size > 50_000


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_the_page_never_scrolls_sideways(opened: Open, width: int) -> None:
    page = opened(width)
    open_details(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    wide = "e => e.clientWidth && e.scrollWidth > e.clientWidth + 1"
    assert page.evaluate(f"[...document.querySelectorAll('p, h3, dd, .bars')].filter({wide}).length") == 0


def test_wide_tables_scroll_in_a_named_region_that_takes_focus(opened: Open) -> None:
    page = opened(320)
    region = page.get_by_role("region", name="The patterns, their size and their mark")
    region.focus()
    expect(region).to_be_focused()
    page.keyboard.press("ArrowRight")
    # Asked from outside, again and again: a page that allows no script does not wait for a function.
    moved = (page.evaluate("document.activeElement.scrollLeft") > 0 or page.wait_for_timeout(100) for _ in range(50))
    assert any(moved)


def test_it_works_without_script(opened: Open) -> None:
    page = opened(java_script_enabled=False)
    page.get_by_text("The figures of P01 as a table").click()
    expect(page.get_by_role("table", name="P01 beside everyone")).to_be_visible()
    page.get_by_role("link", name="P02", exact=True).click()
    assert page.url.endswith("#pattern-2")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_what_is_behind_it(opened: Open, scheme: str) -> None:
    page = opened(color_scheme=scheme)
    open_details(page)
    least = {selector: min(page.evaluate(CONTRAST, selector)) for selector in TEXTS}
    assert {selector: ratio for selector, ratio in least.items() if ratio < 4.5} == {}


def test_forced_colours_keep_words_and_shapes(opened: Open) -> None:
    page = opened(forced_colors="active")
    assert min(page.evaluate(CONTRAST, "svg text") + page.evaluate(CONTRAST, ".mark")) >= 4.5
    filled = page.evaluate("getComputedStyle(document.querySelector('svg .more')).fill")
    assert filled != page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_paper_is_light_even_where_the_screen_is_dark_and_hides_no_table(opened: Open) -> None:
    page = opened(color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    for selector in ("body", ".card"):
        color = page.evaluate("s => getComputedStyle(document.querySelector(s)).backgroundColor", selector)
        assert color == "rgb(255, 255, 255)"
    assert min(ratio for selector in (".card p", ".mark", "text") for ratio in page.evaluate(CONTRAST, selector)) >= 4.5
    expect(page.get_by_role("table", name="P01 beside everyone")).to_be_visible()


def test_headings_make_an_outline_without_jumps(opened: Open) -> None:
    levels = opened().evaluate("[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_landmarks_and_pictures_have_roles_and_names(opened: Open) -> None:
    page = opened()
    for role in ("banner", "navigation", "main", "contentinfo"):
        expect(page.get_by_role(role)).to_have_count(1)  # type: ignore[arg-type]
    for name in ("What became of the rows", "The map of patterns", "How P01 differs from everyone"):
        expect(page.get_by_role("img", name=name)).to_be_visible()


def test_the_skip_link_is_first_and_leads_to_the_report(opened: Open) -> None:
    page = opened()
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the report")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


def test_words_in_the_pictures_stay_readable_on_a_narrow_screen(opened: Open) -> None:
    page = opened(320)
    heights = page.evaluate("[...document.querySelectorAll('svg text')].map(t => t.getBoundingClientRect().height)")
    assert min(heights) >= 11
    past = """[...document.querySelectorAll('svg.bars text')].filter(t => {
      const [words, picture] = [t, t.closest('svg')].map(e => e.getBoundingClientRect())
      return words.right > picture.right + 1 || words.left < picture.left - 1
    }).map(t => t.textContent)"""
    assert page.evaluate(past) == []
