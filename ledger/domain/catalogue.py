"""All event types: who may say each, where, in which form, and by which rules.

To add one about enterprises: struct, state, `decide`, `evolve` and its line of `EVENTS` in its noun's file; a new noun
has a line here (`docs/contributing.md` walks through one). Governing streams are folded in `party_state.py`,
`policy.py` and `campaign.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from ledger.domain.context import EventSpec
from ledger.domain.event import Event
from ledger.domain.noun import Noun

__all__ = ["ALL", "NOUNS", "SPECS"]

# Modules of this folder, each with `EVENTS`; found by name, so that a noun is one line.
_NOUNS: Final = (
    "party_rules",
    "policy_rules",
    "campaign_rules",
    "enterprise_rules",
    "pledge_rules",
    "complaint_rules",
    "declaration_rules",
    "mark_rules",
    "listing_rules",
    "report_rules",
    "finding_rules",
    "breach_rules",
    "agreement_rules",
    "repair_rules",
    "objection_rules",
    "repudiation_rules",
    "legal_hold_rules",
    "attachment_rules",
    "annex_rules",
    "map_rules",
    "access_rules",
)


def _events(noun: str) -> tuple[EventSpec, ...]:
    events: tuple[EventSpec, ...] = import_module(f"ledger.domain.{noun}").EVENTS
    return events


_SPECS: Final = tuple(spec for noun in _NOUNS for spec in _events(noun))

ALL: Final[tuple[type[Event], ...]] = tuple(spec.event for spec in _SPECS)
SPECS: Final[Mapping[str, EventSpec]] = {spec.name: spec for spec in _SPECS}
NOUNS: Final[Mapping[str, Noun[Any]]] = {spec.noun.key: spec.noun for spec in _SPECS if spec.noun is not None}
