"""The governance at every position of the log at once, in memory in proportion to what was said about parties.

`Governance` is a value for one position. An audit asks for any of them in any order: here each party, key, campaign
and policy keeps its versions by leaf index, and a `Governance` is made whose maps look the right one up.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Any, Final, cast

from ledger.audit.sources.source import GoverningFound
from ledger.cose.statement import decode_trusted
from ledger.domain.events.access_log import AccessDigestPublished
from ledger.domain.events.base import Closed, Recorded
from ledger.domain.events.completeness_map import MapRootPublished
from ledger.domain.events.policy import StandingPolicyApproved
from ledger.domain.state.governance import Governance, evolve_governance
from ledger.domain.state.party import Parties
from ledger.domain.values.dates import shanghai_date
from ledger.domain.values.subject import is_governing
from ledger.errors import LedgerError
from ledger.keys.algorithms import PublicKey, decode_key

__all__ = ["Timeline"]

_BY_NAME: Final = ("size", "parties_and_keys", "campaigns")
_REST: Final = tuple(name for name in Governance.__struct_fields__ if name not in _BY_NAME)
_MADE_MAX: Final = 512  # positions at which a governance is remembered


class _Versions:
    """Values that took each other's place: `at(index)` is the one that entries below `index` left."""

    __slots__ = ("since", "values")

    def __init__(self) -> None:
        self.since: list[int] = []
        self.values: list[Any] = []

    def put(self, index: int, value: Any) -> None:
        if not self.values or self.values[-1] is not value:
            self.since.append(index)
            self.values.append(value)

    def at(self, index: int) -> Any:
        place = bisect_left(self.since, index)
        return self.values[place - 1] if place else None


class _MapAt:
    """The read side of a map at one position. Remembers what was asked: mostly it is the same few."""

    __slots__ = ("_found", "_index", "_versions")

    def __init__(self, versions: dict[Any, _Versions], index: int) -> None:
        self._versions = versions
        self._index = index
        self._found: dict[Any, Any] = {}

    def get(self, key: Any, default: Any = None) -> Any:
        found = self._found.get(key)
        if found is None:
            versions = self._versions.get(key)
            found = None if versions is None else versions.at(self._index)
            if found is None:
                return default
            self._found[key] = found
        return found

    def __getitem__(self, key: Any) -> Any:
        found = self.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def __contains__(self, key: Any) -> bool:
        return self.get(key) is not None

    def __iter__(self) -> Iterator[Any]:
        return (key for key in self._versions if key in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def keys(self) -> Iterator[Any]:
        return iter(self)

    def items(self) -> Iterator[tuple[Any, Any]]:
        return ((key, self[key]) for key in self)

    def values(self) -> Iterator[Any]:
        return (self[key] for key in self)


class Timeline:
    """Folded once from the governing entries, as they are: whether they should be is for who checks them.

    `broken_at`: the first entry that could not be folded; what comes after rests on something that is not known.
    """

    def __init__(self, entries: Iterable[GoverningFound]) -> None:
        """`entries` of governing streams, in log order."""
        self.final = Governance.empty()
        self.broken_at: int | None = None
        self.approvals: list[tuple[int, int]] = []  # of standing policies: entry, and when it was recorded
        self.digests: list[tuple[int, AccessDigestPublished]] = []
        self.map_roots: list[tuple[int, MapRootPublished]] = []
        self._parties: dict[str, _Versions] = {}
        self._keys: dict[bytes, _Versions] = {}
        self._campaigns: dict[str, _Versions] = {}
        self._rest = _Versions()
        self._indexes = array("q")  # of all governing entries: between two of them nothing changes
        self._made: dict[int, Governance] = {}
        for one in entries:
            self._indexes.append(one.index)
            try:
                statement, event = decode_trusted(one.statement, one.body)
                if not is_governing(statement.subject):
                    continue  # about somebody else: that its column was changed is said of its stream
                if isinstance(event, Closed):
                    raise LookupError("a sealed entry in a governing stream")
                # Whom it is about is what was signed: a column beside it moves no key from one party to another.
                self._take(statement.recorded(event, index=one.index, version=one.version, recorded_at=one.recorded_at))
            except (LedgerError, LookupError, TypeError, AttributeError, ValueError):
                if self.broken_at is None:
                    self.broken_at = one.index

    def __getstate__(self) -> dict[str, Any]:
        """For another process: all but what is only remembered."""
        return {**self.__dict__, "_made": {}}

    def _take(self, at: Recorded) -> None:
        before, after = self.final, evolve_governance(self.final, at)
        self.final = after
        if isinstance(at.event, StandingPolicyApproved):
            self.approvals.append((at.index, at.recorded_at))
        elif isinstance(at.event, AccessDigestPublished):
            self.digests.append((at.index, at.event))
        elif isinstance(at.event, MapRootPublished):
            self.map_roots.append((at.index, at.event))
        party = after.parties.get(at.subject)
        if party is not None:
            self._parties.setdefault(at.subject, _Versions()).put(at.index, party)
            for kid in party.keys:
                self._keys.setdefault(kid, _Versions()).put(at.index, after.keys[kid])
        campaign = after.campaigns.get(at.subject)
        if campaign is not None:
            self._campaigns.setdefault(at.subject, _Versions()).put(at.index, campaign)
        rest = _rest(after)
        if not self._rest.values or any(one is not other for one, other in zip(rest, _rest(before), strict=True)):
            self._rest.put(at.index, rest)

    def at(self, index: int) -> Governance:
        """The governance that the entries below `index` give."""
        place = bisect_left(self._indexes, index)
        made = self._made.get(place)
        if made is None:
            if len(self._made) >= _MADE_MAX:
                self._made.clear()
            made = self._made[place] = self._governance(self._indexes[place - 1] + 1 if place else 0)
        return made

    def _governance(self, size: int) -> Governance:
        accreditations, *rest = self._rest.at(size) or _rest(Governance.empty())
        return Governance(
            size=size,
            parties_and_keys=Parties(
                cast(Any, _MapAt(self._parties, size)), cast(Any, _MapAt(self._keys, size)), accreditations
            ),
            campaigns=cast(Any, _MapAt(self._campaigns, size)),
            **dict(zip(_REST, rest, strict=True)),
        )

    def disputed(self, kid: bytes, index: int, recorded_at: int) -> bool:
        """Whether an entry was signed in the time in which its key, as is known now, was compromised."""
        versions = self._keys.get(kid)
        key = None if versions is None else versions.values[-1]
        if key is None or key.compromised_since is None or key.ended_at is None:
            return False
        return bool(index < key.ended_at and shanghai_date(recorded_at) >= key.compromised_since)

    def public_key(self, kid: bytes) -> PublicKey | None:
        """The key itself, whether valid at a position or not; None where nobody enrolled it."""
        versions = self._keys.get(kid)
        return None if versions is None else decode_key(versions.values[-1].cose_key)


def _rest(governance: Governance) -> tuple[Any, ...]:
    """What is not kept by party, key or campaign: accreditations, then the fields that `_REST` names."""
    return governance.parties_and_keys.accreditations, *(getattr(governance, name) for name in _REST)
