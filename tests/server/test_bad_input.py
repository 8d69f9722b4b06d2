"""What cannot be rendered, asked of a real server: a fitting status and code, nothing recorded, nothing on the farm."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.support.trafalgar import all_jobs, count_what_mock_takes, job_body, make_folder, serving, taken_by_mock
from tests.torture.odd_bodies import send_odd_bodies
from tests.torture.server_kills import CONFIG

_FUTURE = """
specificationVersion: jobtemplate-2099-09
name: future
steps: [{name: Render, script: {actions: {onRun: {command: "true"}}}}]
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Path]]:
    root = tmp_path_factory.mktemp("server")
    templates = f'templates_dir = "{root / "templates"}"'
    make_folder(root, CONFIG.replace("[render]", f"[render]\n{templates}"))
    (root / "templates").mkdir()
    (root / "templates" / "future.yaml").write_text(_FUTURE)
    (root / "templates" / "broken.yaml").write_text("a: [")
    (root / "show" / "out").symlink_to("/etc")
    (root / "show" / "a-file").touch()
    count_what_mock_takes(root / "state")
    with serving(root) as (_, client):
        yield client, root / "state"


REFUSED: list[tuple[str, dict[str, object], int, str]] = [
    ("unknown farm", {"farm": "moon"}, 404, "render.farm_not_found"),
    ("farm that is a path", {"farm": "../../mock"}, 404, "render.farm_not_found"),
    ("unknown template", {"template": "warp"}, 404, "render.template_not_found"),
    ("template that is a path", {"template": "../../../etc/passwd"}, 404, "render.template_not_found"),
    ("template that is an absolute path", {"template": "/etc/passwd"}, 404, "render.template_not_found"),
    ("template of an unknown version", {"template": "future"}, 422, "render.invalid"),
    ("template that is no YAML", {"template": "broken"}, 422, "render.invalid"),
    ("frames without an end", {"frames": "1-"}, 422, "render.invalid"),
    ("frames with a step of nothing", {"frames": "10-1x0"}, 422, "render.invalid"),
    ("too many frames", {"frames": "1-99999999"}, 422, "render.invalid"),
    ("too many tasks", {"frames": "1-1000000", "chunk_size": 1}, 422, "render.invalid"),
    ("frames of digits without end", {"frames": "1-" + "9" * 1990}, 422, "render.invalid"),
    ("frames of other digits", {"frames": "\u0661-\u0663"}, 422, "render.invalid"),
    ("chunks of nothing", {"frames": "1-2", "chunk_size": 0}, 422, "render.invalid"),
    ("chunks of less", {"frames": "1-2", "chunk_size": -1}, 422, "render.invalid"),
    ("a chunk beyond all numbers", {"frames": "1-2", "chunk_size": 10**30}, 422, "render.invalid"),
    ("priority above", {"priority": 101}, 422, "render.invalid"),
    ("priority below", {"priority": -1}, 422, "render.invalid"),
    ("priority beyond all numbers", {"priority": 10**30}, 422, "render.invalid"),
    ("output outside the roots", {"output": "/etc"}, 422, "paths.escapes"),
    ("output above its root", {"output": "show:../../etc"}, 422, "paths.escapes"),
    ("output by a link", {"output": "show:out/x"}, 422, "paths.escapes"),
    ("output in an unknown root", {"output": "moon:x"}, 422, "paths.escapes"),
    ("output that is a file", {"output": "show:a-file"}, 422, "render.invalid"),
    ("scene that is not there", {"scene": "show:missing.blend"}, 422, "render.invalid"),
    ("scene that is a folder", {"scene": "show:"}, 422, "render.invalid"),
    ("scene with a name too long", {"scene": "show:" + "n" * 4000}, 422, "render.invalid"),
    ("scene outside the roots", {"scene": "/etc/passwd"}, 422, "paths.escapes"),
    ("unknown parameter", {"parameters": {"Command": "true", "Warp": 9}}, 422, "render.invalid"),
    ("missing parameter", {"parameters": {}}, 422, "render.invalid"),
    ("variable with an equals sign", {"environment": {"A=B": "c"}}, 422, "render.invalid"),
    ("variable with a null", {"environment": {"A": "c\0"}}, 422, "render.invalid"),
    ("unknown dependency", {"depends_on": ["nobody"]}, 404, "render.job_not_found"),
    ("half a character", {"name": "\ud800"}, 422, "server.request_invalid"),
    ("a name with a line break", {"name": "a\nb"}, 422, "server.request_invalid"),
    ("two templates", {"dcc": "blender"}, 422, "server.request_invalid"),
    ("something surprising", {"surprise": 1}, 422, "server.request_invalid"),
    ("a number where a word belongs", {"frames": 5}, 422, "server.request_invalid"),
]


@pytest.mark.parametrize("path", ["/render/v1/jobs", "/render/v1/jobs/check"])
@pytest.mark.parametrize(("more", "status", "code"), [each[1:] for each in REFUSED], ids=[each[0] for each in REFUSED])
def test_what_cannot_be_rendered_is_refused_with_its_code(
    path: str, more: dict[str, object], status: int, code: str, server: tuple[httpx.Client, Path]
) -> None:
    client, state = server
    # As ASCII: a lone surrogate is legal JSON.
    content = json.dumps({**job_body(), **more})
    answer = client.post(path, content=content, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text
    assert answer.json()["error"]["message"]
    assert (all_jobs(client), taken_by_mock(state)) == ([], {})


@pytest.mark.parametrize(
    "content",
    [
        *(
            b"",
            b"null",
            b"[]",
            b"1",
            b"{",
            b"\xff",
            b"{}}",
            b'{"template": "command"',
            b"[" * 100_000,
            b'{"a":' * 50_000,
        ),
        *(b'{"template":"command","priority":NaN}', b'{"template":"command","priority":1e400}', b"\xef\xbb\xbf{}"),
    ],
    ids=lambda content: content[:20].decode("latin-1"),
)
def test_what_is_no_request_is_refused(content: bytes, server: tuple[httpx.Client, Path]) -> None:
    client, state = server
    for path in ("/render/v1/jobs", "/render/v1/jobs/check"):
        answer = client.post(path, content=content, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "server.request_invalid"), answer.text
    assert (all_jobs(client), taken_by_mock(state)) == ([], {})


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("job_id", ["nobody", "%2e%2e%2f%2e%2e", "a%00b", "%ff", "x" * 300, "..;", "'or'1'='1"])
def test_a_job_that_does_not_exist_is_not_found_however_it_is_called(
    method: str, job_id: str, server: tuple[httpx.Client, Path]
) -> None:
    answer = server[0].request(method, f"/render/v1/jobs/{job_id}")
    assert answer.status_code in (404, 422)
    assert answer.json()["error"]["code"] in ("render.job_not_found", "server.request_invalid", "server.not_found")


def test_json_of_every_form_never_is_a_mistake_of_the_server(server: tuple[httpx.Client, Path]) -> None:
    answers = send_odd_bodies(server[0], 100, seed=1)
    assert answers.total() >= 100


@contextmanager
def _mock_that(root: Path, rule: str) -> Iterator[httpx.Client]:
    make_folder(root, CONFIG.replace("task_seconds = 0.0", f"task_seconds = 0.0\n{rule}"))
    count_what_mock_takes(root / "state")
    with ExitStack() as stack:
        yield stack.enter_context(serving(root))[1]


def test_a_farm_that_dies_between_submit_and_answer_has_the_job_once(tmp_path: Path) -> None:
    with _mock_that(tmp_path, "loses_answers = true") as client:
        made = client.post("/render/v1/jobs", json=job_body())
        assert (made.status_code, made.json()["raw_state"]) == (201, "pending")
        until = time.monotonic() + 60
        while client.get(f"/render/v1/jobs/{made.json()['job_id']}").json()["status"] != "succeeded":
            assert time.monotonic() < until
            time.sleep(0.1)
    assert taken_by_mock(tmp_path / "state") == {made.json()["job_id"]: 1}


def test_a_farm_that_refuses_says_so_and_the_job_is_kept_as_failed(tmp_path: Path) -> None:
    with _mock_that(tmp_path, "rejects = true") as client:
        refused = client.post("/render/v1/jobs", json=job_body(name="refused"), headers={"Idempotency-Key": "k"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "adapter.job_rejected")
        (job,) = all_jobs(client)
        assert (job["name"], job["status"], job["raw_state"]) == ("refused", "failed", "rejected")
    assert taken_by_mock(tmp_path / "state") == {}
