"""All event types, as the files of this folder define them: a new noun has a line here.

For decoding. Who may say an event, and by which rules, is in `ledger/domain/rules/catalogue.py`.
"""

from __future__ import annotations

from typing import Final

from ledger.domain.events import (
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
from ledger.domain.events.base import Event

__all__ = ["ALL"]

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

# What a file imports is not its own; with an underscore begin the bases of several.
ALL: Final[tuple[type[Event], ...]] = tuple(
    kind
    for noun in _NOUNS
    for name, kind in vars(noun).items()
    if isinstance(kind, type) and issubclass(kind, Event) and kind.__module__ == noun.__name__ and name[0] != "_"
)
