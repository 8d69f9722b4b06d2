"""The least that a client can do: the floor that S3 transfers are compared with.

    python -m tests.benchmarks.bare_client up|down FOLDER PREFIX

Requests signed ahead, one thread, sixteen sockets; small files as they are, a large one in parts or ranges of 8 MiB.
Nothing is hashed, checked, synced, tried again or put aside for a later run: what is left is the server's own work.
"""

from __future__ import annotations

import os
import re
import selectors
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

_SOCKETS = 16
_PART_BYTES = 8 * 1024 * 1024


@dataclass
class Step:
    """One request; ``body`` gives its bytes, ``done`` takes the reply's body."""

    request: str
    body: Callable[[], bytes] = bytes
    done: Callable[[memoryview], object] = len


@dataclass
class Link:
    sock: socket.socket
    step: Step
    out: memoryview = field(default_factory=lambda: memoryview(b""))
    got: bytearray = field(default_factory=lambda: bytearray(128 * 1024))
    here: int = 0
    start: int = 0
    need: int = -1


class Client:
    def __init__(self) -> None:
        from onepiece_core.storage.s3.signing import Keys, Signer

        self._host = os.environ["BENCH_ENDPOINT"].removeprefix("http://")
        self._keys = Keys(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
        self._signer = Signer("us-east-1")

    def head(self, method: str, key: str, size: int = 0, *, query: str = "", byte_range: str = "") -> str:
        path, headers = f"/bench-bucket/{key}" if key else "/bench-bucket", {"host": self._host}
        if byte_range:
            headers["range"] = byte_range
        words = {"method": method, "path": path, "query": query, "payload_hash": "UNSIGNED-PAYLOAD"}
        self._signer.sign(self._keys, **words, headers=headers, now=time.time())
        lines = "".join(f"{name}: {value}\r\n" for name, value in {**headers, "content-length": str(size)}.items())
        return f"{method} {path}{'?' if query else ''}{query} HTTP/1.1\r\n{lines}\r\n"

    def ask(self, method: str, key: str, *, query: str = "", body: bytes = b"") -> bytes:
        answers: list[bytes] = []
        step = Step(
            self.head(method, key, len(body), query=query), lambda: body, lambda data: answers.append(bytes(data))
        )
        self.run([step])
        return answers[0]

    def put(self, key: str, path: str, at: int, size: int, query: str = "") -> Step:
        return Step(self.head("PUT", key, size, query=query), partial(_read, path, at, size))

    def run(self, steps: list[Step]) -> None:
        waiting, selector = iter(steps), selectors.DefaultSelector()
        host, _, port = self._host.partition(":")
        for _, step in zip(range(_SOCKETS), waiting, strict=False):
            link = Link(socket.create_connection((host, int(port))), step)
            link.sock.setblocking(False)
            selector.register(link.sock, selectors.EVENT_READ, link)
            self._begin(selector, link, step)
        while selector.get_map():
            for key, events in selector.select():
                link = key.data
                if events & selectors.EVENT_WRITE:
                    self._send(selector, link)
                elif self._receive(link):
                    if following := next(waiting, None):
                        self._begin(selector, link, following)
                    else:
                        selector.unregister(link.sock)
                        link.sock.close()

    def _begin(self, selector: selectors.BaseSelector, link: Link, step: Step) -> None:
        link.step, link.here, link.need = step, 0, -1
        link.out = memoryview(step.request.encode() + step.body())
        self._send(selector, link)

    @staticmethod
    def _send(selector: selectors.BaseSelector, link: Link) -> None:
        try:
            while link.out:
                link.out = link.out[link.sock.send(link.out) :]
        except BlockingIOError:
            selector.modify(link.sock, selectors.EVENT_READ | selectors.EVENT_WRITE, link)
        else:
            selector.modify(link.sock, selectors.EVENT_READ, link)

    @staticmethod
    def _receive(link: Link) -> bool:
        with memoryview(link.got) as room:
            count = link.sock.recv_into(room[link.here :])
        link.here += count
        if link.need < 0 and (end := link.got.find(b"\r\n\r\n", 0, link.here)) >= 0:
            head = bytes(link.got[:end]).lower()
            if head.split()[1][:1] != b"2":
                raise SystemExit(head.decode())
            link.start = end + 4
            link.need = end + 4 + int(head.partition(b"content-length: ")[2].partition(b"\r")[0] or b"0")
            link.got.extend(bytes(max(0, link.need - len(link.got))))
        if not count:
            raise SystemExit("the server hung up")
        if 0 <= link.need <= link.here:
            with memoryview(link.got) as got:
                link.step.done(got[link.start : link.need])
            return True
        return False


def up(client: Client, folder: str, prefix: str) -> None:
    entries = list(os.scandir(folder))
    if len(entries) > 1:
        client.run([client.put(f"{prefix}/{entry.name}", entry.path, 0, entry.stat().st_size) for entry in entries])
        return
    (entry,) = entries
    key, size = f"{prefix}/{entry.name}", entry.stat().st_size
    (upload,) = _all(client.ask("POST", key, query="uploads="), "UploadId")
    starts = list(enumerate(range(0, size, _PART_BYTES), 1))
    client.run(
        [
            client.put(key, entry.path, at, min(_PART_BYTES, size - at), f"partNumber={number}&uploadId={upload}")
            for number, at in starts
        ]
    )
    tags = _all(client.ask("GET", key, query=f"uploadId={upload}"), "ETag")
    rows = [f"<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag></Part>" for number, tag in enumerate(tags, 1)]
    body = f"<CompleteMultipartUpload>{''.join(rows)}</CompleteMultipartUpload>".encode()
    client.ask("POST", key, query=f"uploadId={upload}", body=body)


def down(client: Client, folder: str, prefix: str) -> None:
    listed = client.ask("GET", "", query=f"list-type=2&max-keys=5000&prefix={prefix.replace('/', '%2F')}%2F")
    sizes = zip(_all(listed, "Key"), map(int, _all(listed, "Size")), strict=True)
    steps = []
    for key, size in sizes:
        for at in range(0, size, _PART_BYTES):
            byte_range = "" if size <= _PART_BYTES else f"bytes={at}-{min(at + _PART_BYTES, size) - 1}"
            path = f"{folder}/{key.rpartition('/')[2]}"
            steps.append(Step(client.head("GET", key, byte_range=byte_range), done=partial(_write, path, at)))
    client.run(steps)


def _all(xml: bytes | memoryview, name: str) -> list[str]:
    return re.findall(f"<{name}>(.*?)</{name}>", bytes(xml).decode())


def _read(path: str, at: int, size: int) -> bytes:
    with open(path, "rb") as file:
        file.seek(at)
        return file.read(size)


def _write(path: str, at: int, data: memoryview) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    os.pwrite(descriptor, data, at)
    os.close(descriptor)


if __name__ == "__main__":
    {"up": up, "down": down}[sys.argv[1]](Client(), sys.argv[2], sys.argv[3])
