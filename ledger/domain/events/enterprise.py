"""Enterprises as such: what is said about identity, names, size, merger and deregistration, and what it adds up to.

What may be said is in `ledger/domain/rules/enterprise.py`, the record itself in `record.py`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from ledger.domain.events.base import Event, Line, PaperEvidence

__all__ = [
    "EnterpriseDeregistered",
    "EnterpriseMerged",
    "EnterpriseRegistered",
    "EnterpriseRenamed",
    "EnterpriseSized",
    "IdentifierOverridden",
    "SizeBand",
]

SizeBand = Literal["micro", "small", "medium", "large"]
"""As the statistical standard for small and medium-sized enterprises names them."""


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
