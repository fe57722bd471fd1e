"""Ask one witness to cosign one checkpoint, over HTTP (C2SP tlog-witness, "add-checkpoint": v1.0.0 and main).

What a witness answers is bounded in size and time, and believed only as far as its signature goes.
"""

from __future__ import annotations

import re
import time
from typing import Final

import httpx

from ledger.errors import LedgerError, Malformed, Unavailable
from ledger.limits import TREE_SIZE_MAX, WITNESS_ANSWER_BYTES_MAX, WITNESS_ANSWER_SECONDS_MAX
from ledger.tlog.cosignature import Cosignature, CosignerKey
from ledger.tlog.note import parse_note
from ledger.tlog.witness_policy import PolicyWitness
from ledger.witness import AddCheckpoint, Conflict, NotConsistent, NotSigned, UnknownLog, format_request

__all__ = ["WitnessClient"]

_SIZE: Final = re.compile(b"(0|[1-9][0-9]{0,18})\n")
_REASON_BYTES: Final = 200


class WitnessClient:
    """One witness that has an address. Used by one thread at a time; close it when done."""

    def __init__(self, witness: PolicyWitness, transport: httpx.BaseTransport | None = None) -> None:
        if witness.url is None:
            raise Malformed(f"the policy gives no address for the witness {witness.name!r:.80}")
        self._key = CosignerKey(witness.key)
        self._url = witness.url.rstrip("/") + "/add-checkpoint"
        self._http = httpx.Client(
            timeout=WITNESS_ANSWER_SECONDS_MAX, transport=transport, follow_redirects=False, trust_env=False
        )

    def close(self) -> None:
        self._http.close()

    def add_checkpoint(self, request: AddCheckpoint) -> Cosignature:
        """The witness's cosignature, verified.

        Raises `Conflict` (it knows another size, or another tree of that size), `NotConsistent`, `NotSigned`,
        `UnknownLog` (it refuses), `Refuted` (its cosignature does not hold), `Malformed` (no answer of a witness),
        `Uncheckable` (a kind of key that is not supported here), `Unavailable`.
        """
        status, content_type, body = self._post(format_request(request))
        if status == httpx.codes.OK:
            return self._cosignature(request, body)
        raise self._refusal(request, status, content_type, body)

    def _post(self, content: bytes) -> tuple[int, str, bytes]:
        deadline = time.monotonic() + WITNESS_ANSWER_SECONDS_MAX
        body = bytearray()
        try:
            with self._http.stream(
                "POST", self._url, content=content, headers={"Content-Type": "text/plain; charset=utf-8"}
            ) as answer:
                for piece in answer.iter_bytes():
                    body += piece
                    if len(body) > WITNESS_ANSWER_BYTES_MAX:
                        raise Malformed("the witness's answer is too long")
                    if time.monotonic() > deadline:
                        raise Unavailable("the witness's answer takes too long")
                return answer.status_code, answer.headers.get("Content-Type", ""), bytes(body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable(f"the witness did not answer: {type(error).__name__} {error}"[:_REASON_BYTES]) from error

    def _cosignature(self, request: AddCheckpoint, body: bytes) -> Cosignature:
        """The answer holds signature lines, which make a note with the checkpoint; those of other keys are ignored."""
        note = parse_note(request.note + body)
        for line in note.signatures:
            if (line.name, line.key_id) == (self._key.name, self._key.key_id):
                return self._key.open(note.text, line)
        raise Malformed("the witness answered without a cosignature by the key of the policy")

    def _refusal(self, request: AddCheckpoint, status: int, content_type: str, body: bytes) -> LedgerError:
        said = " ".join(body[:_REASON_BYTES].decode("utf-8", "replace").split())
        match status:
            case 409:
                match = _SIZE.fullmatch(body)
                size = int(match[1]) if match and content_type.startswith("text/x.tlog.size") else -1
                if size == request.old or size < 0:
                    # It knew the size that we named, so what it takes exception to is the tree.
                    return Conflict(request.old, fork=True)
                return Conflict(size) if size <= TREE_SIZE_MAX else Malformed("the witness names an impossible size")
            case 422:
                return NotConsistent(f"the witness takes the proof for false: {said}")
            case 403:
                return NotSigned(f"the witness does not accept the log's signature: {said}")
            case 404:
                return UnknownLog(f"the witness does not know this log: {said}")
            case 400:
                return Malformed(f"the witness takes the request for malformed: {said}")
        return Unavailable(f"the witness answered {status}: {said}")
