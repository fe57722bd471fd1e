"""The terms of complaint handling by the day of receipt: data (`legal_terms.toml`), as regulations are replaced."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Final, Literal, NamedTuple

from ledger.errors import Refused

__all__ = ["TERMS", "LegalTerms", "Term", "terms_on"]

Term = Literal["accept", "forward", "reply", "mediate", "notify", "publish"]


class LegalTerms(NamedTuple):
    """In working days, each from the end of what it follows:

    `accept` decide on acceptance, from receipt · `forward` send on to the enterprise, from acceptance ·
    `reply` the enterprise's, from forwarding · `mediate` end the mediation, from acceptance · `notify` tell the
    parties, from closing · `publish` register the outcome, from when it may be published.
    """

    since: date
    source_zh: str
    source_en: str
    accept: int
    forward: int
    reply: int
    mediate: int
    notify: int
    publish: int


def _read() -> tuple[LegalTerms, ...]:
    found = tomllib.loads(Path(__file__).with_name("legal_terms.toml").read_text("utf-8"))["terms"]
    return tuple(
        LegalTerms(one["from"], one["source_zh"], one["source_en"], **one["law"], **one["own"]) for one in found
    )


TERMS: Final = _read()


def terms_on(received_on: date) -> LegalTerms:
    """Those that hold for a complaint of that day. Raises `Refused` for one from before all of them."""
    held = [terms for terms in TERMS if terms.since <= received_on]
    if not held:
        raise Refused(
            "complaint_file.before_all_terms",
            f"{TERMS[0].since} 之前收到的投诉没有可用的办理期限",
            f"no terms are known for complaints from before {TERMS[0].since}",
            str(received_on),
        )
    return held[-1]
