"""What must come out of the lines of the table. Each is given the case and what the command did."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterable
from importlib.metadata import distribution
from pathlib import Path

import httpx

from onepiece_cli.lazy import COMMANDS
from onepiece_core.manifest.package import MANIFEST_NAME
from onepiece_core.verify import verify_package
from tests.promises.case import Case
from tests.promises.fixtures import DELIVERED, FIRST, LAST, PLATES
from tests.support.ports import free_port
from tests.support.studio import shotgrid_of, store_of

Done = subprocess.CompletedProcess[str]
REPOSITORY = Path(__file__).parents[2]


def _succeeded(done: Done) -> str:
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout


def _names(store_keys: Iterable[str], prefix: str) -> set[str]:
    return {key.removeprefix(prefix) for key in store_keys}


# Installation: what the lines leave behind is what runs these tests.


def the_interpreter_is_in_a_venv(case: Case) -> None:
    assert sys.prefix != sys.base_prefix


def the_environment_has_the_command(case: Case) -> None:
    programs = {path.stem for path in Path(sys.executable).parent.iterdir()}
    assert {"activate", "onepiece"} <= programs


def installed_in_place(case: Case) -> None:
    origin = json.loads(distribution("onepiece-pipeline").read_text("direct_url.json") or "{}")
    assert origin["dir_info"]["editable"] is True


def dev_extra_has_the_tools(case: Case) -> None:
    needed = [
        line for line in distribution("onepiece-pipeline").requires or () if "extra == 'dev'" in line.replace('"', "'")
    ]
    assert all(any(line.startswith(tool) for line in needed) for tool in ("pytest", "ruff", "mypy"))


def distribution_is_named(case: Case) -> None:
    name = case.words()[-1]
    scripts = distribution(name).entry_points.select(group="console_scripts")
    assert "onepiece" in {script.name for script in scripts}


def the_render_api_answers(case: Case) -> None:
    """With the envelope that the mission shows, and the history in ``/health``."""
    case.env |= {"TRAFALGAR_RENDER_JOBS_HISTORY_LIMIT": "100", "TRAFALGAR_RENDER_JOBS_RETENTION_HOURS": "24"}
    made = json.loads(_succeeded(case.run("onepiece", "server", "credentials", "add", "ann", "--json")))
    headers = {"X-API-Key": made["key"], "X-API-Secret": made["secret"]}
    port = str(free_port())
    _, *words = case.words()
    command = [sys.executable, "-m", "onepiece_cli.trafalgar", *words, "--port", port]
    with (case.root / "server.log").open("wb") as log:
        server = subprocess.Popen(command, env=case.env, cwd=case.root, stdout=log, stderr=log)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False, timeout=30) as client:
            _wait_until(lambda: _answers(client), case)
            assert {"history_size", "pruned_by_retention", "last_compaction"} <= client.get("/health").json()[
                "store"
            ].keys()
            asked = {"template": "command", "farm": "nope", "parameters": {"Command": "true"}}
            refused = client.post("/jobs", json=asked)
            assert (refused.status_code, refused.json()["error"]["code"]) == (404, "render.farm_not_found")
            assert refused.json()["error"].keys() == {"code", "message", "hint", "context"}
            farms = client.get("/farms").json()["farms"]
            assert farms[0]["name"] == "local"
            assert {"slurm", "deadline_cloud", "opencue", "mock"} <= {farm["name"] for farm in farms}
            assert all(farm["available"] or farm["reason"] for farm in farms)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/health").is_success
    except httpx.TransportError:
        return False


def _wait_until(done: Callable[[], bool], case: Case) -> None:
    end = time.monotonic() + 30
    while not done():
        assert time.monotonic() < end, (case.root / "server.log").read_text()
        time.sleep(0.05)


def pytest_finds_the_tests(case: Case) -> None:
    done = case.run(
        sys.executable, "-m", "pytest", "--collect-only", str(REPOSITORY / "tests" / "promises"), "-p", "no:xdist"
    )
    assert "test_promises.py" in _succeeded(done)


def is_part_of_make_lint(case: Case) -> None:
    lint = (REPOSITORY / "Makefile").read_text().partition("\nlint:")[2].partition("\n\n")[0]
    assert " ".join(case.words()) in lint


# The command line


def names_every_command(case: Case) -> None:
    shown = _succeeded(case.run())
    assert all(name in shown for name in COMMANDS)


def each_command_explains_itself(case: Case) -> None:
    for name, entry in COMMANDS.items():
        shown = _succeeded(case.run("onepiece", name, "--help"))
        assert f"onepiece {name}" in shown, entry


def shows_the_environment(case: Case) -> None:
    shown = _succeeded(case.run())
    for word in (sys.version.split()[0], "ShotGrid", "AWS", "Maya", "Nuke", "Houdini", "Blender", "hint:"):
        assert word in shown


def servers_answer(case: Case) -> None:
    assert case.studio is not None
    shown = _succeeded(case.run())
    assert case.studio.env["ONEPIECE_SHOTGRID_URL"] in shown
    told = json.loads(_succeeded(case.run(*case.words(), "--json")))
    assert all(told[part]["check"]["ok"] for part in ("shotgrid", "aws", "config", "state"))


def shows_the_settings(case: Case) -> None:
    shown = _succeeded(case.run())
    assert "frost-vendor-in" in shown
    sources = json.loads(_succeeded(case.run(*case.words(), "--show-sources", "--json")))["sources"]
    assert sources["contexts.vendor_in.bucket"] == f"{case.root / 'onepiece.toml'} (profile frost)"


def the_package_is_on_disk_and_in_s3(case: Case) -> None:
    assert case.studio is not None
    shown = _succeeded(case.run())
    package = case.place("/tmp/output_package/seq010_sh010_lighting_v002")
    assert str(package) in shown
    assert {path.name for path in package.iterdir()} == {"renders", "previews", "otio", "ascmhl", MANIFEST_NAME}
    assert len(list((package / "renders").iterdir())) == LAST - FIRST + 1
    assert json.loads((package / MANIFEST_NAME).read_text())["metadata"]["artist"] == "dao"
    report = verify_package(store_of(case.studio, "studio-prod-data"), f"vfx/SHOW/{package.name}")
    assert report.ok, report.findings


def explains_publish(case: Case) -> None:
    shown = _succeeded(case.run())
    told = "--dcc --scene-name --renders --previews --otio --metadata --destination --bucket --show-code --show-type"
    assert all(option in shown for option in told.split())


def nuke_was_started_with_the_scene(case: Case) -> None:
    _succeeded(case.run())
    started = case.root / "started"
    for _ in range(200):  # it was started, not waited for
        if started.exists():
            break
        time.sleep(0.05)
    assert started.read_text().strip() == case.words()[-1]


def says_that_nuke_is_missing(case: Case) -> None:
    done = case.run()
    assert done.returncode == 9, done.stdout
    assert "hint:" in done.stderr
    assert "code:  dcc.not_found" in done.stderr


def the_profile_is_used(case: Case) -> None:
    told = json.loads(_succeeded(case.run(*case.words(), "--json")))
    assert told["aws"]["settings"]["profile"] == "studio-prod"
    assert told["aws"]["check"]["ok"] is True


def explains_itself(case: Case) -> None:
    _succeeded(case.run())


# Lines that are not built yet


def the_plates_are_here(case: Case) -> None:
    shown = _succeeded(case.run())
    folder = case.place("/data/plates/plates")
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == set(PLATES)
    assert all(word in shown for word in ("uploaded", "skipped", "failed"))


def the_plates_are_in_the_bucket(case: Case) -> None:
    _succeeded(case.run())
    keys = [info.key for info in store_of(_studio(case), "my-bucket").iter_objects("SHOW/plates/")]
    assert _names(keys, "SHOW/plates/") == {*PLATES, "half.tmp"}


def nothing_is_in_the_bucket(case: Case) -> None:
    shown = _succeeded(case.run())
    assert "A001.1001.exr" in shown
    assert "half.tmp" not in shown
    assert not list(store_of(_studio(case), "my-bucket").iter_objects("SHOW/"))


def the_drop_is_registered_and_stored(case: Case) -> None:
    _succeeded(case.run())
    assert len(shotgrid_of(_studio(case)).find("Version", [["code", "is", DELIVERED]])) == 1
    assert [info.key for info in store_of(_studio(case), "vendor-in").iter_objects("FG/")] == [f"FG/{DELIVERED}.mov"]


def the_drop_is_only_looked_at(case: Case) -> None:
    shown = _succeeded(case.run())
    assert DELIVERED in shown
    assert not shotgrid_of(_studio(case)).find("Version", [["code", "is", DELIVERED]])
    assert not list(store_of(_studio(case), "vendor-in").iter_objects())


def explains_reconcile(case: Case) -> None:
    assert "reconcile" in _succeeded(case.run())


def the_archive_is_here_and_in_s3(case: Case) -> None:
    _succeeded(case.run())
    archive = case.place("/tmp/frost_giant_vendor_out.zip")
    with zipfile.ZipFile(archive) as opened:
        assert [name for name in opened.namelist() if name.endswith(".mov")] == ["approved_v001.mov"]
    stem = case.place("/tmp/frost_giant_vendor_out_manifest")
    assert stem.with_suffix(".json").exists()
    assert stem.with_suffix(".csv").exists()
    stored = [info.key for info in store_of(_studio(case), "vendor-out").iter_objects("FG/")]
    assert any(key.endswith("approved_v001.mov") or key.endswith(".zip") for key in stored)


def _studio(case: Case):
    assert case.studio is not None
    return case.studio


OUTCOMES: dict[str, Callable[[Case], None]] = {
    name: made
    for name, made in list(globals().items())
    if callable(made) and getattr(made, "__module__", "") == __name__
}
