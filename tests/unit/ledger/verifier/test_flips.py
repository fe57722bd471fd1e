"""Whatever byte of whatever artifact is changed, in whatever way: it is refused.

Every position is tried, with a bit that differs from position to position and with all bits at once; of long artifacts
(evidence) every eleventh, and all of them in a deep run. Positions and masks at random come on top of that.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.cose.receipt import attach, detach
from ledger.cose.standing_token import sign_standing
from ledger.errors import Malformed, Refuted, Uncheckable
from ledger.verifier import parse_trust, verify_entry, verify_head, verify_signed_standing
from tests.support.paper_log import ORIGIN, START
from tests.unit.ledger.verifier.conftest import SUBJECT, make_book

BOOK = make_book()
LOG, TRUST = BOOK.log, BOOK.log.trust()
OPENED, SEALED, BODY = LOG.transparent(BOOK.opened), LOG.transparent(BOOK.sealed), LOG.bodies[BOOK.sealed]
EVIDENCE = LOG.evidence(BOOK.opened)
TOKEN = sign_standing(b'{"level":"GOOD"}', subject=SUBJECT, origin=ORIGIN, issued_at=START, signer=LOG.standing_key)
STATEMENT, RECEIPTS = detach(OPENED)
CHARTER = BOOK.log.trust_file().charter

ARTIFACTS: dict[str, tuple[bytes, Callable[[bytes], object]]] = {
    "statement": (STATEMENT, lambda data: verify_entry(attach(data, RECEIPTS), EVIDENCE, TRUST)),
    "receipt": (RECEIPTS[0], lambda data: verify_entry(attach(STATEMENT, [data]), EVIDENCE, TRUST)),
    "transparent statement": (OPENED, lambda data: verify_entry(data, EVIDENCE, TRUST)),
    "sealed statement": (SEALED, lambda data: verify_entry(data, EVIDENCE, TRUST, BODY)),
    "body": (BODY, lambda data: verify_entry(SEALED, EVIDENCE, TRUST, data)),
    "evidence": (EVIDENCE, lambda data: verify_entry(OPENED, data, TRUST)),
    "checkpoint": (LOG.note(), lambda data: verify_head(data, TRUST)),
    "signed standing": (TOKEN, lambda data: verify_signed_standing(data, TRUST, START)),
    "charter": (
        bytes.fromhex(CHARTER),
        lambda data: verify_entry(
            OPENED, EVIDENCE, parse_trust(LOG.trust_file().format().replace(CHARTER.encode(), data.hex().encode()))
        ),
    ),
}


LONG_BYTES = 2_000  # of these the gate tries one position of so many, from one end to the other
STRIDE = 11


@cache
def _holds(name: str) -> bool:
    data, verify = ARTIFACTS[name]
    verify(data)
    return True


def _refused(name: str, position: int, mask: int) -> None:
    data, verify = ARTIFACTS[name]
    changed = bytearray(data)
    changed[position] ^= mask
    with pytest.raises((Malformed, Refuted, Uncheckable)):
        verify(bytes(changed))


@pytest.mark.parametrize("name", ARTIFACTS)
def test_no_changed_byte_at_any_position_goes_unnoticed(name: str) -> None:
    assert _holds(name)
    size = len(ARTIFACTS[name][0])
    for position in range(0, size, 1 if size < LONG_BYTES else STRIDE):
        _refused(name, position, 1 << position % 8)
        if size < LONG_BYTES or position % 4 == 0:
            _refused(name, position, 0xFF)


@pytest.mark.deep
@pytest.mark.parametrize("name", [name for name in ARTIFACTS if len(ARTIFACTS[name][0]) >= LONG_BYTES])
def test_no_changed_byte_of_a_long_artifact_goes_unnoticed(name: str) -> None:
    for position in range(len(ARTIFACTS[name][0])):
        _refused(name, position, 1 << position % 8)


@pytest.mark.parametrize("name", ARTIFACTS)
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_no_random_change_of_a_byte_goes_unnoticed(name: str, data: st.DataObject) -> None:
    assert _holds(name)
    position = data.draw(st.integers(0, len(ARTIFACTS[name][0]) - 1))
    _refused(name, position, data.draw(st.integers(1, 255)))


@pytest.mark.parametrize("name", ARTIFACTS)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_nothing_cut_short_or_lengthened_passes(name: str, data: st.DataObject) -> None:
    whole, verify = ARTIFACTS[name]
    changed = data.draw(
        st.integers(0, len(whole) - 1).map(lambda end: whole[:end])
        | st.binary(min_size=1, max_size=40).map(lambda more: whole + more)
    )
    with pytest.raises((Malformed, Refuted, Uncheckable)):
        verify(changed)


@given(st.binary(max_size=400))
@settings(max_examples=100, deadline=None)
def test_bytes_from_outside_raise_nothing_but_the_three_verdicts(noise: bytes) -> None:
    for _, verify in ARTIFACTS.values():
        with pytest.raises((Malformed, Refuted, Uncheckable)):
            verify(noise)
