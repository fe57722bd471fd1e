"""Operations about enterprises: search, standings, declared standards, marks."""

from __future__ import annotations

from typing import Final

from api.http.openapi.operation_terms import (
    BYTES,
    COSE,
    JSON,
    NDJSON,
    UNCHANGED,
    Body,
    Operation,
    Operations,
    json_of,
)
from api.http.openapi.schema_terms import TEXT, ref
from ledger.cose import headers

__all__ = ["ENTERPRISE_OPERATIONS"]

_CODE: Final = {"name": "91110108MA01C8JX44"}

ENTERPRISE_OPERATIONS: Final[Operations] = {
    ("get", "/v1/enterprises"): Operation(
        "enterprises",
        "Search by name, former name or code as people type it; by campaign; never by level",
        {200: ("A page, best first", json_of("Enterprises"))},
        fails=(400,),
        example={"q": "qingquan"},
    ),
    ("post", "/v1/enterprises/query"): Operation(
        "enterprises",
        "Names, former names and more of up to 1,000 enterprises",
        {200: ("One for each id, in order; null where the book has none", json_of("EnterprisesResult"))},
        fails=(400, 413),
        body=Body({JSON: ref("EnterprisesQuery")}, "Ids", {"ids": [_CODE["name"]]}),
    ),
    ("get", "/v1/enterprises/{name}"): Operation(
        "enterprises",
        "The enterprise, its standing in short, links",
        {200: ("What the book knows", json_of("Enterprise"))},
        example=_CODE,
    ),
    ("get", "/v1/enterprises/{name}/standing"): Operation(
        "enterprises",
        "Current standing, or as_of a date and at a tree_size; signed for Accept: application/cose",
        {200: ("The standing", {JSON: ref("Standing"), COSE: BYTES}), 304: UNCHANGED},
        fails=(421,),
        path={"name": "name"},
        query=("as_of", "tree_size", "min_tree_size"),
        example=_CODE,
    ),
    ("get", "/v1/enterprises/{name}/standing/history"): Operation(
        "enterprises",
        "Every change of its level up to today, and why",
        {200: ("The changes", json_of("StandingHistory"))},
        fails=(400, 404),
        example=_CODE,
    ),
    ("get", "/v1/enterprises/{name}/declarations"): Operation(
        "enterprises",
        "Public self-declaration records: pledges and what became of them",
        {200: ("The records", json_of("Declarations")), 304: UNCHANGED},
        example=_CODE,
    ),
    ("get", "/v1/enterprises/{name}/events"): Operation(
        "enterprises",
        "Every event about it, in order",
        {200: ("A page of events", json_of("Events"))},
        example=_CODE | {"limit": "2"},
    ),
    ("get", "/v1/enterprises/{name}/proof"): Operation(
        "enterprises",
        "Completeness bundle: its stream, shown to be whole, and what that rests on",
        {200: ("For `credit-ledger verify`", {headers.BUNDLE: BYTES})},
        fails=(404, 413),
        example=_CODE,
    ),
    ("get", "/v1/enterprises/{name}/standards/{entry}"): Operation(
        "standards",
        "Any version of a declared standard, old ones too",
        {200: ("The version", json_of("Standard")), 304: UNCHANGED},
        fails=(404,),
        example=_CODE | {"entry": "0"},
    ),
    ("get", "/v1/standards"): Operation(
        "standards",
        "Public declarations of a standard, by its number as people type it",
        {200: ("A page", json_of("Standards"))},
        fails=(400,),
        example={"number": "Q/ABC 001-2026"},
    ),
    ("post", "/v1/standings/query"): Operation(
        "standings",
        "Standings of up to 1,000 enterprises",
        {200: ("One result per id, in order", json_of("StandingsResult"))},
        fails=(400, 413),
        body=Body({JSON: ref("StandingsQuery")}, "Ids", {"ids": [_CODE["name"]]}),
    ),
    ("get", "/v1/standing-changes"): Operation(
        "standings",
        "Changes of level, by events and by time alone, resumable",
        {200: ("A page", json_of("StandingChanges"))},
        fails=(400,),
        example={"limit": "2"},
    ),
    ("get", "/v1/standings.ndjson"): Operation(
        "standings",
        "All current standings, by subject; a line of what, a line at the end",
        {200: ("A line each; without its last the answer broke off", {NDJSON: TEXT}), 304: UNCHANGED},
    ),
    ("get", "/v1/outcomes.ndjson"): Operation(
        "standings",
        "All public complaint outcomes, nobody named; a line of what, a line at the end",
        {200: ("An `Outcome` a line; without its last the answer broke off", {NDJSON: TEXT}), 304: UNCHANGED},
    ),
    ("get", "/m/{serial}"): Operation(
        "marks",
        "What a scanned mark is worth, today and on the day of production (produced_on)",
        {200: ("Licence, products, state", json_of("Mark"))},
        fails=(404,),
        path={"serial": "serial"},
        query=("produced_on", "min_tree_size"),
        example={"serial": "0000-0000-0000"},
    ),
}  # fmt: skip
