"""Random but possible histories of one enterprise, as `hypothesis` strategies: no signatures, only events."""

from __future__ import annotations

from hashlib import sha256

from hypothesis import strategies as st

from ledger.domain.enterprise import EnterpriseRenamed, EnterpriseSized
from ledger.domain.event import Event, Recorded
from ledger.domain.pledge import PledgeReplaced
from ledger.domain.repudiation import BodyErased, StatementRepudiated
from tests.support.clock import NOW
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
    "repudiate",
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


class _History:
    def __init__(self, sealed_registration: bool) -> None:
        self.events: list[Recorded] = []
        self.codes: list[str] = []
        self.versions: dict[int, list[int]] = {}  # outcome → its newest chain
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
        elif name == "repudiate":
            entry = self.events[pick % len(self.events)].index
            self.add(StatementRepudiated(v=1, effective_on=TODAY, entry=entry, word="否认"))
        elif name == "erase" and sealed:
            entry = sealed[pick % len(sealed)]
            # a correction goes with its outcome, as the rules have it
            entry = next((root for root in roots if entry in self.versions[root]), entry)
            self.erased.add(entry)
            self.add(BodyErased(v=1, effective_on=TODAY, entry=entry, ground="删除"))


@st.composite
def histories(draw: st.DrawFn) -> list[Recorded]:
    """A registration and up to 40 moves after it."""
    history = _History(draw(st.booleans()))
    for name, pick in draw(st.lists(st.tuples(st.sampled_from(_MOVES), st.integers(0, 1_000)), max_size=40)):
        history.move(name, pick)
    return history.events
