"""The report page in a real browser: offline, silent, readable by everyone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import report_samples as samples

from unmask.report.html import to_html

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

pytestmark = pytest.mark.browser
SCHEMES = ("light", "dark")
WIDTHS = (360, 1280)


@dataclass
class Seen:
    """What the browser said and asked for."""

    page: Page
    messages: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    made = {}
    for name, make in samples.ALL.items():
        shown = [samples.whole_picture()] if name in ("authentic", "many") else []
        made[name] = folder / f"{name}.html"
        page = to_html(make(), pictures=shown, cards=samples.CARDS)
        made[name].write_text(page, encoding="utf-8")
    return made


@contextmanager
def opened(
    browser: Browser, path: Path, scheme: str = "light", width: int = 1280, **options: object
) -> Iterator[Seen]:
    """The page of a file in a context without a network."""
    context = browser.new_context(
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport={"width": width, "height": 900},
        **options,  # type: ignore[arg-type]
    )
    context.set_offline(True)
    page = context.new_page()
    seen = Seen(page)
    page.on("console", lambda message: seen.messages.append(message.text))
    page.on("pageerror", lambda error: seen.messages.append(str(error)))

    def note(route: Route) -> None:
        seen.requests.append(route.request.url)
        route.continue_()

    context.route("**/*", note)
    page.goto(path.as_uri())
    yield seen
    context.close()


@pytest.mark.parametrize("name", samples.ALL)
def test_page_is_silent_and_asks_for_nothing(
    browser: Browser, files: dict[str, Path], name: str
) -> None:
    with opened(browser, files[name]) as seen:
        assert seen.page.locator("h1").count() == 1
        broken = seen.page.evaluate(
            "[...document.images].filter(i => !i.complete || !i.naturalWidth).length"
        )
        assert broken == 0
        others = [url for url in seen.requests if not url.startswith("data:")]
        assert others == [files[name].as_uri()]
        assert seen.messages == []


@pytest.mark.parametrize("name", samples.ALL)
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_page_is_accessible(
    browser: Browser,
    files: dict[str, Path],
    axe: str,
    tmp_path: Path,
    name: str,
    scheme: str,
    width: int,
) -> None:
    with opened(browser, files[name], scheme, width, bypass_csp=True) as seen:
        for details in seen.page.locator("details").all():
            details.evaluate("element => element.open = true")
        seen.page.add_script_tag(content=axe)
        found = seen.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        seen.page.screenshot(path=tmp_path / f"{name}-{scheme}-{width}.png", full_page=True)
        bad = [
            f"{rule['id']} ({rule['impact']}): {node['target']} {node['failureSummary']}"
            for rule in found["violations"]
            for node in rule["nodes"]
        ]
        assert bad == []
        assert found["passes"]


@pytest.mark.parametrize("name", samples.ALL)
def test_page_does_not_scroll_sideways_on_a_phone(
    browser: Browser, files: dict[str, Path], name: str
) -> None:
    with opened(browser, files[name], width=360) as seen:
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= 360


def test_dark_and_light_are_different(browser: Browser, files: dict[str, Path]) -> None:
    grounds = {}
    for scheme in SCHEMES:
        with opened(browser, files["two_faces"], scheme) as seen:
            grounds[scheme] = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert grounds["light"] != grounds["dark"]


def test_paper_is_white_and_shows_folded_details(browser: Browser, files: dict[str, Path]) -> None:
    with opened(browser, files["video"], "dark") as seen:
        seen.page.emulate_media(media="print", color_scheme="dark")
        ground = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == "rgb(255, 255, 255)"
        assert seen.page.get_by_text("Highest probability of forgery in each stretch").is_visible()


def test_forced_colours_keep_words_and_marks(browser: Browser, files: dict[str, Path]) -> None:
    with opened(browser, files["two_faces"], forced_colors="active") as seen:
        assert seen.page.get_by_role("heading", level=1).inner_text() == "Likely manipulated"
        assert seen.page.get_by_role("img", name="The marked region covers").is_visible()
        shown = seen.page.locator(".verdict .icon path").first
        assert shown.evaluate("e => getComputedStyle(e).stroke") != "none"


def test_what_scrolls_takes_the_keyboard(browser: Browser, files: dict[str, Path]) -> None:
    with opened(browser, files["video"], width=360, bypass_csp=True) as seen:
        chart = seen.page.get_by_role("region", name="Chart of the probability")
        chart.focus()
        assert chart.evaluate("e => document.activeElement === e")
        assert chart.evaluate("e => e.scrollWidth > e.clientWidth")
        seen.page.keyboard.press("ArrowRight")
        seen.page.wait_for_function("document.activeElement.scrollLeft > 0", timeout=5000)


def test_reader_hears_verdict_marks_and_tables(browser: Browser, files: dict[str, Path]) -> None:
    with opened(browser, files["video"]) as seen:
        page = seen.page
        assert page.get_by_role("banner").count() == 1
        assert page.get_by_role("main").count() == 1
        assert page.get_by_role("contentinfo").count() == 1
        assert page.get_by_role("region", name="Very likely manipulated").is_visible()
        page.get_by_text("The chart as a table").click()
        table = page.get_by_role("table", name="Highest probability of forgery in each stretch")
        assert table.get_by_role("columnheader").count() == 4
        assert table.get_by_role("rowheader").count() == 24


def test_hostile_names_run_nothing(browser: Browser, files: dict[str, Path]) -> None:
    with opened(browser, files["hostile"], bypass_csp=True) as seen:
        dialogs: list[str] = []
        seen.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
        seen.page.reload()
        assert dialogs == []
        assert seen.page.locator("script").count() == 0
        assert "\\u202egpj.exe" in seen.page.locator("main").inner_text()
