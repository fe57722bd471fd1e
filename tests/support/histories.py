"""Random but possible histories of one enterprise, as `hypothesis` strategies: no signatures, only events."""

from __future__ import annotations

from hashlib import sha256

from hypothesis import strategies as st

from ledger.domain.events.attachment import AttachmentAdded
from ledger.domain.events.base import Event, Recorded
from ledger.domain.events.enterprise import EnterpriseRenamed, EnterpriseSized
from ledger.domain.events.pledge import PledgeReplaced
from ledger.domain.events.repudiation import BodyErased, StatementRepudiated
from tests.support.clock import NOW
from tests.support.finding_moves import FINDING_MOVES, finding_move
from tests.support.listings import delisted, listed
from tests.support.marks import mark_licensed, misuse_found, reinstated, revoked, suspended
from tests.support.reports import invalidated, submitted, verified
from tests.support.standards import abolished, declared, noted, revised
from tests.support.statements import (
    ENTERPRISE,
    TODAY,
    assessed,
    code,
    corrected,
    outcome,
    pledge_made,
    pledge_published,
    pledge_withdrawn,
    registered,
    replied,
)

__all__ = ["histories"]

_INDEX_GAP = 3  # other subjects' entries lie between

_MOVES = (
    "rename",
    "size",
    "pledge",
    "sealed pledge",
    "replace",
    "withdraw",
    "assess",
    "outcome",
    "reply",
    "correct",
    "declare",
    "revise",
    "abolish",
    "note",
    "license",
    "suspend",
    "misuse",
    "list",
    "delist",
    "submit",
    "verify",
    "invalidate",
    *FINDING_MOVES,
    "attach",
    "repudiate",
    "erase",
    "erase",
)


def recorded(version: int, event: Event, *, sealed: bool = False) -> Recorded:
    """The event as number `version` of the stream."""
    return Recorded(
        index=version * _INDEX_GAP,
        subject=ENTERPRISE,
        version=version,
        recorded_at=NOW,
        statement_id=sha256(version.to_bytes(4, "big")).digest(),
        issuer="party:organizer",
        kid=bytes(32),
        iat=NOW,
        sealed=sealed,
        event=event,
    )


def attached(entry: int, number: int) -> AttachmentAdded:
    """An attachment to an entry, under an id of its own."""
    return AttachmentAdded(
        v=1,
        effective_on=TODAY,
        attachment=f"{number:032x}",
        commitment="cd" * 32,
        media_type="image/png",
        size_bytes=1,
        entry=entry,
    )


class _History:
    def __init__(self, sealed_registration: bool) -> None:
        self.events: list[Recorded] = []
        self.codes: list[str] = []
        self.versions: dict[int, list[int]] = {}  # outcome → its newest chain
        self.standards: list[int] = []  # entries of all versions
        self.listings: list[int] = []
        self.reports: list[int] = []
        self.marks = 0
        self.erased: set[int] = set()
        self.add(registered(), sealed=sealed_registration)

    def add(self, event: Event, *, sealed: bool = False) -> Recorded:
        at = recorded(len(self.events) + 1, event, sealed=sealed)
        self.events.append(at)
        return at

    def move(self, name: str, pick: int) -> None:
        sealed = [one.index for one in self.events if one.sealed and one.index not in self.erased]
        roots = [root for root in self.versions if root not in self.erased]
        if name == "rename":
            self.add(EnterpriseRenamed(v=1, effective_on=TODAY, name=f"名 {pick}", evidence="证"), sealed=pick % 2 == 0)
        elif name == "size":
            self.add(EnterpriseSized(v=1, effective_on=TODAY, size_band="large", size_source="年报"))
        elif name in ("pledge", "sealed pledge"):
            hidden = name != "pledge"
            made = self.add(pledge_made(disclosure="none" if hidden else "public"), sealed=hidden)
            if pick % 4:
                self.codes.append(code(len(self.codes) + 1))
                self.add(pledge_published(made.statement_id, code=self.codes[-1]))
        elif name == "outcome":
            self.versions[self.add(outcome(pick), sealed=True).index] = []
        elif name in ("replace", "withdraw", "assess") and self.codes:
            chosen = self.codes[pick % len(self.codes)]
            if name == "replace":
                event = PledgeReplaced(v=1, effective_on=TODAY, code=chosen, slip="错字", valid_until=TODAY)
                self.add(event, sealed=pick % 2 == 0)
            elif name == "withdraw":
                self.add(pledge_withdrawn(code=chosen))
            else:
                self.add(assessed(code=chosen), sealed=True)
        elif name in ("reply", "correct") and roots:
            root = roots[pick % len(roots)]
            if name == "reply":
                self.add(replied(root), sealed=True)
            else:
                newest = (self.versions[root] or [root])[-1]
                self.versions[root].append(self.add(corrected(newest), sealed=True).index)
        elif name == "declare":
            self.standards.append(self.add(declared(number=f"Q/CSGD {pick % 3}-2018")).index)
        elif name in ("revise", "abolish", "note") and self.standards:
            version = self.standards[pick % len(self.standards)]
            if name == "revise":
                self.standards.append(self.add(revised(version, number=f"Q/CSGD {pick % 3}-2026")).index)
            else:
                note = name == "note"
                self.add(noted(version) if note else abolished(version), sealed=note)
        elif name in ("license", "suspend", "misuse"):
            self.mark(name, pick)
        elif name in ("list", "delist"):
            ended = self.listings and name == "delist"
            at = self.add(delisted(self.listings[pick % len(self.listings)]) if ended else listed())
            self.listings.append(at.index)
        elif name in ("submit", "verify", "invalidate"):
            if name == "submit" or not self.reports:
                self.reports.append(self.add(submitted(pick)).index)
            else:
                report = self.reports[pick % len(self.reports)]
                found = name == "invalidate"
                self.add(invalidated(report) if found else verified(report), sealed=found)
        elif name in FINDING_MOVES:
            said = [(one.index, one.event) for one in self.events if isinstance(one.event, Event)]
            moved = finding_move(name, pick, said, self.codes)
            if moved is not None:
                self.add(moved[0], sealed=moved[1])
        elif name == "attach":
            self.add(attached(self.events[pick % len(self.events)].index, len(self.events)))
        elif name == "repudiate":
            entry = self.events[pick % len(self.events)].index
            self.add(StatementRepudiated(v=1, effective_on=TODAY, entry=entry, word="否认"))
        elif name == "erase" and sealed:
            entry = sealed[pick % len(sealed)]
            # a correction goes with its outcome, as the rules have it
            entry = next((root for root in roots if entry in self.versions[root]), entry)
            self.erased.add(entry)
            self.add(BodyErased(v=1, effective_on=TODAY, entry=entry, ground="删除"))

    def mark(self, name: str, pick: int) -> None:
        if name == "misuse":
            self.add(misuse_found("licensee" if pick % 3 else "third_party"), sealed=True)
        elif name == "suspend" and self.marks:
            self.add((suspended, reinstated, revoked)[pick % 3](number=1 + pick % self.marks))
        elif self.codes:
            self.marks += 1
            self.add(mark_licensed(self.marks, pledge=self.codes[pick % len(self.codes)]))


@st.composite
def histories(draw: st.DrawFn) -> list[Recorded]:
    """A registration and up to 40 moves after it."""
    history = _History(draw(st.booleans()))
    for name, pick in draw(st.lists(st.tuples(st.sampled_from(_MOVES), st.integers(0, 1_000)), max_size=40)):
        history.move(name, pick)
    return history.events
