"""Arrays as query parameters, in PostgreSQL's binary format and always of the same type.

The driver's own dumper of lists picks a type by the values (smallint[], integer[], unknown[] when empty),
so that one statement would be prepared many times over. These are of fixed type, may hold None, and are cheap.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from struct import pack
from typing import Any, Final

from psycopg import Connection
from psycopg.adapt import Dumper, PyFormat
from psycopg.pq import Format
from psycopg.types.numeric import Int8

__all__ = ["Bigints", "Byteas", "Integers", "Texts", "register"]

_BIGINT, _BIGINTS, _BYTEA, _BYTEAS, _TEXT, _TEXTS = 20, 1016, 17, 1001, 25, 1009  # pg_type.oid
_INTEGER, _INTEGERS = 23, 1007
_NULL: Final = b"\xff\xff\xff\xff"


class Bigints(list[int]):
    """bigint[]"""


class Byteas(list["bytes | None"]):
    """bytea[]"""


class Integers(list[int]):
    """integer[]"""


class Texts(list[str]):
    """text[]"""


def _header(count: int, element: int) -> bytes:
    """Dimensions, "may hold nulls", element type, length and lower bound (PostgreSQL array_recv)."""
    return pack("!iiIii", 1, 1, element, count, 1) if count else pack("!iiI", 0, 0, element)


def _items(items: Sequence[bytes | None], element: int) -> bytes:
    parts = [_header(len(items), element)]
    for item in items:
        if item is None:
            parts.append(_NULL)
        else:
            parts.append(len(item).to_bytes(4, "big"))
            parts.append(item)
    return b"".join(parts)


class _Bigints(Dumper):
    format = Format.BINARY
    oid = _BIGINTS

    def dump(self, obj: Bigints) -> bytes:
        with_lengths = chain.from_iterable((8, number) for number in obj)
        return _header(len(obj), _BIGINT) + pack("!" + "iq" * len(obj), *with_lengths)


class _Byteas(Dumper):
    format = Format.BINARY
    oid = _BYTEAS

    def dump(self, obj: Byteas) -> bytes:
        return _items(obj, _BYTEA)


class _Integers(Dumper):
    format = Format.BINARY
    oid = _INTEGERS

    def dump(self, obj: Integers) -> bytes:
        with_lengths = chain.from_iterable((4, number) for number in obj)
        return _header(len(obj), _INTEGER) + pack("!" + "ii" * len(obj), *with_lengths)


class _Texts(Dumper):
    format = Format.BINARY
    oid = _TEXTS

    def dump(self, obj: Texts) -> bytes:
        return _items([text.encode() for text in obj], _TEXT)


def register(connection: Connection[Any]) -> None:
    """Teach a connection these arrays, and to send every `int` as a bigint."""
    adapters = connection.adapters
    adapters.register_dumper(Bigints, _Bigints)
    adapters.register_dumper(Byteas, _Byteas)
    adapters.register_dumper(Integers, _Integers)
    adapters.register_dumper(Texts, _Texts)
    adapters.register_dumper(int, adapters.get_dumper(Int8, PyFormat.BINARY))
