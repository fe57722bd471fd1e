"""A witness cosigns only what extends what it cosigned before, and remembers before it signs."""

from __future__ import annotations

import random
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import LedgerError, Malformed, Misconfigured, Refuted, Unavailable
from ledger.limits import PROOF_HASHES_MAX, WITNESS_REQUEST_BYTES_MAX
from ledger.tlog.checkpoint import Checkpoint, parse_checkpoint, sign_checkpoint
from ledger.tlog.cosignature import Cosigner, CosignerKey
from ledger.tlog.hashing import EMPTY_ROOT
from ledger.tlog.note import NoteSigner, format_signature, parse_note, sign_note
from ledger.tlog.vkey import COSIGNATURE_ML_DSA_44, encode_base64
from ledger.tlog.witness_policy import parse_policy
from ledger.witness import (
    AddCheckpoint,
    Conflict,
    CosignedHead,
    NotConsistent,
    NotSigned,
    UnknownLog,
    Witness,
    WitnessState,
    format_request,
    parse_known_logs,
    parse_request,
)
from tests.support.naive_tree import mth, proof
from tests.support.witnesses import cosigner, private_key
from tests.unit.ledger.witness.logs import NOW, Log, a_log, a_witness

LOG = a_log()
KEY = cosigner("w").key


@pytest.fixture
def state(tmp_path: Path) -> Iterator[WitnessState]:
    with WitnessState.create(tmp_path / "state", KEY) as state:
        yield state


@pytest.fixture
def witness(state: WitnessState) -> Witness:
    return a_witness(state, LOG)


def cosigned(witness: Witness, log: Log, old: int, size: int) -> int:
    """Ask as an honest log does, check the answer as a verifier does; the cosignature's time."""
    body = witness.add_checkpoint(log.request(old, size))
    note = parse_note(log.note(size) + body)
    return CosignerKey(KEY).open(note.text, note.signatures[-1]).timestamp


def test_a_log_is_followed_as_it_grows(witness: Witness, state: WitnessState) -> None:
    for old, size in ((0, 1), (1, 2), (2, 2), (2, 7), (7, 8), (8, 40), (40, 40)):
        assert cosigned(witness, LOG, old, size) == NOW
        assert state.head(LOG.origin) == CosignedHead(size, mth(LOG.entries[:size]))


def test_the_empty_tree_may_be_cosigned_first(witness: Witness, state: WitnessState) -> None:
    cosigned(witness, LOG, 0, 0)
    assert state.head(LOG.origin) == CosignedHead(0, EMPTY_ROOT)
    cosigned(witness, LOG, 0, 5)


def test_logs_do_not_get_in_each_others_way(state: WitnessState) -> None:
    one, two = LOG, a_log("log.example/two", 9, seed=2)
    witness = a_witness(state, one, two)
    cosigned(witness, one, 0, 30)
    cosigned(witness, two, 0, 3)
    cosigned(witness, one, 30, 31)
    assert {origin: head.size for origin, (head, _) in state.heads().items()} == {one.origin: 31, two.origin: 3}


def refused(witness: Witness, body: bytes, error: type[LedgerError]) -> LedgerError:
    """The refusal, after which nothing has changed."""
    before = witness.state.heads()
    with pytest.raises(error) as refusal:
        witness.add_checkpoint(body)
    assert type(refusal.value) is error
    assert witness.state.heads() == before
    return refusal.value


def test_each_refusal_is_the_one_that_the_standard_names(witness: Witness) -> None:
    cosigned(witness, LOG, 0, 20)
    unknown = a_log("log.example/unknown")
    refused(witness, unknown.request(0, 5), UnknownLog)
    impostor = Log(NoteSigner(LOG.origin, a_log(seed=7).key._private_key), LOG.entries)
    refused(witness, impostor.request(20, 25), NotSigned)
    refused(witness, LOG.request(20, 30).replace(b"old 20", b"old 31"), Malformed)
    for old in (0, 19, 21):
        error = refused(witness, LOG.request(old, 30), Conflict)
        assert isinstance(error, Conflict) and (error.size, error.fork) == (20, False)
    right = parse_request(LOG.request(20, 30))
    for wrong in ((), right.proof[:-1], (*right.proof, bytes(32)), right.proof[::-1], (bytes(32),) * len(right.proof)):
        refused(witness, format_request(replace(right, proof=wrong)), NotConsistent)
    refused(witness, format_request(replace(parse_request(LOG.request(20, 20)), proof=(bytes(32),))), NotConsistent)


def test_an_empty_tree_under_another_root_is_refused_like_a_false_proof_once_its_log_has_signed_it(
    witness: Witness,
) -> None:
    text = f"{LOG.origin}\n0\n{encode_base64(bytes(32))}\n".encode()
    signed = b"old 0\n\n" + sign_note(text, [LOG.key])
    refused(witness, signed, NotConsistent)
    impostor = NoteSigner(LOG.origin, a_log(seed=7).key._private_key)
    refused(witness, b"old 0\n\n" + sign_note(text, [impostor]), NotSigned)
    unknown = a_log("log.example/unknown")
    other = text.replace(LOG.origin.encode(), unknown.origin.encode())
    refused(witness, b"old 0\n\n" + sign_note(other, [unknown.key]), UnknownLog)


def digest_of(log: Log) -> str:
    return sha256(log.origin.encode()).hexdigest()


def test_the_newest_cosigned_checkpoint_is_shown_to_whoever_knows_the_origin(
    witness: Witness, state: WitnessState
) -> None:
    for nobody in (digest_of(LOG), digest_of(a_log("log.example/unknown")), "x", digest_of(LOG).upper()):
        with pytest.raises(UnknownLog):
            witness.checkpoint(nobody)
    for old, size in ((0, 5), (5, 20), (20, 20)):
        stranger = cosigner("stranger").sign(parse_note(LOG.note(size)).text, NOW)
        line = witness.add_checkpoint(LOG.request(old, size) + format_signature(stranger))
        assert witness.checkpoint(digest_of(LOG)) == LOG.note(size) + line
    refused(witness, LOG.fork(3).request(20, 30), NotConsistent)
    assert parse_checkpoint(parse_note(witness.checkpoint(digest_of(LOG))).text).size == 20
    with WitnessState.open(state.path) as again:
        assert a_witness(again, LOG).checkpoint(digest_of(LOG)) == witness.checkpoint(digest_of(LOG))
    state.show(LOG.origin, 5, LOG.note(5))  # of a process that was slower
    assert parse_checkpoint(parse_note(witness.checkpoint(digest_of(LOG))).text).size == 20


def both_keys(state: WitnessState, more: Cosigner) -> Witness:
    known = parse_known_logs(f"log {LOG.key.key.format()}\n".encode())
    return Witness([cosigner("w"), more], known, state, lambda: NOW)


def test_an_ml_dsa_44_key_cosigns_beside_the_ed25519_one(tmp_path: Path) -> None:
    more = Cosigner("witness.example/w", MLDSA44PrivateKey.generate())
    assert more.key.type == COSIGNATURE_ML_DSA_44
    policy = parse_policy(
        f"witness one {KEY.format()}\nwitness two {more.key.format()}\ngroup both all one two\nquorum both\n".encode()
    )
    with WitnessState.create(tmp_path / "state", KEY, more.key) as state:
        witness = both_keys(state, more)
        lines = witness.add_checkpoint(LOG.request(0, 20))
        found = policy.require(LOG.note(20) + lines, LOG.key.key)
        assert {name: one.timestamp for name, one in found.cosignatures.items()} == {"one": NOW, "two": NOW}
        assert witness.checkpoint(digest_of(LOG)) == LOG.note(20) + lines
        refused(witness, LOG.fork(3).request(20, 20), NotConsistent)
        forged = LOG.fork(3).note(20) + lines
        with pytest.raises(Refuted):
            policy.require(forged, LOG.key.key)


def test_a_key_cosigns_by_the_state_that_knows_it_and_no_key_is_left_out(tmp_path: Path) -> None:
    more = Cosigner("witness.example/w", MLDSA44PrivateKey.generate())
    with WitnessState.create(tmp_path / "state", KEY) as state:
        with pytest.raises(Misconfigured, match="is the state of"):
            both_keys(state, more)
        cosigned(a_witness(state, LOG), LOG, 0, 20)
        state.add_key(more.key)
        with pytest.raises(Misconfigured, match="already"):
            state.add_key(more.key)
        with pytest.raises(Misconfigured, match="is the state of"):
            a_witness(state, LOG)
    with WitnessState.open(tmp_path / "state") as again:
        witness = both_keys(again, more)
        refused(witness, LOG.fork(3).request(0, 20), Conflict)
        assert len(parse_note(LOG.note(25) + witness.add_checkpoint(LOG.request(20, 25))).signatures) == 3


def test_a_state_of_before_there_was_something_to_show_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "state"
    with WitnessState.create(path, KEY) as state:
        cosigned(a_witness(state, LOG), LOG, 0, 20)
    old = sqlite3.connect(path)
    old.execute("DROP TABLE shown")
    old.close()
    with WitnessState.open(path) as state:
        witness = a_witness(state, LOG)
        with pytest.raises(UnknownLog):
            witness.checkpoint(digest_of(LOG))
        cosigned(witness, LOG, 20, 20)
        assert witness.checkpoint(digest_of(LOG)).startswith(LOG.note(20))


def test_a_first_checkpoint_comes_without_a_proof(witness: Witness) -> None:
    refused(witness, format_request(AddCheckpoint(0, (bytes(32),), LOG.note(5))), NotConsistent)


def test_a_key_that_cannot_speak_for_the_log_is_not_heard(state: WitnessState) -> None:
    other = a_log("log.example/two", seed=2)
    witness = a_witness(state, LOG, other)
    head = sign_checkpoint(LOG.head(5), LOG.key)
    stolen = head[: head.index("—".encode())] + other.note(5)[other.note(5).index("—".encode()) :]
    refused(witness, b"old 0\n\n" + stolen, NotSigned)


@pytest.mark.parametrize("at", [0, 5, 19])
def test_a_fork_that_the_logs_own_key_signed_is_refused_and_nothing_of_it_remembered(
    witness: Witness, caplog: pytest.LogCaptureFixture, at: int
) -> None:
    cosigned(witness, LOG, 0, 20)
    forked = LOG.fork(at)
    refused(witness, forked.request(20, 20), NotConsistent)
    stale = refused(witness, forked.request(5, 20), Conflict)
    assert isinstance(stale, Conflict) and stale.size == 20
    refused(witness, forked.request(20, 30), NotConsistent)
    if at:  # up to there the histories are one, so a proof from there holds: it is too old
        refused(witness, forked.request(at, 30), Conflict)
    assert caplog.text.count(LOG.origin) >= 3  # what the key signed is kept for people
    cosigned(witness, LOG, 20, 40)


def test_what_was_answered_is_remembered_by_the_next_process(tmp_path: Path) -> None:
    path = tmp_path / "state"
    with WitnessState.create(path, KEY) as first:
        cosigned(a_witness(first, LOG), LOG, 0, 20)
    with WitnessState.open(path) as second:
        refused(a_witness(second, LOG), LOG.fork(3).request(0, 25), Conflict)
        cosigned(a_witness(second, LOG), LOG, 20, 25)


def test_after_a_crash_between_remembering_and_answering_the_log_gets_its_cosignature(
    witness: Witness, state: WitnessState, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as during:
        during.setattr(Cosigner, "sign", crash)
        with pytest.raises(KeyboardInterrupt):
            witness.add_checkpoint(LOG.request(0, 20))
    assert state.head(LOG.origin).size == 20
    with pytest.raises(Conflict) as known:
        witness.add_checkpoint(LOG.request(0, 20))
    assert known.value.size == 20
    cosigned(witness, LOG, 20, 20)
    refused(witness, LOG.fork(10).request(20, 20), NotConsistent)


class _Broken:
    """A connection on which one kind of statement fails, as on a full disk."""

    def __init__(self, connection: sqlite3.Connection, failing: str) -> None:
        self._connection, self._failing = connection, failing

    def execute(self, sql: str, *params: object) -> sqlite3.Cursor:
        if sql.startswith(self._failing):
            raise sqlite3.OperationalError("database or disk is full")
        return self._connection.execute(sql, *params)

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction


@pytest.mark.parametrize("failing", ["BEGIN", "SELECT", "INSERT", "COMMIT"])
def test_nothing_is_signed_that_could_not_be_remembered(
    witness: Witness, state: WitnessState, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    cosigned(witness, LOG, 0, 5)
    signed: list[bytes] = []
    real = Cosigner.sign

    def sign(self: Cosigner, text: bytes, at: int) -> object:
        signed.append(text)
        return real(self, text, at)

    with monkeypatch.context() as during:
        during.setattr(Cosigner, "sign", sign)
        during.setattr(state, "_connection", _Broken(state._connection, failing))
        with pytest.raises(Unavailable):
            witness.add_checkpoint(LOG.request(5, 20))
    assert signed == []
    assert state.head(LOG.origin).size == 5
    cosigned(witness, LOG, 5, 20)


def test_a_clock_that_went_back_signs_nothing(witness: Witness, state: WitnessState) -> None:
    cosigned(witness, LOG, 0, 5)
    with pytest.raises(Unavailable, match="clock"):
        a_witness(state, LOG, clock=NOW - 1).add_checkpoint(LOG.request(5, 6))
    assert state.head(LOG.origin).size == 5


def test_a_state_belongs_to_one_key_and_is_never_made_up(tmp_path: Path, state: WitnessState) -> None:
    with pytest.raises(Misconfigured, match="is the state of"):
        Witness([cosigner("other")], {}, state, lambda: NOW)
    with pytest.raises(Misconfigured, match="already"):
        WitnessState.create(state.path, KEY)
    with pytest.raises(Misconfigured, match="is not there"):
        WitnessState.open(tmp_path / "elsewhere")
    for name, content in (("empty", b""), ("text", b"hello" * 1_000)):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(Misconfigured, match="not the state"):
            WitnessState.open(tmp_path / name)


def test_the_file_itself_refuses_to_go_back(witness: Witness, state: WitnessState) -> None:
    cosigned(witness, LOG, 0, 20)
    with sqlite3.connect(state.path) as by_hand:
        for change in (
            "UPDATE heads SET size = 19",
            "UPDATE heads SET root = zeroblob(32)",
            "UPDATE heads SET origin = 'other'",
            "DELETE FROM heads",
        ):
            with pytest.raises(sqlite3.IntegrityError):
                by_hand.execute(change)
    by_hand.close()


def test_an_older_copy_of_the_state_is_what_must_never_be_used(tmp_path: Path) -> None:
    """Why the documents forbid it: with a copy, the witness cosigns a second history."""
    path, copy = tmp_path / "state", tmp_path / "copy"
    with WitnessState.create(path, KEY) as state:
        cosigned(a_witness(state, LOG), LOG, 0, 5)
        shutil.copy(path, copy)
        cosigned(a_witness(state, LOG), LOG, 5, 20)
    with WitnessState.open(copy) as old:
        cosigned(a_witness(old, LOG), LOG.fork(5), 5, 20)


def _race(witness: Witness, histories: list[Log], seed: int) -> list[bytes]:
    """Ask again and again, as several logs under one key at once would; what was cosigned."""
    dice, won = random.Random(seed), []
    for _ in range(30):
        log, known = dice.choice(histories), witness.state.head(LOG.origin).size
        size = min(len(log.entries), known + dice.randint(0, 3))
        try:
            witness.add_checkpoint(log.request(known, size))
        except (Conflict, NotConsistent):
            continue
        won.append(parse_note(log.note(size)).text)
    return won


def _is_one_history(texts: list[bytes]) -> bool:
    """Whether all of these heads are of one tree: each history has a head of its own at every size from 1 on."""
    heads = {parse_checkpoint(text).size: parse_checkpoint(text).root for text in texts}
    return all(heads[parse_checkpoint(text).size] == parse_checkpoint(text).root for text in texts) and any(
        all(root == mth(log.entries[:size]) for size, root in heads.items()) for log in (LOG, LOG.fork(0))
    )


def test_parallel_requests_never_get_two_histories_cosigned(witness: Witness) -> None:
    barrier = threading.Barrier(8)

    def run(seed: int) -> list[bytes]:
        barrier.wait()
        return _race(witness, [LOG, LOG.fork(0)], seed)

    with ThreadPoolExecutor(8) as pool:
        texts = [text for won in pool.map(run, range(8)) for text in won if parse_checkpoint(text).size]
    assert len(texts) > 8
    assert _is_one_history(texts)


def _process(path: str, seed: int) -> list[bytes]:
    with WitnessState.open(Path(path)) as state:
        return _race(a_witness(state, LOG), [LOG, LOG.fork(0)], seed)


def test_processes_that_share_a_state_never_cosign_two_histories(state: WitnessState) -> None:
    with get_context("spawn").Pool(3) as pool:
        found = pool.starmap(_process, [(str(state.path), seed) for seed in range(3)])
    texts = [text for won in found for text in won if parse_checkpoint(text).size]
    assert sum(bool(won) for won in found) >= 2, "the processes did not meet"
    assert _is_one_history(texts)


@given(st.integers(0, 2**63 - 1), st.lists(st.binary(min_size=32, max_size=32), max_size=PROOF_HASHES_MAX))
def test_what_a_log_writes_a_witness_reads(old: int, hashes: list[bytes]) -> None:
    request = AddCheckpoint(old, tuple(hashes), LOG.note(7))
    assert parse_request(format_request(request)) == request


REQUEST = LOG.request(5, 20).decode()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "old 5",
        "old 5\n\n",
        REQUEST.replace("old 5", "old 05"),
        REQUEST.replace("old 5", "old -5"),
        REQUEST.replace("old 5", "Old 5"),
        REQUEST.replace("old 5", "old 5 "),
        REQUEST.replace("old 5", f"old {2**63}"),
        REQUEST.replace("old 5\n", ""),
        REQUEST.replace("old 5", "old 5\nAAAA"),
        REQUEST.replace("\n", "\r\n"),
        "old 0\n" + ("A" * 43 + "=\n") * (PROOF_HASHES_MAX + 1) + "\n" + LOG.note(5).decode(),
        REQUEST.replace("\n20\n", "\n020\n"),
        REQUEST + "x",
        REQUEST + "x" * WITNESS_REQUEST_BYTES_MAX,
    ],
)
def test_any_other_form_is_refused(body: str) -> None:
    with pytest.raises(Malformed):
        parse_request(body.encode())


@given(st.data())
def test_a_changed_request_is_never_cosigned(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    raw = bytearray(LOG.request(0, 20))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    with WitnessState.create(tmp_path_factory.mktemp("state") / "state", KEY) as state:
        witness = a_witness(state, LOG)
        try:
            witness.add_checkpoint(bytes(raw))
        except LedgerError:
            assert state.heads() == {}
        else:  # a signature line of an unknown key, or none of ours, may read anything: the text is the log's
            assert parse_request(bytes(raw)).text == parse_request(LOG.request(0, 20)).text


NETWORK_LIST = f"""# a list of the witness network
logs/v0

vkey {LOG.key.key.format()}
origin none
qpd 86400
bastion none
contact somebody (at) log.example
# the next one is named otherwise than its key
vkey {a_log("log.example/two", seed=2).key.key.format()}
origin go.sum database tree
qpd 24
contact nobody
"""


def test_both_forms_of_lists_of_logs_are_read(state: WitnessState) -> None:
    known = parse_known_logs(NETWORK_LIST.encode(), f"log {LOG.key.key.format()}\n".encode())
    assert set(known) == {LOG.origin, "go.sum database tree"}
    two = a_log("log.example/two", seed=2)
    head = Checkpoint("go.sum database tree", 3, mth(two.entries[:3]))
    text = f"{head.origin}\n3\n".encode()
    note = sign_checkpoint(Checkpoint(two.origin, 3, head.root), two.key)
    witness = Witness([Cosigner("witness.example/w", private_key("w"))], known, state, lambda: NOW)
    renamed = text + note.split(b"\n", 2)[2].split(b"\n", 1)[0] + b"\n"
    line = two.key.sign(renamed)
    from ledger.tlog.note import format_note  # noqa: PLC0415

    witness.add_checkpoint(b"old 0\n\n" + format_note(renamed, [line]))
    assert state.head("go.sum database tree").size == 3
    refused(witness, b"old 0\n\n" + note, UnknownLog)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nobody\n",
        "logs/v0\n",
        "logs/v1\nvkey x\n",
        "quorum none\n",
        "logs/v0\norigin none\n",
        NETWORK_LIST + "origin none\n",
        NETWORK_LIST + "surprise 1\n",
        "log x\n",
        "\udcff",
    ],
)
def test_a_list_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        parse_known_logs(text.encode("utf-8", "surrogateescape"))


def test_proofs_of_the_standard_are_those_of_the_slow_tree() -> None:
    request = parse_request(LOG.request(5, 20))
    assert list(request.proof) == proof(5, LOG.entries[:20])
    assert not issubclass(Conflict, Refuted)  # a stale size is no lie
