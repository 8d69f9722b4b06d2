"""Several processes of one server and many clients: every job once, and every answer sees all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Barrier

import httpx
import psutil

from tests.support.trafalgar import all_jobs, count_what_mock_takes, job_body, make_folder, serving, taken_by_mock
from tests.torture.server_kills import CONFIG

_JOBS = "/render/v1/jobs"
_WORKERS = 2
_CLIENTS = 8
_AT_ONCE = 20


def post_to_many(root: Path, posts: int, keys: int) -> Counter[str]:
    """``posts`` jobs by eight clients, then ``keys`` idempotency keys that are each sent twenty times at once."""
    make_folder(root, CONFIG)
    count_what_mock_takes(root / "state")
    with serving(root, workers=_WORKERS) as (process, first):
        with _clients(first, process.pid) as clients, ThreadPoolExecutor(_CLIENTS) as pool:
            made = set().union(
                *pool.map(lambda number: _post_some(clients, number, posts // _CLIENTS), range(_CLIENTS))
            )
        looks = [_look(first) for _ in range(6 * _WORKERS)]
        assert looks == [made] * len(looks)
        endings = Counter({"posted, and seen by every worker": len(made)})
        for number in range(keys):
            made.add(_send_one_key(first, f"key-{number}"))
            endings[f"one key, sent {_AT_ONCE} times at once: one job"] += 1
        assert _look(first) == made
        assert taken_by_mock(root / "state") == Counter(made)
    return endings


@contextmanager
def _clients(like: httpx.Client, pid: int) -> Iterator[list[httpx.Client]]:
    """Each with a connection: half of them with one worker, half with the other."""
    supervisor = psutil.Process(pid)
    one, other = (each for each in supervisor.children() if "--multiprocessing-fork" in each.cmdline())
    with ExitStack() as stack:
        clients: list[httpx.Client] = []
        with _asleep(supervisor):  # or it would replace a worker that sleeps for long
            for sleeping in (one, other):
                with _asleep(sleeping):  # the other one takes what comes
                    for _ in range(_CLIENTS // _WORKERS):
                        clients.append(stack.enter_context(_new_client(like)))
                        # Nothing of the record, which the one that sleeps may hold.
                        clients[-1].get("/openapi.json").raise_for_status()
        yield clients


@contextmanager
def _asleep(process: psutil.Process) -> Iterator[None]:
    process.suspend()
    try:
        yield
    finally:
        process.resume()


def _new_client(like: httpx.Client) -> httpx.Client:
    """With connections of its own, which any worker may take."""
    return httpx.Client(base_url=like.base_url, headers=like.headers, trust_env=False, timeout=60)


def _post_some(clients: list[httpx.Client], number: int, count: int) -> set[str]:
    """What one client made; one of the other worker sees each as soon as it is acknowledged."""
    own, other, made = clients[number], clients[number - len(clients) // 2], set[str]()
    for each in range(count):
        answer = own.post(_JOBS, json=job_body(name=f"n{number}-{each}", hold=True))
        assert answer.status_code == 201, answer.text
        job_id = answer.json()["job_id"]
        assert other.get(f"{_JOBS}/{job_id}").status_code == 200
        made.add(job_id)
    assert len(made) == count
    return made


def _look(like: httpx.Client) -> set[str]:
    with _new_client(like) as client:
        jobs = all_jobs(client)
    found = {str(job["job_id"]) for job in jobs}
    assert len(found) == len(jobs)
    return found


def _send_one_key(like: httpx.Client, key: str) -> str:
    together = Barrier(_AT_ONCE)

    def send(_: int) -> httpx.Response:
        with _new_client(like) as client:
            client.get("/ready").raise_for_status()
            together.wait()
            return client.post(_JOBS, json=job_body(name=key), headers={"Idempotency-Key": key})

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = list(pool.map(send, range(_AT_ONCE)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: _AT_ONCE - 1}
    (job_id,) = {answer.json()["job_id"] for answer in answers}
    return str(job_id)
