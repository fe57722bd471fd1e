"""The `cwt` package (python-cwt) verifies what we sign.

What it protects, as called here: the COSE_Sign1 signature over protected header and payload, under a key that we
give it, and the match of `kid`. It looks neither at `typ`, nor at canonical form, trailing bytes or the
unprotected header, nor at the tree: it takes the root as a detached payload that somebody else has computed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from ledger.cose import headers
from ledger.cose.receipt import encode_receipt, receipt_protected, sign_root
from ledger.cose.statement import Claims, make_statement
from ledger.domain.events.party import RoleGranted
from ledger.keys.signer import Signer, new_key
from tests.support.naive_tree import mth, path
from tests.support.oracles import Oracle, Refused

ORIGIN = "ledger.example/2026"


@pytest.fixture(scope="module")
def cwt() -> Iterator[Oracle]:
    with Oracle("cwt_signatures") as oracle:
        yield oracle


@pytest.fixture(scope="module", params=["ed25519", "p256"])
def signer(request: pytest.FixtureRequest) -> Signer:
    return new_key(request.param)


def _statement(signer: Signer) -> bytes:
    event = RoleGranted(v=1, effective_on=date(2026, 3, 15), role="organizer")
    claims = Claims("party:organizer", "party:root", ORIGIN, 1_773_500_000, b"0123456789abcdef")
    return make_statement(event, claims, signer)


def _key(signer: Signer) -> dict[str, Any]:
    return {"pem": signer.public.pem, "kid": signer.kid}


def test_a_foreign_verifier_accepts_our_statements_and_reads_their_headers(signer: Signer, cwt: Oracle) -> None:
    protected, unprotected, payload = cwt.ask("decode_with_headers", message=_statement(signer), **_key(signer))
    assert payload == b'{"effective_on":"2026-03-15","role":"organizer","type":"RoleGranted","v":1}'
    assert unprotected == {}
    assert protected[headers.TYP] == headers.STATEMENT
    assert protected[headers.CWT_CLAIMS][headers.SUB] == "party:organizer"


def test_it_refuses_a_statement_of_which_one_payload_byte_changed(signer: Signer, cwt: Oracle) -> None:
    changed = _statement(signer).replace(b'organizer","type', b'organizes","type')
    with pytest.raises(Refused, match=r"^VerifyError: "):
        cwt.ask("decode", message=changed, **_key(signer))


def test_it_verifies_a_receipt_over_the_root(signer: Signer, cwt: Oracle) -> None:
    entries = [_statement(signer), b"another entry", b"a third"]
    protected = receipt_protected(signer.alg, signer.kid, ORIGIN, 3, 1_773_500_000)
    receipt = encode_receipt(protected, sign_root(protected, mth(entries), signer), 3, 0, path(0, entries))
    assert cwt.ask("decode", message=receipt, **_key(signer), detached_payload=mth(entries)) == mth(entries)
    with pytest.raises(Refused, match=r"^VerifyError: "):
        cwt.ask("decode", message=receipt, **_key(signer), detached_payload=mth(entries[:2]))
