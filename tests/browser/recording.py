"""A pytest plugin: writes down what a run asks of the Python verifier, and what it answered, for the other program.

    pytest -p tests.browser.recording tests/unit/ledger/verifier/test_statement.py

with RECORDING naming the file to write.

It wraps the verifier's public functions before any test module has taken them; the tests themselves know nothing of it.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import ledger.verifier
import ledger.verifier.trust_file
from ledger.domain.events.base import Closed
from ledger.errors import LedgerError, Uncheckable

_asked: list[dict[str, Any]] = []
_trust_files: list[tuple[Any, bytes]] = []


def _text(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(bytes(data)).decode()


def _answer(verify: Callable[[], Any], line: dict[str, Any]) -> Any:
    try:
        found = verify()
    except LedgerError as error:
        _asked.append({**line, "verdict": "uncheckable" if isinstance(error, Uncheckable) else "refuted"})
        raise
    steps = [[step.zh, step.en] for step in getattr(found, "steps", ())]
    closed = isinstance(getattr(found, "event", None), Closed)
    _asked.append({**line, "verdict": "verified", "steps": steps, "closed": closed})
    return found


def _trust_of(trust: Any) -> str | None:
    return next((_text(data) for known, data in _trust_files if known is trust), None)


def _wrap() -> None:
    parse, entry = ledger.verifier.parse_trust, ledger.verifier.verify_entry
    head, standing = ledger.verifier.verify_head, ledger.verifier.verify_signed_standing
    acknowledged = ledger.verifier.verify_signed_acknowledgement

    def parse_trust(data: bytes) -> Any:
        found = _answer(lambda: parse(data), {"of": "trust", "data": _text(data)})
        _trust_files.append((found, data))
        return found

    def verify_entry(
        data: bytes, evidence: bytes | None, trust: Any, body: bytes | None = None, proofs: Any = ()
    ) -> Any:
        line = {"of": "entry", "data": _text(data), "evidence": _text(evidence), "trust": _trust_of(trust)}
        line |= {"body": _text(body), "proofs": [_text(proof) for proof in proofs]}
        return _answer(lambda: entry(data, evidence, trust, body, proofs), line)

    def verify_head(data: bytes, trust: Any) -> Any:
        return _answer(lambda: head(data, trust), {"of": "head", "data": _text(data), "trust": _trust_of(trust)})

    def verify_signed_standing(data: bytes, trust: Any, now: int) -> Any:
        line = {"of": "standing", "data": _text(data), "trust": _trust_of(trust), "now": now}
        return _answer(lambda: standing(data, trust, now), line)

    def verify_signed_acknowledgement(data: bytes, trust: Any, statement: bytes | None = None) -> Any:
        line = {"of": "acknowledgement", "data": _text(data), "trust": _trust_of(trust), "statement": _text(statement)}
        return _answer(lambda: acknowledged(data, trust, statement), line)

    for module in (ledger.verifier, ledger.verifier.trust_file):
        module.parse_trust = parse_trust  # type: ignore[attr-defined]
    ledger.verifier.verify_entry = verify_entry
    ledger.verifier.verify_head = verify_head
    ledger.verifier.verify_signed_standing = verify_signed_standing
    ledger.verifier.verify_signed_acknowledgement = verify_signed_acknowledgement


_wrap()


@pytest.hookimpl
def pytest_sessionfinish() -> None:
    Path(os.environ["RECORDING"]).write_text(json.dumps(_asked))
