"""What a demonstration's authorities say about a few enterprises, so that more levels than one are to be seen.

Three enterprises each become WATCH, ALERT, REVOKED (fraud) and LISTED, one declares a standard: by ordinary statements,
signed by the demonstration's keys. Each has a `cti` made of what it is about: said again, it is registered already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from hashlib import sha256
from typing import Any, Final, NamedTuple

from api.client.client import Client
from ledger.cose.statement import make_sealed, make_statement
from ledger.domain.events.base import Event, PaperEvidence
from ledger.domain.events.complaint import ComplaintOutcomeRecorded
from ledger.domain.events.declaration import Indicator, Product, StandardDeclared
from ledger.domain.events.finding import FindingRecorded, PublicRecordCited
from ledger.domain.events.pledge import PledgeRevoked
from ledger.domain.rules.catalogue import SPECS
from ledger.errors import AlreadyRegistered
from ledger.keys.signer import Signer

__all__ = ["ENTERPRISES_MIN", "tell_records"]

#: A smaller sample is left as it is: most of its enterprises are to have pledged, and nothing else.
ENTERPRISES_MIN: Final = 24
_PER_LEVEL: Final = 3
_LATE: Final = "演示数据 · demonstration"
_AUTHORITY: Final = "演示市市场监督管理局"
_ADDRESS: Final = "https://demo.credit-ledger.example/notices/"


class _Said(NamedTuple):
    party: str
    code: str  # of the enterprise
    event: Event


def tell_records(
    client: Client, signers: Mapping[str, Signer], origin: str, campaign: str, roster: bytes, today: date, now: int
) -> None:
    """Say all of it about participants of `campaign` (an id such as 2026); `roster`: the file that they came in.

    Raises what the service refuses, and `Busy` or `Unavailable` where it does not answer in time.
    """
    pledges = client.json(f"/v1/campaigns/{campaign}/pledges?limit={4 * _PER_LEVEL + 1}")["pledges"][1:]
    for said in _records(pledges, sha256(roster).hexdigest(), today):
        kind = type(said.event)
        known = f"demonstration {campaign} {kind.__name__} {said.code}".encode()
        given: dict[str, Any] = {
            "subject": f"uscc:{said.code}",
            "issuer": f"party:{said.party}",
            "audience": origin,
            "signer": signers[said.party],
            "iat": now,
            "cti": sha256(known).digest()[:16],
        }
        sealed = SPECS[kind.__name__].form == "sealed"
        salt = sha256(b"salt of " + known).digest()[:16]
        with suppress(AlreadyRegistered):
            if sealed:
                client.submit(*make_sealed(said.event, salt=salt, **given))
            else:
                client.submit(make_statement(said.event, **given))


def _records(pledges: Sequence[Mapping[str, Any]], roster: str, today: date) -> Iterator[_Said]:
    tellers: tuple[Callable[[int, Mapping[str, Any], date], Iterator[_Said]], ...] = (_watch, _alert, _revoked, _listed)
    for place, pledge in enumerate(pledges):
        yield from tellers[place // _PER_LEVEL](place, pledge, today)
    yield _Said("organizer", pledges[0]["enterprise"], _standard(roster, today))


def _watch(place: int, pledge: Mapping[str, Any], today: date) -> Iterator[_Said]:
    """A failed spot check, a listing for abnormal operations, or a complaint that was left without a reply."""
    code = pledge["enterprise"]
    if place % _PER_LEVEL == 0:
        yield _Said("regulator", code, _spot_check("general", "演示保温杯", place, today))
        return
    yield _Said("regulator", code, _cited("abnormal_list", None, place, today))
    if place % _PER_LEVEL == 2:
        before = today.replace(day=1) - timedelta(days=1)
        month = f"{before:%Y-%m}"
        yield _Said(
            "handling-body",
            code,
            ComplaintOutcomeRecorded(
                v=1,
                effective_on=today,
                late_ground=_LATE,
                case=sha256(f"demonstration case {code}".encode()).hexdigest()[:32],
                channel="12315",
                product_class="小家电",
                issue="质量",
                reply="none",
                outcome="ended_without_agreement",
                reason="企业逾期未答复",
                notified_on=today - timedelta(days=12),
                received=month,
                accepted=month,
                forwarded=month,
                reply_due=month,
                closed=month,
            ),
        )


def _alert(place: int, pledge: Mapping[str, Any], today: date) -> Iterator[_Said]:
    code = pledge["enterprise"]
    yield _Said("regulator", code, _spot_check("severe", "演示电热水壶", place, today))
    yield _Said("regulator", code, _cited("penalty", "severe", place, today))


def _revoked(place: int, pledge: Mapping[str, Any], today: date) -> Iterator[_Said]:
    revoked = PledgeRevoked(v=1, effective_on=today, code=pledge["code"], ends_on=today, ground="fraud")
    yield _Said("organizer", pledge["enterprise"], revoked)


def _listed(place: int, pledge: Mapping[str, Any], today: date) -> Iterator[_Said]:
    yield _Said("regulator", pledge["enterprise"], _cited("serious_list", None, place, today))


def _spot_check(severity: Any, product: str, place: int, today: date) -> FindingRecorded:
    return FindingRecorded(
        v=1,
        effective_on=today,
        kind="spot_check",
        result="failed",
        severity=severity,
        authority=_AUTHORITY,
        document_no=f"演示抽查〔{today.year}〕{place + 1}号",
        product=product,
        decided_on=today,
        address=f"{_ADDRESS}check-{place + 1}",
    )


def _cited(kind: Any, severity: Any, place: int, today: date) -> PublicRecordCited:
    return PublicRecordCited(
        v=1,
        effective_on=today,
        kind=kind,
        severity=severity,
        authority=_AUTHORITY,
        document_no=f"演示市监〔{today.year}〕{place + 1}号",
        address=f"{_ADDRESS}record-{place + 1}",
        decided_on=today,
        checked_on=today,
        recheck_by=today + timedelta(days=90),
    )


def _standard(roster: str, today: date) -> StandardDeclared:
    return StandardDeclared(
        v=1,
        effective_on=today,
        number="Q/YSBW 001-2025",
        title="演示保温杯",
        kind="enterprise",
        executed=("GB 4806.7-2023",),
        products=(Product(name="演示保温杯", model="YS-500", product_class="日用杂品", brand="演示"),),
        indicators=(Indicator(name="保温效能", value="≥ 68", unit="℃", method="GB/T 29606-2013"),),
        evidence=PaperEvidence(file=roster, row=2),
    )
