"""What may be said about parties, their keys and roles.

Proofs of possession are checked before this, in `ledger.registration`: they are cryptography, not rules.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from ledger.domain.events.party import (
    KeyEnrolled,
    KeyRecovered,
    KeyRevoked,
    KeyRotated,
    LaboratoryAccredited,
    PartyEnrolled,
    RoleGranted,
    RoleRevoked,
    TrustAnchorsEstablished,
    TrustAnchorsSucceeded,
)
from ledger.domain.rules.party_conditions import (
    enrolled_party,
    key_of_party,
    new_key,
    not_by_itself,
    ordered_validity,
    role_giver,
    root_keys_left,
)
from ledger.domain.rules.spec import Context, UniqueFact, spec
from ledger.domain.state.governance import Governance
from ledger.domain.state.party import ROOT_PARTY
from ledger.errors import Refused

__all__ = ["EVENTS"]

_Facts = tuple[UniqueFact, ...]


def establish(governance: Governance, event: TrustAnchorsEstablished, ctx: Context) -> _Facts:
    """The first entry of the log, and no other."""
    if not ctx.bootstrap or ctx.index != 0 or ctx.subject != ROOT_PARTY or governance.anchors is not None:
        raise Refused(
            "anchors.first_entry_only",
            "信任根只能由日志的第一条记录确立",
            "trust anchors are established by the first entry of the log, about party:root, and never again",
        )
    if not event.checkpoint_vkey.startswith(event.origin + "+"):
        raise Refused(
            "anchors.origin_mismatch",
            "检查点公钥的名称必须与日志名称一致",
            "the checkpoint verifier key must bear the origin's name",
            event.checkpoint_vkey,
        )
    return ()


def succeed(governance: Governance, event: TrustAnchorsSucceeded, ctx: Context) -> _Facts:
    """New keys of the log, from a size on that no tree has yet when this entry is first shown in one."""
    if ctx.bootstrap or ctx.subject != ROOT_PARTY or governance.anchors is None:
        raise Refused(
            "anchors.succession_place",
            "日志密钥的更替由根密钥在 party:root 中声明，不属于章程",
            "the succession of the log's keys is said about party:root, and is no part of the charter",
            ctx.subject,
        )
    if not event.checkpoint_vkey.startswith(governance.anchors.origin + "+"):
        raise Refused(
            "anchors.origin_mismatch",
            "检查点公钥的名称必须与日志名称一致",
            "the checkpoint verifier key must bear the origin's name",
            event.checkpoint_vkey,
        )
    before = [one.from_size for one in governance.successions]
    earliest = max(ctx.index + 2, *(size + 1 for size in before), 0)
    if event.from_size < earliest:
        raise Refused(
            "anchors.succession_too_early",
            f"新密钥须从尚未签署的树开始：此处最早为 {earliest} 条记录的树",
            f"the new keys begin with a tree that is not signed yet: here that of {earliest} entries or more",
            str(event.from_size),
        )
    used = _log_keys(governance)
    for key in (event.checkpoint_vkey, event.receipt_key, event.standing_key):
        if key in used:
            raise Refused(
                "anchors.key_used",
                "更替后的日志密钥必须全部是新的",
                "the keys that succeed are new, all three",
                key,
            )
        used.add(key)
    return ()


def enrol_party(governance: Governance, event: PartyEnrolled, ctx: Context) -> _Facts:
    """Once; an enterprise behind an opaque id stays opaque."""
    if ctx.subject in governance.parties:
        raise Refused("party.already_enrolled", "该主体已登记", "this party is already enrolled", ctx.subject)
    enterprise = ctx.subject.removeprefix("party:")
    named = (event.name_zh, event.name_en, event.identifier)
    if enterprise.startswith("local:") and named != (enterprise, None, None):
        raise Refused(
            "party.name_opaque",
            "以内部编号登记的企业名称可能是人名：主体名称只写该编号",
            "an enterprise behind an opaque id may bear a person's name: as a party it is named by that id alone",
            ctx.subject,
        )
    return ()


def accredit(governance: Governance, event: LaboratoryAccredited, ctx: Context) -> _Facts:
    """Of a party that holds the role, under a number that no other party was ever accredited under."""
    party = enrolled_party(governance, ctx)
    if "laboratory" not in party.roles:
        raise Refused(
            "accreditation.no_laboratory",
            "该主体没有检验检测机构角色",
            "this party does not hold the role of a laboratory",
            ctx.subject,
        )
    not_by_itself(ctx)
    earlier = governance.parties_and_keys.accreditations.get(event.cma)
    if earlier is not None and earlier.party != ctx.subject:
        raise Refused(
            "accreditation.number_taken",
            f"该资质认定编号属于 {earlier.party}（第 {earlier.index} 条记录）",
            f"this CMA number is that of {earlier.party}, by entry {earlier.index}",
            event.cma,
        )
    if event.valid_until < event.valid_from:
        raise Refused(
            "accreditation.validity_order",
            "有效期止早于有效期起",
            "the validity ends before it begins",
            str(event.valid_until),
        )
    return ()


def enrol_key(governance: Governance, event: KeyEnrolled, ctx: Context) -> _Facts:
    """A key that nobody had before: the first by the root or a registrar, a further one by the party's own key."""
    party = enrolled_party(governance, ctx)
    if party.keys and ctx.issuer != ctx.subject and not ctx.bootstrap:
        raise Refused(
            "key.further_by_own_key",
            "该主体已有密钥：新密钥须由其现有密钥签名登记，或经等待期恢复",
            "this party has a key: a further one is enrolled by that key, or recovered with its waiting period",
            ctx.issuer,
        )
    new_key(governance, event.key)
    ordered_validity(event.valid_from, event.valid_until)
    return ()


def rotate_key(governance: Governance, event: KeyRotated, ctx: Context) -> _Facts:
    """By the old key, which ends here."""
    enrolled_party(governance, ctx)
    if bytes.fromhex(event.replaces) != ctx.kid:
        raise Refused(
            "key.rotation_by_another",
            "密钥轮换必须由被替换的密钥签名",
            "a rotation is signed by the key that it replaces",
            event.replaces,
        )
    new_key(governance, event.key)
    ordered_validity(ctx.today, event.valid_until)
    return ()


def recover_key(governance: Governance, event: KeyRecovered, ctx: Context) -> _Facts:
    """For a key without successor; the new one waits as long as the policy says."""
    enrolled_party(governance, ctx)
    lost = key_of_party(governance, event.replaces, ctx)
    if lost.successor is not None:
        raise Refused(
            "key.already_replaced",
            "该密钥已有后继密钥",
            "this key already has a successor",
            event.replaces,
        )
    new_key(governance, event.key)
    earliest = ctx.today + timedelta(days=ctx.policy.key_recovery_days)
    if event.usable_from < earliest:
        raise Refused(
            "key.recovery_waits",
            f"恢复的密钥须经过等待期，最早 {earliest} 起可用",
            f"a recovered key has a waiting period and may be used from {earliest} at the earliest",
            str(event.usable_from),
        )
    ordered_validity(event.usable_from, event.valid_until)
    return ()


def revoke_key(governance: Governance, event: KeyRevoked, ctx: Context) -> _Facts:
    """Once, unless an earlier compromise comes to light; never the root's last key."""
    enrolled_party(governance, ctx)
    key = key_of_party(governance, event.kid, ctx)
    since = event.compromised_since
    if (event.reason == "compromised") != (since is not None):
        raise Refused(
            "key.compromise_needs_date",
            "密钥泄露须写明起始日期，其他原因不写",
            "a compromise names the day since when; other reasons do not",
        )
    if since is not None and since > ctx.today:
        raise Refused("key.compromise_in_future", "泄露日期不能晚于今日", "a compromise cannot begin later", str(since))
    earlier = since is not None and (key.compromised_since is None or since < key.compromised_since)
    if key.ended_at is not None and not earlier:
        raise Refused(
            "key.already_ended",
            f"该密钥已由第 {key.ended_at} 条记录停用",
            f"this key was already ended by entry {key.ended_at}; only an earlier compromise could be added",
            event.kid,
        )
    if ctx.subject == ROOT_PARTY and not root_keys_left(governance, key, event, ctx):
        raise Refused(
            "key.last_root",
            "不能停用最后一把根密钥：请先登记另一把",
            "the last root key cannot be ended: enrol another one first",
            event.kid,
        )
    return ()


def grant_role(governance: Governance, event: RoleGranted, ctx: Context) -> _Facts:
    """A role that the party does not hold."""
    party = enrolled_party(governance, ctx)
    role_giver(event.role, ctx)
    if event.role in party.roles:
        raise Refused("role.already_granted", "该主体已有此角色", "the party already has this role", event.role)
    return ()


def revoke_role(governance: Governance, event: RoleRevoked, ctx: Context) -> _Facts:
    """A role that the party holds."""
    party = enrolled_party(governance, ctx)
    role_giver(event.role, ctx)
    if event.role not in party.roles:
        raise Refused("role.not_held", "该主体没有此角色", "the party does not have this role", event.role)
    return ()


def _log_keys(governance: Governance) -> set[str]:
    """All keys that the log ever had, as events write them."""
    found: set[str] = set()
    for one in (governance.anchors, *governance.successions):
        if one is not None:
            found |= {one.checkpoint_vkey, one.receipt_key, one.standing_key}
    return found


EVENTS: Final = (
    spec("party", TrustAnchorsEstablished, ("root",), establish),
    spec("party", TrustAnchorsSucceeded, ("root",), succeed),
    spec("party", PartyEnrolled, ("root", "registrar"), enrol_party),
    spec("party", LaboratoryAccredited, ("root", "registrar"), accredit, begins_later=True),
    spec("party", KeyEnrolled, ("root", "registrar", "party"), enrol_key),
    spec("party", KeyRotated, ("old_key",), rotate_key),
    spec("party", KeyRecovered, ("root", "registrar"), recover_key),
    spec("party", KeyRevoked, ("root", "registrar"), revoke_key),
    spec("party", RoleGranted, ("root", "registrar"), grant_role),
    spec("party", RoleRevoked, ("root", "registrar"), revoke_role),
)
