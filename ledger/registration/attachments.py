"""Attachments of a statement at its admission: whether what it names was uploaded, by the very party that names it."""

from __future__ import annotations

from ledger.domain.events.attachment import AttachmentAdded
from ledger.errors import Refused
from ledger.store.attachments import StoredAttachment

__all__ = ["MissingAttachment", "require_upload"]


class MissingAttachment(Refused):
    """The attachment with this `id` (16 bytes) must be uploaded by the issuer before the statement that names it."""

    def __init__(self, id_: bytes) -> None:
        super().__init__(
            "attachment.not_uploaded",
            "该单位没有上传这份附件: 请先上传, 再登记",
            "this party uploaded no such attachment: upload it before the statement",
            id_.hex(),
        )
        self.id = id_


def require_upload(event: AttachmentAdded, issuer: str, stored: StoredAttachment | None) -> None:
    """The upload is there, as the statement says, and the issuer's own. Raises `MissingAttachment`, `Refused`.

    Somebody else's upload is as good as none: nobody learns of it by naming it.
    """
    if stored is None or stored.party != issuer:
        raise MissingAttachment(bytes.fromhex(event.attachment))
    named = bytes.fromhex(event.commitment), event.media_type, event.size_bytes
    if named != (stored.commitment, stored.media_type, stored.size_bytes):
        raise Refused(
            "attachment.other_upload",
            "附件的承诺值、类型或长度与所上传的不符",
            "the attachment was uploaded with another commitment, type or length than the statement says",
            event.attachment,
        )
