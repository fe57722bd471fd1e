"""Whether what was agreed on a complaint was performed: said by the handling body, sealed, in months, without persons.

First what is said, then what it adds up to; what may be said is in `ledger/domain/rules/agreement.py`.
"""

from __future__ import annotations

from datetime import date

from ledger.domain.events.base import EntryIndex, Event, Line, Month

__all__ = ["AgreementDefaulted", "AgreementPerformed"]


class AgreementPerformed(Event, frozen=True, kw_only=True, tag="AgreementPerformed"):
    """What ended the complaint at entry `outcome_entry` was performed in the month `performed`."""

    outcome_entry: EntryIndex
    performed: Month


class AgreementDefaulted(Event, frozen=True, kw_only=True, tag="AgreementDefaulted"):
    """What ended the complaint at entry `outcome_entry` was due in the month `due`, and was not performed.

    `notified_on`: when the enterprise was told that this would be published; absent only with `late_ground`.
    """

    outcome_entry: EntryIndex
    due: Month
    notified_on: date | None = None
    explanation: Line
