"""The pages in a real Chromium: keys, filters, what comes by itself, hostile names, no scripts, a phone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from onepiece_core.dashboard.model import Freshness
from tests.server.conftest import SECRET
from tests.server.test_pages_shows import PAGES, SCRIPT, site
from tests.support.chromium import Watched, chromium
from tests.support.memory_board import MemoryBoard

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

KEY = "dashboard-read"
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def shown() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def board() -> MemoryBoard:
    return MemoryBoard(shots=30)


@pytest.fixture
def address(board: MemoryBoard, tmp_path: Path) -> Iterator[str]:
    with site(board, tmp_path) as address:
        yield address


def test_a_person_with_a_keyboard_alone_finds_a_shot(shown: Browser, address: str) -> None:
    watched = Watched(shown)
    page = watched.page
    page.goto(f"{address}/ui/sign-in")
    page.keyboard.type(KEY)
    page.keyboard.press("Tab")
    page.keyboard.type(SECRET)
    page.keyboard.press("Enter")
    page.wait_for_selector("a.go")
    page.wait_for_load_state()  # its scripts listen to keys by then
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/ui/projects/FG")
    for key in ("j", "j", "j", "k"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.textContent").endswith("0001")
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    page.keyboard.press("Escape")
    page.wait_for_selector("#help", state="hidden")
    page.keyboard.press("/")
    with page.expect_response("**q=giant**"):
        page.keyboard.type("giant")
    page.wait_for_selector(".htmx-request", state="detached")
    page.wait_for_selector("#find-results a.go")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/ui/projects/FG/shots/1000")

    assert watched.complaints == []


def test_a_filter_changes_the_rows_and_the_address_and_back_goes_back(
    shown: Browser, address: str, board: MemoryBoard
) -> None:
    watched = Watched(shown)
    watched.sign_in(address, KEY, SECRET)
    page = watched.page
    page.goto(f"{address}/ui/projects/FG")
    page.evaluate("window.isSame = true")
    page.select_option("select[name=bucket]", "review")
    page.wait_for_url("**bucket=review**")
    page.select_option("select[name=episode]", "EP01")
    page.wait_for_selector("select[name=sequence]")

    assert page.evaluate("window.isSame")
    assert (board.asked[-1].bucket, board.asked[-1].episode) == ("review", "EP01")
    page.goto(f"{address}/ui/")
    page.go_back()
    assert page.input_value("select[name=bucket]") == "review"
    assert watched.complaints == []


def test_who_leaves_a_filter_for_a_row_stands_on_that_row_when_the_filtered_rows_come(
    shown: Browser, address: str
) -> None:
    watched = Watched(shown)
    watched.sign_in(address, KEY, SECRET)
    page = watched.page
    page.goto(f"{address}/ui/projects/FG")
    held: list[Route] = []
    is_held = True
    page.route("**text=000**", lambda route: held.append(route) if is_held else route.continue_())
    page.fill("#text", "000")
    while not held:
        page.wait_for_timeout(20)
    page.evaluate("document.querySelector('#rows').setAttribute('data-before', '')")
    page.locator("#rows a.go").nth(3).focus()
    before = page.evaluate("document.activeElement.getAttribute('href')")
    is_held = False
    held[-1].continue_()  # the field asks once more as it is left
    page.wait_for_selector("#rows:not([data-before])", state="attached")

    assert before.endswith("shots/1003")
    assert page.evaluate("document.activeElement.getAttribute('href')") == before
    # htmx tells of the request that the last one replaced.
    assert not [told for told in watched.complaints if not told.startswith("htmx:")]


def test_what_changed_comes_by_itself_and_the_focus_stays(shown: Browser, address: str, board: MemoryBoard) -> None:
    watched = Watched(shown)
    watched.sign_in(address, KEY, SECRET)
    page = watched.page
    page.goto(f"{address}/ui/projects/FG")
    page.keyboard.press("j")
    before = page.evaluate("document.activeElement.getAttribute('href')")
    board.shots, board.number = 29, 2
    page.evaluate("htmx.trigger('#live', 'refresh')")
    page.wait_for_selector("caption .count:text-is('29')")

    assert page.evaluate("document.activeElement.getAttribute('href')") == before
    assert watched.complaints == []


def test_nothing_changes_under_a_finger_and_everything_once_it_is_up(
    shown: Browser, address: str, board: MemoryBoard
) -> None:
    watched = Watched(shown)
    watched.sign_in(address, KEY, SECRET)
    page = watched.page
    page.goto(f"{address}/ui/projects/FG")
    page.hover("#live h2 >> nth=0")
    page.mouse.down()
    board.shots, board.number = 29, 2
    with page.expect_response("**/ui/projects/FG"):
        page.evaluate("htmx.trigger('#live', 'refresh')")
    page.wait_for_timeout(500)
    assert page.locator("caption .count:text-is('30')").count() == 1
    page.mouse.up()
    page.wait_for_selector("caption .count:text-is('29')")

    assert watched.complaints == []


def test_a_movie_opens_over_the_page_and_is_let_go_with_it(shown: Browser, address: str) -> None:
    watched = Watched(shown)
    watched.sign_in(address, KEY, SECRET)
    page = watched.page
    page.goto(f"{address}/ui/projects/FG/shots/1000")
    page.click("a[data-movie] >> nth=0")
    assert page.get_attribute("#player video", "src") == f"{address}/dashboard/v1/versions/1/movie"
    assert page.inner_text("#player-name") == "Frost Giant v001"
    page.keyboard.press("Escape")
    page.wait_for_selector("#player", state="hidden")
    page.wait_for_selector("#player video:not([src])", state="attached")  # it is let go a moment after it is hidden
    assert page.url == f"{address}/ui/projects/FG/shots/1000"
    assert watched.complaints == []


def test_a_lost_link_is_told_and_times_stand_still_until_it_is_back(
    shown: Browser, address: str, board: MemoryBoard
) -> None:
    board.freshness = Freshness(link="ok", as_of=time.time() - 600)
    watched = Watched(shown)
    watched.sign_in(address, KEY, SECRET)
    page = watched.page
    watched.context.set_offline(True)
    page.wait_for_selector("#wire[data-state=lost]")
    age = page.inner_text("time[data-age]")
    # The reader's clock goes on; the page's does not.
    page.evaluate("Date.now = ((now) => () => now() + 7200000)(Date.now)")
    page.wait_for_timeout(1500)
    assert "min" in age
    assert page.inner_text("time[data-age]") == age
    watched.context.set_offline(False)
    page.wait_for_selector("#wire:not([data-state=lost])")
    page.wait_for_selector("time[data-age]:text-is('2 h ago')")

    # htmx tells of requests that reached nobody.
    assert not [told for told in watched.complaints if not told.startswith("htmx:")]


def test_a_session_that_is_over_is_told_in_the_open_page(shown: Browser, address: str) -> None:
    watched = Watched(shown)
    watched.sign_in(address, KEY, SECRET)
    watched.page.goto(f"{address}/ui/projects/FG?text=0001")
    watched.context.clear_cookies()
    watched.page.evaluate("htmx.trigger('#live', 'refresh')")
    watched.page.click("text=Sign in again")
    watched.page.wait_for_url("**/ui/sign-in**")

    assert watched.page.input_value("input[name=next]") == "/ui/projects/FG?text=0001"


@pytest.mark.parametrize("name", [SCRIPT, "B" * 100_000], ids=("markup", "long"))
def test_hostile_names_run_nothing_and_keep_every_page_within_a_phone(
    shown: Browser, tmp_path: Path, name: str
) -> None:
    watched = Watched(shown, viewport=PHONE)
    with site(MemoryBoard(name), tmp_path) as address:
        watched.sign_in(address, KEY, SECRET)
        for path in PAGES:
            watched.page.goto(address + path)
            assert watched.page.locator("script:not([src]), img[src=x], [onerror]").count() == 0
            assert watched.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path

    assert watched.complaints == []


def test_without_scripts_the_pages_read_and_filter(shown: Browser, address: str, board: MemoryBoard) -> None:
    watched = Watched(shown, java_script_enabled=False)
    watched.sign_in(address, KEY, SECRET)
    page = watched.page
    page.goto(f"{address}/ui/projects/FG")
    page.fill("input[name=text]", "0002")
    page.click("#filters button")
    page.wait_for_url("**text=0002**")

    assert board.asked[-1].text == "0002"
    assert "UTC" in page.inner_text("#state")
    assert page.locator("#burn svg").is_visible()
    page.click("a.go >> nth=0")
    assert "side by side" in page.content()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_that_axe_finds_stands_in_anybodys_way(shown: Browser, address: str, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    watched = Watched(shown, color_scheme=scheme, bypass_csp=True)
    watched.sign_in(address, KEY, SECRET)
    for path in PAGES:
        watched.page.goto(address + path)
        found = Axe().run(watched.page).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == [], path
