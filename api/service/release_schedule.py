"""What officers left for a time, taken to the book when it has come: by any service over the database, once.

    claim       one UPDATE takes rows whose time has come, with a lease (`ledger/store/desk_releases.py`)
    register    the path of `POST /entries`; the same statement is one entry, however often it is sent
    settle      the row says what became of it

A crash before the claim: the row is due at the next look. Between claim and settling: the lease ends, and somebody
sends the same statement again; the answer is the entry that is there, or that it is not taken.
"""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import Final

from api.http.errors import Problem, problem_of
from api.service.registering import registered
from api.service.repeating import run_periodically
from api.service.service import Service
from api.service.waiting_pledges import lay
from ledger.cose.statement import Statement, parse_statement
from ledger.errors import LedgerError, Refused
from ledger.limits import RELEASE_LEASE_SECONDS, RELEASE_LOOK_SECONDS
from ledger.registration import AwaitsRelease
from ledger.sequencing import Registered
from ledger.store.contract import Fact
from ledger.store.desk_releases import Draft

__all__ = ["release_due", "release_when_due", "unreadable"]

_LOG = logging.getLogger(__name__)
_PASSING: Final = (429, 503)  # what may be otherwise at the next try: of us, not of the statement


async def release_when_due(service: Service) -> None:
    """Release what is due, for as long as the service runs. Several services may."""
    await run_periodically("releases", partial(release_due, service), RELEASE_LOOK_SECONDS)


async def release_due(service: Service, id: bytes | None = None) -> None:
    """Take to the book what is due, or the one draft `id` if it is. Raises `Unavailable`, `ClockDoubted`.

    What the service itself cannot do now stays claimed, and is tried again when its lease ends.
    """
    claimed_at = time.monotonic()
    for draft in await service.off_loop(service.drafts.claim, service.sound_clock(), id):
        if time.monotonic() - claimed_at > RELEASE_LEASE_SECONDS / 2:
            return  # somebody else may have it soon
        await _release(service, draft)


def unreadable() -> Refused:
    """Of a draft whose key is gone: nobody can say any more what was signed."""
    return Refused(
        "release.unreadable",
        "这份草稿的密钥不在本服务的数据目录中，内容无法读出：请重新拟稿，或由运维放回 draft-keys 目录",
        "the draft's key is not in this service's data folder, and its content cannot be read: draft it anew, or have "
        "the operator put the folder draft-keys back",
    )


async def _release(service: Service, draft: Draft) -> None:
    try:
        if draft.statement is None:
            raise unreadable()
        candidate, answer = await registered(service, draft.statement, draft.body)
        if isinstance(answer, Registered):
            await _settle(service, draft, answer.index)
        elif isinstance(answer, AwaitsRelease):  # an enterprise's pledge: it waits for its publication from now on
            await service.off_loop(lay, service, candidate)
            await _settle(service, draft, None)
        else:
            raise answer
    except LedgerError as error:
        problem = problem_of(error)
        if problem.status in _PASSING:
            _LOG.warning("a release is tried again: %s", problem.kind)
        else:
            await _refused(service, draft, problem)


async def _refused(service: Service, draft: Draft, problem: Problem) -> None:
    """Refused; unless an earlier try, of which nobody heard, brought it to the book."""
    index = None
    if draft.statement is not None:
        index = await service.off_loop(_there, service, parse_statement(draft.statement))
    if index is not None:
        await _settle(service, draft, index)
        return
    said = f"{problem.en} ({problem.detail})" if problem.detail else problem.en
    refuse = service.drafts.refused
    if await service.off_loop(refuse, draft, rule=problem.kind, zh=problem.zh, en=said, at=service.clock()):
        _LOG.info("a release was refused: %s", problem.kind)


async def _settle(service: Service, draft: Draft, entry: int | None) -> None:
    await service.off_loop(service.drafts.released, draft, entry=entry, at=service.clock())


def _there(service: Service, statement: Statement) -> int | None:
    """The index of the entry that this very statement is, if it is in the book."""
    identity = Fact("cti", f"{statement.issuer}/{statement.cti.hex()}")
    index = service.store.facts([identity]).get(identity)
    if index is None or service.store.statements([index])[index] != statement.raw:
        return None
    return index
