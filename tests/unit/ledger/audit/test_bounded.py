"""What an audit holds in memory does not grow with the log: it fetches little ahead, and spills what it gathers."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

from ledger.audit.checkpoints import CheckpointChain, HeadFound
from ledger.audit.disk_index import BUCKETS, DiskIndex, Indices
from ledger.audit.findings import Findings
from ledger.audit.replay_rules import AnnexNamed
from ledger.audit.sources.source import AnnexFound
from ledger.limits import TREE_SIZE_MAX
from ledger.reading.prefetch import THREADS, in_turn


def test_no_more_is_fetched_than_a_few_answers_ahead_of_who_takes_them() -> None:
    lock, started, taken, most = threading.Lock(), 0, 0, 0

    def fetch(number: int) -> int:
        nonlocal started, most
        with lock:
            started += 1
            most = max(most, started - taken)
        return number

    got = []
    with ThreadPoolExecutor(THREADS) as pool:
        for number in in_turn(pool, fetch, range(300)):
            with lock:
                taken += 1
            got.append(number)
    assert got == list(range(300))
    assert most <= THREADS + 1


def test_records_come_back_by_their_names_however_many_there_are() -> None:
    count = 10_000
    with DiskIndex(AnnexNamed) as named, DiskIndex(AnnexFound) as kept:
        for index in range(count):
            digest = sha256(str(index % 7_000).encode()).digest()
            named.put(digest, AnnexNamed(digest, index, "text/csv", 5))
            kept.put(digest, AnnexFound(digest, digest, 5, None, None, True))
        indices = []
        for bucket in range(BUCKETS):
            own = list(named.bucket(bucket))
            assert [one.digest for one in kept.bucket(bucket)] == [one.digest for one in own]
            assert 0 < len(own) < count // 8
            indices += [one.index for one in own]
        assert sorted(indices) == list(range(count))


def test_a_set_of_indices_holds_what_was_put() -> None:
    chosen = set(random.Random(7).sample(range(100_000), 3_000))
    indices = Indices()
    for index in chosen:
        indices.add(index)
    assert {index for index in range(-10, 100_100) if index in indices} == chosen
    assert None not in indices


def head(size: int, previous: int | None, time: int = 5, *, signed: bool = True, root: bytes = b"") -> HeadFound:
    return HeadFound(size, previous, root or sha256(str(size).encode()).digest(), time, 1, b"", signed)


def test_checkpoints_are_chained_by_their_signed_sizes_in_whatever_order_they_lie() -> None:
    findings = Findings()
    chain = CheckpointChain(findings)
    chain.take([head(30, 20), head(10, 0), head(20, 10)])
    assert list(chain.sizes) == [10, 20, 30]
    assert not findings.counts
    assert chain.root_at(20) == sha256(b"20").digest()
    assert chain.root_at(21) is None


def test_checkpoints_that_nobody_signed_are_gaps_that_touch_and_accuse_no_other() -> None:
    findings = Findings()
    chain = CheckpointChain(findings)
    chain.take([head(10, 0), head(20, 10, 900, signed=False), head(30, 20, 1, signed=False), head(40, 30)])
    assert not findings.counts
    assert chain.gaps == [(10, 30)]
    assert list(chain.signed_sizes()) == [10, 40]
    assert chain.root_at(20) is None
    assert list(chain.times) == [5, 5, 5, 5]


def test_impossible_numbers_are_found_and_do_not_stop_the_audit() -> None:
    findings = Findings()
    chain = CheckpointChain(findings)
    chain.take([head(10, None), head(20, 10, TREE_SIZE_MAX + 5), head(20, 10, root=bytes(32)), head(30, 25)])
    assert findings.counts == {"checkpoint.chain": 3, "log.fork": 1, "checkpoint.time": 1}
    assert chain.gaps == [(20, 25)]
