"""The page that looks into the site: who gets in, what it shows, and that nothing hostile runs or changes in it."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from onepiece_core.media.movie import write_movie
from onepiece_server.sandbox.report import SandboxReport
from tests.conftest import Run
from tests.sandbox.conftest import StartSite
from tests.support.media import write_png
from tests.support.shotgrid_site import KEY, SiteProcess

Link = dict[str, Any]
Look = Callable[..., tuple[http.client.HTTPResponse, str]]
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> {{ 7*7 }} é"


def ask(url: str, path: str, method: str = "GET", **headers: str) -> tuple[http.client.HTTPResponse, str]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return response, response.read().decode("utf-8", "replace")
    finally:
        connection.close()


def ticket_of(site: SiteProcess) -> str:
    response, body = ask(site.url, "/look/tickets", "POST", Authorization=f"Bearer {KEY}")
    assert response.status == 200
    return str(json.loads(body)["ticket"])


@pytest.fixture(scope="module")
def cookie(site: SiteProcess) -> str:
    response, _ = ask(site.url, f"/look/?ticket={ticket_of(site)}")
    return (response.headers["set-cookie"] or "").split(";")[0]


@pytest.fixture(scope="module")
def look(site: SiteProcess, cookie: str) -> Look:
    """Ask for a page as a browser that is in."""

    def get(path: str, **headers: str) -> tuple[http.client.HTTPResponse, str]:
        return ask(site.url, path, **{"Cookie": cookie, **headers})

    return get


@pytest.fixture
def version(sg: Any, project: Link) -> Link:
    return sg.create("Version", {"project": project, "code": HOSTILE, "description": HOSTILE})


def test_nobody_gets_in_without_a_ticket(site: SiteProcess):
    for path in ("/look/", "/look/type/Version", "/look/row/Project/1", "/look/schema/Shot", "/look/events"):
        response, body = ask(site.url, path, Cookie=f"onepiece_look_{urlsplit(site.url).port}=guess")
        assert response.status == 401
        assert "onepiece sandbox open" in body
        assert "Frost Giant" not in body
    assert ask(site.url, "/look/media/1")[0].status == 401


def test_a_ticket_opens_once(site: SiteProcess):
    ticket = ticket_of(site)
    response, _ = ask(site.url, f"/look/?ticket={ticket}")
    assert (response.status, response.headers["location"]) == (303, "/look/")
    assert {"HttpOnly", "SameSite=strict", "Path=/look"} <= set(response.headers["set-cookie"].split("; "))
    again, body = ask(site.url, f"/look/?ticket={ticket}")
    assert again.status == 401
    assert "set-cookie" not in again.headers
    assert "used already" in body


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Bearer wrong", f"Basic {KEY}", f"{KEY}"])
def test_only_the_owner_of_the_key_gets_a_ticket(site: SiteProcess, header: str | None):
    response, body = ask(site.url, "/look/tickets", "POST", **({} if header is None else {"Authorization": header}))
    assert response.status == 401
    assert "ticket" not in json.loads(body)


def test_a_restart_locks_the_door(start_site: StartSite, tmp_path: Path):
    first = start_site(tmp_path / "site")
    response, _ = ask(first.url, f"/look/?ticket={ticket_of(first)}")
    cookie = response.headers["set-cookie"].split(";")[0].partition("=")[2]
    first.stop()
    second = start_site(tmp_path / "site")
    name = f"onepiece_look_{urlsplit(second.url).port}"
    assert ask(second.url, "/look/", Cookie=f"{name}={cookie}")[0].status == 401
    assert second.stop() == 0


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "0.0.0.0"])
def test_a_name_that_points_here_gets_nothing(look: Look, host: str):
    response, body = look("/look/", Host=host)
    assert response.status == 421
    assert "<html" not in body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_changed(site: SiteProcess, cookie: str, method: str):
    for path in ("/look/", "/look/type/Version", "/look/row/Project/1", "/look/events", "/look/calls"):
        assert ask(site.url, path, method, Cookie=cookie)[0].status == 405


def test_people_who_come_by_are_told_where_to_go(site: SiteProcess):
    response, body = ask(site.url, "/")
    assert response.status == 200
    assert "onepiece sandbox open" in body
    assert ask(site.url, "/look")[0].headers["location"] == "/look/"


def test_every_type_has_its_pages(look: Look, sg: Any):
    for name in sg.schema_entity_read():
        for path in (f"/look/type/{name}", f"/look/type/{name}?retired=1&q=x", f"/look/schema/{name}"):
            response, body = look(path)
            assert (response.status, path) == (200, path)
            assert body.endswith("</html>")


def test_every_type_has_pages_for_its_rows(look: Look, sg: Any):
    for name in sg.schema_entity_read():
        row = sg.find_one(name, [])
        if row is not None:
            response, _ = look(f"/look/row/{name}/{row['id']}")
            assert (response.status, name) == (200, name)


@pytest.mark.parametrize(
    "path",
    [
        "/look/type/Nope",
        "/look/type/__sessions",
        "/look/type/version",
        "/look/schema/Nope",
        "/look/row/Nope/1",
        "/look/row/Version/0",
        "/look/row/Version/999999999",
        "/look/row/Version/99999999999999999999999",
        "/look/row/Version/x",
        "/look/row/Version/%00",
        "/look/row/Version/-1",
        "/look/events?type=Nope",
        "/look/media/999999999",
        "/look/media/..%2fsite.sqlite",
        "/look/nope",
        "/look/templates/base.html",
    ],
)
def test_what_is_not_there_is_not_found(look: Look, path: str):
    assert look(path)[0].status == 404


@pytest.mark.parametrize(
    "query",
    ["page=0", "page=-1", "page=x", "page=999999999999", "sort=nope&dir=x", "sort=image", "q=%00%3C", "q=%F0%9F"],
)
def test_odd_questions_are_answered(look: Look, query: str):
    assert look(f"/look/type/Version?{query}")[0].status == 200
    assert look(f"/look/events?before=x&kind=nope&{query}")[0].status == 200


def test_hostile_text_is_shown_and_never_run(look: Look, version: Link, project: Link, sg: Any):
    sg.create("Note", {"project": project, "subject": HOSTILE, "note_links": [version]})
    sg.update("Version", version["id"], {"sg_uploaded_movie": {"url": "javascript:alert(1)", "name": HOSTILE}})
    for path in ("/look/", f"/look/row/Version/{version['id']}", "/look/type/Version?q=%3Cscript", "/look/events"):
        _, body = look(path)
        assert HOSTILE in unescape(body), path
        assert "<script" not in body
        assert "<img src=x" not in body
        assert not re.search(r'href="(?!/|https?:)', body)


def test_what_somebody_searched_for_is_shown_as_text(look: Look):
    _, body = look("/look/type/Shot?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
    assert "<script" not in body


def test_a_page_lets_a_browser_load_nothing_from_elsewhere(look: Look):
    response, _ = look("/look/")
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["cache-control"] == "no-store"


def test_many_rows_come_in_pages(look: Look, sg: Any, project: Link):
    request = {"request_type": "create", "entity_type": "Playlist"}
    sg.batch([{**request, "data": {"project": project, "code": f"paged {n:03d}"}} for n in range(120)])
    seen: list[str] = []
    path: str | None = "/look/type/Playlist?q=paged&sort=code&dir=asc"
    while path:
        _, body = look(path)
        seen += re.findall(r"paged \d{3}", body)
        found = re.search(r'<a rel="next" href="([^"]+)"', body)
        path = unescape(found.group(1)) if found else None
    assert seen == [f"paged {n:03d}" for n in range(120)]


def test_retired_rows_have_their_own_table(look: Look, sg: Any, version: Link):
    sg.delete("Version", version["id"])
    href = f'href="/look/row/Version/{version["id"]}"'
    assert href not in look("/look/type/Version")[1]
    assert href in look("/look/type/Version?retired=1")[1]
    assert "retired" in look(f"/look/row/Version/{version['id']}")[1]


def test_a_row_links_to_what_it_names_and_to_what_names_it(look: Look, sg: Any, project: Link):
    shot = sg.create("Shot", {"project": project, "code": "linked shot"})
    version = sg.create("Version", {"project": project, "code": "linked version", "entity": shot})
    ticket = sg.create("Ticket", {"project": project, "title": "about it", "sg_ticket_type": None})
    assert f'href="/look/row/Shot/{shot["id"]}"' in look(f"/look/row/Version/{version['id']}")[1]
    assert f'href="/look/row/Version/{version["id"]}"' in look(f"/look/row/Shot/{shot['id']}")[1]
    _, body = look(f"/look/row/Project/{project['id']}")
    assert "Linked from" in body
    assert f'href="/look/row/Ticket/{ticket["id"]}"' in body


def test_events_are_newest_first_and_filtered(look: Look, sg: Any, project: Link):
    sequence = sg.create("Sequence", {"project": project, "code": "told sequence"})
    sg.update("Sequence", sequence["id"], {"description": "another <b>"})
    _, body = look("/look/events?type=Sequence")
    assert body.index("another") < body.index("created new Sequence")
    assert "another" not in look("/look/events?type=Sequence&kind=New")[1]
    assert "told sequence" in look("/look/events?kind=New")[1]
    assert "another &lt;b&gt;" in look(f"/look/row/Sequence/{sequence['id']}")[1]
    oldest = look("/look/events?before=3")[1]
    assert oldest.count("<time") <= 2


def test_the_schema_tells_types_and_values(look: Look):
    _, body = look("/look/schema/Shot")
    assert "sg_status_list" in body
    assert "Waiting to Start" in body
    assert 'href="/look/schema/Sequence"' in body


def test_calls_are_listed(look: Look, sg: Any):
    sg.find("Phase", [])
    _, body = look("/look/calls")
    assert "<td>Phase</td>" in body
    assert "<td>GET</td>" not in body.split("<td>Phase</td>")[0]


def test_a_look_marks_no_thumbnail_as_seen(site: SiteProcess, look: Look, sg: Any, version: Link, tmp_path: Path):
    sg.upload_thumbnail("Version", version["id"], str(write_png(tmp_path / "p.png")))
    _, body = look(f"/look/row/Version/{version['id']}")
    found = re.search(r'src="(/look/picture/[^"]+)"', body)
    assert found
    picture, _ = look(found.group(1))
    assert picture.headers["content-type"] == "image/png"
    assert ask(site.url, found.group(1))[0].status == 401
    first = sg.find_one("Version", [["id", "is", version["id"]]], ["image"])["image"]
    assert "images/status/transient" in first


def test_a_movie_plays_and_a_file_is_downloaded(look: Look, sg: Any, version: Link, tmp_path: Path):
    frames = [write_png(tmp_path / f"{n}.png", seed=n) for n in range(2)]
    write_movie(frames, tmp_path / "review.mov")
    sg.upload("Version", version["id"], str(tmp_path / "review.mov"), "sg_uploaded_movie")
    (tmp_path / "evil.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    evil = sg.upload("Version", version["id"], str(tmp_path / "evil.svg"), display_name="../../evil.svg")
    _, body = look(f"/look/row/Version/{version['id']}")
    found = re.search(r'<video [^>]*src="([^"]+)"', body)
    assert found
    movie, _ = look(found.group(1), Range="bytes=4-7")
    assert (movie.status, movie.headers["content-type"]) == (206, "video/mp4")
    assert movie.headers["content-disposition"].startswith("inline")
    assert "../../evil.svg" in unescape(body)
    file, _ = look(f"/look/media/{evil}")
    assert file.headers["content-disposition"].startswith("attachment")
    assert file.headers["content-type"] == "application/octet-stream"
    assert "sandbox" in file.headers["content-security-policy"]


def test_the_command_prints_a_way_in(studio: SandboxReport, onepiece: Run):
    done = onepiece("sandbox", "open", "--json", "--dir", studio.dir)
    told = json.loads(done.stdout)
    assert told["schema"] == "onepiece.sandbox-open.1"
    host, _, path = told["url"].removeprefix("http://").partition("/")
    assert ask(f"http://{host}", f"/{path}")[0].status == 303
    printed = onepiece("sandbox", "open", "--print", "--dir", studio.dir).stdout.strip()
    assert printed.startswith(f"{studio.env['ONEPIECE_SHOTGRID_URL']}/look/?ticket=")
    assert printed != told["url"]


def test_the_command_says_when_nothing_runs(onepiece: Run, tmp_path: Path):
    done = onepiece("sandbox", "open", "--print", "--dir", tmp_path / "none")
    assert done.returncode == 13
    assert "onepiece sandbox up" in done.stderr


@pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no chromium")
def test_a_real_browser_shows_the_page_and_runs_nothing(site: SiteProcess, version: Link, tmp_path: Path):
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}", "--dump-dom"]
    done = subprocess.run(
        [*command, f"{site.url}/look/?ticket={ticket_of(site)}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert "Latest events" in done.stdout
    assert HOSTILE in unescape(done.stdout)
