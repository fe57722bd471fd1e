"""Who the enterprise is: registrations, names, sizes, codes that were said to be real, merger and deregistration.

What is said is in `ledger/domain/events/enterprise.py`, what may be said in `ledger/domain/rules/enterprise.py`.
"""

from __future__ import annotations

from collections.abc import Container
from datetime import date
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from ledger.domain.events.base import Recorded
from ledger.domain.events.enterprise import (
    EnterpriseDeregistered,
    EnterpriseMerged,
    EnterpriseRegistered,
    EnterpriseRenamed,
    EnterpriseSized,
    IdentifierOverridden,
    SizeBand,
)
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.state.slot import Bearing, DatedEntry, Size, Slot
from ledger.domain.state.step import in_slot

__all__ = [
    "IDENTITY",
    "STEPS",
    "Ceased",
    "Identity",
    "Named",
    "Overridden",
    "Registration",
    "Sized",
    "ceased_by",
    "is_registered",
    "name_on",
    "registration_of",
    "size_on",
]


class Registration(Struct, frozen=True, gc=False):
    """The `EnterpriseRegistered` at `index`; name and size are in the identity's histories."""

    index: int
    effective_on: date
    category: Literal["organization", "individual_business"]
    code: str | None
    division: str | None
    industry: str | None
    sealed: bool


class Named(Struct, frozen=True, gc=False):
    """A name, from `effective_on`, by the entry at `index`."""

    index: int
    effective_on: date
    name: str


class Sized(Struct, frozen=True, gc=False):
    """A size band, from `effective_on`, by the entry at `index`."""

    index: int
    effective_on: date
    band: SizeBand


class Ceased(Struct, frozen=True, gc=False):
    """A merger (`into` its successor) or deregistration (`into` None), by the entry at `index`."""

    index: int
    effective_on: date
    into: str | None


class Overridden(Struct, frozen=True, gc=False):
    """A code that was said to be real, by the entry at `index`."""

    index: int
    code: str


class Identity(Struct, frozen=True, gc=False):
    """What was said about the enterprise as such, in log order; repudiated entries too."""

    registrations: tuple[Registration, ...] = ()
    names: tuple[Named, ...] = ()
    sizes: tuple[Sized, ...] = ()
    overridden: tuple[Overridden, ...] = ()
    merged: Ceased | None = None
    deregistered: Ceased | None = None


def registered(identity: Identity, at: Recorded, event: EnterpriseRegistered) -> Identity:
    registration = Registration(
        at.index, event.effective_on, event.category, event.code, event.division, event.industry, at.sealed
    )
    sizes = identity.sizes
    if event.size_band is not None:
        sizes = (*sizes, Sized(at.index, event.effective_on, event.size_band))
    names = (*identity.names, Named(at.index, event.effective_on, event.name))
    registrations = (*identity.registrations, registration)
    return replace(identity, registrations=registrations, names=names, sizes=sizes)


def renamed(identity: Identity, at: Recorded, event: EnterpriseRenamed) -> Identity:
    return replace(identity, names=(*identity.names, Named(at.index, event.effective_on, event.name)))


def resized(identity: Identity, at: Recorded, event: EnterpriseSized) -> Identity:
    return replace(identity, sizes=(*identity.sizes, Sized(at.index, event.effective_on, event.size_band)))


def overridden(identity: Identity, at: Recorded, event: IdentifierOverridden) -> Identity:
    return replace(identity, overridden=(*identity.overridden, Overridden(at.index, event.code)))


def merged(identity: Identity, at: Recorded, event: EnterpriseMerged) -> Identity:
    return replace(identity, merged=Ceased(at.index, event.effective_on, event.into))


def deregistered(identity: Identity, at: Recorded, event: EnterpriseDeregistered) -> Identity:
    return replace(identity, deregistered=Ceased(at.index, event.effective_on, None))


def forget(identity: Identity, index: int) -> Identity:
    """As if the sealed entry at `index` had always been closed. Merger and deregistration are never sealed."""
    return replace(
        identity,
        registrations=tuple(one for one in identity.registrations if one.index != index),
        names=tuple(one for one in identity.names if one.index != index),
        sizes=tuple(one for one in identity.sizes if one.index != index),
        overridden=tuple(one for one in identity.overridden if one.index != index),
    )


def registration_of(record: EnterpriseRecord) -> Registration | None:
    """The newest registration that was not repudiated; None too where its body is closed."""
    for registration in reversed(IDENTITY.of(record).registrations):
        if registration.index not in record.repudiated:
            return registration
    return None


def is_registered(record: EnterpriseRecord) -> bool:
    """Whether the enterprise was registered. Nothing but an override is sealed before that: closed entries tell."""
    return registration_of(record) is not None or record.closed > 0


def name_on(record: EnterpriseRecord, day: date) -> str | None:
    """The name in effect on `day`, None where it is not known (or closed)."""
    found = _in_effect(IDENTITY.of(record).names, day, record.repudiated)
    return found.name if isinstance(found, Named) else None


def size_on(record: EnterpriseRecord, day: date) -> SizeBand | None:
    """The size band in effect on `day`, None where it is not known."""
    found = _in_effect(IDENTITY.of(record).sizes, day, record.repudiated)
    return found.band if isinstance(found, Sized) else None


def ceased_by(record: EnterpriseRecord, day: date) -> Ceased | None:
    """The merger, else the deregistration, that had taken effect on `day` and was not repudiated."""
    identity = IDENTITY.of(record)
    for ceased in (identity.merged, identity.deregistered):
        if ceased is not None and ceased.index not in record.repudiated and day >= ceased.effective_on:
            return ceased
    return None


def _in_effect(
    history: tuple[Named, ...] | tuple[Sized, ...], day: date, repudiated: Container[int]
) -> Named | Sized | None:
    standing = [one for one in history if one.effective_on <= day and one.index not in repudiated]
    return max(standing, key=lambda one: (one.effective_on, one.index), default=None)


def bearing(record: EnterpriseRecord) -> Bearing:
    """The size tells how findings weigh; names and the rest bear nothing."""
    sizes = IDENTITY.of(record).sizes
    return Bearing(
        sizes=tuple(Size(one.effective_on, one.index, one.band) for one in sizes if one.index not in record.repudiated),
        bearing=tuple(DatedEntry(one.effective_on, one.index) for one in sizes),
    )


IDENTITY: Final[Slot[Identity]] = Slot("identity", Identity(), forget=forget, bearing=bearing, names_all=True)

STEPS: Final = (
    in_slot(IDENTITY, EnterpriseRegistered, registered, bears=True),
    in_slot(IDENTITY, EnterpriseRenamed, renamed, shows=False),
    in_slot(IDENTITY, EnterpriseSized, resized, bears=True),
    in_slot(IDENTITY, IdentifierOverridden, overridden, shows=False),
    in_slot(IDENTITY, EnterpriseMerged, merged, shows=False),
    in_slot(IDENTITY, EnterpriseDeregistered, deregistered, shows=False),
)
