"""Licences of marks with real serials, and what is said of them."""

from __future__ import annotations

from datetime import date
from functools import cache
from hashlib import sha256
from typing import Any

from ledger.domain.events.base import Recorded
from ledger.domain.events.declaration import Product
from ledger.domain.events.mark import (
    MarkLicensed,
    MarkMisuseFound,
    MarkReinstated,
    MarkRevoked,
    MarkSeed,
    MarkSuspended,
)
from ledger.domain.payload import encode_body
from ledger.mark_serials.serial_tree import serials_root
from tests.support.book import Book
from tests.support.statements import TODAY, code, salt

__all__ = [
    "KETTLE",
    "RANGE",
    "license_mark",
    "mark_licensed",
    "misuse_found",
    "range_of",
    "reinstated",
    "revoked",
    "seed_body",
    "seed_of",
    "suspended",
]

KETTLE = Product(name="电热水壶", model="K-100")


def range_of(number: int) -> str:
    return f"{number:010x}"


RANGE = range_of(1)


def seed_of(number: int) -> bytes:
    """32 bytes that are the same in every run."""
    return sha256(f"seed {number}".encode()).digest()


def seed_body(number: int = 1) -> bytes:
    """The body behind `MarkLicensed.seed`."""
    return encode_body(MarkSeed(v=1, salt=salt(number).hex(), secret=seed_of(number).hex()), salt(number))


@cache
def _root(number: int, count: int) -> str:
    return serials_root(seed_of(number), range_of(number), count).hex()


def mark_licensed(number: int = 1, count: int = 10, **given: Any) -> MarkLicensed:
    """Of `range_of(number)`; goes with `seed_body(number)`."""
    defaults = {
        "v": 1,
        "effective_on": TODAY,
        "pledge": code(),
        "range": range_of(number),
        "count": count,
        "serials_root": _root(number, count),
        "seed": sha256(seed_body(number)).hexdigest(),
        "products": (KETTLE,),
        "valid_from": TODAY,
        "valid_until": date(2027, 3, 14),
    }
    event: MarkLicensed = MarkLicensed(**{**defaults, **given})
    return event


def license_mark(book: Book, number: int = 1, **given: Any) -> Recorded:
    """Say it, with its seed."""
    return book.say(mark_licensed(number, **given), text=seed_body(number))


def suspended(on: date = TODAY, number: int = 1) -> MarkSuspended:
    return MarkSuspended(v=1, effective_on=on, range=range_of(number), ground="misuse_suspected")


def reinstated(on: date = TODAY, number: int = 1) -> MarkReinstated:
    return MarkReinstated(v=1, effective_on=on, range=range_of(number))


def revoked(on: date = TODAY, number: int = 1) -> MarkRevoked:
    return MarkRevoked(v=1, effective_on=on, range=range_of(number), ground="misuse")


def misuse_found(by: str = "licensee", on: date = TODAY, **given: Any) -> MarkMisuseFound:
    defaults = {"v": 1, "effective_on": on, "by": by, "text": "未获许可的产品上印有标识。"}
    event: MarkMisuseFound = MarkMisuseFound(**{**defaults, **given})
    return event
