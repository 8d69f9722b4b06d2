"""Signing in as oneself: the session is kept in a keyring and used where no script is configured."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from onepiece_server.sandbox.report import SandboxReport
from tests.cli.conftest import Done, Shot, run_cli
from tests.hosts.test_worker_context import Panel
from tests.support.studio import shotgrid_of

PASSWORD = "correct horse battery staple"


@dataclass
class Person:
    """Somebody who has a login at the site, and the environment of a machine with a keyring."""

    login: str
    env: dict[str, str]
    site: Any
    row: dict[str, Any]

    @property
    def kept(self) -> Path:
        return Path(self.env["XDG_CONFIG_HOME"], "kept.json")

    def run(self, *args: object, text_in: str = "", **env: str) -> Done:
        if not text_in:
            return run_cli({**self.env, **env}, *args)
        done = subprocess.run(
            [sys.executable, "-m", "onepiece_cli", *map(str, args)],
            env={**self.env, **env},
            input=text_in,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    def sign_in(self) -> Done:
        return self.run("login", "--user", self.login, "--password-stdin", text_in=f"{PASSWORD}\n")

    @property
    def token(self) -> str:
        (kept,) = json.loads(self.kept.read_text()).values()
        return str(json.loads(kept)["token"])


def choose_keyring(env: dict[str, str], backend: str) -> None:
    """As keyring's documentation says, in the user's own configuration."""
    folder = Path(env["XDG_CONFIG_HOME"]) / "python_keyring"
    folder.mkdir(parents=True, exist_ok=True)
    root = Path(__file__).parents[2]
    (folder / "keyringrc.cfg").write_text(f"[backend]\ndefault-keyring={backend}\nkeyring-path={root}\n")


@pytest.fixture
def person(studio: SandboxReport, studio_env: dict[str, str], tmp_path: Path) -> Iterator[Person]:
    site = shotgrid_of(studio)
    login = f"nami.{tmp_path.name}"
    row = site.create("HumanUser", {"login": login, "firstname": "Nami", "lastname": "Kaya", "sg_status_list": "act"})
    site.update("HumanUser", row["id"], {"password_proxy": PASSWORD})
    script = ("ONEPIECE_SHOTGRID_SCRIPT", "ONEPIECE_SHOTGRID_KEY")
    env = {name: value for name, value in studio_env.items() if name not in script}
    choose_keyring(env, "tests.support.file_keyring.FileKeyring")
    yield Person(login, env, site, row)
    site.delete("HumanUser", row["id"])


def test_whoever_signs_in_is_known_until_signing_out(person: Person) -> None:
    assert person.run("whoami", "--json").error["code"] == "tracker.not_configured"
    done = person.sign_in()
    assert (done.status, person.login in done.out) == (0, True)
    told = person.run("whoami", "--json").told
    assert (told["kind"], told["login"], told["site"]) == ("person", person.login, person.env["ONEPIECE_SHOTGRID_URL"])
    assert person.login in person.run("whoami").out
    assert person.run("logout").out.startswith("Signed out")
    assert person.run("whoami", "--json").error["hint"].startswith("Sign in with `onepiece login`")
    assert person.run("logout").out.startswith("Nobody was signed in")


def test_neither_password_nor_token_is_told(person: Person) -> None:
    done = person.run(
        "--verbose", "--log-json", "login", "--user", person.login, "--password-stdin", text_in=f"{PASSWORD}\n"
    )
    told = [done.out, done.err, person.run("--verbose", "whoami").err, person.run("info", "--json").out]
    for secret in (PASSWORD, person.token):
        assert not [text for text in told if secret in text]
    state = Path(person.env["ONEPIECE_STATE_DIR"])
    assert not [path for path in state.rglob("*") if path.is_file() and person.token.encode() in path.read_bytes()]


def test_a_wrong_password_keeps_nothing(person: Person) -> None:
    done = person.run("login", "--user", person.login, "--password-stdin", text_in="wrong-and-secret\n")
    assert done.status == 8
    assert "tracker.denied" in done.err
    assert "wrong-and-secret" not in done.err
    assert not person.kept.exists()


def test_a_session_that_has_ended_says_what_to_do(person: Person) -> None:
    person.sign_in()
    person.site.update("HumanUser", person.row["id"], {"sg_status_list": "dis"})
    error = person.run("whoami", "--json").error
    assert (error["code"], "onepiece login" in error["hint"]) == ("tracker.denied", True)


def test_a_script_that_is_configured_comes_first(person: Person, studio: SandboxReport) -> None:
    person.sign_in()
    told = run_cli({**person.env, **studio.env}, "whoami", "--json").told
    assert told["kind"] == "script"


def test_an_artist_publishes_with_the_session(person: Person, shot: Shot) -> None:
    person.sign_in()
    done = run_cli(person.env, "dcc", "publish", *shot.options(), "--json", cwd=shot.root)
    assert (done.status, done.told["warnings"]) == (0, [])
    (version,) = person.site.find("Version", [["code", "is", shot.name]], ["created_by", "user"])
    assert version["created_by"]["id"] == person.row["id"]
    assert version["user"]["id"] == person.row["id"]


def test_the_worker_of_a_panel_is_the_artist(person: Person) -> None:
    before = Panel(person.env)
    assert before("session.info")["site"] is None
    refused = before.answers("context.projects").errors[0]
    assert (refused.code, "onepiece login" in (refused.hint or "")) == ("tracker.not_configured", True)
    person.sign_in()
    assert "Frost Giant" in [row["name"] for row in before("context.projects")["items"]], "it looks again"
    before.worker.close()
    panel = Panel(person.env)
    assert panel("session.info")["user"] == person.login
    panel.worker.close()


@pytest.mark.parametrize("backend", ["keyring.backends.fail.Keyring", "keyring.backends.null.Keyring"])
def test_a_machine_without_a_keyring_says_so(person: Person, backend: str) -> None:
    choose_keyring(person.env, backend)
    done = person.sign_in()
    assert (done.status, "config.no_keyring" in done.err, "keyringrc.cfg" in done.err) == (4, True, True)
    assert person.run("whoami", "--json").error["code"] == "tracker.not_configured"


USAGE: list[tuple[Callable[[Person], tuple[str, ...]], str]] = [
    (lambda person: ("login", "--user", person.login), "password-stdin"),
    (lambda _: ("login", "--password-stdin"), "--user"),
    (lambda person: ("login", "--user", person.login, "--site", "nonsense", "--password-stdin"), "--site"),
]


@pytest.mark.parametrize(("args", "told"), USAGE)
def test_what_is_lacking_is_told(person: Person, args: Callable[[Person], tuple[str, ...]], told: str) -> None:
    done = person.run(*args(person))
    assert (done.status, told in done.err) == (2, True)
