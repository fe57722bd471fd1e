"""Annexes that were taken down: that they are gone, and by which entry. Which files entries name is said elsewhere."""

from __future__ import annotations

from ledger.domain.events.base import Digest, Event, Line

__all__ = ["AnnexTakenDown"]


class AnnexTakenDown(Event, frozen=True, kw_only=True, tag="AnnexTakenDown"):
    """A data officer had a public file that an entry of this stream names destroyed, wherever it was named.

    The entries that name it stay, with its SHA-256 and length; no proof changes. `ground` says why, without repeating
    what must not be public.
    """

    annex: Digest
    ground: Line
