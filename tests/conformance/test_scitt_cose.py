"""The `scitt-cose` package accepts our transparent statements and receipts.

What it protects: the issuer's signature, the inclusion proof of the statement's bytes, the log's signature over
the root that the proof gives. It does not know our private label for the tree size, so it takes the size from the
unprotected proof; a flip there alters the root or the shape of the path in most cases, but only our verifier
compares it with the signed size. Whether the issuer was entitled, it cannot say.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from ledger.cose import headers
from ledger.cose.receipt import attach, encode_receipt, receipt_protected, sign_root
from ledger.cose.statement import Claims, make_statement
from ledger.domain.events.party import RoleGranted
from ledger.keys.signer import Signer, new_key
from tests.support.naive_tree import mth, path
from tests.support.oracles import Oracle

ORIGIN = "ledger.example/2026"
IAT = 1_773_500_000
ISSUER = new_key("ed25519")


@pytest.fixture(scope="module")
def scitt() -> Iterator[Oracle]:
    with Oracle("scitt_receipts") as oracle:
        yield oracle


@pytest.fixture(scope="module", params=["ed25519", "p256"])
def log_key(request: pytest.FixtureRequest) -> Signer:
    return new_key(request.param)


def _statement(number: int) -> bytes:
    event = RoleGranted(v=1, effective_on=date(2026, 3, 15), role="organizer")
    claims = Claims("party:organizer", "party:root", ORIGIN, IAT, number.to_bytes(16, "big"))
    return make_statement(event, claims, ISSUER)


ENTRIES = [_statement(n) for n in range(7)]


def _receipt(index: int, log_key: Signer) -> bytes:
    protected = receipt_protected(log_key.alg, log_key.kid, ORIGIN, len(ENTRIES), IAT)
    signature = sign_root(protected, mth(ENTRIES), log_key)
    return encode_receipt(protected, signature, len(ENTRIES), index, path(index, ENTRIES))


@pytest.mark.parametrize("index", range(len(ENTRIES)))
def test_a_foreign_verifier_accepts_our_receipts(index: int, log_key: Signer, scitt: Oracle) -> None:
    result = scitt.ask(
        "verify_receipt",
        receipt=_receipt(index, log_key),
        leaf_entry=ENTRIES[index],
        log_public_key=log_key.public.pem,
    )
    assert result["ok"] is True, result["errors"]
    assert (result["leaf_index"], result["tree_size"], result["iat"]) == (index, len(ENTRIES), IAT)
    assert (result["issuer"], result["subject"]) == (ORIGIN, ORIGIN)
    assert result["root"] == mth(ENTRIES).hex()
    assert result["protected_header_ext"][headers.TREE_SIZE] == len(ENTRIES)


def test_it_refuses_our_receipt_for_another_statement(log_key: Signer, scitt: Oracle) -> None:
    result = scitt.ask(
        "verify_receipt", receipt=_receipt(2, log_key), leaf_entry=ENTRIES[3], log_public_key=log_key.public.pem
    )
    assert result["ok"] is False


def test_it_takes_our_transparent_statements_apart_and_makes_the_same(log_key: Signer, scitt: Oracle) -> None:
    receipts = [_receipt(2, log_key)]
    ours = attach(ENTRIES[2], receipts)
    assert scitt.ask("extract_receipts", transparent=ours) == receipts
    assert scitt.ask("attach_receipts", statement=ENTRIES[2], receipts=receipts) == ours


def test_it_verifies_the_issuer_of_our_statements(scitt: Oracle) -> None:
    parsed = scitt.ask("parse_signed_statement", statement=ENTRIES[0], public_key=ISSUER.public.pem)
    assert parsed["signature_verified"] is True
    assert (parsed["issuer"], parsed["subject"]) == ("party:root", "party:organizer")
    assert parsed["content_type"] == headers.PAYLOAD_JSON
