"""All event types: who may say each, where, in which form, and by which rules.

To add one about enterprises: struct, state, `decide`, `evolve` and its line of `EVENTS` in its noun's file; a new noun
has a line here (`docs/contributing.md` walks through one). Governing streams are folded in `party_state.py`,
`policy.py` and `campaign.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ledger.domain import (
    campaign_rules,
    complaint_rules,
    enterprise_rules,
    party_rules,
    pledge_rules,
    policy_rules,
    repudiation_rules,
)
from ledger.domain.context import EventSpec
from ledger.domain.event import Event
from ledger.domain.noun import Noun

__all__ = ["ALL", "NOUNS", "SPECS"]

_SPECS: Final = (
    *party_rules.EVENTS,
    *policy_rules.EVENTS,
    *campaign_rules.EVENTS,
    *enterprise_rules.EVENTS,
    *pledge_rules.EVENTS,
    *complaint_rules.EVENTS,
    *repudiation_rules.EVENTS,
)

ALL: Final[tuple[type[Event], ...]] = tuple(spec.event for spec in _SPECS)
SPECS: Final[Mapping[str, EventSpec]] = {spec.name: spec for spec in _SPECS}
NOUNS: Final[Mapping[str, Noun[Any]]] = {spec.noun.key: spec.noun for spec in _SPECS if spec.noun is not None}
