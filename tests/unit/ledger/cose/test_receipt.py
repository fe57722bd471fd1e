"""Receipts: bound to one log, one size, one leaf, one statement."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.cose import headers
from ledger.cose.cbor import decode, encode
from ledger.cose.receipt import (
    Receipt,
    attach,
    detach,
    encode_receipt,
    parse_receipt,
    receipt_protected,
    sign_root,
    verify_receipt,
)
from ledger.cose.sign1 import assemble, sign1, split, to_be_signed
from ledger.errors import Malformed, Refuted
from ledger.keys.signer import new_key
from tests.support.naive_tree import mth, path

ORIGIN = "ledger.example/2026"
IAT = 1_773_500_000
LOG_KEY = new_key("p256")
ISSUER = new_key("ed25519")
STATEMENTS = [sign1({headers.TYP: headers.STATEMENT}, b"statement %d" % n, ISSUER) for n in range(9)]


def _receipt(index: int, size: int, *, protected_size: int | None = None, origin: str = ORIGIN) -> bytes:
    entries = STATEMENTS[:size]
    protected = receipt_protected(LOG_KEY.alg, LOG_KEY.kid, origin, protected_size or size, IAT)
    return encode_receipt(protected, sign_root(protected, mth(entries), LOG_KEY), size, index, path(index, entries))


@given(st.integers(2, 9), st.data())
@settings(max_examples=40)
def test_a_receipt_shows_where_its_statement_is(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    shown = verify_receipt(_receipt(index, size), STATEMENTS[index], LOG_KEY.public, ORIGIN)
    assert (shown.index, shown.tree_size, shown.iat) == (index, size, IAT)


@pytest.mark.parametrize(("index", "size"), [(0, 2), (3, 5), (4, 5), (6, 7), (8, 9)])
def test_no_flipped_bit_anywhere_goes_unnoticed(index: int, size: int) -> None:
    receipt = _receipt(index, size)
    for position in range(len(receipt)):
        for mask in (1, 0x20, 0xFF):
            changed = bytearray(receipt)
            changed[position] ^= mask
            with pytest.raises((Malformed, Refuted)):
                verify_receipt(bytes(changed), STATEMENTS[index], LOG_KEY.public, ORIGIN)


def test_it_is_of_no_other_statement() -> None:
    with pytest.raises(Refuted):
        verify_receipt(_receipt(3, 9), STATEMENTS[4], LOG_KEY.public, ORIGIN)


def test_it_is_of_no_other_log() -> None:
    with pytest.raises(Refuted, match="of the log"):
        verify_receipt(_receipt(3, 9), STATEMENTS[3], LOG_KEY.public, "other.example/2026")


def test_it_is_signed_by_no_other_key() -> None:
    with pytest.raises(Refuted, match="another key"):
        verify_receipt(_receipt(3, 9), STATEMENTS[3], new_key("p256").public, ORIGIN)


def test_the_proof_is_for_the_size_that_was_signed() -> None:
    with pytest.raises(Malformed, match="another tree size"):
        parse_receipt(_receipt(0, 4, protected_size=5))


def test_there_is_no_receipt_for_a_log_of_one_entry() -> None:
    with pytest.raises(Malformed, match="empty path"):
        _receipt(0, 1)


def test_an_empty_path_from_elsewhere_is_refused() -> None:
    protected = receipt_protected(LOG_KEY.alg, LOG_KEY.kid, ORIGIN, 1, IAT)
    loose = encode({headers.VDP: {headers.VDP_INCLUSION: [encode([1, 0, []])]}})
    data = assemble(protected, loose, None, sign_root(protected, mth(STATEMENTS[:1]), LOG_KEY))
    with pytest.raises(Malformed, match="inclusion proof"):
        parse_receipt(data)


@pytest.mark.parametrize(
    "loose",
    [
        {},
        {headers.VDP: {}},
        {headers.VDP: {headers.VDP_INCLUSION: []}},
        {headers.VDP: {headers.VDP_INCLUSION: [0]}},
        {headers.VDP: {headers.VDP_INCLUSION: [b"\x83\x02\x00\x80", b""]}},
        {headers.VDP: {headers.VDP_INCLUSION: [b"\x83\x02\x00\x80"], -2: []}},
        {headers.VDP: {headers.VDP_INCLUSION: [b"\x83\x02\x00\x81\x58\x1f" + bytes(31)]}},
        {headers.VDP: {headers.VDP_INCLUSION: [b"\x83\x02\x02\x81\x58\x20" + bytes(32)]}},
        {headers.VDP: {headers.VDP_INCLUSION: [b"\x83\x02\x00\x81\x58\x20" + bytes(32)]}, 4: b"kid"},
    ],
)
def test_anything_but_one_well_formed_proof_is_refused(loose: dict[int, object]) -> None:
    protected = receipt_protected(LOG_KEY.alg, LOG_KEY.kid, ORIGIN, 2, IAT)
    with pytest.raises(Malformed):
        parse_receipt(assemble(protected, encode(loose), None, LOG_KEY.sign(b"")))


def test_a_receipt_with_its_root_embedded_is_refused() -> None:
    entries = STATEMENTS[:2]
    protected = receipt_protected(LOG_KEY.alg, LOG_KEY.kid, ORIGIN, 2, IAT)
    loose = encode({headers.VDP: {headers.VDP_INCLUSION: [encode([2, 0, path(0, entries)])]}})
    data = assemble(protected, loose, mth(entries), LOG_KEY.sign(to_be_signed(protected, mth(entries))))
    with pytest.raises(Malformed, match="detached"):
        parse_receipt(data)


@pytest.mark.parametrize(
    "change",
    [
        {headers.VDS: 2},
        {headers.ORIGIN: "other.example"},
        {headers.TREE_SIZE: "2"},
        {headers.CWT_CLAIMS: {headers.ISS: "other.example", headers.SUB: ORIGIN, headers.IAT: IAT}},
        {headers.CWT_CLAIMS: {headers.ISS: ORIGIN, headers.SUB: "other.example", headers.IAT: IAT}},
        {headers.CWT_CLAIMS: {headers.ISS: ORIGIN, headers.SUB: ORIGIN, headers.IAT: "now"}},
        {headers.CWT_CLAIMS: {headers.ISS: ORIGIN, headers.SUB: ORIGIN}},
    ],
)
def test_a_header_that_is_not_ours_to_the_letter_is_refused_though_signed(change: dict[int, object]) -> None:
    header = decode(receipt_protected(LOG_KEY.alg, LOG_KEY.kid, ORIGIN, 2, IAT))
    assert isinstance(header, dict)
    protected = encode({**header, **change})
    signature = sign_root(protected, mth(STATEMENTS[:2]), LOG_KEY)
    with pytest.raises(Malformed):
        parse_receipt(encode_receipt(protected, signature, 2, 0, path(0, STATEMENTS[:2])))


def test_receipts_go_on_and_off_without_touching_the_statement() -> None:
    receipts = [_receipt(2, 5), _receipt(2, 9)]
    assert detach(attach(STATEMENTS[2], receipts)) == (STATEMENTS[2], receipts)


def test_no_receipts_and_an_empty_list_fail_closed() -> None:
    with pytest.raises(Malformed):
        attach(STATEMENTS[2], [])
    with pytest.raises(Malformed, match="not a transparent statement"):
        detach(STATEMENTS[2])
    protected, _, payload, signature = split(STATEMENTS[2])
    empty = assemble(protected, encode({headers.RECEIPTS: []}), payload, signature)
    with pytest.raises(Malformed, match="not a transparent statement"):
        detach(empty)


def test_what_a_checkpoint_shares_is_the_same_in_all_its_receipts() -> None:
    one, two = parse_receipt(_receipt(0, 9)), parse_receipt(_receipt(5, 9))
    assert isinstance(one, Receipt)
    assert one.message.protected_bytes == two.message.protected_bytes
    assert one.message.signature == two.message.signature
