"""A witness: sees every tree of the logs that it knows, and cosigns only what extends what it saw before.

`request` is what a log sends, `logs` whom the witness knows, `rules` the decision (pure), `state` what is remembered
(a file that survives crashes), `witness` the one after the other. Nothing here knows of this product's own log.
"""

from ledger.witness.add_checkpoint import AddCheckpoint, format_request, parse_request
from ledger.witness.cosigning_rules import Conflict, CosignedHead, NotConsistent, NotSigned, UnknownLog, decide
from ledger.witness.known_logs import parse_known_logs
from ledger.witness.witness import Witness
from ledger.witness.witness_state import WitnessState

__all__ = [
    "AddCheckpoint",
    "Conflict",
    "CosignedHead",
    "NotConsistent",
    "NotSigned",
    "UnknownLog",
    "Witness",
    "WitnessState",
    "decide",
    "format_request",
    "parse_known_logs",
    "parse_request",
]
