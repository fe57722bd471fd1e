"""What lies beside the entries in a database, table by table: vault, annexes, attachments, accesses, migrations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import count, islice
from typing import Any, Final, LiteralString

from psycopg import Connection
from psycopg.rows import tuple_row
from psycopg.sql import SQL, Composed, Identifier

from ledger.audit.disk_index import BUCKETS, DiskIndex
from ledger.audit.findings import Findings
from ledger.audit.governance_timeline import Timeline
from ledger.audit.replay_rules import AnnexNamed, AttachmentNamed
from ledger.audit.sources.source import AnnexFound, AuditSource
from ledger.domain.state.access_log import Access, day_digest
from ledger.domain.values.dates import shanghai_date
from ledger.store.access_log import ACCESS_COLUMNS
from ledger.store.migrate import shipped

__all__ = ["check_annexes", "check_tables"]

_KEYS: Final[dict[str, tuple[str, ...]]] = {
    "vault": ("leaf_index",),
    "annexes": ("digest",),
    "attachments": ("id",),
    "accesses": ("number",),
    "cosignatures": ("tree_size", "name", "key_id"),
    "migrations": ("number",),
}
_ATTACHMENTS_AT_ONCE: Final = 1_000
_numbers = count(1)
_SEAL_BYTES: Final = 12 + 16  # nonce and tag of AES-GCM around an attachment's content


def check_annexes(
    source: AuditSource, named: DiskIndex[AnnexNamed], gone: Mapping[bytes, int], findings: Findings
) -> None:
    """Every annex that an entry names against every one that is kept; of a published source, against what it serves.

    `gone`: those that were taken down, by which entry: they are not there any more.
    """
    with DiskIndex(AnnexFound) as kept:
        if source.tables:
            for found in source.annexes(()):
                kept.put(found.digest, found)
        for number in range(BUCKETS):
            first: dict[bytes, AnnexNamed] = {}
            for one in named.bucket(number):
                other = first.get(one.digest)
                if other is None or one.index < other.index:
                    first[one.digest] = one
            kept_here = kept.bucket(number) if source.tables else source.annexes(sorted(first))
            _annexes(first, gone, kept_here, findings, rows_stay=source.tables)


def _annexes(
    first: Mapping[bytes, AnnexNamed],
    gone: Mapping[bytes, int],
    kept: Iterable[AnnexFound],
    findings: Findings,
    *,
    rows_stay: bool,
) -> None:
    """`rows_stay`: of what was taken down, a row is left."""
    seen: set[bytes] = set()
    for found in kept:
        row = f"ledger.annexes {found.digest.hex()}"
        annex = first.get(found.digest)
        if annex is None:
            findings.add("annex.unknown", row=row)
            continue
        by = gone.get(found.digest)
        if not found.hashed and by is None:
            continue  # its row is left, and nothing says why
        seen.add(found.digest)
        if not found.hashed:
            findings.note("annex_taken_down", f"by entry {by}", entry=annex.index, row=row)
        elif by is not None:
            findings.add("annex.taken_down", f"by entry {by}", entry=annex.index, row=row)
        elif found.hashed != found.digest or found.length != annex.bytes:
            detail = f"SHA-256 {found.hashed.hex()}, {found.length} bytes"
            findings.add("annex.altered", detail, entry=annex.index, row=row)
        if found.kept and found.media_type != annex.media_type:
            findings.add("annex.altered", f"media_type is {found.media_type}", entry=annex.index, row=row)
        if found.kept and found.index != annex.index:
            findings.add("annex.altered", f"leaf_index is {found.index}", entry=annex.index, row=row)
    for digest, annex in first.items():
        row = f"ledger.annexes {digest.hex()}"
        if digest not in seen and digest in gone and not rows_stay:
            findings.note("annex_taken_down", f"by entry {gone[digest]}", entry=annex.index, row=row)
        elif digest not in seen:
            findings.add("annex.missing", entry=annex.index, row=row)


def check_tables(
    connection: Connection[Any], timeline: Timeline, attachments: DiskIndex[AttachmentNamed], findings: Findings
) -> None:
    """Everything in the schema `ledger` that is no entry, checkpoint, cosignature, tile, fact or annex."""
    _doubles(connection, findings)
    _vault(connection, findings)
    _attachments(connection, attachments, findings)
    _accesses(connection, timeline, findings)
    _migrations(connection, findings)


def _doubles(connection: Connection[Any], findings: Findings) -> None:
    for table, key in _KEYS.items():
        columns = SQL(", ").join(Identifier(column) for column in key)
        query = SQL("SELECT {columns} FROM {table} GROUP BY {columns} HAVING count(*) > 1").format(
            columns=columns, table=Identifier("ledger", table)
        )
        for row in _rows(connection, query):
            findings.add("table.double", row=_name(table, row), entry=row[0] if table == "vault" else None)


def _vault(connection: Connection[Any], findings: Findings) -> None:
    query = SQL(
        "SELECT v.leaf_index, v.commitment FROM ledger.vault v WHERE v.leaf_index IS NULL OR NOT EXISTS "
        "(SELECT FROM ledger.entries e WHERE e.notification_id = v.leaf_index + 1)"
    )
    for index, commitment in _rows(connection, query):
        findings.add("body.unknown", (commitment or b"").hex(), entry=index, row=f"ledger.vault {index}")


def _attachments(connection: Connection[Any], named: DiskIndex[AttachmentNamed], findings: Findings) -> None:
    for number in range(BUCKETS):
        rest = named.bucket(number)
        while some := list(islice(rest, _ATTACHMENTS_AT_ONCE)):
            _some_attachments(connection, {one.id: one for one in some}, findings)


def _some_attachments(connection: Connection[Any], expected: Mapping[str, AttachmentNamed], findings: Findings) -> None:
    seen: set[str] = set()
    query = SQL(
        "SELECT encode(id, 'hex'), encode(commitment, 'hex'), media_type, size_bytes, party, octet_length(ciphertext) "
        "FROM ledger.attachments WHERE id = ANY (%s)"
    )
    for name, commitment, media_type, size, party, length in _rows(
        connection, query, [bytes.fromhex(name) for name in expected]
    ):
        one = expected[name]
        seen.add(one.id)
        where: dict[str, Any] = {
            "entry": one.index,
            "subject": one.subject,
            "row": f"ledger.attachments {name}",
        }
        if (commitment, media_type, size, party) != (one.commitment, one.media_type, one.size_bytes, one.issuer):
            findings.add("attachment.altered", f"{commitment}, {media_type}, {size} bytes, {party}", **where)
        if length is None and not one.erased:
            findings.add("attachment.missing", "its ciphertext is gone", **where)
        elif length is not None and one.erased:
            findings.add("attachment.not_erased", **where)
        elif length is not None and length != one.size_bytes + _SEAL_BYTES:
            findings.add("attachment.altered", f"{length} bytes of ciphertext", **where)
    for one in expected.values():
        if one.id not in seen:
            row = f"ledger.attachments {one.id}"
            findings.add("attachment.missing", entry=one.index, subject=one.subject, row=row)


def _accesses(connection: Connection[Any], timeline: Timeline, findings: Findings) -> None:
    number = 0
    for found, at, day in _rows(connection, SQL("SELECT number, at, day FROM ledger.accesses ORDER BY number")):
        number += 1
        if found != number:
            findings.add("access.order", f"{found} comes as number {number}", row=f"ledger.accesses {found}")
            number = found if found is not None and found > number else number
        if at is None or day != shanghai_date(at):
            findings.add("access.order", f"day {day} of time {at}", row=f"ledger.accesses {found}")
    columns = SQL(", ").join(Identifier(column) for column in ACCESS_COLUMNS)
    query = SQL("SELECT {} FROM ledger.accesses WHERE day = %s ORDER BY number").format(columns)
    for index, event in timeline.digests:
        accesses = _accesses_of(connection, query, event.day)
        digest, count = day_digest(event.day, event.previous, accesses)
        if (digest, count) != (event.digest, event.count):
            detail = f"{count} accesses with digest {digest}, published were {event.count} with {event.digest}"
            findings.add("access.digest", f"{event.day}: {detail}", entry=index, row=f"ledger.accesses {event.day}")


def _accesses_of(connection: Connection[Any], query: Composed, day: date) -> Iterator[Access]:
    for row in _rows(connection, query, day):
        given: Mapping[str, Any] = dict(zip(ACCESS_COLUMNS, row, strict=True))
        yield Access(**given)


def _migrations(connection: Connection[Any], findings: Findings) -> None:
    known = {one.number: (one.name, one.sha256) for one in shipped()}
    applied: set[int] = set()
    for number, name, digest in _rows(connection, SQL("SELECT number, name, sha256 FROM ledger.migrations")):
        applied.add(number)
        if known.get(number) != (name, digest):
            findings.add("schema.migrations", f"{number} {name} {digest}", row=f"ledger.migrations {number}")
    for number in known.keys() - applied:
        findings.add("schema.migrations", "not applied", row=f"ledger.migrations {number}")


def _rows(
    connection: Connection[Any], query: SQL | Composed | LiteralString, *given: object
) -> Iterator[tuple[Any, ...]]:
    """Streamed through a cursor of the server: a table may be longer than memory."""
    with connection.cursor(f"audit_tables_{next(_numbers)}", row_factory=tuple_row) as cursor:
        yield from cursor.execute(query, given, binary=True)


def _name(table: str, key: tuple[Any, ...]) -> str:
    said = (value.hex() if isinstance(value, bytes) else str(value) for value in key)
    return f"ledger.{table} {' '.join(said)}"
