"""A candidate at its final position: the key still, who may say it, recording limits, and the rules of the domain."""

from __future__ import annotations

from msgspec import Struct

from ledger.domain.events.base import Event, Recorded
from ledger.domain.events.party import TrustAnchorsEstablished
from ledger.domain.events.pledge import PledgeMade
from ledger.domain.rules.party_conditions import usable_key
from ledger.domain.rules.spec import Context, EventSpec, UniqueFact
from ledger.domain.state.governance import Governance
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.values.dates import shanghai_date
from ledger.domain.values.subject import is_enterprise, kind
from ledger.errors import Refused
from ledger.registration.candidate import Candidate
from ledger.store.contract import Fact

__all__ = ["AwaitsRelease", "EntryPosition", "Judgement", "judge"]


class AwaitsRelease(Refused):
    """An enterprise's own pledge: in order, but it enters the book only together with its publication."""

    def __init__(self) -> None:
        super().__init__(
            "pledge.awaits_release",
            "承诺已收到，待组织方公布时一并登记",
            "the pledge was received and will be registered together with its publication by the organizer",
        )


class EntryPosition(Struct, frozen=True):
    """An entry's leaf index, its number in its subject's stream (from 1), and when it is recorded (Unix seconds)."""

    index: int
    version: int
    recorded_at: int


class Judgement(Struct, frozen=True):
    """A candidate at its place: what it adds to its subject's record, and what must be unique about it.

    `facts` are of this entry alone; `from_here` of the first entry that says them; while none of `not_yet` was said.
    """

    recorded: Recorded
    facts: tuple[Fact, ...]
    body_public: bool
    from_here: tuple[Fact, ...] = ()
    not_yet: tuple[Fact, ...] = ()


def judge(
    candidate: Candidate,
    record: EnterpriseRecord | None,
    governance: Governance,
    at: EntryPosition,
    *,
    released: bool = False,
    bootstrap: bool = False,
) -> Judgement:
    """Whether the candidate may be the entry at this position.

    `record` is the enterprise's (None for other subjects, and before its first event), `governance` that of
    this position; `released`: in one group with what releases it; `bootstrap`: part of the charter.
    Raises `Refused`, or `AwaitsRelease` for a pledge that is in order but not released.
    """
    statement, event, spec = candidate.statement, candidate.event, candidate.spec
    ctx = _context(candidate, governance, at, released, bootstrap)
    _right_stream(spec, ctx)
    spec.require_entitled(ctx.issuer, ctx.subject, ctx.roles)
    _form(spec, ctx)
    _recording_limits(spec, event, ctx)
    state = record if is_enterprise(statement.subject) else governance
    unique = spec.decide(state, event, ctx)
    if isinstance(event, PledgeMade) and ctx.by_itself and not released:
        raise AwaitsRelease
    recorded = statement.recorded(event, index=at.index, version=at.version, recorded_at=at.recorded_at)
    body_public = candidate.body is not None and spec.body_public(state, event)
    once = _facts(candidate, _holding(unique, "once"), released)
    return Judgement(recorded, once, body_public, _holding(unique, "from_here"), _holding(unique, "not_yet"))


def _context(
    candidate: Candidate, governance: Governance, at: EntryPosition, released: bool, bootstrap: bool
) -> Context:
    """Who says it, and where. Raises `Refused` if the key may not be used on that day (any more)."""
    statement, event = candidate.statement, candidate.event
    today = shanghai_date(at.recorded_at)
    if bootstrap and isinstance(event, TrustAnchorsEstablished):
        officer, roles = event.root_officer, frozenset(("root",))
    else:
        officer = usable_key(governance, statement.kid, statement.issuer, today).officer
        roles = governance.roles(statement.issuer)
    return Context(
        index=at.index,
        recorded_at=at.recorded_at,
        today=today,
        iat=statement.iat,
        subject=statement.subject,
        issuer=statement.issuer,
        kid=statement.kid,
        officer=officer,
        roles=roles,
        sealed=statement.sealed,
        commitment=candidate.commitment,
        statement_id=statement.statement_id,
        governance=governance,
        released=released,
        bootstrap=bootstrap,
    )


def _holding(unique: tuple[UniqueFact, ...], holds: str) -> tuple[Fact, ...]:
    # a list: on the way of every statement, three times, a generator takes longer than what it makes
    return tuple([Fact(fact.kind, fact.key) for fact in unique if fact.holds == holds])


def _facts(candidate: Candidate, unique: tuple[Fact, ...], released: bool) -> tuple[Fact, ...]:
    """What must be true of this entry only: its identity, what the rules say, and the body that belongs to it."""
    facts = [candidate.identity, *unique]
    if candidate.commitment is not None:
        facts.append(Fact("body", candidate.commitment.hex()))
    if released and isinstance(candidate.event, PledgeMade):
        # whoever waits finds its entry by this
        facts.append(Fact("released", candidate.statement.statement_id.hex()))
    return tuple(facts)


def _right_stream(spec: EventSpec, ctx: Context) -> None:
    if kind(ctx.subject) not in spec.streams:
        raise Refused(
            "event.wrong_stream",
            f"{spec.name} 不能记在该对象名下",
            f"{spec.name} is not said about a subject of this kind",
            ctx.subject,
        )


def _form(spec: EventSpec, ctx: Context) -> None:
    if spec.takes(sealed=ctx.sealed):
        return
    raise Refused(
        "statement.form",
        f"{spec.name} 须以{'密封' if spec.form == 'sealed' else '公开'}声明登记",
        f"{spec.name} is registered as {'a sealed' if spec.form == 'sealed' else 'an open'} statement",
    )


def _recording_limits(spec: EventSpec, event: Event, ctx: Context) -> None:
    if event.effective_on > ctx.today and not spec.begins_later:
        raise Refused(
            "recording.in_future",
            f"生效日期不能晚于登记当日 {ctx.today}",
            f"what counts from a later day than that of recording, {ctx.today}, cannot be recorded yet",
            str(event.effective_on),
        )
    if ctx.bootstrap or event.late_ground is not None:
        return
    policy = ctx.policy
    days = policy.recording_days_max.get(spec.name, policy.recording_days_max_default)
    if (ctx.today - event.effective_on).days > days:
        raise Refused(
            "recording.late",
            f"生效日期早于登记日期超过 {days} 天：请写明迟延登记的理由",
            f"recorded more than {days} days after it took effect: state the ground for recording it late",
            str(event.effective_on),
        )
