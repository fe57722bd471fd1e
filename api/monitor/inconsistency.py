"""What proves that a log contradicts itself, as a document to be kept and shown to others."""

from __future__ import annotations

import json
import time

from api.monitor.checkpoint_growth import Inconsistent

__all__ = ["evidence_of"]


def evidence_of(found: Inconsistent) -> tuple[str, bytes]:
    """How the document's name ends (kind and time, `.json`), and the document: both signed notes above all."""
    at = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    document = {
        "kind": found.kind,
        "found_at": at,
        "zh": found.zh,
        "en": found.en,
        "verified_before": None if found.kept is None else found.kept.decode("utf-8", "backslashreplace"),
        "shown_now": None if found.shown is None else found.shown.decode("utf-8", "backslashreplace"),
        "consistency_proof": [one.hex() for one in found.proof],
    }
    return f"{found.kind}-{at}.json", json.dumps(document, ensure_ascii=False, indent=2).encode() + b"\n"
