"""One set of vectors: whatever the Python verifier's tests ask, the browser answers alike, word by word."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from api.cli.main import main
from ledger.cose.cbor import encode
from ledger.errors import LedgerError
from ledger.keys.algorithms import P256_ORDER, decode_key, encode_key
from ledger.keys.signer import new_key
from tests.browser.conftest import Shown, Watched
from tests.browser.program import Program
from tests.support.run_clock import unmoved
from tests.support.witnesses import cosign, policy_text

ROOT = Path(__file__).resolve().parents[2]
SUITES = (
    "tests/unit/ledger/verifier/test_statement.py",
    "tests/unit/ledger/verifier/test_checkpoint.py",
    "tests/unit/ledger/verifier/test_trust.py",
)
PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
# The points whose order divides 8, by their y (RFC 8032 §5.1), in every encoding that 256 bits have room for.
SMALL_Y = (
    0,
    1,
    PRIME - 1,
    int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"),
    int.from_bytes(bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little"),
)


@pytest.fixture
def program(watched: Watched) -> Program:
    return Program(watched.open())


def test_what_the_verifiers_own_tests_ask_is_answered_alike_in_the_browser(program: Program, tmp_path: Path) -> None:
    recording = tmp_path / "asked.json"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.browser.recording", "-p", "no:cacheprovider", *SUITES]
    environment = {**unmoved(), "RECORDING": str(recording)}
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL, timeout=240)
    asked: list[dict[str, Any]] = json.loads(recording.read_text())
    verdicts = Counter((line["of"], line["verdict"]) for line in asked)
    assert min(verdicts["entry", verdict] for verdict in ("verified", "refuted", "uncheckable")) > 5
    assert {"verified", "refuted", "uncheckable"} <= {of for what, of in verdicts if what == "acknowledgement"}
    differing = []
    for line, answer in zip(asked, program.recorded(asked), strict=True):
        same = answer["verdict"] == line["verdict"]
        if same and line["verdict"] == "verified":
            same = (answer["steps"], answer["closed"]) == (line["steps"], line["closed"])
        if not same:
            differing.append((line["of"], line["verdict"], answer))
    assert differing == []


def test_files_of_a_running_service_are_reported_alike(program: Program, shown: Shown, tmp_path: Path) -> None:
    """Statement, bundle, checkpoint and standing, as the command and as the browser report them."""
    files = {
        **shown.files(shown.pledge, "pledge"),
        **shown.files(shown.complaint, "complaint"),
        "whole.bundle.cbor": shown.bundle(),
        "checkpoint": shown.book.checkpoint(),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "trust.json").write_bytes(shown.trust_file())
    paths = [str(tmp_path / name) for name in files]
    found = CliRunner().invoke(main, ["verify", *paths, "--trust", str(tmp_path / "trust.json"), "--json"])
    command = {Path(one["file"]).name: one for one in json.loads(found.output)}
    reports = program.files(files, shown.trust_file(), int(time.time()))
    assert len(reports) == len(command) == 4
    words = {"verified": "verified", "refuted": "refuted", "uncheckable": "could not be checked"}
    for report in reports:
        other = command[report["name"]]
        assert words[report["verdict"]] == other["result"], report
        steps = [{"zh": step["zh"], "en": step["en"]} for step in report["steps"]]
        computed = 1 if report["kind"] == "bundle" else 0  # the standing, which the browser does not compute
        assert steps == other["steps"][: len(other["steps"]) - computed]


def test_a_demanded_quorum_is_met_by_a_cosigned_checkpoint_only(program: Program, shown: Shown) -> None:
    demanding = json.loads(shown.trust_file())
    demanding["witness_policy"] = policy_text("east", "north", rule="2")
    trust, now = json.dumps(demanding).encode(), int(time.time())
    note = shown.book.checkpoint()
    verdicts = [
        program.files({"checkpoint": cosign(note, now, *names)}, trust, now)[0]["verdict"]
        for names in ((), ("east",), ("east", "stranger"), ("east", "north"))
    ]
    assert verdicts == ["uncheckable", "uncheckable", "uncheckable", "verified"]


def _cases() -> list[tuple[bytes, int, bytes, bytes]]:
    """Keys and signatures as they are, and as nobody may have them: COSE_Key, algorithm, signature, message."""
    chance = random.Random(8032)
    cases = []
    message = b"credit ledger"
    for kind, algorithms in (("ed25519", (-8, -19)), ("p256", (-7, -9))):
        signer = new_key(kind)  # type: ignore[arg-type]
        key, good = encode_key(signer.public), signer.sign(message)
        cases += [(key, alg, good, message) for alg in (-7, -8, -9, -19, -37, 5)]
        cases += [(key, algorithms[0], good, other) for other in (b"", message + b"\0")]
        cases += [(key, algorithms[0], good[:63], message), (key, algorithms[0], good + b"\0", message)]
        for _ in range(40):
            changed = bytearray(good)
            changed[chance.randrange(64)] ^= 1 << chance.randrange(8)
            cases.append((key, algorithms[0], bytes(changed), message))
        r, s = good[:32], good[32:]
        if kind == "ed25519":
            beyond = int.from_bytes(s, "little") + ORDER
            cases.append((key, -8, r + beyond.to_bytes(32, "little"), message))
            cases += [(key, -8, encoded + bytes(32), message) for encoded in _small()]
        else:
            high = P256_ORDER - int.from_bytes(s, "big")
            cases += [(key, -7, r + high.to_bytes(32, "big"), message), (key, -7, bytes(64), message)]
            cases.append((encode({1: 2, -1: 1, -2: r, -3: s}), -7, good, message))  # most likely no point of the curve
    cases += [
        (encode({1: 1, -1: 6, -2: point}), -8, other + bytes(32), message) for point in _small() for other in _small()
    ]
    return cases


def _small() -> list[bytes]:
    values = [y + lifted for y in SMALL_Y for lifted in (0, PRIME) if y + lifted < 2**255]
    return [(y | sign << 255).to_bytes(32, "little") for y in values for sign in (0, 1)]


@pytest.mark.parametrize("native", [True, False], ids=["WebCrypto", "own Ed25519"])
def test_keys_and_signatures_are_judged_alike(program: Program, native: bool) -> None:
    cases = _cases()
    expected = [verdict_of(*case) for case in cases]
    assert Counter(expected)["verified"] == 4
    assert program.signatures(cases, native=native) == expected


def verdict_of(key: bytes, alg: int, signature: bytes, message: bytes) -> str:
    """Python's verdict: nothing of this could be uncheckable."""
    try:
        decode_key(key).verify(alg, signature, message)
    except LedgerError:
        return "refuted"
    return "verified"
