"""Attachments of an enterprise's entries: scans, reports, narratives. Only that they are there is in the log.

An attachment is named by a random id and by SHA-256 over a salt and its content. The content lies encrypted beside the
book (`ledger/store/attachments.py`); once key and salt are destroyed, nothing in the log lets anybody guess it.
What may be said is in `ledger/domain/rules/attachment.py`.
"""

from __future__ import annotations

from typing import Final, Protocol

from immutables import Map
from msgspec import Struct
from msgspec.structs import replace

from ledger.domain.events.attachment import AttachmentAdded, AttachmentErased
from ledger.domain.events.base import Recorded
from ledger.domain.state.slot import Slot, only_open
from ledger.domain.state.step import in_slot

__all__ = ["ATTACHMENTS", "STEPS", "Attachment", "AttachmentIndex", "added", "erased", "is_erased"]


class Attachment(Struct, frozen=True, gc=False):
    """The `AttachmentAdded` at `index`, by `issuer`; `erased_by` is the entry that erased it."""

    index: int
    entry: int
    commitment: str
    media_type: str
    size_bytes: int
    issuer: str
    erased_by: int | None = None


class AttachmentIndex(Struct, frozen=True):
    """By id, and the ids by the entry that they belong to."""

    by_id: Map[str, Attachment] = Map()
    by_entry: Map[int, tuple[str, ...]] = Map()


class _Record(Protocol):
    @property
    def erased(self) -> Map[int, int]: ...


def added(state: AttachmentIndex, at: Recorded, event: AttachmentAdded) -> AttachmentIndex:
    one = Attachment(at.index, event.entry, event.commitment, event.media_type, event.size_bytes, at.issuer)
    ids = (*state.by_entry.get(event.entry, ()), event.attachment)
    return AttachmentIndex(state.by_id.set(event.attachment, one), state.by_entry.set(event.entry, ids))


def erased(state: AttachmentIndex, at: Recorded, event: AttachmentErased) -> AttachmentIndex:
    one = replace(state.by_id[event.attachment], erased_by=at.index)
    return replace(state, by_id=state.by_id.set(event.attachment, one))


def is_erased(record: _Record, one: Attachment) -> bool:
    """Whether it was erased by itself or with the body of its entry."""
    return one.erased_by is not None or one.entry in record.erased


ATTACHMENTS: Final = Slot("attachments", AttachmentIndex(), forget=only_open)

STEPS: Final = (
    in_slot(ATTACHMENTS, AttachmentAdded, added),
    in_slot(ATTACHMENTS, AttachmentErased, erased),
)
