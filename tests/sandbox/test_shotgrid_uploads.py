"""Files: both ways of uploading, thumbnails that are pending first, downloads, refusals."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from shotgun_api3 import ShotgunError
from shotgun_api3.shotgun import ShotgunFileDownloadError, ShotgunThumbnailNotReady

from tests.sandbox.conftest import StartSite
from tests.support.shotgrid_site import KEY, SCRIPT, SiteProcess

Link = dict[str, Any]
JPEG = b"\xff\xd8\xff\xe0" + b"picture" * 20
AUTH = {"script_name": SCRIPT, "script_key": KEY}


@pytest.fixture(scope="module")
def form_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SiteProcess]:
    """A site that takes no direct uploads."""
    process = SiteProcess(tmp_path_factory.mktemp("form"), ("--uploads", "form")).start()
    yield process
    assert process.stop() == 0


@pytest.fixture(params=["direct", "form"])
def client(request: pytest.FixtureRequest, site: SiteProcess) -> Any:
    return (site if request.param == "direct" else request.getfixturevalue("form_site")).client()


@pytest.fixture
def version(client: Any) -> Link:
    project = client.find_one("Project", [["name", "is", "Frost Giant"]])
    return client.create("Version", {"project": project, "code": "v"})


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "thumb é.jpg"
    path.write_bytes(JPEG)
    return path


def read(client: Any, entity: Link, field: str) -> Any:
    return client.find_one(entity["type"], [["id", "is", entity["id"]]], [field])[field]


@pytest.mark.wire("upload_file", "a file comes back as it went, in form and direct mode")
@pytest.mark.wire("file_serve", "to a file and to memory")
def test_a_file_comes_back_as_it_went(client: Any, version: Link, tmp_path: Path):
    source = tmp_path / "revue é.mov"
    source.write_bytes(os.urandom(300_000))
    number = client.upload("Version", version["id"], str(source), "sg_uploaded_movie", "shown name")
    value = read(client, version, "sg_uploaded_movie")
    assert value.items() >= {"id": number, "name": "shown name", "link_type": "upload"}.items()
    assert value["content_type"] == "video/quicktime"
    assert client.download_attachment(value, str(tmp_path / "back")) == str(tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == source.read_bytes()
    assert client.download_attachment({"type": "Attachment", "id": number}) == source.read_bytes()


@pytest.mark.wire("upload_file", "without a field: an Attachment linked to the row")
def test_an_attachment_knows_its_file_and_its_row(client: Any, version: Link, tmp_path: Path):
    source = tmp_path / "notes.txt"
    source.write_text("12345")
    number = client.upload("Version", version["id"], str(source))
    fields = ["file_size", "filename", "file_extension", "attachment_links", "project"]
    found = client.find_one("Attachment", [["id", "is", number]], fields)
    assert (found["file_size"], found["filename"], found["file_extension"]) == (5, "notes.txt", "txt")
    assert found["attachment_links"][0]["id"] == version["id"]
    assert found["project"]["name"] == "Frost Giant"
    assert [link["id"] for link in read(client, version, "attachments")] == [number]


@pytest.mark.wire("api_complete_multipart_upload", "a movie over 20 MB in parts")
def test_a_movie_in_parts_is_one_file(site: SiteProcess, tmp_path: Path):
    client = site.client()
    shot = client.find_one("Shot", [])
    version = client.create("Version", {"project": client.find_one("Project", []), "code": "v", "entity": shot})
    source = tmp_path / "long.bin"
    source.write_bytes(os.urandom(1_000_003) * 21)
    client.upload("Version", version["id"], str(source), "sg_uploaded_movie")
    assert client.download_attachment(read(client, version, "sg_uploaded_movie")) == source.read_bytes()


@pytest.mark.wire("publish_thumbnail", "pending on the first read, then final without a cookie")
def test_a_thumbnail_is_pending_once_and_then_final(client: Any, version: Link, picture: Path):
    assert read(client, version, "image") is None
    client.upload_thumbnail("Version", version["id"], str(picture))
    assert "images/status/transient" in read(client, version, "image")
    final = read(client, version, "image")
    assert "images/status/transient" not in final
    assert requests.get(final).content == JPEG


def test_the_pending_picture_is_a_picture(client: Any, version: Link, picture: Path):
    client.upload_thumbnail("Version", version["id"], str(picture))
    answer = requests.get(read(client, version, "image"))
    assert answer.content.startswith(b"\x89PNG")


@pytest.mark.wire("publish_thumbnail", "filmstrip")
def test_a_filmstrip_is_not_the_thumbnail(client: Any, version: Link, picture: Path):
    client.upload_filmstrip_thumbnail("Version", version["id"], str(picture))
    assert read(client, version, "filmstrip_image") is not None
    assert read(client, version, "image") is None


@pytest.mark.wire("create", "image and filmstrip_image in the data are uploaded")
def test_create_and_update_take_an_image(client: Any, version: Link, picture: Path):
    data = {"project": client.find_one("Project", []), "code": "v", "image": str(picture)}
    made = client.create("Version", {**data, "filmstrip_image": str(picture)})
    assert "images/status/transient" in made["filmstrip_image"]
    assert "images/status/transient" in made["image"]
    assert client.update("Version", version["id"], {"image": str(picture)})["image"]
    assert client.update("Version", version["id"], {"image": None})["image"] is None
    assert client.find("Version", [["id", "is", made["id"]], ["image", "is_not", None]]) != []


@pytest.mark.wire("share_thumbnail", "the picture of another row")
def test_a_shared_thumbnail_is_the_same_picture(client: Any, version: Link, picture: Path):
    project = client.find_one("Project", [])
    others = [client.create("Version", {"project": project, "code": f"o{n}"}) for n in range(2)]
    with pytest.raises(ShotgunThumbnailNotReady):
        client.share_thumbnail(others, source_entity=version)
    client.upload_thumbnail("Version", version["id"], str(picture))
    client.share_thumbnail(others, source_entity=version)
    read(client, version, "image")
    assert read(client, others[1], "image") == read(client, version, "image")


@pytest.mark.wire("upload_file", "refuses unknown types, rows and fields")
def test_uploads_to_what_is_not_there_are_refused(client: Any, version: Link, picture: Path):
    for kind, number, field in (
        ("Version", 10**9, "sg_uploaded_movie"),
        ("Version", version["id"], "code"),
        ("Version", version["id"], "nope"),
        ("Nope", 1, None),
    ):
        with pytest.raises(ShotgunError, match="Could not upload file successfully"):
            client.upload(kind, number, str(picture), field)
    with pytest.raises(ShotgunError):
        client.upload_thumbnail("Step", 1, str(picture))
    assert read(client, version, "attachments") == []


@pytest.mark.wire("file_serve", "an unknown id is a 400")
def test_an_unknown_attachment_is_a_download_error(client: Any):
    with pytest.raises(ShotgunFileDownloadError, match="Attachment may not exist or is a local file"):
        client.download_attachment(10**9)


@pytest.mark.wire("file_serve", "needs a session")
def test_a_download_needs_a_session(start_site: StartSite, tmp_path: Path, picture: Path):
    fresh = start_site(tmp_path / "fresh")
    client = fresh.client()
    shot = client.find_one("Shot", [])
    number = client.upload("Shot", shot["id"], str(picture))
    url = f"{fresh.url}/file_serve/attachment/{number}"
    assert requests.get(url).status_code == 401
    assert requests.get(url, cookies={"_session_id": "0" * 32}).status_code == 401
    assert requests.get(url, cookies={"_session_id": client.get_session_token()}).content == JPEG
    assert fresh.stop() == 0


@pytest.mark.parametrize("path", ["0", "x", "..%2f..%2fsite.sqlite", "1.part", "%00"])
def test_only_thumbnails_are_served_without_one(site: SiteProcess, path: str):
    assert requests.get(f"{site.url}/thumbnail/{path}").status_code == 404


@pytest.mark.parametrize("path", ["/storage/unknown", "/storage/unknown-1", "/storage/..%2fx", "/storage/%00"])
def test_only_announced_uploads_are_taken(site: SiteProcess, path: str):
    assert requests.put(site.url + path, data=b"x").status_code in (403, 404)


@pytest.mark.wire("api_link_file", "refuses a file that never arrived whole")
def test_a_put_that_was_cut_short_is_no_file(site: SiteProcess):
    import socket

    form = {**AUTH, "upload_type": "Attachment", "filename": "x.mov", "multipart_upload": "False"}
    info = requests.post(f"{site.url}/upload/api_get_upload_link_info", data=form).text
    host, port = site.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as line:
        path = info.split("\n")[1].removeprefix(site.url)
        line.sendall(f"PUT {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000\r\n\r\nhalf".encode())
    link = {**AUTH, "entity_type": "Shot", "entity_id": "1", "upload_link_info": info, "display_name": "x"}
    answer = requests.post(f"{site.url}/upload/api_link_file", data=link)
    assert (answer.status_code, answer.text) == (200, "0\nThe file was not uploaded.\n")


@pytest.mark.parametrize(
    "endpoint",
    [
        "upload_file",
        "publish_thumbnail",
        "share_thumbnail",
        "api_get_upload_link_info",
        "api_get_upload_link_for_part",
        "api_complete_multipart_upload",
        "api_link_file",
    ],
)
@pytest.mark.parametrize(
    "data",
    [
        {},
        {"script_name": SCRIPT, "script_key": "wrong"},
        AUTH,
        {**AUTH, "entity_type": "Shot", "entity_id": "x", "upload_id": "../../x", "etags": "a", "part_number": "1"},
        {**AUTH, "entities": "Shot_", "source_entity": "Shot_x", "upload_link_info": "1\n2\n3\n4\n../x\nf"},
    ],
    ids=["nothing", "wrong key", "no fields", "wrong fields", "odd fields"],
)
def test_a_bad_form_is_answered_with_a_zero(site: SiteProcess, endpoint: str, data: dict[str, str]):
    answer = requests.post(f"{site.url}/upload/{endpoint}", data=data)
    assert answer.status_code == 200
    assert answer.text.startswith("0\n")
    assert "wrong" not in answer.text.replace("wrong fields", "")


@pytest.mark.wire("upload_file", "what is no form is answered with 0")
def test_what_is_no_form_is_answered_with_a_zero(site: SiteProcess):
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    for body in (
        b"",
        b"--x\r\nnonsense",
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\ncut',
    ):
        answer = requests.post(f"{site.url}/upload/upload_file", data=body, headers=headers)
        assert (answer.status_code, answer.text[:2]) == (200, "0\n")


@pytest.mark.wire("upload_file", "tag_list makes and links Tags")
def test_tags_of_an_upload_are_tags(client: Any, version: Link, picture: Path):
    client.upload("Version", version["id"], str(picture), tag_list="Plate, hero é,plate,")
    number = client.upload("Version", version["id"], str(picture), tag_list="plate")
    tags = read(client, {"type": "Attachment", "id": number}, "tags")
    assert [tag["name"].casefold() for tag in tags] == ["plate"]
    names = [tag["name"] for tag in client.find("Tag", [["name", "in", ["plate", "hero é"]]], ["name"])]
    assert sorted(names) == ["Plate", "hero é"]


@pytest.mark.wire("upload_file", "created_at of the Attachment")
def test_an_upload_has_the_date_that_it_is_given(client: Any, version: Link, picture: Path):
    moment = datetime(2021, 2, 3, 4, 5, 6, tzinfo=UTC)
    number = client.upload("Version", version["id"], str(picture), created_at=moment)
    assert read(client, {"type": "Attachment", "id": number}, "created_at") == moment
    number = client.upload("Version", version["id"], str(picture), created_at=moment.replace(tzinfo=None))
    assert read(client, {"type": "Attachment", "id": number}, "created_at") == moment


@pytest.mark.wire("upload_file", "into a multi-entity field of Attachments")
def test_a_note_takes_files_into_its_attachments(client: Any, picture: Path):
    project = client.find_one("Project", [])
    note = client.create("Note", {"project": project, "subject": "s"})
    number = client.upload("Note", note["id"], str(picture), field_name="attachments")
    assert [link["id"] for link in read(client, note, "attachments")] == [number]


@pytest.mark.wire("upload_file", "leaves events for the field and for the Attachment")
def test_an_upload_leaves_events(client: Any, version: Link, picture: Path):
    number = client.upload("Version", version["id"], str(picture), "sg_uploaded_movie")
    client.upload_thumbnail("Version", version["id"], str(picture))
    rows = client.find("EventLogEntry", [["entity", "is", version]], ["event_type", "attribute_name"])
    assert {row["attribute_name"] for row in rows} >= {"sg_uploaded_movie", "image"}
    made = [["entity", "is", {"type": "Attachment", "id": number}], ["event_type", "is", "Shotgun_Attachment_New"]]
    assert client.find_one("EventLogEntry", made) is not None


@pytest.mark.parametrize(
    "name",
    ["..", "../../etc/passwd", "..\\..\\boot.ini", "CON", "a" * 300 + ".mov", "\u202egpj.exe", "a\nb\r\n", "<i>"],
)
@pytest.mark.wire("upload_file", "hostile file names stay names")
def test_a_hostile_file_name_stays_a_name(form_site: SiteProcess, name: str):
    files = {"file": (name, b"content")}
    form = {**AUTH, "entity_type": "Shot", "entity_id": "1", "display_name": name}
    answer = requests.post(f"{form_site.url}/upload/upload_file", data=form, files=files)
    assert answer.text.startswith("1:"), answer.text
    client = form_site.client()
    number = int(answer.text[2:].split("\n")[0])
    assert answer.text.count("\n") == 2
    assert client.download_attachment(number) == b"content"
    found = client.find_one("Attachment", [["id", "is", number]], ["display_name", "filename"])
    assert found["display_name"] == name
    assert "/" not in found["filename"]
    assert "\\" not in found["filename"]
    kept = [path.name for path in (form_site.folder / "site" / "files").iterdir() if path.suffix != ".part"]
    assert all(len(one) == 32 and one.isalnum() for one in kept)


@pytest.mark.wire("upload_file", "a form cut in the middle leaves nothing")
def test_a_form_that_was_cut_short_leaves_nothing(start_site: StartSite, tmp_path: Path):
    import socket

    fresh = start_site(tmp_path / "site", "--uploads", "form")
    host, port = fresh.url.removeprefix("http://").split(":")
    head = "POST /upload/upload_file HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    part = '--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    with socket.create_connection((host, int(port))) as line:
        line.sendall(f"{head}Content-Length: 9000000\r\n\r\n{part}".encode() + bytes(3_000_000))
    assert fresh.client().find("Attachment", []) == []
    assert fresh.stop() == 0
    assert list((tmp_path / "site" / "site" / "files").iterdir()) == []


@pytest.mark.wire("upload_file", "a full disk is told and leaves nothing")
def test_a_full_disk_is_told_and_leaves_nothing(start_site: StartSite, tmp_path: Path, small_disk: Path):
    (tmp_path / "full" / "site").mkdir(parents=True)
    (tmp_path / "full" / "site" / "files").symlink_to(small_disk)
    full = start_site(tmp_path / "full")
    form = {**AUTH, "entity_type": "Shot", "entity_id": "1"}
    files = {"file": ("big.bin", os.urandom(2_000_000))}
    answer = requests.post(f"{full.url}/upload/upload_file", data=form, files=files)
    assert (answer.status_code, answer.text) == (200, "0\nThe file could not be stored: No space left on device\n")
    form = {**AUTH, "upload_type": "Attachment", "filename": "big.bin", "multipart_upload": "False"}
    info = requests.post(f"{full.url}/upload/api_get_upload_link_info", data=form).text
    assert requests.put(info.split("\n")[1], data=os.urandom(2_000_000)).status_code == 507
    link = {**AUTH, "entity_type": "Shot", "entity_id": "1", "upload_link_info": info, "display_name": "x"}
    assert requests.post(f"{full.url}/upload/api_link_file", data=link).text.startswith("0\n")
    assert list(small_disk.iterdir()) == []
    assert full.client().find("Attachment", []) == []
    assert full.stop() == 0


@pytest.mark.wire("upload_file", "8 clients at once")
def test_eight_clients_upload_at_once(site: SiteProcess, form_site: SiteProcess, tmp_path: Path):
    def upload(number: int) -> bool:
        client = (site, form_site)[number % 2].client()
        source = tmp_path / f"{number}.bin"
        source.write_bytes(os.urandom(400_000))
        found = client.upload("Shot", 1, str(source), f"sg_none{number}" if number == 7 else None)
        return bool(client.download_attachment(found) == source.read_bytes())

    with ThreadPoolExecutor(8) as pool:
        runs = [pool.submit(upload, number) for number in range(8)]
    assert [run.exception() is None and run.result() for run in runs] == [True] * 7 + [False]
