"""What comes together shares a commit, however many turns of the event loop its admission takes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from functools import partial
from typing import cast

import pytest

from api.service.gathered_submissions import Submissions
from ledger.errors import Busy
from ledger.limits import ADMISSIONS_PER_TURN_MAX, GATHERING_SECONDS_MAX
from ledger.registration import Candidate
from ledger.sequencing import Sequencer, Submission
from ledger.sequencing.sequencer import Answer

MANY = 5 * ADMISSIONS_PER_TURN_MAX + 3


class Taking:
    """Takes submissions as a sequencer does, up to so many."""

    def __init__(self, room: int = MANY) -> None:
        self.room = room
        self.batches: list[list[Submission]] = []

    def submit_all(self, submissions: Sequence[Submission]) -> list[Submission]:
        room = self.room - sum(len(batch) for batch in self.batches)
        self.batches.append(list(submissions[:room]))
        return list(submissions[room:])


async def admitted(taking: Taking, count: int, seconds: float = 0) -> tuple[list[int], list[tuple[Answer, ...]]]:
    """So many statements that come at once, each admission taking so long: at which turn each was, and the answers."""
    submissions = Submissions(lambda: cast("Sequencer", taking))
    loop = asyncio.get_running_loop()
    turn, turns = 0, []
    told: list[tuple[Answer, ...]] = []

    def admission(number: int) -> None:
        turns.append(turn)
        time.sleep(seconds)
        submissions.submit(Submission((cast("Candidate", number),), told.append))

    def tick() -> None:
        nonlocal turn
        turn += 1
        loop.call_soon(tick)

    tick()
    for number in range(count):
        submissions.admit(partial(admission, number))
    while sum(len(batch) for batch in taking.batches) + len(told) < count:  # noqa: ASYNC110  (turn after turn)
        await asyncio.sleep(0)
    return turns, told


def numbers(taking: Taking) -> list[object]:
    """Of the statements, in the order in which they were handed on."""
    return [candidate for batch in taking.batches for one in batch for candidate in one.candidates]


@pytest.mark.parametrize("count", [1, ADMISSIONS_PER_TURN_MAX, MANY])
def test_those_that_come_together_go_together_in_order_some_at_each_turn(count: int) -> None:
    taking = Taking()
    turns, _ = asyncio.run(admitted(taking, count))
    assert [len(batch) for batch in taking.batches] == [count]
    assert numbers(taking) == list(range(count))
    assert max(turns.count(turn) for turn in turns) <= ADMISSIONS_PER_TURN_MAX


def test_nobody_waits_long_for_those_behind() -> None:
    taking = Taking()
    asyncio.run(admitted(taking, MANY, GATHERING_SECONDS_MAX / ADMISSIONS_PER_TURN_MAX * 1.1))
    assert len(taking.batches) > 1
    assert all(len(batch) <= 2 * ADMISSIONS_PER_TURN_MAX for batch in taking.batches)
    assert numbers(taking) == list(range(MANY))


def test_those_for_whom_there_is_no_room_are_told() -> None:
    taking = Taking(room=MANY - 2)
    _, told = asyncio.run(admitted(taking, MANY))
    assert [type(answer) for (answer,) in told] == [Busy, Busy]
