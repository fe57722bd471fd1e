"""Statements on their way to the sequencer: those that come together go together, and share a commit.

128 statements that arrive at once would keep the event loop for a tenth of a second: some are admitted at each turn,
whoever comes meanwhile is heard in between. None of them goes ahead for that: a commit costs the same for few.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from ledger.errors import Busy
from ledger.limits import ADMISSIONS_PER_TURN_MAX, GATHERING_SECONDS_MAX
from ledger.registration import Candidate
from ledger.sequencing import Answer, Sequencer, Submission

__all__ = ["Submissions"]


class Submissions:
    """Used in one event loop. `sequencer` is asked for when there is something for it, and may raise what refuses."""

    def __init__(self, sequencer: Callable[[], Sequencer]) -> None:
        self._sequencer = sequencer
        self._gathered: list[Submission] = []
        self._since = 0.0  # when the first of them came, by the loop's clock
        self._left = ADMISSIONS_PER_TURN_MAX  # in this turn
        self._waiting: deque[Callable[[], None]] = deque()  # admissions for which the turn had no room

    async def register(self, *candidates: Candidate) -> tuple[Answer, ...]:
        """Submit candidates as one group and wait until their fate is durable; `Busy` is an answer, too."""
        future: asyncio.Future[tuple[Answer, ...]] = asyncio.get_running_loop().create_future()
        self.submit(Submission(candidates, _setter(future)))
        return await future

    async def register_all(self, groups: Sequence[tuple[Candidate, ...]]) -> list[tuple[Answer, ...]]:
        """Submit several groups in order."""
        return list(await asyncio.gather(*(self.register(*candidates) for candidates in groups)))

    def admit(self, admission: Callable[[], None]) -> None:
        """Have a statement that came alone admitted, which submits it: now if this turn of the event loop has room,
        else at one of the next, in order. `admission` raises nothing."""
        if self._left == ADMISSIONS_PER_TURN_MAX:
            asyncio.get_running_loop().call_soon(self._next_turn)
        if self._left == 0 or self._waiting:
            self._waiting.append(admission)
        else:
            self._left -= 1
            admission()

    def _next_turn(self) -> None:
        now = min(ADMISSIONS_PER_TURN_MAX, len(self._waiting))
        self._left = ADMISSIONS_PER_TURN_MAX - now
        for _ in range(now):
            self._waiting.popleft()()
        if now:
            asyncio.get_running_loop().call_soon(self._next_turn)

    def submit(self, submission: Submission) -> None:
        """Submit from the event loop, where its `deliver` is called in the end, too."""
        if not self._gathered:
            loop = asyncio.get_running_loop()
            self._since = loop.time()
            loop.call_soon(self._flush)
        self._gathered.append(submission)

    def _flush(self) -> None:
        loop = asyncio.get_running_loop()
        if self._waiting and loop.time() - self._since < GATHERING_SECONDS_MAX:
            loop.call_soon(self._flush)
            return
        gathered, self._gathered = self._gathered, []
        for left in self._sequencer().submit_all(gathered):
            busy = Busy("the queue of statements")
            left.deliver(tuple(busy for _ in left.candidates))


def _setter(future: asyncio.Future[tuple[Answer, ...]]) -> Callable[[tuple[Answer, ...]], None]:
    def deliver(answers: tuple[Answer, ...]) -> None:
        if not future.done():  # the client may have gone
            future.set_result(answers)

    return deliver
