"""Schemas of answers about enterprises: who they are, their standings, their public declarations."""

from __future__ import annotations

from typing import Final, get_args

from api.http.openapi.schema_terms import (
    ANY,
    DAY,
    LEVEL,
    NUMBER,
    PERHAPS_DAY,
    TEXT,
    WORDS,
    YES,
    Schema,
    ref,
    several,
    thing,
)
from ledger.domain.events.complaint import Outcome, Reply

__all__ = ["ENTERPRISE_SCHEMAS"]

ENTERPRISE_SCHEMAS: Final[dict[str, Schema]] = {
    "Found": thing(
        "An enterprise that was found. `matched` says why; it is missing where nothing was searched for.",
        optional=("matched", "matched_zh", "matched_en", "former_name"),
        id=TEXT,
        subject=TEXT,
        code=WORDS,
        name=TEXT,
        matched=TEXT,
        matched_zh=TEXT,
        matched_en=TEXT,
        former_name=TEXT,
    ),
    "Enterprises": thing("A page of enterprises.", enterprises=several(ref("Found")), cursor=WORDS),
    "Enterprise": thing(
        "An enterprise. All but subject, name, id, in_book, standing and links is there only if the book knows it.",
        optional=(
            *("code", "former_names", "category", "division", "industry", "size_band", "registered_entry"),
            *("code_overridden", "merged", "deregistered"),
        ),
        id=TEXT,
        subject=TEXT,
        name=WORDS,
        in_book=YES,
        standing=thing("In short.", level=LEVEL, next_change_on=PERHAPS_DAY),
        links={"type": "object", "additionalProperties": TEXT},
        code=WORDS,
        former_names=several(ANY),
        category=WORDS,
        division=WORDS,
        industry=WORDS,
        size_band=WORDS,
        registered_entry=NUMBER,
        code_overridden=YES,
        merged={"type": ["object", "null"]},
        deregistered={"type": ["object", "null"]},
    ),
    "EnterprisesQuery": thing("Ids as in an address.", ids={"type": "array", "items": TEXT, "maxItems": 1000}),
    "EnterprisesResult": thing(
        "One for each id, in order, as under `/v1/enterprises/{name}`; null where the book has none.",
        enterprises=several({"type": ["object", "null"]}),
    ),
    "Standing": thing(
        "A standing in canonical JSON (docs/standing.md): level, reasons, what it rests on. Points in hundredths.",
        optional=("as_of", "tree_size"),
        subject=TEXT,
        in_book=YES,
        level=LEVEL,
        level_zh=TEXT,
        level_en=TEXT,
        sentence_zh=TEXT,
        sentence_en=TEXT,
        points=NUMBER,
        reasons=several(thing("An entry that counts, and what it adds.", optional=(), entry=NUMBER)),
        reasons_not_shown=NUMBER,
        holds=several(ANY),
        revoked={"type": ["object", "null", "boolean", "array"]},
        pledges=several(
            thing("Live ones.", code=TEXT, campaign=TEXT, entry=NUMBER, live_until=PERHAPS_DAY),
        ),
        good_needs={"type": ["object", "null"]},
        good_unmet=several(ANY),
        closed_entries=NUMBER,
        repaired_entries=NUMBER,
        unweighed_entries=NUMBER,
        next_change_on=PERHAPS_DAY,
        policy={"type": ["object", "null"]},
        decided_at_size=NUMBER,
        as_of=DAY,
        tree_size=NUMBER,
    ),
    "Outcome": thing(
        "A line of `/v1/outcomes.ndjson`: a closed complaint that is public, as its newest correction has it. The feed "
        "has the entry. From `shown_until` on it may not be used any more (null: until an event ends it).",
        entry=NUMBER,
        effective_on=DAY,
        case_closed=TEXT,
        outcome={"type": "string", "enum": list(get_args(Outcome))},
        reply={"type": "string", "enum": list(get_args(Reply))},
        corrected=YES,
        shown_until=PERHAPS_DAY,
    ),
    "StandingHistory": {"type": "object", "description": "Changes of an enterprise's level, the oldest first."},
    "StandingsQuery": thing("Ids as in an address.", ids={"type": "array", "items": TEXT, "maxItems": 1000}),
    "StandingsResult": thing(
        "One result for each id, in order.",
        results=several(
            thing(
                "`standing`, or `error`.",
                optional=("in_book", "level", "standing", "error"),
                id=TEXT,
                in_book=YES,
                level=LEVEL,
                standing=ref("Standing"),
                error=TEXT,
            )
        ),
    ),
    "StandingChanges": thing(
        "Changes of level; `after` is where to go on.",
        changes=several(
            thing("One change.", cursor=TEXT, enterprise=TEXT, on=DAY, entry=NUMBER, before=LEVEL, after=LEVEL)
        ),
        after=WORDS,
    ),
    "Declarations": {
        "type": "object",
        "description": "Public self-declaration records.",
        "required": ["subject", "pledges"],
        "properties": {
            "subject": TEXT,
            "pledges": several(ref("Pledge")),
            "marks": ANY,
            "standards": several(ANY),
            "listings": several(ANY),
            "reports": several(ANY),
        },
    },
}  # fmt: skip
