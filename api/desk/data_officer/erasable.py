"""What could be erased of an enterprise, and how each of it stands by the rules of registration: bodies behind entries,
attachments, public annexes, and the legal holds on them.

Whether a body may be erased is asked of the very rule that will judge the erasure, as of now.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import urlencode

from msgspec.structs import replace

from api.desk.regulator.event_rows import event_type_word
from api.desk.roles import Officer
from api.pages.words import Word
from api.service.service import Service
from ledger.domain.events.repudiation import BodyErased
from ledger.domain.rules.catalogue import SPECS
from ledger.domain.rules.spec import Context
from ledger.domain.state.annex import TAKEN_DOWN
from ledger.domain.state.attachment import ATTACHMENTS, is_erased
from ledger.domain.state.declaration import STANDARDS, naming_annex
from ledger.domain.state.legal_hold import LEGAL_HOLDS, LegalHold, require_no_hold
from ledger.domain.state.record import EnterpriseRecord
from ledger.errors import Refused

__all__ = ["BodyRow", "Erasable", "FileRow", "HoldRow", "bodies_of", "files_of", "holds_of"]

_FREE: Final = Word("现在可以删除", "may be erased now", "watch")
_BACK: Final = "/desk/erasures"


class BodyRow(NamedTuple):
    """A body behind an entry. `act` is the address of what can be said about it, "" for nothing; `hold` likewise of a
    hold to be placed on it."""

    entry: int
    word: Word
    state: Word
    act: str
    hold: str


class FileRow(NamedTuple):
    """An attachment of, or an annex named by, an entry; `name` is its id or SHA-256."""

    name: str
    entry: int
    media_type: str | None
    size_bytes: int | None
    state: Word
    act: str


class HoldRow(NamedTuple):
    """A legal hold; `release` is the address of its end, "" where it is over."""

    hold: LegalHold
    state: Word
    release: str


@dataclass(frozen=True, slots=True)
class Erasable:
    """An enterprise's record, and the place and the officer by whom something about it would be said now."""

    record: EnterpriseRecord
    context: Context

    @classmethod
    def now(cls, service: Service, officer: Officer, record: EnterpriseRecord) -> Erasable:
        """As of now, by this officer."""
        at = service.clock()
        context = Context(
            index=service.feed.size(),
            recorded_at=at,
            today=service.today(),
            iat=at,
            subject=record.subject,
            issuer=officer.party,
            kid=officer.session.kid,
            officer=officer.officer,
            roles=officer.roles,
            sealed=False,
            commitment=None,
            statement_id=bytes(32),
            governance=service.governance,
        )
        return cls(record, context)

    def form(self, kind: str, **fields: object) -> str:
        """The form of an act about this enterprise, filled in, which leads back here."""
        subject = {"subject": self.record.subject}
        return f"/desk/act/{kind}?{urlencode({**subject, **fields, 'back': f'{_BACK}?{urlencode(subject)}'})}"

    def judged(self, event: BodyErased) -> Refused | None:
        """Why the book would not take this event now; None: it would."""
        try:
            SPECS["BodyErased"].decide(self.record, event, self.context)
        except Refused as error:
            return error
        return None


def bodies_of(asked: Erasable, before: int | None, limit: int) -> tuple[Sequence[BodyRow], int | None]:
    """The newest bodies of entries before `before`, and the entry before which the next page begins."""
    record = asked.record
    entries = sorted((at for at, ref in record.entries.items() if ref.has_body or at in record.erased), reverse=True)
    found = [at for at in entries if before is None or at < before]
    rows = [_body(asked, at) for at in found[:limit]]
    return rows, found[limit - 1] if len(found) > limit else None


def _body(asked: Erasable, entry: int) -> BodyRow:
    record = asked.record
    kind = record.entries[entry].type
    word = event_type_word(kind or "sealed")
    erased_by = record.erased.get(entry)
    if erased_by is not None:
        return BodyRow(entry, word, _gone(erased_by), "", "")
    hold = asked.form("LegalHoldPlaced", entry=entry)
    event = BodyErased(v=1, effective_on=asked.context.today, entry=entry, ground="-")
    act = asked.form("BodyErased", entry=entry)
    refused = asked.judged(event)
    if refused is not None and refused.rule == "erasure.last_on_record":
        act = asked.form("BodyErased", entry=entry, on_record="true")  # that there was something stays known
        refused = asked.judged(replace(event, on_record=True))
    if refused is None:
        return BodyRow(entry, word, _FREE, act, hold)
    return BodyRow(entry, word, Word(refused.zh, refused.en, "closed"), "", hold)


def files_of(asked: Erasable) -> tuple[Sequence[FileRow], Sequence[FileRow]]:
    """Attachments, and annexes, the newest first."""
    return list(_attachments(asked)), list(_annexes(asked))


def _attachments(asked: Erasable) -> Iterator[FileRow]:
    found = ATTACHMENTS.of(asked.record).by_id
    for name, one in sorted(found.items(), key=lambda item: item[1].index, reverse=True):
        if is_erased(asked.record, one):
            state, act = _gone(one.erased_by if one.erased_by is not None else asked.record.erased[one.entry]), ""
        else:
            state, act = _held(asked, [one.entry], asked.form("AttachmentErased", attachment=name))
        yield FileRow(name, one.entry, one.media_type, one.size_bytes, state, act)


def _annexes(asked: Erasable) -> Iterator[FileRow]:
    versions = [one for found in STANDARDS.of(asked.record).declared.values() for one in found.versions]
    named = {one.annex: one.index for one in sorted(versions, key=lambda one: one.index) if one.annex is not None}
    for digest, entry in sorted(named.items(), key=lambda item: item[1], reverse=True):
        taken_down = TAKEN_DOWN.of(asked.record).get(digest)
        if taken_down is not None:
            state, act = _gone(taken_down), ""
        else:
            entries = naming_annex(asked.record, digest)
            state, act = _held(asked, entries, asked.form("AnnexTakenDown", annex=digest))
        yield FileRow(digest, entry, None, None, state, act)


def _held(asked: Erasable, entries: Sequence[int], act: str) -> tuple[Word, str]:
    try:
        for entry in entries:
            require_no_hold(asked.record, entry)
    except Refused as error:
        return Word(error.zh, error.en, "closed"), ""
    return _FREE, act


def holds_of(asked: Erasable) -> Sequence[HoldRow]:
    """The enterprise's holds, the newest first."""
    return [
        _hold(one, asked.form("LegalHoldReleased", hold=one.index))
        for one in sorted(LEGAL_HOLDS.of(asked.record).values(), key=lambda one: one.index, reverse=True)
    ]


def _hold(one: LegalHold, release: str) -> HoldRow:
    if one.released_by is not None:
        return HoldRow(one, Word(f"已由第 {one.released_by} 条记录解除", f"released by entry {one.released_by}"), "")
    return HoldRow(one, Word("有效", "in force", "watch"), release)


def _gone(by: int) -> Word:
    return Word(f"已由第 {by} 条记录删除", f"erased by entry {by}", "good")
