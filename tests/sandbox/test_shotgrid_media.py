"""Media: what is made from uploads, what players and browsers get, shared pictures."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import requests
from shotgun_api3.shotgun import ShotgunFileDownloadError, ShotgunThumbnailNotReady

from onepiece_core.media.movie import count_frames, write_movie
from onepiece_core.media.picture import read_picture
from tests.sandbox.conftest import StartSite
from tests.support.media import write_exr, write_png
from tests.support.shotgrid_site import SiteProcess

Link = dict[str, Any]
TRANSIENT = "images/status/transient"
STATUS = "sg_uploaded_movie_transcoding_status"


@pytest.fixture
def version(sg: Any, project: Link) -> Link:
    return sg.create("Version", {"project": project, "code": "v"})


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three frames of H.264 in a MOV."""
    folder = tmp_path_factory.mktemp("movie")
    write_movie([write_png(folder / f"{n}.png", seed=n, width=96, height=54) for n in range(3)], folder / "review.mov")
    return folder / "review.mov"


def read(sg: Any, entity: Link, field: str) -> Any:
    return sg.find_one(entity["type"], [["id", "is", entity["id"]]], [field])[field]


def settled(sg: Any, entity: Link, field: str) -> Any:
    """The field's value once it is no promise any more."""
    deadline = time.monotonic() + 60
    while (value := read(sg, entity, field)) is not None and TRANSIENT in str(value):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return value


def transcoded(sg: Any, entity: Link) -> int:
    deadline = time.monotonic() + 60
    while (status := read(sg, entity, STATUS)) == 0:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return status


@pytest.mark.wire("upload_file", "a movie gives its Version a thumbnail, a filmstrip, an MP4 and a frame rate")
@pytest.mark.wire("publish_thumbnail", "a filmstrip made from a movie is 240 pixels a frame")
def test_a_movie_gives_its_version_pictures_and_an_mp4(sg: Any, version: Link, movie: Path, tmp_path: Path):
    sg.upload("Version", version["id"], str(movie), "sg_uploaded_movie")
    assert TRANSIENT in read(sg, version, "image")
    assert TRANSIENT in read(sg, version, "filmstrip_image")
    assert transcoded(sg, version) == 1
    pictures = {}
    for field in ("image", "filmstrip_image"):
        pictures[field] = tmp_path / f"{field}.jpg"
        pictures[field].write_bytes(requests.get(settled(sg, version, field)).content)
    assert read_picture(pictures["image"], 999, 999).shape == (56, 96, 3)
    assert read_picture(pictures["filmstrip_image"], 9999, 999).shape[1] == 3 * 240
    fields = ["sg_uploaded_movie_mp4", "sg_uploaded_movie_webm", "sg_uploaded_movie_frame_rate"]
    found = sg.find_one("Version", [["id", "is", version["id"]]], fields)
    assert found["sg_uploaded_movie_mp4"]["content_type"] == "video/mp4"
    assert found["sg_uploaded_movie_mp4"]["name"] == "review.mp4"
    assert (found["sg_uploaded_movie_webm"], found["sg_uploaded_movie_frame_rate"]) == (None, 24.0)
    sg.download_attachment(found["sg_uploaded_movie_mp4"], str(tmp_path / "back.mp4"))
    assert count_frames(tmp_path / "back.mp4") == 3


@pytest.mark.wire("upload_file", "a movie that cannot be decoded ends with status 2 and no thumbnail")
def test_a_broken_movie_leaves_no_thumbnail(sg: Any, version: Link, tmp_path: Path):
    (tmp_path / "broken.mov").write_bytes(b"no movie")
    sg.upload("Version", version["id"], str(tmp_path / "broken.mov"), "sg_uploaded_movie")
    assert TRANSIENT in read(sg, version, "image")
    assert transcoded(sg, version) == 2
    assert (read(sg, version, "image"), read(sg, version, "filmstrip_image")) == (None, None)
    assert sg.download_attachment(read(sg, version, "sg_uploaded_movie")) == b"no movie"


@pytest.mark.wire("upload_file", "a later movie replaces the pictures of the earlier one, never an uploaded thumbnail")
def test_a_later_movie_replaces_what_was_made_from_the_first(sg: Any, version: Link, movie: Path, tmp_path: Path):
    sg.upload("Version", version["id"], str(movie), "sg_uploaded_movie")
    transcoded(sg, version)
    first = settled(sg, version, "image")
    sg.upload_filmstrip_thumbnail("Version", version["id"], str(write_png(tmp_path / "strip.png")))
    sg.upload("Version", version["id"], str(movie), "sg_uploaded_movie")
    assert transcoded(sg, version) == 1
    assert settled(sg, version, "image") != first
    assert requests.get(settled(sg, version, "filmstrip_image")).content == (tmp_path / "strip.png").read_bytes()


@pytest.mark.wire("upload_file", "a still in the movie field gives a thumbnail")
def test_a_still_in_the_movie_field_gives_a_thumbnail(sg: Any, version: Link, tmp_path: Path):
    still = write_png(tmp_path / "still.png", width=1000, height=500)
    sg.upload("Version", version["id"], str(still), "sg_uploaded_movie")
    assert transcoded(sg, version) == 1
    (tmp_path / "back.jpg").write_bytes(requests.get(settled(sg, version, "image")).content)
    assert read_picture(tmp_path / "back.jpg", 9999, 9999).shape == (320, 640, 3)
    assert read(sg, version, "filmstrip_image") is None


@pytest.mark.wire("publish_thumbnail", "an EXR becomes a JPEG")
def test_a_picture_that_browsers_do_not_show_becomes_one_that_they_do(sg: Any, version: Link, tmp_path: Path):
    sg.upload_thumbnail("Version", version["id"], str(write_exr(tmp_path / "frame.exr")))
    answer = requests.get(settled(sg, version, "image"))
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.content.startswith(b"\xff\xd8\xff")


@pytest.mark.wire("publish_thumbnail", "what is no picture gives none")
def test_what_is_no_picture_gives_none(sg: Any, version: Link, tmp_path: Path):
    (tmp_path / "hostile.png").write_text("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    sg.upload_thumbnail("Version", version["id"], str(tmp_path / "hostile.png"))
    assert settled(sg, version, "image") is None


@pytest.mark.wire("publish_thumbnail", "clearing image clears filmstrip_image too")
def test_a_cleared_thumbnail_takes_the_filmstrip_with_it(sg: Any, version: Link, tmp_path: Path):
    picture = str(write_png(tmp_path / "p.png"))
    sg.upload_thumbnail("Version", version["id"], picture)
    sg.upload_filmstrip_thumbnail("Version", version["id"], picture)
    sg.update("Version", version["id"], {"filmstrip_image": None})
    assert read(sg, version, "image") is not None
    sg.upload_filmstrip_thumbnail("Version", version["id"], picture)
    sg.update("Version", version["id"], {"image": None})
    assert (read(sg, version, "image"), read(sg, version, "filmstrip_image")) == (None, None)


@pytest.mark.wire("publish_thumbnail", "stays pending for the site's thumbnail seconds")
@pytest.mark.wire("share_thumbnail", "answers 2 while the source is pending")
def test_a_thumbnail_takes_the_sites_time(start_site: StartSite, tmp_path: Path):
    slow = start_site(tmp_path / "slow", "--thumbnail-seconds", "600")
    client = slow.client()
    shots = client.find("Shot", [], limit=2)
    client.upload_thumbnail("Shot", shots[0]["id"], str(write_png(tmp_path / "p.png")))
    for _ in range(3):
        assert TRANSIENT in read(client, shots[0], "image")
    with pytest.raises(ShotgunThumbnailNotReady):
        client.share_thumbnail([shots[1]], source_entity=shots[0])
    assert read(client, shots[1], "image") is None
    assert slow.stop() == 0


@pytest.mark.wire("share_thumbnail", "one upload for many rows")
def test_one_uploaded_picture_is_shared_by_many(sg: Any, project: Link, tmp_path: Path):
    picture = write_png(tmp_path / "p.png")
    rows = [sg.create("Version", {"project": project, "code": f"v{n}"}) for n in range(3)]
    rows.append(sg.create("Shot", {"project": project, "code": "s"}))
    number = sg.share_thumbnail(list(rows), thumbnail_path=str(picture))
    final = {settled(sg, row, "image") for row in rows}
    assert len(final) == 1
    assert requests.get(final.pop()).content == picture.read_bytes()
    assert sg.find_one("Attachment", [["id", "is", number]]) is not None
    assert read(sg, rows[3], "image_source_entity")["id"] == rows[0]["id"]


@pytest.mark.wire("share_thumbnail", "shares a filmstrip")
@pytest.mark.wire("share_thumbnail", "leaves an event on each row")
def test_a_filmstrip_is_shared_and_leaves_an_event(sg: Any, version: Link, project: Link, tmp_path: Path):
    other = sg.create("Version", {"project": project, "code": "other"})
    sg.upload_filmstrip_thumbnail("Version", version["id"], str(write_png(tmp_path / "p.png")))
    sg.share_thumbnail([other], source_entity=version, filmstrip_thumbnail=True)
    assert settled(sg, other, "filmstrip_image") == settled(sg, version, "filmstrip_image")
    assert read(sg, other, "image") is None
    filters = [["entity", "is", other], ["event_type", "is", "Shotgun_Version_Change"]]
    assert sg.find_one("EventLogEntry", [*filters, ["attribute_name", "is", "filmstrip_image"]]) is not None


@pytest.mark.wire("share_thumbnail", "refuses rows that are not there, all or none")
def test_a_picture_is_shared_with_all_or_none(sg: Any, version: Link, project: Link, tmp_path: Path):
    other = sg.create("Version", {"project": project, "code": "other"})
    sg.upload_thumbnail("Version", version["id"], str(write_png(tmp_path / "p.png")))
    with pytest.raises(Exception, match="does not exist"):
        sg.share_thumbnail([other, {"type": "Version", "id": 10**9}], source_entity=version)
    assert read(sg, other, "image") is None


@pytest.mark.wire("file_serve", "serves ranges to a player")
def test_a_player_reads_a_movie_in_pieces(site: SiteProcess, sg: Any, version: Link, movie: Path):
    sg.upload("Version", version["id"], str(movie), "sg_uploaded_movie")
    url, data = read(sg, version, "sg_uploaded_movie")["url"], movie.read_bytes()
    cookies = {"_session_id": sg.get_session_token()}
    part = requests.get(url, headers={"Range": "bytes=10-19"}, cookies=cookies)
    assert (part.status_code, part.content) == (206, data[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(data)}"
    assert requests.get(url, headers={"Range": "bytes=-5"}, cookies=cookies).content == data[-5:]
    beyond = requests.get(url, headers={"Range": f"bytes={len(data)}-"}, cookies=cookies)
    assert beyond.status_code == 416
    whole = requests.get(url, cookies=cookies)
    assert (whole.status_code, whole.headers["accept-ranges"]) == (200, "bytes")


@pytest.mark.wire("file_serve", "a file is a download that a browser runs nothing of")
def test_an_uploaded_page_is_a_download(sg: Any, version: Link, tmp_path: Path):
    (tmp_path / "page.html").write_text("<script>alert(1)</script>")
    number = sg.upload("Version", version["id"], str(tmp_path / "page.html"))
    url = sg.get_attachment_download_url({"type": "Attachment", "id": number})
    answer = requests.get(url, cookies={"_session_id": sg.get_session_token()})
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.wire("file_serve", "a retired attachment is not found until it is revived")
def test_a_retired_attachment_is_gone_until_it_is_revived(sg: Any, version: Link, tmp_path: Path):
    (tmp_path / "notes.txt").write_text("notes")
    number = sg.upload("Version", version["id"], str(tmp_path / "notes.txt"))
    assert sg.delete("Attachment", number)
    assert read(sg, version, "attachments") == []
    with pytest.raises(ShotgunFileDownloadError, match="may not exist"):
        sg.download_attachment(number)
    assert sg.revive("Attachment", number)
    assert sg.download_attachment(number) == b"notes"


@pytest.mark.wire("upload_file", "what was not made before a stop is made after the next start")
def test_what_was_not_made_is_made_after_the_next_start(start_site: StartSite, tmp_path: Path, movie: Path):
    first = start_site(tmp_path / "site")
    client = first.client()
    version = client.create("Version", {"project": client.find_one("Project", []), "code": "v"})
    client.upload("Version", version["id"], str(movie), "sg_uploaded_movie")
    first.kill()
    second = start_site(tmp_path / "site")
    assert transcoded(second.client(), version) == 1
    assert requests.get(settled(second.client(), version, "image")).ok
    assert second.stop() == 0
    left = [path.name for path in (tmp_path / "site" / "site" / "files").iterdir() if path.suffix == ".part"]
    assert left == []


@pytest.mark.parametrize("status", [409, 410])
@pytest.mark.wire("file_serve", "a malware scan, when a fault plan says so")
def test_a_malware_scan_is_planned(start_site: StartSite, tmp_path: Path, status: int):
    scanned = start_site(tmp_path / "site")
    client = scanned.client()
    (tmp_path / "notes.txt").write_text("notes")
    number = client.upload("Shot", 1, str(tmp_path / "notes.txt"))
    words = "This file is undergoing a malware scan, please try again in a few minutes"
    scanned.set_faults([{"method": "GET", "fault": "error", "error_code": status, "message": words}])
    url = client.get_attachment_download_url({"type": "Attachment", "id": number})
    answer = requests.get(url, cookies={"_session_id": client.get_session_token()})
    assert (answer.status_code, answer.text) == (status, words)
    scanned.clear_faults()
    assert client.download_attachment(number) == b"notes"
    assert scanned.stop() == 0
