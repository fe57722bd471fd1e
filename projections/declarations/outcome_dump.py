"""Complaint outcomes that are public, one after the other: a line that says of what, a line each, a line at the end.

What figures about complaints are counted from. Nobody is named in it, and nothing quoted that somebody wrote: a list of
complaints by enterprise would be a ranking of those who are large. By its entry each line is found in the feed, which
tells repairs, corrections and closings.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

import msgspec
from msgspec import Struct

from ledger.limits import DUMP_PAGE_OUTCOMES_OF
from projections.db.read_snapshot import ReadSnapshot
from projections.declarations.outcome_section import CountedOutcome, decode_outcomes

__all__ = ["OutcomeDump", "OutcomeLine"]

_ENCODE: Final = msgspec.json.Encoder(order="sorted").encode


class OutcomeLine(Struct, frozen=True, gc=False):
    """An outcome that is public on the day of the dump, as its newest correction has it.

    `shown_until`: the day from which it may not be used any more, as far as time alone can tell (None: it cannot).
    """

    entry: int
    effective_on: date
    case_closed: str
    outcome: str
    reply: str
    corrected: bool
    shown_until: date | None


class OutcomeDump:
    """The outcomes that are public on `today` (Asia/Shanghai), as the read models of a snapshot have them."""

    def __init__(self, snapshot: ReadSnapshot, today: date) -> None:
        self._snapshot = snapshot
        self._today = today

    def lines(self) -> Iterator[bytes]:
        """NDJSON in pieces of whole lines: `{"as_of", "kind", "tree_size"}`, an `OutcomeLine` each, those about one
        enterprise together and in log order, `{"count", "end": true}`.
        """
        yield _ENCODE({"kind": "outcomes", "as_of": self._today, "tree_size": self._snapshot.tree_size}) + b"\n"
        count, after = 0, ""
        while True:
            page = self._snapshot.rows("outcomes_page", {"after": after, "limit": DUMP_PAGE_OUTCOMES_OF})
            if page:
                after = page[-1][0]
                lines = [line for _, outcomes in page for one in decode_outcomes(outcomes) for line in self._line(one)]
                count += len(lines)
                yield b"".join(lines)
            if len(page) < DUMP_PAGE_OUTCOMES_OF:
                yield _ENCODE({"end": True, "count": count}) + b"\n"
                return

    def _line(self, one: CountedOutcome) -> Iterator[bytes]:
        until = one.shown_until(self._today)
        if until is not None:
            ends_on = None if until == date.max else until
            line = OutcomeLine(
                one.entry, one.effective_on, one.case_closed, one.outcome, one.reply, one.corrected, ends_on
            )
            yield _ENCODE(line) + b"\n"
