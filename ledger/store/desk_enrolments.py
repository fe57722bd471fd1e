"""Keys that somebody asks to have enrolled: `desk.enrolment_requests`, by thumbprint.

What is asked for is not believed here: proof and party are checked before (`api/desk/enrolment/key_requests.py`), and
an approval is a statement of whoever may sign it. A request goes when its key is in the book, or after some weeks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from ledger.errors import Busy, NotFound, Refused
from ledger.limits import (
    ENROLMENT_SECONDS_MAX,
    ENROLMENTS_MAX,
    ENROLMENTS_PER_CLIENT_MAX,
    ENROLMENTS_PER_PARTY_MAX,
)
from ledger.store.array_parameters import Byteas
from ledger.store.connect import Database

__all__ = ["EnrolmentRequest", "EnrolmentRequests"]


@dataclass(frozen=True, slots=True)
class EnrolmentRequest:
    """A row. `recovers`: in the place of a lost key of the party. `client` is a keyed hash of the asker's address.

    Times are Unix seconds. Refused: at `refused_at` by the party `refused_by`, with `reason`.
    """

    kid: bytes
    party: str
    officer: str
    cose_key: bytes
    proof: bytes
    recovers: bool
    client: bytes
    asked_at: int
    refused_at: int | None = None
    refused_by: str | None = None
    reason: str | None = None


class EnrolmentRequests:
    """Every method may raise `Unavailable`. Thread-safe. What is too old is gone for whoever looks at `at`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, request: EnrolmentRequest) -> None:
        """Lay it at the desk, in the place of an earlier one for the same key. Durable on return.

        Raises `Refused` where the client, or whoever asks for the party, has too many that wait; `Busy` when all are
        too many.
        """
        self._database.execute("enrolment_expire", (request.asked_at - ENROLMENT_SECONDS_MAX,))
        params = {
            **asdict(request),
            "most": ENROLMENTS_MAX,
            "most_of_client": ENROLMENTS_PER_CLIENT_MAX,
            "most_of_party": ENROLMENTS_PER_PARTY_MAX,
        }
        if self._database.execute("enrolment_put", params):
            return
        of_client, of_party = self._database.fetch("enrolment_counts", asdict(request))[0]
        if of_client >= ENROLMENTS_PER_CLIENT_MAX:
            raise Refused(
                "enrolment.client_max",
                f"同一来源最多有 {ENROLMENTS_PER_CLIENT_MAX} 项申请等候处理",
                f"at most {ENROLMENTS_PER_CLIENT_MAX} requests of one client wait",
            )
        if of_party >= ENROLMENTS_PER_PARTY_MAX:
            raise Refused(
                "enrolment.party_max",
                f"同一主体最多有 {ENROLMENTS_PER_PARTY_MAX} 项申请等候处理，请联系登记员",
                f"at most {ENROLMENTS_PER_PARTY_MAX} requests for one party wait: speak to a registrar",
            )
        raise Busy("the desk", retry_after_seconds=3_600)

    def get(self, kid: bytes, at: int) -> EnrolmentRequest | None:
        """The request for this key, refused or not."""
        rows = self._database.fetch("enrolment_get", {"kid": kid, "since": at - ENROLMENT_SECONDS_MAX})
        return EnrolmentRequest(*rows[0]) if rows else None

    def list(
        self, at: int, *, party: str | None = None, after: tuple[int, bytes] | None = None, limit: int
    ) -> Sequence[EnrolmentRequest]:
        """By time, of one party or all, from after `after` (time and thumbprint of the last of the page before)."""
        time, kid = after or (at - ENROLMENT_SECONDS_MAX, b"\xff" * 33)  # what is as old is too old
        params = {"party": party, "after_time": time, "after_kid": kid, "limit": limit}
        return [EnrolmentRequest(*row) for row in self._database.fetch("enrolment_list", params)]

    def refuse(self, kid: bytes, *, at: int, by: str, reason: str) -> None:
        """Refuse one that waits; it stays, with its reason. Raises `NotFound` where none does."""
        if not self._database.execute("enrolment_refuse", {"kid": kid, "at": at, "by": by, "reason": reason}):
            raise NotFound("no such request waits here")

    def drop(self, kids: Sequence[bytes]) -> None:
        """Take requests off the desk; what is not there is no error."""
        if kids:
            self._database.execute("enrolment_drop", (Byteas(kids),))
