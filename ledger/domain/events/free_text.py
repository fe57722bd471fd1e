"""The free texts of an event: what somebody wrote in words of their own, and what may not stand in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final, get_args

import msgspec
from msgspec import Struct

from ledger.domain.events.base import Line, Text
from ledger.domain.values.enterprise_code import (
    RESIDENT_EN,
    RESIDENT_RULE,
    RESIDENT_ZH,
    may_hold_resident_number,
    refuse_resident_number,
)
from ledger.domain.values.personal_data import KIND_WORDS, Hit, certain_in, screen, worth_a_look
from ledger.domain.values.subject import names_a_resident
from ledger.errors import Refused

__all__ = ["free_texts", "refuse_personal_data", "refuse_residents", "suspicions"]

_SHORT: Final = 7  # no number of a person, no address, is shorter
# Lines that hold a number, a code or a key of their own: screened, a report's number would pass for a telephone's.
_CODES: Final = re.compile(
    r"(?:^|_)(?:code|codes|no|number|numbers|id|ids|barcode|serial|model|key|sha256|digest|url)\Z"
)


def free_texts(content: Struct) -> Iterator[tuple[str, str]]:
    """Field (dotted, places in lists by number) and text of everything in `content` that is written freely."""
    for name in _freely_written(type(content)):
        yield from _inside(name, getattr(content, name))


def refuse_personal_data(content: Struct) -> None:
    """Raises `Refused` for text that holds personal data beyond doubt; says the kind and the place, not the data."""
    texts = [(name, text) for name, text in free_texts(content) if len(text) >= _SHORT]
    if not worth_a_look("\n".join([text for _, text in texts])):  # nearly always, and cheaper in one go
        return
    for name, text in texts:
        hit = certain_in(text)
        if hit is not None:
            zh, en = KIND_WORDS[hit.kind]
            raise Refused(
                "text.personal_data",
                f"{name} 中第 {hit.start + 1} 个字起似为{zh}：账本不得含个人信息，请删除",
                f"{name} holds what seems to be a {en}: no personal data enters the book, take it out",
                f"{name}, character {hit.start + 1} to {hit.end}",
            )


def refuse_residents(subject: str, encoded: bytes) -> None:
    """Raises `Refused` (`identity.resident_number`) where a resident identity number stands for a code, or in any
    other field of a content in canonical JSON: the codes and numbers that are no free text, too."""
    if names_a_resident(subject):
        raise Refused(RESIDENT_RULE, RESIDENT_ZH, RESIDENT_EN)
    if may_hold_resident_number(encoded):
        refuse_resident_number(encoded.decode())


def suspicions(content: Struct) -> list[tuple[str, Hit]]:
    """All that the screen finds, by field: for whoever is about to sign it."""
    return [(name, hit) for name, text in free_texts(content) for hit in screen(text)]


def _inside(name: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, Struct):
        for inner, text in free_texts(value):
            yield f"{name}.{inner}", text
    elif isinstance(value, tuple | list):
        for place, one in enumerate(value, start=1):
            yield from _inside(f"{name}.{place}", one)


@cache
def _freely_written(kind: type[Struct]) -> tuple[str, ...]:
    """The fields of a struct that are, or may hold, lines and texts; codes left out."""
    return tuple(
        field.name for field in msgspec.structs.fields(kind) if not _CODES.search(field.name) and _holds(field.type)
    )


def _holds(kind: Any) -> bool:
    if kind in (Line, Text):
        return True
    if isinstance(kind, type) and issubclass(kind, Struct):
        return bool(_freely_written(kind))
    return any(_holds(part) for part in get_args(kind) if not isinstance(part, msgspec.Meta))
