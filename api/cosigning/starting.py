"""Before the first signature of a start: what do the witnesses hold of this log?

Each is asked to cosign the newest checkpoint that the database has. One that holds more of the log, or another
history, knows of signatures that the database has lost.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from api.cosigning.log_witness_policy import asked
from api.cosigning.witness_client import WitnessClient
from ledger.errors import LedgerError, Unavailable
from ledger.reading.log_reader import Log
from ledger.sequencing import WAY_ON
from ledger.store.contract import CheckpointRow, Store
from ledger.tlog.checkpoint import Checkpoint, sign_checkpoint
from ledger.tlog.hashing import EMPTY_ROOT
from ledger.tlog.note import NoteSigner
from ledger.tlog.witness_policy import Policy, PolicyWitness
from ledger.witness import AddCheckpoint, Conflict, NotConsistent, UnknownLog

__all__ = ["Contested", "ask_at_start"]

_LOG = logging.getLogger(__name__)
_STEPS_MAX: Final = 3  # it tells its size; once more with that; once more if another process of the log asks as well


@dataclass(frozen=True, slots=True)
class Contested:
    """A witness holds `size` entries of this log that the database does not go on from; `why` for people."""

    size: int
    why: str


def ask_at_start(
    store: Store,
    policy: Policy,
    signer: NoteSigner,
    *,
    remembered: bool,
    client: Callable[[PolicyWitness], WitnessClient] = WitnessClient,
) -> Contested | None:
    """The worst that a witness says against the database, None where none objects.

    `remembered`: whether this machine has a memory of its own of what was signed: without one, and without any
    witness that answers, nobody can tell. Raises `Unavailable` then.
    """
    witnesses = asked(policy)
    newest = store.latest()

    def ask(witness: PolicyWitness) -> Contested | LedgerError | None:
        asking = client(witness)
        try:
            return _ask(asking, witness, newest, store, signer)
        except LedgerError as error:
            _LOG.warning("the witness %s does not say what it holds: %s", witness.name, error)
            return error
        finally:
            asking.close()

    with ThreadPoolExecutor(len(witnesses), "witness-start") as at_once:
        answers = list(at_once.map(ask, witnesses))
    if not remembered and all(isinstance(answer, LedgerError) for answer in answers):
        raise Unavailable(
            "no witness answers, and this machine has no high-water file: nobody can tell whether the database holds "
            "all that this log signed. Start again when a witness can be reached"
        )
    return max((answer for answer in answers if isinstance(answer, Contested)), key=lambda one: one.size, default=None)


def _ask(
    client: WitnessClient, witness: PolicyWitness, newest: CheckpointRow | None, store: Store, signer: NoteSigner
) -> Contested | None:
    if newest is None:
        size, note = 0, sign_checkpoint(Checkpoint(signer.key.name, 0, EMPTY_ROOT), signer)
    else:
        size, note = newest.tree_size, newest.note
    known = size
    for _ in range(_STEPS_MAX):
        proof = Log(store).consistency(known, size) if 0 < known < size else []
        try:
            client.add_checkpoint(AddCheckpoint(known, tuple(proof), note))
            return None
        except UnknownLog:
            return None
        except NotConsistent as error:
            return Contested(known, _why(witness, f"holds another history of this log: {error}"))
        except Conflict as conflict:
            if conflict.fork:
                return Contested(known, _why(witness, f"holds another tree of {known} entries of this log"))
            known = conflict.size
            if known > size:
                later = store.latest()  # another process of the log may have gone on meanwhile
                if later is not None and later.tree_size >= known:
                    return None
                return Contested(known, _why(witness, f"holds {known} entries of this log, the database {size}"))
    raise Unavailable("somebody else shows it checkpoints of this log at the same time")


def _why(witness: PolicyWitness, what: str) -> str:
    return f"the witness {witness.name} {what}. {WAY_ON}"
