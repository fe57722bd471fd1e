"""May this be said, by this issuer, now? From signed bytes to an event at its place in the log.

Two steps. `admit` (`admit.py`) looks at a statement by itself, when it arrives and on any thread: form, log, age,
key, signature, and what it says (`candidate.py`). `judge` (`decide.py`) looks at it at its final position, one after
the other: the key still, who may say it, recording limits, and the rules of the domain. What depends on the position
is only in `judge`, so that a batch which lost a race is judged again without verifying signatures again.
"""

from ledger.registration.admit import AdmittingLog, admit, admit_charter
from ledger.registration.candidate import Candidate, MissingBody, candidate_of, content_of
from ledger.registration.decide import AwaitsRelease, EntryPosition, Judgement, judge
from ledger.registration.named_files import MissingAnnex, MissingAttachment

__all__ = [
    "AdmittingLog",
    "AwaitsRelease",
    "Candidate",
    "EntryPosition",
    "Judgement",
    "MissingAnnex",
    "MissingAttachment",
    "MissingBody",
    "admit",
    "admit_charter",
    "candidate_of",
    "content_of",
    "judge",
]
