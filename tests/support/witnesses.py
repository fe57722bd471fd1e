"""Witnesses for tests: deterministic keys, policies, cosigned notes, and the real command in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.keys.signer import Signer, save_key
from ledger.tlog.cosignature import Cosigner
from ledger.tlog.note import format_signature, parse_note
from tests.support.running import free_port

__all__ = ["RunningWitness", "cosign", "cosigner", "policy_text"]

START_SECONDS_MAX = 30


def private_key(name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(sha256(b"witness " + name.encode()).digest())


def cosigner(name: str) -> Cosigner:
    """The witness `witness.example/<name>`."""
    return Cosigner(f"witness.example/{name}", private_key(name))


def cosign(note: bytes, at: int, *names: str) -> bytes:
    """The note with cosignatures added."""
    text = parse_note(note).text
    return note + b"".join(format_signature(cosigner(name).sign(text, at)) for name in names)


def policy_text(*names: str, rule: str = "all", urls: dict[str, str] | None = None) -> str:
    """A tlog-policy of these witnesses in one group, which is the quorum."""
    lines = [f"witness {name} {cosigner(name).key.format()} {(urls or {}).get(name, '')}".rstrip() for name in names]
    return "\n".join([*lines, f"group quorum-of-tests {rule} {' '.join(names)}", "quorum quorum-of-tests", ""])


class RunningWitness:
    """`credit-ledger witness serve` for one log. `kill` is `kill -9`; `start` again goes on from its state file."""

    def __init__(self, folder: Path, name: str, *log_vkeys: str) -> None:
        self.name = name
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.key, self.logs, self.state = (folder / f"{name}.{end}" for end in ("pem", "logs", "state"))
        self.options: tuple[str, ...] = ("--requests-per-second", "100000")
        self._process: subprocess.Popen[bytes] | None = None
        self._log = folder / f"{name}.log"
        save_key(self.key, Signer.of(private_key(name)))
        self.logs.write_text("".join(f"log {vkey}\n" for vkey in log_vkeys))
        files = "--key", str(self.key), "--state", str(self.state)
        made = self._run("init", *files, "--name", f"witness.example/{name}")
        assert made.stdout.decode().strip() == cosigner(name).key.format(), made.stderr

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        command = Path(sys.executable).with_name("credit-ledger")
        return subprocess.run([command, "witness", *arguments], check=False, capture_output=True, timeout=60)

    def start(self, port: int | None = None) -> RunningWitness:
        command = Path(sys.executable).with_name("credit-ledger")
        options = ["--key", self.key, "--logs", self.logs, "--state", self.state, "--port", str(port or self.port)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [command, "witness", "serve", *options, *self.options],
                stdout=log,
                stderr=log,
                env=dict(os.environ),
            )
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if httpx.get(f"http://127.0.0.1:{port or self.port}/healthz", timeout=2).status_code == 200:
                    return self
            except httpx.HTTPError:
                pass
            time.sleep(0.05)
        raise RuntimeError(f"the witness did not come up:\n{self._log.read_text()[-3_000:]}")

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        return self._end(signal.SIGTERM)

    @property
    def said(self) -> str:
        """What it wrote for its operator."""
        return self._log.read_text()

    def _end(self, number: signal.Signals) -> int:
        assert self._process is not None, "not started"
        self._process.send_signal(number)
        code = self._process.wait(30)
        self._process = None
        return code

    def __enter__(self) -> RunningWitness:
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self.stop()
