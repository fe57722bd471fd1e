"""The desk: signed statements that wait for their release. Private and mutable; never part of the log."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Literal, NamedTuple, Protocol

from ledger.errors import Busy, LedgerError, NotFound, Refused
from ledger.limits import DESK_REFUSED_PER_ISSUER_MAX, DESK_STATEMENTS_MAX, DESK_WAITING_PER_ISSUER_MAX
from ledger.store.array_parameters import Byteas, Texts
from ledger.store.connect import Database

__all__ = [
    "Desk",
    "DeskCount",
    "DeskFilter",
    "DeskOrder",
    "DeskPage",
    "Pending",
    "PostgresDesk",
    "no_place",
    "not_waiting",
]


@dataclass(frozen=True, slots=True)
class Pending:
    """A statement that waits, by its subject about itself. `statement_id` is the SHA-256 of its bytes; times are Unix
    seconds, `issued_at` by its issuer's clock. Refused: at `refused_at` by the party `refused_by`, with `reason`.

    `campaign` and `scope` are None in rows that an earlier version laid here.
    """

    statement_id: bytes
    statement: bytes
    body: bytes | None
    subject: str
    campaign: str | None
    received_at: int
    scope: str | None
    issued_at: int
    refused_at: int | None = None
    refused_by: str | None = None
    reason: str | None = None


class DeskCount(NamedTuple):
    """How many statements wait, and how many are kept with the reason of their refusal."""

    waiting: int
    refused: int


DeskOrder = Literal["received", "-received", "enterprise"]


@dataclass(frozen=True, slots=True)
class DeskFilter:
    """Which statements of the desk a list shows; None: any. `waiting`: those that wait, or those that were refused.
    `subjects`: of these alone; `part` is in the subject's id, in whatever case."""

    campaign: str | None = None
    subject: str | None = None
    scope: str | None = None
    waiting: bool | None = None
    subjects: Sequence[str] | None = None
    part: str = ""

    def takes(self, one: Pending) -> bool:
        """Whether the list shows it."""
        return (
            self.campaign in (None, one.campaign)
            and self.subject in (None, one.subject)
            and self.scope in (None, one.scope)
            and self.waiting in (None, one.refused_at is None)
            and (self.subjects is None or one.subject in self.subjects)
            and self.part.lower() in one.subject.lower()
        )


class DeskPage(NamedTuple):
    """Some of the statements that a filter takes, which are `found` in all."""

    rows: Sequence[Pending]
    found: int


class Desk(Protocol):
    """Every method may raise `Unavailable`."""

    def put(self, pending: Pending) -> Pending:
        """Lay it on the desk, in the place of an older one of the same subject, campaign and scope that waits.

        The same statement again is what already lies there, refused or not. Raises `Refused` where a newer one is
        there or the subject has too many that wait, `Busy` when the desk is full.
        """

    def get(self, statement_id: bytes) -> Pending | None:
        """The statement with this id, if it waits or was refused."""

    def list(
        self,
        *,
        campaign: str | None = None,
        subject: str | None = None,
        after: tuple[int, bytes] | None = None,
        limit: int = 100,
    ) -> Sequence[Pending]:
        """By time of receipt, from after `after` (time and id of the last one of the previous page), of one campaign
        or all, of one subject or all."""

    def page(self, which: DeskFilter, order: DeskOrder, *, offset: int, limit: int) -> DeskPage:
        """A page of those that `which` takes, `-received` from the newest on; equal ones by receipt, then by id."""

    def refuse(self, statement_id: bytes, *, at: int, by: str, reason: str) -> Pending:
        """Refuse one that waits; it stays, with its reason. Raises `NotFound`; `Refused` where it was before."""

    def remove(self, statement_ids: Sequence[bytes]) -> None:
        """Take them off the desk; what is not there is no error."""

    def campaigns(self) -> Collection[str]:
        """The campaigns of what lies here."""

    def drop_campaign(self, campaign: str) -> None:
        """Take off the desk all that is of a campaign, refused ones included."""

    def count(self) -> DeskCount:
        """How many statements lie here."""


class PostgresDesk:
    """`Desk` in the table `desk.pending`."""

    def __init__(
        self,
        database: Database,
        *,
        statements_max: int = DESK_STATEMENTS_MAX,
        waiting_max: int = DESK_WAITING_PER_ISSUER_MAX,
        refused_max: int = DESK_REFUSED_PER_ISSUER_MAX,
    ) -> None:
        self._database = database
        self._statements_max = statements_max
        self._waiting_max = waiting_max
        self._refused_max = refused_max

    def put(self, pending: Pending) -> Pending:
        params = {**asdict(pending), "most": self._statements_max, "most_own": self._waiting_max}
        rows = self._database.execute("desk_put", params)
        if rows:
            return Pending(*rows[0])
        there = self.get(pending.statement_id)
        if there is not None:
            return there
        newer, waiting = self._database.fetch("desk_newer", asdict(pending))[0]
        raise no_place(newer=newer, waiting=waiting, waiting_max=self._waiting_max)

    def get(self, statement_id: bytes) -> Pending | None:
        rows = self._database.fetch("desk_get", (statement_id,))
        return Pending(*rows[0]) if rows else None

    def list(
        self,
        *,
        campaign: str | None = None,
        subject: str | None = None,
        after: tuple[int, bytes] | None = None,
        limit: int = 100,
    ) -> Sequence[Pending]:
        time, key = after or (-(2**63), b"")
        params = {"campaign": campaign, "subject": subject, "after_time": time, "after_id": key, "limit": limit}
        return [Pending(*row) for row in self._database.fetch("desk_list", params)]

    def page(self, which: DeskFilter, order: DeskOrder, *, offset: int, limit: int) -> DeskPage:
        params = {
            "campaign": which.campaign,
            "subject": which.subject,
            "scope": which.scope,
            "waiting": which.waiting,
            "subjects": None if which.subjects is None else Texts(which.subjects),
            "part": which.part,
            "order": order,
            "offset": offset,
            "limit": limit,
        }
        rows = [Pending(*row) for row in self._database.fetch("desk_page", params)]
        return DeskPage(rows, self._database.fetch("desk_page_count", params)[0][0])

    def refuse(self, statement_id: bytes, *, at: int, by: str, reason: str) -> Pending:
        others = self._refused_max - 1  # this one is not yet among them where they are counted
        params = {"statement_id": statement_id, "at": at, "by": by, "reason": reason, "others": others}
        rows = self._database.execute("desk_refuse", params)
        if not rows:
            raise not_waiting(self.get(statement_id))
        return Pending(*rows[0])

    def remove(self, statement_ids: Sequence[bytes]) -> None:
        self._database.execute("desk_remove", (Byteas(statement_ids),))

    def campaigns(self) -> Collection[str]:
        return {campaign for (campaign,) in self._database.fetch("desk_campaigns")}

    def drop_campaign(self, campaign: str) -> None:
        self._database.execute("desk_drop_campaign", (campaign,))

    def count(self) -> DeskCount:
        return DeskCount(*self._database.fetch("desk_count")[0])


def no_place(*, newer: bool, waiting: int, waiting_max: int) -> LedgerError:
    """Why the desk does not take a pledge. To be raised."""
    if newer:
        return Refused(
            "pledge.newer_one_received",
            "已收到同一活动、同一类别的较新承诺",
            "a newer pledge for the same campaign and scope was received",
        )
    if waiting >= waiting_max:
        return Refused(
            "pledge.waiting_max",
            f"同一企业最多有 {waiting_max} 份承诺等候公布",
            f"at most {waiting_max} pledges of one enterprise wait for their publication",
        )
    return Busy("the desk", retry_after_seconds=3_600)


def not_waiting(there: Pending | None) -> LedgerError:
    """Why nothing is refused here. To be raised."""
    if there is None:
        return NotFound("no such statement waits here")
    return Refused("pledge.refused_once", "该承诺已被退回", "this pledge was refused before")
