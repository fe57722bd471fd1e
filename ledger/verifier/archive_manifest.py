"""What the manifest of an evidence archive says, against what is there: files, entries, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

from ledger.domain.attachment import AttachmentAdded
from ledger.domain.dates import shanghai_date
from ledger.domain.event import Recorded
from ledger.errors import Refuted
from ledger.verifier import archive_paths as paths
from ledger.verifier.archive import member
from ledger.verifier.archive_files import annexes_of
from ledger.verifier.ground import ground_of
from ledger.verifier.manifest import COMPLETENESS, INDEX, MANIFEST, SIGNATURE, TRUST, Manifest, parse_manifest

__all__ = ["check_left_out", "check_period", "named_members"]


def named_members(members: Mapping[str, bytes]) -> Manifest:
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


def check_period(manifest: Manifest, events: Sequence[Recorded]) -> None:
    """The entries are those that are named, about the enterprise, recorded in the period. Raises `Refuted`."""
    if tuple(at.index for at in events) != manifest.entries:
        raise Refuted("the entries in the archive are not those that its manifest names")
    for at in events:
        if at.subject != manifest.subject:
            raise Refuted(f"entry {at.index} is about {at.subject}, not about {manifest.subject}")
        if not manifest.period_from <= shanghai_date(at.recorded_at) <= manifest.period_until:
            raise Refuted(f"entry {at.index} was not recorded in the period")


def check_left_out(manifest: Manifest, events: Sequence[Recorded], members: Mapping[str, bytes]) -> None:
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
