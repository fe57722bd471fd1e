"""Files that a statement names, at its admission: each is here, and is what the statement says of it.

Public annexes (`ledger/store/annexes.py`) may be anybody's; attachments (`ledger/store/attachments.py`) are those that
the very party uploaded that names them. What type a file has is told by `ledger/domain/values/media_types.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ledger.domain.events.attachment import AttachmentAdded
from ledger.domain.events.base import Annex
from ledger.errors import Refused
from ledger.store.annexes import AnnexKept
from ledger.store.attachments import StoredAttachment

__all__ = ["MissingAnnex", "MissingAttachment", "require_annexes", "require_upload"]

_TEXTS: Final = frozenset(("text/plain", "text/csv"))  # no content tells one from the other


class MissingAnnex(Refused):
    """These annexes (SHA-256) must be uploaded before the statement that names them."""

    def __init__(self, digests: Sequence[bytes]) -> None:
        super().__init__(
            "annex.missing",
            "缺少附件：请先上传附件",
            "an annex is missing: upload it before the statement",
            ", ".join(digest.hex() for digest in digests),
        )
        self.digests = tuple(digests)


def require_annexes(named: Sequence[Annex], known: Mapping[bytes, AnnexKept]) -> None:
    """Every annex that a statement names is here, as it names it. Raises `MissingAnnex`, `Refused`."""
    missing = [digest for annex in named if (digest := bytes.fromhex(annex.sha256)) not in known]
    if missing:
        raise MissingAnnex(missing)
    for annex in named:
        kept = known[bytes.fromhex(annex.sha256)]
        if kept.bytes != annex.bytes:
            raise Refused(
                "annex.length",
                f"附件长度与声明不符：实为 {kept.bytes} 字节",
                f"the annex has another length than the statement says: {kept.bytes} bytes",
                str(annex.bytes),
            )
        if annex.media_type != kept.media_type and not {annex.media_type, kept.media_type} <= _TEXTS:
            raise Refused(
                "annex.other_type",
                f"附件类型与声明不符：实为 {kept.media_type}",
                f"the annex is of another type than the statement says: {kept.media_type}",
                annex.media_type,
            )


class MissingAttachment(Refused):
    """The attachment with this `id` (16 bytes) must be uploaded by the issuer before the statement that names it."""

    def __init__(self, id_: bytes) -> None:
        super().__init__(
            "attachment.not_uploaded",
            "该单位没有上传这份附件：请先上传，再登记",
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
