"""The way back from a problem on the wire to the error that it was: `api/http/errors.py` reversed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Final

from ledger.cose.cbor import decode
from ledger.errors import (
    AlreadyRegistered,
    Busy,
    LedgerError,
    Malformed,
    NotFound,
    Refused,
    Refuted,
    Unavailable,
    Uncheckable,
)

__all__ = ["error_named", "error_of"]

_SHA256: Final = re.compile("[0-9a-f]{64}")
_TYPE_PREFIX: Final = "urn:credit-ledger:"
_KINDS: Final[Mapping[str, Callable[[str], LedgerError]]] = {
    "malformed": Malformed,
    "refuted": Refuted,
    "uncheckable": Uncheckable,
    "not-found": NotFound,
    "unavailable": Unavailable,
    "internal": Unavailable,
    "busy": lambda _: Busy("the service"),
    "too-many-requests": lambda _: Busy("this client's allowance"),
}


def error_of(status: int, content_type: str, content: bytes) -> LedgerError:
    """The error that an HTTP answer stands for; a foreign or broken body still gives its status a name."""
    try:
        is_cbor = content_type.partition(";")[0].endswith("cbor")
        document = decode(content) if is_cbor else json.loads(content)
    except (LedgerError, ValueError, RecursionError):
        document = {}
    return _error_from(status, document if isinstance(document, dict) else {})


def _error_from(status: int, problem: Mapping[object, object]) -> LedgerError:
    """The error of one problem (RFC 9457, or RFC 9290 with its title at -1 and detail at -2)."""
    kind = _text(problem, "type").removeprefix(_TYPE_PREFIX)
    if kind and (kind in _KINDS or 400 <= status < 500):
        return error_named(kind, problem)
    said = ": ".join(filter(None, (_text(problem, "title", -1), _text(problem, "detail", -2))))
    said = said or f"the service answered {status}"
    if status == 404:
        return NotFound(said)
    return Unavailable(said) if status >= 500 else Malformed(said)


def error_named(kind: str, problem: Mapping[object, object]) -> LedgerError:
    """The error of a kind or rule (`busy`, `pledge.one_live_per_scope`), with what was said beside it."""
    zh, en, detail = _text(problem, "title_zh", "zh"), _text(problem, "title_en", "en"), _text(problem, "detail")
    if kind in _KINDS:
        return _KINDS[kind](detail or en)
    entry, digest = problem.get("entry"), _text(problem, "payload_sha256")
    if kind == "statement.cti_taken" and isinstance(entry, int) and _SHA256.fullmatch(digest):
        return AlreadyRegistered(entry, bytes.fromhex(digest))
    return Refused(kind, zh, en, detail)


def _text(problem: Mapping[object, object], *names: object) -> str:
    return next((value for name in names if isinstance(value := problem.get(name), str)), "")
