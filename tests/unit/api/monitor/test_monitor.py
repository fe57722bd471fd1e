"""The follower tells of every entry that concerns its subjects, once it is verified, and of nothing else."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.monitor.checkpoint_growth import Inconsistent
from api.monitor.monitor import FollowedSubjects, Monitor, keys_path
from api.monitor.monitor_state import FollowState, parse_state
from api.monitor.notices import Noticed
from ledger.domain.events.party import KeyRevoked, KeyRotated, TrustAnchorsEstablished
from ledger.errors import Malformed, Misconfigured, Unavailable, Uncheckable
from ledger.keys.proof_of_possession import prove_possession
from ledger.keys.signer import new_key
from ledger.tlog.checkpoint import Checkpoint, sign_checkpoint
from ledger.tlog.note import NoteSigner
from tests.support.naive_tree import mth
from tests.support.paper_log import DAY, ORIGIN, PaperLog
from tests.support.statements import registered
from tests.unit.api.monitor.conftest import OTHER, SUBJECT, Scene


class Told:
    """A sink that remembers; `broken` deliveries fail before the next works."""

    def __init__(self, *, one_by_one: bool = True) -> None:
        self.events: list[Noticed] = []
        self.broken_at: int | None = None
        self.one_by_one = one_by_one

    def deliver(self, noticed: Noticed) -> None:
        if noticed.index == self.broken_at:
            self.broken_at = None
            raise Unavailable("the sink is down")
        self.events.append(noticed)

    @property
    def indices(self) -> list[int]:
        return [noticed.index for noticed in self.events]


def follower(
    scene: Scene, path: Path, told: Told, subjects: Sequence[str] = (SUBJECT,), *, from_now: bool = False
) -> Monitor:
    followed = FollowedSubjects(path, subjects, from_now=from_now)
    return Monitor(scene.source(), scene.log.trust(), told, followed)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.monitor.checkpoint_growth.FOLLOW_STALE_SECONDS", 0.0)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


@pytest.fixture
def told() -> Told:
    return Told()


def test_what_concerns_a_subject_is_told_once_and_in_order(scene: Scene, state: Path, told: Told) -> None:
    first = len(scene.log.entries)
    scene.say(SUBJECT)
    scene.say(OTHER, 3)
    scene.say(SUBJECT, 2)
    one = follower(scene, state, told)
    one.round()
    assert told.indices == [first, first + 4, first + 5]
    one.round()
    assert len(told.events) == 3
    scene.say(SUBJECT)
    one.round()
    assert told.indices[3:] == [first + 6]
    assert {noticed.statement.subject for noticed in told.events} == {SUBJECT}
    assert told.events[0].event == registered()


def test_the_party_as_which_an_enterprise_speaks_concerns_it(scene: Scene, state: Path, told: Told) -> None:
    party, key = f"party:{SUBJECT}", new_key("p256")
    enrolled, keyed, _ = scene.log.enrol(party, key)
    own = scene.log.add(registered(), SUBJECT, party, key)
    scene.show()
    follower(scene, state, told).round()
    assert told.indices == [enrolled, keyed, own]


def test_without_subjects_everything_is_told(scene: Scene, state: Path, told: Told) -> None:
    scene.say(OTHER)
    follower(scene, state, told, subjects=()).round()
    assert told.indices == list(range(len(scene.log.entries)))
    assert isinstance(told.events[0].event, TrustAnchorsEstablished)


@pytest.mark.parametrize("count", [251, 252, 253, 600])
def test_long_logs_are_followed_across_bundles(scene: Scene, state: Path, told: Told, count: int) -> None:
    first = len(scene.log.entries)
    scene.say(OTHER, count)
    scene.say(SUBJECT, 2)
    follower(scene, state, told).round()
    assert told.indices == [first + count, first + count + 1]
    scene.say(OTHER, 300)
    scene.say(SUBJECT)
    follower(scene, state, told).round()
    assert told.indices[2:] == [first + count + 302]


def test_another_run_goes_on_from_the_state_and_reads_nothing_again(scene: Scene, state: Path, told: Told) -> None:
    scene.say(SUBJECT, 300)
    follower(scene, state, told).round()
    del scene.served.asked[:]
    scene.say(SUBJECT)
    follower(scene, state, told).round()
    assert len(told.events) == 301
    assert "tile/entries/000" not in scene.served.asked
    assert any(path.startswith("tile/entries/001.p/") for path in scene.served.asked)


def test_an_event_whose_delivery_failed_is_told_again_and_none_is_left_out(
    scene: Scene, state: Path, told: Told
) -> None:
    scene.say(SUBJECT, 10)
    first = len(scene.log.entries) - 10
    told.broken_at = first + 4
    one = follower(scene, state, told)
    with pytest.raises(Unavailable):
        one.round()
    saved = FollowState.load(state)
    assert saved is not None and saved.told == first + 4
    follower(scene, state, told).round()
    assert told.indices == list(range(first, first + 10))


def test_printed_events_are_told_at_least_once_after_a_crash(scene: Scene, state: Path) -> None:
    scene.say(SUBJECT, 10)
    told, first = Told(one_by_one=False), len(scene.log.entries) - 10
    told.broken_at = first + 4
    with pytest.raises(Unavailable):
        follower(scene, state, told).round()
    follower(scene, state, told).round()
    assert set(told.indices) == set(range(first, first + 10))


def test_from_now_on_checks_the_past_but_tells_only_of_what_comes(scene: Scene, state: Path, told: Told) -> None:
    scene.say(SUBJECT, 5)
    follower(scene, state, told, from_now=True).round()
    assert told.events == []
    scene.say(SUBJECT)
    follower(scene, state, told).round()
    assert told.indices == [len(scene.log.entries) - 1]


def test_a_state_of_another_selection_or_log_is_not_gone_on_from(scene: Scene, state: Path, told: Told) -> None:
    follower(scene, state, told).round()
    with pytest.raises(Misconfigured):
        follower(scene, state, told, subjects=(OTHER,))
    saved = FollowState.load(state)
    assert saved is not None
    for change in ({"told": saved.size + 1}, {"size": saved.size - 1}, {"root": "00" * 32}, {"note": ""}, {"v": 2}):
        damaged = msgspec.structs.replace(saved, **change)
        with pytest.raises(Malformed, match="state"):
            parse_state(msgspec.json.encode(damaged))


def test_a_key_file_that_lost_its_end_is_noticed(scene: Scene, state: Path, told: Told) -> None:
    follower(scene, state, told).round()
    keys = keys_path(state)
    content = keys.read_bytes()
    keys.write_bytes(content + b'{"at":9,"kid":"written just before a crash')
    follower(scene, state, told).round()
    assert keys.read_bytes() == content
    keys.write_bytes(content[:-5])
    with pytest.raises(Misconfigured):
        follower(scene, state, told)


# what a log may not do


def _inconsistent(one: Monitor) -> Inconsistent:
    with pytest.raises(Inconsistent) as caught:
        one.round()
    return caught.value


def test_an_older_tree_is_a_rollback(scene: Scene, state: Path, told: Told) -> None:
    old = dict(scene.served.files)
    scene.say(OTHER, 3)
    follower(scene, state, told).round()
    scene.served.files = old
    found = _inconsistent(follower(scene, state, told))
    assert found.kind == "rolled_back"
    assert found.shown == old["checkpoint"] and found.kept != found.shown


def test_a_cache_that_still_shows_the_older_tree_for_a_moment_is_no_rollback(
    scene: Scene, state: Path, told: Told
) -> None:
    old = scene.served.files["checkpoint"]
    scene.say(OTHER, 3)
    one = follower(scene, state, told)
    one.round()
    new = scene.served.files["checkpoint"]
    scene.served.files["checkpoint"] = old
    scene.served.failing = lambda path: scene.served.files.update(
        {"checkpoint": new} if scene.served.asked.count("checkpoint") > 2 else {}
    )
    one.round()


def test_another_tree_of_the_same_size_is_a_fork(scene: Scene, state: Path, told: Told) -> None:
    size = len(scene.log.entries)
    other = scene.log.fork(size)
    scene.say(SUBJECT)
    follower(scene, state, told).round()
    other.add(registered(), OTHER, "party:organizer", scene.organizer)
    other.commit()
    scene.served.show(_with_charter(other, scene))
    found = _inconsistent(follower(scene, state, told))
    assert found.kind == "two_trees"
    assert found.kept is not None and found.shown is not None
    assert found.kept.split(b"\n")[1] == found.shown.split(b"\n")[1]


@pytest.mark.parametrize("grown", [1, 5, 300])
def test_a_larger_tree_without_the_one_before_is_a_fork(scene: Scene, state: Path, told: Told, grown: int) -> None:
    size = len(scene.log.entries)
    other = scene.log.fork(size)
    scene.say(SUBJECT, 2)
    follower(scene, state, told).round()
    for _ in range(2 + grown):
        other.add(registered(), OTHER, "party:organizer", scene.organizer)
    other.commit()
    scene.served.show(_with_charter(other, scene))
    before = len(told.events)
    found = _inconsistent(follower(scene, state, told))
    assert found.kind == "forked" and found.proof
    assert len(told.events) == before, "nothing of a forked tree is told"


def test_a_checkpoint_of_another_key_or_log_is_named(scene: Scene, state: Path, told: Told) -> None:
    size, root = len(scene.log.entries), mth(scene.log.entries)
    stranger = NoteSigner(ORIGIN, Ed25519PrivateKey.generate())
    scene.served.files["checkpoint"] = sign_checkpoint(Checkpoint(ORIGIN, size, root), stranger)
    assert _inconsistent(follower(scene, state, told)).kind == "not_signed"


def test_what_is_no_checkpoint_at_all_proves_nothing_about_the_log(scene: Scene, state: Path, told: Told) -> None:
    scene.served.files["checkpoint"] = b"<html>Please log in to the network</html>"
    with pytest.raises(Uncheckable):
        follower(scene, state, told).round()


def test_a_log_that_does_not_begin_with_the_trusted_charter_is_another_log(
    scene: Scene, state: Path, told: Told
) -> None:
    trust_of = scene.log.trust()
    other = dataclasses.replace(trust_of, charter=bytes(32))
    found = _inconsistent(Monitor(scene.source(), other, told, FollowedSubjects(state)))
    assert found.kind == "false_files" and "charter" in found.en


@pytest.mark.parametrize("at", ["tile/0/000.p/", "tile/entries/000.p/"])
def test_files_that_are_not_those_of_the_signed_tree_are_named(scene: Scene, state: Path, told: Told, at: str) -> None:
    scene.say(SUBJECT)
    path = next(path for path in scene.served.files if path.startswith(at))
    content = bytearray(scene.served.files[path])
    content[-1] ^= 1
    scene.served.files[path] = bytes(content)
    assert _inconsistent(follower(scene, state, told)).kind == "false_files"
    assert told.events == []


def test_a_file_that_is_missing_is_an_obstacle_not_a_verdict(scene: Scene, state: Path, told: Told) -> None:
    scene.say(SUBJECT)
    scene.served.failing = lambda path: 404 if path.startswith("tile/entries") else None
    with pytest.raises(Uncheckable):
        follower(scene, state, told).round()
    scene.served.failing = lambda path: None
    follower(scene, state, told).round()
    assert len(told.events) == 1


def test_a_partial_file_that_has_become_full_is_read_from_the_full_one(scene: Scene, state: Path, told: Told) -> None:
    scene.say(SUBJECT)
    checkpoint, size = scene.served.files["checkpoint"], len(scene.log.entries)
    scene.say(OTHER, 300)
    scene.served.files["checkpoint"] = checkpoint  # a reader who looked just before
    assert f"tile/0/000.p/{size}" not in scene.served.files
    follower(scene, state, told).round()
    assert told.indices == [size - 1]


# signatures


def test_an_entry_signed_by_a_key_that_its_issuer_does_not_have_is_named(scene: Scene, state: Path, told: Told) -> None:
    at = scene.log.add(registered(), SUBJECT, "party:organizer", new_key("ed25519"))
    scene.show()
    found = _inconsistent(follower(scene, state, told))
    assert found.kind == "false_entry" and f"entry {at}" in found.en


def test_an_entry_whose_signature_does_not_hold_is_named(scene: Scene, state: Path, told: Told) -> None:
    good = scene.log.add(registered(), SUBJECT, "party:organizer", scene.organizer)
    entry = bytearray(scene.log.entries[good])
    entry[-1] ^= 1
    scene.log.entries[good] = bytes(entry)
    scene.log.commit()
    scene.served.show(scene.log)
    assert _inconsistent(follower(scene, state, told)).kind == "false_entry"


def test_an_ended_key_signs_nothing_more_and_its_successor_does(scene: Scene, state: Path, told: Told) -> None:
    new, organizer = new_key("p256"), "party:organizer"
    rotation = KeyRotated(
        v=1,
        effective_on=DAY,
        replaces=scene.organizer.kid.hex(),
        key=new.public.cose_key.hex(),
        proof=prove_possession(new, organizer, ORIGIN).hex(),
    )
    scene.log.add(rotation, organizer, organizer, scene.organizer)
    scene.log.add(registered(), SUBJECT, organizer, new)
    scene.show()
    follower(scene, state, told).round()
    assert len(told.events) == 1
    revocation = KeyRevoked(v=1, effective_on=DAY, kid=new.kid.hex(), reason="lost")
    scene.log.add(revocation, organizer, "party:root", scene.log.root)
    scene.log.add(registered(), SUBJECT, organizer, new)
    scene.show()
    assert _inconsistent(follower(scene, state, told)).kind == "false_entry"


def test_what_is_no_statement_is_named(scene: Scene, state: Path, told: Told) -> None:
    scene.log.entries.append(b"not a statement")
    scene.log.commit()
    scene.served.show(scene.log)
    found = _inconsistent(follower(scene, state, told))
    assert found.kind == "false_entry" and f"entry {len(scene.log.entries) - 1}" in found.en


# sealed entries


def test_a_sealed_entry_is_told_with_its_body_while_that_is_public(scene: Scene, state: Path, told: Told) -> None:
    for _ in range(2):
        scene.log.add(registered(), SUBJECT, "party:organizer", scene.organizer, sealed=True)
    scene.show()
    first = len(scene.log.entries) - 2
    scene.served.files[f"entries/{first}/body"] = scene.log.bodies[first]
    follower(scene, state, told).round()
    assert [noticed.closed for noticed in told.events] == [False, True]
    assert told.events[0].event == registered() and told.events[1].type == "sealed"


def test_a_body_that_was_not_committed_to_is_named(scene: Scene, state: Path, told: Told) -> None:
    scene.log.add(registered(), SUBJECT, "party:organizer", scene.organizer, sealed=True)
    scene.show()
    at = len(scene.log.entries) - 1
    scene.served.files[f"entries/{at}/body"] = scene.log.bodies[at].replace(b'"v":1', b'"v":2')
    assert _inconsistent(follower(scene, state, told)).kind == "false_entry"


def _with_charter(other: PaperLog, scene: Scene) -> PaperLog:
    """A forked log under the trust file of the first."""
    other.heads.insert(0, scene.log.heads[0])
    return other
