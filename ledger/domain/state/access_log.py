"""Who read what is not public: the rows of the access log, the digest of a day of them, and its registration.

The rows lie beside the log (`ledger/store/access_log.py`). Each day's digest is registered in the stream `access`,
chained to the one before: a row that is changed, added or left out afterwards shows.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from hashlib import sha256
from typing import Final, Literal

import msgspec
from msgspec import Struct

from ledger.domain.events.access_log import AccessDigestPublished
from ledger.domain.events.base import Recorded

__all__ = ["Access", "DigestOfDay", "day_digest", "evolve_accesses"]


class Access(Struct, frozen=True, kw_only=True):
    """One access. `at` in Unix seconds, `day` its Asia/Shanghai date; `number` counts all of them from 1.

    `officer` is the pseudonym of the key's holder. `resource` is the path asked for, `subject` and `entry` what it is
    about, where that is known. `kid` and `cti` in hexadecimal name the token, which is good for one access.
    """

    number: int = 0
    at: int
    day: date
    party: str
    officer: str
    kid: str
    cti: str
    resource: str
    purpose: str
    outcome: Literal["served", "refused", "stored"]
    subject: str | None = None
    entry: int | None = None


class DigestOfDay(Struct, frozen=True):
    """The newest digest that was published, by the entry at `index`."""

    index: int
    day: date
    digest: str


_ENCODE: Final = msgspec.json.Encoder(order="sorted").encode


def day_digest(day: date, previous: str | None, rows: Iterable[Access]) -> tuple[str, int]:
    """SHA-256, in hexadecimal, over a head line and the day's rows as canonical JSON lines; and how many there are.

    The head is `{"day":…,"previous":…}`; rows are in the order of their numbers, each line ends in a line feed.
    """
    digest, count = sha256(_ENCODE({"day": day, "previous": previous}) + b"\n"), 0
    for row in rows:
        digest.update(_ENCODE(row) + b"\n")
        count += 1
    return digest.hexdigest(), count


def evolve_accesses(newest: DigestOfDay | None, at: Recorded) -> DigestOfDay | None:
    """The newest digest after one more event of the stream."""
    event = at.event
    return DigestOfDay(at.index, event.day, event.digest) if isinstance(event, AccessDigestPublished) else newest
