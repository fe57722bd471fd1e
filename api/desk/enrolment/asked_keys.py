"""Requests for keys as desks show them: beside what the book has of the party, and who may sign what comes next.

A party's first key is a registrar's to enrol, a further one its own officers'; one in the place of a lost key a
registrar's, with its waiting time (`ledger/domain/rules/party.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal, NamedTuple

import msgspec
from msgspec import Struct
from starlette.requests import Request

from api.desk.roles import ROLES, Officer
from api.desk.work_lists import log_look
from api.http.enterprise_ids import name_of
from api.pages.words import Word
from api.service.service import SHANGHAI, Service
from ledger.domain.events.base import Line
from ledger.domain.events.free_text import refuse_personal_data
from ledger.domain.state.party import EnrolledKey
from ledger.domain.values.subject import is_enterprise
from ledger.errors import Malformed, NotFound
from ledger.limits import DESK_PAGE_MAX
from ledger.store.desk_enrolments import EnrolmentRequest

__all__ = [
    "AskedKey",
    "KeyRow",
    "PartyInBook",
    "Step",
    "asked_key",
    "asked_keys",
    "earliest_recovery",
    "keys_of",
    "party_in_book",
    "refuse",
    "step_of",
]

#: What is to be signed next: the party's enrolment, its first key, a key in the place of a lost one; or a further key,
#: by the party's own officers.
Step = Literal["party", "first_key", "recovery", "further_key"]

_STEPS: Final = {
    "party": Word("登记主体，再登记密钥", "enrol the party, then its key", "pledged"),
    "first_key": Word("登记第一把密钥", "enrol its first key", "pledged"),
    "recovery": Word("恢复密钥", "recover a key", "watch"),
    "further_key": Word("由该主体自己的经办人批准", "for the party's own officers"),
}
_REFUSED: Final = Word("已拒绝", "refused", "watch")
_GROUP: Final = 8


class KeyRow(NamedTuple):
    """A key of the book. `replaceable`: it has no successor yet, so a recovery may name it."""

    kid: str
    officer: str
    state: Word
    valid_from: date
    valid_until: date | None
    usable: bool
    replaceable: bool


@dataclass(frozen=True, slots=True)
class PartyInBook:
    """What the book has: `name` of the party, None where it is none yet; `enterprise` is its id in addresses and
    `enterprise_name` what the book calls it, None where it is no enterprise, or not in the book."""

    party: str
    name: str | None
    enterprise: str | None
    enterprise_name: str | None
    roles: Sequence[Word]
    keys: Sequence[KeyRow]


@dataclass(frozen=True, slots=True)
class AskedKey:
    """A request. `thumbprint` in groups, to be read out; `state` says what comes next, or that it was refused."""

    kid: str
    thumbprint: Sequence[str]
    party: str
    name: str | None
    officer: str
    recovers: bool
    asked: datetime
    step: Step
    state: Word
    key: str
    proof: str
    reason: str | None

    @property
    def refused(self) -> bool:
        return self.reason is not None


class _Reason(Struct, frozen=True):
    reason: Line


def asked_keys(
    service: Service, *, party: str | None = None, after: tuple[int, bytes] | None = None
) -> tuple[list[AskedKey], str]:
    """Requests by time, of one party or all, and the cursor to the next ones ("" where there are none).

    Those whose key is in the book by now are dropped first. Raises `Unavailable`.
    """
    found = service.store.desk_enrolments.list(service.sound_clock(), party=party, after=after, limit=DESK_PAGE_MAX)
    known = service.governance.keys
    service.store.desk_enrolments.drop([one.kid for one in found if one.kid in known])
    last = found[-1] if len(found) == DESK_PAGE_MAX else None
    cursor = "" if last is None else f"{last.asked_at}.{last.kid.hex()}"
    return [_shown(service, one) for one in found if one.kid not in known], cursor


def asked_key(
    service: Service, request: Request, officer: Officer, kid: bytes, *, party: str | None = None
) -> tuple[AskedKey, PartyInBook]:
    """One of them; of another party than `party` it is not found, like one that is not there. Every look is logged.

    Raises `NotFound`, `Unavailable`.
    """
    found = service.store.desk_enrolments.get(kid, service.sound_clock())
    if found is None or party not in (None, found.party) or kid in service.governance.keys:
        log_look(request, officer, "refused", officer.enterprise)
        raise NotFound("no such request waits here")
    log_look(request, officer, "served", _enterprise(found.party))
    return _shown(service, found), party_in_book(service, found.party)


def refuse(service: Service, officer: Officer, asked: AskedKey, reason: str) -> None:
    """Refuse it, for a reason that the asker reads. Raises `Malformed`, `Refused` for personal data, `NotFound`."""
    said = reason.strip()
    try:
        given = msgspec.convert({"reason": said}, _Reason)
    except msgspec.ValidationError:
        raise Malformed("a reason is one line of 1 to 512 characters") from None
    if not said.isprintable():
        raise Malformed("a reason is one line of visible text")
    refuse_personal_data(given)
    kid, at = bytes.fromhex(asked.kid), service.sound_clock()
    service.store.desk_enrolments.refuse(kid, at=at, by=officer.party, reason=said)


def party_in_book(service: Service, party: str) -> PartyInBook:
    governance, subject = service.governance, _enterprise(party)
    record = governance.parties.get(party)
    known = None if subject is None else service.views.search.enterprise(subject)
    return PartyInBook(
        party,
        None if record is None else record.name_zh,
        None if subject is None else name_of(subject),
        None if known is None else known.name,
        () if record is None else [ROLES[one] for one in ROLES if one in record.roles],
        keys_of(service, party),
    )


def keys_of(service: Service, party: str) -> list[KeyRow]:
    """All keys that the party ever had, the newest first."""
    governance, today = service.governance, service.today()
    record = governance.parties.get(party)
    keys = [] if record is None else [governance.keys[kid] for kid in record.keys]
    return [_key_row(one, today) for one in reversed(keys)]


def earliest_recovery(service: Service) -> date:
    """The first day on which a key that is recovered today may be used."""
    today = service.today()
    policy = service.governance.registration_policy(today)
    assert policy is not None  # a charter has one
    return today + timedelta(days=policy.key_recovery_days)


def step_of(service: Service, request: EnrolmentRequest) -> Step:
    """What the book lacks for this request."""
    governance, today = service.governance, service.today()
    record = governance.parties.get(request.party)
    if record is None:
        return "party"
    if not record.keys:
        return "first_key"
    keys = (governance.keys[kid] for kid in record.keys)
    if request.recovers or not any(one.ended_at is None and one.valid_on(today) for one in keys):
        return "recovery"
    return "further_key"


def _shown(service: Service, one: EnrolmentRequest) -> AskedKey:
    record = service.governance.parties.get(one.party)
    kid, step = one.kid.hex(), step_of(service, one)
    return AskedKey(
        kid,
        [kid[at : at + _GROUP] for at in range(0, len(kid), _GROUP)],
        one.party,
        None if record is None else record.name_zh,
        one.officer,
        one.recovers,
        datetime.fromtimestamp(one.asked_at, SHANGHAI),
        step,
        _STEPS[step] if one.refused_at is None else _REFUSED,
        one.cose_key.hex(),
        one.proof.hex(),
        one.reason,
    )


def _key_row(key: EnrolledKey, today: date) -> KeyRow:
    usable = key.ended_at is None and key.valid_on(today)
    waits = key.usable_from is not None and today < key.usable_from
    if key.ended_at is not None:
        state = Word("已停用", "ended", "closed")
    elif usable:
        state = Word("可用", "in use", "good")
    elif waits:
        state = Word("等待期未满", "waiting time not over", "watch")
    else:
        state = Word("今日不在有效期内", "not valid today")
    begins = key.usable_from or key.valid_from
    return KeyRow(key.kid.hex(), key.officer, state, begins, key.valid_until, usable, key.successor is None)


def _enterprise(party: str) -> str | None:
    subject = party.removeprefix("party:")
    return subject if ":" in subject and is_enterprise(subject) else None
