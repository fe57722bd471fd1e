"""Offline verification of an evidence archive, in these steps, which the code follows and the report repeats:

1. The archive is in the one form that archives have; its files are those of the manifest, each with its digest.
2. The checkpoint is signed by the log's key, and by the quorum of witnesses that the trust file demands.
3. Every statement is in the one form that statements have, meant for this log, its receipt holds, and a proof places
   it in the tree of the checkpoint.
4. Entry 0 is in the charter that the trust file names.
5. From there on, in the order of the log, every statement was signed by a key of its issuer that was valid there, by
   an issuer entitled to it; the governing ones are within the rules. Bodies are those that were committed to.
6. The entries are those that the manifest names, about its enterprise, recorded in its period; of each it is said what
   was left out. Attachments and annexes are those that entries name.
7. Who exported it signed the manifest with a key that was valid, or nobody did.
8. If there is a completeness bundle: it holds, and no entry that it has of the period is missing.

Standings and the readable page are computed again by `api/evidence_export/check.py`, which stands above.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Final, NamedTuple

from ledger.cose.archive_signature import parse_archive_signature
from ledger.cose.statement import decode_event
from ledger.domain.attachment import AttachmentAdded
from ledger.domain.catalogue import SPECS
from ledger.domain.dates import shanghai_date
from ledger.domain.event import Closed, Event, Recorded
from ledger.domain.governance import Governance
from ledger.domain.party_rules import usable_key
from ledger.domain.payload import decode_body
from ledger.domain.pledge import GroundText
from ledger.domain.subject import POLICY, is_enterprise, is_governing, kind
from ledger.errors import Malformed, Refused, Refuted, Uncheckable
from ledger.keys.algorithms import decode_key
from ledger.tlog.checkpoint import VerifiedCheckpoint
from ledger.tlog.hashing import leaf_hash
from ledger.tlog.proof import verify_inclusion
from ledger.tlog.tlog_proof import parse_proof
from ledger.verifier import archive_paths as paths
from ledger.verifier import archive_wording as wording
from ledger.verifier.archive import read_archive
from ledger.verifier.archive_files import annexes_of, check_accesses, check_attached
from ledger.verifier.chain import Chain, check_entitled, check_new_key
from ledger.verifier.complete import verify_bundle
from ledger.verifier.evidence import parse_evidence
from ledger.verifier.heads import verify_head
from ledger.verifier.located import Located, Roots, check_order, locate
from ledger.verifier.manifest import (
    CHECKPOINT,
    COMPLETENESS,
    INDEX,
    MANIFEST,
    SIGNATURE,
    TRUST,
    Manifest,
    parse_manifest,
)
from ledger.verifier.report import Remark, Verified
from ledger.verifier.trust import Trust

__all__ = ["VerifiedArchive", "ground_of", "verify_archive"]

_GOVERNING: Final[tuple[type[Event], ...]] = tuple(
    spec.event for spec in SPECS.values() if not spec.streams.isdisjoint(("party", "policy", "campaign"))
)


_STREAMS: Final[tuple[tuple[paths.Folder, str], ...]] = (
    ("rules", "policy"),
    ("campaigns", "campaign"),
    ("entries", "enterprise"),
)


class VerifiedArchive(Verified, frozen=True, kw_only=True):
    """An archive whose statements hold. `events` are the enterprise's entries in it, in the order of the log, sealed
    ones without a body as `Closed`; `governing` what they rest on. `complete`: a bundle shows that none is missing."""

    manifest: Manifest
    members: Mapping[str, bytes]
    checkpoint: VerifiedCheckpoint
    events: tuple[Recorded, ...]
    governing: tuple[Recorded, ...]
    governance: Governance
    complete: bool


class _Statements(NamedTuple):
    """By folder, by index; and every one of them once."""

    entries: dict[int, Located]
    governing: dict[int, Located]


def verify_archive(data: bytes, trust: Trust) -> VerifiedArchive:
    """Verify an archive but for its standings and its page. Raises `Refuted`, `Malformed`, `Uncheckable`."""
    members = read_archive(data)  # 1
    manifest = _manifest(members)
    if manifest.origin != trust.origin:
        raise Refuted(f"the archive is of the log {manifest.origin!r:.80}, not of {trust.origin!r:.80}")
    steps: list[Remark] = [wording.formed(len(members))]

    head = verify_head(_member(members, CHECKPOINT), trust)  # 2
    if head.checkpoint.size != manifest.tree_size:
        raise Refuted("the checkpoint is of another size than the manifest says")
    steps += head.steps

    statements = _located(members, trust)  # 3
    proofs = {
        _check_proof(members, index, entry, head.checkpoint)
        for index, entry in (*statements.governing.items(), *statements.entries.items())
    }
    for path in members:
        if path.endswith(f".{paths.PROOF}") and path not in proofs:
            raise Refuted(f"{path} proves nothing that is in the archive")
    count = len(statements.entries) + len(statements.governing)
    steps.append(wording.located(count, head.checkpoint.size))

    chain = _chain(statements, trust)  # 4
    steps.append(wording.anchored(trust))

    events, governing = _in_order(chain, statements, members)  # 5
    closed = sum(isinstance(at.event, Closed) for at in events)
    steps.append(wording.in_order(count, sum(at.sealed for at in events), closed))

    governance = chain.governance
    disputed = [at.index for at in events if governance.disputed(at.kid, at.index, at.recorded_at)]
    if disputed:
        steps.append(wording.disputed(disputed))

    _check_period(manifest, events)  # 6
    _check_left_out(manifest, events, members)
    attachments = check_attached(events, members)
    check_accesses(manifest, members)
    steps.append(wording.about(manifest, attachments))

    steps.append(_signed(manifest, members, chain.governance))  # 7

    complete = COMPLETENESS in members  # 8
    if complete:
        steps.append(_complete(manifest, members, events, trust))
    return VerifiedArchive(
        steps=tuple(steps),
        not_shown=wording.not_shown(manifest, complete=complete, accesses=paths.ACCESSES in members),
        manifest=manifest,
        members=members,
        checkpoint=head.checkpoint,
        events=tuple(events),
        governing=tuple(governing),
        governance=chain.governance,
        complete=complete,
    )


def ground_of(event: Event | Closed) -> str | None:
    """The digest of the text that an open statement names and an archive holds beside it; None for every other."""
    spec = None if isinstance(event, Closed) else SPECS[type(event).__name__]
    if spec is None or spec.text is None or spec.text_type is not GroundText:
        return None  # a mark's seed is named like a text, but it is a secret
    return spec.text(event)


def _manifest(members: Mapping[str, bytes]) -> Manifest:
    """The manifest, whose files are those that are there. Raises `Malformed`, `Refuted`."""
    manifest = parse_manifest(_member(members, MANIFEST))
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
        _member(members, path)
    return manifest


def _located(members: Mapping[str, bytes], trust: Trust) -> _Statements:
    roots, governing, entries = Roots(), dict[int, Located](), dict[int, Located]()
    for folder, wanted in _STREAMS:
        found = entries if wanted == "enterprise" else governing
        for index in paths.numbers(members, folder, paths.TRANSPARENT):
            path = paths.numbered(folder, index, paths.TRANSPARENT)
            entry = found[index] = locate(members[path], trust, roots)
            if entry.index != index or kind(entry.statement.subject) != wanted:
                raise Refuted(f"{path} holds entry {entry.index}, about {entry.statement.subject}")
    for path in sorted(members):
        if path.endswith(f".{paths.EVIDENCE}"):
            chosen = [locate(one, trust, roots) for one in parse_evidence(members[path])]
            check_order(chosen)
            for entry in chosen:
                same = governing.setdefault(entry.index, entry)
                if same.statement.raw != entry.statement.raw:
                    raise Refuted(f"two statements are shown at one position of the log: {entry.index}")
    if set(governing) & set(entries):
        raise Refuted("one position of the log is shown as being about two subjects")
    return _Statements(entries, governing)


def _check_proof(members: Mapping[str, bytes], index: int, entry: Located, head: VerifiedCheckpoint) -> str:
    """The path of the proof, which holds."""
    subject = entry.statement.subject
    folder: paths.Folder = "evidence"
    if is_enterprise(subject):
        folder = "entries"
    elif subject == POLICY and paths.numbered("rules", index, paths.TRANSPARENT) in members:
        folder = "rules"
    elif kind(subject) == "campaign":
        folder = "campaigns"
    path = paths.numbered(folder, index, paths.PROOF)
    proof = parse_proof(_member(members, path))
    if proof.index != index or proof.checkpoint != members[CHECKPOINT] or proof.extra:
        raise Refuted(f"the proof of entry {index} is of something else")
    verify_inclusion(index, head.size, leaf_hash(entry.statement.raw), head.root, proof.hashes)
    return path


def _chain(statements: _Statements, trust: Trust) -> Chain:
    first = statements.governing.get(0)
    if first is None:
        raise Uncheckable("the archive holds no evidence about issuers: entry 0 is missing")
    return Chain(trust, first, _GOVERNING)


def _in_order(
    chain: Chain, statements: _Statements, members: Mapping[str, bytes]
) -> tuple[list[Recorded], list[Recorded]]:
    events: list[Recorded] = []
    governing: list[Recorded] = []
    versions: dict[str, int] = {}
    for index, entry in sorted({**statements.governing, **statements.entries}.items()):
        subject = entry.statement.subject
        version = versions[subject] = versions.get(subject, 0) + 1
        if not is_governing(subject):
            body = members.get(paths.numbered("entries", index, paths.BODY))
            events.append(_recorded(entry, _said(chain, entry, body), version))
            continue
        if index > 0:  # entry 0 began the chain
            chain.take(entry)
        governing.append(_recorded(entry, decode_event(entry.statement), version))
    return events, governing


def _said(chain: Chain, entry: Located, body: bytes | None) -> Event | Closed:
    statement = chain.signed(entry)
    event = decode_event(statement, body if statement.sealed else None)
    if isinstance(event, Event):
        check_entitled(statement, event, chain.governance)
        check_new_key(statement, event)
    if body is not None and not statement.sealed and not _is_ground(event, body):
        raise Refuted(f"the body beside entry {entry.index} does not belong to it")
    return event


def _is_ground(event: Event | Closed, body: bytes) -> bool:
    return ground_of(event) == sha256(body).hexdigest() and isinstance(decode_body(body)[1], GroundText)


def _recorded(entry: Located, event: Event | Closed, version: int) -> Recorded:
    statement = entry.statement
    return Recorded(
        index=entry.index,
        subject=statement.subject,
        version=version,  # among those that are shown
        recorded_at=entry.receipt.iat,
        statement_id=statement.statement_id,
        issuer=statement.issuer,
        kid=statement.kid,
        iat=statement.iat,
        sealed=statement.sealed,
        event=event,
    )


def _check_period(manifest: Manifest, events: list[Recorded]) -> None:
    if tuple(at.index for at in events) != manifest.entries:
        raise Refuted("the entries in the archive are not those that its manifest names")
    for at in events:
        if at.subject != manifest.subject:
            raise Refuted(f"entry {at.index} is about {at.subject}, not about {manifest.subject}")
        if not manifest.period_from <= shanghai_date(at.recorded_at) <= manifest.period_until:
            raise Refuted(f"entry {at.index} was not recorded in the period")


def _check_left_out(manifest: Manifest, events: list[Recorded], members: Mapping[str, bytes]) -> None:
    """What is missing is said to be missing, and nothing else is."""
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


def _signed(manifest: Manifest, members: Mapping[str, bytes], governance: Governance) -> Remark:
    """Raises `Refuted`, `Malformed`."""
    by, data = manifest.exported_by, members.get(SIGNATURE)
    if by is None and data is None:
        return wording.UNSIGNED
    if by is None or data is None:
        raise Refuted("the manifest names an exporter and there is no signature, or the other way round")
    signature = parse_archive_signature(data)
    named = (signature.party, signature.subject, signature.origin, signature.kid.hex())
    if named != (by.party, manifest.subject, manifest.origin, by.kid):
        raise Refuted("the signature on the manifest is about something else")
    try:
        key = usable_key(governance, signature.kid, by.party, manifest.shown_on)
    except Refused as refusal:
        raise Refuted(f"the exporter's key, as far as the evidence shows: {refusal}") from None
    signature.verify(members[MANIFEST], decode_key(key.cose_key))
    return wording.signed(by, sorted(governance.roles(by.party)))


def _complete(manifest: Manifest, members: Mapping[str, bytes], events: list[Recorded], trust: Trust) -> Remark:
    bundle = verify_bundle(members[COMPLETENESS], trust)
    if bundle.subject != manifest.subject:
        raise Refuted("the completeness bundle is about another enterprise")
    shown = {at.index: at.statement_id for at in events}
    outside = 0
    for at in bundle.events:
        if at.index >= manifest.tree_size:
            continue
        if not manifest.period_from <= shanghai_date(at.recorded_at) <= manifest.period_until:
            outside += 1
        elif shown.get(at.index) != at.statement_id:
            raise Refuted(f"entry {at.index} of the period is not in the archive, as its completeness bundle shows")
    unsaid = any(one.what in ("earlier_entries", "later_entries") for one in manifest.left_out)
    if outside and not unsaid:
        raise Refuted("the manifest does not say that entries outside of the period were left out")
    return wording.complete(len(events), min(bundle.map_root.tree_size, manifest.tree_size))


def _member(members: Mapping[str, bytes], path: str) -> bytes:
    if path not in members:
        raise Malformed(f"the archive lacks {path}")
    return members[path]
