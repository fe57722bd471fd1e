"""Which sealed bodies may be shown now, and what is said of those that may not: "closed since DATE, does not count".

The windows are those of `projections/standing/disclosure.py`. What a type's line of the catalogue keeps for those whom
it concerns is never shown here; who may read it all the same is in `api/service/signed_requests.py`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from ledger.cose.statement import parse_statement
from ledger.domain.events.base import Closed, Recorded
from ledger.domain.rules.catalogue import SPECS
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.values.dates import shanghai_date
from ledger.domain.values.subject import is_enterprise
from ledger.reading.feed import Feed, to_recorded
from ledger.store.contract import EntryRow
from projections.standing.disclosure import DisclosureWindows
from projections.standing.policy_timeline import Rules

__all__ = ["Publicity", "Records"]

#: By subject: its record, and the windows of its entries.
Records = Mapping[str, tuple[EnterpriseRecord, DisclosureWindows]]

_SUBJECTS_KEPT_MAX: Final = 1_000


class Publicity:
    """Thread-safe. `today` gives the calendar date in Asia/Shanghai."""

    def __init__(self, feed: Feed, rules: Callable[[], Rules], today: Callable[[], date]) -> None:
        self._feed = feed
        self._rules = rules
        self._today = today
        self._kept: dict[str, tuple[int, Rules, EnterpriseRecord, DisclosureWindows]] = {}
        self._lock = threading.Lock()

    def shows(self, row: EntryRow) -> bool:
        """Whether the body of this entry may be shown today. False where there is none. Raises `Unavailable`."""
        return self.shows_each([row])[0]

    def shows_each(
        self, rows: Sequence[EntryRow], known: Records | None = None, decoded: Sequence[Recorded] | None = None
    ) -> list[bool]:
        """What `shows` says of each of several rows: the record of each subject is asked for once, or `known`; what
        each says is `decoded` where somebody has it."""
        about = self._about_each(rows) if known is None else known
        said = map(to_recorded, rows) if decoded is None else decoded
        return [
            row.body is not None and row.subject in about and self._shows(at, *about[row.subject])
            for row, at in zip(rows, said, strict=True)
        ]

    def stub(self, row: EntryRow) -> dict[str, Any] | None:
        """What stands in place of a body that may not be shown; None for an entry that never had one.

        `since` is the first day on which it was public no more; absent where it never was. Raises `Unavailable`.
        """
        return self.stubs([row])[0]

    def stubs(self, rows: Sequence[EntryRow], known: Records | None = None) -> list[dict[str, Any] | None]:
        """What `stub` says of each of several rows."""
        about = self._about_each(rows) if known is None else known
        return [self._stub(row, *about.get(row.subject, (None, None))) for row in rows]

    def known(self, record: EnterpriseRecord) -> Records:
        """What `shows_each` and `stubs` need of an enterprise whose whole stream is folded already."""
        return {record.subject: (record, DisclosureWindows.of(record, self._rules().policies))}

    def _about_each(self, rows: Sequence[EntryRow]) -> Records:
        """By subject, those that are enterprises."""
        newest = {row.subject: row for row in rows if is_enterprise(row.subject)}
        if not newest:
            return {}
        size, rules = self._feed.size(), self._rules()  # asked once for all
        return {subject: self._about(row, size, rules) for subject, row in newest.items()}

    def _shows(self, at: Recorded, record: EnterpriseRecord, closing: DisclosureWindows) -> bool:
        event = at.event
        if isinstance(event, Closed) or at.index in record.repudiated or at.index in record.erased:
            return False
        return SPECS[type(event).__name__].body_public(record, event) and closing.shows(at.index, event, self._today())

    def _stub(
        self, row: EntryRow, record: EnterpriseRecord | None, closing: DisclosureWindows | None
    ) -> dict[str, Any] | None:
        commitment = self._commitment(row)
        if commitment is None:
            return None
        since, erased = (None, False)
        if record is not None and closing is not None:
            since, erased = self._closed_since(row, record, closing)
        said: dict[str, Any] = {"commitment": commitment.hex()}
        if since is None:
            return said | {"zh": "不公开", "en": "not public"}
        said |= {"since": since.isoformat(), "counts": False}
        if erased:
            zh, en = f"正文已于 {since} 删除，不计入", f"erased on {since}, does not count"
            return said | {"erased": True, "zh": zh, "en": en}
        return said | {"zh": f"自 {since} 起不再公开，不计入", "en": f"closed since {since}, does not count"}

    def _closed_since(
        self, row: EntryRow, record: EnterpriseRecord, closing: DisclosureWindows
    ) -> tuple[date | None, bool]:
        """The first day on which it is closed, and whether that is because it was erased."""
        if row.index in record.erased:
            erasure = self._feed.read(record.erased[row.index] - 1, 1)
            return (shanghai_date(erasure[0].recorded_at) if erasure else None), True
        event = to_recorded(row).event
        if isinstance(event, Closed) or not SPECS[type(event).__name__].body_public(record, event):
            return None, False
        if row.index in record.repudiated:
            return record.repudiated[row.index].effective_on, False
        return closing.closed_since(row.index, event, self._today()), False

    def _commitment(self, row: EntryRow) -> bytes | None:
        statement = parse_statement(row.statement)
        if statement.commitment is not None:
            return statement.commitment
        event = to_recorded(row).event
        text = None if isinstance(event, Closed) else event.named_text
        return None if text is None else bytes.fromhex(text)

    def _about(self, row: EntryRow, size: int, rules: Rules) -> tuple[EnterpriseRecord, DisclosureWindows]:
        """The record of the row's subject in a log of `size` entries or more, and the windows of its entries."""
        with self._lock:
            kept = self._kept.get(row.subject)
        if kept is not None and kept[:2] == (size, rules):
            return kept[2:]
        record = self._feed.record(row.subject)
        assert record is not None  # the row is of its stream
        closing = DisclosureWindows.of(record, rules.policies)
        with self._lock:
            if len(self._kept) >= _SUBJECTS_KEPT_MAX:
                self._kept.clear()
            self._kept[row.subject] = (size, rules, record, closing)
        return record, closing
