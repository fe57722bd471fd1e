"""May this be said, by this issuer, now? From signed bytes to an event at its place in the log.

Two steps. `admit` looks at a statement by itself, when it arrives and on any thread: form, log, age, key,
signature, content, body. `judge` looks at it at its final position, one after the other: the key still, who may
say it, recording limits, and the rules of the domain. What depends on the position is only in `judge`, so that
a batch which lost a race is judged again without verifying signatures again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from hashlib import sha256

from msgspec import Struct

from ledger.annexes import MissingAnnex, require_annexes
from ledger.cose.statement import (
    Statement,
    VerifiedStatement,
    decode_event,
    parse_statement,
    verify_statement,
)
from ledger.domain.catalogue import SPECS
from ledger.domain.context import Context, EventSpec
from ledger.domain.dates import shanghai_date
from ledger.domain.event import Annex, Closed, Event, Recorded
from ledger.domain.free_text import refuse_personal_data
from ledger.domain.governance import Governance
from ledger.domain.mark import MarkLicensed, MarkSeed
from ledger.domain.party import KeyEnrolled, KeyRecovered, KeyRotated, TrustAnchorsEstablished
from ledger.domain.party_rules import usable_key
from ledger.domain.party_state import ROOT_PARTY
from ledger.domain.payload import decode_body
from ledger.domain.pledge import PledgeMade
from ledger.domain.record import EnterpriseRecord
from ledger.domain.subject import is_enterprise, kind
from ledger.domain.text import check_text
from ledger.errors import Malformed, Refused, Refuted
from ledger.keys.algorithms import decode_key
from ledger.keys.keyring import Keyring
from ledger.keys.possession import check_possession
from ledger.limits import BODY_BYTES_MAX, IAT_AHEAD_SECONDS_MAX
from ledger.marks import check_serials
from ledger.store.annexes import AnnexKept
from ledger.store.port import Fact
from ledger.tlog.vkey import VerifierKey

__all__ = [
    "Candidate",
    "Held",
    "Judgement",
    "MissingAnnex",
    "MissingBody",
    "admit",
    "admit_charter",
    "content_of",
    "judge",
]

_NO_ANNEXES: Mapping[bytes, AnnexKept] = {}


class MissingBody(Refused):
    """The body with this `commitment` (SHA-256) must come with the statement, or be uploaded before it."""

    def __init__(self, commitment: bytes) -> None:
        super().__init__(
            "body.missing",
            "缺少密封正文: 请先上传正文, 或随声明一并提交",
            "the body is missing: upload it before, or send it with the statement",
            commitment.hex(),
        )
        self.commitment = commitment


class Held(Refused):
    """An enterprise's own pledge: in order, but it enters the book only together with its publication."""

    def __init__(self) -> None:
        super().__init__(
            "pledge.awaits_release",
            "承诺已收到, 待组织方公布时一并登记",
            "the pledge was received and will be registered together with its publication by the organizer",
        )


class Candidate(Struct, frozen=True):
    """A statement that may be registered as far as can be said without its position.

    `identity` is (`iss`, `cti`): the same statement twice is one event. `commitment` and `body`: of a sealed
    statement, or of the text that an open one names by digest.
    """

    statement: VerifiedStatement
    event: Event
    spec: EventSpec
    identity: Fact
    commitment: bytes | None
    body: bytes | None
    annexes: tuple[Annex, ...] = ()

    @property
    def topic(self) -> str:
        """What anybody may know of the type: the name of an open statement's event, else `sealed`."""
        return "sealed" if self.statement.sealed else self.spec.name


class Judgement(Struct, frozen=True):
    """A candidate at its place: what it adds to its subject's record, and what must be unique about it."""

    recorded: Recorded
    facts: tuple[Fact, ...]
    body_public: bool


def admit(
    data: bytes,
    body: bytes | None,
    *,
    governance: Governance,
    keyring: Keyring,
    origin: str,
    now: int,
    annexes: Mapping[bytes, AnnexKept] = _NO_ANNEXES,
) -> Candidate:
    """Check everything about a submitted statement that does not depend on its position. `now` in Unix seconds.

    `annexes`: what is known of those that it names. Raises `Malformed`, `Refuted` (signature, body, proof of
    possession), `MissingBody`, `MissingAnnex`, `Refused`.
    """
    statement = parse_statement(data)
    _meant_for(statement, origin)
    today = shanghai_date(now)
    _age(statement, governance, today, now)
    key = keyring.signing_key(statement.kid, statement.issuer, today)
    candidate = _candidate(verify_statement(statement, key), body, origin)
    if candidate.annexes:
        require_annexes(candidate.annexes, annexes)
    if isinstance(candidate.event, MarkLicensed):
        _serials_made(candidate, candidate.event, governance)
    return candidate


def admit_charter(data: bytes, *, governance: Governance, origin: str) -> Candidate:
    """`admit` for the next statement of a charter: of any age, the first under the key that it names itself.

    `governance` is that after the statements before it. Raises as `admit` does.
    """
    statement = parse_statement(data)
    _meant_for(statement, origin)
    if governance.anchors is None:
        event = decode_event(statement)
        if not isinstance(event, TrustAnchorsEstablished) or statement.issuer != ROOT_PARTY:
            raise Refused(
                "charter.anchors_first",
                "章程的第一条记录须由 party:root 确立信任根",
                "a charter begins with the trust anchors, established by party:root",
            )
        key = decode_key(bytes.fromhex(event.root_key))
    else:
        enrolled = governance.keys.get(statement.kid)
        if enrolled is None or enrolled.party != statement.issuer:
            raise Refused("key.unknown", "签名密钥未登记", "the signing key is not enrolled", statement.kid.hex())
        key = decode_key(enrolled.cose_key)
    return _candidate(verify_statement(statement, key), None, origin)


def judge(
    candidate: Candidate,
    record: EnterpriseRecord | None,
    governance: Governance,
    *,
    index: int,
    recorded_at: int,
    version: int,
    released: bool = False,
    bootstrap: bool = False,
) -> Judgement:
    """Whether the candidate may be entry `index`, number `version` of its stream, recorded at `recorded_at`.

    `record` is the enterprise's (None for other subjects, and before its first event), `governance` that of
    this position; `released`: in one group with what releases it; `bootstrap`: part of the charter.
    Raises `Refused`, or `Held` for a pledge that is in order but not released.
    """
    statement, event, spec = candidate.statement, candidate.event, candidate.spec
    today = shanghai_date(recorded_at)
    if bootstrap and isinstance(event, TrustAnchorsEstablished):
        officer, roles = event.root_officer, frozenset(("root",))
    else:
        officer = usable_key(governance, statement.kid, statement.issuer, today).officer
        roles = governance.roles(statement.issuer)
    ctx = Context(
        index=index,
        recorded_at=recorded_at,
        today=today,
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
    _entitled(spec, event, ctx)
    _form(spec, ctx)
    _recording_limits(spec, event, ctx)
    state = record if is_enterprise(statement.subject) else governance
    unique = spec.decide(state, event, ctx)
    if isinstance(event, PledgeMade) and ctx.by_itself and not released:
        raise Held
    facts = [candidate.identity, *(Fact(fact.kind, fact.key) for fact in unique)]
    if candidate.commitment is not None:
        facts.append(Fact("body", candidate.commitment.hex()))
    if released and isinstance(event, PledgeMade):
        facts.append(Fact("released", statement.statement_id.hex()))  # whoever waits finds its entry by this
    recorded = Recorded(
        index=index,
        subject=statement.subject,
        version=version,
        recorded_at=recorded_at,
        statement_id=statement.statement_id,
        issuer=statement.issuer,
        kid=statement.kid,
        iat=statement.iat,
        sealed=statement.sealed,
        event=event,
    )
    body_public = candidate.body is not None and spec.body_public(state, event)
    return Judgement(recorded, tuple(facts), body_public)


def content_of(statement: VerifiedStatement, body: bytes | None, origin: str) -> Candidate:
    """The candidate that an entry of the log `origin` was, with its content and body checked again: for the audit.

    Raises `Malformed`, `Refuted`, `MissingBody`, `Refused`.
    """
    return _candidate(statement, body, origin)


def _meant_for(statement: Statement, origin: str) -> None:
    if statement.audience != origin:
        raise Refused(
            "statement.other_log",
            f"该声明是给另一账本的: 本账本为 {origin}",
            f"the statement is meant for another log; this one is {origin}",
            statement.audience,
        )


def _age(statement: Statement, governance: Governance, today: date, now: int) -> None:
    policy = governance.registration_policy(today)
    if statement.iat > now + IAT_AHEAD_SECONDS_MAX:
        raise Refused(
            "statement.from_the_future",
            "声明的签发时间晚于现在: 请校准时钟",
            "the statement was issued in the future: check the clock that signed it",
            str(statement.iat),
        )
    if policy is not None and statement.iat < now - policy.statement_age_max_seconds:
        raise Refused(
            "statement.too_old",
            f"声明签发已超过 {policy.statement_age_max_seconds} 秒: 请重新签发",
            f"the statement was issued more than {policy.statement_age_max_seconds} s ago: sign it again",
            str(statement.iat),
        )


def _candidate(statement: VerifiedStatement, body: bytes | None, origin: str) -> Candidate:
    """Content and body of a statement whose signature holds."""
    if statement.commitment is not None and body is None:
        raise MissingBody(statement.commitment)
    event = decode_event(statement, body)
    if isinstance(event, Closed):  # not with a body
        raise MissingBody(event.commitment)
    check_text(statement.payload if body is None or statement.commitment is None else body, event)
    commitment = statement.commitment
    spec = SPECS[type(event).__name__]
    if "enterprise" in spec.streams:  # others are about organizations, which may well name a telephone number
        refuse_personal_data(event)
    text = None if spec.text is None or statement.sealed else spec.text(event)
    if text is not None:
        commitment = bytes.fromhex(text)
        _named_text(spec, commitment, body)
    if body is not None and commitment is None:
        raise Malformed("an open statement comes without a body")
    _keys_named(event, statement.subject, origin)
    identity = Fact("cti", f"{statement.issuer}/{statement.cti.hex()}")
    # A file that a sealed content names is not public.
    annexes = () if spec.annexes is None or statement.sealed else spec.annexes(event)
    return Candidate(statement, event, spec, identity, commitment, body, annexes)


def _named_text(spec: EventSpec, commitment: bytes, body: bytes | None) -> None:
    """The text that an open statement names by its digest comes with it, and is of the kind that belongs there."""
    if body is None:
        raise MissingBody(commitment)
    if sha256(body).digest() != commitment:
        raise Refuted("the body does not hash to the digest that the statement names")
    if len(body) > BODY_BYTES_MAX:
        raise Malformed(f"a body has at most {BODY_BYTES_MAX} bytes")
    text = decode_body(body)[1]
    if type(text) is not spec.text_type:
        raise Malformed(f"the body behind the digest is no {spec.text_type and spec.text_type.__name__}")
    check_text(body, text)
    refuse_personal_data(text)


def _serials_made(candidate: Candidate, event: MarkLicensed, governance: Governance) -> None:
    """The seed makes the serials that the root is over. That can take seconds: only for those who may license marks."""
    statement = candidate.statement
    if not candidate.spec.entitles(statement.issuer, statement.subject, governance.roles(statement.issuer)):
        raise _not_entitled(candidate.spec, statement.issuer)
    assert candidate.body is not None  # the seed came with it
    seed = decode_body(candidate.body)[1]
    assert isinstance(seed, MarkSeed)
    check_serials(bytes.fromhex(seed.secret), event.range, event.count, bytes.fromhex(event.serials_root))


def _keys_named(event: Event, subject: str, origin: str) -> None:
    """Keys that a statement brings in are of our kinds, and whoever is to have them has them."""
    if isinstance(event, KeyEnrolled | KeyRotated | KeyRecovered):
        check_possession(bytes.fromhex(event.proof), bytes.fromhex(event.key), subject, origin)
    elif isinstance(event, TrustAnchorsEstablished):
        if event.origin != origin:
            raise Refused("statement.other_log", "信任根属于另一账本", "the anchors are another log's", event.origin)
        VerifierKey.parse(event.checkpoint_vkey)
        for key in (event.root_key, event.receipt_key, event.standing_key):
            decode_key(bytes.fromhex(key))


def _entitled(spec: EventSpec, event: Event, ctx: Context) -> None:
    if kind(ctx.subject) not in spec.streams:
        raise Refused(
            "event.wrong_stream",
            f"{spec.name} 不能记在该对象名下",
            f"{spec.name} is not said about a subject of this kind",
            ctx.subject,
        )
    if spec.entitles(ctx.issuer, ctx.subject, ctx.roles):
        return
    raise _not_entitled(spec, ctx.issuer)


def _not_entitled(spec: EventSpec, issuer: str) -> Refused:
    return Refused(
        "issuer.not_entitled",
        f"签发者无权作出 {spec.name}: 须由 {'、'.join(sorted(spec.signers))} 签发",
        f"the issuer may not say {spec.name}: it is for {', '.join(sorted(spec.signers))}",
        issuer,
    )


def _form(spec: EventSpec, ctx: Context) -> None:
    if spec.form == "either" or (spec.form == "sealed") == ctx.sealed:
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
            f"生效日期早于登记日期超过 {days} 天: 请写明迟延登记的理由",
            f"recorded more than {days} days after it took effect: state the ground for recording it late",
            str(event.effective_on),
        )
