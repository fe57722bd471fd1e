"""A standing as the bytes that are served: canonical JSON (RFC 8785).

Rendered once, when a segment is written. The bytes name neither the day nor the batch in which they were made,
so that a rebuild gives the same ones; a standing asked for a date carries `as_of`, and `tree_size` if pinned.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import date
from typing import Any, Final

import msgspec

from projections.standing.facts import Term
from projections.standing.levels import WORDS
from projections.standing.standing_model import LevelHold, Reason, Standing

__all__ = ["REASONS_SHOWN_MAX", "render", "with_in_book"]

REASONS_SHOWN_MAX: Final = 500

# Payloads hold no floating-point numbers and ASCII keys: sorted keys are all that RFC 8785 asks beyond this encoder.
_ENCODE: Final = msgspec.json.Encoder(order="sorted").encode


def render(
    standing: Standing,
    next_change_on: date | None,
    *,
    as_of: date | None = None,
    tree_size: int | None = None,
    closed: Container[int] = (),
) -> bytes:
    """The standing as canonical JSON. Amounts in hundredths of a point, factors per mille, dates ISO 8601.

    `as_of` and `tree_size` are given for a standing that was asked for a date or a state of the log.
    Of an entry in `closed`, which counted on that day and is no longer public, only its number is given.
    Past `REASONS_SHOWN_MAX` the newest reasons are shown and the others counted in `reasons_not_shown`.
    """
    words = WORDS[standing.level]
    policy = standing.policy
    body: dict[str, Any] = {
        "subject": standing.subject,
        "level": standing.level.value,
        "level_zh": words.zh,
        "level_en": words.en,
        "sentence_zh": words.sentence_zh,
        "sentence_en": words.sentence_en,
        "points": standing.points,
        "reasons": [_open(reason, closed) for reason in standing.reasons[-REASONS_SHOWN_MAX:]],
        "reasons_not_shown": max(0, len(standing.reasons) - REASONS_SHOWN_MAX),
        "holds": [_open(held, closed) for held in standing.holds],
        "revoked": standing.revoked,
        "pledges": _pledges(standing.pledges),
        "good_needs": standing.conditions,
        "good_unmet": standing.unmet,
        "closed_entries": standing.closed,
        "repaired_entries": standing.repaired,
        "unweighed_entries": standing.unweighed,
        "next_change_on": next_change_on,
        "policy": None
        if policy is None
        else {
            "entry": policy.entry,
            "in_force_from": policy.from_on,
            "title_zh": policy.policy.title_zh,
            "title_en": policy.policy.title_en,
        },
        "decided_at_size": standing.decided_at_size,
    }
    if as_of is not None:
        body["as_of"] = as_of
    if tree_size is not None:
        body["tree_size"] = tree_size
    return _ENCODE(body)


def with_in_book(body: bytes, in_book: bool) -> bytes:
    """A rendered standing as it is served: with `in_book`, at its place in canonical JSON.

    It is not rendered with the rest: the bytes of who has nothing on record are those of who is not in the book.
    """
    # Holds have a `level`, too, and stand before that of the standing, which alone has words beside it.
    place = body.rindex(b',"level":', 0, body.index(b',"level_en":'))
    return body[:place] + (b',"in_book":true' if in_book else b',"in_book":false') + body[place:]


def _open(one: Reason | LevelHold, closed: Container[int]) -> Reason | LevelHold | dict[str, Any]:
    return {"entry": one.entry, "closed": True} if one.entry in closed else one


def _pledges(terms: Sequence[Term]) -> list[dict[str, Any]]:
    return [
        {"code": term.code, "campaign": term.campaign, "entry": term.entry, "live_until": term.until_on}
        for term in terms
    ]
