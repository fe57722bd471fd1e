"""The single conditions on an entry that another one names. Each raises `Refused`, naming its rule."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.domain.rules.spec import Context
from ledger.domain.state.breach import BREACHES, Breach, corrections, root_of
from ledger.domain.state.complaint import OUTCOMES, outcome_root
from ledger.domain.state.finding import FINDINGS, Cited, is_annulled, rechecks
from ledger.domain.state.record import EnterpriseRecord, EntryRef
from ledger.errors import Refused

__all__ = ["another_officer", "counting_entry", "entry_of", "officer_of_no_version", "same_party"]


def entry_of(record: EnterpriseRecord | None, index: int, ctx: Context) -> EntryRef:
    """An entry of this stream."""
    ref = None if record is None else record.entries.get(index)
    if ref is None:
        raise Refused(
            "entry.not_in_stream",
            "该条记录不属于这家企业",
            "this entry is not in the stream of this enterprise",
            f"{index} in {ctx.subject}",
        )
    return ref


def counting_entry(record: EnterpriseRecord, index: int, ctx: Context) -> EntryRef:
    """An entry of this stream that was neither erased, nor repudiated, nor annulled."""
    ref = entry_of(record, index, ctx)
    if ref.type is None or index in record.erased or index in record.repudiated or is_annulled(record, index):
        raise Refused(
            "entry.counts_no_more",
            "该条记录已被否认、撤销，或其正文已删除，不再计入",
            "this entry counts no more: it was repudiated or annulled, or its body is erased",
            str(index),
        )
    return ref


def another_officer(kid: bytes, ctx: Context, rule: str) -> None:
    """Another person than the holder of the key `kid`, which signed what this is about."""
    if ctx.governance.officer(kid) == ctx.officer:
        raise Refused(
            rule,
            "须由另一名经办人作出",
            "this is for another officer than the one who recorded what it is about",
            ctx.officer,
        )


def officer_of_no_version(record: EnterpriseRecord, entry: int, ctx: Context, rule: str) -> None:
    """Another person than any who signed a version of what is decided on: the entry, its corrections, later looks."""
    for version in _versions_of(record, entry):
        another_officer(record.entries[version].kid, ctx, rule)


def same_party(ref: EntryRef, ctx: Context, rule: str) -> None:
    """The party that recorded the entry."""
    if ref.issuer != ctx.issuer:
        raise Refused(
            rule,
            f"须由作出该条记录的单位（{ref.issuer}）作出",
            f"this is for the body that made the record, {ref.issuer}",
            ctx.issuer,
        )


def _versions_of(record: EnterpriseRecord, entry: int) -> Iterator[int]:
    """The leaf indices of all versions of what an entry says: itself, what corrected it, later looks at a record.

    Repudiated ones too: somebody signed them.
    """
    yield entry
    outcome = outcome_root(record, entry)
    if outcome is not None:
        found = [outcome, *(one.index for one in OUTCOMES.of(record).by_entry[outcome].corrections)]
    else:
        found = [*_breaches(record, entry), *_looks(record, entry)]
    yield from (one for one in found if one != entry)


def _breaches(record: EnterpriseRecord, entry: int) -> Iterator[int]:
    breaches = BREACHES.of(record)
    root = root_of(breaches, entry)
    if isinstance(root, Breach):
        yield root.index
        yield from (one.index for one in corrections(breaches, root))


def _looks(record: EnterpriseRecord, entry: int) -> Iterator[int]:
    findings = FINDINGS.of(record)
    cited = findings.entries.get(entry)
    if isinstance(cited, Cited):
        yield from (one.index for one in rechecks(findings, cited, ()))
