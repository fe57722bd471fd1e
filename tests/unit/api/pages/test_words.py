"""The words of pages say no more than the book does."""

from __future__ import annotations

import pytest

from api.pages.words import reply_word
from ledger.domain.state.complaint import OWED_NO_REPLY


@pytest.mark.parametrize("outcome", sorted(OWED_NO_REPLY))
def test_who_owed_no_reply_is_not_said_to_have_left_one_out(outcome: str) -> None:
    assert reply_word("none", outcome).zh == "无须答复"
    assert reply_word("none", outcome).tone == "normal"
    assert reply_word("timely", outcome).zh == "按期"


def test_a_reply_that_was_owed_and_did_not_come_is_said_to_be_missing() -> None:
    assert reply_word("none", "ended_without_agreement").zh == "未答复"
    assert reply_word("late", "settled").zh == "逾期"
