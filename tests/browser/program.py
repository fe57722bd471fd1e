"""The browser's verifier, asked from tests: in a real page, with real WebCrypto, in batches."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

__all__ = ["Flip", "Program"]

Flip = tuple[int, int]  # position, mask

_SCRIPT = "\n".join(
    line for line in Path(__file__).with_suffix(".js").read_text("utf-8").splitlines() if not line.startswith("//")
).rstrip(";\n")


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


class Program:
    """What `static/verify/` answers in a page that has it loaded."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def _ask(self, what: str, given: object) -> Any:
        return self._page.evaluate(_SCRIPT, [what, given])

    def recorded(self, lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The answer to each line that `recording.py` wrote: verdict, steps, why."""
        found: list[dict[str, Any]] = self._ask("recorded", list(lines))
        return found

    def files(self, files: Mapping[str, bytes], trust: bytes, now: int) -> list[dict[str, Any]]:
        """The reports on files that are dropped together."""
        given = {"files": {name: _text(data) for name, data in files.items()}, "trust": _text(trust), "now": now}
        found: list[dict[str, Any]] = self._ask("files", given)
        return found

    def signatures(self, cases: Sequence[tuple[bytes, int, bytes, bytes]], *, native: bool) -> list[str]:
        """The verdict on each COSE_Key, algorithm, signature and message; by WebCrypto's Ed25519, or by our own."""
        given = [
            {"key": _text(key), "alg": alg, "signature": _text(signature), "message": _text(message)}
            for key, alg, signature, message in cases
        ]
        found: list[str] = self._ask("signatures", {"cases": given, "native": native})
        return found

    def flips(self, files: Mapping[str, bytes], trust: bytes, now: int, flips: Sequence[Flip]) -> list[Flip]:
        """Those changes of the first file after which anything is still verified."""
        given = {"files": {name: _text(data) for name, data in files.items()}, "trust": _text(trust), "now": now}
        return [(at, mask) for at, mask in self._ask("flips", {**given, "flips": flips})]

    def trust_flips(self, trust: bytes, flips: Sequence[Flip]) -> list[Flip]:
        """Those changes of a trust file that are no alarm."""
        return [(at, mask) for at, mask in self._ask("trust flips", {"trust": _text(trust), "flips": flips})]
