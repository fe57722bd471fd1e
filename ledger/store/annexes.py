"""Annexes: public files that entries name by SHA-256, held for a while when uploaded, then kept with their entry.
What was taken down leaves its name there.

The content goes from one table to the other inside the commit of the entry (query `append`): it never passes through
the sequencer. What is held is dropped some time after it is no longer offered, so that a statement that was admitted
with its annex finds it when it is written.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from ledger.limits import ANNEXES_HELD_BYTES_MAX, ANNEXES_HELD_OF_ONE_BYTES_MAX, BODY_HOLD_SECONDS
from ledger.store.array_parameters import Byteas
from ledger.store.connect import Database
from ledger.store.upload_owners import NOBODY, Owner, full

__all__ = ["AnnexKept", "Annexes", "MemoryAnnexes", "NamedAnnex", "PostgresAnnexes"]

_WHAT: Final = "annexes without a statement"
_DROP_SECONDS: Final = 2 * BODY_HOLD_SECONDS  # the second hour is for statements under way


class NamedAnnex(NamedTuple):
    """An annex as an entry names it: SHA-256, media type."""

    digest: bytes
    media_type: str


class AnnexKept(NamedTuple):
    """What is known of an annex that is here: its length in bytes and media type."""

    bytes: int
    media_type: str


class Annexes(Protocol):
    """Every method may raise `Unavailable`."""

    def hold(self, digest: bytes, content: bytes, media_type: str, now: int, owner: Owner = NOBODY) -> None:
        """Keep an upload for `BODY_HOLD_SECONDS`, unless an entry names it already.

        Raises `Busy` past the owner's quota, or the room of its kind (`ANNEXES_HELD_BYTES_MAX`).
        """

    def known(self, digests: Sequence[bytes], now: int) -> Mapping[bytes, AnnexKept]:
        """Those that an entry names, or that are held and not expired."""

    def get(self, digest: bytes) -> tuple[bytes, str] | None:
        """Content and media type of an annex that an entry names; None also of one that was taken down."""

    def gone(self, digest: bytes) -> bool:
        """Whether an entry names it, and its content was destroyed."""

    def take_down(self, digests: Sequence[bytes]) -> int:
        """Destroy the content of these, wherever it lies; how many entries' annexes there were to destroy."""


class PostgresAnnexes:
    """`Annexes` in `ledger.annexes` and `ledger.held_annexes`."""

    def __init__(
        self,
        database: Database,
        *,
        held_bytes_max: int = ANNEXES_HELD_BYTES_MAX,
        held_of_one_bytes_max: int = ANNEXES_HELD_OF_ONE_BYTES_MAX,
    ) -> None:
        self._database = database
        self._held_bytes_max = held_bytes_max
        self._held_of_one_bytes_max = held_of_one_bytes_max

    def hold(self, digest: bytes, content: bytes, media_type: str, now: int, owner: Owner = NOBODY) -> None:
        # Uploads are few and large: what is held is summed for each. Others at the same moment can overshoot.
        self._database.execute("drop_expired_annexes", (now - _DROP_SECONDS,))
        params = {
            "digest": digest,
            "content": content,
            "media_type": media_type,
            "now": now,
            "owner": owner.text,
            "kind": f"{owner.kind}:",
            "room": self._held_bytes_max - len(content),
            "own_room": self._held_of_one_bytes_max - len(content),
        }
        if not self._database.execute("hold_annex", params) and digest not in self.known([digest], now):
            held = self._database.fetch("held_annexes_of", (owner.text,))[0][0]
            raise full(_WHAT, owner, own=held > params["own_room"], retry_after_seconds=60)

    def known(self, digests: Sequence[bytes], now: int) -> Mapping[bytes, AnnexKept]:
        params = {"digests": Byteas(digests), "after": now - BODY_HOLD_SECONDS}
        rows = self._database.fetch("known_annexes", params)
        return {digest: AnnexKept(length, media_type) for digest, length, media_type in rows}

    def get(self, digest: bytes) -> tuple[bytes, str] | None:
        rows = self._database.fetch("annex", (digest,))
        return (rows[0][0], rows[0][1]) if rows else None

    def gone(self, digest: bytes) -> bool:
        return bool(self._database.fetch("annex_gone", (digest,)))

    def take_down(self, digests: Sequence[bytes]) -> int:
        return int(self._database.fetch("take_down_annexes", {"digests": Byteas(digests)})[0][0])


class MemoryAnnexes:
    """`Annexes` in memory."""

    def __init__(
        self,
        *,
        held_bytes_max: int = ANNEXES_HELD_BYTES_MAX,
        held_of_one_bytes_max: int = ANNEXES_HELD_OF_ONE_BYTES_MAX,
    ) -> None:
        self._held_bytes_max = held_bytes_max
        self._held_of_one_bytes_max = held_of_one_bytes_max
        self._lock = threading.Lock()
        self._kept: dict[bytes, tuple[bytes, str]] = {}
        self._held: dict[bytes, tuple[bytes, str, int, Owner]] = {}  # content, media type, held_at, whose
        self._gone: set[bytes] = set()

    def hold(self, digest: bytes, content: bytes, media_type: str, now: int, owner: Owner = NOBODY) -> None:
        with self._lock:
            self._held = {key: held for key, held in self._held.items() if held[2] > now - _DROP_SECONDS}
            if digest in self._kept:
                return
            if digest in self._gone:
                # As the real store: routes look before.
                raise full(_WHAT, owner, own=False, retry_after_seconds=60)
            if digest in self._held:
                owner = self._held[digest][3]
            else:
                own = sum(len(one[0]) for one in self._held.values() if one[3] == owner) + len(content)
                all_ = sum(len(one[0]) for one in self._held.values() if one[3].kind == owner.kind) + len(content)
                if own > self._held_of_one_bytes_max or all_ > self._held_bytes_max:
                    raise full(_WHAT, owner, own=own > self._held_of_one_bytes_max, retry_after_seconds=60)
            self._held[digest] = (content, media_type, now, owner)

    def known(self, digests: Sequence[bytes], now: int) -> Mapping[bytes, AnnexKept]:
        with self._lock:
            here = {key: held[:2] for key, held in self._held.items() if held[2] > now - BODY_HOLD_SECONDS} | self._kept
            return {digest: AnnexKept(len(here[digest][0]), here[digest][1]) for digest in digests if digest in here}

    def get(self, digest: bytes) -> tuple[bytes, str] | None:
        with self._lock:
            return self._kept.get(digest)

    def keep(self, annexes: Iterable[NamedAnnex]) -> None:
        """As part of a commit: what entries name is kept for ever, as they name it."""
        with self._lock:
            for annex in annexes:
                if annex.digest not in self._kept and annex.digest not in self._gone:
                    self._kept[annex.digest] = (self._held.pop(annex.digest)[0], annex.media_type)

    def missing(self, annexes: Iterable[NamedAnnex]) -> bool:
        """Whether one of them is not here at all."""
        with self._lock:
            here = self._kept.keys() | self._held.keys() | self._gone
            return any(annex.digest not in here for annex in annexes)

    def gone(self, digest: bytes) -> bool:
        with self._lock:
            return digest in self._gone

    def take_down(self, digests: Sequence[bytes]) -> int:
        with self._lock:
            count = 0
            for digest in digests:
                self._held.pop(digest, None)
                if self._kept.pop(digest, None) is not None:
                    self._gone.add(digest)
                    count += 1
            return count
