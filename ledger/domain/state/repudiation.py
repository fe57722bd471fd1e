"""What a party disowns, what is somebody else's, and what is erased: the entry stays, its content counts no more."""

from __future__ import annotations

from typing import Final, Literal

from msgspec.structs import replace

from ledger.domain.events.base import Recorded
from ledger.domain.events.repudiation import BodyErased, EntryMisattributed, StatementRepudiated
from ledger.domain.state.record import EnterpriseRecord, Repudiation
from ledger.domain.state.step import on_record

__all__ = ["STEPS", "erased", "repudiated"]


def repudiated(
    record: EnterpriseRecord, at: Recorded, event: StatementRepudiated | EntryMisattributed
) -> EnterpriseRecord:
    """What is repudiated or misattributed stays in its noun's state: readers leave it out."""
    how: Literal["repudiated", "misattributed"] = (
        "misattributed" if isinstance(event, EntryMisattributed) else "repudiated"
    )
    repudiation = Repudiation(at.index, event.effective_on, how)
    return replace(record, repudiated=record.repudiated.set(event.entry, repudiation))


def erased(record: EnterpriseRecord, at: Recorded, event: BodyErased) -> EnterpriseRecord:
    """That it was erased; `fold.py` takes out what the entry had put in."""
    on_record = record.on_record.set(at.index, event.effective_on) if event.on_record else record.on_record
    return replace(record, erased=record.erased.set(event.entry, at.index), on_record=on_record)


STEPS: Final = (
    on_record(StatementRepudiated, repudiated, bears=True),
    on_record(EntryMisattributed, repudiated, bears=True),
    on_record(BodyErased, erased, bears=True),
)
