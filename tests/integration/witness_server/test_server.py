"""The witness over HTTP: every status is the one that C2SP tlog-witness names, from the command as it is run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from itertools import count
from pathlib import Path

import httpx
import pytest

from api.cosigning.witness_client import WitnessClient
from ledger.limits import WITNESS_REQUEST_BYTES_MAX
from ledger.tlog.cosignature import CosignerKey
from ledger.tlog.note import parse_note
from ledger.tlog.vkey import VerifierKey
from ledger.tlog.witness_policy import PolicyWitness
from ledger.witness import parse_request
from tests.support.waiting import eventually
from tests.support.witnesses import RunningWitness, cosigner
from tests.unit.ledger.witness.logs import Log, a_log

LOG = a_log()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWitness]:
    with RunningWitness(tmp_path_factory.mktemp("witness"), "w", LOG.key.key.format()) as running:
        yield running


def ask(running: RunningWitness, body: bytes) -> httpx.Response:
    return httpx.post(f"{running.url}/add-checkpoint", content=body, timeout=30)


def test_each_answer_is_as_the_standard_says(running: RunningWitness) -> None:
    good = ask(running, LOG.request(0, 20))
    assert good.status_code == 200
    assert good.headers["content-type"].startswith("text/plain")
    note = parse_note(LOG.note(20) + good.content)
    CosignerKey(cosigner("w").key).open(note.text, note.signatures[-1])

    for old in (0, 19, 21):
        conflict = ask(running, LOG.request(old, 30))
        assert (conflict.status_code, conflict.content) == (409, b"20\n")
        assert conflict.headers["content-type"] == "text/x.tlog.size"
    assert ask(running, LOG.fork(3).request(20, 20)).status_code == 422
    shown = httpx.get(f"{running.url}/{sha256(LOG.origin.encode()).hexdigest()}/checkpoint")
    assert (shown.status_code, shown.content) == (200, LOG.note(20) + good.content)
    assert httpx.get(f"{running.url}/{'0' * 64}/checkpoint").status_code == 404
    assert ask(running, LOG.fork(3).request(20, 30)).status_code == 422
    assert ask(running, LOG.request(20, 30).replace(b"old 20", b"old 31")).status_code == 400
    assert ask(running, b"").status_code == 400
    assert ask(running, a_log("log.example/unknown").request(0, 3)).status_code == 404
    assert ask(running, Log(a_log(LOG.origin, seed=9).key, LOG.entries).request(20, 30)).status_code == 403
    assert ask(running, b"x" * (WITNESS_REQUEST_BYTES_MAX + 1)).status_code == 413
    assert httpx.get(f"{running.url}/add-checkpoint").status_code == 405
    assert ask(running, LOG.request(20, 30)).status_code == 200


def test_a_witness_cosigns_with_an_ml_dsa_44_key_from_the_day_it_is_given_one(tmp_path: Path) -> None:
    witness = RunningWitness(tmp_path, "pq", LOG.key.key.format())
    with witness:
        assert ask(witness, LOG.request(0, 9)).status_code == 200
    key, state = tmp_path / "pq-2.pem", ("--state", witness.state)
    assert command("witness", "new-key", "-o", key).returncode == 0
    added = command("witness", "add-key", "--ml-dsa-key", key, *state)
    assert added.returncode == 0, added.stderr
    vkey = VerifierKey.parse(added.stdout.strip())
    named = command("witness", "key", "--key", witness.key, "--ml-dsa-key", key, "--name", vkey.name)
    assert named.stdout.split() == [cosigner("pq").key.format(), vkey.format()]
    alone = command("witness", "serve", "--key", witness.key, "--logs", witness.logs, *state, "--port", "0")
    assert alone.returncode == 2 and "is the state of" in alone.stderr
    witness.options = (*witness.options, "--ml-dsa-key", str(key))
    with witness:
        assert vkey.format() in httpx.get(witness.url).text
        answer = ask(witness, LOG.request(9, 20))
        assert answer.status_code == 200, answer.text
        asking = PolicyWitness("pq", vkey, witness.url)
        client = WitnessClient(asking)
        assert client.add_checkpoint(parse_request(LOG.request(20, 21))).key == vkey
        client.close()
    note = parse_note(LOG.note(20) + answer.content)
    assert [len(line.signature) for line in note.signatures] == [64, 8 + 64, 8 + 2_420]
    CosignerKey(vkey).open(note.text, note.signatures[-1])


def test_it_says_who_it_is_and_what_it_saw(running: RunningWitness) -> None:
    page = httpx.get(running.url).text
    assert cosigner("w").key.format() in page
    assert LOG.origin in page


def test_a_killed_witness_goes_on_from_what_it_answered(tmp_path: Path) -> None:
    witness = RunningWitness(tmp_path, "k", LOG.key.key.format())
    with witness:
        assert ask(witness, LOG.request(0, 9)).status_code == 200
        witness.kill()
        witness.start()
        assert ask(witness, LOG.fork(2).request(0, 9)).status_code == 409
        assert ask(witness, LOG.request(9, 12)).status_code == 200
        assert witness.stop() == 0
    assert "Traceback" not in witness.said


def test_a_rate_beyond_the_limit_is_told_when_to_come_again(tmp_path: Path) -> None:
    witness = RunningWitness(tmp_path, "r", LOG.key.key.format())
    witness.options = ("--requests-per-second", "1")
    with witness:
        answers = (ask(witness, LOG.request(0, 5)) for _ in count())
        turned_away = eventually(lambda: one if (one := next(answers)).status_code == 429 else None, "the limit")
    assert int(turned_away.headers["retry-after"]) >= 1


def command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("credit-ledger")
    return subprocess.run([program, *arguments], check=False, capture_output=True, text=True, timeout=180)


def test_a_witness_without_its_memory_does_not_start(tmp_path: Path) -> None:
    witness = RunningWitness(tmp_path, "f", LOG.key.key.format())
    options = ("--key", witness.key, "--logs", witness.logs, "--state", witness.state, "--port", "0")
    again = command("witness", "init", "--key", witness.key, "--name", "witness.example/f", "--state", witness.state)
    assert again.returncode == 2 and "made once" in again.stderr
    witness.state.unlink()
    lost = command("witness", "serve", *options)
    assert lost.returncode == 2 and "new key" in lost.stderr


def test_a_state_is_not_served_under_another_key(tmp_path: Path) -> None:
    one, two = (RunningWitness(tmp_path, name, LOG.key.key.format()) for name in ("one", "two"))
    mixed = command("witness", "serve", "--key", two.key, "--logs", one.logs, "--state", one.state, "--port", "0")
    assert mixed.returncode == 2 and "is the state of" in mixed.stderr
    named = command("witness", "key", "--key", one.key, "--name", "witness.example/one")
    assert named.stdout.strip() == cosigner("one").key.format()
