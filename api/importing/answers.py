"""The wire form of a batch: items out, one answer per item back (CBOR sequences, RFC 8742)."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import cbor2

from ledger.errors import Malformed
from ledger.limits import BATCH_BYTES_MAX, BATCH_STATEMENTS_MAX

__all__ = ["Answer", "decode_answers", "parts_of"]

_AGAIN_RULES: Final = frozenset({"busy", "unavailable", "too-many-requests"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service said of one item. `repeated`: it was sent more than once, an earlier answer was lost."""

    status: str
    entry: int | None
    rule: str
    zh: str
    en: str
    payload_sha256: bytes | None
    repeated: bool = False

    @property
    def registered(self) -> bool:
        return self.status in ("registered", "existing")

    @property
    def busy(self) -> bool:
        """Nothing is known to be done; sending it again is safe."""
        return self.rule in _AGAIN_RULES

    @property
    def known(self) -> bool:
        """The same (`iss`, `cti`) is in the book, with other bytes."""
        return self.rule == "statement.cti_taken" and self.entry is not None


def parts_of(encoded: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Cut into requests of at most `BATCH_STATEMENTS_MAX` items and `BATCH_BYTES_MAX` bytes."""
    part: list[bytes] = []
    part_bytes = 0
    for item in encoded:
        if part and (len(part) == BATCH_STATEMENTS_MAX or part_bytes + len(item) > BATCH_BYTES_MAX):
            yield part
            part, part_bytes = [], 0
        part.append(item)
        part_bytes += len(item)
    if part:
        yield part


def decode_answers(content: bytes, count: int, *, repeated: bool) -> list[Answer]:
    """`count` answers, in order. Raises `Malformed`."""
    answers = [_answer(result, repeated) for result in _sequence(content)]
    if len(answers) != count:
        raise Malformed(f"the service gave {len(answers)} answers to {count} statements")
    return answers


def _sequence(content: bytes) -> Iterator[dict[object, object]]:
    """The maps of a CBOR sequence (RFC 8742). Raises `Malformed`."""
    stream = io.BytesIO(content)
    decoder = cbor2.CBORDecoder(stream)
    while stream.tell() < len(content):
        try:
            item = decoder.decode()
        except Exception as error:  # cbor2 lets through what codecs and constructors raise
            raise Malformed(f"the service's answer is not a CBOR sequence: {error!r:.200}") from None
        if not isinstance(item, dict):
            raise Malformed("the service's answer holds something other than maps")
        yield item


def _answer(result: dict[object, object], repeated: bool) -> Answer:
    def text(name: str) -> str:
        value = result.get(name)
        return value if isinstance(value, str) else ""

    status, entry, digest = text("status"), result.get("entry"), result.get("payload_sha256")
    if status not in ("registered", "existing", "pending", "refused"):
        raise Malformed(f"the service answered with a status that is none: {status!r:.40}")
    if isinstance(digest, str):
        try:
            digest = bytes.fromhex(digest)
        except ValueError:
            raise Malformed("the service named a digest that is none") from None
    detail = text("detail")
    return Answer(
        status=status,
        entry=entry if isinstance(entry, int) else None,
        rule=text("rule"),
        zh=text("zh") + (f" ({detail})" if detail else ""),
        en=text("en") + (f" ({detail})" if detail else ""),
        payload_sha256=digest if isinstance(digest, bytes) else None,
        repeated=repeated,
    )
