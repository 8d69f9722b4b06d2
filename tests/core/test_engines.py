"""Every engine keeps the contract."""

from __future__ import annotations

from pathlib import Path

import pytest

from onepiece_core.errors import UsageError
from onepiece_core.storage.engines.choose import open_engine
from onepiece_core.storage.local import LocalStore
from onepiece_core.storage.opening import open_store
from onepiece_core.storage.s3.admin import create_bucket
from onepiece_core.storage.s3.store import S3Store
from tests.core.engine_contract import EngineContract, Ground
from tests.support.weed import Weed

BUCKET = "engines"


@pytest.fixture
def bucket(weed: Weed) -> S3Store:
    """An empty bucket; the same one each time, for the server sets room aside for every bucket."""
    create_bucket(weed.aws, BUCKET)
    store = open_store(BUCKET, weed.aws)
    assert isinstance(store, S3Store)
    for info in store.iter_objects():
        store.delete(info.key)
    return store


class TestPoolWithABucket(EngineContract):
    @pytest.fixture
    def ground(self, bucket: S3Store, tmp_path: Path) -> Ground:
        return Ground(open_engine("pool", bucket, state_dir=tmp_path / "state"), bucket, tmp_path)


class TestPoolWithAFolder(EngineContract):
    @pytest.fixture
    def ground(self, tmp_path: Path) -> Ground:
        store = LocalStore(tmp_path / "store")
        return Ground(open_engine("pool", store, state_dir=tmp_path / "state"), store, tmp_path)


class TestS5cmd(EngineContract):
    @pytest.fixture
    def ground(self, bucket: S3Store, tmp_path: Path) -> Ground:
        return Ground(open_engine("s5cmd", bucket, state_dir=tmp_path / "state"), bucket, tmp_path)


class TestCrt(EngineContract):
    @pytest.fixture
    def ground(self, bucket: S3Store, tmp_path: Path) -> Ground:
        return Ground(open_engine("crt", bucket, state_dir=tmp_path / "state"), bucket, tmp_path)


def test_an_unknown_engine_is_a_wrong_option(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="rsync"):
        open_engine("rsync", LocalStore(tmp_path), state_dir=tmp_path)
