"""The public feed, all current standings and public outcomes of complaints as Parquet, by log and month, for whoever
counts over the whole book.

events/log=ORIGIN/month=2026-11/entries.parquet          entries recorded in that month (Asia/Shanghai), in log order
standings/log=ORIGIN/month=2026-11/2026-11-28.parquet    the standings of a day
outcomes/log=ORIGIN/month=2026-11/2026-11-28.parquet     the outcomes that are public on it

The names are those of the open data (NDJSON); whole documents are JSON. Needs pyarrow, an optional extra: import this
module where somebody asked for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from datetime import date, datetime, timedelta, timezone
from itertools import groupby, islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import Struct

from ledger.errors import Malformed
from ledger.limits import PARQUET_ROWS_AT_ONCE

__all__ = ["write_events", "write_outcomes", "write_standings"]

_SHANGHAI: Final = timezone(timedelta(hours=8))
_TIME: Final = pa.timestamp("s", tz="UTC")
_EVENTS: Final = pa.schema(
    [
        ("entry", pa.int64()),
        ("subject", pa.string()),
        ("version", pa.int64()),
        ("type", pa.string()),
        ("issuer", pa.string()),
        ("kid", pa.string()),
        ("issued_at", _TIME),
        ("recorded_at", _TIME),
        ("statement_id", pa.string()),
        ("sealed", pa.bool_()),
        ("disputed", pa.bool_()),
        ("event", pa.string()),
        ("closed", pa.string()),
    ]
)
_NEEDS: Final = ("live_public_pledge", "period_kept_in_full", "replies_in_time")
_STANDINGS: Final = pa.schema(
    [
        ("subject", pa.string()),
        ("level", pa.string()),
        ("reasons", pa.list_(pa.string())),
        ("closed_entries", pa.int64()),
        ("repaired_entries", pa.int64()),
        ("good_needs", pa.struct([(name, pa.bool_()) for name in _NEEDS])),
        ("as_of", pa.date32()),
        ("tree_size", pa.int64()),
        ("standing", pa.string()),
    ]
)


_OUTCOMES: Final = pa.schema(
    [
        ("entry", pa.int64()),
        ("effective_on", pa.date32()),
        ("case_closed", pa.string()),
        ("outcome", pa.string()),
        ("reply", pa.string()),
        ("corrected", pa.bool_()),
        ("shown_until", pa.date32()),
        ("as_of", pa.date32()),
        ("tree_size", pa.int64()),
    ]
)


class _Said(Struct):
    """What is needed of an event; the whole of it stays JSON."""

    type: str


class _Entry(Struct):
    """A line of the feed."""

    entry: int
    subject: str
    version: int
    issuer: str
    kid: str
    issued_at: datetime
    recorded_at: datetime
    statement_id: str
    sealed: bool
    disputed: bool = False
    event: msgspec.Raw = msgspec.Raw()
    closed: msgspec.Raw = msgspec.Raw()

    @property
    def month(self) -> str:
        return f"{self.recorded_at.astimezone(_SHANGHAI):%Y-%m}"


class _DumpLine(Struct):
    """A line of a dump. The first line has `as_of` and `tree_size` alone, the last one `end`."""

    as_of: str = ""
    tree_size: int = 0
    end: bool = False
    count: int = 0


class _Standing(_DumpLine):
    """A line of all standings."""

    subject: str = ""
    level: str = ""
    reasons: list[msgspec.Raw] = []
    closed_entries: int = 0
    repaired_entries: int = 0
    good_needs: dict[str, bool | None] = {}


class _Outcome(_DumpLine):
    """A line of all outcomes."""

    entry: int = -1
    effective_on: date | None = None
    case_closed: str = ""
    outcome: str = ""
    reply: str = ""
    corrected: bool = False
    shown_until: date | None = None


def write_events(lines: Iterable[bytes], origin: str, folder: Path) -> int:
    """The lines of a feed, in log order; how many. Raises `Malformed`."""
    count = 0
    for month, entries in groupby(_decoded(lines, _Entry), key=lambda one: one.month):
        place = _place(folder, "events", origin, month) / "entries.parquet"
        if place.exists():
            raise Malformed(f"the feed comes back to {month}: entries are not in the order of their recording")
        count += _write(place, _EVENTS, map(_event_row, entries))
    return count


def write_standings(lines: Iterable[bytes], origin: str, folder: Path) -> int:
    """The lines of `/v1/standings.ndjson`; how many standings. Raises `Malformed`, also where the end is missing."""
    return _write_dump(lines, _Standing, (folder, "standings", origin), _STANDINGS, _standing_row)


def write_outcomes(lines: Iterable[bytes], origin: str, folder: Path) -> int:
    """The lines of `/v1/outcomes.ndjson`; how many outcomes. Raises `Malformed`, also where the end is missing."""
    return _write_dump(lines, _Outcome, (folder, "outcomes", origin), _OUTCOMES, _outcome_row)


def _write_dump(
    lines: Iterable[bytes],
    kind: type[_DumpLine],
    into: tuple[Path, str, str],
    schema: pa.Schema,
    row: Callable[[Any, bytes], dict[str, Any]],
) -> int:
    source = iter(lines)
    head = next(_decoded(source, kind), None)
    if head is None or not head.as_of:
        raise Malformed(f"the dump of {into[1]} does not say of which day it is")
    place = _place(*into, head.as_of[:7]) / f"{head.as_of}.parquet"
    of_day = {"as_of": date.fromisoformat(head.as_of), "tree_size": head.tree_size}
    return _write(place, schema, (row(one, line) | of_day for one, line in _to_the_end(source, kind, into[1])))


def _to_the_end(lines: Iterable[bytes], kind: type[_DumpLine], what: str) -> Iterator[tuple[_DumpLine, bytes]]:
    for count, line in enumerate(lines):
        (one,) = _decoded([line], kind)
        if one.end:
            if one.count != count:
                raise Malformed(f"the dump counts {one.count} {what} and has {count}")
            return
        yield one, line
    raise Malformed(f"the dump of {what} broke off before its end: try again")


def _standing_row(one: _Standing, line: bytes) -> dict[str, Any]:
    return {
        "subject": one.subject,
        "level": one.level,
        "reasons": [bytes(reason).decode() for reason in one.reasons],
        "closed_entries": one.closed_entries,
        "repaired_entries": one.repaired_entries,
        "good_needs": {name: one.good_needs.get(name) for name in _NEEDS},
        "standing": line.decode(),
    }


def _outcome_row(one: _Outcome, line: bytes) -> dict[str, Any]:
    return {
        "entry": one.entry,
        "effective_on": one.effective_on,
        "case_closed": one.case_closed,
        "outcome": one.outcome,
        "reply": one.reply,
        "corrected": one.corrected,
        "shown_until": one.shown_until,
    }


def _event_row(one: _Entry) -> dict[str, Any]:
    event, closed = bytes(one.event), bytes(one.closed)
    return {
        "entry": one.entry,
        "subject": one.subject,
        "version": one.version,
        "type": msgspec.json.decode(event, type=_Said).type if event else None,
        "issuer": one.issuer,
        "kid": one.kid,
        "issued_at": one.issued_at,
        "recorded_at": one.recorded_at,
        "statement_id": one.statement_id,
        "sealed": one.sealed,
        "disputed": one.disputed,
        "event": event.decode() or None,
        "closed": closed.decode() or None,
    }


def _write(place: Path, schema: pa.Schema, rows: Iterator[dict[str, Any]]) -> int:
    """So many rows at once are in memory."""
    count = 0
    with ExitStack() as stack:
        file = stack.enter_context(pq.ParquetWriter(place, schema, compression="zstd"))
        while some := list(islice(rows, PARQUET_ROWS_AT_ONCE)):
            file.write_table(pa.Table.from_pylist(some, schema=schema))
            count += len(some)
    return count


def _place(folder: Path, what: str, origin: str, month: str) -> Path:
    place = folder / what / f"log={quote(origin, safe='')}" / f"month={month}"
    place.mkdir(parents=True, exist_ok=True)
    return place


def _decoded(lines: Iterable[bytes], kind: type[Any]) -> Iterator[Any]:
    decoder = msgspec.json.Decoder(kind)
    for line in lines:
        try:
            yield decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Malformed(f"a line of the service's open data is not what it should be: {error!r:.200}") from None
