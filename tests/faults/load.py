"""Clients that do not give up, and remember every answer that they got."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256

import httpx

from ledger.cose.receipt import verify_receipt
from ledger.tlog.checkpoint import VerifiedCheckpoint, open_checkpoint
from ledger.tlog.proof import consistency_proof, verify_consistency
from ledger.tlog.tiles import TileReader, bundle_path, decode_bundle, tile_path
from tests.support.charter import ORIGIN
from tests.support.keys import log_keys
from tests.support.waiting import PATIENCE_SECONDS

__all__ = ["Load", "check_answers"]

CLIENTS = 8
_AGAIN = frozenset({429, 502, 503, 504})
_TIMEOUT_SECONDS = 20.0


class Load:
    """`make` gives the number-th statement of a client; each is sent until it is answered.

    `receipts`: statement → (entry, receipt) as answered. `tries`: how often each was sent. `checkpoints`: every one
    that the service handed out. `verified`: what an earlier look verified. `refused`: statement → status and body of
    an answer that was neither.
    """

    def __init__(self, url: str, make: Callable[[int, int], bytes]) -> None:
        self._url = url
        self._make = make
        self._stopping = threading.Event()
        self._counts: Counter[int] = Counter()
        self._lock = threading.Lock()
        self.receipts: dict[bytes, tuple[str, bytes]] = {}
        self.tries: dict[bytes, int] = {}
        self.checkpoints: set[bytes] = set()
        self.verified: set[tuple[bytes, bytes]] = set()  # statement and receipt, of which neither changes any more
        self.refused: dict[bytes, tuple[int, bytes]] = {}
        self.failures: list[BaseException] = []

    @contextmanager
    def running(self, clients: int = CLIENTS) -> Iterator[Load]:
        """At its end every statement that was begun has its answer. May be run again: it goes on."""
        self._stopping.clear()
        threads = [threading.Thread(target=self._guarded, args=(self._client, n)) for n in range(clients)]
        threads.append(threading.Thread(target=self._guarded, args=(self._reader,)))
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._stopping.set()
            for thread in threads:
                thread.join(2 * PATIENCE_SECONDS + 10)
        assert not any(thread.is_alive() for thread in threads), "a client still waits for its answer"
        assert self.failures == []

    @property
    def retried(self) -> int:
        """How many statements were sent more than once."""
        return sum(tries > 1 for tries in self.tries.values())

    def wait_for(self, answers: int, seconds: float = PATIENCE_SECONDS) -> None:
        """Until so many more statements are answered."""
        wanted = len(self.receipts) + answers
        deadline = time.monotonic() + seconds
        while len(self.receipts) < wanted:
            assert time.monotonic() < deadline, f"only {len(self.receipts)} answers, {self.refused}"
            time.sleep(0.01)

    def _guarded(self, work: Callable[..., None], *arguments: object) -> None:
        try:
            work(*arguments)
        except BaseException as error:  # told by the main thread
            self.failures.append(error)

    def _client(self, number: int) -> None:
        with httpx.Client(base_url=self._url, timeout=_TIMEOUT_SECONDS) as http:
            while not self._stopping.is_set():
                self._until_answered(http, self._make(number, self._counts[number]))
                self._counts[number] += 1

    def _until_answered(self, http: httpx.Client, statement: bytes) -> None:
        deadline = time.monotonic() + 2 * PATIENCE_SECONDS
        while time.monotonic() < deadline:
            self.tries[statement] = self.tries.get(statement, 0) + 1
            try:
                answer = http.post("/entries", content=statement)
            except httpx.TransportError:
                time.sleep(0.05)
                continue
            if answer.status_code == 201:
                with self._lock:
                    self.receipts[statement] = (answer.headers["location"], answer.content)
                return
            if answer.status_code not in _AGAIN:
                self.refused[statement] = (answer.status_code, answer.content)
                return
            time.sleep(0.1)
        raise TimeoutError("a statement was never answered")

    def _reader(self) -> None:
        with httpx.Client(base_url=self._url, timeout=_TIMEOUT_SECONDS) as http:
            while not self._stopping.is_set():
                try:
                    answer = http.get("/checkpoint")
                    if answer.status_code == 200:
                        self.checkpoints.add(answer.content)
                except httpx.TransportError:
                    pass
                time.sleep(0.02)


def check_answers(load: Load, url: str) -> int:
    """Assert that the service keeps every word that it gave: receipts, entries, checkpoints. The tree size."""
    keys = log_keys(ORIGIN)
    with httpx.Client(base_url=url, timeout=30) as http:

        def get(path: str) -> bytes:
            answer = http.get(path)
            assert answer.status_code == 200, (path, answer.status_code, answer.text)
            return answer.content

        newest = open_checkpoint(get("/checkpoint"), keys.checkpoint.key, origin=ORIGIN)
        entries: list[bytes] = []
        for start in range(0, newest.size, 256):
            width = min(256, newest.size - start)
            entries += decode_bundle(get(f"/{bundle_path(start // 256, width)}"))
        assert len(set(entries)) == newest.size, "what was sent again is one entry"
        for statement, (location, receipt) in load.receipts.items():
            index = int(location.removeprefix("/entries/"))
            assert entries[index] == statement, f"{location} is the statement that was answered with it"
            if (statement, receipt) not in load.verified:
                verify_receipt(receipt, statement, keys.receipt.public, ORIGIN)
                load.verified.add((statement, receipt))
        answered = list(load.receipts.values())
        for location, receipt in (*answered[:: max(1, len(answered) // 200)], *answered[-20:]):
            assert get(location) == receipt, f"the receipt of {location} is the same as it was"

        read = TileReader(lambda level, number, width: get(f"/{tile_path(level, number, width)}"), newest.size)
        heads: dict[int, VerifiedCheckpoint] = {}
        for note in load.checkpoints:
            head = open_checkpoint(note, keys.checkpoint.key, origin=ORIGIN)
            assert heads.setdefault(head.size, head).root == head.root, "one root for each size"
            assert head.size <= newest.size, "the log never shrinks"
            proof = consistency_proof(head.size, newest.size, read)
            verify_consistency(head.size, newest.size, head.root, newest.root, proof)
    return newest.size


def identity(*parts: object) -> bytes:
    """A cti that is the same whenever it is asked for."""
    return sha256(repr(parts).encode()).digest()[:16]
