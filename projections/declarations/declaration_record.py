"""The public self-declaration record of an enterprise: pledges and the sections of all other nouns in one document.

Joined when it is read: stored whole, it would repeat every pledge page in every step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Final, NamedTuple

import msgspec

from projections.declarations.section import DatedValue

__all__ = ["SectionRow", "compose", "section_rows"]

_ENCODE: Final = msgspec.json.Encoder(order="sorted").encode


class SectionRow(NamedTuple):
    """`value` is the JSON of the key `section` from `from_on` to the day before `until_on` (None: until an event)."""

    subject: str
    section: str
    from_on: date
    until_on: date | None
    value: bytes


def section_rows(subject: str, section: str, pieces: Sequence[DatedValue]) -> Iterator[SectionRow]:
    """The rows of one section, each until the day of the next piece."""
    for piece, following in pairwise([*pieces, None]):
        assert piece is not None  # only the last is
        yield SectionRow(subject, section, piece.from_on, None if following is None else following.from_on, piece.value)


def compose(subject: str, pledges: Sequence[bytes], sections: Mapping[str, bytes]) -> bytes:
    """Canonical JSON (RFC 8785) with a key for the pledges and for every section, from values that are canonical."""
    values = {b"pledges": b"[%b]" % b",".join(pledges), b"subject": _ENCODE(subject)}
    values |= {section.encode(): value for section, value in sections.items()}
    return b"{%b}" % b",".join(b'"%b":%b' % item for item in sorted(values.items()))
