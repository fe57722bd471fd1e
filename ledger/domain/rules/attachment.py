"""What may be said about attachments: of an entry that is there, a few each, erased once."""

from __future__ import annotations

from typing import Final

from ledger.domain.events.attachment import AttachmentAdded, AttachmentErased
from ledger.domain.rules.spec import Context, UniqueFact, spec
from ledger.domain.state.attachment import ATTACHMENTS, is_erased
from ledger.domain.state.legal_hold import require_no_hold
from ledger.domain.state.record import EnterpriseRecord
from ledger.errors import Refused
from ledger.limits import ATTACHMENTS_PER_ENTRY_MAX

__all__ = ["EVENTS"]

_Facts = tuple[UniqueFact, ...]
_Record = EnterpriseRecord | None


def add(record: _Record, event: AttachmentAdded, ctx: Context) -> _Facts:
    """To an entry of this stream whose content is still there; so many by each party.

    That it was uploaded by that party is looked at when the statement arrives (`ledger/registration/named_files.py`).
    """
    ref = None if record is None else record.entries.get(event.entry)
    if record is None or ref is None:
        raise Refused(
            "entry.not_in_stream",
            "该条记录不属于这家企业",
            "this entry is not in the stream of this enterprise",
            f"{event.entry} in {ctx.subject}",
        )
    if ref.type is None or event.entry in record.erased:
        raise Refused(
            "attachment.entry_closed",
            "该条记录的正文已删除，不能再附文件",
            "the body of this entry is erased: nothing can be attached to it",
            str(event.entry),
        )
    attachments = ATTACHMENTS.of(record)
    own = [one for one in attachments.by_entry.get(event.entry, ()) if attachments.by_id[one].issuer == ctx.issuer]
    if len(own) >= ATTACHMENTS_PER_ENTRY_MAX:
        raise Refused(
            "attachment.max",
            f"一个单位对一条记录最多附 {ATTACHMENTS_PER_ENTRY_MAX} 份文件",
            f"a party adds {ATTACHMENTS_PER_ENTRY_MAX} attachments to an entry at most",
            str(event.entry),
        )
    return (UniqueFact("attachment", event.attachment),)


def erase(record: _Record, event: AttachmentErased, ctx: Context) -> _Facts:
    """Of this stream, once. It changes no standing: an attachment never counts."""
    one = None if record is None else ATTACHMENTS.of(record).by_id.get(event.attachment)
    if record is None or one is None:
        raise Refused(
            "attachment.unknown",
            "该企业名下没有这份附件",
            "this enterprise has no such attachment",
            event.attachment,
        )
    if is_erased(record, one):
        raise Refused("erasure.twice", "该附件已删除", "this attachment was erased already", event.attachment)
    require_no_hold(record, one.entry)
    return ()


EVENTS: Final = (
    spec("enterprise", AttachmentAdded, ("organizer", "handling_body", "regulator", "laboratory", "self"), add),
    spec("enterprise", AttachmentErased, ("data_officer",), erase),
)
