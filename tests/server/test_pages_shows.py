"""Pages of shows over a board in memory: what everybody sees, hostile names, filters, sessions, a root path."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from onepiece_core.config.models import ServerSettings, Settings
from onepiece_core.dashboard.model import Freshness
from onepiece_core.errors import DashboardStoreFailed, ErrorReport
from onepiece_server.app import create_app
from onepiece_server.audit import AuditLog
from onepiece_server.auth.keys import ROLES, Credential, Keys
from onepiece_server.dashboard.pages.addresses import safe_next
from onepiece_server.dashboard.pages.mounting import mount_pages
from tests.server.conftest import SECRET, served
from tests.support.memory_board import MemoryBoard
from tests.support.memory_jobs import MemoryJobs

PAGES = (
    "/ui/",
    "/ui/projects/FG",
    "/ui/projects/FG?episode=EP01&bucket=review&text=0001",
    "/ui/projects/FG/versions",
    "/ui/projects/FG/shots/1001",
    "/ui/search?q=giant",
    "/ui/search",
)
SCRIPT = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'--><!-- {{ 7 * 7 }} \u202egnorw\u202c \x00"
HOSTILE = (
    SCRIPT,
    "A" * 100_000,
    "\u0627\u0644\u0634\u062a\u0627\u0621 \u202e backwards",
    "javascript:alert(1)",
    "../..",
)


class Parsed(HTMLParser):
    """A page as a browser takes it apart."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text: list[str] = []
        self.inline: list[str] = []
        self._open = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self._open = tag

    def handle_data(self, data: str) -> None:
        if self._open in ("script", "style") and data.strip():
            self.inline.append(data)
        self.text.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def links(self) -> list[str]:
        names = ("href", "src", "action", "hx-get")
        return [attrs[name] for _, attrs in self.tags for name in names if name in attrs]


@contextmanager
def site(board: MemoryBoard, folder: Path, *, root_path: str = "") -> Iterator[str]:
    keys = [Credential(key=role.replace(":", "-"), secret=SECRET, roles=frozenset({role})) for role in ROLES]
    settings = Settings(server=ServerSettings(root_path=root_path))
    audit = AuditLog(folder / "audit.db")
    app = create_app(
        settings, MemoryJobs(), Keys(keys, "a-token-for-the-dashboard"), state_dir=folder, audit=audit,
        close=audit.close, mounts=[lambda app, parts: mount_pages(app, parts, board)],
    )  # fmt: skip
    with served(app, root_path=root_path) as address:
        yield address


@contextmanager
def browser(address: str, key: str = "dashboard-read") -> Iterator[httpx.Client]:
    """Signed in by the form, like a person."""
    with httpx.Client(
        base_url=address, trust_env=False, timeout=20, headers={"Accept": "text/html", "Origin": address}
    ) as client:
        answer = client.post("/ui/sign-in", data={"key": key, "secret": SECRET, "next": "/ui/"})
        assert answer.status_code == 303, answer.text
        yield client


@pytest.fixture(scope="module")
def same(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """For what changes nothing."""
    with site(MemoryBoard(), tmp_path_factory.mktemp("same")) as address, browser(address) as client:
        yield client


@pytest.fixture
def board() -> MemoryBoard:
    return MemoryBoard()


@pytest.fixture
def client(board: MemoryBoard, tmp_path: Path) -> Iterator[httpx.Client]:
    with site(board, tmp_path) as address, browser(address) as client:
        yield client


@pytest.mark.parametrize("path", PAGES)
def test_every_page_reads_without_scripts_and_holds_none_of_its_own(same: httpx.Client, path: str) -> None:
    answer = same.get(path)
    page = Parsed(answer.text)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert not page.inline
    assert not [(tag, name) for tag, attrs in page.tags for name in attrs if name == "style" or name.startswith("on")]
    assert [tag for tag, _ in page.tags].count("h1") == 1
    assert {"header", "nav", "main"} <= {tag for tag, _ in page.tags}
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert all(attrs.get("alt") is not None for tag, attrs in page.tags if tag == "img")


@pytest.mark.parametrize("name", HOSTILE, ids=("markup", "long", "right-to-left", "address", "dots"))
def test_hostile_names_stay_words(tmp_path: Path, name: str) -> None:
    with site(MemoryBoard(name), tmp_path) as address, browser(address) as client:
        answers = {path: client.get(path) for path in PAGES}

    for path, answer in answers.items():
        page = Parsed(answer.text)
        assert answer.status_code == 200, path
        assert len(answer.content) < 400_000
        assert not page.inline
        assert not [attrs for tag, attrs in page.tags if "onerror" in attrs or attrs.get("src") == "x"]
        assert "7 * 7" in "".join(page.text) or name != SCRIPT or path == "/ui/search"
        assert not [link for link in page.links() if link.lower().startswith("javascript:")]


def test_behind_a_proxy_every_link_stays_under_the_root_path(tmp_path: Path) -> None:
    with site(MemoryBoard(), tmp_path, root_path="/trafalgar") as address, browser(address) as client:
        # As a proxy sends it that takes its own part of the address away.
        pages = [Parsed(client.get(path, headers={"Cookie": _cookie(client)}).text) for path in PAGES]

    for page in pages:
        assert len(page.links()) > 10
        for link in page.links():
            assert link.startswith(("/trafalgar/", "#")), link


def test_no_page_of_ours_is_linked_that_is_not_there(client: httpx.Client) -> None:
    links = {link for path in PAGES for link in Parsed(client.get(path).text).links()}

    assert len(links) > 20
    for link in links:
        # A job that was found is of the memory's; the API is not mounted here.
        if link.startswith("/ui/") and not link.startswith(("/ui/render/jobs/", "/ui/theme", "/ui/sign-out")):
            assert client.get(link).status_code == 200, link


def test_the_matrix_shows_each_task_with_a_sign_and_a_word_and_says_which_are_late(client: httpx.Client) -> None:
    text = client.get("/ui/projects/FG").text

    assert re.search(r'class="chip b-review"[^>]*><i aria-hidden="true">[^<]+</i>review', text)
    assert re.search(r'class="late" title="was due 2020-01-01">.*?late</span>', text)


def test_filters_reach_the_board_as_they_stand_in_the_address(client: httpx.Client, board: MemoryBoard) -> None:
    client.get("/ui/projects/FG?episode=EP01&sequence=sc01&bucket=review&step=comp&text=00&assignee=Ada")
    client.get("/ui/projects/FG?episode=(none)&bucket=nonsense")

    assert board.asked[0] == ("EP01", "sc01", "review", "comp", "00", "Ada")
    assert board.asked[1] == ("", None, None, None, None, None)


def test_pages_of_many_shots_lead_to_each_other_with_their_filter(tmp_path: Path) -> None:
    with site(MemoryBoard(shots=250), tmp_path) as address, browser(address) as client:
        first = Parsed(client.get("/ui/projects/FG?text=a%26b").text)
        following = next(attrs["href"] for _, attrs in first.tags if attrs.get("rel") == "next")
        second = client.get(following)

    assert "text=a%26b" in following
    assert second.text.count('class="go"') == 100
    assert "To the first" in second.text


def test_the_curve_of_done_shots_has_a_table_beside_it(client: httpx.Client) -> None:
    page = Parsed(client.get("/ui/projects/FG").text)

    points = next(attrs["data-points"] for _, attrs in page.tags if "data-points" in attrs)
    assert json.loads(points)[-1] == ["2026-09-30", 30, 30]
    assert "2026-09-30" in page.text


@pytest.mark.parametrize(
    "path", ["/ui/nothing", "/ui/projects/XX", "/ui/projects/FG/shots/9", "/ui/projects/FG/shots/abc", "/ui/a/b/c"]
)
def test_what_is_not_there_is_told_as_a_page(same: httpx.Client, path: str) -> None:
    answer = same.get(path)

    assert answer.status_code == 404
    assert "There is nothing here" in answer.text
    assert "not_found" in answer.text


def test_a_board_that_cannot_be_read_is_told_as_a_page_with_its_hint(client: httpx.Client, board: MemoryBoard) -> None:
    board.failing = DashboardStoreFailed("The mirror cannot be read")
    answer = client.get("/ui/projects/FG/versions")

    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "dashboard.store_unavailable" in answer.text
    assert "Check the disk of the state folder" in answer.text


def test_a_role_that_may_not_look_gets_a_page_that_says_so(tmp_path: Path) -> None:
    with site(MemoryBoard(), tmp_path) as address, browser(address, "render-submit") as client:
        answer = client.get("/ui/")

    assert answer.status_code == 403
    assert "auth.forbidden" in answer.text
    assert "Frost Giant" not in answer.text


def test_a_lost_link_to_the_tracker_is_told_with_the_age_of_what_is_shown(
    client: httpx.Client, board: MemoryBoard
) -> None:
    report = ErrorReport(code="tracker.unavailable", message="The site does not answer")
    board.freshness = Freshness(link="down", as_of=1_700_000_000.0, error=report)
    board.number += 1
    text = client.get("/ui/").text

    assert "ShotGrid does not answer" in text
    assert "The site does not answer" in text
    assert 'data-at="1700000000"' in text


def test_who_is_not_signed_in_is_asked_to_and_comes_back_to_the_page(board: MemoryBoard, tmp_path: Path) -> None:
    with (
        site(board, tmp_path) as address,
        httpx.Client(base_url=address, trust_env=False, headers={"Accept": "text/html", "Origin": address}) as client,
    ):
        asked = client.get("/ui/projects/FG?text=a")
        form = client.get(asked.headers["location"])
        fields = {"key": "dashboard-read", "next": "/ui/projects/FG?text=a"}
        wrong = client.post("/ui/sign-in", data={**fields, "secret": "not the secret at all"})
        right = client.post("/ui/sign-in", data={**fields, "secret": SECRET})
        there = client.get(right.headers["location"])

    assert asked.status_code == 303
    assert 'name="next" value="/ui/projects/FG?text=a"' in form.text
    assert wrong.status_code == 401
    assert "not the secret" not in wrong.text
    assert right.status_code == 303
    assert there.status_code == 200


def test_a_token_signs_in_and_signing_out_ends_it(board: MemoryBoard, tmp_path: Path) -> None:
    with (
        site(board, tmp_path) as address,
        httpx.Client(base_url=address, trust_env=False, headers={"Accept": "text/html", "Origin": address}) as client,
    ):
        client.post("/ui/sign-in", data={"token": "a-token-for-the-dashboard"})
        before, cookie = client.get("/ui/"), _cookie(client)
        client.post("/ui/sign-out")
        after = client.get("/ui/", headers={"Cookie": cookie})

    assert before.status_code == 200
    assert after.status_code == 303


def test_another_sites_form_signs_nobody_in_or_out(client: httpx.Client) -> None:
    headers = {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}
    fields = {"key": "dashboard-read", "secret": SECRET}

    assert client.post("/ui/sign-in", data=fields, headers=headers).status_code == 403
    assert client.post("/ui/sign-out", headers=headers).status_code == 403
    assert client.get("/ui/").status_code == 200


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "", "/\tx", "evil"]
)
def test_signing_in_never_leads_to_another_site(wanted: str) -> None:
    assert safe_next(wanted) == "/ui/"


def test_colours_are_kept_in_a_cookie_and_need_no_script(client: httpx.Client) -> None:
    answer = client.get("/ui/theme?to=dark&next=/ui/projects/FG")

    assert answer.headers["location"] == "/ui/projects/FG"
    assert '<html lang="en" data-theme="dark">' in client.get("/ui/").text


def test_an_unchanged_page_is_not_sent_again(client: httpx.Client, board: MemoryBoard) -> None:
    first = client.get("/ui/projects/FG")
    again = client.get("/ui/projects/FG", headers={"If-None-Match": first.headers["etag"]})
    board.name, board.number = "Long Winter", 2
    changed = client.get("/ui/projects/FG", headers={"If-None-Match": first.headers["etag"]})

    assert again.status_code == 304
    assert changed.status_code == 200
    assert "Long Winter" in changed.text


def test_what_one_caller_sees_is_not_kept_for_another(board: MemoryBoard, tmp_path: Path) -> None:
    with site(board, tmp_path) as address:
        with browser(address, "dashboard-read") as client:
            assert "Signed in as dashboard-read" in client.get("/ui/").text
        with browser(address, "dashboard-manage") as client:
            assert "Signed in as dashboard-manage" in client.get("/ui/").text


def test_a_page_and_all_that_it_needs_stay_small(tmp_path: Path) -> None:
    with site(MemoryBoard("FG_010", shots=100), tmp_path) as address, browser(address) as client:
        page = client.get("/ui/projects/FG")
        sent = [page, *(client.get(link) for link in Parsed(page.text).links() if "/static/" in link)]

    assert len(sent) > 5
    assert all(each.headers["content-encoding"] == "gzip" for each in sent)
    assert sum(each.num_bytes_downloaded for each in sent) < 150_000


def test_static_files_are_kept_for_ever_under_the_address_of_their_content(client: httpx.Client) -> None:
    link = next(link for link in Parsed(client.get("/ui/").text).links() if "app.css" in link)

    assert "immutable" in client.get(link).headers["cache-control"]
    assert client.get(urlsplit(link).path).headers["cache-control"] == "no-cache"
    assert client.get(urljoin(link, "../../signing_in.py")).status_code == 404


def _cookie(client: httpx.Client) -> str:
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies.jar)
