"""Complaint files of a running service: begun, opened, moved by steps, followed with a secret, erased when due.

What is stored is decided by `case_rules.py`; where it lies, and encrypted how, by `ledger/store/desk_complaints.py`.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from typing import Final, NamedTuple

from api.desk.complaints.case_clocks import ClockRules, next_due
from api.desk.complaints.case_file import CaseFile, advanced, begun, folded
from api.desk.complaints.case_rules import CaseSituation, require, require_first
from api.desk.complaints.case_steps import (
    AnyStep,
    CaseAccepted,
    CaseClosed,
    CaseDeclined,
    CaseForwarded,
    CaseRegistered,
    PartiesNotified,
    PartyTold,
    decode_steps,
    encode_steps,
)
from api.desk.complaints.legal_terms import terms_on
from api.service.service import Service
from ledger.domain.rules.party_conditions import usable_key
from ledger.errors import NotFound, Refused
from ledger.limits import (
    COMPLAINT_DUPLICATE_DAYS,
    COMPLAINT_DUPLICATES_MAX,
    COMPLAINT_NOTICE_WORKING_DAYS_MIN,
    COMPLAINT_RETENTION_MONTHS,
)
from ledger.store.desk_complaints import ComplaintRow, NewComplaint

__all__ = ["BegunCase", "CaseChanged", "ComplaintFiles", "OpenedCase", "erasable_until"]

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: nothing in it is read for something else
_READ_AS: Final = str.maketrans("OIL", "011", " -")
_NUMBER_CHARS: Final = 8
_SECRET_CHARS: Final = 16  # 80 bits
_USE: Final = b"credit-ledger complaint secret\n"


class CaseChanged(Exception):
    """Somebody else made a step meanwhile: nothing was done."""


class BegunCase(NamedTuple):
    """What the complainant is given, once: the secret is nowhere afterwards but with them."""

    number: str
    secret: str


@dataclass(frozen=True, slots=True)
class OpenedCase:
    """A row with what it holds; `file` is None once it is erased."""

    row: ComplaintRow
    file: CaseFile | None


class ComplaintFiles:
    """Thread-safe. Every method may raise `Unavailable`."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._store = service.store.desk_complaints
        self._keys = service.complaint_keys

    def rules(self) -> ClockRules:
        """By the book as it is now."""
        governance = self._service.governance
        policy = governance.registration_policy(self._service.today())
        days = COMPLAINT_NOTICE_WORKING_DAYS_MIN if policy is None else policy.complaint_notice_working_days
        return ClockRules(governance.calendars, days)

    def situation(self, body: str) -> CaseSituation:
        """By which steps of this body's officers are judged now."""
        return CaseSituation(self._service.today(), self.rules(), self.colleagues(body))

    def colleagues(self, body: str) -> frozenset[str]:
        """The officers of a party who may sign today."""
        governance, today, found = self._service.governance, self._service.today(), set()
        record = governance.parties.get(body)
        for kid in () if record is None else record.keys:
            try:
                found.add(usable_key(governance, kid, body, today).officer)
            except Refused:
                continue
        return frozenset(found)

    def bodies(self) -> Sequence[tuple[str, str, str]]:
        """The parties that handle complaints: id, Chinese and English name."""
        parties = self._service.governance.parties
        return sorted(
            (party, record.name_zh, record.name_en or record.name_zh)
            for party, record in parties.items()
            if "handling_body" in record.roles
        )

    def begin(self, step: CaseRegistered, body: str) -> BegunCase:
        """A new file of a body. Raises `Refused`, `Busy`."""
        require_first(step, self._service.today())
        terms_on(step.received_on)
        number, secret = _new_number(step.received_on), _drawn(_SECRET_CHARS)
        file = begun(step)
        row = self._row(ComplaintRow(number, os.urandom(16), body, *_EMPTY), file)
        self._store.begin(NewComplaint(row, _hash(secret), encode_steps(file.steps)), self._keys, step.at)
        return BegunCase(number, "-".join(secret[at : at + 4] for at in range(0, _SECRET_CHARS, 4)))

    def open(self, number: str, body: str) -> OpenedCase:
        """The file, for an officer of the body that handles it. Raises `NotFound` for anybody else's."""
        row = self._store.get(number)
        if row is None or row.body != body:
            raise NotFound("no such complaint file here")
        return self._opened(row)

    def read(self, rows: Sequence[ComplaintRow]) -> list[OpenedCase]:
        """Several at once, in their order."""
        contents = self._store.contents(rows, self._keys)
        return [
            OpenedCase(row, folded(decode_steps(contents[row.number])) if row.number in contents else None)
            for row in rows
        ]

    def follow(self, number: str, secret: str) -> OpenedCase | None:
        """The file, for whoever has its secret; None otherwise, whichever of the two is wrong."""
        number, given = number.upper().translate(_READ_AS), secret.upper().translate(_READ_AS)
        number = _spelled(number)
        kept = self._store.secret_hash(number)
        if not hmac.compare_digest(kept or bytes(32), _hash(given)) or kept is None:
            return None
        row = self._store.get(number)
        return None if row is None else self._opened(row)

    def act(self, opened: OpenedCase, version: int, step: AnyStep) -> OpenedCase:
        """The file with one more step, durable. `version` is the one that whoever acts has seen.

        Raises `CaseChanged`, `Refused`, `NotFound` for one that is erased.
        """
        if opened.file is None:
            raise NotFound("this complaint file is erased")
        if version != opened.row.version:
            raise CaseChanged
        require(opened.file, step, self.situation(opened.row.body))
        file = advanced(opened.file, step)
        row = self._row(opened.row, file)
        if not self._store.save(row, encode_steps(file.steps), self._keys, at=step.at, tells=isinstance(step, _TOLD)):
            raise CaseChanged
        return OpenedCase(row, file)

    def near(self, opened: OpenedCase) -> list[OpenedCase]:
        """Files about the same enterprise from around the same time, that may be about the same matter."""
        if opened.row.subject is None:
            return []
        return self.read(self._store.near(opened.row, COMPLAINT_DUPLICATE_DAYS, COMPLAINT_DUPLICATES_MAX))

    def mail_of(self, number: str) -> str | None:
        """The complainant's mail address, for a notice; None where there is none, or the file is erased."""
        row = self._store.get(number)
        opened = None if row is None else self.read([row])[0].file
        return None if opened is None else opened.registered.contact.email or None

    def erase_due(self) -> int:
        """Erase the files whose time is over; how many were."""
        return self._store.erase_due(erasable_until(self._service.today()), self._keys)

    def _opened(self, row: ComplaintRow) -> OpenedCase:
        (opened,) = self.read([row])
        if opened.file is not None:
            due_on = next_due(opened.file, self.rules())
            if due_on != row.due_on:  # a calendar was published, or corrected
                self._store.reschedule(row, due_on)
                return OpenedCase(replace(row, due_on=due_on), opened.file)
        return opened

    def _row(self, row: ComplaintRow, file: CaseFile) -> ComplaintRow:
        return replace(
            row,
            subject=file.subject,
            holder=file.holder,
            stage=file.stage,
            suspended=file.suspended,
            due_on=next_due(file, self.rules()),
            received_on=file.registered.received_on,
            closed_on=file.closed_on,
            entry=file.entry,
            version=file.version,
        )


#: After these steps the complainant is told that there is something to see; of what it is nothing is said by mail.
_TOLD: Final = (CaseAccepted, CaseDeclined, CaseForwarded, CaseClosed, PartiesNotified, PartyTold)
_EMPTY: Final = (None, None, "registered", False, None, date.min, None, None, 1, False)


def erasable_until(today: date) -> date:
    """What was closed on that day or before is kept no longer."""
    month = today.year * 12 + today.month - 1 - COMPLAINT_RETENTION_MONTHS
    return date(month // 12, month % 12 + 1, min(today.day, 28))


def _new_number(received_on: date) -> str:
    """Says nothing but the year; not to be guessed from another one."""
    return _spelled(f"{received_on.year}{_drawn(_NUMBER_CHARS)}")


def _spelled(plain: str) -> str:
    return f"{plain[:4]}-{plain[4:8]}-{plain[8:]}"


def _drawn(count: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(count))


def _hash(secret: str) -> bytes:
    """80 random bits need no slow hash: there is nothing to guess by."""
    return sha256(_USE + secret.encode()).digest()
