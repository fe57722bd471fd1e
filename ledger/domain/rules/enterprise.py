"""What may be said about enterprises as such: identity, names, size, merger, deregistration; and who is registered.

USCC: GB 32100-2015 (authority, class, division, organisation, check digit). Some real codes of the first years
fail the check digit, so a failing one is refused only until an override with evidence stands in the stream.
"""

from __future__ import annotations

from typing import Final

from ledger.domain.events.enterprise import (
    EnterpriseDeregistered,
    EnterpriseMerged,
    EnterpriseRegistered,
    EnterpriseRenamed,
    EnterpriseSized,
    IdentifierOverridden,
)
from ledger.domain.rules.spec import Context, UniqueFact, never, spec
from ledger.domain.state.enterprise import IDENTITY, is_registered, registration_of
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.values.enterprise_code import (
    RESIDENT_EN,
    RESIDENT_RULE,
    RESIDENT_ZH,
    USCC_LENGTH,
    checks_out,
    fold_code,
    is_individual,
    is_resident_number,
)
from ledger.domain.values.subject import is_enterprise, parse
from ledger.errors import Malformed, Refused

__all__ = ["EVENTS"]

_Facts = tuple[UniqueFact, ...]
_Record = EnterpriseRecord | None


def require_registered(record: _Record, ctx: Context) -> EnterpriseRecord:
    """The record of an enterprise that was registered. Raises `Refused`."""
    if record is None or not is_registered(record):
        raise Refused(
            "enterprise.not_registered",
            "该企业尚未登记：须先登记企业",
            "this enterprise is not registered: that comes first in its stream",
            ctx.subject,
        )
    return record


def register(record: _Record, event: EnterpriseRegistered, ctx: Context) -> _Facts:
    """Once, by a code that checks out or was overridden; sealed and opaque where it may name a person."""
    if record is not None and registration_of(record) is not None:
        raise Refused("enterprise.already_registered", "该企业已登记", "already registered", ctx.subject)
    code = _code(event.code, ctx)
    individual = event.category == "individual_business" or (code is not None and is_individual(code))
    if individual:
        _opaque_and_sealed(ctx)
        if code is None:
            raise Refused(
                "enterprise.code_missing",
                "以内部编号登记的个体工商户须在密封正文中写明代码",
                "an individual business gives its code in the sealed body",
            )
    if code is not None and not _checks_out(code, ctx.subject) and not _is_overridden(record, code):
        raise Refused(
            "enterprise.check_digit",
            "统一社会信用代码（或 LEI）校验不通过：如确属真实代码，请先附证据登记代码更正说明",
            "the code fails its check digit: if it is real, record an override with evidence first",
            "" if ctx.sealed else code,
        )
    return ()


def override(record: _Record, event: IdentifierOverridden, ctx: Context) -> _Facts:
    """Of a code that does fail its check digit."""
    code = _code(event.code, ctx)
    if code is None:  # an override always names one
        raise Malformed("an override without a code")
    if is_individual(code):
        _opaque_and_sealed(ctx)
    if _checks_out(code, ctx.subject):
        raise Refused(
            "enterprise.override_needless",
            "该代码校验通过，无需说明",
            "this code passes its check digit and needs no override",
            "" if ctx.sealed else code,
        )
    if _is_overridden(record, code):
        raise Refused("enterprise.already_overridden", "该代码已有说明", "this code is already overridden")
    return ()


def rename(record: _Record, event: EnterpriseRenamed, ctx: Context) -> _Facts:
    """Under seal where the registration was."""
    record = require_registered(record, ctx)
    registration = registration_of(record)
    # where the registration itself is closed, it had been sealed
    if not ctx.sealed and (registration is None or registration.sealed):
        raise Refused(
            "enterprise.name_sealed",
            "密封登记的企业，其名称变更也须密封",
            "an enterprise that was registered under seal is renamed under seal",
        )
    return ()


def resize(record: _Record, event: EnterpriseSized, ctx: Context) -> _Facts:
    """Of a registered enterprise."""
    require_registered(record, ctx)
    return ()


def merge(record: _Record, event: EnterpriseMerged, ctx: Context) -> _Facts:
    """Once, into another enterprise."""
    record = require_registered(record, ctx)
    try:
        known = is_enterprise(parse(event.into))
    except Malformed:
        known = False
    if not known:
        raise Refused("enterprise.merger_into", "并入方不是企业标识", "not the id of an enterprise", event.into)
    if event.into == ctx.subject:
        raise Refused(
            "enterprise.merger_self", "企业不能并入自身", "an enterprise cannot merge into itself", event.into
        )
    merged = IDENTITY.of(record).merged
    if merged is not None and merged.index not in record.repudiated:
        raise Refused("enterprise.already_merged", "该企业已登记合并", "already merged", merged.into or "")
    return ()


def deregister(record: _Record, event: EnterpriseDeregistered, ctx: Context) -> _Facts:
    """Once."""
    record = require_registered(record, ctx)
    gone = IDENTITY.of(record).deregistered
    if gone is not None and gone.index not in record.repudiated:
        raise Refused("enterprise.already_deregistered", "该企业已登记注销", "already deregistered", ctx.subject)
    return ()


def _code(given: str | None, ctx: Context) -> str | None:
    """The code of the enterprise: the subject id says it, unless that is opaque. Folded form only."""
    if given is not None and is_resident_number(given):
        raise Refused(RESIDENT_RULE, RESIDENT_ZH, RESIDENT_EN)
    scheme, _, name = ctx.subject.partition(":")
    if scheme != "local":
        if given is not None and given != name:
            raise Refused(
                "enterprise.code_of_subject",
                "代码与企业标识不一致",
                "the code is not that of the subject",
                given,
            )
        if scheme == "uscc" and is_individual(name):
            _opaque_and_sealed(ctx)
        return name
    if given is not None and fold_code(given) != given:
        raise Refused(
            "enterprise.code_not_folded",
            "代码须为半角大写，不含空格和连字符",
            "a code is written in upper case, without spaces or hyphens",
        )
    return given


def _opaque_and_sealed(ctx: Context) -> None:
    if not ctx.subject.startswith("local:") or not ctx.sealed:
        raise Refused(
            "enterprise.individual_opaque",
            "个体工商户（代码以 92 开头）的名称常为人名：须使用不透露代码的标识并密封登记",
            "individual businesses (codes that begin with 92) often bear a person's name: "
            "their subject is opaque (local:) and their registration sealed",
        )


def _checks_out(code: str, subject: str) -> bool:
    # older registration numbers of other lengths, behind an opaque id, have no check digit of this kind
    return checks_out(code) or not (subject.startswith("lei:") or len(code) == USCC_LENGTH)


def _is_overridden(record: _Record, code: str) -> bool:
    if record is None:
        return False
    return any(one.code == code and one.index not in record.repudiated for one in IDENTITY.of(record).overridden)


EVENTS: Final = (
    spec("enterprise", EnterpriseRegistered, ("organizer",), register, "either", body_public=never),
    spec("enterprise", EnterpriseRenamed, ("organizer",), rename, "either", body_public=never),
    spec("enterprise", EnterpriseSized, ("organizer",), resize),
    spec("enterprise", IdentifierOverridden, ("organizer",), override, "either", body_public=never),
    spec("enterprise", EnterpriseMerged, ("organizer",), merge),
    spec("enterprise", EnterpriseDeregistered, ("organizer",), deregister),
)
