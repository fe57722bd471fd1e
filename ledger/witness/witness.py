"""The witness: authenticate, decide and remember, then sign. In that order, for every request."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from hashlib import sha256

from ledger.errors import Misconfigured
from ledger.tlog.cosignature import Cosigner
from ledger.tlog.note import Signature, format_note, format_signature, parse_note
from ledger.witness.add_checkpoint import AddCheckpoint, parse_request
from ledger.witness.cosigning_rules import Conflict, CosignedHead, NotConsistent, UnknownLog, authenticate, decide
from ledger.witness.known_logs import KnownLogs
from ledger.witness.witness_state import WitnessState

__all__ = ["Witness"]

_LOG = logging.getLogger(__name__)


class Witness:
    """One state file and all keys that cosign by it, the logs that it knows. Thread-safe.

    Raises `Misconfigured` for another's state: each key that cosigns is one that the state knows, and none is left out,
    since what one key has not cosigned, nobody can show of it.
    """

    def __init__(
        self, cosigners: Sequence[Cosigner], logs: KnownLogs, state: WitnessState, clock: Callable[[], int]
    ) -> None:
        keys = {cosigner.key for cosigner in cosigners}
        if keys != set(state.keys):
            ours, theirs = (", ".join(sorted(one.format()[:80] for one in some)) for some in (keys, state.keys))
            raise Misconfigured(f"{state.path} is the state of {theirs}, not of {ours}")
        self.logs = logs
        self.state = state
        self._cosigners = tuple(cosigners)
        self._clock = clock
        self._origins = {sha256(origin.encode()).hexdigest(): origin for origin in logs}

    @property
    def vkeys(self) -> tuple[str, ...]:
        return tuple(cosigner.key.format() for cosigner in self._cosigners)

    def checkpoint(self, origin_digest: str) -> bytes:
        """The newest cosigned checkpoint of a log, named by the SHA-256 of its origin in lower-case hexadecimal.

        The log's note with our cosignatures (C2SP tlog-witness, main). Raises `UnknownLog`, `Unavailable`.
        """
        origin = self._origins.get(origin_digest)
        note = None if origin is None else self.state.shown(origin)
        if note is None:
            raise UnknownLog("this witness has cosigned nothing of a log whose origin has that digest")
        return note

    def add_checkpoint(self, body: bytes) -> bytes:
        """Answer a log's request (C2SP tlog-witness, "add-checkpoint"): a signature line of each of our keys.

        Raises `Malformed`, `UnknownLog`, `NotSigned`, `Conflict`, `NotConsistent`, `Unavailable`. Whatever is
        raised, nothing was signed; only with `Unavailable` it may be that the new tree is remembered all the same.
        """
        request = parse_request(body)
        lines = b"".join(map(format_signature, self._add(request)))
        self.state.show(request.origin, request.checkpoint.size, _by_the_log(request, self.logs) + lines)
        # A crash before here leaves the new head and an older note to show: the log asks again, and mends that.
        return lines

    def _add(self, request: AddCheckpoint) -> list[Signature]:
        checkpoint = authenticate(request, self.logs)
        now = self._clock()

        def step(seen: CosignedHead) -> CosignedHead:
            return decide(checkpoint, request, seen)

        try:
            self.state.advance(checkpoint.origin, step, now)  # durable before the signature exists
        except (Conflict, NotConsistent) as refusal:
            seen = self.state.head(checkpoint.origin)
            if not isinstance(refusal, Conflict) or (checkpoint.size == seen.size and checkpoint.root != seen.root):
                # The log's own signature on it: this may be proof that it shows two histories. Keep it for people.
                _LOG.warning("%s: %s\n%s", checkpoint.origin, refusal, request.note.decode())
            raise
        return [cosigner.sign(request.text, now) for cosigner in self._cosigners]


def _by_the_log(request: AddCheckpoint, logs: KnownLogs) -> bytes:
    """The checkpoint with the log's own signatures and no others: of theirs we know nothing."""
    keys = {(key.name, key.key_id) for key in logs[request.origin]}
    note = parse_note(request.note)
    return format_note(note.text, [line for line in note.signatures if (line.name, line.key_id) in keys])
