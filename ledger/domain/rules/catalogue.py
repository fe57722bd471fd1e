"""All event types: who may say each, where, in which form, and by which rules.

A noun's lines are in its own file, under `EVENTS`; a new noun has a line here. What its events do to a record is in
`ledger/domain/state/`, with a table in `fold.py` (`docs/contributing.md` walks through one).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.domain.rules import (
    access_log,
    agreement,
    annex,
    attachment,
    breach,
    campaign,
    complaint,
    completeness_map,
    declaration,
    enterprise,
    finding,
    history,
    inspection_report,
    legal_hold,
    listing,
    mark,
    objection,
    party,
    pledge,
    policy,
    repair,
    repudiation,
)
from ledger.domain.rules.spec import EventSpec

__all__ = ["SPECS"]

# In the order of the reference page.
_NOUNS: Final = (
    party,
    policy,
    campaign,
    enterprise,
    pledge,
    complaint,
    declaration,
    mark,
    listing,
    inspection_report,
    finding,
    breach,
    agreement,
    repair,
    objection,
    repudiation,
    legal_hold,
    attachment,
    annex,
    completeness_map,
    history,
    access_log,
)

SPECS: Final[Mapping[str, EventSpec]] = {spec.name: spec for noun in _NOUNS for spec in noun.EVENTS}
