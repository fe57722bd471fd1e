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

Standings and the readable page are computed again by `api/evidence/archive_check.py`, which stands above.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.cose.archive_signature import parse_archive_signature
from ledger.cose.statement import decode_event
from ledger.domain.events.base import Closed, Event, Recorded
from ledger.domain.rules.catalogue import SPECS
from ledger.domain.rules.party_conditions import usable_key
from ledger.domain.state.governance import Governance
from ledger.domain.values.dates import shanghai_date
from ledger.domain.values.subject import is_governing
from ledger.errors import Refused, Refuted, Uncheckable
from ledger.keys.algorithms import decode_key
from ledger.tlog.checkpoint import VerifiedCheckpoint
from ledger.verifier import archive_wording as wording
from ledger.verifier.archive_contents import (
    Statements,
    check_accesses,
    check_attached,
    check_left_out,
    check_period,
    check_proofs,
    governing_in,
    located_in,
    named_members,
)
from ledger.verifier.checkpoint import verify_head
from ledger.verifier.completeness_bundle import verify_bundle
from ledger.verifier.entry_location import Located
from ledger.verifier.formats import archive
from ledger.verifier.formats.archive import member, read_archive
from ledger.verifier.formats.manifest import CHECKPOINT, COMPLETENESS, MANIFEST, SIGNATURE, ArchiveManifest
from ledger.verifier.issuer_keys import IssuerChain
from ledger.verifier.report import Remark, Verified, anchored
from ledger.verifier.statement import ground_of, is_ground
from ledger.verifier.succession import renewed
from ledger.verifier.trust import Trust

__all__ = ["VerifiedArchive", "ground_of", "verify_archive"]

_GOVERNING: Final[tuple[type[Event], ...]] = tuple(
    spec.event for spec in SPECS.values() if not spec.streams.isdisjoint(("party", "policy", "campaign"))
)


class VerifiedArchive(Verified, frozen=True, kw_only=True):
    """An archive whose statements hold. `events` are the enterprise's entries in it, in the order of the log, sealed
    ones without a body as `Closed`; `governing` what they rest on. `complete`: a bundle shows that none is missing."""

    manifest: ArchiveManifest
    members: Mapping[str, bytes]
    checkpoint: VerifiedCheckpoint
    events: tuple[Recorded, ...]
    governing: tuple[Recorded, ...]
    governance: Governance
    complete: bool


def verify_archive(data: bytes, trust: Trust) -> VerifiedArchive:
    """Verify an archive but for its standings and its page. Raises `Refuted`, `Malformed`, `Uncheckable`."""
    members = read_archive(data)  # 1
    manifest = named_members(members)
    if manifest.origin != trust.origin:
        raise Refuted(f"the archive is of the log {manifest.origin!r:.80}, not of {trust.origin!r:.80}")
    steps: list[Remark] = [wording.formed(len(members))]

    trust = renewed(trust, governing_in(members))
    head = verify_head(member(members, CHECKPOINT), trust)  # 2
    if head.checkpoint.size != manifest.tree_size:
        raise Refuted("the checkpoint is of another size than the manifest says")
    steps += head.steps

    statements = located_in(members, trust)  # 3
    check_proofs(members, statements, head.checkpoint)
    count = len(statements.entries) + len(statements.governing)
    steps.append(wording.located(count, head.checkpoint.size))

    chain = _chain(statements, trust)  # 4
    steps.append(anchored(trust))

    events, governing = _in_order(chain, statements, members)  # 5
    closed = sum(isinstance(at.event, Closed) for at in events)
    steps.append(wording.in_order(count, sum(at.sealed for at in events), closed))

    governance = chain.governance
    disputed = [at.index for at in events if governance.disputed(at.kid, at.index, at.recorded_at)]
    if disputed:
        steps.append(wording.disputed(disputed))

    check_period(manifest, events)  # 6
    check_left_out(manifest, events, members)
    attachments = check_attached(events, members)
    check_accesses(manifest, members)
    steps.append(wording.about(manifest, attachments))

    steps.append(_signed(manifest, members, chain.governance))  # 7

    complete = COMPLETENESS in members  # 8
    if complete:
        steps.append(_complete(manifest, members, events, trust))
    return VerifiedArchive(
        steps=tuple(steps),
        not_shown=wording.not_shown(manifest, complete=complete, accesses=archive.ACCESSES in members),
        manifest=manifest,
        members=members,
        checkpoint=head.checkpoint,
        events=tuple(events),
        governing=tuple(governing),
        governance=governance,
        complete=complete,
    )


def _chain(statements: Statements, trust: Trust) -> IssuerChain:
    first = statements.governing.get(0)
    if first is None:
        raise Uncheckable("the archive holds no evidence about issuers: entry 0 is missing")
    return IssuerChain(trust, first, _GOVERNING)


def _in_order(
    chain: IssuerChain, statements: Statements, members: Mapping[str, bytes]
) -> tuple[list[Recorded], list[Recorded]]:
    events: list[Recorded] = []
    governing: list[Recorded] = []
    versions: dict[str, int] = {}
    for index, entry in sorted({**statements.governing, **statements.entries}.items()):
        subject = entry.statement.subject
        version = versions[subject] = versions.get(subject, 0) + 1
        if not is_governing(subject):
            body = members.get(archive.numbered("entries", index, archive.BODY))
            events.append(entry.recorded(_said(chain, entry, body), version))
            continue
        if index > 0:  # entry 0 began the chain
            chain.take(entry)
        governing.append(entry.recorded(decode_event(entry.statement), version))
    return events, governing


def _said(chain: IssuerChain, entry: Located, body: bytes | None) -> Event | Closed:
    statement = chain.signed(entry)
    event = chain.said(statement, body)
    if body is not None and not statement.sealed and not is_ground(event, body):
        raise Refuted(f"the body beside entry {entry.index} does not belong to it")
    return event


def _signed(manifest: ArchiveManifest, members: Mapping[str, bytes], governance: Governance) -> Remark:
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


def _complete(manifest: ArchiveManifest, members: Mapping[str, bytes], events: list[Recorded], trust: Trust) -> Remark:
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
