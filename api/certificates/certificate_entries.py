"""Which entries a certificate rests on, and what is attached of each: from the log, as it is now.

Open entries only. A sealed name is that of an individual business, often a person's: it is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from api.certificates.attached import AttachedEntry, grounds_of
from api.certificates.layout import Grounds, Place
from api.http.errors import Gone
from ledger.cose.receipt import attach
from ledger.cose.statement import parse_statement
from ledger.domain.events.base import Recorded
from ledger.domain.state.enterprise import IDENTITY
from ledger.domain.state.fold import fold
from ledger.domain.state.governance import Governance
from ledger.domain.state.pledge import PLEDGES
from ledger.domain.state.record import EnterpriseRecord
from ledger.errors import NotFound
from ledger.limits import CERTIFICATE_EVIDENCE_KEPT_MAX, RECORD_PAGE_ENTRIES
from ledger.reading.feed import to_recorded
from ledger.reading.issuer_evidence import evidence
from ledger.reading.log_reader import Log
from ledger.store.contract import EntryRow, Store
from ledger.tlog.hashing import leaf_hash

__all__ = ["Basis", "Gatherer"]


_TOPICS: Final = frozenset(
    {"PledgeMade", "PledgePublished", "PledgeReplaced", "EnterpriseRegistered", "EnterpriseRenamed"}
)
Basis = Mapping[str, EntryRow]  # the entries of a certificate by name (`attached.py`)


@dataclass(slots=True)
class _Governing:
    """What many certificates share, as long as no governing entry comes to the log: `size` is `Governance.size`."""

    size: int
    rows: dict[int, EntryRow] = field(default_factory=dict)
    attached: dict[int, tuple[AttachedEntry, Recorded]] = field(default_factory=dict)
    evidence: dict[tuple[str, bytes], bytes] = field(default_factory=dict)


class Gatherer:
    """Thread-safe: what is kept between two calls may be found twice, and is the same both times."""

    def __init__(self, store: Store, log: Log, governance: Callable[[], Governance], origin: str) -> None:
        self.origin = origin
        self._store = store
        self._log = log
        self._governance = governance
        self._governing = _Governing(0)

    def basis(self, subject: str, code: str, today: date) -> Basis:
        """Of the public pledge `code` of an enterprise. Raises `NotFound`, `Gone` (it ended), `Unavailable`."""
        governance, (record, rows) = self._governance(), self._told(subject)
        pledge = None if record is None else PLEDGES.of(record).coded(code)
        if record is None or pledge is None or not pledge.is_public(record.repudiated):
            raise NotFound(f"no public pledge has the code {code[:20]}")
        terms, publication = pledge.terms, pledge.publication
        assert terms is not None and publication is not None  # public pledges have them
        end = pledge.ended_by(record.repudiated)
        if end is not None:
            word, en = ("撤回", "withdrawn") if end.how == "withdrawn" else ("撤销", "revoked")
            raise Gone(
                "certificate.pledge_ended",
                f"该承诺已{word}，截至 {end.ends_on}，不再制发公告",
                f"the pledge was {en}, and binds until {end.ends_on}: it is announced no more",
                entry=end.index,
            )
        policies = [one for one in governance.policies.registration if one.effective_on <= today]
        campaign = governance.campaigns.get(terms.campaign)
        if campaign is None or not policies:  # this process has not taken in what the record rests on
            raise NotFound(f"the campaign {terms.campaign} is not known yet")
        corrections = [one.index for one in pledge.replacements if one.index not in record.repudiated]
        named = [rows[index] for index in _names(record) if index in rows]
        return {
            "pledge": rows[terms.index],
            "publication": rows[publication.index],
            "campaign": self._governing_row(campaign.terms_entry),
            "policy": self._governing_row(policies[-1].index),
            **{f"name-{number}": row for number, row in enumerate(named, start=1)},
            **{f"correction-{number}": rows[index] for number, index in enumerate(corrections, start=1)},
        }

    def attached(self, basis: Basis) -> tuple[dict[str, AttachedEntry], Grounds]:
        """Each entry with its receipt and the evidence about its issuer, as the service serves them; and what the
        layout asks of them."""
        kept = self._kept()
        receipts = self._log.receipts(sorted({row.index for row in basis.values()} - kept.attached.keys()))
        attached: dict[str, AttachedEntry] = {}
        recorded: dict[str, Recorded] = {}
        for name, row in basis.items():
            found = kept.attached.get(row.index)
            if found is None:
                entry = AttachedEntry(attach(row.statement, [receipts[row.index][0]]), self._evidence(row))
                found = entry, to_recorded(row)
                if row.index in kept.rows:
                    kept.attached[row.index] = found
            attached[name], recorded[name] = found
        pledge = basis["pledge"]
        _, checkpoint = receipts[pledge.index]
        place = Place(checkpoint.tree_size, pledge.index, checkpoint.root, leaf_hash(pledge.statement))
        anchors = self._governance().anchors
        return attached, grounds_of(recorded, place, self.origin, demo=anchors is not None and anchors.demo)

    def _told(self, subject: str) -> tuple[EnterpriseRecord | None, dict[int, EntryRow]]:
        """The record of an enterprise, and by index the open rows that may stand on a certificate."""
        record: EnterpriseRecord | None = None
        kept: dict[int, EntryRow] = {}
        version = 0
        while rows := self._store.stream(subject, after_version=version, limit=RECORD_PAGE_ENTRIES):
            record = fold(record, map(to_recorded, rows))
            kept |= {row.index: row for row in rows if row.topic in _TOPICS}
            version = rows[-1].version
            if len(rows) < RECORD_PAGE_ENTRIES:
                break
        return record, kept

    def _governing_row(self, index: int) -> EntryRow:
        kept = self._kept().rows
        if index not in kept:
            (kept[index],) = self._store.entries(index, 1)
        return kept[index]

    def _evidence(self, row: EntryRow) -> bytes:
        """Evidence rests on governing entries alone: the same for every entry that a key signed."""
        statement = parse_statement(row.statement)
        kept, key = self._kept().evidence, (statement.issuer, statement.kid)
        if key not in kept:
            if len(kept) >= CERTIFICATE_EVIDENCE_KEPT_MAX:
                kept.clear()
            kept[key] = evidence(row.index, self._store, self._log)
        return kept[key]

    def _kept(self) -> _Governing:
        size = self._governance().size
        kept = self._governing
        if kept.size != size:
            kept = self._governing = _Governing(size)
        return kept


def _names(record: EnterpriseRecord) -> list[int]:
    """Where its names were said, but for what was repudiated, in log order."""
    return sorted(one.index for one in IDENTITY.of(record).names if one.index not in record.repudiated)
