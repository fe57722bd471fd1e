"""What may be said about self-declared standards."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from ledger.domain.events.base import Annex, PaperEvidence
from ledger.domain.events.declaration import BelowRecommendedNoted, StandardAbolished, StandardDeclared, StandardRevised
from ledger.domain.rules.declaration_conditions import check_content
from ledger.domain.rules.enterprise import require_registered
from ledger.domain.rules.spec import Context, UniqueFact, spec
from ledger.domain.state.declaration import STANDARDS, Declaration, Version
from ledger.domain.state.enterprise import ceased_by
from ledger.domain.state.record import EnterpriseRecord
from ledger.domain.values.standard_number import check_number, is_enterprise_number, number_key
from ledger.errors import Refused
from ledger.limits import STANDARD_NOTES_MAX, STANDARD_VERSIONS_MAX, STANDARDS_MAX, STANDARDS_PER_NUMBER_MAX

__all__ = ["EVENTS"]

_Facts = tuple[UniqueFact, ...]
_Record = EnterpriseRecord | None


def declare(record: _Record, event: StandardDeclared, ctx: Context) -> _Facts:
    """Under a number of its own; by the enterprise, or by the organizer on paper."""
    record = require_registered(record, ctx)
    _evidenced(event.evidence, ctx)
    _still_there(record, event.effective_on)
    check_content(event)
    _number_free(record, event.number, None)
    if len(STANDARDS.of(record).declared) >= STANDARDS_MAX:
        raise Refused(
            "standard.max",
            f"一家企业最多公开 {STANDARDS_MAX} 项标准",
            f"an enterprise declares {STANDARDS_MAX} standards at most",
        )
    return ()


def revise(record: _Record, event: StandardRevised, ctx: Context) -> _Facts:
    """A current declaration, not back in time."""
    record = require_registered(record, ctx)
    _evidenced(event.evidence, ctx)
    _still_there(record, event.effective_on)
    check_content(event)
    declaration = _current(record, event.declaration)
    _not_before(declaration.standing_versions(record.repudiated)[-1], event.effective_on)
    _number_free(record, event.number, declaration)
    if len(declaration.versions) >= STANDARD_VERSIONS_MAX:
        raise Refused(
            "standard.versions_max",
            f"一项标准最多公开 {STANDARD_VERSIONS_MAX} 个版本",
            f"a standard has {STANDARD_VERSIONS_MAX} versions at most",
        )
    return ()


def abolish(record: _Record, event: StandardAbolished, ctx: Context) -> _Facts:
    """A current declaration, not before its newest version."""
    record = require_registered(record, ctx)
    _evidenced(event.evidence, ctx)
    declaration = _current(record, event.declaration)
    _not_before(declaration.standing_versions(record.repudiated)[-1], event.effective_on)
    if len(declaration.abolitions) >= STANDARD_VERSIONS_MAX:
        raise Refused(
            "standard.abolitions_max",
            f"一项标准最多登记 {STANDARD_VERSIONS_MAX} 次废止",
            f"an abolition of one standard is recorded {STANDARD_VERSIONS_MAX} times at most",
        )
    return ()


def note(record: _Record, event: BelowRecommendedNoted, ctx: Context) -> _Facts:
    """To the version that was in force on the note's day; of one of its indicators; once."""
    record = require_registered(record, ctx)
    check_number(event.recommended)
    declaration = _declaration(record, event.version)
    version = _in_force(declaration, event.effective_on, record)
    if version is None or version.index != event.version:
        raise Refused(
            "standard.note_version",
            "须指明当日现行的版本" + ("" if version is None else f"：第 {version.index} 条记录"),
            "a note names the version that was in force on its day"
            + ("" if version is None else f", entry {version.index}"),
            str(event.version),
        )
    if event.indicator not in version.indicators and not version.open_ended:
        raise Refused(
            "standard.note_indicator",
            "该版本没有这项指标",
            "the version has no such indicator",
            event.indicator,
        )
    state = STANDARDS.of(record)
    entries = state.noted.get(version.index, ())
    if any(
        (one.indicator, one.recommended) == (event.indicator, event.recommended) and one.index not in record.repudiated
        for one in (state.notes[entry] for entry in entries)
    ):
        raise Refused(
            "standard.noted_already",
            "该指标低于这项推荐性标准已有登记",
            "that this indicator is below this standard is noted already",
            event.indicator,
        )
    if len(entries) >= STANDARD_NOTES_MAX:
        raise Refused(
            "standard.notes_max",
            f"一个版本最多登记 {STANDARD_NOTES_MAX} 条提示",
            f"a version has {STANDARD_NOTES_MAX} notes at most",
        )
    return ()


def _evidenced(evidence: PaperEvidence | None, ctx: Context) -> None:
    if not ctx.by_itself and evidence is None:
        raise Refused(
            "standard.evidence_missing",
            "组织方代为录入的标准须注明书面依据（文件和行号）",
            "a standard that the organizer records for an enterprise names its paper evidence, file and row",
        )


def _still_there(record: EnterpriseRecord, day: date) -> None:
    ceased = ceased_by(record, day)
    if ceased is not None:
        raise Refused(
            "standard.enterprise_gone",
            f"该企业已于 {ceased.effective_on} 合并或注销，不再公开标准",
            f"the enterprise was merged or deregistered on {ceased.effective_on} and declares no more standards",
            str(day),
        )


def _number_free(record: EnterpriseRecord, number: str, declaration: Declaration | None) -> None:
    """No other declaration of the enterprise has the number.

    A number of its own stays with the declaration that ever had it. An existing standard is free again once the
    enterprise has abolished its declaration, or moved on to another standard.
    """
    state = STANDARDS.of(record)
    key = number_key(number)
    others = [entry for entry in state.numbered.get(key, ()) if declaration is None or entry != declaration.entry]
    for entry in others:
        other = state.declared[entry]
        versions = other.standing_versions(record.repudiated)
        if is_enterprise_number(number):
            taken = any(number_key(version.number) == key for version in versions)
        else:
            ended = other.abolished(record.repudiated) is not None
            taken = bool(versions) and not ended and number_key(versions[-1].number) == key
        if taken:
            raise Refused(
                "standard.number_taken",
                f"该企业已用此编号公开标准（第 {entry} 条记录）：请修订该声明",
                f"the enterprise declared a standard under this number, by entry {entry}: revise that one",
                number,
            )
    if len(others) >= STANDARDS_PER_NUMBER_MAX:
        raise Refused(
            "standard.number_max",
            f"同一编号最多先后公开 {STANDARDS_PER_NUMBER_MAX} 次",
            f"one number is declared {STANDARDS_PER_NUMBER_MAX} times at most, one after the other",
            number,
        )


def _declaration(record: EnterpriseRecord, entry: int) -> Declaration:
    state = STANDARDS.of(record)
    began = state.began.get(entry)
    if began is None or not state.declared[began].standing_versions(record.repudiated):
        raise Refused(
            "standard.no_such_declaration",
            "该企业没有这项标准声明（或已被否认）",
            "this enterprise has no such declaration (or it was repudiated)",
            str(entry),
        )
    return state.declared[began]


def _current(record: EnterpriseRecord, entry: int) -> Declaration:
    declaration = _declaration(record, entry)
    abolition = declaration.abolished(record.repudiated)
    if abolition is not None:
        raise Refused(
            "standard.abolished_already",
            f"该标准已废止（第 {abolition.index} 条记录），不能再修订或废止",
            f"this standard was abolished by entry {abolition.index}: it is neither revised nor abolished again",
            str(entry),
        )
    return declaration


def _not_before(newest: Version, day: date) -> None:
    if day < newest.effective_on:
        raise Refused(
            "standard.before_newest_version",
            f"早于最新版本的日期 {newest.effective_on}",
            f"this would take effect before the newest version did, on {newest.effective_on}",
            str(day),
        )


def _in_force(declaration: Declaration, day: date, record: EnterpriseRecord) -> Version | None:
    abolition = declaration.abolished(record.repudiated)
    if abolition is not None and day >= abolition.on:
        return None
    versions = declaration.standing_versions(record.repudiated)
    return next((version for version in reversed(versions) if version.effective_on <= day), None)


def _annexes(event: Any) -> tuple[Annex, ...]:
    return () if event.annex is None else (event.annex,)


_BY_WHOM: Final = ("self", "organizer")
EVENTS: Final = (
    spec("enterprise", StandardDeclared, _BY_WHOM, declare, annexes=_annexes),
    spec("enterprise", StandardRevised, _BY_WHOM, revise, annexes=_annexes),
    spec("enterprise", StandardAbolished, _BY_WHOM, abolish),
    spec("enterprise", BelowRecommendedNoted, ("organizer", "regulator"), note, "sealed"),
)
