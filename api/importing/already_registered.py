"""Rows that say which entries they are (as exported ones do): compared with those, and never sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import structs

from api.importing.cells import text_of
from api.importing.duplicates import bare
from api.importing.import_report import RowReason, RowReport, Status
from api.importing.row_plan import PledgeWork, RowPlan, SingleWork, Work
from ledger.cose.statement import decode_event, parse_statement
from ledger.domain.events.base import Closed, Event
from ledger.domain.events.complaint import ComplaintOutcomeCorrected, ComplaintOutcomeRecorded
from ledger.domain.events.declaration import StandardAbolished, StandardDeclared, StandardRevised
from ledger.domain.events.pledge import FulfilmentAssessed, PledgeMade, PledgePublished, PledgeReplaced
from ledger.errors import NotFound

__all__ = ["as_it_stands", "recognised"]


def recognised(
    plan: RowPlan, work: Work, statement: Callable[[int], bytes], body: Callable[[int], bytes | None]
) -> RowReport:
    """`already registered` if the entries that the row names say together what it says, else `flagged`.

    `statement` fetches an entry (`NotFound` where there is none), `body` a sealed one's body, None if not public.
    """

    def end(*reasons: RowReason, code: str | None = None) -> RowReport:
        status: Status = "flagged" if reasons else "already registered"
        return RowReport(plan.row, plan.name, plan.code, status, reasons, work.who.subject, plan.entries, code)

    events: list[Event] = []
    for index in plan.entries:
        try:
            found = parse_statement(statement(index))
        except NotFound:
            return end(RowReason("import.no_such_entry", f"账本中没有第 {index} 条", f"the book has no entry {index}"))
        if found.subject != work.who.subject:
            return end(
                RowReason(
                    "import.other_subject", f"第 {index} 条属于另一企业", f"entry {index} is about another enterprise"
                )
            )
        event = decode_event(found, body(index) if found.sealed else None)
        if isinstance(event, Closed):
            return end(
                RowReason(
                    "import.closed",
                    f"第 {index} 条的正文不公开，无法比较",
                    f"the body of entry {index} is not public, so that nothing can be compared",
                )
            )
        events.append(event)
    said = as_it_stands(events)
    code = next((event.code for event in events if isinstance(event, PledgePublished)), None)
    if said is None or _words(_ours(work, said)) != _words(said) or not _assessed_so(plan, code, events):
        return end(
            RowReason(
                "import.other_content",
                f"与账本第 {'、'.join(map(str, plan.entries))} 条内容不同",
                f"says something else than entry {', '.join(map(str, plan.entries))}",
            )
        )
    return end(code=code)


def _assessed_so(plan: RowPlan, code: str | None, events: Sequence[Event]) -> bool:
    """Whether the columns of an assessment, and the pledge's code, say what the entries do, where there are any."""
    given = plan.work.given_code if isinstance(plan.work, PledgeWork) else None
    if given is not None and given != code:
        return False
    assessments = [event for event in events if isinstance(event, FulfilmentAssessed)]
    if not isinstance(plan.work, PledgeWork):
        return True
    if plan.then is None or code is None:
        return not assessments
    work = plan.then(code)
    return isinstance(work, SingleWork) and any(_words(work.event) == _words(one) for one in assessments)


def as_it_stands(events: Sequence[Event]) -> Event | None:
    """What the first of these says, with the corrections among the others in place of what they correct."""
    if not events:
        return None
    said = events[0]
    for event in events[1:]:
        if isinstance(event, PledgeReplaced) and isinstance(said, PledgeMade):
            given = {name: getattr(event, name) for name in ("reason", "content", "liability", "valid_until")}
            said = structs.replace(said, **{name: value for name, value in given.items() if value is not None})
        elif isinstance(event, ComplaintOutcomeCorrected) and isinstance(said, ComplaintOutcomeRecorded):
            given = {
                name: getattr(event, name)
                for name in ("reply", "outcome", "substantive_reply", "reason", "clauses", "fact_id")
            }
            said = structs.replace(said, **given)
    return said


def _ours(work: Work, said: Event) -> Event:
    """What the row says, with what no table says taken from the entry: clauses by
    their words, annexes, the declaration that a new version or an abolition is about."""
    ours = work.event if isinstance(work, SingleWork) else work.pledge
    if isinstance(ours, PledgeMade) and isinstance(said, PledgeMade):
        return structs.replace(ours, clauses=said.clauses, campaign=said.campaign)
    if isinstance(ours, ComplaintOutcomeRecorded) and isinstance(said, ComplaintOutcomeRecorded):
        return structs.replace(ours, case=work.key[-1])  # the book's own name of the case, not one derived anew
    if isinstance(ours, StandardDeclared | StandardRevised) and isinstance(said, StandardDeclared | StandardRevised):
        ours = structs.replace(ours, annex=said.annex)
    if isinstance(ours, StandardRevised | StandardAbolished) and type(said) is type(ours):
        ours = structs.replace(ours, declaration=said.declaration)
    return ours


def _words(event: Event) -> dict[str, Any]:
    """The event's fields as a table can hold them: texts trimmed, what is empty left out."""
    event = structs.replace(bare(event), legal_basis=None)
    folded = _folded(msgspec.to_builtins(event))
    assert isinstance(folded, dict)  # a struct is one
    return folded


def _folded(value: Any) -> Any:
    if isinstance(value, str):
        return text_of(value)
    if isinstance(value, dict):
        inner = {name: _folded(one) for name, one in value.items()}
        return {name: one for name, one in inner.items() if one not in ("", None, [], ())}
    if isinstance(value, list | tuple):
        return [_folded(one) for one in value]
    return value
