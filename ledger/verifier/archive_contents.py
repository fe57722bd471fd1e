"""What is in an evidence archive, against its manifest, its checkpoint and the log's trust anchors.

In the order in which `evidence_archive` asks: the files and their digests; each statement with its receipts and the
proof that it is in the checkpoint's tree; the period, what was left out, attachments and annexes, the access log.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Final, NamedTuple

import msgspec

from ledger.domain.events.attachment import AttachmentAdded
from ledger.domain.events.base import Closed, Event, Recorded
from ledger.domain.rules.catalogue import SPECS
from ledger.domain.state.access_log import Access
from ledger.domain.values.dates import shanghai_date
from ledger.domain.values.subject import POLICY, is_enterprise, kind
from ledger.errors import Malformed, Refuted
from ledger.tlog.checkpoint import VerifiedCheckpoint
from ledger.tlog.hashing import leaf_hash
from ledger.tlog.proof import verify_inclusion
from ledger.tlog.tlog_proof import parse_proof
from ledger.verifier.entry_location import Located, Roots, check_order, locate
from ledger.verifier.formats import archive
from ledger.verifier.formats.archive import member
from ledger.verifier.formats.evidence import parse_evidence
from ledger.verifier.formats.manifest import (
    CHECKPOINT,
    COMPLETENESS,
    INDEX,
    MANIFEST,
    SIGNATURE,
    TRUST,
    ArchiveManifest,
    parse_manifest,
)
from ledger.verifier.statement import ground_of
from ledger.verifier.trust import Trust

__all__ = [
    "Statements",
    "annexes_of",
    "check_accesses",
    "check_attached",
    "check_left_out",
    "check_period",
    "check_proofs",
    "encode_accesses",
    "encode_salt",
    "governing_in",
    "located_in",
    "named_members",
]

_STREAMS: Final[tuple[tuple[archive.Folder, str], ...]] = (
    ("rules", "policy"),
    ("campaigns", "campaign"),
    ("entries", "enterprise"),
)
_SALTED: Final = msgspec.json.Decoder(dict[str, str])
_ACCESSES: Final = msgspec.json.Decoder(list[Access])
_ENCODE: Final = msgspec.json.Encoder(order="sorted").encode


def named_members(members: Mapping[str, bytes]) -> ArchiveManifest:
    """The manifest, whose files are those that are there. Raises `Malformed`, `Refuted`."""
    manifest = parse_manifest(member(members, MANIFEST))
    named = {file.path: file for file in manifest.files}
    there = set(members) - {MANIFEST, SIGNATURE}
    for path in sorted(there - set(named)):
        raise Refuted(f"{path} is in the archive, but not in its manifest")
    for path, file in named.items():
        archive.check_path(path)
        if path in (MANIFEST, SIGNATURE) or path not in members:
            raise Refuted(f"{path[:80]} is in the manifest, but not in the archive")
        if len(members[path]) != file.bytes or sha256(members[path]).hexdigest() != file.sha256:
            raise Refuted(f"{path} is not the file that the manifest names")
    for path in (INDEX, TRUST):
        member(members, path)
    return manifest


class Statements(NamedTuple):
    """By folder, by index; and every one of them once."""

    entries: dict[int, Located]
    governing: dict[int, Located]


def located_in(members: Mapping[str, bytes], trust: Trust) -> Statements:
    """All statements, each in its folder. Raises `Refuted`, `Malformed`, `Uncheckable`, as `locate` does."""
    roots, governing, entries = Roots(), dict[int, Located](), dict[int, Located]()
    for folder, wanted in _STREAMS:
        found = entries if wanted == "enterprise" else governing
        for index in archive.numbers(members, folder, archive.TRANSPARENT):
            path = archive.numbered(folder, index, archive.TRANSPARENT)
            entry = found[index] = locate(members[path], trust, roots)
            if entry.index != index or kind(entry.statement.subject) != wanted:
                raise Refuted(f"{path} holds entry {entry.index}, about {entry.statement.subject}")
    for path in sorted(members):
        if path.endswith(f".{archive.EVIDENCE}"):
            chosen = [locate(one, trust, roots) for one in parse_evidence(members[path])]
            check_order(chosen)
            for entry in chosen:
                same = governing.setdefault(entry.index, entry)
                if same.statement.raw != entry.statement.raw:
                    raise Refuted(f"two statements are shown at one position of the log: {entry.index}")
    if set(governing) & set(entries):
        raise Refuted("one position of the log is shown as being about two subjects")
    return Statements(entries, governing)


def governing_in(members: Mapping[str, bytes]) -> list[bytes]:
    """The transparent statements about parties and policies, none of them verified, each position once."""
    found: dict[bytes, None] = {}
    for folder, wanted in _STREAMS:
        if wanted != "enterprise":
            for index in archive.numbers(members, folder, archive.TRANSPARENT):
                found[members[archive.numbered(folder, index, archive.TRANSPARENT)]] = None
    for path in sorted(members):
        if path.endswith(f".{archive.EVIDENCE}"):
            found.update(dict.fromkeys(parse_evidence(members[path])))
    return list(found)


def check_proofs(members: Mapping[str, bytes], statements: Statements, head: VerifiedCheckpoint) -> None:
    """Each statement has its proof, and there is no other. Raises `Refuted`, `Malformed`."""
    proofs = {
        _check_proof(members, index, entry, head)
        for index, entry in (*statements.governing.items(), *statements.entries.items())
    }
    for path in members:
        if path.endswith(f".{archive.PROOF}") and path not in proofs:
            raise Refuted(f"{path} proves nothing that is in the archive")


def _check_proof(members: Mapping[str, bytes], index: int, entry: Located, head: VerifiedCheckpoint) -> str:
    """The path of the proof, which holds."""
    subject = entry.statement.subject
    folder: archive.Folder = "evidence"
    if is_enterprise(subject):
        folder = "entries"
    elif subject == POLICY and archive.numbered("rules", index, archive.TRANSPARENT) in members:
        folder = "rules"
    elif kind(subject) == "campaign":
        folder = "campaigns"
    path = archive.numbered(folder, index, archive.PROOF)
    proof = parse_proof(member(members, path))
    if proof.index != index or proof.checkpoint != members[CHECKPOINT] or proof.extra:
        raise Refuted(f"the proof of entry {index} is of something else")
    verify_inclusion(index, head.size, leaf_hash(entry.statement.raw), head.root, proof.hashes)
    return path


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
        body = archive.numbered("entries", at.index, archive.BODY) in members
        if (at.sealed or ground_of(at.event) is not None) and not body:
            missing.add(("body", at.index))
        if isinstance(at.event, AttachmentAdded) and archive.salt_path(at.event.attachment) not in members:
            missing.add(("attachment", at.index))
        if any(archive.annex_path(one) not in members for one in annexes_of(at.event)):
            missing.add(("annex", at.index))
    if archive.ACCESSES not in members:
        missing.add(("accesses", None))
    if COMPLETENESS not in members:
        missing.add(("completeness", None))
    if any(archive.standing_path(day, "cose") not in members for day in (manifest.period_from, manifest.period_until)):
        missing.add(("signed_standing", None))
    unproven = {("earlier_entries", None), ("later_entries", None)}  # only a completeness bundle tells
    if missing != said - unproven:
        raise Refuted("what the manifest says was left out is not what is missing")


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
            path = archive.annex_path(digest)
            if path in members:
                due.add(path)
                if sha256(members[path]).hexdigest() != digest:
                    raise Refuted(f"{path} is not the file that entry {at.index} names")
        if isinstance(at.event, AttachmentAdded) and archive.salt_path(at.event.attachment) in members:
            due |= set(_check_attachment(at.index, at.event, members))
    indices = {at.index for at in events}
    for path in members:
        if path.startswith(("attachments/", "annexes/")) and path not in due:
            raise Refuted(f"no entry in the archive names {path}")
        if path.startswith("entries/") and path.endswith(f".{archive.BODY}") and _entry_of(path) not in indices:
            raise Refuted(f"{path} belongs to no entry in the archive")
    return sum(path.startswith("attachments/") for path in due) // 2


def _entry_of(path: str) -> int:
    """The index in the path of something that belongs to an entry."""
    return int(path.partition("/")[2].partition(".")[0])


def _check_attachment(index: int, event: AttachmentAdded, members: Mapping[str, bytes]) -> Iterator[str]:
    about, file = archive.salt_path(event.attachment), archive.attachment_path(event.attachment, event.media_type)
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
    data = members.get(archive.ACCESSES)
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
