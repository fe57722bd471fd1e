"""What is known of an enterprise's pledges: terms, publication, corrections, end and assessments of each.

How events add up to it is in `pledge.py`, what of it counts in `public_pledges.py`.
These values never refer to themselves, so the garbage collector need not look at the many of them (`gc=False`).
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from datetime import date
from typing import Literal

from immutables import Map
from msgspec import Struct
from msgspec.structs import replace

from ledger.domain.events.campaign import Scope

__all__ = ["Assessment", "PledgeEnd", "PledgeState", "Pledges", "Publication", "Replacement", "Terms"]


class Terms(Struct, frozen=True, gc=False):
    """What was pledged, by the `PledgeMade` at `index`. `valid_until`: None where the campaign's default holds."""

    index: int
    effective_on: date
    issuer: str
    campaign: str
    scope: Scope
    made_on: date
    valid_until: date | None
    disclosure: Literal["public", "limited", "none"]
    clauses: tuple[str, ...]
    has_liability: bool


class Publication(Struct, frozen=True, gc=False):
    """The `PledgePublished` at `index`."""

    index: int
    effective_on: date
    code: str
    valid_from: date
    valid_until: date


class Replacement(Struct, frozen=True, gc=False):
    """The `PledgeReplaced` at `index`; `valid_until` if it corrected that date."""

    index: int
    effective_on: date
    valid_until: date | None


class PledgeEnd(Struct, frozen=True, gc=False):
    """The withdrawal (`ground` None) or revocation at `index`; `ends_on` is the pledge's last day."""

    index: int
    effective_on: date
    ends_on: date
    how: Literal["withdrawn", "revoked"]
    ground: Literal["fraud", "breach", "ineligible", "other"] | None


class Assessment(Struct, frozen=True, gc=False):
    """The `FulfilmentAssessed` at `index`."""

    index: int
    effective_on: date
    period_from: date
    period_until: date
    result: Literal["full", "partial", "none"]
    fact_id: str | None
    assessor_code: str

    @property
    def item(self) -> str | None:
        """The name under which a policy may set points on it; None where the pledge was kept in full."""
        if self.result == "full":
            return None
        return "pledge.partly_fulfilled" if self.result == "partial" else "pledge.not_fulfilled"


class PledgeState(Struct, frozen=True, gc=False):
    """One pledge. `terms` is None where its sealed body is closed: then it can be named, but counts for nothing."""

    statement_id: bytes
    terms: Terms | None = None
    publication: Publication | None = None
    replacements: tuple[Replacement, ...] = ()
    end: PledgeEnd | None = None
    assessments: tuple[Assessment, ...] = ()

    def entries(self) -> Iterator[int]:
        """The entries that its state comes from."""
        for one in (self.terms, self.publication, self.end):
            if one is not None:
                yield one.index
        yield from (one.index for one in self.replacements)
        yield from (one.index for one in self.assessments)

    def is_public(self, repudiated: Container[int]) -> bool:
        """Whether it was made for the public and published, and neither was repudiated."""
        terms, publication = self.terms, self.publication
        if terms is None or publication is None or terms.disclosure != "public":
            return False
        return terms.index not in repudiated and publication.index not in repudiated

    def ended_by(self, repudiated: Container[int]) -> PledgeEnd | None:
        """Its end, unless the entry that said so was repudiated."""
        return None if self.end is None or self.end.index in repudiated else self.end

    def valid_until(self, repudiated: Container[int]) -> date | None:
        """The last day as published and corrected; without a publication the pledge's own, None if it has none."""
        for replacement in reversed(self.replacements):
            if replacement.valid_until is not None and replacement.index not in repudiated:
                return replacement.valid_until
        if self.publication is not None:
            return self.publication.valid_until
        return None if self.terms is None else self.terms.valid_until

    def last_day(self, repudiated: Container[int]) -> date | None:
        """The last day on which the pledge binds: its end if that came first, else its validity's."""
        until, end = self.valid_until(repudiated), self.ended_by(repudiated)
        if end is None or until is None:
            return until if end is None else end.ends_on
        return min(until, end.ends_on)


class Pledges(Struct, frozen=True):
    """The pledges of one enterprise, by the SHA-256 of the statement that made each."""

    by_id: Map[bytes, PledgeState] = Map()
    by_code: Map[str, bytes] = Map()
    by_campaign: Map[str, tuple[bytes, ...]] = Map()

    def coded(self, code: str) -> PledgeState | None:
        """The pledge that was published under `code`."""
        statement_id = self.by_code.get(code)
        return None if statement_id is None else self.by_id[statement_id]

    def of_entry(self, entry: int) -> PledgeState | None:
        """The pledge that the entry is about; None where it is about none, or took nothing of one's state."""
        return next((one for one in self.by_id.values() if entry in one.entries()), None)

    def broken(self, code: str | None, clauses: tuple[str, ...], repudiated: Container[int]) -> tuple[str, ...]:
        """Which of the clauses concerned were publicly pledged: in the pledge published as `code`, else in any."""
        if not clauses:
            return ()
        named = self.by_id.values() if code is None else (self.coded(code),)
        public = [one.terms for one in named if one is not None and one.is_public(repudiated)]
        pledged = {clause for terms in public if terms is not None for clause in terms.clauses}
        return tuple(sorted(pledged.intersection(clauses)))

    def put(self, pledge: PledgeState) -> Pledges:
        return replace(self, by_id=self.by_id.set(pledge.statement_id, pledge))
