"""Which events somebody at a desk may sign, and about whom: from the catalogue and the roles of the party."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from api.desk.forms.value_words import NOUNS
from api.desk.roles import Officer
from api.pages.words import Word, event_word
from ledger.domain.rules.catalogue import SPECS
from ledger.domain.rules.spec import EventSpec

__all__ = ["Act", "ActGroup", "ActSubject", "groups_of", "may_sign", "subject_of"]

_ONE_STREAM: Final = frozenset(("policy", "map", "access"))


@dataclass(frozen=True, slots=True)
class Act:
    """An event type by its name in addresses, and what it is called."""

    type: str
    word: Word


@dataclass(frozen=True, slots=True)
class ActGroup:
    """The acts about one noun of the catalogue."""

    word: Word
    acts: Sequence[Act]


@dataclass(frozen=True, slots=True)
class ActSubject:
    """About whom an act is. `kind` as in `ledger/domain/values/subject.py`; `fixed` where there is no choice."""

    kind: str
    value: str
    fixed: bool


def may_sign(officer: Officer, spec: EventSpec) -> bool:
    """Whether the officer's party may say this about anything at all; the rest is for the rules of registration."""
    if not spec.signers.isdisjoint(officer.roles):
        return True
    by_itself = "self" in spec.signers and officer.enterprise is not None
    return by_itself or not spec.signers.isdisjoint(("party", "old_key"))


def groups_of(officer: Officer) -> Sequence[ActGroup]:
    """All that the officer's party may sign, by noun, in the order of the catalogue."""
    found: dict[str, list[Act]] = {}
    for spec in SPECS.values():
        if may_sign(officer, spec):
            noun = spec.event.__module__.rpartition(".")[2]
            found.setdefault(noun, []).append(Act(spec.name, event_word(spec.name)))
    return [ActGroup(NOUNS[noun], acts) for noun, acts in found.items()]


def subject_of(officer: Officer, spec: EventSpec) -> ActSubject:
    """What the form begins with: the one stream there is, the party itself, or nothing yet."""
    (kind,) = spec.streams
    if kind in _ONE_STREAM:
        return ActSubject(kind, kind, fixed=True)
    by_role = not spec.signers.isdisjoint(officer.roles)
    if kind == "party" and not by_role:
        return ActSubject(kind, officer.party, fixed=True)
    if kind == "enterprise" and not by_role:
        return ActSubject(kind, officer.enterprise or "", fixed=True)
    return ActSubject(kind, "campaign:" if kind == "campaign" else "", fixed=False)
