"""The witness: authenticate, decide and remember, then sign. In that order, for every request."""

from __future__ import annotations

import logging
from collections.abc import Callable

from ledger.errors import Misconfigured
from ledger.tlog.cosignature import Cosigner
from ledger.tlog.note import Signature, format_signature
from ledger.witness.add_checkpoint import AddCheckpoint, parse_request
from ledger.witness.cosigning_rules import Conflict, CosignedHead, NotConsistent, authenticate, decide
from ledger.witness.known_logs import KnownLogs
from ledger.witness.witness_state import WitnessState

__all__ = ["Witness"]

_LOG = logging.getLogger(__name__)


class Witness:
    """One key, one state file, the logs that it knows. Thread-safe. Raises `Misconfigured` for another's state."""

    def __init__(self, cosigner: Cosigner, logs: KnownLogs, state: WitnessState, clock: Callable[[], int]) -> None:
        if state.key != cosigner.key:
            raise Misconfigured(f"{state.path} is the state of {state.key.format()}, not of {cosigner.key.format()}")
        self.logs = logs
        self.state = state
        self._cosigner = cosigner
        self._clock = clock

    @property
    def vkey(self) -> str:
        return self._cosigner.key.format()

    def add_checkpoint(self, body: bytes) -> bytes:
        """Answer a log's request (C2SP tlog-witness v1.0.0): our signature line.

        Raises `Malformed`, `UnknownLog`, `NotSigned`, `Conflict`, `NotConsistent`, `Unavailable`. Whatever is
        raised, nothing was signed; only with `Unavailable` it may be that the new tree is remembered all the same.
        """
        request = parse_request(body)
        return format_signature(self._add(request))

    def _add(self, request: AddCheckpoint) -> Signature:
        checkpoint = authenticate(request, self.logs)
        now = self._clock()

        def step(seen: CosignedHead) -> CosignedHead:
            return decide(checkpoint, request, seen)

        try:
            self.state.advance(checkpoint.origin, step, now)  # durable before the signature exists
        except (Conflict, NotConsistent) as refusal:
            if not isinstance(refusal, Conflict) or refusal.fork:
                # The log's own signature on it: this may be proof that it shows two histories. Keep it for people.
                _LOG.warning("%s: %s\n%s", checkpoint.origin, refusal, request.note.decode())
            raise
        return self._cosigner.sign(request.text, now)
