"""Enterprises as such: what is said about identity, names, size, merger and deregistration, and what it adds up to.

What may be said is in `enterprise_rules.py`, the record itself in `record.py`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta
from msgspec.structs import replace

from ledger.domain.enterprise_state import Ceased, Named, Overridden, Registration, SizeBand, Sized
from ledger.domain.event import Event, Line, PaperEvidence, Recorded
from ledger.domain.record import About, EnterpriseRecord

__all__ = [
    "EnterpriseDeregistered",
    "EnterpriseMerged",
    "EnterpriseRegistered",
    "EnterpriseRenamed",
    "EnterpriseSized",
    "IdentifierOverridden",
    "deregistered",
    "merged",
    "overridden",
    "registered",
    "renamed",
    "resized",
]


class EnterpriseRegistered(Event, frozen=True, kw_only=True, tag="EnterpriseRegistered"):
    """An enterprise enters the book. Sealed for individual businesses, whose name is often a person's.

    `code` is given where the subject id is opaque (`local:`); for `uscc:` and `lei:` the subject is the code.
    """

    name: Line
    category: Literal["organization", "individual_business"]
    code: Line | None = None
    division: Annotated[str, Meta(pattern="^[0-9]{6}\\Z")] | None = None  # GB/T 2260
    industry: Annotated[str, Meta(pattern="^[A-T][0-9]{0,4}\\Z")] | None = None  # GB/T 4754
    size_band: SizeBand | None = None
    size_source: Line | None = None
    evidence: PaperEvidence | None = None


class EnterpriseRenamed(Event, frozen=True, kw_only=True, tag="EnterpriseRenamed"):
    """The enterprise has another name from `effective_on`; the old one stays in its history."""

    name: Line
    evidence: Line


class EnterpriseSized(Event, frozen=True, kw_only=True, tag="EnterpriseSized"):
    """The size band from `effective_on`, and who says so: complaints are weighed by it."""

    size_band: SizeBand
    size_source: Line


class IdentifierOverridden(Event, frozen=True, kw_only=True, tag="IdentifierOverridden"):
    """Says with evidence that a code that fails its check digit is real; may be the stream's first event."""

    code: Line
    evidence: Line


class EnterpriseMerged(Event, frozen=True, kw_only=True, tag="EnterpriseMerged"):
    """Links this enterprise's history to its successor's; the two are never joined."""

    into: Line
    evidence: Line


class EnterpriseDeregistered(Event, frozen=True, kw_only=True, tag="EnterpriseDeregistered"):
    """The enterprise ceased to exist on `effective_on`; its history stays."""

    evidence: Line


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
