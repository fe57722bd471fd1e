"""Attachments of an enterprise's entries: scans, reports, narratives. Only that they are there is in the log.

An attachment is named by a random id and by SHA-256 over a salt and its content. The content lies encrypted beside the
book (`ledger/store/attachments.py`); once key and salt are destroyed, nothing in the log lets anybody guess it.
What may be said is in `attachment_rules.py`.
"""

from __future__ import annotations

from typing import Annotated, Literal, Protocol

from immutables import Map
from msgspec import Meta, Struct
from msgspec.structs import replace

from ledger.domain.event import Digest, EntryIndex, Event, Line, Recorded
from ledger.limits import ATTACHMENT_BYTES_MAX

__all__ = [
    "Attachment",
    "AttachmentAdded",
    "AttachmentErased",
    "AttachmentId",
    "Attachments",
    "MediaType",
    "added",
    "erased",
    "is_erased",
]

AttachmentId = Annotated[str, Meta(pattern="^[0-9a-f]{32}\\Z")]
MediaType = Literal[
    "application/pdf",
    "image/png",
    "image/jpeg",
    "text/plain",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
]


class AttachmentAdded(Event, frozen=True, kw_only=True, tag="AttachmentAdded"):
    """An attachment that was uploaded before belongs to the entry `entry` of this stream.

    `commitment` is SHA-256 over a random salt of 32 bytes and the content, `size_bytes` the content's length.
    """

    attachment: AttachmentId
    commitment: Digest
    media_type: MediaType
    size_bytes: Annotated[int, Meta(ge=1, le=ATTACHMENT_BYTES_MAX)]
    entry: EntryIndex


class AttachmentErased(Event, frozen=True, kw_only=True, tag="AttachmentErased"):
    """A data officer had key and salt of an attachment destroyed, and with them its content; no proof changes."""

    attachment: AttachmentId
    ground: Line


class Attachment(Struct, frozen=True, gc=False):
    """The `AttachmentAdded` at `index`, by `issuer`; `erased_by` is the entry that erased it."""

    index: int
    entry: int
    commitment: str
    media_type: str
    size_bytes: int
    issuer: str
    erased_by: int | None = None


class Attachments(Struct, frozen=True):
    """By id, and the ids by the entry that they belong to."""

    by_id: Map[str, Attachment] = Map()
    by_entry: Map[int, tuple[str, ...]] = Map()


class _Record(Protocol):
    @property
    def erased(self) -> Map[int, int]: ...


def added(state: Attachments, at: Recorded, event: AttachmentAdded) -> Attachments:
    one = Attachment(at.index, event.entry, event.commitment, event.media_type, event.size_bytes, at.issuer)
    ids = (*state.by_entry.get(event.entry, ()), event.attachment)
    return Attachments(state.by_id.set(event.attachment, one), state.by_entry.set(event.entry, ids))


def erased(state: Attachments, at: Recorded, event: AttachmentErased) -> Attachments:
    one = replace(state.by_id[event.attachment], erased_by=at.index)
    return replace(state, by_id=state.by_id.set(event.attachment, one))


def is_erased(record: _Record, one: Attachment) -> bool:
    """Whether it was erased by itself or with the body of its entry."""
    return one.erased_by is not None or one.entry in record.erased
