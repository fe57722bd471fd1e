"""`/entries`: registration, one statement or many, and sealed bodies (SCRAPI draft-11; the first half of the path).

`POST /entries` is the hot path: plain ASGI, one parse, one signature, one place in a group commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.http.bodies import BatchItem, batch_items, parsed, read_bounded
from api.http.errors import Problem, problem_of, problem_response
from api.service.registering import admit_with, admit_with_held, clear_released, registered, with_pending
from api.service.service import Service
from api.service.uploads import uploaded
from api.service.waiting_pledges import lay
from ledger.cose.cbor import encode
from ledger.domain.events.pledge import PledgePublished
from ledger.errors import LedgerError
from ledger.limits import BATCH_BYTES_MAX, BODY_BYTES_MAX, PROOFS_READ_MAX, STATEMENT_BYTES_MAX
from ledger.registration import (
    AwaitsRelease,
    Candidate,
    MissingAnnex,
    MissingAttachment,
    MissingBody,
)
from ledger.sequencing import Answer, Registered

__all__ = ["PostEntries", "post_batch", "post_body"]

COSE: Final = "application/cose"
CBOR_SEQUENCE: Final = "application/cbor-seq"
PENDING_RETRY_SECONDS: Final = 60
ADMITTING_THREADS: Final = 2  # of one batch; more would take the event loop's turn from other clients


class PostEntries:
    """One statement: `POST /entries` → 201 with the receipt; 303 while a statement waits for its release."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            statement = await read_bounded(receive, STATEMENT_BYTES_MAX)
            response = await self.register(statement)
        except LedgerError as error:
            concise = "json" not in Headers(scope=scope).get("accept", "")
            response = problem_response(problem_of(error), concise=concise)
        await response(scope, receive, send)

    async def register(self, statement: bytes) -> Response:
        """Admit a statement, submit it, and answer when its fate is durable. Raises what refuses it."""
        return await self.answer(*await registered(self._service, statement))

    def admit(self, statement: bytes) -> Candidate | None:
        """Admit a statement that stands alone; None where the database must be asked first, as `register` does.

        Raises what refuses it.
        """
        try:
            candidate = admit_with(self._service, statement, None)
        except (MissingBody, MissingAnnex, MissingAttachment):
            return None
        return None if isinstance(candidate.event, PledgePublished) else candidate

    async def answer(self, candidate: Candidate, answer: Answer) -> Response:
        """What the submitter is told, given what the sequencer said. Raises what refused the statement."""
        if isinstance(answer, AwaitsRelease):
            return await _pend(self._service, candidate)
        if not isinstance(answer, Registered):
            raise answer
        receipt = await _receipt(self._service, answer)
        return Response(receipt, 201, {"Location": f"/entries/{answer.index}"}, media_type=COSE)


async def post_batch(request: Request) -> Response:
    """`POST /entries/batch`: items in, one CBOR map per item out, in order; partial success is normal."""
    service: Service = request.app.state.service
    items = await parsed(batch_items, await read_bounded(request.receive, BATCH_BYTES_MAX))
    results: list[bytes] = [b""] * len(items)
    numbers: list[int] = []
    groups: list[tuple[Candidate, ...]] = []
    here = {sha256(statement).hexdigest() for statement, _ in items}  # whose pledges need no look at the desk
    for number, admitted in enumerate(await _admit_all(service, items)):
        if isinstance(admitted, bytes):
            results[number] = admitted
            continue
        try:
            groups.append(await with_pending(service, admitted, here))
            numbers.append(number)
        except LedgerError as error:
            results[number] = encode(_refusal(problem_of(error)))
    told = await service.submissions.register_all(groups)
    receipts = await _existing_receipts(service, [answers[-1] for answers in told])
    for number, group, answers in zip(numbers, groups, told, strict=True):
        await clear_released(service, group, answers[-1])
        results[number] = encode(await _result(service, group[-1], answers[-1], receipts))
    return Response(b"".join(results), 200, None, CBOR_SEQUENCE)


async def post_body(request: Request) -> Response:
    """`POST /bodies`: hold a sealed statement's body until its statement arrives; answers its commitment."""
    service: Service = request.app.state.service
    owner, body = await uploaded(service, request, BODY_BYTES_MAX)
    commitment = sha256(body).digest()
    await run_in_threadpool(service.store.hold_body, commitment, body, service.clock(), owner)
    return Response(b'{"commitment":"%s"}' % commitment.hex().encode(), 201, media_type="application/json")


async def _admit_all(service: Service, items: Sequence[BatchItem]) -> list[Candidate | bytes]:
    """Admit a batch on threads: verifying signatures gives up the interpreter lock, so the cores share it.

    Of each item the candidate, or the result that refuses it, encoded.
    """
    size = -(-len(items) // ADMITTING_THREADS)
    parts = [items[start : start + size] for start in range(0, len(items), size)]
    admitted = await asyncio.gather(*(run_in_threadpool(_admit_part, service, part) for part in parts))
    return [one for part in admitted for one in part]


def _admit_part(service: Service, items: Sequence[BatchItem]) -> list[Candidate | bytes]:
    admitted: list[Candidate | bytes] = []
    for statement, body in items:
        try:
            admitted.append(admit_with_held(service, statement, body))
        except LedgerError as error:
            admitted.append(encode(_refusal(problem_of(error))))
    return admitted


async def _pend(service: Service, candidate: Candidate) -> Response:
    await run_in_threadpool(lay, service, candidate)
    location = f"/entries/{candidate.statement.statement_id.hex()}"
    return Response(b"", 303, {"Location": location, "Retry-After": str(PENDING_RETRY_SECONDS)})


async def _receipt(service: Service, answer: Registered) -> bytes:
    if answer.receipt is not None:
        return answer.receipt
    receipt, _ = await run_in_threadpool(service.log.receipt, answer.index)
    return receipt


async def _existing_receipts(service: Service, answers: Sequence[Answer]) -> dict[int, bytes]:
    """By index, the receipts of entries that were in the book before: a few queries for many of them.

    Who sends a batch again would otherwise cost a look at the database for each of its items.
    """
    indices = sorted({one.index for one in answers if isinstance(one, Registered) and one.receipt is None})
    receipts: dict[int, bytes] = {}
    for start in range(0, len(indices), PROOFS_READ_MAX):
        part = indices[start : start + PROOFS_READ_MAX]
        found = await run_in_threadpool(service.log.receipts, part)
        receipts.update((index, receipt) for index, (receipt, _) in found.items())
    return receipts


async def _result(
    service: Service, candidate: Candidate, answer: Answer, receipts: Mapping[int, bytes]
) -> dict[str, Any]:
    statement_id = candidate.statement.statement_id
    if isinstance(answer, Registered):
        return {
            "status": "existing" if answer.existing else "registered",
            "entry": answer.index,
            "statement_id": statement_id,
            "receipt": receipts[answer.index] if answer.receipt is None else answer.receipt,
        }
    if isinstance(answer, AwaitsRelease):
        try:
            await _pend(service, candidate)
        except LedgerError as error:
            return _refusal(problem_of(error))
        return {"status": "pending", "statement_id": statement_id}
    return _refusal(problem_of(answer))


def _refusal(problem: Problem) -> dict[str, Any]:
    refusal: dict[str, Any] = {"status": "refused", "rule": problem.kind, "zh": problem.zh, "en": problem.en}
    if problem.detail:
        refusal["detail"] = problem.detail
    refusal.update(problem.extra)
    return refusal
