"""The two roles of a serving process: the one that appends, and those that only read. What each knows of the log."""

from __future__ import annotations

from dataclasses import dataclass

from api.service.readiness import Condition
from api.service.writer_lag import WriterLag
from ledger.keys.log_keys import LogKeys
from ledger.reading.followed_log import FollowedLog
from ledger.sequencing import Sequencer
from ledger.verifier import TrustFile
from projections.engine.projecting_process import ProjectionProcess

__all__ = ["ReadsOnly", "Writing"]


@dataclass(frozen=True, slots=True)
class Writing:
    """What the one process has that appends: the log's keys, the way into the log, the process that projects.

    `copies`: on how many servers' disks a statement is before it is answered (`serve --durable-on`).
    """

    keys: LogKeys
    sequencer: Sequencer
    projecting: ProjectionProcess
    copies: int = 1

    @property
    def origin(self) -> str:
        return self.keys.origin

    def conditions(self) -> list[Condition]:
        """What keeps the service from being ready, of appending."""
        sequencer = self.sequencer
        found = [
            None if sequencer.broken is None else Condition("history", sequencer.broken),
            None if sequencer.alive else Condition("sequencer", "the thread that commits has ended"),
            None if sequencer.clock_doubt is None else Condition("clock", sequencer.clock_doubt),
            None if self.projecting.alive else Condition("projections", "the process that projects is not running"),
        ]
        return [one for one in found if one is not None]


@dataclass(frozen=True, slots=True)
class ReadsOnly:
    """What a process has instead that only reads: who appends, and how far it is behind that one.

    `trust`: the log's published trust file, None where none was given.
    """

    head: FollowedLog
    lag: WriterLag
    writer: str | None
    trust: TrustFile | None

    @property
    def origin(self) -> str:
        origin = self.head.governance.origin
        assert origin is not None  # a reader is opened on a log that has its charter
        return origin

    def conditions(self) -> list[Condition]:
        """What keeps the service from being ready, of following the log that another process writes."""
        head, behind = self.head, self.lag.behind()
        broken = head.broken or self.lag.forked
        fewer = None if head.fewer is None else f"the database holds {head.fewer} entries, and held {head.size} before"
        return [
            *([] if broken is None else [Condition("history", broken)]),
            *(Condition("reader.behind", why) for why in (behind, fewer) if why is not None),
        ]
