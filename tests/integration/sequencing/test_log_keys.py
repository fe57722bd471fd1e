"""Which of the log's keys sign a tree: those in force at its size, or none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.charter.succession_statement import make_succession
from ledger.cose.receipt import parse_receipt
from ledger.errors import HistoryBroken, Misconfigured, Refused
from ledger.keys.log_keys import LogKeys, successor_folder
from ledger.sequencing.high_water import HighWater
from ledger.sequencing.sequencer import Sequencer, Submission
from ledger.store.memory import MemoryStore
from ledger.tlog.checkpoint import open_checkpoint
from ledger.tlog.note import NoteSigner
from tests.integration.sequencing.book import admitted, entry, is_registered
from tests.support.charter import ORGANIZER, ORIGIN, ROOT, charter
from tests.support.clock import NOW, Clock
from tests.support.keys import log_keys
from tests.support.statements import registered


def opened(store: MemoryStore, keys: LogKeys, *, chartered: bool = True) -> Sequencer:
    sequencer = Sequencer(store, keys, Clock())
    sequencer.open()
    if not chartered:
        sequencer.bootstrap(charter())
    sequencer.start()
    return sequencer


def announced(keys: LogKeys, from_size: int) -> bytes:
    return make_succession(root=ROOT.signer, keys=keys, from_size=from_size, reason="planned", now=NOW)


def test_one_batch_across_the_size_is_signed_with_the_keys_of_each_tree(tmp_path: Path) -> None:
    old, new = replace(log_keys(ORIGIN), folder=tmp_path), LogKeys.make(successor_folder(tmp_path, 1), ORIGIN)
    store = MemoryStore()
    sequencer = opened(store, old, chartered=False)
    latest = store.latest()
    assert latest is not None
    size = latest.tree_size
    candidates = [entry(sequencer, registered(), f"local:test/{number}", ORGANIZER) for number in range(6)]
    succession = admitted(sequencer, announced(new, size + 4))
    answers = []
    # One submission each, all queued before the first is decided: they share as few commits as may be.
    submissions = [Submission((one,), answers.append) for one in (*candidates[:1], succession, *candidates[1:])]
    assert sequencer.submit_all(submissions) == []
    sequencer.stop()
    found = [is_registered(answer) for (answer,) in answers]
    assert [one.index for one in found] == list(range(size, size + 7))
    for one in found:
        assert one.receipt is not None
        receipt = parse_receipt(one.receipt)
        keys = new if receipt.tree_size >= size + 4 else old
        assert receipt.message.kid == keys.receipt.kid
        row = store.checkpoint_at(receipt.tree_size)
        assert row is not None
        open_checkpoint(row.note, keys.checkpoint.key, origin=ORIGIN)
    # The tree that first shows the succession ends with it, and is signed with the keys before.
    assert parse_receipt(found[1].receipt or b"").tree_size == size + 2


def test_keys_that_are_not_here_are_not_announced_and_a_log_without_its_keys_signs_nothing(tmp_path: Path) -> None:
    elsewhere = LogKeys.make(tmp_path / "elsewhere", ORIGIN)
    store = MemoryStore()
    blind = opened(store, log_keys(ORIGIN), chartered=False)
    latest = store.latest()
    assert latest is not None
    size = latest.tree_size
    (refusal,) = blind.submit_and_wait(admitted(blind, announced(elsewhere, size + 3)))
    assert isinstance(refusal, Refused)
    assert refusal.rule == "anchors.keys_not_here"

    knowing = opened(store, replace(log_keys(ORIGIN), folder=tmp_path))
    assert is_registered(knowing.submit_and_wait(admitted(knowing, announced(elsewhere, size + 3)))[0]).index == size
    knowing.stop()
    (one,) = blind.submit_and_wait(entry(blind, registered(), "local:test/1", ORGANIZER))  # below the size: as before
    assert is_registered(one).index == size + 1
    (lost,) = blind.submit_and_wait(entry(blind, registered(), "local:test/2", ORGANIZER))
    assert isinstance(lost, Misconfigured)
    blind.stop()
    latest = store.latest()
    assert latest is not None
    assert latest.tree_size == size + 2

    again = opened(store, replace(log_keys(ORIGIN), folder=tmp_path))
    (there,) = again.submit_and_wait(entry(again, registered(), "local:test/2", ORGANIZER))
    assert is_registered(there).index == size + 2
    again.stop()
    with pytest.raises(Misconfigured, match="in force"):
        Sequencer(store, log_keys(ORIGIN), Clock()).open()


def test_a_log_is_not_opened_with_keys_that_its_charter_does_not_name() -> None:
    store = MemoryStore()
    opened(store, log_keys(ORIGIN), chartered=False).stop()
    theirs = replace(log_keys(ORIGIN), checkpoint=NoteSigner(ORIGIN, Ed25519PrivateKey.generate()))
    with pytest.raises(Misconfigured, match="in force"):
        Sequencer(store, theirs, Clock()).open()


def test_what_was_signed_with_succeeded_keys_is_remembered_whatever_the_database_knows_of_them(tmp_path: Path) -> None:
    old = replace(log_keys(ORIGIN), folder=tmp_path)
    store, backup = MemoryStore(), MemoryStore()
    opened(backup, old, chartered=False).stop()
    opened(store, old, chartered=False).stop()
    file = HighWater(tmp_path, old)  # opened before there was a succession
    writer = Sequencer(store, old, Clock(), file=file)
    writer.open()
    writer.start()
    size = len(charter())
    new = LogKeys.make(successor_folder(tmp_path, size + 2), ORIGIN, certificate=False)
    is_registered(writer.submit_and_wait(admitted(writer, announced(new, size + 2)))[0])
    before = file.newest()
    for number in range(2):
        is_registered(writer.submit_and_wait(entry(writer, registered(), f"local:test/{number}", ORGANIZER))[0])
        kept = HighWater(tmp_path, old).newest()  # one slot is signed with the old key, then both with the new one
        assert before is not None
        assert kept is not None
        assert kept.size == file.newest().size == size + 2 + number  # type: ignore[union-attr]
    writer.stop()

    Sequencer(store, old, Clock(), file=HighWater(tmp_path, old)).open()
    with pytest.raises(HistoryBroken, match="lacks entries"):
        Sequencer(backup, old, Clock(), file=HighWater(tmp_path, old)).open()
