"""What a standing is decided from: the public facts of one enterprise, stripped of everything else.

`evaluate` sees nothing but these. What is sealed and not public (a pledge that is not for publication, an
erased body) never becomes a fact, so it can neither count nor show. The order of the tuples means nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from msgspec import Struct

from ledger.domain.events.policy import StandingPolicy
from ledger.domain.state.slot import (
    Annotation,
    CountedReply,
    DatedEntry,
    DeclarationFact,
    Hold,
    KeptPledge,
    Relief,
    Revocation,
    Size,
    Term,
)

__all__ = [
    "Annotation",
    "CountedReply",
    "DatedEntry",
    "DeclarationFact",
    "Facts",
    "Hold",
    "KeptPledge",
    "PointItem",
    "PolicyInForce",
    "Relief",
    "Revocation",
    "Size",
    "Term",
]


class PolicyInForce(NamedTuple):
    """An approved policy, the date from which it holds, and the index of the entry that approved it."""

    from_on: date
    entry: int
    policy: StandingPolicy


class PointItem(NamedTuple):
    """Something that a rule of the policy may set points on.

    `entry` is what recorded it (a correction leaves it where it was), `on` the date on which its window
    begins, `matter` what it has in common with items that stem from the same facts, `clauses` the clauses
    of a public pledge that it broke. It counts up to the day before `until`, if its window is not over by then.
    """

    entry: int
    on: date
    item: str
    matter: str
    clauses: tuple[str, ...] = ()
    until: date = date.max


class Facts(Struct, frozen=True):
    """Everything about one enterprise that is public and may count."""

    subject: str
    terms: Sequence[Term] = ()
    revocations: Sequence[Revocation] = ()
    kept: Sequence[KeptPledge] = ()
    items: Sequence[PointItem] = ()
    replies: Sequence[CountedReply] = ()
    sizes: Sequence[Size] = ()
    conduct: Sequence[DatedEntry] = ()  # outcomes and assessments on record, whatever they cost
    bearing: Sequence[DatedEntry] = ()  # every entry that counted, also to end or correct another
    holds: Sequence[Hold] = ()
    reliefs: Sequence[Relief] = ()
    annotations: Sequence[Annotation] = ()
    declared: Sequence[DeclarationFact] = ()
