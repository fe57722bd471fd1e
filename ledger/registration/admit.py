"""A statement by itself, before it has a position: form, log, age, key, signature, content, body, annexes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final, NamedTuple

from ledger.cose.statement import Statement, decode_event, parse_statement, verify_statement
from ledger.domain.events.attachment import AttachmentAdded
from ledger.domain.events.mark import MarkLicensed, MarkSeed
from ledger.domain.events.party import TrustAnchorsEstablished
from ledger.domain.payload import decode_body
from ledger.domain.state.governance import Governance
from ledger.domain.state.party import ROOT_PARTY
from ledger.domain.values.dates import shanghai_date
from ledger.errors import Refused
from ledger.keys.algorithms import PublicKey, decode_key
from ledger.keys.keyring import Keyring
from ledger.limits import IAT_AHEAD_SECONDS_MAX
from ledger.mark_serials.root_check import check_serials
from ledger.registration.candidate import Candidate, content_of
from ledger.registration.named_files import require_annexes, require_upload
from ledger.store.annexes import AnnexKept
from ledger.store.attachments import StoredAttachment

__all__ = ["AdmittingLog", "admit", "admit_charter"]

_NO_ANNEXES: Final[Mapping[bytes, AnnexKept]] = {}


class AdmittingLog(NamedTuple):
    """The log to which statements are submitted: its name, and whose keys may sign what for it now."""

    origin: str
    governance: Governance
    keyring: Keyring


def admit(
    data: bytes,
    body: bytes | None,
    log: AdmittingLog,
    *,
    now: int,
    annexes: Mapping[bytes, AnnexKept] = _NO_ANNEXES,
    attachment: StoredAttachment | None = None,
) -> Candidate:
    """Check everything about a submitted statement that does not depend on its position. `now` in Unix seconds.

    `annexes`: what is known of those that it names; `attachment`: the upload under the id that it names. Raises
    `Malformed`, `Refuted` (signature, body, proof of possession), `MissingBody`, `MissingAnnex`, `MissingAttachment`,
    `Refused`.
    """
    statement = parse_statement(data)
    _meant_for(statement, log.origin)
    today = shanghai_date(now)
    _age(statement, log.governance, today, now)
    key = log.keyring.signing_key(statement.kid, statement.issuer, today)
    candidate = content_of(verify_statement(statement, key), body, log.origin)
    if candidate.annexes:
        require_annexes(candidate.annexes, annexes)
    if isinstance(candidate.event, AttachmentAdded):
        require_upload(candidate.event, statement.issuer, attachment)
    if isinstance(candidate.event, MarkLicensed):
        _serials_made(candidate, candidate.event, log.governance)
    return candidate


def admit_charter(data: bytes, *, governance: Governance, origin: str) -> Candidate:
    """`admit` for the next statement of a charter: of any age, the first under the key that it names itself.

    `governance` is that after the statements before it. Raises as `admit` does.
    """
    statement = parse_statement(data)
    _meant_for(statement, origin)
    key = _charter_key(statement, governance)
    return content_of(verify_statement(statement, key), None, origin)


def _charter_key(statement: Statement, governance: Governance) -> PublicKey:
    if governance.anchors is None:
        event = decode_event(statement)
        if not isinstance(event, TrustAnchorsEstablished) or statement.issuer != ROOT_PARTY:
            raise Refused(
                "charter.anchors_first",
                "章程的第一条记录须由 party:root 确立信任根",
                "a charter begins with the trust anchors, established by party:root",
            )
        return decode_key(bytes.fromhex(event.root_key))
    enrolled = governance.keys.get(statement.kid)
    if enrolled is None or enrolled.party != statement.issuer:
        raise Refused("key.unknown", "签名密钥未登记", "the signing key is not enrolled", statement.kid.hex())
    return decode_key(enrolled.cose_key)


def _meant_for(statement: Statement, origin: str) -> None:
    if statement.audience != origin:
        raise Refused(
            "statement.other_log",
            f"该声明是给另一账本的：本账本为 {origin}",
            f"the statement is meant for another log; this one is {origin}",
            statement.audience,
        )


def _age(statement: Statement, governance: Governance, today: date, now: int) -> None:
    policy = governance.registration_policy(today)
    if statement.iat > now + IAT_AHEAD_SECONDS_MAX:
        raise Refused(
            "statement.from_the_future",
            "声明的签发时间晚于现在：请校准时钟",
            "the statement was issued in the future: check the clock that signed it",
            str(statement.iat),
        )
    if policy is not None and statement.iat < now - policy.statement_age_max_seconds:
        raise Refused(
            "statement.too_old",
            f"声明签发已超过 {policy.statement_age_max_seconds} 秒：请重新签发",
            f"the statement was issued more than {policy.statement_age_max_seconds} s ago: sign it again",
            str(statement.iat),
        )


def _serials_made(candidate: Candidate, event: MarkLicensed, governance: Governance) -> None:
    """The seed makes the serials that the root is over. That can take seconds: only for those who may license marks."""
    statement = candidate.statement
    candidate.spec.require_entitled(statement.issuer, statement.subject, governance.roles(statement.issuer))
    assert candidate.body is not None  # the seed came with it
    seed = decode_body(candidate.body)[1]
    assert isinstance(seed, MarkSeed)
    check_serials(bytes.fromhex(seed.secret), event.range, event.count, bytes.fromhex(event.serials_root))
