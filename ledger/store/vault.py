"""Bodies of sealed statements: held for a while when uploaded, kept with their entry, destroyed on erasure."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence

from ledger.limits import BODIES_HELD_BYTES_MAX, BODIES_HELD_OF_ONE_BYTES_MAX, BODY_HOLD_SECONDS
from ledger.store.array_parameters import Byteas
from ledger.store.connect import Database
from ledger.store.upload_owners import NOBODY, Owner, full

__all__ = ["Vault"]


class Vault:
    """The part of `Store` that is about bodies; see there for what each method promises."""

    def __init__(
        self,
        database: Database,
        *,
        held_bytes_max: int = BODIES_HELD_BYTES_MAX,
        held_of_one_bytes_max: int = BODIES_HELD_OF_ONE_BYTES_MAX,
    ) -> None:
        self._database = database
        self._held_bytes_max = held_bytes_max
        self._held_of_one_bytes_max = held_of_one_bytes_max
        self._lock = threading.Lock()
        self._counted_at = -1
        self._held_bytes: Counter[str] = Counter()  # by owner

    def hold_body(self, commitment: bytes, body: bytes, now: int, owner: Owner = NOBODY) -> None:
        with self._lock:
            # What is held is counted once a second and added to in between: a sum over all rows for each upload
            # would cost more than the upload. Other processes can overshoot the limit by what they take in a second.
            if now != self._counted_at:
                self._database.execute("drop_expired_bodies", (now - BODY_HOLD_SECONDS,))
                self._held_bytes = Counter(dict(self._database.fetch("held_bytes")))
                self._counted_at = now
            own = self._held_bytes[owner.text] + len(body) > self._held_of_one_bytes_max
            prefix = f"{owner.kind}:"
            held = sum(count for text, count in self._held_bytes.items() if text.startswith(prefix))
            if own or held + len(body) > self._held_bytes_max:
                raise full("bodies without a statement", owner, own=own, retry_after_seconds=60)
            self._held_bytes[owner.text] += len(body)
        self._database.execute("hold_body", (commitment, body, now, owner.text))

    def held_bodies(self, commitments: Sequence[bytes], now: int) -> Mapping[bytes, bytes]:
        return dict(self._database.fetch("held_bodies", (Byteas(commitments), now - BODY_HOLD_SECONDS)))

    def body(self, index: int) -> tuple[bytes, bool] | None:
        rows = self._database.fetch("body", (index,))
        return (rows[0][0], rows[0][1]) if rows else None

    def erase_body(self, index: int) -> None:
        self._database.execute("erase_body", (index,))

    def erase_commitments(self, commitments: Sequence[bytes]) -> int:
        erased: int = self._database.execute("erase_commitments", {"commitments": Byteas(commitments)})[0][0]
        return erased
