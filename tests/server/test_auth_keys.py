"""The file of keys while servers run: changed, broken, gone, written by several at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from onepiece_core.errors import CredentialsInvalid, CredentialsUnusable
from onepiece_server.auth.keys import Credential, Keys, hash_secret, read_credentials
from onepiece_server.auth.live_keys import LiveKeys
from onepiece_server.auth.storage import add_key, list_keys, revoke_key, rotate_key
from tests.support.trafalgar import environment, make_folder, serving

SECRET = "a long secret of a test"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "server" / "keys.json"


def live(file: Path) -> LiveKeys:
    return LiveKeys(file, lambda: Keys(read_credentials(file, None)))


def test_a_running_server_follows_its_file_of_keys(tmp_path: Path) -> None:
    root = make_folder(tmp_path, "[farms.local]\nidle_seconds = 1\n")
    file = root / "state" / "server" / "credentials.json"
    with serving(root, workers=2) as (_, client):

        def asked(key: str, secret: str) -> set[int]:
            headers = {"X-API-Key": key, "X-API-Secret": secret, "Connection": "close"}
            return {client.get("/render/v1/jobs/metrics", headers=headers).status_code for _ in range(8)}

        ann = add_key(file, "ann", ["render:read"])
        assert asked("ann", ann.secret) == {200}
        renewed = rotate_key(file, "ann")
        assert (asked("ann", ann.secret), asked("ann", renewed.secret)) == ({401}, {200})
        whole = file.read_text()
        file.write_text(whole[:-10])
        assert asked("ann", renewed.secret) == {200}
        health = client.get("/health").json()
        assert health["status"] == "degraded"
        assert "cannot be used" in health["keys"]["problem"]
        assert "trafalgar_keys_current 0" in client.get("/metrics").text
        file.write_text(whole)
        assert client.get("/health").json()["keys"] == {"count": 2, "problem": None}
        revoke_key(file, "ann")
        assert asked("ann", renewed.secret) == {401}


def _into_a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


BREAKS: list[Callable[[Path], object]] = [
    lambda file: file.write_text(""),
    lambda file: file.write_text('{"keys": [{"key": "ann"}]}'),
    lambda file: file.write_bytes(b"\xff\xfe"),
    lambda file: file.write_text("[" * 100_000),
    lambda file: file.unlink(),
    _into_a_folder,
]


@pytest.mark.parametrize("spoil", BREAKS)
def test_keys_that_break_stay_in_force_and_are_told_of_and_at_the_start_let_nobody_in(
    file: Path, spoil: Callable[[Path], object]
) -> None:
    made = add_key(file, "ann", ["render:read"])
    keys = live(file)
    spoil(file)
    assert keys.authenticate("ann", made.secret).name == "ann"
    assert keys.problem is not None
    assert str(file) in keys.problem
    with pytest.raises(CredentialsUnusable):
        live(file)


def test_the_last_key_may_be_revoked(file: Path) -> None:
    made = add_key(file, "ann", ["render:read"])
    keys = live(file)
    revoke_key(file, "ann")
    with pytest.raises(CredentialsInvalid):
        keys.authenticate("ann", made.secret)
    assert (len(keys), keys.problem) == (0, None)


def test_keys_written_by_several_processes_at_once_are_all_there(file: Path) -> None:
    add = "import sys; from pathlib import Path; from onepiece_server.auth.storage import add_key\n"
    add += "for each in range(8): add_key(Path(sys.argv[1]), f'{sys.argv[2]}-{each}', ['render:read'])"

    def run(name: str) -> int:
        command = [sys.executable, "-c", add, str(file), name]
        return subprocess.run(command, env=environment(file.parent), timeout=60, check=False).returncode

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(run, ("a", "b", "c"))) == [0, 0, 0]
    assert len(list_keys(file)) == 24
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_secret_in_clear_is_the_same_key_in_every_process(file: Path) -> None:
    one, other = (Keys([Credential(key="ann", secret=SECRET, roles=frozenset())]) for _ in range(2))
    assert other.recall("ann", one.authenticate("ann", SECRET).mark) is not None
    renewed = Keys([Credential(key="ann", secret_hash=hash_secret(SECRET), roles=frozenset())])
    assert renewed.recall("ann", one.authenticate("ann", SECRET).mark) is None
