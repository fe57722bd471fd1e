"""Who is signed in at the desks: `desk.sessions`, by the hash of an id that only the browser's cookie has."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledger.domain.state.party import EnrolledKey
from ledger.errors import Refuted
from ledger.limits import SESSION_IDLE_SECONDS_MAX, SESSION_SECONDS_MAX, SESSION_SEEN_SECONDS, SESSIONS_PER_OFFICER_MAX
from ledger.store.array_parameters import Texts
from ledger.store.connect import Database

__all__ = ["DeskSession", "DeskSessions"]

_SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class DeskSession:
    """A row: `id_hash` is the SHA-256 of the session's id, `kid` the key that signed in, `roles` those held then.

    Times are Unix seconds; `seen_at` is up to `SESSION_SEEN_SECONDS` behind.
    """

    id_hash: bytes
    party: str
    officer: str
    kid: bytes
    roles: frozenset[str]
    began_at: int
    seen_at: int
    expires_at: int

    @classmethod
    def begun(cls, id_hash: bytes, key: EnrolledKey, roles: frozenset[str], at: int) -> DeskSession:
        """The session of the holder of `key`, from now on and for `SESSION_SECONDS_MAX`."""
        return cls(id_hash, key.party, key.officer, key.kid, roles, at, at, at + SESSION_SECONDS_MAX)

    def lasts(self, at: int) -> bool:
        """Whether it is neither over nor idle for too long. Says nothing of its key and roles."""
        return at < self.expires_at and at < self.seen_at + SESSION_IDLE_SECONDS_MAX


class DeskSessions:
    """Every method may raise `Unavailable`. Thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._secret: bytes | None = None

    def challenge_secret(self) -> bytes:
        """What challenges are made and known by, 32 bytes: the same for all processes over this database."""
        if self._secret is None:
            self._database.execute("challenge_secret_make", (os.urandom(_SECRET_BYTES),))
            self._secret = self._database.fetch("challenge_secret")[0][0]
        return self._secret

    def begin(self, session: DeskSession, *, nonce: bytes, challenge_expires_at: int) -> None:
        """Begin a session by a challenge (`nonce`, 32 bytes). Durable on return, both or neither.

        Raises `Refuted` for a challenge that was answered before.
        """
        params = {
            "id_hash": session.id_hash,
            "party": session.party,
            "officer": session.officer,
            "kid": session.kid,
            "roles": Texts(sorted(session.roles)),
            "began_at": session.began_at,
            "expires_at": session.expires_at,
            "idle_since": session.began_at - SESSION_IDLE_SECONDS_MAX,
            "others": SESSIONS_PER_OFFICER_MAX - 1,
            "nonce": nonce,
            "challenge_expires_at": challenge_expires_at,
        }
        if not self._database.execute("session_begin", params):
            raise Refuted("this challenge was answered before")

    def get(self, id_hash: bytes) -> DeskSession | None:
        """The session, whether it still lasts or not."""
        rows = self._database.fetch("session_get", (id_hash,))
        return _session(rows[0]) if rows else None

    def seen(self, session: DeskSession, at: int) -> None:
        """Note that it was seen, once in a while."""
        if at - session.seen_at >= SESSION_SEEN_SECONDS:
            self._database.execute("session_seen", {"id_hash": session.id_hash, "at": at})

    def of(self, party: str, officer: str, at: int) -> Sequence[DeskSession]:
        """An officer's sessions that last, the newest first."""
        params = {"party": party, "officer": officer, "at": at, "idle_since": at - SESSION_IDLE_SECONDS_MAX}
        return [_session(row) for row in self._database.fetch("sessions_of", params)]

    def end(self, id_hash: bytes, party: str, officer: str) -> bool:
        """End a session of this officer; whether there was one."""
        return bool(self._database.execute("session_end", {"id_hash": id_hash, "party": party, "officer": officer}))

    def drop(self, id_hash: bytes) -> None:
        """End a session, whoever's; none is no error."""
        self._database.execute("session_drop", (id_hash,))


def _session(row: tuple[bytes, str, str, bytes, list[str], int, int, int]) -> DeskSession:
    id_hash, party, officer, kid, roles, began_at, seen_at, expires_at = row
    return DeskSession(id_hash, party, officer, kid, frozenset(roles), began_at, seen_at, expires_at)
