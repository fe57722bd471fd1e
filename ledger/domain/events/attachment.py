"""Attachments of an enterprise's entries: scans, reports, narratives. Only that they are there is in the log.

An attachment is named by a random id and by SHA-256 over a salt and its content. The content lies encrypted beside the
book (`ledger/store/attachments.py`); once key and salt are destroyed, nothing in the log lets anybody guess it.
What may be said is in `ledger/domain/rules/attachment.py`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ledger.domain.events.base import Digest, EntryIndex, Event, Line
from ledger.limits import ATTACHMENT_BYTES_MAX

__all__ = ["AttachmentAdded", "AttachmentErased", "AttachmentId", "MediaType"]

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
