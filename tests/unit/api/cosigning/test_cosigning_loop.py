"""How the log asks: one checkpoint at a time, each witness by itself, with patience; and what it never believes."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client import CollectorRegistry

from api.cosigning.cosigned_checkpoints import Published
from api.cosigning.cosigning_loop import CosigningLoop, WitnessStatus, retry_seconds
from api.cosigning.log_witness_policy import read_policy
from api.cosigning.witness_client import WitnessClient
from ledger.errors import LedgerError, Malformed, Misconfigured, NotFound, Refuted, Unavailable
from ledger.limits import WITNESS_ANSWER_BYTES_MAX, WITNESS_RETRY_SECONDS_MAX
from ledger.reading.log_reader import Log as LogReader
from ledger.store.contract import Batch, CheckpointRow, NewEntry
from ledger.store.memory import MemoryStore
from ledger.tlog.hashing import leaf_hash
from ledger.tlog.witness_policy import Policy, PolicyWitness, parse_policy
from ledger.witness import (
    AddCheckpoint,
    Conflict,
    NotConsistent,
    NotSigned,
    UnknownLog,
    Witness,
    WitnessState,
    parse_known_logs,
)
from tests.support.waiting import PATIENCE_SECONDS, eventually
from tests.support.witnesses import cosign, cosigner, policy_text
from tests.unit.ledger.witness.logs import NOW, Log, a_log

LOG = a_log()
PAUSE_SECONDS = 0.02
Handler = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between rounds, tries and looks nobody waits for long: what is asked when is for the tests of `retry_seconds`."""
    monkeypatch.setattr("api.cosigning.cosigning_loop.WITNESS_ROUND_SECONDS_MIN", PAUSE_SECONDS)
    monkeypatch.setattr("api.cosigning.cosigning_loop.retry_seconds", lambda _failures, _chance: PAUSE_SECONDS)
    monkeypatch.setattr("api.cosigning.cosigning_loop._STOP_SECONDS", 10 * PAUSE_SECONDS)


def grow(store: MemoryStore, log: Log, size: int) -> None:
    """One more checkpoint in the store."""
    newest = store.latest()
    start = 0 if newest is None else newest.tree_size
    entries = [
        NewEntry("local:test/1", index + 1, "PledgeMade", log.entries[index], leaf_hash(log.entries[index]))
        for index in range(start, size)
    ]
    head = CheckpointRow(size, start, log.head(size).root, NOW, log.note(size), b"protected", b"signature")
    store.append(Batch(entries, head))


class Real:
    """The witness `name` behind a transport: what a witness answers, without a network. `down` while told so."""

    def __init__(self, folder: Path, name: str, log: Log) -> None:
        self.down = False
        self.asked: list[AddCheckpoint] = []
        key = cosigner(name)
        known = parse_known_logs(f"log {log.key.key.format()}\n".encode())
        self.state = WitnessState.create(folder / name, key.key)
        self.witness = Witness([key], known, self.state, lambda: NOW)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            raise httpx.ConnectError("down")
        try:
            return httpx.Response(200, content=self.witness.add_checkpoint(request.content))
        except Conflict as error:
            return httpx.Response(409, content=b"%d\n" % error.size, headers={"Content-Type": "text/x.tlog.size"})
        except LedgerError as error:
            return httpx.Response(422, text=str(error))


class Setting:
    """A log in memory, its witnesses, and the rounds between them."""

    def __init__(self, policy: str, handlers: dict[str, Handler], store: MemoryStore | None = None) -> None:
        self.store = store or MemoryStore()
        self.policy = parse_policy(policy.encode())
        log = LogReader(self.store)
        self.published = Published(self.store, log, self.policy)

        def client(witness: PolicyWitness) -> WitnessClient:
            return WitnessClient(witness, httpx.MockTransport(handlers[witness.name]))

        self.rounds = CosigningLoop(self.store, log, self.published, None, CollectorRegistry(), client)

    def witnessed_size(self) -> int:
        try:
            return self.published.witnessed().tree_size
        except NotFound:
            return 0

    def reach(self, size: int) -> None:
        """Wait until a tree of that size has its quorum."""
        eventually(lambda: self.witnessed_size() >= size, f"a quorum for {size} entries")

    def asked(self, name: str) -> WitnessStatus:
        """How it stands with one witness."""
        return next(one for one in self.rounds.asked if one.witness.name == name)

    def __enter__(self) -> Setting:
        self.rounds.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.rounds.stop()


def urls(*names: str) -> dict[str, str]:
    return {name: f"http://{name}.test/prefix/" for name in names}


@pytest.fixture
def three(tmp_path: Path) -> Iterator[dict[str, Real]]:
    witnesses = {name: Real(tmp_path, name, LOG) for name in ("a", "b", "c")}
    yield witnesses
    for one in witnesses.values():
        one.state.close()


def handlers_of(witnesses: dict[str, Real]) -> dict[str, Handler]:
    return dict(witnesses)


def test_the_newest_checkpoint_is_cosigned_and_published_with_its_proofs(three: dict[str, Real]) -> None:
    with Setting(policy_text(*three, rule="2", urls=urls(*three)), handlers_of(three)) as setting:
        for size in (3, 9, 30):
            grow(setting.store, LOG, size)
            setting.reach(size)
        head = setting.policy.require(setting.published.witnessed().note, LOG.key.key)
        assert head.checkpoint == LOG.head(30) or head.checkpoint.root == LOG.head(30).root
        assert b"index 29" in setting.published.proof(29)
        with pytest.raises(NotFound):
            setting.published.proof(30)


def test_a_witness_that_was_down_is_brought_up_to_date_from_the_size_it_names(three: dict[str, Real]) -> None:
    with Setting(policy_text(*three, rule="all", urls=urls(*three)), handlers_of(three)) as setting:
        grow(setting.store, LOG, 3)
        setting.reach(3)
        three["b"].down = True
        grow(setting.store, LOG, 20)
        eventually(lambda: setting.asked("b").failures, "the one that is down is asked")
        eventually(lambda: set(setting.published.newest().witnesses) == {"a", "c"}, "the others cosign")
        assert setting.witnessed_size() == 3
        three["b"].down = False
        setting.reach(20)


def test_a_new_process_takes_up_what_was_collected(three: dict[str, Real]) -> None:
    text = policy_text(*three, rule="all", urls=urls(*three))
    with Setting(text, handlers_of(three)) as setting:
        grow(setting.store, LOG, 7)
        setting.reach(7)
    for one in three.values():
        one.down = True
    again = Setting(text, handlers_of(three), setting.store)
    assert again.published.witnessed().tree_size == 7
    for one in three.values():
        one.down = False
    with again:
        grow(again.store, LOG, 8)
        again.reach(8)


def test_what_witnesses_saw_of_another_history_is_shouted_about(
    three: dict[str, Real], caplog: pytest.LogCaptureFixture
) -> None:
    for one in three.values():
        one.witness.add_checkpoint(LOG.fork(4).request(0, 9))
    with caplog.at_level(logging.ERROR), Setting(policy_text(*three, urls=urls(*three)), handlers_of(three)) as setting:
        grow(setting.store, LOG, 12)
        eventually(lambda: all(one.alarm for one in setting.rounds.asked), "all sound the alarm")
        assert setting.witnessed_size() == 0
    assert caplog.text.count("another history") >= 3


def test_a_log_that_lost_entries_is_told_so_by_its_witnesses(three: dict[str, Real]) -> None:
    for one in three.values():
        one.witness.add_checkpoint(LOG.request(0, 30))
    with Setting(policy_text(*three, urls=urls(*three)), handlers_of(three)) as setting:
        grow(setting.store, LOG, 12)  # an old backup, restored
        eventually(lambda: all(one.alarm and "30" in one.failure for one in setting.rounds.asked), "all say so")
        assert setting.witnessed_size() == 0


def test_a_witness_that_forgot_what_it_cosigned_is_no_longer_believed(tmp_path: Path, three: dict[str, Real]) -> None:
    text = policy_text("a", urls=urls("a"))
    with Setting(text, {"a": three["a"]}) as setting:
        grow(setting.store, LOG, 20)
        setting.reach(20)
        (tmp_path / "new").mkdir()
        amnesiac = Real(tmp_path / "new", "a", LOG)
        three["a"].witness = amnesiac.witness
        grow(setting.store, LOG, 25)
        eventually(lambda: setting.asked("a").alarm, "its loss is noticed")
        assert "now knows 0" in setting.asked("a").failure
        assert setting.witnessed_size() == 20
        amnesiac.state.close()


def _client(handler: Handler) -> WitnessClient:
    return WitnessClient(PolicyWitness("w", cosigner("w").key, "http://w.test"), httpx.MockTransport(handler))


REQUEST = AddCheckpoint(5, (), LOG.note(5))
SIZE = {"Content-Type": "text/x.tlog.size"}
LINES = cosign(LOG.note(5), NOW, "w").removeprefix(LOG.note(5))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(200, content=b""), Malformed),
        (httpx.Response(200, content=b"hello\n"), Malformed),
        (httpx.Response(200, content=b"\xff" * 99), Malformed),
        (httpx.Response(200, content=LINES.replace(b"/w ", b"/v ")), Malformed),
        (httpx.Response(200, content=cosign(LOG.note(4), NOW, "w").removeprefix(LOG.note(4))), Refuted),
        (httpx.Response(200, content=b"x" * (WITNESS_ANSWER_BYTES_MAX + 1)), Malformed),
        (httpx.Response(301, headers={"Location": "http://elsewhere.test/"}), Unavailable),
        (httpx.Response(400), Malformed),
        (httpx.Response(403), NotSigned),
        (httpx.Response(404), UnknownLog),
        (httpx.Response(409, content=b"7\n", headers=SIZE), Conflict),
        (httpx.Response(409, content=b"5\n", headers=SIZE), Conflict),
        (httpx.Response(409, content=b"%d\n" % 2**63, headers=SIZE), Malformed),
        (httpx.Response(409, content=b"conflict"), Conflict),
        (httpx.Response(422), NotConsistent),
        (httpx.Response(429), Unavailable),
        (httpx.Response(503), Unavailable),
    ],
)
def test_whatever_a_witness_answers_only_our_errors_come_out(answer: httpx.Response, error: type[LedgerError]) -> None:
    client = _client(lambda _: answer)
    with pytest.raises(error) as raised:
        client.add_checkpoint(REQUEST)
    assert type(raised.value) is error
    client.close()


def test_cosignatures_of_other_keys_in_an_answer_are_ignored() -> None:
    more = cosign(LOG.note(5), NOW, "stranger", "w").removeprefix(LOG.note(5))
    client = _client(lambda _: httpx.Response(200, content=more))
    assert client.add_checkpoint(REQUEST).timestamp == NOW
    client.close()


def test_a_dripping_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    class Drip(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            while True:
                time.sleep(0.02)
                yield b"x"

    monkeypatch.setattr("api.cosigning.witness_client.WITNESS_ANSWER_SECONDS_MAX", 0.2)
    client = _client(lambda _: httpx.Response(200, stream=Drip()))
    began = time.monotonic()
    with pytest.raises(Unavailable, match="too long"):
        client.add_checkpoint(REQUEST)
    assert time.monotonic() - began < 60
    client.close()


def test_patience_grows_and_is_never_the_same_for_all() -> None:
    waits = [retry_seconds(failures, 0.999) for failures in range(1, 60)]
    assert waits == sorted(waits)
    assert waits[-1] <= WITNESS_RETRY_SECONDS_MAX
    assert waits[0] <= 1
    assert len({retry_seconds(5, chance / 20) for chance in range(20)}) == 20
    assert retry_seconds(10**6, 0.0) == WITNESS_RETRY_SECONDS_MAX / 2


def test_stopping_does_not_wait_for_a_witness_that_does_not_answer() -> None:
    asked, release = threading.Event(), threading.Event()

    def silent(_: httpx.Request) -> httpx.Response:
        asked.set()
        release.wait(PATIENCE_SECONDS)
        return httpx.Response(503)

    setting = Setting(policy_text("a", urls=urls("a")), {"a": silent})
    grow(setting.store, LOG, 5)
    setting.rounds.start()
    assert asked.wait(PATIENCE_SECONDS)
    began = time.monotonic()
    setting.rounds.stop()
    assert time.monotonic() - began < PATIENCE_SECONDS / 2
    release.set()


@pytest.mark.parametrize(
    "text",
    [
        "nonsense\n",
        policy_text("a"),
        policy_text("a", "b", urls=urls("a")),
        policy_text("a", urls={"a": "ftp://a.test"}),
        f"log {a_log('log.example/other').key.key.format()}\n" + policy_text("a", urls=urls("a")),
        policy_text("a", urls=urls("a")) + "# \udcff\n",
    ],
)
def test_a_policy_that_this_log_can_never_satisfy_is_refused_at_the_start(tmp_path: Path, text: str) -> None:
    path = tmp_path / "policy"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(Misconfigured):
        read_policy(path, LOG.key.key)
    with pytest.raises(Misconfigured):
        read_policy(tmp_path / "missing", LOG.key.key)


def test_a_policy_that_it_can_satisfy_is_read(tmp_path: Path) -> None:
    path = tmp_path / "policy"
    path.write_text(f"log {LOG.key.key.format()}\n" + policy_text("a", "b", rule="any", urls=urls("a")))
    policy: Policy = read_policy(path, LOG.key.key)
    assert [witness.url for witness in policy.witnesses] == ["http://a.test/prefix/", None]
