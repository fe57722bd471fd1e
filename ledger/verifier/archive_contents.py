"""What the manifest of an evidence archive says, against what is there: files, entries, and what was left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Final

import msgspec

from ledger.domain.events.attachment import AttachmentAdded
from ledger.domain.events.base import Closed, Event, Recorded
from ledger.domain.rules.catalogue import SPECS
from ledger.domain.state.access_log import Access
from ledger.domain.values.dates import shanghai_date
from ledger.errors import Malformed, Refuted
from ledger.verifier.formats import archive_paths as paths
from ledger.verifier.formats.archive import member
from ledger.verifier.formats.manifest import (
    COMPLETENESS,
    INDEX,
    MANIFEST,
    SIGNATURE,
    TRUST,
    ArchiveManifest,
    parse_manifest,
)
from ledger.verifier.statement import ground_of

__all__ = [
    "annexes_of",
    "check_accesses",
    "check_attached",
    "check_left_out",
    "check_period",
    "encode_accesses",
    "encode_salt",
    "named_members",
]


def named_members(members: Mapping[str, bytes]) -> ArchiveManifest:
    """The manifest, whose files are those that are there. Raises `Malformed`, `Refuted`."""
    manifest = parse_manifest(member(members, MANIFEST))
    named = {file.path: file for file in manifest.files}
    there = set(members) - {MANIFEST, SIGNATURE}
    for path in sorted(there - set(named)):
        raise Refuted(f"{path} is in the archive, but not in its manifest")
    for path, file in named.items():
        paths.check_path(path)
        if path in (MANIFEST, SIGNATURE) or path not in members:
            raise Refuted(f"{path[:80]} is in the manifest, but not in the archive")
        if len(members[path]) != file.bytes or sha256(members[path]).hexdigest() != file.sha256:
            raise Refuted(f"{path} is not the file that the manifest names")
    for path in (INDEX, TRUST):
        member(members, path)
    return manifest


def check_period(manifest: ArchiveManifest, events: Sequence[Recorded]) -> None:
    """The entries are those that are named, about the enterprise, recorded in the period. Raises `Refuted`."""
    if tuple(at.index for at in events) != manifest.entries:
        raise Refuted("the entries in the archive are not those that its manifest names")
    for at in events:
        if at.subject != manifest.subject:
            raise Refuted(f"entry {at.index} is about {at.subject}, not about {manifest.subject}")
        if not manifest.period_from <= shanghai_date(at.recorded_at) <= manifest.period_until:
            raise Refuted(f"entry {at.index} was not recorded in the period")


def check_left_out(manifest: ArchiveManifest, events: Sequence[Recorded], members: Mapping[str, bytes]) -> None:
    """What is missing is said to be missing, and nothing else is. Raises `Refuted`."""
    said = {(one.what, one.entry) for one in manifest.left_out}
    missing: set[tuple[str, int | None]] = set()
    for at in events:
        body = paths.numbered("entries", at.index, paths.BODY) in members
        if (at.sealed or ground_of(at.event) is not None) and not body:
            missing.add(("body", at.index))
        if isinstance(at.event, AttachmentAdded) and paths.salt_path(at.event.attachment) not in members:
            missing.add(("attachment", at.index))
        if any(paths.annex_path(one) not in members for one in annexes_of(at.event)):
            missing.add(("annex", at.index))
    if paths.ACCESSES not in members:
        missing.add(("accesses", None))
    if COMPLETENESS not in members:
        missing.add(("completeness", None))
    if any(paths.standing_path(day, "cose") not in members for day in (manifest.period_from, manifest.period_until)):
        missing.add(("signed_standing", None))
    unproven = {("earlier_entries", None), ("later_entries", None)}  # only a completeness bundle tells
    if missing != said - unproven:
        raise Refuted("what the manifest says was left out is not what is missing")


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


def check_accesses(manifest: ArchiveManifest, members: Mapping[str, bytes]) -> None:
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
