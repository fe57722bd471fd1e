"""A book in a real database for tests of the read models: well-formed, but nobody asks whether anyone may say it.

The streams are those of `stream.py`, put into one log in the order of their recording.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from ledger.charter.default_policies import default_standing_policy
from ledger.cose.statement import Claims, make_sealed, make_statement
from ledger.domain.events.base import Event
from ledger.domain.events.campaign import CampaignOpened
from ledger.domain.events.pledge import FulfilmentAssessed
from ledger.domain.events.policy import StandingPolicy, StandingPolicyApproved, StandingPolicyProposed
from ledger.keys.signer import new_key
from ledger.store.contract import Batch, NewEntry, Store
from ledger.tlog.hashing import leaf_hash
from tests.support.batches import a_checkpoint
from tests.unit.projections import stream as say
from tests.unit.projections.stream import ORGANIZER, Saying, code, day, noon

ORIGIN = "ledger.example/test"


class Book:
    """Says events into a store, each batch of a commit of its own, on days that never go back."""

    def __init__(self, store: Store, start: str = "2026-01-02") -> None:
        self.store = store
        self.today = day(start)
        self.size = 0
        self._signer, self._colleague = new_key("ed25519"), new_key("ed25519")
        self._versions: dict[str, int] = {}
        self._pending: list[NewEntry] = []

    def add(self, subject: str, saying: Saying) -> tuple[int, bytes]:
        """One more entry; its index and statement id."""
        event, sealed = saying
        index = self.size + len(self._pending)
        version = self._versions[subject] = self._versions.get(subject, 0) + 1
        cti = index.to_bytes(16, "big")
        body = None
        signer = self._colleague if isinstance(event, FulfilmentAssessed) else self._signer  # else it earns nothing
        claims = Claims(subject, ORGANIZER, ORIGIN, noon(self.today), cti)
        if sealed:
            statement, body = make_sealed(event, claims, signer, cti)
        else:
            statement = make_statement(event, claims, signer)
        entry = NewEntry(
            subject,
            version,
            "sealed" if sealed else type(event).__name__,
            statement,
            leaf_hash(statement),
            commitment=None if body is None else hashlib.sha256(body).digest(),
            body=body,
            body_public=True,
        )
        self._pending.append(entry)
        return index, hashlib.sha256(statement).digest()

    def commit(self, on: date | None = None) -> None:
        """Make what was added durable, as recorded today or on a later day."""
        self.today = max(self.today, on or self.today)
        if not self._pending:
            return
        size = self.size + len(self._pending)
        checkpoint = replace(a_checkpoint(size, self.size), recorded_at=noon(self.today))
        self.store.append(Batch(tuple(self._pending), checkpoint))
        self.size, self._pending = size, []

    def charter(self) -> None:
        """A campaign and the default policy, in force from 1 January 2026."""
        self.policy(default_standing_policy(), date(2026, 1, 1))
        opened = CampaignOpened(
            v=1,
            effective_on=self.today,
            name_zh="3·15 承诺",
            name_en="Pledge 2026",
            theme="诚信",
            notice_number="1",
            opens_on=self.today,
            closes_on=date(2026, 12, 31),
            pledge_valid_until=date(2027, 3, 14),
            scopes=("comprehensive",),
            clauses=(),
            overlap="one_per_scope",
        )
        self.add("campaign:2026", (opened, False))
        self.commit()

    def policy(self, policy: StandingPolicy, in_force: date) -> None:
        """Proposed and approved."""
        proposed: Event = StandingPolicyProposed(v=1, effective_on=self.today, policy=policy)
        proposal, _ = self.add("policy", (proposed, False))
        self.add("policy", (StandingPolicyApproved(v=1, effective_on=in_force, proposal=proposal), False))

    def register(self, subject: str, name: str = "甲有限公司", size: str = "micro") -> int:
        return self.add(subject, say.registered(str(self.today), size=size, name=name))[0]

    def pledge(self, subject: str, number: int, until: str = "2027-03-14", **more: object) -> int:
        """A pledge made and published today; the index of the one that made it."""
        made, identity = self.add(subject, say.made(str(self.today), **more))
        self.add(subject, say.published(identity, number, str(self.today), until, on=str(self.today)))
        return made


def a_year(book: Book, enterprises: int, *, seed: int = 1, days: int = 300) -> list[str]:
    """What may happen to enterprises in a year, at random but the same for a seed; their subjects."""
    chance = random.Random(seed)
    subjects = [f"local:test/{number:05d}" for number in range(enterprises)]
    for number, subject in enumerate(subjects):
        book.register(subject, f"第{number}号有限公司", chance.choice(["micro", "small", "medium", "large"]))
        if chance.random() < 0.8:
            book.pledge(subject, number, disclosure="public" if chance.random() < 0.9 else "none")
        if number % 50 == 49:
            book.commit()
    book.commit()
    for _ in range(enterprises * 4):
        if chance.random() < 0.3:
            book.commit()
            book.today += timedelta(days=chance.randint(0, max(1, days * 4 // (enterprises * 4))))
        number = chance.randrange(enterprises)
        book.add(subjects[number], _something(chance, number, book.today))
    book.commit()
    return subjects


def _something(chance: random.Random, number: int, today: date) -> Saying:
    on = str(today - timedelta(days=chance.randint(0, 20)))
    replies: Sequence[str] = ("timely", "timely", "late", "none")
    endings: Sequence[str] = ("settled", "agreed", "refused", "explained")
    pick = chance.random()
    fact = f"fact-{chance.randint(0, 3)}" if chance.random() < 0.1 else None
    if pick < 0.8:
        return say.outcome(on, reply=chance.choice(replies), ended=chance.choice(endings), fact_id=fact)
    if pick < 0.9:
        return say.renamed(on, f"改名{chance.randint(0, 99)}有限公司")
    return say.sized(on, chance.choice(["micro", "large"]))


__all__ = ["Book", "a_year", "code"]
