"""The standings of an archive: computed again from its entries, by the policies that it holds."""

from __future__ import annotations

from datetime import date

from ledger.domain.values.subject import POLICY
from ledger.verifier.completeness_bundle import fold_shown
from ledger.verifier.evidence_archive import VerifiedArchive
from projections.standing import Case, facts_of, render
from projections.standing.disclosure import DisclosureWindows
from projections.standing.policy_timeline import Rules
from projections.standing.render import with_in_book
from projections.standing.standing_model import LevelHold, Reason

__all__ = ["recomputed"]


def recomputed(archive: VerifiedArchive, as_of: date) -> bytes:
    """The standing that follows from the entries inside, as the service would say it. Raises `Refuted`.

    It is that of the enterprise only if the archive holds all of its entries and bodies.
    """
    manifest = archive.manifest
    record = fold_shown(archive.events)
    rules = Rules.none().after([at for at in archive.governing if at.subject == POLICY])
    case = Case(rules.known_at(manifest.tree_size), facts_of(record, manifest.subject))
    standing = case.on(as_of)
    named: list[Reason | LevelHold] = [*standing.reasons, *standing.holds]
    closed: frozenset[int] = frozenset()
    if named and record is not None:
        closing = DisclosureWindows.of(record, rules.policies)
        shown_on = manifest.shown_on
        closed = frozenset(
            one.entry for one in named if not closing.shows_finding(one.entry, one.effective_on, shown_on)
        )
    body = render(standing, case.next_change_on(as_of), as_of=as_of, tree_size=manifest.tree_size, closed=closed)
    return with_in_book(body, record is not None)
