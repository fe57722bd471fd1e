"""The standing that follows from a verified bundle, and whether a signed one says the same."""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec

from ledger.cose.standing_token import VerifiedStanding
from ledger.domain.values.dates import shanghai_date
from ledger.errors import Malformed, Refuted, Uncheckable
from ledger.verifier import Remark, VerifiedBundle
from ledger.verifier.completeness_bundle import fold_shown
from projections.standing import Standing, evaluate, policies_of

__all__ = ["compare", "computed", "standing_of"]

_BEHIND_SECONDS: Final = 60  # by which the read models may lag behind the log


class _Said(msgspec.Struct):
    level: str


def standing_of(bundle: VerifiedBundle, as_of: date, *, recorded_by: int | None = None) -> Standing:
    """The standing on a day, from the entries of the bundle; or from those recorded by a Unix time, none after it."""
    events = [at for at in bundle.events if recorded_by is None or at.recorded_at <= recorded_by]
    policies = [
        policy
        for policy in policies_of(bundle.governance)
        if recorded_by is None or bundle.recorded_at[policy.entry] <= recorded_by
    ]
    return evaluate(policies, fold_shown(events), as_of, bundle.subject)


def computed(standing: Standing, as_of: date) -> Remark:
    return Remark(
        f"据此重算 {standing.subject} 在 {as_of} 的践诺状况：{standing.level.value}",
        f"from these entries follows the standing of {standing.subject} on {as_of}: {standing.level.value}",
    )


def compare(bundle: VerifiedBundle, signed: VerifiedStanding) -> Remark:
    """Whether the entries that were there when a standing was signed give its level.

    Raises `Refuted` where they do not; `Uncheckable` where the bundle is about another enterprise or ends before that
    time, or where a body that is closed by now may have counted then.
    """
    if signed.subject != bundle.subject:
        raise Uncheckable(f"the signed standing is about {signed.subject}, the bundle about {bundle.subject}")
    try:
        level = msgspec.json.decode(signed.payload, type=_Said).level
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"not a standing: {error}") from None
    as_of = shanghai_date(signed.issued_at)
    levels = {
        standing_of(bundle, as_of, recorded_by=moment).level.value
        for moment in (signed.issued_at - _BEHIND_SECONDS, signed.issued_at)
    }
    if level in levels:
        return Remark(
            f"与所附已签名的践诺状况一致：{level}（{as_of}）",
            f"the signed standing says the same: {level}, on {as_of}",
        )
    said = (
        f"the signed standing says {level} on {as_of}, the entries then in the log give {' or '.join(sorted(levels))}"
    )
    if bundle.closed:
        raise Uncheckable(f"{said}; {len(bundle.closed)} sealed bodies are not public, and may have counted then")
    raise Refuted(said)
