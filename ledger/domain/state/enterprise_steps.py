"""Enterprises as such: what is said about identity, names, size, merger and deregistration, and what it adds up to.

What may be said is in `ledger/domain/rules/enterprise.py`, the record itself in `record.py`.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from ledger.domain.events.base import Recorded
from ledger.domain.events.enterprise import (
    EnterpriseDeregistered,
    EnterpriseMerged,
    EnterpriseRegistered,
    EnterpriseRenamed,
    EnterpriseSized,
    IdentifierOverridden,
)
from ledger.domain.state.enterprise import Ceased, Named, Overridden, Registration, Sized
from ledger.domain.state.record import About, EnterpriseRecord
from ledger.domain.state.step import Step

__all__ = ["STEPS", "deregistered", "merged", "overridden", "registered", "renamed", "resized"]


def registered(record: EnterpriseRecord, at: Recorded, event: EnterpriseRegistered) -> tuple[EnterpriseRecord, About]:
    registration = Registration(
        at.index, event.effective_on, event.category, event.code, event.division, event.industry, at.sealed
    )
    sizes = record.sizes
    if event.size_band is not None:
        sizes = (*sizes, Sized(at.index, event.effective_on, event.size_band))
    names = (*record.names, Named(at.index, event.effective_on, event.name))
    registrations = (*record.registrations, registration)
    return replace(record, registrations=registrations, names=names, sizes=sizes), None


def renamed(record: EnterpriseRecord, at: Recorded, event: EnterpriseRenamed) -> tuple[EnterpriseRecord, About]:
    return replace(record, names=(*record.names, Named(at.index, event.effective_on, event.name))), None


def resized(record: EnterpriseRecord, at: Recorded, event: EnterpriseSized) -> tuple[EnterpriseRecord, About]:
    return replace(record, sizes=(*record.sizes, Sized(at.index, event.effective_on, event.size_band))), None


def overridden(record: EnterpriseRecord, at: Recorded, event: IdentifierOverridden) -> tuple[EnterpriseRecord, About]:
    return replace(record, overridden=(*record.overridden, Overridden(at.index, event.code))), None


def merged(record: EnterpriseRecord, at: Recorded, event: EnterpriseMerged) -> tuple[EnterpriseRecord, About]:
    return replace(record, merged=Ceased(at.index, event.effective_on, event.into)), None


def deregistered(
    record: EnterpriseRecord, at: Recorded, event: EnterpriseDeregistered
) -> tuple[EnterpriseRecord, About]:
    return replace(record, deregistered=Ceased(at.index, event.effective_on, None)), None


STEPS: Final = (
    Step(EnterpriseRegistered, registered, bears=True),
    Step(EnterpriseRenamed, renamed),
    Step(EnterpriseSized, resized, bears=True),
    Step(IdentifierOverridden, overridden),
    Step(EnterpriseMerged, merged),
    Step(EnterpriseDeregistered, deregistered),
)
