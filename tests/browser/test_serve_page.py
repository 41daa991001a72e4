"""The page of the service in a real browser: from dropping a file to deleting it."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn

HERE = Path(__file__).parents[1]
sys.path[:0] = [str(HERE), str(HERE / "serve")]

from serve_helpers import work_off  # noqa: E402

from make_media import image, photo, sound, video  # noqa: E402
from unmask.serve.app import make_app  # noqa: E402
from unmask.serve.config import Serving  # noqa: E402
from unmask.serve.database import Database  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
HOSTILE = "<img src=x onerror=alert(1)>'\"{{7*7}}.png"
SENT = HOSTILE.replace('"', "%22")  # so browsers write it in a form


@dataclass
class Service:
    """A running service whose jobs are judged when the test says so."""

    url: str
    serving: Serving
    database: Database

    def judge(self) -> None:
        """Judge what waits."""
        work_off(self.serving, self.database, analyzers=["metadata", "compression"])


DRAWN = """(() => {
  const copy = document.createElement("canvas");
  [copy.width, copy.height] = [1, 140];
  const pen = copy.getContext("2d", { willReadFrequently: true });
  pen.drawImage(document.querySelector("#wave"), 600, 0, 1, 140, 0, 0, 1, 140);
  return [...pen.getImageData(0, 0, 1, 140).data].some((value) => value);
})()"""
"""Whether the wave has been drawn; read from a copy, as asking often is what browsers warn of."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    serving = Serving(data=folder / "data", spare=0)
    database = Database(serving.url)
    database.migrate()
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(make_app(serving, database), log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield Service(f"http://127.0.0.1:{listening.getsockname()[1]}", serving, database)
    server.should_exit = True
    thread.join()
    database.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("files")
    return {
        "photo": image(folder / "photo.png", photo(320, 240)),
        "hostile": image(folder / HOSTILE.replace("/", "_"), photo(), format="PNG"),
        "video": video(folder / "clip.webm", "libvpx-vp9", count=20, rate=10),
        "voice": sound(folder / "voice.wav"),
    }


@dataclass
class Seen:
    """A page, what it said, and whom it asked."""

    page: Page
    messages: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)


@contextmanager
def opened(browser: Browser, service: Service, **options: Any) -> Iterator[Seen]:
    context = browser.new_context(**options)
    page = context.new_page()
    page.set_default_timeout(20_000)
    seen = Seen(page)
    page.on("console", lambda message: seen.messages.append(message.text))
    page.on("pageerror", lambda error: seen.messages.append(str(error)))
    page.on("dialog", lambda dialog: dialog.accept())
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((service.url, "data:", "blob:"))
            else seen.strangers.append(request.url)
        ),
    )
    page.goto(service.url)
    yield seen
    context.close()
    assert seen.messages == []
    assert seen.strangers == []


def until(page: Page, condition: str) -> None:
    """Wait for a condition; the page's own rules forbid Playwright to look from within."""
    end = time.monotonic() + 20
    while not page.evaluate(condition):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(50)


def judged(seen: Seen, service: Service, file: Path) -> str:
    """Upload a file by the page, and wait for its result there; the page's address."""
    seen.page.goto(service.url)
    seen.page.set_input_files("#files", file)
    seen.page.wait_for_url("**/jobs/*")
    assert seen.page.get_by_role("heading", name="Waiting").is_visible()
    service.judge()
    seen.page.wait_for_selector(".part h1")
    return seen.page.url


@pytest.fixture(scope="module")
def results(browser: Browser, service: Service, files: dict[str, Path]) -> dict[str, str]:
    with opened(browser, service) as seen:
        return {name: judged(seen, service, path) for name, path in files.items()}


def test_every_kind_of_file_has_its_viewer(
    browser: Browser, service: Service, results: dict[str, str]
) -> None:
    with opened(browser, service) as seen:
        page = seen.page
        page.goto(results["photo"])
        page.get_by_role("button", name="Enlarge").click()
        assert page.locator(".layers").evaluate("e => e.style.width") == "150%"
        page.goto(results["video"])
        page.get_by_role("button", name="Frame on").click()
        until(page, "document.querySelector('#player').currentTime > 0")
        page.goto(results["voice"])
        until(page, DRAWN)
        page.get_by_role("button", name="Play this second").click()


def test_side_by_side_and_delete(
    browser: Browser, service: Service, files: dict[str, Path]
) -> None:
    with opened(browser, service) as seen:
        first = judged(seen, service, files["photo"])
        judged(seen, service, files["voice"])
        page = seen.page
        page.get_by_role("link", name="History").click()
        page.get_by_role("checkbox", name="Choose photo.png").first.check()
        page.get_by_role("checkbox", name="Choose voice.wav").first.check()
        page.get_by_role("button", name="side by side").click()
        assert page.get_by_role("rowheader", name="SHA-256").is_visible()
        assert page.locator("tr.differs").count() > 2
        page.goto(first)
        page.get_by_role("button", name="Delete").click()
        page.wait_for_url("**/history")
        assert page.goto(first).status == 404  # type: ignore[union-attr]
        seen.messages.clear()  # the browser notes the 404 that was asked for


def test_on_a_phone_both_results_are_seen_at_once(
    browser: Browser, service: Service, results: dict[str, str]
) -> None:
    ids = [results[name].rsplit("/", 1)[1] for name in ("photo", "voice")]
    with opened(browser, service, viewport={"width": 360, "height": 800}) as seen:
        page = seen.page
        links = page.locator(".bar a").all()
        assert len({link.bounding_box()["y"] for link in links[1:]}) == 1, "the menu is one line"  # type: ignore[index]
        page.goto(f"{service.url}/side?id={ids[0]}&id={ids[1]}")
        row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="SHA-256"))
        for cell in row.get_by_role("cell").all():
            box = cell.bounding_box()
            assert box
            assert 0 <= box["x"] < box["x"] + box["width"] <= 360


def test_history_is_searched_as_one_types(
    browser: Browser, service: Service, results: dict[str, str]
) -> None:
    with opened(browser, service) as seen:
        page = seen.page
        page.goto(f"{service.url}/history")
        page.get_by_label("Name").press_sequentially("clip")
        until(page, "document.querySelectorAll('.job').length === 1")
        assert page.locator(".job a").inner_text() == "clip.webm"


def test_hostile_names_run_nothing(
    browser: Browser, service: Service, results: dict[str, str]
) -> None:
    with opened(browser, service) as seen:
        seen.page.goto(results["hostile"])
        assert SENT in seen.page.locator(".about .name").inner_text()
        seen.page.goto(f"{service.url}/history")
        assert seen.page.locator("img[src=x]").count() == 0
        assert seen.page.get_by_text(SENT).first.is_visible()


def test_complete_by_keyboard(browser: Browser, service: Service, results: dict[str, str]) -> None:
    with opened(browser, service) as seen:
        page = seen.page
        page.keyboard.press("h")
        page.wait_for_url("**/history")
        page.keyboard.press("j")
        assert page.evaluate("document.activeElement.closest('.job') !== null")
        page.keyboard.press("Enter")
        page.wait_for_url("**/jobs/*")
        page.keyboard.press("?")
        page.wait_for_url("**/settings#keys")
        page.get_by_label("Use them in this browser").uncheck()
        page.keyboard.press("Tab")
        page.keyboard.press("u")
        assert "/settings" in page.url


def test_without_scripts(browser: Browser, service: Service, files: dict[str, Path]) -> None:
    with opened(browser, service, java_script_enabled=False) as seen:
        seen.page.set_input_files("#files", files["photo"])
        seen.page.get_by_role("button", name="Judge them").click()
        seen.page.wait_for_url("**/jobs/*")
        service.judge()
        seen.page.reload()
        assert seen.page.locator(".part h1").is_visible()


@pytest.mark.parametrize(("scheme", "width"), [("light", 360), ("dark", 1280)])
def test_pages_are_accessible(
    browser: Browser,
    service: Service,
    results: dict[str, str],
    axe: str,
    scheme: str,
    width: int,
) -> None:
    shown = [f"{service.url}{path}" for path in ("", "/history", "/compare", "/settings", "/login")]
    ids = [results[name].rsplit("/", 1)[1] for name in ("photo", "video")]
    shown += [results["photo"], results["video"], f"{service.url}/side?id={ids[0]}&id={ids[1]}"]
    size = {"width": width, "height": 900}
    options = {"color_scheme": scheme, "viewport": size, "bypass_csp": True}
    with opened(browser, service, **options) as seen:
        for address in shown:
            seen.page.goto(address)
            assert seen.page.evaluate("document.documentElement.scrollWidth") <= width, address
            seen.page.add_script_tag(content=axe)
            found = seen.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
            bad = [
                f"{address} {rule['id']} ({rule['impact']}): {node['target']}"
                for rule in found["violations"]
                for node in rule["nodes"]
            ]
            assert bad == []
