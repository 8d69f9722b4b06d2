"""Direct uploads step by step, as the client takes them and as it never would: parts, completion, links, age."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

import pytest
import requests

from tests.sandbox.conftest import StartSite
from tests.support.shotgrid_site import KEY, SCRIPT, SiteProcess

AUTH = {"script_name": SCRIPT, "script_key": KEY}


def announced(site: SiteProcess, *, parts: bool = False) -> tuple[str, str]:
    """The whole reply and the token of a new direct upload."""
    form = {**AUTH, "upload_type": "Attachment", "filename": "x.mov", "multipart_upload": str(parts)}
    info = requests.post(f"{site.url}/upload/api_get_upload_link_info", data=form).text
    return info, info.split("\n")[4]


def linked(site: SiteProcess, info: str) -> str:
    form = {**AUTH, "entity_type": "Shot", "entity_id": "1", "upload_link_info": info, "display_name": "x"}
    return requests.post(f"{site.url}/upload/api_link_file", data=form).text


def completed(site: SiteProcess, token: str, *etags: str) -> str:
    form = {**AUTH, "upload_id": token, "etags": ",".join(etags)}
    return requests.post(f"{site.url}/upload/api_complete_multipart_upload", data=form).text


def put_part(site: SiteProcess, token: str, number: int, data: bytes) -> str:
    form = {**AUTH, "upload_id": token, "part_number": str(number)}
    answer = requests.post(f"{site.url}/upload/api_get_upload_link_for_part", data=form).text
    return requests.put(answer.split("\n")[1], data=data).headers["etag"]


@pytest.mark.wire("api_get_upload_link_for_part", "a part that is sent again replaces the first")
@pytest.mark.wire("api_complete_multipart_upload", "asked twice, answers twice")
def test_parts_may_come_in_any_order_and_again(site: SiteProcess):
    info, token = announced(site, parts=True)
    second = put_part(site, token, 2, b"world")
    put_part(site, token, 1, b"wrong ")
    first = put_part(site, token, 1, b"hello ")
    assert first == f'"{hashlib.md5(b"hello ").hexdigest()}"'
    assert completed(site, token, first, second) == "1\n"
    assert completed(site, token, first, second) == "1\n"
    number = int(linked(site, info)[2:].split("\n")[0])
    assert site.client().download_attachment(number) == b"hello world"


@pytest.mark.wire("api_complete_multipart_upload", "refuses missing, wrong and forgotten parts; all may be sent again")
def test_parts_that_do_not_fit_are_refused(site: SiteProcess):
    info, token = announced(site, parts=True)
    first, third = put_part(site, token, 1, b"one"), put_part(site, token, 3, b"three")
    for etags in ([first], [first, third], [first, '"x"', third], ["", "", ""]):
        assert completed(site, token, *etags).startswith("0\n")
    second = put_part(site, token, 2, b"two")
    assert completed(site, token, second, first, third).startswith("0\n")
    assert linked(site, info).startswith("0\n")
    assert completed(site, token, first, second, third) == "1\n"
    assert linked(site, info).startswith("1:")


@pytest.mark.parametrize("number", ["0", "-1", "10001", "x", "1e3", "٣"])
@pytest.mark.wire("api_get_upload_link_for_part", "refuses numbers that no part has")
def test_a_part_has_a_number(site: SiteProcess, number: str):
    _, token = announced(site, parts=True)
    form = {**AUTH, "upload_id": token, "part_number": number}
    assert requests.post(f"{site.url}/upload/api_get_upload_link_for_part", data=form).text.startswith("0\n")


@pytest.mark.wire("api_link_file", "sent again after a lost reply, it makes a second Attachment of the same file")
@pytest.mark.wire("api_link_file", "closes the upload's address")
def test_a_linked_upload_can_be_linked_again_but_not_written(site: SiteProcess):
    info, token = announced(site)
    assert requests.put(f"{site.url}/storage/{token}", data=b"first").ok
    numbers = [int(linked(site, info)[2:].split("\n")[0]) for _ in range(2)]
    assert len(set(numbers)) == 2
    assert requests.put(f"{site.url}/storage/{token}", data=b"other").status_code == 403
    assert [site.client().download_attachment(number) for number in numbers] == [b"first"] * 2


@pytest.mark.wire("api_get_upload_link_info", "what is announced and never linked goes after a day")
def test_what_is_never_linked_goes_after_a_day(start_site: StartSite, tmp_path: Path):
    fresh = start_site(tmp_path / "site")
    info, kept = announced(fresh)
    requests.put(f"{fresh.url}/storage/{kept}", data=b"kept")
    number = int(linked(fresh, info)[2:].split("\n")[0])
    _, lost = announced(fresh)
    requests.put(f"{fresh.url}/storage/{lost}", data=b"lost")
    _, parts = announced(fresh, parts=True)
    put_part(fresh, parts, 1, b"lost")
    files = tmp_path / "site" / "site" / "files"
    assert {path.name for path in files.iterdir()} == {kept, lost, f"{parts}.1"}
    with sqlite3.connect(tmp_path / "site" / "site" / "site.sqlite") as database:
        database.execute('UPDATE "__uploads" SET created_at = created_at - 90000')
    announced(fresh)
    assert {path.name for path in files.iterdir()} == {kept}
    assert fresh.client().download_attachment(number) == b"kept"
    assert linked(fresh, info).startswith("0\n")
    assert fresh.stop() == 0
