"""`/v1/attachments`: scans, reports and narratives, uploaded by who signs, read by whom they concern.

Uploaded first, then named by an `AttachmentAdded`; until then nobody reads it. The content lies encrypted, its key in a
file outside of the database.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import msgspec
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.http.bodies import read_bounded
from api.http.errors import Gone, InvalidRequest
from api.http.media_sniffing import attachment_type
from api.service.service import Service
from api.service.signed_requests import Reader, authenticated
from ledger.domain.state.attachment import ATTACHMENTS, Attachment, is_erased
from ledger.errors import NotFound
from ledger.limits import ATTACHMENT_BYTES_MAX
from ledger.reading.feed import to_recorded
from ledger.store.attachment_encryption import commitment_of, decrypt_attachment, encrypt_attachment
from ledger.store.attachments import StoredAttachment
from ledger.store.contract import Fact

__all__ = ["router"]

router = APIRouter(prefix="/v1/attachments", tags=["attachments"])

_UPLOADERS = frozenset(("organizer", "handling_body", "regulator", "laboratory"))
_ID_DIGITS = 32


@dataclass(frozen=True, slots=True)
class _Named:
    """An attachment that an entry names: about whom, and who said it and the entry that it belongs to."""

    subject: str
    attachment: Attachment
    issuers: tuple[str, ...]
    erased: bool


@router.post("", status_code=201, summary="Upload an attachment (signed request): its id, commitment, type and size")
async def post_attachment(request: Request) -> Response:
    service: Service = request.app.state.service
    reader = await run_in_threadpool(_uploader, service, request)
    content = await read_bounded(request.receive, ATTACHMENT_BYTES_MAX)
    said = await run_in_threadpool(_store, service, reader, content)
    return Response(said, 201, media_type="application/json")


@router.get("/{name}", summary="An attachment, for those whom it concerns (signed request)")
def get_attachment(name: str, request: Request) -> Response:
    service: Service = request.app.state.service
    id_ = _id(name)
    reader = authenticated(service, request)
    named = _named(service, id_)
    if named is None:  # not to be told from what is not for this reader
        raise reader.refuse(service)
    entry, subject = named.attachment.entry, named.subject
    if not reader.may_read(subject, *named.issuers):
        raise reader.refuse(service, subject=subject, entry=entry)
    reader.log(service, "served", subject=subject, entry=entry)
    stored, secret = service.store.attachments.get(bytes.fromhex(id_)), service.attachment_keys.get(id_)
    if named.erased or stored is None or stored.ciphertext is None or secret is None:
        raise Gone("attachment.erased", "该附件已删除", "this attachment was erased")
    content = decrypt_attachment(secret, id_, stored.ciphertext, bytes.fromhex(named.attachment.commitment))
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{id_}"',
        "X-Content-Type-Options": "nosniff",
        "Attachment-Salt": secret.salt.hex(),  # with it, the commitment in the log can be checked
    }
    return Response(content, headers=headers, media_type=named.attachment.media_type)


def _uploader(service: Service, request: Request) -> Reader:
    reader = authenticated(service, request, brings=True)
    if reader.roles.isdisjoint(_UPLOADERS) and not _is_enterprise(reader):
        raise reader.refuse(service)
    return reader


def _store(service: Service, reader: Reader, content: bytes) -> bytes:
    reader.brought(content)
    media_type = attachment_type(content)
    reader.log(service, "stored")
    now = service.clock()
    for dropped in service.store.attachments.drop_unnamed(now):
        service.attachment_keys.destroy(dropped.hex())
    id_ = secrets.token_hex(_ID_DIGITS // 2)
    # The key first: a crash after it leaves a key that no attachment needs, never an attachment without its key.
    secret = service.attachment_keys.make(id_)
    commitment = commitment_of(secret, content)
    ciphertext = encrypt_attachment(secret, id_, content)
    row = StoredAttachment(bytes.fromhex(id_), commitment, media_type, len(content), reader.party, now, ciphertext)
    try:
        service.store.attachments.put(row)
    except BaseException:
        service.attachment_keys.destroy(id_)
        raise
    return msgspec.json.encode(
        {"attachment": id_, "commitment": commitment.hex(), "media_type": media_type, "size_bytes": len(content)}
    )


def _is_enterprise(reader: Reader) -> bool:
    return ":" in reader.party.removeprefix("party:")


def _id(name: str) -> str:
    if len(name) == _ID_DIGITS and all(digit in "0123456789abcdef" for digit in name):
        return name
    raise InvalidRequest(
        "attachment.id", "附件编号为 32 位十六进制", "an attachment is named by 32 hexadecimal digits, lower case"
    )


def _named(service: Service, id_: str) -> _Named | None:
    fact = Fact("attachment", id_)
    index = service.store.facts([fact]).get(fact)
    if index is None:
        return None
    (row,) = service.store.entries(index, 1)
    record = service.record(row.subject)
    attachment = ATTACHMENTS.of(record).by_id.get(id_)
    if attachment is None:
        raise NotFound(f"no attachment {id_}")
    (of,) = service.store.entries(attachment.entry, 1)
    issuers = (to_recorded(row).issuer, to_recorded(of).issuer)
    return _Named(row.subject, attachment, issuers, is_erased(record, attachment))
