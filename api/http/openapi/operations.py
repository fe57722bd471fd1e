"""What the framework does not know of each operation: its answers, what it takes, who may ask, an example.

A line for each way to ask for each path; `document.py` refuses to describe an interface that has a route without one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from api.http.openapi.schema_terms import ref
from ledger.cose import headers

__all__ = ["OPERATIONS", "PARAMETERS", "Body", "Operation"]

JSON: Final = "application/json"
COSE: Final = "application/cose"
CBOR: Final = "application/cbor"
CBOR_SEQ: Final = "application/cbor-seq"
NDJSON: Final = "application/x-ndjson"
OCTETS: Final = "application/octet-stream"
PDF: Final = "application/pdf"
PLAIN: Final = "text/plain"

Media = Mapping[str, Mapping[str, Any]]  # schema by media type


@dataclass(frozen=True, slots=True)
class Body:
    """What a request brings. `example` is JSON, or absent where it is bytes that only a signer can make."""

    media: Media
    about: str
    example: Any = None


@dataclass(frozen=True, slots=True)
class Operation:
    """What is said of one operation beyond what its route says.

    `answers`: media by status, empty for one without content. `fails`: statuses of problems beyond the usual ones.

    `signed`: by signed request alone, or at will; `bearer`: by the token of what the address names.
    `query`: schemas of parameters of routes that are no framework's.
    `example` are values of the parameters with which it can be tried.
    """

    tag: str
    summary: str
    answers: Mapping[int, tuple[str, Media]]
    fails: tuple[int, ...] = ()
    body: Body | None = None
    signed: bool | None = False
    bearer: bool = False
    path: Mapping[str, str] = field(default_factory=dict)
    query: tuple[str, ...] = ()
    example: Mapping[str, str] = field(default_factory=dict)
    scrapi: bool = False


def _json(schema: str) -> Media:
    return {JSON: ref(schema)}


_BYTES: Final[Mapping[str, Any]] = {}
_TEXT: Final[Mapping[str, Any]] = {"type": "string"}
_UNCHANGED: Final[tuple[str, Media]] = ("It is what you have (`If-None-Match`)", {})

PARAMETERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "name": {"description": "The resource's name in an address", "schema": {"type": "string"}},
    "serial": {"description": "The serial as it is printed", "schema": {"type": "string"}},
    "as_of": {"description": "On which day; today if not given", "schema": {"type": "string", "format": "date"}},
    "tree_size": {"description": "In which state of the log", "schema": {"type": "integer", "minimum": 0}},
    "min_tree_size": {
        "description": "Wait (2 s at most, then 503) until the read models hold so many entries; 422 for more than "
        "the log has",
        "schema": {"type": "integer", "minimum": 0},
    },
    "produced_on": {"description": "The day of production", "schema": {"type": "string", "format": "date"}},
    "q": {
        "description": "Name, former name or code as people type it: words in any order, pinyin and initials, the "
        "other script, one slip in four characters or more. Every result says why it is there (`matched`)",
    },
    "campaign": {"description": "Only enterprises with a public pledge in this campaign, such as 2026"},
    "cursor": {"description": "From the page before"},
    "limit": {"description": "How many at most"},
    "after": {"description": "Where an earlier answer ended"},
    "subject": {"description": "A subject id, such as policy, campaign:2026 or uscc:91…"},
    "day": {"description": "A day of the access log"},
    "number": {"description": "A standard's number, as people type it"},
    "code": {"description": "The code that is printed on the pledge"},
    "kid": {"description": "A key's thumbprint (RFC 9679), 64 hexadecimal digits"},
    "digest": {"description": "SHA-256 of the file, 64 hexadecimal digits"},
    "entry": {"description": "Leaf index of an entry"},
    "path": {"description": "As C2SP tlog-tiles writes it: [level/ or entries/]number[.p/width]"},
}

_CODE: Final = {"name": "91110108MA01C8JX44"}
_STATEMENT: Final = Body({COSE: _BYTES}, "A signed statement: COSE_Sign1 in its one encoding")

OPERATIONS: Final[Mapping[tuple[str, str], Operation]] = {
    # the log, by foreign standards
    ("post", "/entries"): Operation(
        "log",
        "Register a signed statement (SCRAPI)",
        {201: ("The receipt", {COSE: _BYTES}), 303: ("It waits for its release: ask at `Location`", {})},
        fails=(400, 409, 413),
        body=_STATEMENT,
        scrapi=True,
    ),
    ("post", "/entries/batch"): Operation(
        "log",
        "Register many: a CBOR sequence of statement or [statement, body]",
        {200: ("A CBOR sequence, a map for each item, in order; partial success is normal", {CBOR_SEQ: _BYTES})},
        fails=(400, 413),
        body=Body({CBOR_SEQ: _BYTES}, "A CBOR sequence (RFC 8742), at most 1,000 items and 16 MiB"),
    ),
    ("post", "/bodies"): Operation(
        "log",
        "Upload a sealed statement's body, before the statement; by signed request within the party's own quota",
        {201: ("Its commitment; held for an hour", _json("Commitment"))},
        fails=(400, 401, 403, 413),
        signed=None,
        body=Body({JSON: {"type": "object"}}, "The body, salted", {"salt": "00", "type": "ComplaintRecorded", "v": 1}),
    ),
    ("get", "/entries/{name}"): Operation(
        "log",
        "Resolve a receipt (SCRAPI); by leaf index, or by statement id while it waits",
        {
            200: ("The receipt", {COSE: _BYTES}),
            302: ("It still waits", {}),
            303: ("It is registered: see `Location`", {}),
        },
        fails=(400, 404),
        example={"name": "0"},
        scrapi=True,
    ),
    ("get", "/entries/{name}/statement"): Operation(
        "log",
        "The transparent statement: the signed statement with its receipt; JSON for people",
        {200: ("The statement", {COSE: _BYTES, JSON: ref("Event")})},
        fails=(404,),
        example={"name": "0"},
    ),
    ("get", "/entries/{name}/evidence"): Operation(
        "log",
        "Evidence about the issuer, from the charter on",
        {200: ("For `credit-ledger verify`", {headers.EVIDENCE: _BYTES})},
        fails=(400, 404),
        example={"name": "0"},
    ),
    ("get", "/entries/{name}/body"): Operation(
        "log",
        "A sealed statement's body, while it is public; longer by signed request",
        {200: ("The body", {JSON: {"type": "object"}}), 410: ("It is closed, and why", _json("Closed"))},
        fails=(401, 403, 404, 410),
        signed=None,
        example={"name": "0"},
    ),
    ("get", "/entries/{name}/proof"): Operation(
        "witnesses",
        "A C2SP tlog-proof in the newest tree that has the quorum of witnesses",
        {200: ("The proof", {PLAIN: _TEXT})},
        fails=(404,),
        example={"name": "0"},
    ),
    ("get", "/checkpoint"): Operation(
        "log",
        "The newest checkpoint, with the cosignatures so far (C2SP tlog-checkpoint)",
        {200: ("A signed note", {PLAIN: _TEXT})},
    ),
    ("get", "/tile/{path}"): Operation(
        "log",
        "A tile of hashes or a bundle of entries (C2SP tlog-tiles)",
        {200: ("Its bytes, for ever", {OCTETS: _BYTES})},
        fails=(400, 404),
        example={"path": "0/000.p/1"},
    ),
    ("get", "/receipts/{path}"): Operation(
        "log",
        "The receipts of the checkpoints that begin in a bundle of entries, each after its length (uint16)",
        {200: ("Its bytes, for ever", {OCTETS: _BYTES})},
        fails=(400, 404),
        example={"path": "000.p/1"},
    ),
    ("get", "/witnessed/checkpoint"): Operation(
        "witnesses",
        "The newest checkpoint that has the quorum of witnesses",
        {200: ("A signed note", {PLAIN: _TEXT})},
        fails=(404,),
    ),
    ("get", "/witnessed/tile/{path}"): Operation(
        "witnesses",
        "The tiles and bundles under it: those of /tile/",
        {200: ("Its bytes, for ever", {OCTETS: _BYTES})},
        fails=(400, 404),
        example={"path": "entries/000.p/1"},
    ),
    ("get", "/.well-known/scitt-keys"): Operation(
        "log",
        "The log's receipt keys, those before a succession too (SCRAPI)",
        {200: ("A COSE Key Set", {CBOR: _BYTES})},
        scrapi=True,
    ),
    ("get", "/.well-known/scitt-keys/{kid}"): Operation(
        "log",
        "One of the log's keys, by thumbprint (SCRAPI)",
        {200: ("A COSE Key", {CBOR: _BYTES})},
        fails=(404, 421),
        scrapi=True,
        example={"kid": "00" * 32},
    ),
    ("get", "/.well-known/credit-ledger-trust.json"): Operation(
        "log", "The service's own trust file, to be compared out of band", {200: ("The trust file", _json("Trust"))},
        fails=(404, 421),
    ),
    ("post", "/annexes"): Operation(
        "log",
        "Upload a public file that a statement will name; by signed request within the party's own quota",
        {201: ("Its digest and type; held for an hour", _json("AnnexHeld"))},
        fails=(400, 401, 403, 410, 413),
        signed=None,
        body=Body({OCTETS: _BYTES}, "CSV, PDF, text or a picture: the type is told from the bytes"),
    ),
    ("get", "/annexes/{digest}"): Operation(
        "log",
        "A public file that an entry names, by SHA-256",
        {200: ("The file", {"*/*": _BYTES}), 304: _UNCHANGED},
        fails=(404, 410),
        example={"digest": "00" * 32},
    ),
    ("get", "/v1/log/witnesses"): Operation(
        "witnesses",
        "The policy of witnesses, its quorum, and how it stands with each witness",
        {200: ("The state", _json("Witnesses"))},
    ),
    ("get", "/v1/map"): Operation(
        "log", "The completeness map: newest published root, newest cut", {200: ("The map", _json("Map"))}
    ),
    # enterprises
    ("get", "/v1/enterprises"): Operation(
        "enterprises",
        "Search by name, former name or code as people type it; by campaign; never by level",
        {200: ("A page, best first", _json("Enterprises"))},
        fails=(400,),
        example={"q": "qingquan"},
    ),
    ("post", "/v1/enterprises/query"): Operation(
        "enterprises",
        "Names, former names and more of up to 1,000 enterprises",
        {200: ("One for each id, in order; null where the book has none", _json("EnterprisesResult"))},
        fails=(400, 413),
        body=Body({JSON: ref("EnterprisesQuery")}, "Ids", {"ids": [_CODE["name"]]}),
    ),
    ("get", "/v1/enterprises/{name}"): Operation(
        "enterprises",
        "The enterprise, its standing in short, links",
        {200: ("What the book knows", _json("Enterprise"))},
        example=_CODE,
    ),
    ("get", "/v1/enterprises/{name}/standing"): Operation(
        "enterprises",
        "Current standing, or as_of a date and at a tree_size; signed for Accept: application/cose",
        {200: ("The standing", {JSON: ref("Standing"), COSE: _BYTES}), 304: _UNCHANGED},
        fails=(421,),
        path={"name": "name"},
        query=("as_of", "tree_size", "min_tree_size"),
        example=_CODE,
    ),
    ("get", "/v1/enterprises/{name}/standing/history"): Operation(
        "enterprises",
        "Every change of its level up to today, and why",
        {200: ("The changes", _json("StandingHistory"))},
        fails=(400, 404),
        example=_CODE,
    ),
    ("get", "/v1/enterprises/{name}/declarations"): Operation(
        "enterprises",
        "Public self-declaration records: pledges and what became of them",
        {200: ("The records", _json("Declarations")), 304: _UNCHANGED},
        example=_CODE,
    ),
    ("get", "/v1/enterprises/{name}/events"): Operation(
        "enterprises",
        "Every event about it, in order",
        {200: ("A page of events", _json("Events"))},
        example=_CODE | {"limit": "2"},
    ),
    ("get", "/v1/enterprises/{name}/proof"): Operation(
        "enterprises",
        "Completeness bundle: its stream, shown to be whole, and what that rests on",
        {200: ("For `credit-ledger verify`", {headers.BUNDLE: _BYTES})},
        fails=(404, 413),
        example=_CODE,
    ),
    ("get", "/v1/enterprises/{name}/standards/{entry}"): Operation(
        "standards",
        "Any version of a declared standard, old ones too",
        {200: ("The version", _json("Standard")), 304: _UNCHANGED},
        fails=(404,),
        example=_CODE | {"entry": "0"},
    ),
    ("get", "/v1/standards"): Operation(
        "standards",
        "Public declarations of a standard, by its number as people type it",
        {200: ("A page", _json("Standards"))},
        fails=(400,),
        example={"number": "Q/ABC 001-2026"},
    ),
    ("post", "/v1/standings/query"): Operation(
        "standings",
        "Standings of up to 1,000 enterprises",
        {200: ("One result per id, in order", _json("StandingsResult"))},
        fails=(400, 413),
        body=Body({JSON: ref("StandingsQuery")}, "Ids", {"ids": [_CODE["name"]]}),
    ),
    ("get", "/v1/standing-changes"): Operation(
        "standings",
        "Changes of level, by events and by time alone, resumable",
        {200: ("A page", _json("StandingChanges"))},
        fails=(400,),
        example={"limit": "2"},
    ),
    ("get", "/v1/standings.ndjson"): Operation(
        "standings",
        "All current standings, by subject; a line of what, a line at the end",
        {200: ("A line each; without its last the answer broke off", {NDJSON: _TEXT}), 304: _UNCHANGED},
    ),
    ("get", "/v1/outcomes.ndjson"): Operation(
        "standings",
        "All public complaint outcomes, nobody named; a line of what, a line at the end",
        {200: ("An `Outcome` a line; without its last the answer broke off", {NDJSON: _TEXT}), 304: _UNCHANGED},
    ),
    ("get", "/m/{serial}"): Operation(
        "marks",
        "What a scanned mark is worth, today and on the day of production (produced_on)",
        {200: ("Licence, products, state", _json("Mark"))},
        fails=(404,),
        path={"serial": "serial"},
        query=("produced_on", "min_tree_size"),
        example={"serial": "0000-0000-0000"},
    ),
    # pledges, campaigns, policies
    ("get", "/v1/pledges/{code}"): Operation(
        "pledges",
        "A public pledge by its code",
        {200: ("The pledge", _json("Pledge")), 304: _UNCHANGED},
        fails=(404,),
        example={"code": "0000"},
    ),
    ("get", "/v1/pledges/{code}/receipt"): Operation(
        "pledges",
        "The receipt of the pledge's own entry",
        {303: ("See `Location`", {})},
        fails=(404,),
        example={"code": "0000"},
    ),
    ("get", "/v1/pledges/{code}/certificate.pdf"): Operation(
        "pledges",
        "The certificate of a public pledge: PDF/A-3b, signed (PAdES), with the proofs of what it says attached",
        {200: ("The certificate", {PDF: _BYTES}), 304: _UNCHANGED},
        fails=(400, 404, 410, 421),
        example={"code": "0000"},
    ),
    ("get", "/v1/campaigns"): Operation(
        "campaigns", "All campaigns, newest first", {200: ("The campaigns", _json("Campaigns"))}
    ),
    ("get", "/v1/campaigns/{name}"): Operation(
        "campaigns",
        "A campaign: window, scopes, clauses, what may be recorded late",
        {200: ("The campaign", _json("Campaign"))},
        fails=(404,),
        example={"name": "2026"},
    ),
    ("get", "/v1/campaigns/{name}/pledges"): Operation(
        "campaigns",
        "Public pledges of a campaign, by code",
        {200: ("A page", _json("CampaignPledges"))},
        fails=(404,),
        example={"name": "2026", "limit": "2"},
    ),
    ("get", "/v1/policies"): Operation(
        "policies", "The standing policies that were approved, oldest first", {200: ("Policies", _json("Policies"))}
    ),
    ("get", "/v1/policies/schema"): Operation(
        "policies",
        "The JSON Schema of a standing policy's document",
        {200: ("The schema", {"application/schema+json": {"type": "object"}})},
    ),
    ("get", "/v1/policies/{entry}"): Operation(
        "policies",
        "A policy by the entry that proposed or approved it",
        {200: ("The policy", _json("Policy"))},
        fails=(404,),
        example={"entry": "0"},
    ),
    ("post", "/v1/policies/comparison"): Operation(
        "policies",
        "Who would change level under the policy that is sent: totals, then a line each",
        {200: ("A line of totals, then a line each", {NDJSON: _TEXT})},
        fails=(400, 401, 403, 413),
        body=Body({JSON: {"type": "object"}}, "The document of a standing policy"),
        signed=True,
    ),
    ("get", "/v1/keys/{kid}"): Operation(
        "policies",
        "Whose a key is, by its thumbprint (RFC 9679)",
        {200: ("The key's party, officer and dates", _json("Key"))},
        fails=(404,),
        example={"kid": "00" * 32},
    ),
    # the feed
    ("get", "/v1/events"): Operation(
        "feed",
        "The feed: NDJSON, or server-sent events; resumes from any index",
        {200: ("An event a line", {NDJSON: _TEXT, "text/event-stream": _TEXT})},
        example={"after": "-1", "limit": "2"},
    ),
    ("get", "/v1/streams"): Operation(
        "feed",
        "The leaf indices of a stream's entries: of an enterprise, a party, a campaign, policy",
        {200: ("A page", _json("Stream"))},
        fails=(400,),
        example={"subject": "policy"},
    ),
    ("post", "/v1/ctis/query"): Operation(
        "feed",
        "Which entries statements of an issuer are, by their cti: up to 1,000",
        {200: ("The entry of each, or null", _json("CtisResult"))},
        fails=(400, 413),
        body=Body({JSON: ref("CtisQuery")}, "Issuer and names", {"issuer": "party:root", "ctis": ["00112233445566"]}),
    ),
    ("post", "/v1/webhooks"): Operation(
        "feed",
        "Be told of entries by webhook (Standard Webhooks), by subject, campaign or type, from any entry on. Nothing "
        "is told before the address answers a `ledger.challenge` with `{\"challenge\": …}`. Token and secret are told "
        "once",
        {201: ("The subscription, its token and the secret that signs", _json("WebhookMade"))},
        fails=(400, 413),
        body=Body(
            {JSON: ref("WebhookRequest")},
            "Where to, and what",
            {"url": "https://receiver.example.org/ledger", "types": ["PledgePublished"], "after": -1},
        ),
    ),
    ("get", "/v1/webhooks/{name}"): Operation(
        "feed",
        "How a webhook stands: what it was told, what is wrong",
        {200: ("Its state", _json("Webhook"))},
        fails=(404,),
        bearer=True,
        example={"name": "00" * 16},
    ),
    ("post", "/v1/webhooks/{name}/replay"): Operation(
        "feed",
        "Deliver again from an entry on (`after`), or go on where it was stopped; an entry keeps its `webhook-id`",
        {200: ("Its state", _json("Webhook"))},
        fails=(400, 404, 413),
        body=Body({JSON: ref("ReplayRequest")}, "From where", {"after": 0}),
        bearer=True,
        example={"name": "00" * 16},
    ),
    ("post", "/v1/webhooks/{name}/end"): Operation(
        "feed",
        "End a webhook; where it went is erased",
        {204: ("It is ended", {})},
        fails=(404,),
        bearer=True,
        example={"name": "00" * 16},
    ),
    # by signed request
    ("post", "/v1/attachments"): Operation(
        "attachments",
        "Upload an attachment: its id, commitment, type and size",
        {201: ("What is held", _json("AttachmentHeld"))},
        fails=(400, 401, 403, 413),
        body=Body({OCTETS: _BYTES}, "A scan, report or narrative"),
        signed=True,
    ),
    ("get", "/v1/attachments/{name}"): Operation(
        "attachments",
        "An attachment, for those whom it concerns",
        {200: ("The file", {"*/*": _BYTES})},
        fails=(400, 401, 403, 404, 410),
        signed=True,
        example={"name": "00" * 16},
    ),
    ("get", "/v1/pending"): Operation(
        "pending",
        "Pledges that wait for their publication: all for an organizer, an enterprise's own for it",
        {200: ("A page", _json("PendingPage"))},
        fails=(400, 401, 403),
        signed=True,
        example={"limit": "2"},
    ),
    ("get", "/v1/pending/{name}"): Operation(
        "pending",
        "One of them, with its statement and its content; if refused, why",
        {200: ("The pledge", _json("PendingPledge"))},
        fails=(400, 401, 403, 404),
        signed=True,
        example={"name": "00" * 32},
    ),
    ("post", "/v1/pending/{name}/refusal"): Operation(
        "pending",
        "Refuse one that waits, with a reason that its issuer reads; for organizers",
        {200: ("It stays at the desk, refused", _json("Pending"))},
        fails=(400, 401, 403, 404, 413),
        body=Body({JSON: ref("Refusal")}, "Why", {"reason": "承诺内容与活动条款不符，请修改后重新提交"}),
        signed=True,
        example={"name": "00" * 32},
    ),
    ("get", "/v1/accesses"): Operation(
        "accesses",
        "The access log about an enterprise (subject=), or of a day (day=)",
        {200: ("A page of the access log", _json("Accesses"))},
        fails=(400, 401, 403),
        signed=True,
        example={"day": "2026-01-02"},
    ),
    # desks: their pages are for people
    ("get", "/desk/challenge"): Operation(
        "desk", "A challenge to sign in by: good once, for two minutes", {200: ("The challenge", _json("Challenge"))}
    ),
    ("post", "/desk/session"): Operation(
        "desk",
        "Sign in: the challenge, answered under a key of the book, from a page of this site (`Origin`)",
        {201: ("Signed in, by a cookie", _json("SignedIn"))},
        fails=(400, 401, 403, 413),
        body=Body({COSE: _BYTES}, "The answer (docs/desk.md)"),
    ),
    ("post", "/desk/key/requests"): Operation(
        "desk",
        "Ask for a key's enrolment, with its proof of possession, from a page of this site (`Origin`)",
        {201: ("It waits for a registrar, or for the party's own officers", _json("KeyState"))},
        fails=(400, 403, 413),
        body=Body({JSON: ref("KeyRequest")}, "Whose key, and the proof (docs/desk.md)"),
    ),
    ("get", "/desk/key/requests/{name}"): Operation(
        "desk",
        "What became of the request for a key, by its thumbprint",
        {200: ("Its state", _json("KeyState"))},
        example={"name": "00" * 32},
    ),
    # the service itself
    ("get", "/healthz"): Operation("service", "Whether the process lives", {200: ("It does", {PLAIN: _TEXT})}),
    ("get", "/readyz"): Operation(
        "service",
        "Whether a commit made now would succeed, and readers see what is committed",
        {200: ("It is ready", _json("Ready")), 503: ("It is not, and why", _json("Ready"))},
    ),
    ("get", "/metrics"): Operation(
        "service", "Meters in Prometheus' text format", {200: ("The meters", {PLAIN: _TEXT})}
    ),
    ("get", "/docs"): Operation("service", "This interface, for people", {200: ("A page", {"text/html": _TEXT})}),
    ("get", "/docs.css"): Operation("service", "The style of that page", {200: ("A sheet", {"text/css": _TEXT})}),
    ("get", "/openapi.json"): Operation(
        "service", "This interface, for programs (OpenAPI 3.1)", {200: ("The document", {JSON: {"type": "object"}})}
    ),
}  # fmt: skip
