"""Events as bytes: the payloads of open statements, and the bodies behind the commitments of sealed ones."""

from __future__ import annotations

import re
from typing import Final, Union

import msgspec

from ledger.domain.events.base import Event, NamedText
from ledger.domain.events.types import ALL
from ledger.errors import Malformed

__all__ = ["decode_body", "decode_payload", "encode_body", "encode_payload"]

_TEXTS: Final = tuple(kind.text_type for kind in ALL if kind.text_type is not None)
_SCHEMA_VERSION: Final = 1
_SALT: Final = re.compile(rb'"salt":"((?:[0-9a-f]{2}){16,64})",')
_TEXT: Final = re.compile(b'"type":"(?:%b)"' % "|".join(text.__name__ for text in _TEXTS).encode())
_encoder = msgspec.json.Encoder(order="sorted")
_decoder: Final = msgspec.json.Decoder(Union[ALL])  # noqa: UP007  (built from the table)
_text_decoder: Final = msgspec.json.Decoder(Union[_TEXTS])  # noqa: UP007  (built from the table)


def encode_payload(event: Event) -> bytes:
    """The payload of an open statement: canonical JSON (RFC 8785)."""
    return _encoder.encode(event)


def decode_payload(payload: bytes) -> Event:
    """The event of an open statement's payload. Raises `Malformed`, naming the field that is wrong."""
    try:
        event: Event = _decoder.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"not a payload: {error}") from None
    if event.v != _SCHEMA_VERSION:
        raise Malformed(f"schema version {event.v} is not known - at `$.v`")
    if _encoder.encode(event) != payload:
        raise Malformed("the payload is not in its canonical form (RFC 8785)")
    return event


def encode_body(event: Event | NamedText, salt: bytes) -> bytes:
    """The body behind a commitment: the content and its salt in one canonical JSON object (RFC 8785)."""
    content = msgspec.to_builtins(event)
    content["salt"] = salt.hex()
    return _encoder.encode(content)


def decode_body(body: bytes) -> tuple[bytes, Event | NamedText]:
    """Salt and content of a body. Raises `Malformed`, naming the field that is wrong."""
    # No text can hold these bytes: inside a JSON string a quotation mark has a backslash before it.
    found = _SALT.search(body)
    if found is None:
        raise Malformed("the salt is not 16 to 64 bytes in lower-case hexadecimal - at `$.salt`")
    salt = bytes.fromhex(found[1].decode())
    held: Event | NamedText
    if _TEXT.search(body) is not None:
        try:
            held = _text_decoder.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Malformed(f"not a body: {error}") from None
        if held.v != _SCHEMA_VERSION:
            raise Malformed(f"schema version {held.v} is not known - at `$.v`")
    else:
        held = decode_payload(body[: found.start()] + body[found.end() :])
    if encode_body(held, salt) != body:
        raise Malformed("the body is not in its canonical form (RFC 8785)")
    return salt, held
