"""Schemas of what answers hold (JSON Schema 2020-12, as OpenAPI 3.1 takes it): `components/schemas` of the document.

An object may have more members than are named: new ones come without a new version of the interface.
"""

from __future__ import annotations

from typing import Any, Final

__all__ = ["SCHEMAS", "ref"]

Schema = dict[str, Any]

TEXT: Final[Schema] = {"type": "string"}
WORDS: Final[Schema] = {"type": ["string", "null"]}
NUMBER: Final[Schema] = {"type": "integer"}
PERHAPS: Final[Schema] = {"type": ["integer", "null"]}
YES: Final[Schema] = {"type": "boolean"}
DAY: Final[Schema] = {"type": "string", "format": "date"}
PERHAPS_DAY: Final[Schema] = {"type": ["string", "null"], "format": "date"}
MOMENT: Final[Schema] = {"type": "string", "format": "date-time"}
SHA256: Final[Schema] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
ANY: Final[Schema] = {"type": "object"}
LEVEL: Final[Schema] = {"type": "string", "description": "UNRATED, PLEDGED, NORMAL, … as the policy names its levels"}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def several(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def thing(description: str, *, optional: tuple[str, ...] = (), **members: Schema) -> Schema:
    """An object that always has its members, but for those that are optional."""
    return {
        "type": "object",
        "description": description,
        "required": [name for name in members if name not in optional],
        "properties": members,
    }


_KEY: Final = thing("A key.", kid=SHA256, alg=TEXT, pem=TEXT)
_PENDING: Final[Schema] = {
    "id": SHA256,
    "state": {"type": "string", "enum": ["waiting", "refused"]},
    "subject": TEXT,
    "campaign": WORDS,
    "scope": WORDS,
    "received_at": MOMENT,
    "refused_at": {"type": ["string", "null"], "format": "date-time"},
    "refused_by": WORDS,
    "reason": WORDS,
}

SCHEMAS: Final[dict[str, Schema]] = {
    "Problem": thing(
        "Problem details (RFC 9457). `type` is stable; `rule` names the rule that refused a statement.",
        optional=("detail", "rule", "entry", "payload_sha256"),
        type={"type": "string", "format": "uri"},
        title=TEXT,
        title_zh=TEXT,
        title_en=TEXT,
        status=NUMBER,
        detail=TEXT,
        rule=TEXT,
        entry=NUMBER,
        payload_sha256=SHA256,
    ),
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
    "Event": thing(
        "An entry of the log: who said what when. `event` is its content; a sealed one that is not public is `closed`.",
        optional=("event", "closed", "disputed", "tree_size", "statement", "receipt"),
        entry=NUMBER,
        subject=TEXT,
        version=NUMBER,
        issuer=TEXT,
        kid=SHA256,
        issued_at=MOMENT,
        recorded_at=MOMENT,
        statement_id=SHA256,
        sealed=YES,
        event=ANY,
        closed={"type": ["object", "null"]},
        disputed=YES,
        tree_size=NUMBER,
        statement=TEXT,
        receipt=TEXT,
    ),
    "Events": thing("Events about one enterprise.", events=several(ref("Event")), after=PERHAPS),
    "Pending": thing("A pledge at the desk.", **_PENDING),
    "PendingPage": thing("A page of the desk, by time of receipt.", pending=several(ref("Pending")), cursor=WORDS),
    "PendingPledge": thing(
        "A pledge at the desk, with its statement and body in base64.",
        **_PENDING,
        issuer=TEXT,
        issued_at=MOMENT,
        sealed=YES,
        event={"type": ["object", "null"]},
        statement=TEXT,
        body=WORDS,
    ),
    "Challenge": thing(
        "To be answered by a COSE_Sign1 of its own `typ`, under a key of the book (docs/desk.md).",
        log={"type": "string", "description": "The log's origin"},
        nonce=SHA256,
        expires_at={"type": "integer", "description": "Until when it is good, in Unix seconds"},
    ),
    "SignedIn": thing("Where to go on; the session is a cookie.", desk=TEXT),
    "Refusal": thing("Why a pledge is refused.", reason={"type": "string", "minLength": 1, "maxLength": 512}),
    "Pledge": {
        "type": "object",
        "description": "A public pledge and what became of it. A repudiated one has only its first six members.",
        "required": ["code", "subject", "state", "made_entry", "published_entry"],
        "properties": {
            "code": TEXT,
            "subject": TEXT,
            "state": TEXT,
            "made_entry": NUMBER,
            "published_entry": NUMBER,
            "repudiated_by": several(NUMBER),
            **dict.fromkeys(("campaign", "scope", "disclosure", "reason", "content", "made_by"), TEXT),
            **dict.fromkeys(("liability", "remark", "accepting_body", "accepting_code"), WORDS),
            **dict.fromkeys(("made_on", "published_on", "valid_from", "valid_until", "last_day"), DAY),
            "clauses": several(TEXT),
            "next_change_on": PERHAPS_DAY,
            "assessments": several(ANY),
            "corrections": several(ANY),
            "end": {"type": ["object", "null"]},
        },
    },
    "Campaigns": thing("All campaigns, newest first.", campaigns=several(ref("Campaign"))),
    "Campaign": {
        "type": "object",
        "required": ["campaign", "name_zh", "name_en", "opens_on", "closes_on", "clauses"],
        "properties": {
            "campaign": TEXT,
            "name_zh": TEXT,
            "name_en": TEXT,
            "opens_on": DAY,
            "closes_on": DAY,
            "clauses": several(ANY),
            "notice_number": TEXT,
            "theme": TEXT,
            "notices": several(ANY),
            "scopes": several(TEXT),
            "overlap": TEXT,
            "pledge_valid_until": DAY,
            "closed_on": PERHAPS_DAY,
            "cancelled_on": DAY,
            "last_day": DAY,
            "entry": NUMBER,
            "pledge_recording_days_max": NUMBER,
            "pledge_months_max": NUMBER,
        },
    },
    "CampaignPledges": thing(
        "Public pledges of a campaign.",
        pledges=several(
            {
                "type": "object",
                "required": ["code", "enterprise", "name", "entry", "from", "until"],
                "properties": {
                    "code": TEXT,
                    "enterprise": TEXT,
                    "name": WORDS,
                    "entry": NUMBER,
                    "from": DAY,
                    "until": DAY,
                },
            }
        ),
        count=NUMBER,
        cursor=WORDS,
    ),
    "Policies": thing(
        "Standing policies that were approved.",
        policies=several(thing("One.", entry=NUMBER, in_force_from=DAY, title_zh=TEXT, title_en=TEXT)),
    ),
    "Policy": thing("A standing policy.", entry=NUMBER, in_force_from=PERHAPS_DAY, policy=ANY),
    "Key": thing(
        "Whose a key is.",
        kid=SHA256,
        party=TEXT,
        officer=TEXT,
        enrolled_at=NUMBER,
        ended_at=PERHAPS,
        valid_from={"type": ["string", "integer", "null"]},
        valid_until={"type": ["string", "integer", "null"]},
        roles=several(TEXT),
        keys_of_party=several(SHA256),
    ),
    "Standards": thing("Public declarations of a standard.", standards=several(ANY), cursor=PERHAPS),
    "Standard": {"type": "object", "description": "One version of a declared standard."},
    "Stream": thing("Leaf indices of a stream's entries.", subject=TEXT, entries=several(NUMBER), after=PERHAPS),
    "CtisQuery": thing("Names that an issuer chose.", issuer=TEXT, ctis={"type": "array", "items": TEXT}),
    "CtisResult": thing("The entry of each, or null.", entries=several(PERHAPS)),
    "Mark": thing(
        "What a scanned mark is worth.",
        optional=("produced",),
        serial=TEXT,
        on=DAY,
        state={"enum": ["upcoming", "valid", "suspended", "revoked", "ended", "void"]},
        state_zh=TEXT,
        state_en=TEXT,
        enterprise=thing("Whose.", id=TEXT, subject=TEXT, name=WORDS),
        products=several(ANY),
        licensed_from=DAY,
        licensed_until=DAY,
        history=several(ANY),
        turns=several(ANY),
        pledge=TEXT,
        licence_entry=NUMBER,
        range=TEXT,
        produced=ANY,
    ),
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
        optional=("tree_size", "projected_size", "witnessed_size", "why", "conditions"),
        ready=YES,
        tree_size=NUMBER,
        projected_size=NUMBER,
        witnessed_size=PERHAPS,
        why=TEXT,
        conditions=several(TEXT),
    ),
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
