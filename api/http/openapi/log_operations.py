"""Operations of the log, by foreign standards (SCRAPI, C2SP tlog-tiles), and what is uploaded for its statements."""

from __future__ import annotations

from typing import Final

from api.http.openapi.operation_terms import (
    BYTES,
    CBOR,
    CBOR_SEQ,
    COSE,
    JSON,
    OCTETS,
    PLAIN,
    UNCHANGED,
    Body,
    Operation,
    Operations,
    json_of,
)
from api.http.openapi.schema_terms import TEXT, ref
from ledger.cose import headers

__all__ = ["LOG_OPERATIONS"]

_STATEMENT: Final = Body({COSE: BYTES}, "A signed statement: COSE_Sign1 in its one encoding")

LOG_OPERATIONS: Final[Operations] = {
    ("post", "/entries"): Operation(
        "log",
        "Register a signed statement (SCRAPI)",
        {201: ("The receipt", {COSE: BYTES}), 303: ("It waits for its release: ask at `Location`", {})},
        fails=(400, 409, 413),
        body=_STATEMENT,
        scrapi=True,
    ),
    ("post", "/entries/batch"): Operation(
        "log",
        "Register many: a CBOR sequence of statement or [statement, body]",
        {200: ("A CBOR sequence, a map for each item, in order; partial success is normal", {CBOR_SEQ: BYTES})},
        fails=(400, 413),
        body=Body({CBOR_SEQ: BYTES}, "A CBOR sequence (RFC 8742), at most 1,000 items and 16 MiB"),
    ),
    ("post", "/bodies"): Operation(
        "log",
        "Upload a sealed statement's body, before the statement; by signed request within the party's own quota",
        {201: ("Its commitment; held for an hour", json_of("Commitment"))},
        fails=(400, 401, 403, 413),
        signed=None,
        body=Body({JSON: {"type": "object"}}, "The body, salted", {"salt": "00", "type": "ComplaintRecorded", "v": 1}),
    ),
    ("get", "/entries/{name}"): Operation(
        "log",
        "Resolve a receipt (SCRAPI); by leaf index, or by statement id while it waits",
        {
            200: ("The receipt", {COSE: BYTES}),
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
        {200: ("The statement", {COSE: BYTES, JSON: ref("Event")})},
        fails=(404,),
        example={"name": "0"},
    ),
    ("get", "/entries/{name}/evidence"): Operation(
        "log",
        "Evidence about the issuer, from the charter on",
        {200: ("For `credit-ledger verify`", {headers.EVIDENCE: BYTES})},
        fails=(400, 404),
        example={"name": "0"},
    ),
    ("get", "/entries/{name}/body"): Operation(
        "log",
        "A sealed statement's body, while it is public; longer by signed request",
        {200: ("The body", {JSON: {"type": "object"}}), 410: ("It is closed, and why", json_of("Closed"))},
        fails=(401, 403, 404, 410),
        signed=None,
        example={"name": "0"},
    ),
    ("get", "/entries/{name}/proof"): Operation(
        "witnesses",
        "A C2SP tlog-proof in the newest tree that has the quorum of witnesses",
        {200: ("The proof", {PLAIN: TEXT})},
        fails=(404,),
        example={"name": "0"},
    ),
    ("get", "/checkpoint"): Operation(
        "log",
        "The newest checkpoint, with the cosignatures so far (C2SP tlog-checkpoint)",
        {200: ("A signed note", {PLAIN: TEXT})},
    ),
    ("get", "/tile/{path}"): Operation(
        "log",
        "A tile of hashes or a bundle of entries (C2SP tlog-tiles)",
        {200: ("Its bytes, for ever", {OCTETS: BYTES})},
        fails=(400, 404),
        example={"path": "0/000.p/1"},
    ),
    ("get", "/receipts/{path}"): Operation(
        "log",
        "The receipts of the checkpoints that begin in a bundle of entries, each after its length (uint16)",
        {200: ("Its bytes, for ever", {OCTETS: BYTES})},
        fails=(400, 404),
        example={"path": "000.p/1"},
    ),
    ("get", "/witnessed/checkpoint"): Operation(
        "witnesses",
        "The newest checkpoint that has the quorum of witnesses",
        {200: ("A signed note", {PLAIN: TEXT})},
        fails=(404,),
    ),
    ("get", "/witnessed/tile/{path}"): Operation(
        "witnesses",
        "The tiles and bundles under it: those of /tile/",
        {200: ("Its bytes, for ever", {OCTETS: BYTES})},
        fails=(400, 404),
        example={"path": "entries/000.p/1"},
    ),
    ("get", "/.well-known/scitt-keys"): Operation(
        "log",
        "The log's receipt keys, those before a succession too (SCRAPI)",
        {200: ("A COSE Key Set", {CBOR: BYTES})},
        scrapi=True,
    ),
    ("get", "/.well-known/scitt-keys/{kid}"): Operation(
        "log",
        "One of the log's keys, by thumbprint (SCRAPI)",
        {200: ("A COSE Key", {CBOR: BYTES})},
        fails=(404, 421),
        scrapi=True,
        example={"kid": "00" * 32},
    ),
    ("get", "/.well-known/credit-ledger-trust.json"): Operation(
        "log", "The service's own trust file, to be compared out of band", {200: ("The trust file", json_of("Trust"))},
        fails=(404, 421),
    ),
    ("post", "/annexes"): Operation(
        "log",
        "Upload a public file that a statement will name; by signed request within the party's own quota",
        {201: ("Its digest and type; held for an hour", json_of("AnnexHeld"))},
        fails=(400, 401, 403, 410, 413),
        signed=None,
        body=Body({OCTETS: BYTES}, "CSV, PDF, text or a picture: the type is told from the bytes"),
    ),
    ("get", "/annexes/{digest}"): Operation(
        "log",
        "A public file that an entry names, by SHA-256",
        {200: ("The file", {"*/*": BYTES}), 304: UNCHANGED},
        fails=(404, 410),
        example={"digest": "00" * 32},
    ),
    ("get", "/v1/log/witnesses"): Operation(
        "witnesses",
        "The policy of witnesses, its quorum, and how it stands with each witness",
        {200: ("The state", json_of("Witnesses"))},
    ),
    ("get", "/v1/map"): Operation(
        "log", "The completeness map: newest published root, newest cut", {200: ("The map", json_of("Map"))}
    ),
}  # fmt: skip
