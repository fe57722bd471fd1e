"""From an enterprise's record to the public facts that may count: the only reader of the record for a standing.

Left out: what is sealed and not public, what was repudiated, what a correction made void. A correction holds
from the date of what it corrects. Pledges and complaints are read here, every other noun in `facts_from_slots.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from msgspec.structs import replace

from ledger.domain.state.complaint import OUTCOMES, OutcomeCorrection, OutcomeState, counts_as_reply, findings
from ledger.domain.state.enterprise import IDENTITY
from ledger.domain.state.pledge import PLEDGES
from ledger.domain.state.pledge_state import Assessment, PledgeEnd, PledgeState, Publication
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.state.slot import matter_of
from ledger.domain.values.enterprise_code import is_code
from projections.standing.facts import DatedEntry, Facts, KeptPledge, PointItem, Reply, Revocation, Size, Term
from projections.standing.facts_from_slots import NounFacts, of_a_noun

__all__ = ["PublicPledge", "facts_of", "public_pledges", "with_outcomes"]


class PublicPledge:
    """A pledge for publication that was published: what of it was not repudiated."""

    __slots__ = ("assessments", "end", "last_day", "publication", "repudiated", "state", "valid_until")

    def __init__(self, record: EnterpriseRecord, state: PledgeState, publication: Publication) -> None:
        gone = record.repudiated
        self.state = state
        self.publication = publication
        made = state.terms is not None and state.terms.index in gone
        self.repudiated = made or publication.index in gone
        self.end: PledgeEnd | None = None if state.end is None or state.end.index in gone else state.end
        self.assessments: tuple[Assessment, ...] = tuple(one for one in state.assessments if one.index not in gone)
        corrected = [one.valid_until for one in state.replacements if one.valid_until and one.index not in gone]
        self.valid_until: date = corrected[-1] if corrected else publication.valid_until
        self.last_day = self.valid_until if self.end is None else min(self.valid_until, self.end.ends_on)

    @property
    def from_on(self) -> date:
        return max(self.publication.valid_from, self.publication.effective_on)

    def entries(self) -> Iterator[DatedEntry]:
        """The entries that bear on how long the pledge is live."""
        yield DatedEntry(self.publication.effective_on, self.publication.index)
        for one in self.state.replacements:
            if one.valid_until is not None:
                yield DatedEntry(one.effective_on, one.index)
        if self.state.end is not None:
            yield DatedEntry(self.state.end.effective_on, self.state.end.index)


def public_pledges(record: EnterpriseRecord) -> list[PublicPledge]:
    """In the order of their publication; repudiated ones are among them, and say so."""
    found = [
        PublicPledge(record, state, state.publication)
        for state in PLEDGES.of(record).by_id.values()
        if state.terms is not None and state.terms.disclosure == "public" and state.publication is not None
    ]
    found.sort(key=lambda pledge: pledge.publication.index)
    return found


def facts_of(record: EnterpriseRecord | None, subject: str) -> Facts:
    """The public facts of the enterprise `subject`; none where it has no record."""
    if record is None:
        return Facts(subject)
    return _Reading(record).facts()


def with_outcomes(facts: Facts, record: EnterpriseRecord, entries: Iterable[int]) -> Facts:
    """`facts`, once the outcomes at `entries`, and nothing else, came to the record."""
    reading = _Reading(record)
    for entry in entries:
        reading.outcome(OUTCOMES.of(record).by_entry[entry])
    return replace(
        facts,
        items=(*facts.items, *reading.items),
        replies=(*facts.replies, *reading.replies),
        conduct=(*facts.conduct, *reading.conduct),
        bearing=(*facts.bearing, *reading.bearing),
    )


class _Reading:
    def __init__(self, record: EnterpriseRecord) -> None:
        self._record = record
        self._terms: list[Term] = []
        self._revocations: list[Revocation] = []
        self._kept: list[KeptPledge] = []
        self.items: list[PointItem] = []
        self.replies: list[Reply] = []
        self.conduct: list[DatedEntry] = []
        self.bearing: list[DatedEntry] = []

    def facts(self) -> Facts:
        record = self._record
        for pledge in public_pledges(record):
            self._pledge(pledge)
        for outcome in OUTCOMES.of(record).by_entry.values():
            self.outcome(outcome)
        self.bearing.extend([DatedEntry(size.effective_on, size.index) for size in IDENTITY.of(record).sizes])
        for entry, day in record.on_record.items():
            self.conduct.append(DatedEntry(day, entry))
            self.bearing.append(DatedEntry(day, entry))
        nouns = None
        if record.nouns:
            nouns = NounFacts(record, self.conduct, self.bearing)
            self.items.extend(nouns.items)
        gone = record.repudiated
        if gone:
            bearing = {mark.entry for mark in self.bearing}
            self.bearing.extend(
                DatedEntry(by.effective_on, by.index)
                for entry, by in gone.items()
                if entry in bearing or of_a_noun(record, entry)
            )
        facts = Facts(
            subject=record.subject,
            terms=tuple(sorted(self._terms)),
            revocations=tuple(sorted(self._revocations)),
            kept=tuple(sorted(self._kept)),
            items=tuple(sorted(self.items)),
            replies=tuple(sorted(self.replies)),
            sizes=tuple(
                sorted(
                    [
                        Size(one.effective_on, one.index, one.band)
                        for one in IDENTITY.of(record).sizes
                        if one.index not in gone
                    ]
                )
            ),
            conduct=tuple(sorted(self.conduct)),
            bearing=tuple(sorted(self.bearing)),
        )
        return facts if nouns is None else nouns.beside(facts)

    def _pledge(self, pledge: PublicPledge) -> None:
        terms, publication = pledge.state.terms, pledge.publication
        assert terms is not None  # public pledges have them
        self.bearing.append(DatedEntry(terms.effective_on, terms.index))
        self.bearing.extend(pledge.entries())
        self.bearing.extend([DatedEntry(one.effective_on, one.index) for one in pledge.state.assessments])
        if pledge.repudiated:
            return
        self._terms.append(
            Term(
                publication.index,
                publication.code,
                terms.campaign,
                publication.effective_on,
                pledge.from_on,
                pledge.last_day,
            )
        )
        if pledge.end is not None and pledge.end.ground == "fraud":
            self._revocations.append(Revocation(pledge.end.index, publication.code, pledge.end.effective_on))
        for one in pledge.assessments:
            self.conduct.append(DatedEntry(one.effective_on, one.index))
            if one.item is None:
                first = max(one.period_from, publication.valid_from)
                last = min(one.period_until, pledge.last_day)
                if first <= last and is_code(one.assessor_code) and self._by_another(publication.index, one.index):
                    self._kept.append(KeptPledge(one.index, one.effective_on, last, first))
            else:
                self.items.append(PointItem(one.index, one.effective_on, one.item, matter_of(one.fact_id, one.index)))

    def _by_another(self, publication: int, assessment: int) -> bool:
        """Whether another officer assessed than published: another key of the same one is refused at registration."""
        entries = self._record.entries
        return entries[publication].kid != entries[assessment].kid

    def outcome(self, outcome: OutcomeState) -> None:
        gone, index, on = self._record.repudiated, outcome.index, outcome.effective_on
        mark = DatedEntry(on, index)
        self.bearing.append(mark)
        for one in outcome.corrections:
            self.bearing.append(DatedEntry(one.effective_on, one.index))
        if index in gone:
            return
        stands = outcome.newest(gone) if outcome.corrections else outcome
        if isinstance(stands, OutcomeCorrection) and stands.void:
            return
        self.conduct.append(mark)
        if counts_as_reply(outcome, stands):
            self.replies.append(Reply(on, stands.reply == "timely"))
        found = findings(outcome, stands)
        if found:
            clauses = PLEDGES.of(self._record).broken(outcome.pledge, stands.clauses, gone)
            matter = matter_of(stands.fact_id, index)
            self.items.extend(PointItem(index, on, item, matter, clauses) for item in found)
