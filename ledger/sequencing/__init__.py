"""From admitted statements to entries: group commit, in one order, by one thread.

`sequencer` has the queue and the thread, `commit` the loop that writes batches and decides a lost race again, `batch`
which of the submissions become entries (deduplication, unique facts), `decision` the entries with their tree, root and
receipts, `head` what is held in memory of the log, `cold_streams` the folding of long streams beside it all. What
surrounds a commit: `checks` looks at the bytes before they are durable, `history` knows what was signed, `high_water`
keeps that on disk, `lost_history` looks at what a person gives up of it, `clock` doubts the time, `scrubber` reads what
is stored again.
"""

from ledger.sequencing.clock import ClockDoubts, check_behind
from ledger.sequencing.commit import CommitLoop
from ledger.sequencing.decision import Registered
from ledger.sequencing.high_water import HighWater
from ledger.sequencing.scrubber import Scrubber
from ledger.sequencing.sequencer import Answer, Sequencer, Submission
from ledger.sequencing.signed_history import WAY_ON

__all__ = [
    "WAY_ON",
    "Answer",
    "ClockDoubts",
    "CommitLoop",
    "HighWater",
    "Registered",
    "Scrubber",
    "Sequencer",
    "Submission",
    "check_behind",
]
