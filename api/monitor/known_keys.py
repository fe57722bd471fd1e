"""Whose keys a follower knows: those that the entries read so far enrolled, less those that they ended.

Kept in a file that only grows, a line of JSON for each key that begins or ends. What lies beyond the length that the
follower's state names was written just before a crash, and is cut off.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from ledger.cose.statement import Statement, VerifiedStatement, decode_event, verify_statement
from ledger.domain.events.base import Digest, Event, Hex
from ledger.domain.events.party import KeyEnrolled, KeyRecovered, KeyRevoked, KeyRotated, TrustAnchorsEstablished
from ledger.domain.state.party import ROOT_PARTY, kid_of
from ledger.domain.values.subject import kind
from ledger.errors import LedgerError, Malformed, Misconfigured, Refuted
from ledger.keys.algorithms import decode_key

__all__ = ["KeyLine", "KnownKeys"]

_KEY_EVENTS: Final = (KeyEnrolled, KeyRotated, KeyRecovered, KeyRevoked)


class KeyLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """From entry `at` on, `party` signs with `key` (COSE_Key), or no longer with `kid` where there is no key."""

    at: int
    kid: Digest
    party: str = ""
    key: Hex | None = None


@dataclass(frozen=True, slots=True)
class _Key:
    party: str
    cose_key: bytes


class KnownKeys:
    """Used from one thread. `take` every entry in log order; `save` before the state that relies on it."""

    def __init__(self, path: Path, length: int) -> None:
        """The keys in the first `length` bytes of the file. Raises `Misconfigured` for another file."""
        self._path = path
        self._keys: dict[str, _Key] = {}
        self._pending: list[KeyLine] = []
        if not path.exists():
            path.touch()
        content = b""
        with path.open("rb+") as file:
            content = file.read(length)
            file.truncate(len(content))
        if len(content) != length or not (content.endswith(b"\n") or not content):
            raise Misconfigured(f"{path} is not the key file of this state: shorter than {length} bytes, or another")
        try:
            for line in content.splitlines():
                self._apply(msgspec.json.decode(line, type=KeyLine))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Misconfigured(f"{path} is not a key file: {error}") from None
        self._length = length

    def signed(self, index: int, statement: Statement) -> VerifiedStatement:
        """Check an entry's signature, under a key that its issuer has at this point of the log. Raises `Refuted`.

        That the key's dates and the issuer's roles allowed it is for an audit.
        """
        if index == 0:
            return verify_statement(statement, decode_key(bytes.fromhex(_anchors(statement).root_key)))
        key = self._keys.get(statement.kid.hex())
        if key is None or key.party != statement.issuer:
            raise Refuted(
                f"it is signed with key {statement.kid.hex()[:16]}…, which {statement.issuer} does not have there"
            )
        return verify_statement(statement, decode_key(key.cose_key))

    def take(self, index: int, statement: Statement) -> None:
        """Take in an entry that may begin or end a key; others are left alone. Raises `Refuted`, `Malformed`."""
        if kind(statement.subject) != "party" or statement.sealed:
            return
        if index == 0:
            anchors = _anchors(self.signed(index, statement))
            self._add(index, statement.subject, anchors.root_key)
            return
        try:
            event = decode_event(statement)
        except Malformed:
            return  # of a kind that this version does not know
        if not isinstance(event, _KEY_EVENTS):
            return
        self.signed(index, statement)
        if isinstance(event, KeyRevoked):
            self._put(KeyLine(at=index, kid=event.kid))
            return
        if isinstance(event, KeyRotated | KeyRecovered):
            self._put(KeyLine(at=index, kid=event.replaces))
        self._add(index, statement.subject, event.key)

    def save(self) -> int:
        """Append what was taken in since the last time, durably; the length that now counts."""
        if self._pending:
            lines = b"".join(msgspec.json.encode(line) + b"\n" for line in self._pending)
            with self._path.open("ab") as file:
                file.write(lines)
                file.flush()
                os.fsync(file.fileno())
            self._length += len(lines)
            self._pending.clear()
        return self._length

    def _add(self, index: int, party: str, key: str) -> None:
        try:
            decode_key(bytes.fromhex(key))
        except LedgerError as error:
            raise Refuted(f"it enrols what is no key: {error}") from error
        self._put(KeyLine(at=index, kid=kid_of(key).hex(), party=party, key=key))

    def _put(self, line: KeyLine) -> None:
        self._apply(line)
        self._pending.append(line)

    def _apply(self, line: KeyLine) -> None:
        if line.key is None:
            self._keys.pop(line.kid, None)
        else:
            self._keys[line.kid] = _Key(line.party, bytes.fromhex(line.key))


def _anchors(statement: Statement) -> TrustAnchorsEstablished:
    event: object = decode_event(statement)
    if not isinstance(event, TrustAnchorsEstablished) or statement.issuer != ROOT_PARTY:
        raise Refuted("entry 0 does not establish trust anchors")
    assert isinstance(event, Event)
    return event
