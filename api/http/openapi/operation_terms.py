"""The terms in which operations are described: `Operation`, what it takes and answers, and the common parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from api.http.openapi.schema_terms import ref

__all__ = [
    "BYTES",
    "CBOR",
    "CBOR_SEQ",
    "COSE",
    "JSON",
    "NDJSON",
    "OCTETS",
    "PARAMETERS",
    "PDF",
    "PLAIN",
    "UNCHANGED",
    "Body",
    "Media",
    "Operation",
    "Operations",
    "json_of",
]

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


def json_of(schema: str) -> Media:
    """JSON of a schema that `components` has."""
    return {JSON: ref(schema)}


Operations = Mapping[tuple[str, str], Operation]  # by method and path

BYTES: Final[Mapping[str, Any]] = {}
UNCHANGED: Final[tuple[str, Media]] = ("It is what you have (`If-None-Match`)", {})

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
