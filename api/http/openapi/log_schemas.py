"""Schemas of the log itself: its map, witnesses, keys and state; bodies and files that it holds or has closed."""

from __future__ import annotations

from typing import Final

from api.http.openapi.schema_terms import (
    ANY,
    NUMBER,
    PERHAPS,
    PERHAPS_MOMENT,
    SHA256,
    TEXT,
    WORDS,
    YES,
    Schema,
    several,
    thing,
)

__all__ = ["LOG_SCHEMAS"]

_KEY: Final = thing("A key.", kid=SHA256, alg=TEXT, pem=TEXT)
_WEBHOOK: Final[Schema] = {
    "id": TEXT,
    "state": {"type": "string", "enum": ["asked", "active", "stopped"]},
    "subjects": several(TEXT),
    "campaigns": several(TEXT),
    "types": several(TEXT),
    "next_entry": NUMBER,
    "delivered_at": PERHAPS_MOMENT,
    "attempts": NUMBER,
    "failing_since": PERHAPS_MOMENT,
    "problem": WORDS,
}
LOG_SCHEMAS: Final[dict[str, Schema]] = {
    "Map": thing(
        "The completeness map.", origin=TEXT, published={"type": ["object", "null"]}, cut={"type": ["object", "null"]}
    ),
    "Witnesses": thing(
        "How it stands with the witnesses.",
        policy=WORDS,
        quorum=WORDS,
        tree_size=NUMBER,
        witnessed_size=PERHAPS,
        asking=YES,
        witnesses=several(ANY),
    ),
    "Trust": thing(
        "What a verifier must know of this log beforehand; compare it out of band. Trees of `from_size` entries and "
        "more are signed with the keys of that succession.",
        optional=("certificate_keys", "successions"),
        origin=TEXT,
        checkpoint_vkeys=several(TEXT),
        receipt_keys=several(_KEY),
        standing_keys=several(_KEY),
        charter=SHA256,
        witness_policy=TEXT,
        certificate_keys=several(_KEY),
        successions=several(
            thing("Later keys.", from_size=NUMBER, checkpoint_vkey=TEXT, receipt_key=_KEY, standing_key=_KEY)
        ),
    ),
    "Ready": thing(
        "Whether a write would succeed, and readers see what is committed.",
        optional=(
            *("tree_size", "projected_size", "witnessed_size", "why", "conditions"),
            *("reads_only", "standby", "streaming", "entries_behind"),
        ),
        reads_only=YES,
        standby=YES,
        streaming=YES,
        entries_behind=PERHAPS,
        ready=YES,
        tree_size=NUMBER,
        projected_size=NUMBER,
        witnesses=NUMBER,
        witnessed_size=PERHAPS,
        why=TEXT,
        conditions=several(TEXT),
    ),
    "WebhookRequest": thing(
        "Where to, and which entries: those that are among each of the three, an empty one leaving out nothing.",
        optional=("subjects", "campaigns", "types", "after"),
        url={"type": "string", "format": "uri"},
        subjects=several(TEXT),
        campaigns=several(TEXT),
        types=several(TEXT),
        after={"type": ["integer", "null"], "minimum": -1},
    ),
    "ReplayRequest": thing(
        "From where.", optional=("after",), after={"type": ["integer", "null"], "minimum": -1}
    ),
    "Webhook": thing("How a webhook stands.", **_WEBHOOK),
    "WebhookMade": thing("A webhook, with what is told once.", **_WEBHOOK, token=TEXT, secret=TEXT),
    "Commitment": thing("SHA-256 of a body.", commitment=SHA256),
    "AnnexHeld": thing("An annex that is held.", sha256=SHA256, bytes=NUMBER, media_type=TEXT),
    "AttachmentHeld": thing(
        "An attachment that is held.", attachment=TEXT, commitment=SHA256, media_type=TEXT, size_bytes=NUMBER
    ),
    "Accesses": thing(
        "Who read what is not public.", optional=("over", "published"), accesses=several(ANY), after=PERHAPS, over=YES,
        published={"type": ["object", "null"]},
    ),
    "Closed": thing("A body that is not public any more.", entry=NUMBER, closed=ANY),
}  # fmt: skip
