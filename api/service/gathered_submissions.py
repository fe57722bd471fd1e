"""Statements on their way to the sequencer: those of one turn of the event loop go together, and share a commit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from ledger.errors import Busy
from ledger.registration import Candidate
from ledger.sequencing import Answer, Sequencer, Submission

__all__ = ["Submissions"]


class Submissions:
    """Used in one event loop. `sequencer` is asked for when there is something for it, and may raise what refuses."""

    def __init__(self, sequencer: Callable[[], Sequencer]) -> None:
        self._sequencer = sequencer
        self._gathered: list[Submission] = []

    async def register(self, *candidates: Candidate) -> tuple[Answer, ...]:
        """Submit candidates as one group and wait until their fate is durable; `Busy` is an answer, too."""
        future: asyncio.Future[tuple[Answer, ...]] = asyncio.get_running_loop().create_future()
        self.submit(Submission(candidates, _setter(future)))
        return await future

    async def register_all(self, groups: Sequence[tuple[Candidate, ...]]) -> list[tuple[Answer, ...]]:
        """Submit several groups in order."""
        return list(await asyncio.gather(*(self.register(*candidates) for candidates in groups)))

    def submit(self, submission: Submission) -> None:
        """Submit from the event loop, where its `deliver` is called in the end, too."""
        if not self._gathered:
            # All requests that this turn of the loop reads go to the sequencer at once, and share a commit.
            asyncio.get_running_loop().call_soon(self._flush)
        self._gathered.append(submission)

    def _flush(self) -> None:
        gathered, self._gathered = self._gathered, []
        for left in self._sequencer().submit_all(gathered):
            busy = Busy("the queue of statements")
            left.deliver(tuple(busy for _ in left.candidates))


def _setter(future: asyncio.Future[tuple[Answer, ...]]) -> Callable[[tuple[Answer, ...]], None]:
    def deliver(answers: tuple[Answer, ...]) -> None:
        if not future.done():  # the client may have gone
            future.set_result(answers)

    return deliver
