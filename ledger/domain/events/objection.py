"""Objections of the enterprise to what was recorded about it, and what was decided on them. All sealed.

First what is said, then what it adds up to; what may be said is in `ledger/domain/rules/objection.py`. An objection is
shown beside the entry while it is open. Upholding one does not change the record: a correction or an annulment does, by
those who may make it; until then it shows that one is due.
"""

from __future__ import annotations

from ledger.domain.events.base import EntryIndex, Event, Text

__all__ = ["ObjectionFiled", "ObjectionRejected", "ObjectionUpheld"]


class ObjectionFiled(Event, frozen=True, kw_only=True, tag="ObjectionFiled"):
    """The enterprise objects to entry `entry`. It changes nothing, and is shown beside the entry while it is open."""

    entry: EntryIndex
    ground: Text


class ObjectionUpheld(Event, frozen=True, kw_only=True, tag="ObjectionUpheld"):
    """The objection is right. The record itself changes by the correction or annulment that follows, not by this."""

    objection: EntryIndex
    entry: EntryIndex
    explanation: Text


class ObjectionRejected(Event, frozen=True, kw_only=True, tag="ObjectionRejected"):
    """The entry stands as recorded."""

    objection: EntryIndex
    entry: EntryIndex
    explanation: Text
