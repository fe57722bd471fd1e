"""All event types: who may say each, where, in which form, and by which rules.

To add one about enterprises: struct, state, `decide`, `evolve` and its line of `EVENTS` in its noun's file; a new noun
has a line here (`docs/contributing.md` walks through one). Governing streams are folded in
`ledger/domain/state/party.py`, `ledger/domain/state/policy.py` and `ledger/domain/state/campaign.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from ledger.domain.events.base import Event
from ledger.domain.rules.context import EventSpec
from ledger.domain.state.slot import Slot

__all__ = ["ALL", "NOUNS", "SPECS"]

# Modules of this folder, each with `EVENTS`; found by name, so that a noun is one line.
_NOUNS: Final = (
    "party",
    "policy",
    "campaign",
    "enterprise",
    "pledge",
    "complaint",
    "declaration",
    "mark",
    "listing",
    "inspection_report",
    "finding",
    "breach",
    "agreement",
    "repair",
    "objection",
    "repudiation",
    "legal_hold",
    "attachment",
    "annex",
    "completeness_map",
    "history",
    "access_log",
)


def _events(noun: str) -> tuple[EventSpec, ...]:
    events: tuple[EventSpec, ...] = import_module(f"ledger.domain.rules.{noun}").EVENTS
    return events


_SPECS: Final = tuple(spec for noun in _NOUNS for spec in _events(noun))

ALL: Final[tuple[type[Event], ...]] = tuple(spec.event for spec in _SPECS)
SPECS: Final[Mapping[str, EventSpec]] = {spec.name: spec for spec in _SPECS}
NOUNS: Final[Mapping[str, Slot[Any]]] = {spec.noun.key: spec.noun for spec in _SPECS if spec.noun is not None}
