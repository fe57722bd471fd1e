"""Complaint files in `desk.complaint_files`: ciphertext, and the columns that work lists are made by.

The key of a file is made before its row and destroyed before its content: a crash in between leaves a key that no row
needs, or a content that nobody can read; `erase_due` goes over those again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal, NamedTuple

from ledger.errors import Busy
from ledger.limits import COMPLAINT_FILES_OPEN_MAX, COMPLAINTS_PAGE_MAX
from ledger.store.array_parameters import Texts
from ledger.store.complaint_encryption import decrypt_file, encrypt_file
from ledger.store.connect import Database
from ledger.store.key_folder import KeyFolder

__all__ = ["ComplaintFilter", "ComplaintRow", "ComplaintSort", "DeskComplaints", "NewComplaint"]

ComplaintSort = Literal["due", "received", "-received"]
_NEVER: Final = date.max
_ERASED_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class ComplaintRow:
    """A row without its content. `due_on` None: nothing is due. `erased`: only what is here is left of the file."""

    number: str
    case_id: bytes
    body: str
    subject: str | None
    holder: str | None
    stage: str
    suspended: bool
    due_on: date | None
    received_on: date
    closed_on: date | None
    entry: int | None
    version: int
    erased: bool
    key: int = 0  # its place in the order that a list was asked for


class NewComplaint(NamedTuple):
    """What a file begins with. `secret_hash`: SHA-256 of the complainant's secret."""

    row: ComplaintRow
    secret_hash: bytes
    content: bytes


@dataclass(frozen=True, slots=True)
class ComplaintFilter:
    """Of one body. None: all; `holder` "": those that nobody has; `due_until`: due on that day or before."""

    body: str
    stages: tuple[str, ...] | None = None
    holder: str | None = None
    subject: str | None = None
    due_until: date | None = None


class DeskComplaints:
    """Every method may raise `Unavailable`. Thread-safe."""

    def __init__(self, database: Database, *, open_max: int = COMPLAINT_FILES_OPEN_MAX) -> None:
        self._database = database
        self._open_max = open_max

    def begin(self, new: NewComplaint, keys: KeyFolder, at: int) -> None:
        """Durable on return, with the notice to the complainant. Raises `Busy` where the body has too many."""
        secret = keys.make(new.row.case_id.hex())
        content = encrypt_file(secret, new.row.case_id, new.row.version, new.content)
        given = {"secret_hash": new.secret_hash, "content": content, "most": self._open_max, "at": at}
        if not self._database.execute("complaint_begin", {**_params(new.row), **given}):
            keys.destroy(new.row.case_id.hex())
            raise Busy("the desk for complaints", retry_after_seconds=3_600)

    def get(self, number: str) -> ComplaintRow | None:
        rows = self._database.fetch("complaint_get", (number,))
        return _row(rows[0]) if rows else None

    def contents(self, rows: Sequence[ComplaintRow], keys: KeyFolder) -> dict[str, bytes]:
        """What files hold, by number; those that are erased, or changed since their row was read, are left out.

        Raises `Corrupted` for what was not encrypted for this case and version.
        """
        there = {row.number: row for row in rows if not row.erased}
        found = {}
        for number, version, stored in self._database.fetch("complaint_contents", (Texts(there),)) if there else ():
            row = there[number]
            secret = keys.get(row.case_id.hex())
            if version == row.version and secret is not None:
                found[number] = decrypt_file(secret, row.case_id, version, stored)
        return found

    def secret_hash(self, number: str) -> bytes | None:
        """Of the complainant's secret; None where there is no such file, or it is erased."""
        rows = self._database.fetch("complaint_secret", (number,))
        return rows[0][0] if rows else None

    def save(self, row: ComplaintRow, content: bytes, keys: KeyFolder, *, at: int, tells: bool) -> bool:
        """Put `row`, one version after the stored one, in its place; durable on return, and so is the notice to the
        complainant if the step `tells`. False where another was faster, or it is erased: then nothing is changed."""
        secret = keys.get(row.case_id.hex())
        if secret is None:
            return False
        encrypted = encrypt_file(secret, row.case_id, row.version, content)
        return bool(
            self._database.execute("complaint_save", {**_params(row), "content": encrypted, "at": at, "tells": tells})
        )

    def reschedule(self, row: ComplaintRow, due_on: date | None) -> None:
        """Note another deadline of a file whose steps are the same: a calendar was published."""
        params = {"number": row.number, "version": row.version, "due_on": due_on or _NEVER}
        self._database.execute("complaint_reschedule", params)

    def list(
        self,
        wanted: ComplaintFilter,
        *,
        sort: ComplaintSort = "due",
        after: tuple[int, str] | None = None,
        limit: int = COMPLAINTS_PAGE_MAX,
    ) -> Sequence[ComplaintRow]:
        """In this order, from after `after` (key and number of the last one of the previous page)."""
        key, number = after or (-(2**31), "")
        params = {
            "body": wanted.body,
            "stages": None if wanted.stages is None else Texts(wanted.stages),
            "holder": wanted.holder,
            "subject": wanted.subject,
            "due_until": wanted.due_until,
            "sort": sort,
            "after_key": key,
            "after_number": number,
            "limit": limit,
        }
        return [_row(row) for row in self._database.fetch("complaint_list", params)]

    def near(self, row: ComplaintRow, days: int, limit: int) -> Sequence[ComplaintRow]:
        """Others of the same body about the same enterprise, received within so many days of it, the nearest first."""
        params = {"number": row.number, "body": row.body, "subject": row.subject, "on": row.received_on}
        return [
            _row(found) for found in self._database.fetch("complaint_near", {**params, "days": days, "limit": limit})
        ]

    def erase_due(self, closed_until: date, keys: KeyFolder) -> int:
        """Erase what was closed on that day or before: its key first, then content and secret; how many were."""
        count = 0
        while rows := self._database.fetch("complaints_to_erase", {"until": closed_until, "limit": _ERASED_AT_ONCE}):
            for number, case_id in rows:
                keys.destroy(case_id.hex())
                self._database.execute("complaint_erase", (number,))
                count += 1
        return count


def _params(row: ComplaintRow) -> dict[str, Any]:
    return {
        "number": row.number,
        "case_id": row.case_id,
        "body": row.body,
        "subject": row.subject,
        "holder": row.holder,
        "stage": row.stage,
        "suspended": row.suspended,
        "due_on": row.due_on or _NEVER,
        "received_on": row.received_on,
        "closed_on": row.closed_on,
        "entry": row.entry,
        "version": row.version,
    }


def _row(found: tuple[Any, ...]) -> ComplaintRow:
    number, case_id, body, subject, holder, stage, suspended, due_on, *rest = found
    return ComplaintRow(
        number, case_id, body, subject, holder, stage, suspended, None if due_on == _NEVER else due_on, *rest
    )
