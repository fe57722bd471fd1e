"""`credit-ledger follow`, as a person or a service manager runs it: a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.statements import registered
from tests.unit.api.monitor.conftest import OTHER, SUBJECT, Scene
from tests.unit.api.monitor.served import serving
from tests.unit.api.monitor.test_webhook import SECRET, Receiver


def command(*arguments: object) -> list[str]:
    return [str(Path(sys.executable).with_name("credit-ledger")), *map(str, arguments)]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), capture_output=True, text=True, timeout=180, check=False)


@pytest.fixture
def trust(scene: Scene, tmp_path: Path) -> Path:
    path = tmp_path / "trust.json"
    path.write_bytes(scene.log.trust_file().format())
    return path


def test_events_are_printed_for_people_and_for_programs(scene: Scene, trust: Path, tmp_path: Path) -> None:
    scene.say(SUBJECT, 2)
    people = run("follow", scene.url, "--subject", SUBJECT, "--trust", trust, "--once")
    assert people.returncode == 0, people.stderr
    assert people.stdout.count("EnterpriseRegistered") == 2
    programs = run("follow", scene.url, "--subject", SUBJECT, "--trust", trust, "--once", "--json")
    lines = [json.loads(line) for line in programs.stdout.splitlines()]
    assert [line["entry"] for line in lines] == [len(scene.log.entries) - 2, len(scene.log.entries) - 1]


def test_without_a_trust_file_the_logs_own_is_taken_once_and_said_so(scene: Scene, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    first = run("follow", scene.url, "--subject", SUBJECT, "--state", state, "--once")
    assert first.returncode == 0 and "out of band" in first.stderr
    scene.served.files[".well-known/credit-ledger-trust.json"] = b"another"
    second = run("follow", scene.url, "--subject", SUBJECT, "--state", state, "--once")
    assert second.returncode == 0 and second.stderr == ""


def test_a_fork_is_shouted_in_both_languages_and_both_notes_are_kept(scene: Scene, trust: Path, tmp_path: Path) -> None:
    state, size = tmp_path / "state.json", len(scene.log.entries)
    other = scene.log.fork(size)
    scene.say(SUBJECT)
    arguments = ("follow", scene.url, "--subject", SUBJECT, "--trust", trust, "--state", state, "--once")
    assert run(*arguments).returncode == 0
    for _ in range(3):
        other.add(registered(), OTHER, "party:organizer", scene.organizer)
    other.commit()
    other.heads.insert(0, scene.log.heads[0])
    kept = scene.served.files["checkpoint"]
    scene.served.show(other)
    receiver = Receiver()
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    with serving(receiver.handle) as hook:
        answer = run(*arguments, "--webhook", hook, "--webhook-secret", secret)
    assert answer.returncode == 1
    assert "不一致" in answer.stderr and "INCONSISTENT" in answer.stderr and "分叉" in answer.stderr
    (evidence,) = tmp_path.glob("state.json.forked-*.json")
    document = json.loads(evidence.read_text())
    assert document["verified_before"].encode() == kept
    assert document["shown_now"].encode() == scene.served.files["checkpoint"]
    assert document["consistency_proof"]
    ((_, message),) = receiver.messages
    assert message["type"] == "ledger.inconsistent" and message["data"]["verified_before"].encode() == kept
    assert run(*arguments).returncode == 1, "it shouts until a person has looked"


def test_a_log_out_of_reach_is_exit_2_with_once(tmp_path: Path) -> None:
    answer = run("follow", "http://127.0.0.1:9", "--once")
    assert answer.returncode == 2 and "did not answer" in answer.stderr


def test_a_damaged_state_is_exit_2_and_left_alone(scene: Scene, trust: Path, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_bytes(b"{")
    answer = run("follow", scene.url, "--trust", trust, "--state", state, "--once")
    assert answer.returncode == 2 and state.read_bytes() == b"{"


def test_it_keeps_trying_until_it_is_told_to_stop(scene: Scene, trust: Path, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    scene.served.failing = lambda path: 404
    arguments = ("follow", scene.url, "--subject", SUBJECT, "--trust", trust, "--state", state, "--interval", "0.1")
    with subprocess.Popen(command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        assert "has no checkpoint" in process.stderr.readline()
        busy = run(*arguments, "--once")
        assert busy.returncode == 2 and "locked" in busy.stderr
        scene.served.failing = lambda path: None
        scene.say(SUBJECT)
        assert SUBJECT in process.stdout.readline()
        scene.say(SUBJECT)
        assert SUBJECT in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    last = run(*arguments, "--once")
    assert (last.returncode, last.stdout) == (0, "")


def test_subjects_may_be_named_as_on_a_licence_and_no_others(scene: Scene, trust: Path) -> None:
    assert run("follow", scene.url, "--subject", "91350211m000100y43", "--trust", trust, "--once").returncode == 0
    assert run("follow", scene.url, "--subject", "no such", "--trust", trust, "--once").returncode == 2
