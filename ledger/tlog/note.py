"""Signed notes: text under the signatures of named keys (C2SP signed-note v1.0.0).

The format, and who signed; what a key's signature looks like is for whoever knows its type (`Verifier`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.errors import Malformed, Refuted
from ledger.limits import NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX
from ledger.tlog.vkey import ED25519, KEY_ID_BYTES, VerifierKey, check_name, decode_base64, encode_base64

__all__ = [
    "Note",
    "NoteSigner",
    "Signature",
    "UnverifiedNote",
    "Verifier",
    "VerifierKey",
    "format_note",
    "format_signature",
    "open_note",
    "parse_note",
    "sign_note",
]

_DASH: Final = "— "
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")


class Verifier(Protocol):
    """What knows a key by name and id, and what its signatures look like."""

    @property
    def name(self) -> str: ...

    @property
    def key_id(self) -> bytes: ...

    def verify(self, text: bytes, signature: bytes) -> None:
        """Check the bytes that follow the key id against the note's text. Raises `Refuted`."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: whose key is said to have signed, and the bytes after the key id."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class UnverifiedNote:
    """A note as it came: `text` (UTF-8, with its final newline) must not be believed yet."""

    text: bytes
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """A note that at least one known key signed: only `open_note` gives one.

    `verified` holds one signature per known key; `unknown` those of keys that nobody vouched for.
    """

    text: bytes
    verified: tuple[Signature, ...]
    unknown: tuple[Signature, ...]


class NoteSigner:
    """A name and its Ed25519 private key; `key` is what others verify with."""

    def __init__(self, name: str, private_key: Ed25519PrivateKey) -> None:
        self._private_key = private_key
        self.key = VerifierKey(name, ED25519, private_key.public_key().public_bytes_raw())
        self._key_id = self.key.key_id

    def sign(self, text: bytes) -> Signature:
        """Sign a note's text (C2SP signed-note, "Ed25519 signatures"). Raises `Malformed` if it cannot be one."""
        _check_text(text)
        return Signature(self.key.name, self._key_id, self._private_key.sign(text))


def sign_note(text: bytes, signers: Sequence[NoteSigner]) -> bytes:
    """The text with a signature by each signer. Raises `Malformed` for an impossible text or no signer."""
    return format_note(text, [signer.sign(text) for signer in signers])


def format_note(text: bytes, signatures: Sequence[Signature]) -> bytes:
    """Text, blank line, signature lines (C2SP signed-note, "Format"). Raises `Malformed` for what has no such form."""
    _check_text(text)
    if not 0 < len(signatures) <= NOTE_SIGNATURES_MAX:
        raise Malformed(f"a note has 1 to {NOTE_SIGNATURES_MAX} signatures")
    data = b"".join((text, b"\n", *map(format_signature, signatures)))
    if len(data) > NOTE_BYTES_MAX:
        raise Malformed(f"a note has at most {NOTE_BYTES_MAX} bytes")
    return data


def format_signature(line: Signature) -> bytes:
    """One signature line, with its newline (C2SP signed-note, "Format"). Raises `Malformed` for what has none."""
    check_name(line.name)
    if len(line.key_id) != KEY_ID_BYTES or not line.signature:
        raise Malformed(f"not a note signature: that of {line.name}")
    return f"{_DASH}{line.name} {encode_base64(line.key_id + line.signature)}\n".encode()


def parse_note(data: bytes) -> UnverifiedNote:
    """Read a note without verifying it (C2SP signed-note, "Format"). Raises `Malformed`; canonical form only."""
    if len(data) > NOTE_BYTES_MAX:
        raise Malformed(f"a note has at most {NOTE_BYTES_MAX} bytes")
    end = data.rfind(b"\n\n") + 1  # the text may have empty lines: the last one ends it
    if end == 0:
        raise Malformed("a note has a blank line before its signatures")
    text, block = data[:end], data[end + 1 :]
    _check_text(text)
    lines = _decode(block).split("\n")
    if lines.pop() or not 0 < len(lines) <= NOTE_SIGNATURES_MAX:
        raise Malformed(f"a note ends with 1 to {NOTE_SIGNATURES_MAX} signature lines")
    return UnverifiedNote(text, tuple([_parse_signature(line) for line in lines]))


def open_note(data: bytes, verifiers: Iterable[Verifier]) -> Note:
    """Read and verify a note (C2SP signed-note, "Signatures").

    Signatures of unknown keys are ignored. A false one of a known key refutes the whole note, and so does it
    that no known key signed. Raises `Malformed`, `Refuted`.
    """
    unverified = parse_note(data)
    known: dict[tuple[str, bytes], Verifier] = {}
    for verifier in verifiers:
        if known.setdefault((verifier.name, verifier.key_id), verifier) != verifier:
            raise Malformed(f"two keys of {verifier.name} share an id: signatures cannot be told apart")
    verified: dict[tuple[str, bytes], Signature] = {}
    unknown: list[Signature] = []
    for line in unverified.signatures:
        key = line.name, line.key_id
        if key in known:
            known[key].verify(unverified.text, line.signature)
            verified.setdefault(key, line)  # who signs twice still counts once
        else:
            unknown.append(line)
    if not verified:
        raise Refuted("no known key signed the note")
    return Note(unverified.text, tuple(verified.values()), tuple(unknown))


def _parse_signature(line: str) -> Signature:
    """`— <name> <base64(key id ‖ signature)>` (C2SP signed-note, "Signatures")."""
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    data = decode_base64(encoded)
    if not line.startswith(_DASH) or len(data) <= KEY_ID_BYTES:
        raise Malformed(f"not a signature line: {line[:80]!r}")
    check_name(name)
    return Signature(name, data[:KEY_ID_BYTES], data[KEY_ID_BYTES:])


def _check_text(text: bytes) -> None:
    """Note text is UTF-8 that ends in a newline and has no other control characters ("Format")."""
    if not text.endswith(b"\n"):
        raise Malformed("a note's text ends with a newline")
    _decode(text)


def _decode(data: bytes) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("a note is UTF-8 text") from None
    if _CONTROL.search(text):
        raise Malformed("a note has no control characters but newlines")
    return text
