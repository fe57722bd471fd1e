"""Which sealed bodies may be shown now: what counts toward a standing is public, what no longer counts is closed.

The evaluation that sets a standing also says until when an adverse entry counts. Entries that cost nothing (a
settled complaint, a pledge kept in full) are shown as long as the mildest of those would be.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from typing import Final

from ledger.application import Ledger
from ledger.domain.catalogue import SPECS
from ledger.domain.complaint import ComplaintOutcomeCorrected, ComplaintReplied
from ledger.domain.dates import add_months
from ledger.domain.event import Closed, Event
from ledger.domain.pledge import PledgeRevoked
from ledger.domain.record import EnterpriseRecord, outcome_root
from ledger.domain.subject import is_enterprise
from ledger.feed import Feed, to_recorded
from ledger.store.port import EntryRow
from projections.rules import Rules
from projections.standing.evaluate import Case
from projections.standing.public import facts_of

__all__ = ["Publicity"]

_SUBJECTS_KEPT_MAX: Final = 1_000


class Publicity:
    """Thread-safe. `today` gives the calendar date in Asia/Shanghai."""

    def __init__(self, ledger: Ledger, feed: Feed, rules: Callable[[], Rules], today: Callable[[], date]) -> None:
        self._ledger = ledger
        self._feed = feed
        self._rules = rules
        self._today = today
        self._kept: dict[str, tuple[int, EnterpriseRecord, Case]] = {}
        self._lock = threading.Lock()

    def shows(self, row: EntryRow) -> bool:
        """Whether the body of this entry may be shown today. False where there is none. Raises `Unavailable`."""
        if row.body is None or not is_enterprise(row.subject):
            return False
        event = to_recorded(row).event
        if isinstance(event, Closed):
            return False
        record, case = self._about(row)
        if row.index in record.repudiated or not SPECS[type(event).__name__].body_public(record, event):
            return False
        return self._today() < self._closes_on(row.index, event, record, case)

    def _closes_on(self, index: int, event: Event, record: EnterpriseRecord, case: Case) -> date:
        """The day from which the entry, or the outcome that it replies to or corrects, is no longer public."""
        root, start = index, event.effective_on
        named = None
        if isinstance(event, ComplaintReplied):
            named = outcome_root(record, event.outcome_entry)
        elif isinstance(event, ComplaintOutcomeCorrected):
            named = outcome_root(record, event.corrects)
        if named is not None:
            root, start = named, record.outcomes[named].effective_on
        in_force = [policy for policy in self._rules().policies if policy.from_on <= start]
        closes = case.closes_on(root, start)
        if closes is None or not in_force:
            return date.max
        if isinstance(event, PledgeRevoked):
            return add_months(start, in_force[-1].policy.revoked_months)
        if closes > start:
            return closes
        return add_months(start, min(window.end_months for window in in_force[-1].policy.tiers.values()))

    def _about(self, row: EntryRow) -> tuple[EnterpriseRecord, Case]:
        """The record of the row's subject, at least as new as the row, and its evaluation."""
        with self._lock:
            kept = self._kept.get(row.subject)
        if kept is not None and kept[0] == self._feed.size():
            return kept[1], kept[2]
        size = self._feed.size()
        record = self._ledger.record(row.subject)
        case = Case(self._rules().policies, facts_of(record, row.subject))
        with self._lock:
            if len(self._kept) >= _SUBJECTS_KEPT_MAX:
                self._kept.clear()
            self._kept[row.subject] = (size, record, case)
        return record, case
