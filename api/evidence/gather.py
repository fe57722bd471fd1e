"""Gathering an archive's material: everything about one enterprise in one period, under one checkpoint.

The checkpoint is read first; what came into the log after it is not there for this archive. Nothing that is fetched is
believed: `check_archive` verifies the finished file.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from api.evidence.evidence_source import Asking, EvidenceSource, KeptAttachment
from api.evidence.fetched import Fetched, parts
from ledger.cose.statement import decode_event
from ledger.domain.events.attachment import AttachmentAdded
from ledger.domain.events.base import Closed, Event, Recorded
from ledger.domain.state.access_log import Access
from ledger.domain.state.party import ROOT_PARTY
from ledger.domain.values.dates import shanghai_date
from ledger.domain.values.subject import POLICY, kind
from ledger.errors import NotFound, Refused
from ledger.limits import ARCHIVE_ENTRIES_MAX
from ledger.tlog.checkpoint import parse_checkpoint
from ledger.tlog.note import parse_note
from ledger.tlog.tlog_proof import TlogProof, format_proof
from ledger.verifier.archive_contents import annexes_of, encode_accesses, encode_salt
from ledger.verifier.evidence_archive import ground_of
from ledger.verifier.formats import archive
from ledger.verifier.formats.archive import ArchiveTooLarge
from ledger.verifier.formats.evidence import encode_evidence, select
from ledger.verifier.formats.manifest import CHECKPOINT, COMPLETENESS, TRUST, ExportedBy, LeftOut, Why

__all__ = ["Material", "Wanted", "gather"]

Tell = Callable[[int], None]
_PROVEN: Final[tuple[archive.Folder, ...]] = ("entries", "rules", "campaigns")
_FOLDERS: Final[dict[str, archive.Folder]] = {"policy": "rules", "campaign": "campaigns"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an archive is to be about: dates of recording (Asia/Shanghai), both included; None: from the very first
    entry, up to today."""

    subject: str
    from_on: date | None = None
    until_on: date | None = None


@dataclass(slots=True)
class Material:
    """An archive's files but for index and manifest, and what the manifest says of them."""

    origin: str
    subject: str
    period: tuple[date, date]
    shown_on: date
    tree_size: int
    exported_by: ExportedBy | None
    entries: list[int] = field(default_factory=list)
    members: dict[str, bytes] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)


def gather(
    source: EvidenceSource,
    wanted: Wanted,
    *,
    today: date,
    asking: Asking | None = None,
    tell: Tell = lambda entries: None,
) -> Material:
    """Fetch everything. `tell` hears how many statements were fetched.

    Raises `NotFound` where the book does not know the enterprise, `Refused` for a period that ends before it begins
    or after `today`, `ArchiveTooLarge`, and what the source raises.
    """
    until_on = wanted.until_on or today
    check_period(wanted, today)
    return _Gathering(source, wanted, today, until_on, asking, tell).go()


def check_period(wanted: Wanted, today: date) -> None:
    """Raises `Refused` for a period that cannot be."""
    until_on = wanted.until_on or today
    if until_on > today:
        raise Refused("evidence.period_future", f"期间止于 {until_on}，尚未到来", f"{until_on} is yet to come")
    if wanted.from_on is not None and wanted.from_on > until_on:
        raise Refused(
            "evidence.period_backwards",
            f"期间始于 {wanted.from_on}，晚于其止日 {until_on}",
            f"the period begins on {wanted.from_on}, after it ends on {until_on}",
        )


class _Gathering:
    """One run. What it fetched it keeps, by index."""

    def __init__(
        self, source: EvidenceSource, wanted: Wanted, today: date, until_on: date, asking: Asking | None, tell: Tell
    ) -> None:
        self._source = source
        self._wanted = wanted
        self._today = today
        self._until_on = until_on
        self._asking = asking
        self._size = 0
        self._fetched = Fetched(source, tell)

    def go(self) -> Material:
        subject = self._wanted.subject
        # First of all: what is looked at from now on is not part of the archive that it is looked at for.
        accesses = self._source.accesses(subject)
        newest, cosigned = self._source.checkpoints()
        own = [index for index in self._source.stream(subject) if index < _size_of(newest)]
        if not own:
            raise NotFound(f"账本中没有该企业 / the book knows nothing of {subject}")
        bundle = self._source.completeness(subject)
        if bundle is not None:
            self._fetched.take_bundle(bundle)
        # The one with witnesses, unless they are behind what this is about.
        note = cosigned if cosigned is not None and _size_of(cosigned) > own[-1] else newest
        head = parse_checkpoint(parse_note(note).text)
        self._size = head.size
        period = self._wanted.from_on or min(self._date(own[0]), self._until_on), self._until_on
        material = Material(head.origin, subject, period, self._today, head.size, self._exported_by())
        material.members[CHECKPOINT] = note
        material.members[TRUST] = self._source.trust()

        events = self._entries(material, own)
        governing = self._governing(material, events)
        self._evidence(material, events, governing)
        self._proofs(material, note)
        self._standings(material)
        self._accesses(material, accesses)
        self._completeness(material, bundle)
        material.left_out.sort(key=lambda one: (one.what, -1 if one.entry is None else one.entry))
        return material

    def _exported_by(self) -> ExportedBy | None:
        if self._asking is None:
            return None
        return ExportedBy(party=self._asking.party, kid=self._asking.signer.kid.hex(), purpose=self._asking.purpose)

    def _date(self, index: int) -> date:
        return shanghai_date(self._fetched[index].recorded_at)

    def _entries(self, material: Material, own: Sequence[int]) -> list[Recorded]:
        """The enterprise's entries of the period, with bodies, attachments and annexes."""
        first, last = material.period
        self._fetched.load((own[0], own[-1]))  # whose dates say most often that all are wanted
        # The log's time never goes back.
        start = bisect_left(own, first, key=self._date) if self._date(own[0]) < first else 0
        stop = bisect_right(own, last, key=self._date) if self._date(own[-1]) > last else len(own)
        for what, count in (("earlier_entries", start), ("later_entries", len(own) - stop)):
            if count:
                material.left_out.append(LeftOut(what=what, why="outside_period", count=count))  # type: ignore[arg-type]
        material.entries = list(own[start:stop])
        if len(material.entries) > ARCHIVE_ENTRIES_MAX:
            raise ArchiveTooLarge(
                f"{len(material.entries)} entries: an archive has at most {ARCHIVE_ENTRIES_MAX}; shorten the period"
            )
        return [at for part in parts(material.entries) for at in self._part(material, part)]

    def _part(self, material: Material, indices: Sequence[int]) -> list[Recorded]:
        """So many entries, with what belongs to them."""
        self._fetched.load(indices)
        events = {index: decode_event(self._fetched[index].statement) for index in indices}
        with_body = [at for at, event in events.items() if isinstance(event, Closed) or ground_of(event) is not None]
        bodies = self._fetched.bodies(with_body)
        return [self._entry(material, index, event, bodies.get(index)) for index, event in events.items()]

    def _entry(self, material: Material, index: int, event: Event | Closed, body: bytes | Why | None) -> Recorded:
        transparent, statement, _ = self._fetched[index]
        material.members[archive.numbered("entries", index, archive.TRANSPARENT)] = transparent
        if isinstance(body, bytes):
            material.members[archive.numbered("entries", index, archive.BODY)] = body
            event = decode_event(statement, body)
        elif body is not None:
            material.left_out.append(LeftOut(what="body", why=body, entry=index))
        if isinstance(event, AttachmentAdded):
            self._attachment(material, index, event)
        self._annexes(material, index, event)
        return self._recorded(index, event)

    def _attachment(self, material: Material, index: int, event: AttachmentAdded) -> None:
        kept = self._source.attachment(index, event.attachment)
        if not isinstance(kept, KeptAttachment):
            material.left_out.append(LeftOut(what="attachment", why=kept, entry=index))
            return
        material.members[archive.attachment_path(event.attachment, event.media_type)] = kept.content
        material.members[archive.salt_path(event.attachment)] = encode_salt(event.attachment, kept.salt)

    def _annexes(self, material: Material, index: int, event: Event | Closed) -> None:
        missing = 0
        for digest in annexes_of(event):
            try:
                material.members[archive.annex_path(digest)] = self._source.annex(digest)
            except NotFound:
                missing += 1
        if missing:
            material.left_out.append(LeftOut(what="annex", why="not_served", entry=index, count=missing))

    def _governing(self, material: Material, events: Iterable[Recorded]) -> list[Recorded]:
        """Policies and calendars, the campaigns concerned, and the streams of whoever signed any of it."""
        campaigns = {getattr(at.event, "campaign", None) for at in events}
        left = [POLICY, ROOT_PARTY, *(name for name in campaigns if isinstance(name, str) and kind(name) == "campaign")]
        left += [at.issuer for at in events]
        if material.exported_by is not None:
            left.append(material.exported_by.party)
        found: dict[str, list[Recorded]] = {}
        while left:
            subject = left.pop()
            if subject in found:
                continue
            indices = [index for index in self._source.stream(subject) if index < self._size]
            self._fetched.load(indices)
            stream = found[subject] = [
                self._recorded(index, decode_event(self._fetched[index].statement)) for index in indices
            ]
            left += [at.issuer for at in stream]
            folder: archive.Folder | None = _FOLDERS.get(kind(subject))
            for index in indices if folder is not None else ():
                assert folder is not None
                path = archive.numbered(folder, index, archive.TRANSPARENT)
                material.members[path] = self._fetched[index].transparent
        return sorted((at for stream in found.values() for at in stream), key=lambda at: at.index)

    def _evidence(self, material: Material, events: Iterable[Recorded], governing: Sequence[Recorded]) -> None:
        """For each key that signed something, the chain from the charter to it."""
        signed = [*events, *(at for at in governing if kind(at.subject) in _FOLDERS)]
        keys = {(at.issuer, at.kid) for at in signed}
        if material.exported_by is not None:
            keys.add((material.exported_by.party, bytes.fromhex(material.exported_by.kid)))
        chosen: set[int] = set()
        for issuer, kid in sorted(keys):
            indices = select(governing, issuer, kid)
            chosen.update(indices)
            evidence = encode_evidence([self._fetched[index].transparent for index in indices])
            material.members[archive.evidence_path(kid)] = evidence
        rules = set(archive.numbers(material.members, "rules", archive.TRANSPARENT))
        for index in chosen - rules:
            material.members[archive.numbered("evidence", index, archive.PROOF)] = b""  # made with the others

    def _proofs(self, material: Material, note: bytes) -> None:
        """Of every statement, that it is in the tree of the one checkpoint."""
        for folder in _PROVEN:
            for index in archive.numbers(material.members, folder, archive.TRANSPARENT):
                material.members[archive.numbered(folder, index, archive.PROOF)] = b""
        due: dict[int, list[str]] = {}
        for path in material.members:
            if path.endswith(f".{archive.PROOF}"):
                due.setdefault(int(path.partition("/")[2].partition(".")[0]), []).append(path)
        for part in parts(sorted(due)):
            for index, hashes in self._source.inclusions(part, self._size).items():
                proof = format_proof(TlogProof(index, tuple(hashes), note))
                material.members.update(dict.fromkeys(due[index], proof))

    def _standings(self, material: Material) -> None:
        unsigned = 0
        for day in dict.fromkeys(material.period):
            said = self._source.standing(material.subject, day, self._size)
            material.members[archive.standing_path(day, "json")] = said.document
            if said.signed is not None:
                material.members[archive.standing_path(day, "cose")] = said.signed
            else:
                unsigned += 1
        if unsigned:
            material.left_out.append(LeftOut(what="signed_standing", why="not_served", count=unsigned))

    def _accesses(self, material: Material, rows: Sequence[Access] | Why) -> None:
        if isinstance(rows, str):
            material.left_out.append(LeftOut(what="accesses", why=rows))
            return
        first, last = material.period
        material.members[archive.ACCESSES] = encode_accesses([row for row in rows if first <= row.day <= last])

    def _completeness(self, material: Material, bundle: bytes | None) -> None:
        if bundle is None:
            material.left_out.append(LeftOut(what="completeness", why="not_served"))
        else:
            material.members[COMPLETENESS] = bundle

    def _recorded(self, index: int, event: Event | Closed) -> Recorded:
        _, statement, recorded_at = self._fetched[index]
        # nothing of what is gathered depends on the version
        return statement.recorded(event, index=index, version=1, recorded_at=recorded_at)


def _size_of(note: bytes) -> int:
    return parse_checkpoint(parse_note(note).text).size
