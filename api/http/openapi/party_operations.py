"""Operations of parties: by signed request, and how people sign in at a desk, whose pages are for people."""

from __future__ import annotations

from typing import Final

from api.http.openapi.operation_terms import BYTES, COSE, JSON, OCTETS, Body, Operation, Operations, json_of
from api.http.openapi.schema_terms import ref

__all__ = ["PARTY_OPERATIONS"]

PARTY_OPERATIONS: Final[Operations] = {
    ("post", "/v1/attachments"): Operation(
        "attachments",
        "Upload an attachment: its id, commitment, type and size",
        {201: ("What is held", json_of("AttachmentHeld"))},
        fails=(400, 401, 403, 413),
        body=Body({OCTETS: BYTES}, "A scan, report or narrative"),
        signed=True,
    ),
    ("get", "/v1/attachments/{name}"): Operation(
        "attachments",
        "An attachment, for those whom it concerns",
        {200: ("The file", {"*/*": BYTES})},
        fails=(400, 401, 403, 404, 410),
        signed=True,
        example={"name": "00" * 16},
    ),
    ("get", "/v1/pending"): Operation(
        "pending",
        "Pledges that wait for their publication: all for an organizer, an enterprise's own for it",
        {200: ("A page", json_of("PendingPage"))},
        fails=(400, 401, 403),
        signed=True,
        example={"limit": "2"},
    ),
    ("get", "/v1/pending/{name}"): Operation(
        "pending",
        "One of them, with its statement and its content; if refused, why",
        {200: ("The pledge", json_of("PendingPledge"))},
        fails=(400, 401, 403, 404),
        signed=True,
        example={"name": "00" * 32},
    ),
    ("post", "/v1/pending/{name}/refusal"): Operation(
        "pending",
        "Refuse one that waits, with a reason that its issuer reads; for organizers",
        {200: ("It stays at the desk, refused", json_of("Pending"))},
        fails=(400, 401, 403, 404, 413),
        body=Body({JSON: ref("Refusal")}, "Why", {"reason": "承诺内容与活动条款不符，请修改后重新提交"}),
        signed=True,
        example={"name": "00" * 32},
    ),
    ("get", "/v1/accesses"): Operation(
        "accesses",
        "The access log about an enterprise (subject=), or of a day (day=)",
        {200: ("A page of the access log", json_of("Accesses"))},
        fails=(400, 401, 403),
        signed=True,
        example={"day": "2026-01-02"},
    ),
    ("get", "/desk/challenge"): Operation(
        "desk", "A challenge to sign in by: good once, for two minutes", {200: ("The challenge", json_of("Challenge"))}
    ),
    ("post", "/desk/session"): Operation(
        "desk",
        "Sign in: the challenge, answered under a key of the book, from a page of this site (`Origin`)",
        {201: ("Signed in, by a cookie", json_of("SignedIn"))},
        fails=(400, 401, 403, 413),
        body=Body({COSE: BYTES}, "The answer (docs/desk.md)"),
    ),
    ("post", "/desk/key/requests"): Operation(
        "desk",
        "Ask for a key's enrolment, with its proof of possession, from a page of this site (`Origin`)",
        {201: ("It waits for a registrar, or for the party's own officers", json_of("KeyState"))},
        fails=(400, 403, 413),
        body=Body({JSON: ref("KeyRequest")}, "Whose key, and the proof (docs/desk.md)"),
    ),
    ("get", "/desk/key/requests/{name}"): Operation(
        "desk",
        "What became of the request for a key, by its thumbprint",
        {200: ("Its state", json_of("KeyState"))},
        example={"name": "00" * 32},
    ),
}  # fmt: skip
