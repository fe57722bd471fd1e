"""The words of pages say no more than the book does."""

from __future__ import annotations

from typing import get_args

import pytest
from msgspec.structs import fields

from api.pages.words import GROUNDS, pledge_word, reply_word
from ledger.domain.events.pledge import PledgeRevoked
from ledger.domain.state.complaint import OWED_NO_REPLY


@pytest.mark.parametrize("outcome", sorted(OWED_NO_REPLY))
def test_who_owed_no_reply_is_not_said_to_have_left_one_out(outcome: str) -> None:
    assert reply_word("none", outcome).zh == "无须答复"
    assert reply_word("none", outcome).tone == "normal"
    assert reply_word("timely", outcome).zh == "按期"


def test_a_reply_that_was_owed_and_did_not_come_is_said_to_be_missing() -> None:
    assert reply_word("none", "ended_without_agreement").zh == "未答复"
    assert reply_word("late", "settled").zh == "逾期"


def test_a_reply_that_came_after_the_outcome_does_not_stand_beside_the_word_that_there_is_none() -> None:
    assert reply_word("none", "ended_without_agreement", afterwards=True).zh == "办结时未答复"
    assert reply_word("none", "withdrawn", afterwards=True).zh == "无须答复"
    assert reply_word("timely", "settled", afterwards=True).zh == "按期"


def test_every_ground_of_a_revocation_has_a_word() -> None:
    (ground,) = (one for one in fields(PledgeRevoked) if one.name == "ground")
    assert set(GROUNDS) == set(get_args(ground.type))


@pytest.mark.parametrize(("how", "zh"), [("revoked", "已撤销，2026-11-28 止"), ("withdrawn", "已撤回，2026-11-28 止")])
def test_a_pledge_that_was_ended_is_not_called_in_force_on_its_last_days(how: str, zh: str) -> None:
    end = {"how": how, "ends_on": "2026-11-28"}
    assert pledge_word({"state": "live", "end": end}).zh == zh
    assert pledge_word({"state": how, "end": end}).zh in {"已撤销", "企业已撤回"}
    assert pledge_word({"state": "live", "end": None}).zh == "期限内"
    assert pledge_word({"state": "live"}).tone == "pledged"
