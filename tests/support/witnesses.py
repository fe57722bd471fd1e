"""Witnesses for tests: deterministic keys, policies, cosigned notes, and the real command in a process of its own."""

from __future__ import annotations

import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.keys.signer import Signer, save_key
from ledger.tlog.cosignature import Cosigner
from ledger.tlog.note import format_signature, parse_note
from tests.support.running import COMMAND, RunningCommand, free_port

__all__ = ["RunningWitness", "cosign", "cosigner", "policy_text"]


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


class RunningWitness(RunningCommand):
    """`credit-ledger witness serve` for one log. `kill` is `kill -9`; `start` again goes on from its state file."""

    def __init__(self, folder: Path, name: str, *log_vkeys: str) -> None:
        super().__init__(folder / f"{name}.log")
        self.name = name
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.key, self.logs, self.state = (folder / f"{name}.{end}" for end in ("pem", "logs", "state"))
        self.options: tuple[str, ...] = ("--requests-per-second", "100000")
        save_key(self.key, Signer.of(private_key(name)))
        self.logs.write_text("".join(f"log {vkey}\n" for vkey in log_vkeys))
        files = "--key", str(self.key), "--state", str(self.state)
        made = self._run("init", *files, "--name", f"witness.example/{name}")
        assert made.stdout.decode().strip() == cosigner(name).key.format(), made.stderr

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([COMMAND, "witness", *arguments], check=False, capture_output=True, timeout=180)

    def start(self, port: int | None = None) -> Self:
        listening = str(port or self.port)
        files = "--key", str(self.key), "--logs", str(self.logs), "--state", str(self.state)
        ready = f"http://127.0.0.1:{listening}/healthz"
        self._begin("witness", "serve", *files, "--port", listening, *self.options, ready=ready)
        return self
