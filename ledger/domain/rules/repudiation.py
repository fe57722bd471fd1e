"""What may be disowned, and what may be erased."""

from __future__ import annotations

from typing import Final

from ledger.domain.events.repudiation import BodyErased, EntryMisattributed, StatementRepudiated
from ledger.domain.rules.entry_conditions import another_officer
from ledger.domain.rules.erasure import require_no_weight
from ledger.domain.rules.spec import Context, UniqueFact, spec
from ledger.domain.state.complaint import outcome_root
from ledger.domain.state.legal_hold import require_no_hold
from ledger.domain.state.record import EnterpriseRecord, EntryRef
from ledger.domain.values.subject import is_enterprise, parse
from ledger.errors import Malformed, Refused

__all__ = ["EVENTS"]

_FINAL: Final = frozenset(
    ("StatementRepudiated", "EntryMisattributed", "BodyErased", "LegalHoldPlaced", "LegalHoldReleased")
)
# what later events are found by: without them the record could not be folded again
_DATES_ONLY: Final = frozenset(("PledgePublished", "PledgeWithdrawn", "PledgeRevoked"))
# whoever can have said something about an enterprise, and the root
_SPEAKERS: Final = (
    "root",
    "organizer",
    "approver",
    "regulator",
    "laboratory",
    "handling_body",
    "data_officer",
    "self",
)
_Facts = tuple[UniqueFact, ...]
_Record = EnterpriseRecord | None


def repudiate(record: _Record, event: StatementRepudiated, ctx: Context) -> _Facts:
    """Of an entry of this stream, once: by the party that is said to have made it, by another officer, or the root."""
    _, ref = _disown(record, event.entry, ctx)
    if "root" in ctx.roles:
        return ()
    if ref.issuer != ctx.issuer:
        raise Refused(
            "repudiation.not_the_party",
            f"只能由被指作出该声明的单位（{ref.issuer}）或根主体否认",
            f"a statement is repudiated by the party that is said to have made it, {ref.issuer}, or by the root",
            ctx.issuer,
        )
    another_officer(ref.kid, ctx, "repudiation.same_officer")
    return ()


def misattribute(record: _Record, event: EntryMisattributed, ctx: Context) -> _Facts:
    """Of an entry of this stream, once; to another enterprise, if it is known to whom.

    By another officer than the one who signed it; a regulator's by the regulator or the root, whoever else's by an
    organizer that names its evidence.
    """
    _, ref = _disown(record, event.entry, ctx)
    _may_misattribute(ref, event, ctx)
    if event.belongs_to is None:
        return ()
    try:
        belongs_to = parse(event.belongs_to)
    except Malformed:
        belongs_to = ""
    if not is_enterprise(belongs_to) or belongs_to in ("", ctx.subject):
        raise Refused(
            "misattribution.belongs_to",
            "应写明另一家企业的主体编号",
            "an entry that is not this enterprise's belongs to another, named by its subject id",
            event.belongs_to,
        )
    return ()


def erase(record: _Record, event: BodyErased, ctx: Context) -> _Facts:
    """Of a body behind an entry of this stream that counts no more, once; of a correction only after its outcome."""
    record, ref = _entry(record, event.entry, ctx)
    if not ref.has_body:
        raise Refused(
            "erasure.not_sealed",
            "该条记录是公开声明，没有可删除的密封正文",
            "this entry is an open statement: it has no body to erase",
            str(event.entry),
        )
    if ref.sealed and ref.type in _DATES_ONLY:
        raise Refused(
            "erasure.dates_only",
            "该正文只含编码和日期，不含可删除的内容：请删除承诺本身的正文",
            "this body holds a code and dates only: erase the body of the pledge itself",
            str(event.entry),
        )
    if event.entry in record.erased:
        raise Refused("erasure.twice", "该正文已删除", "this body was erased already", str(event.entry))
    corrects = outcome_root(record, event.entry)
    if corrects is not None and corrects != event.entry:
        # erasing the correction alone would bring back what it corrected
        raise Refused(
            "erasure.outcome_first",
            f"请先删除被更正的办理结果（第 {corrects} 条记录），否则更正前的内容将重新生效",
            f"erase the outcome first (entry {corrects}): without its correction the old content would stand again",
            str(event.entry),
        )
    require_no_hold(record, event.entry)
    require_no_weight(record, event, ctx)
    return ()


def _may_misattribute(ref: EntryRef, event: EntryMisattributed, ctx: Context) -> None:
    if "root" in ctx.roles:
        return
    if "regulator" in ctx.governance.roles(ref.issuer) and ref.issuer != ctx.issuer:
        raise Refused(
            "misattribution.of_a_regulator",
            f"监管部门的记录只能由该部门（{ref.issuer}）或根主体认定为他人的记录",
            f"a regulator's entry is said to be about somebody else by that regulator, {ref.issuer}, or by the root",
            ctx.issuer,
        )
    if ref.issuer != ctx.issuer and "organizer" not in ctx.roles:
        raise Refused(
            "misattribution.other_party",
            "只能由作出该记录的单位、组织方或根主体认定",
            "this is for the party that made the entry, for an organizer, or for the root",
            ctx.issuer,
        )
    if event.evidence is None and ref.issuer != ctx.issuer:
        raise Refused(
            "misattribution.evidence_missing",
            "认定他方的记录属于另一企业，须注明书面依据",
            "that another party's entry is about somebody else rests on paper evidence, which is named",
        )
    another_officer(ref.kid, ctx, "misattribution.same_officer")


def _disown(record: _Record, entry: int, ctx: Context) -> tuple[EnterpriseRecord, EntryRef]:
    record, ref = _entry(record, entry, ctx)
    if entry in record.repudiated:
        raise Refused("repudiation.twice", "该条记录已被否认", "this entry was repudiated already", str(entry))
    if ref.type in _FINAL:
        raise Refused(
            "repudiation.final",
            "否认、删除和保全的记录本身不能被否认",
            "a repudiation, an erasure or a legal hold cannot be repudiated itself",
            str(entry),
        )
    return record, ref


def _entry(record: _Record, index: int, ctx: Context) -> tuple[EnterpriseRecord, EntryRef]:
    ref = None if record is None else record.entries.get(index)
    if record is None or ref is None:
        raise Refused(
            "entry.not_in_stream",
            "该条记录不属于这家企业",
            "this entry is not in the stream of this enterprise",
            f"{index} in {ctx.subject}",
        )
    return record, ref


EVENTS: Final = (
    spec("enterprise", StatementRepudiated, _SPEAKERS, repudiate),
    spec("enterprise", EntryMisattributed, ("organizer", "regulator", "root"), misattribute),
    spec("enterprise", BodyErased, ("data_officer",), erase),
)
