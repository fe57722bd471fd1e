"""What may be said about breaches: of a pledge that bound then, after a hearing; corrected by another officer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ledger.domain.events.breach import BreachCorrected, BreachFound
from ledger.domain.rules.enterprise import require_registered
from ledger.domain.rules.entry_conditions import another_officer
from ledger.domain.rules.pledge_conditions import published
from ledger.domain.rules.spec import Context, UniqueFact, spec
from ledger.domain.state.breach import BREACHES, Breach, corrections, newest, root_of
from ledger.domain.state.pledge import PLEDGES
from ledger.domain.state.pledge_state import Terms
from ledger.domain.state.record import EnterpriseRecord
from ledger.errors import Refused
from ledger.limits import BREACH_CORRECTIONS_MAX, BREACHES_MAX

__all__ = ["EVENTS"]

_Facts = tuple[UniqueFact, ...]
_Record = EnterpriseRecord | None


def find_breach(record: _Record, event: BreachFound, ctx: Context) -> _Facts:
    """Of a pledge in force on the day of the breach (later withdrawn or not), after the enterprise was heard."""
    record = require_registered(record, ctx)
    pledge, terms = published(record, event.code)
    last = pledge.last_day(record.repudiated)
    first = None if pledge.publication is None else pledge.publication.valid_from
    if first is None or last is None or not first <= event.breached_on <= last:
        raise Refused(
            "breach.pledge_not_in_force",
            f"违诺之日承诺应在有效期内：{first} 至 {last}",
            f"a pledge is broken while it binds: {first} to {last}",
            str(event.breached_on),
        )
    if not event.breached_on <= event.heard_on <= event.effective_on:
        raise Refused(
            "breach.not_heard",
            "认定违诺之前须听取企业陈述：陈述日期在违诺之后、认定生效之前",
            "the enterprise is heard after the breach and before it is found",
            str(event.heard_on),
        )
    _clauses(event.clauses, terms)
    if len(BREACHES.of(record)) >= BREACHES_MAX:
        raise Refused(
            "breach.max",
            f"一家企业最多登记 {BREACHES_MAX} 条违诺认定",
            f"an enterprise has {BREACHES_MAX} breaches and corrections at most",
        )
    return ()


def correct_breach(record: _Record, event: BreachCorrected, ctx: Context) -> _Facts:
    """Of the newest version, by another officer."""
    record = require_registered(record, ctx)
    breaches = BREACHES.of(record)
    breach = root_of(breaches, event.corrects)
    if breach is None or breach.index in record.repudiated:
        raise Refused(
            "breach.no_such_breach",
            "该企业名下没有这条违诺认定（或其正文已删除、已被否认）",
            "no such breach was found of this enterprise (or its body is erased, or it was repudiated)",
            str(event.corrects),
        )
    stands = newest(breaches, breach, record.repudiated)
    if event.corrects != stands.index:
        raise Refused(
            "correction.not_newest",
            f"只能更正最新版本：第 {stands.index} 条记录",
            f"a correction names the newest version, entry {stands.index}",
            str(event.corrects),
        )
    another_officer(record.entries[stands.index].kid, ctx, "correction.same_officer")
    pledge = PLEDGES.of(record).coded(breach.code)
    if pledge is not None and pledge.terms is not None:
        _clauses(event.clauses, pledge.terms)
    if sum(1 for _ in corrections(breaches, breach)) >= BREACH_CORRECTIONS_MAX:
        raise Refused(
            "correction.max",
            f"一条违诺认定最多更正 {BREACH_CORRECTIONS_MAX} 次",
            f"a breach is corrected {BREACH_CORRECTIONS_MAX} times at most",
        )
    return ()


def is_public(record: _Record, event: BreachFound | BreachCorrected) -> bool:
    """Whether the pledge is one for the public: then so is its breach."""
    if record is None:
        return False
    breach: BreachFound | Breach | None = (
        event if isinstance(event, BreachFound) else root_of(BREACHES.of(record), event.corrects)
    )
    pledge = None if breach is None else PLEDGES.of(record).coded(breach.code)
    return pledge is not None and pledge.terms is not None and pledge.terms.disclosure == "public"


def _clauses(clauses: Sequence[str], terms: Terms) -> None:
    foreign = [clause for clause in clauses if clause not in terms.clauses]
    if foreign:
        raise Refused(
            "breach.clause_not_pledged",
            "该承诺不含此条款",
            "the pledge does not contain this clause",
            foreign[0],
        )
    if len(set(clauses)) != len(clauses):
        raise Refused("breach.clause_twice", "同一条款重复", "a clause is named twice")


EVENTS: Final = (
    spec("enterprise", BreachFound, ("organizer",), find_breach, "sealed", body_public=is_public),
    spec("enterprise", BreachCorrected, ("organizer",), correct_breach, "sealed", body_public=is_public),
)
