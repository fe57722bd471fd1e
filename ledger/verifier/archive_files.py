"""What lies beside the statements of an evidence archive: attachments, annexes, the access log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Final

import msgspec

from ledger.domain.access import Access
from ledger.domain.attachment import AttachmentAdded
from ledger.domain.catalogue import SPECS
from ledger.domain.event import Closed, Event, Recorded
from ledger.errors import Malformed, Refuted
from ledger.verifier import archive_paths as paths
from ledger.verifier.manifest import Manifest

__all__ = ["annexes_of", "check_accesses", "check_attached", "encode_accesses", "encode_salt"]

_SALTED: Final = msgspec.json.Decoder(dict[str, str])
_ACCESSES: Final = msgspec.json.Decoder(list[Access])
_ENCODE: Final = msgspec.json.Encoder(order="sorted").encode


def encode_salt(id_: str, salt: bytes) -> bytes:
    """What lies beside an attachment: the salt of the commitment that its entry names."""
    return _ENCODE({"attachment": id_, "salt": salt.hex()})


def encode_accesses(rows: Sequence[Access]) -> bytes:
    """The access log of an archive, as canonical JSON."""
    return _ENCODE(list(rows))


def check_attached(events: Sequence[Recorded], members: Mapping[str, bytes]) -> int:
    """How many attachments there are; each one is what its commitment says, each annex what its name says."""
    due: set[str] = set()
    for at in events:
        for digest in annexes_of(at.event):
            path = paths.annex_path(digest)
            if path in members:
                due.add(path)
                if sha256(members[path]).hexdigest() != digest:
                    raise Refuted(f"{path} is not the file that entry {at.index} names")
        if isinstance(at.event, AttachmentAdded) and paths.salt_path(at.event.attachment) in members:
            due |= set(_check_attachment(at.index, at.event, members))
    indices = {at.index for at in events}
    for path in members:
        if path.startswith(("attachments/", "annexes/")) and path not in due:
            raise Refuted(f"no entry in the archive names {path}")
        if path.startswith("entries/") and path.endswith(f".{paths.BODY}") and _entry_of(path) not in indices:
            raise Refuted(f"{path} belongs to no entry in the archive")
    return sum(path.startswith("attachments/") for path in due) // 2


def _entry_of(path: str) -> int:
    """The index in the path of something that belongs to an entry."""
    return int(path.partition("/")[2].partition(".")[0])


def _check_attachment(index: int, event: AttachmentAdded, members: Mapping[str, bytes]) -> Iterator[str]:
    about, file = paths.salt_path(event.attachment), paths.attachment_path(event.attachment, event.media_type)
    if file not in members:
        raise Malformed(f"the archive lacks {file}")
    content = members[file]
    try:
        salted = _SALTED.decode(members[about])
        salt = bytes.fromhex(salted["salt"])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, KeyError, ValueError):
        raise Malformed(f"{about} does not say the salt of a commitment") from None
    if _ENCODE(salted) != members[about] or salted != {"attachment": event.attachment, "salt": salt.hex()}:
        raise Malformed(f"{about} is not in its canonical form")
    if len(content) != event.size_bytes or sha256(salt + content).hexdigest() != event.commitment:
        raise Refuted(f"{file} is not the attachment that entry {index} names")
    yield about
    yield file


def annexes_of(event: Event | Closed) -> list[str]:
    annexes = None if isinstance(event, Closed) else SPECS[type(event).__name__].annexes
    return [] if annexes is None else [one.sha256 for one in annexes(event)]


def check_accesses(manifest: Manifest, members: Mapping[str, bytes]) -> None:
    """The access log has its form; what it says is the service's word."""
    data = members.get(paths.ACCESSES)
    if data is None:
        return
    try:
        rows = _ACCESSES.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"not an access log: {error}") from None
    if _ENCODE(rows) != data or [row.number for row in rows] != sorted({row.number for row in rows}):
        raise Malformed("the access log is not in its canonical form")
    for row in rows:
        if row.subject != manifest.subject or not manifest.period_from <= row.day <= manifest.period_until:
            raise Refuted(f"access {row.number} is not about the enterprise in the period")
