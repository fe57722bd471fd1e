"""Taking statements to the book, for whoever brings them: routes, and what the service releases at its time.

Admitted by what is here (held bodies, annexes, attachments), a publication together with the pledge that it names.
"""

from __future__ import annotations

from collections.abc import Container, Mapping

from starlette.concurrency import run_in_threadpool

from api.service.service import Service
from api.service.waiting_pledges import require_not_refused
from ledger.domain.events.pledge import PledgePublished
from ledger.registration import AdmittingLog, Candidate, MissingAnnex, MissingAttachment, MissingBody, admit
from ledger.sequencing import Answer, Registered
from ledger.store.annexes import AnnexKept
from ledger.store.attachments import StoredAttachment

__all__ = ["admit_with", "admit_with_held", "admitted", "clear_released", "registered", "with_pending"]


async def registered(service: Service, raw: bytes, body: bytes | None = None) -> tuple[Candidate, Answer]:
    """Admit a statement and its body, submit it, and say what became of it when that is durable. Raises what refuses
    it before it is submitted."""
    candidate = await admitted(service, raw, body)
    group = await with_pending(service, candidate)
    answer = (await service.submissions.register(*group))[-1]
    await clear_released(service, group, answer)
    return candidate, answer


async def admitted(service: Service, raw: bytes, body: bytes | None = None) -> Candidate:
    """Admit a statement that came alone; what was uploaded before is looked up where it is held."""
    try:
        return admit_with(service, raw, body)
    except (MissingBody, MissingAnnex, MissingAttachment):
        return await run_in_threadpool(admit_with_held, service, raw, body)


def admit_with_held(service: Service, raw: bytes, body: bytes | None) -> Candidate:
    """Admit a statement by what is held for it. Blocks. Raises what refuses it."""
    try:
        return admit_with(service, raw, body)
    except MissingBody as missing:
        held = service.store.held_bodies([missing.commitment], service.clock())
        if missing.commitment not in held:
            raise
        return admit_with(service, raw, held[missing.commitment])
    except MissingAnnex as missing:
        return admit_with(service, raw, body, service.store.annexes.known(missing.digests, service.clock()))
    except MissingAttachment as missing:
        stored = service.store.attachments.get(missing.id)
        if stored is None:
            raise
        return admit_with(service, raw, body, attachment=stored)


def admit_with(
    service: Service,
    raw: bytes,
    body: bytes | None,
    annexes: Mapping[bytes, AnnexKept] | None = None,
    attachment: StoredAttachment | None = None,
) -> Candidate:
    """Admit a statement by what is given, without a look at the database. Raises what refuses it."""
    sequencer = service.sequencer
    return admit(
        raw,
        body,
        AdmittingLog(service.origin, sequencer.governance, sequencer.keyring),
        now=service.sound_clock(),
        annexes=annexes or {},
        attachment=attachment,
    )


async def with_pending(service: Service, candidate: Candidate, here: Container[str] = ()) -> tuple[Candidate, ...]:
    """A publication goes together with the enterprise's pledge that it names, if that waits at the desk."""
    if not isinstance(candidate.event, PledgePublished) or candidate.event.pledge in here:
        return (candidate,)
    waiting = await run_in_threadpool(service.desk.get, bytes.fromhex(candidate.event.pledge))
    if waiting is None:
        return (candidate,)
    require_not_refused(waiting)
    sequencer = service.sequencer
    pledge = admit(
        waiting.statement,
        waiting.body,
        AdmittingLog(service.origin, sequencer.governance, sequencer.keyring),
        now=waiting.received_at,  # its age is judged as of its arrival
    )
    return (pledge, candidate)


async def clear_released(service: Service, group: tuple[Candidate, ...], answer: Answer) -> None:
    """Clear the desk of what is in the book now. A crash before this leaves a row that the next release clears."""
    if len(group) > 1 and isinstance(answer, Registered):
        await run_in_threadpool(service.desk.remove, [one.statement.statement_id for one in group[:-1]])
