"""Tree heads that one log can have signed: in whatever order they are met, as if each were compared with all others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.cose.receipt import VerifiedReceipt
from ledger.errors import Refuted
from ledger.verifier.entry_location import Roots

HEADS = st.lists(st.builds(VerifiedReceipt, st.integers(1, 12), st.just(0), st.just(b"root"), st.integers(1, 12)))


def can_be_one_log(heads: list[VerifiedReceipt]) -> bool:
    pairs = [(one, other) for one in heads for other in heads]
    return all(one.iat <= other.iat for one, other in pairs if one.tree_size < other.tree_size)


@given(HEADS)
def test_heads_are_refuted_exactly_where_the_time_goes_back_between_two_of_them(heads: list[VerifiedReceipt]) -> None:
    first: dict[int, VerifiedReceipt] = {}
    roots = Roots()
    for head in heads:
        compared = [*first.values(), head]  # of one size, the first that was met stands for the others
        if can_be_one_log([one for one in compared if one is head or one.tree_size != head.tree_size]):
            roots.take(head)
            first.setdefault(head.tree_size, head)
        else:
            with pytest.raises(Refuted, match="time goes back"):
                roots.take(head)
            return
    assert roots.seen == first


def test_two_roots_of_one_size_are_refuted() -> None:
    roots = Roots()
    roots.take(VerifiedReceipt(5, 0, b"one", 1))
    roots.take(VerifiedReceipt(5, 1, b"one", 1))
    with pytest.raises(Refuted, match="two different trees"):
        roots.take(VerifiedReceipt(5, 1, b"other", 1))
