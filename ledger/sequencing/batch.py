"""One round of the sequencer: which of these submissions become entries, in which order, and what each hears."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256

from ledger.cose.statement import parse_statement
from ledger.domain.rules.campaign_conditions import PLEDGE_PUBLISHED_IN
from ledger.domain.values.subject import is_governing
from ledger.errors import AlreadyRegistered, LedgerError
from ledger.keys.log_keys import LogKeys
from ledger.registration import Candidate
from ledger.sequencing.decision import Decision, Registered
from ledger.sequencing.head import LogHead
from ledger.store.contract import Fact, Store

__all__ = ["Fate", "decide"]

Fate = Registered | LedgerError | int  # an int: position among the round's new entries


def decide(
    groups: Sequence[tuple[Candidate, ...]],
    head: LogHead,
    store: Store,
    keys: LogKeys,
    clock: Callable[[], int],
) -> tuple[Decision, list[tuple[Fate, ...]]]:
    """Decide every group in order against the head; the decision, and one fate per candidate of each group.

    Unique facts are looked up after a first pass has said which matter; what is taken is then refused and the
    rest decided again, so that nobody's fate rests on an entry that will not be.
    """
    candidates = [candidate for group in groups for candidate in group]
    known = _already_registered(candidates, store)
    subjects = {c.statement.subject for c in candidates if not is_governing(c.statement.subject)}
    base = head.records(subjects)
    now = clock()
    taken = dict(head.lasting)
    looked_up: set[Fact] = set()
    while True:
        decision = Decision(head, keys, now, base, taken)
        fates = _fates(groups, decision, known)
        # cti were looked up before anything was judged.
        asked = dict.fromkeys((*decision.facts, *decision.asked))
        facts = [fact for fact in asked if fact.kind != "cti" and fact not in looked_up]
        if not facts:
            return decision, fates
        found = store.facts(facts)
        if not found:
            return decision, fates
        looked_up.update(facts)
        taken.update(found)
        head.lasting.update({fact: index for fact, index in found.items() if fact.kind == PLEDGE_PUBLISHED_IN})


def _fates(
    groups: Iterable[tuple[Candidate, ...]], decision: Decision, known: Mapping[Fact, tuple[int, bytes, bytes]]
) -> list[tuple[Fate, ...]]:
    fates: list[tuple[Fate, ...]] = []
    for group in groups:
        answers: dict[int, Fate] = {}
        to_take: list[int] = []
        for number, candidate in enumerate(group):
            fate = _known_fate(candidate, decision, known)
            if fate is None:
                to_take.append(number)
            else:
                answers[number] = fate
        if to_take and not any(isinstance(fate, LedgerError) for fate in answers.values()):
            try:
                for number, position in zip(
                    to_take, decision.take_group([group[number] for number in to_take]), strict=True
                ):
                    answers[number] = position
            except LedgerError as error:
                answers.update(dict.fromkeys(to_take, error))
        first_error = next((fate for fate in answers.values() if isinstance(fate, LedgerError)), None)
        fates.append(tuple(answers.get(number, first_error or 0) for number in range(len(group))))
    return fates


def _known_fate(
    candidate: Candidate, decision: Decision, known: Mapping[Fact, tuple[int, bytes, bytes]]
) -> Fate | None:
    """The fate of a candidate whose (`iss`, `cti`) is in the book or earlier in this round; None if new."""
    fact = candidate.identity
    statement = candidate.statement
    if fact in known:
        index, raw, payload = known[fact]
        if raw == statement.raw:
            return Registered(index, statement.statement_id, None, existing=True)
        return AlreadyRegistered(index, sha256(payload).digest())
    if fact in decision.facts:
        position = decision.facts[fact]
        raw = decision.entries[position].statement
        if raw == statement.raw:
            return position
        return AlreadyRegistered(decision.first_index + position, sha256(parse_statement(raw).payload).digest())
    return None


def _already_registered(candidates: Sequence[Candidate], store: Store) -> dict[Fact, tuple[int, bytes, bytes]]:
    """For each identity that is in the book: index, statement and payload of its entry."""
    found = store.facts([candidate.identity for candidate in candidates])
    if not found:
        return {}
    statements = store.statements(sorted(set(found.values())))
    return {
        fact: (index, statements[index], parse_statement(statements[index]).payload) for fact, index in found.items()
    }
