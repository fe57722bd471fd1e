"""What the service says of each item of a batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from api.client.transport import answered_maps
from ledger.errors import Malformed

__all__ = ["Answer", "decode_answers"]

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


def decode_answers(content: bytes, count: int, *, repeated: bool) -> list[Answer]:
    """`count` answers, in order. Raises `Malformed`."""
    return [_answer(result, repeated) for result in answered_maps(content, count)]


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
