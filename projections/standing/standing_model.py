"""What a standing is made of. Reasons, revocation and conditions are rendered field by field, under these names."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from ledger.domain.events.policy import TierName
from projections.standing.facts import PolicyInForce, Term
from projections.standing.levels import Level

__all__ = ["Conditions", "LevelHold", "Reason", "Revoked", "Segment", "Standing", "StandingNote", "Unmet"]


class StandingNote(Struct, frozen=True):
    """An annotation that is shown beside an entry and changes nothing: an open objection, by the entry `entry`."""

    kind: str
    zh: str
    en: str
    entry: int
    since: date


class Reason(Struct, frozen=True):
    """One entry that contributes. `counted` = points × factor × weight × clause ÷ 1000³, floored.

    `changes_on` is the day on which this contribution becomes another one or ends, `repair_from` the day from which
    credit repair is possible, `repaired_from` that from which an approved one holds, if one does later; `same_matter`
    are entries that would count but stem from the same matter.
    """

    entry: int
    item: str
    tier: TierName
    points: int
    factor: int
    weight: int
    clause: int
    counted: int
    clauses: tuple[str, ...]
    rule_zh: str
    rule_en: str
    effective_on: date
    changes_on: date
    repair_from: date
    repaired_from: date | None
    notes: tuple[StandingNote, ...]
    same_matter: tuple[int, ...]


class LevelHold(Struct, frozen=True):
    """A listing, or misuse of the mark: the level is `level` at best. `changes_on` None: until an event ends it."""

    entry: int
    item: str
    level: str
    rule_zh: str
    rule_en: str
    effective_on: date
    changes_on: date | None
    repair_from: date
    notes: tuple[StandingNote, ...]


class Revoked(Struct, frozen=True):
    """The revocation for fraud that holds the level at REVOKED, and the day on which it no longer does."""

    entry: int
    code: str
    revoked_on: date
    changes_on: date


class Conditions(Struct, frozen=True):
    """What GOOD needs, each by itself. `replies_in_time` is None while there are too few replies to say.

    `period_kept_in_full` is told of those who have a live public pledge; nobody else's periods matter.
    """

    live_public_pledge: bool
    period_kept_in_full: bool
    nothing_general_or_severe: bool
    no_pledged_clause_broken: bool
    replies_in_time: bool | None
    declarations_current: bool


class Unmet(Struct, frozen=True):
    """A need of GOOD that is not met, by which entries (where some are the reason), until which day by time alone."""

    need: str
    zh: str
    en: str
    entries: tuple[int, ...] = ()
    until: date | None = None


class Standing(Struct, frozen=True):
    """What the book says about an enterprise on a day. It does not name the day: it holds until it changes.

    `points` in hundredths, the sum of the reasons' `counted`; `closed` counts entries that count no more, `repaired`
    those of them that do not because they were repaired, `unweighed` entries about conduct that cost nothing;
    `decided_at_size` is the tree size just after the last entry that counted, the policy's included: evaluated
    there, the result is the same.
    """

    subject: str
    level: Level
    points: int
    reasons: tuple[Reason, ...]
    holds: tuple[LevelHold, ...]
    revoked: Revoked | None
    pledges: tuple[Term, ...]
    conditions: Conditions
    unmet: tuple[Unmet, ...]
    closed: int
    repaired: int
    unweighed: int
    policy: PolicyInForce | None
    decided_at_size: int


class Segment(Struct, frozen=True):
    """`standing` holds from `from_on` to the day before `until_on` (None: until an event is recorded).

    `next_change_on`: when time alone changes level, points or a reason of it; never before `until_on`.
    """

    from_on: date
    until_on: date | None
    standing: Standing
    next_change_on: date | None
