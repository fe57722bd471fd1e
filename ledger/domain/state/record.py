"""The record of one enterprise: what all events of its stream add up to. A value, never changed; `fold.py` folds it.

The record itself says what must be known of entries whatever they say. What they say lies in `nouns`: each noun
(pledges, complaint outcomes, who the enterprise is, marks …) keeps its state there under the key of its slot
(`slot.py`), so that a new one changes nothing here.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from immutables import Map
from msgspec import Struct

__all__ = ["EnterpriseRecord", "EntryRef", "Repudiation"]


class EntryRef(Struct, frozen=True, gc=False):
    """What must be known of any entry of the stream. What it is about, its noun's state tells.

    `type` is None where the entry is closed. `has_body`: sealed, or open and naming a text of its own.
    """

    type: str | None
    issuer: str
    kid: bytes
    sealed: bool
    has_body: bool


class Repudiation(Struct, frozen=True, gc=False):
    """The `StatementRepudiated` or `EntryMisattributed` at `index`. Either way the entry counts for nothing."""

    index: int
    effective_on: date
    how: Literal["repudiated", "misattributed"] = "repudiated"


class EnterpriseRecord(Struct, frozen=True):
    """Everything that a decision about an enterprise, or its standing, depends on.

    `closed` counts closed entries, `last_counted` is the index of the newest entry that is not closed (-1:
    none). `repudiated` and `erased` are keyed by the index of the entry that was repudiated or erased, with
    the entry that did so. What is repudiated stays in the nouns' states: readers leave it out. `on_record`: by the
    erasure that said so, the day from which something about conduct stays known, though its body is gone.
    """

    subject: str
    version: int = 0
    last_index: int = -1
    last_counted: int = -1
    closed: int = 0
    repudiated: Map[int, Repudiation] = Map()
    erased: Map[int, int] = Map()
    on_record: Map[int, date] = Map()
    entries: Map[int, EntryRef] = Map()
    nouns: Map[str, Any] = Map()
