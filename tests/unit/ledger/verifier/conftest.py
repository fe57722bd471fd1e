"""One log for the verifier's tests: an organizer enrolled by a registrar, and what it says of an enterprise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest

from ledger.domain.events.base import Event
from ledger.domain.events.enterprise import EnterpriseSized
from ledger.domain.events.pledge import FulfilmentAssessed
from ledger.keys.signer import Signer, new_key
from tests.support.paper_log import DAY, START, PaperLog

SUBJECT = "uscc:91350100M0001TGQXM"
SIZED = EnterpriseSized(v=1, effective_on=DAY, size_band="small", size_source="年报")
ASSESSED = FulfilmentAssessed(
    v=1,
    effective_on=DAY,
    code="51010020260315000001",
    period_from=date(2025, 3, 15),
    period_until=date(2026, 3, 14),
    result="full",
    assessor="市场监督管理局",
    assessor_code="11510000",
)


@dataclass(frozen=True)
class Book:
    log: PaperLog
    registrar: Signer
    organizer: Signer
    opened: int
    sealed: int

    def say(self, event: Event, *, subject: str = SUBJECT, signer: Signer | None = None, **more: object) -> int:
        """One more entry by the organizer, committed; its index."""
        issuer = str(more.get("issuer", "party:organizer"))
        index = self.log.add(event, subject, issuer, signer or self.organizer, sealed=bool(more.get("sealed")))
        at = more.get("at", START + 120)
        assert isinstance(at, int)
        self.log.commit(at)
        return index


def make_book() -> Book:
    log, registrar, organizer = PaperLog(), new_key("ed25519"), new_key("p256")
    log.establish()
    log.enrol("party:registrar", registrar, "registrar")
    log.commit()
    log.enrol("party:other", new_key("ed25519"), by=("party:registrar", registrar))
    log.enrol("party:organizer", organizer, "organizer", by=("party:registrar", registrar))
    log.commit(START + 60)
    opened = log.add(SIZED, SUBJECT, "party:organizer", organizer)
    sealed = log.add(ASSESSED, SUBJECT, "party:organizer", organizer, sealed=True)
    log.commit(START + 120)
    return Book(log, registrar, organizer, opened, sealed)


@pytest.fixture
def book() -> Book:
    return make_book()
