"""Public pledges: what of an enterprise's pledges counts toward its standing, and for how long each is live."""

from __future__ import annotations

from collections.abc import Container, Iterator
from datetime import date

from ledger.domain.state.pledge_state import Assessment, PledgeEnd, Pledges, PledgeState, Publication
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.state.slot import Bearing, DatedEntry, Finding, KeptPledge, Revocation, Term
from ledger.domain.values.enterprise_code import is_code

__all__ = ["PublicPledge", "bearing_of", "public_pledges"]


class PublicPledge:
    """A pledge for publication that was published: what of it was not repudiated."""

    __slots__ = ("assessments", "end", "last_day", "publication", "repudiated", "state", "valid_until")

    def __init__(self, state: PledgeState, publication: Publication, gone: Container[int]) -> None:
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


def public_pledges(pledges: Pledges, gone: Container[int]) -> list[PublicPledge]:
    """In the order of their publication; repudiated ones (in `gone`) are among them, and say so."""
    found = [
        PublicPledge(state, state.publication, gone)
        for state in pledges.by_id.values()
        if state.terms is not None and state.terms.disclosure == "public" and state.publication is not None
    ]
    found.sort(key=lambda pledge: pledge.publication.index)
    return found


def bearing_of(record: EnterpriseRecord, pledges: Pledges) -> Bearing:
    """What the enterprise's pledges bring: when each is live, what was revoked, kept and broken."""
    terms: list[Term] = []
    revocations: list[Revocation] = []
    kept: list[KeptPledge] = []
    found: list[Finding] = []
    conduct: list[DatedEntry] = []
    marks: list[DatedEntry] = []
    for pledge in public_pledges(pledges, record.repudiated):
        said, publication = pledge.state.terms, pledge.publication
        assert said is not None  # public pledges have them
        marks.append(DatedEntry(said.effective_on, said.index))
        marks.extend(pledge.entries())
        marks.extend([DatedEntry(one.effective_on, one.index) for one in pledge.state.assessments])
        if pledge.repudiated:
            continue
        code, known_on = publication.code, publication.effective_on
        terms.append(Term(publication.index, code, said.campaign, known_on, pledge.from_on, pledge.last_day))
        if pledge.end is not None and pledge.end.ground == "fraud":
            revocations.append(Revocation(pledge.end.index, code, pledge.end.effective_on))
        for one in pledge.assessments:
            conduct.append(DatedEntry(one.effective_on, one.index))
            if one.item is not None:
                found.append(Finding(one.index, one.effective_on, one.item, one.fact_id))
            elif (period := _kept(record, pledge, one)) is not None:
                kept.append(period)
    return Bearing(
        tuple(found),
        terms=tuple(terms),
        revocations=tuple(revocations),
        kept=tuple(kept),
        conduct=tuple(conduct),
        bearing=tuple(marks),
    )


def _kept(record: EnterpriseRecord, pledge: PublicPledge, one: Assessment) -> KeptPledge | None:
    """The period that was kept in full, as far as it lies in the term; None where saying so earns nothing.

    Another officer assessed than published: another key of the same one is refused at registration.
    """
    first = max(one.period_from, pledge.publication.valid_from)
    last = min(one.period_until, pledge.last_day)
    if first > last or not is_code(one.assessor_code):
        return None
    if record.entries[pledge.publication.index].kid == record.entries[one.index].kid:
        return None
    return KeptPledge(one.index, one.effective_on, last, first)
