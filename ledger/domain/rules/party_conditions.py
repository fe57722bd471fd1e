"""The single conditions on parties, their keys and roles. Each raises `Refused`, naming its rule."""

from __future__ import annotations

from datetime import date
from typing import Final

from ledger.domain.events.party import KeyRevoked
from ledger.domain.rules.spec import Context
from ledger.domain.state.governance import Governance
from ledger.domain.state.party import ROOT_PARTY, EnrolledKey, PartyRecord, kid_of
from ledger.errors import Refused

__all__ = [
    "enrolled_party",
    "key_of_party",
    "new_key",
    "not_by_itself",
    "ordered_validity",
    "role_giver",
    "root_keys_left",
    "usable_key",
]

# What a registrar may give: every other role decides about others, and is the root's to give.
_GIVEN_BY_REGISTRAR: Final = frozenset(("laboratory", "handling_body"))


def usable_key(governance: Governance, kid: bytes, issuer: str, today: date) -> EnrolledKey:
    """The issuer's key, if it may sign an entry that is recorded here and today. Raises `Refused`."""
    key = governance.keys.get(kid)
    if key is None:
        raise Refused("key.unknown", "签名密钥未登记", "the signing key is not enrolled", kid.hex())
    if key.party != issuer:
        raise Refused("key.not_the_issuers", "签名密钥属于另一主体", "the signing key belongs to another party", issuer)
    if key.ended_at is not None:
        raise Refused(
            "key.ended",
            f"签名密钥已由第 {key.ended_at} 条记录停用",
            f"the signing key was ended by entry {key.ended_at}",
            kid.hex(),
        )
    if not key.valid_on(today):
        raise Refused(
            "key.not_valid_today",
            "签名密钥今日不在有效期内（或恢复等待期未满）",
            "the signing key is not valid today (or its waiting period after a recovery is not over)",
            f"{key.usable_from or key.valid_from} – {key.valid_until or '…'}",
        )
    return key


def enrolled_party(governance: Governance, ctx: Context) -> PartyRecord:
    """The party that this is about, which is in the book; of the root, the root speaks alone."""
    party = governance.parties.get(ctx.subject)
    if party is None:
        raise Refused("party.not_enrolled", "该主体尚未登记", "this party is not enrolled yet", ctx.subject)
    if ctx.subject == ROOT_PARTY and "root" not in ctx.roles:
        raise Refused(
            "root.by_root_only",
            "根主体的密钥和角色只能由根密钥变更",
            "the root's own keys and roles are changed by the root alone",
            ctx.issuer,
        )
    return party


def key_of_party(governance: Governance, kid: str, ctx: Context) -> EnrolledKey:
    """A key of the party that this is about, whether it still holds or not; `kid` in hexadecimal."""
    key = governance.keys.get(bytes.fromhex(kid))
    if key is None or key.party != ctx.subject:
        raise Refused("key.not_of_party", "该主体没有这把密钥", "the party has no such key", kid)
    return key


def new_key(governance: Governance, key: str) -> None:
    """A key (a COSE_Key in hexadecimal) that nobody ever had."""
    kid = kid_of(key)
    if kid in governance.keys:
        raise Refused(
            "key.already_enrolled",
            "这把密钥已登记过，不能再次使用",
            "this key was enrolled before and cannot be used again",
            kid.hex(),
        )


def ordered_validity(valid_from: date, valid_until: date | None) -> None:
    """A validity that does not end before it begins."""
    if valid_until is not None and valid_until < valid_from:
        raise Refused(
            "key.validity_order", "有效期止早于有效期起", "the validity ends before it begins", str(valid_until)
        )


def role_giver(role: str, ctx: Context) -> None:
    """A registrar makes laboratories and handling bodies of others; every other role is the root's to give and take."""
    if "root" not in ctx.roles and (role not in _GIVEN_BY_REGISTRAR or ctx.issuer == ctx.subject):
        raise Refused(
            "role.root_only",
            "登记员只能授予或收回他方的检验检测机构、投诉承办单位角色；其他角色由根密钥授予或收回",
            "a registrar gives and takes the roles of laboratory and handling body, of others; "
            "every other role is given and taken by the root alone",
            role,
        )


def not_by_itself(ctx: Context) -> None:
    """An accreditation is recorded by another party than the one that has it, or by the root."""
    if ctx.issuer == ctx.subject and "root" not in ctx.roles:
        raise Refused(
            "accreditation.by_itself",
            "登记员不能登记自己的资质认定",
            "a registrar does not record its own accreditation",
            ctx.issuer,
        )


def root_keys_left(governance: Governance, revoked: EnrolledKey, event: KeyRevoked, ctx: Context) -> bool:
    """Whether the root has a key that may sign today after this revocation and all that falls with it."""
    falling = {revoked.kid}
    key = revoked
    while event.compromised_since is not None and key.successor is not None:
        key = governance.keys[key.successor]
        if not key.rotated or key.enrolled_on < event.compromised_since:
            break
        falling.add(key.kid)
    keys = (governance.keys[kid] for kid in governance.parties[ROOT_PARTY].keys)
    return any(key.kid not in falling and key.ended_at is None and key.valid_on(ctx.today) for key in keys)
