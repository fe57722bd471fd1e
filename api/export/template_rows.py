"""Records → rows of the national templates. Pure. The last column names the entries that a row is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final, TypeVar

from api.export.book_reader import Exported
from api.importing import outcome_template
from api.importing import pledge_template as template
from api.importing import standards_table as declarations
from api.importing.already_registered import as_it_stands
from api.importing.cell_lists import indicators_text, join
from api.importing.table_reader import ENTRIES
from api.importing.table_writer import WritableCell
from ledger.domain.events.base import Event
from ledger.domain.events.complaint import ComplaintOutcomeRecorded
from ledger.domain.events.declaration import StandardAbolished, StandardDeclared, StandardRevised
from ledger.domain.events.pledge import FulfilmentAssessed, PledgeMade
from ledger.domain.state.complaint import OUTCOMES
from ledger.domain.state.declaration import STANDARDS
from ledger.domain.state.enterprise import registration_of, size_on
from ledger.domain.state.pledge import PLEDGES
from ledger.domain.state.pledge_state import PledgeState
from ledger.domain.state.public_pledges import PublicPledge, public_pledges

__all__ = ["PLEDGE_STATES", "TABLES", "table_rows"]

Row = Mapping[str, WritableCell]
T = TypeVar("T")

STATE: Final = "承诺状态"
IN_FORCE: Final = "当前有效"
PLEDGE_STATES: Final = ("未生效", "有效", "已到期", "已撤回", "已撤销")
_PLEDGES: Final = (*template.HEADER, template.PLEDGE_CODE, STATE, ENTRIES)
# What the national template has no column for stands behind it: without it an import could not tell the row again.
_NATIONAL: Final = (
    *template.NATIONAL_HEADER, template.SCOPE, template.DIVISION, template.INDUSTRY, template.SIZE,
    template.PERIOD_FROM, template.PERIOD_UNTIL, ENTRIES,
)  # fmt: skip
_DECLARATIONS: Final = (*declarations.HEADER[:-2], IN_FORCE, declarations.ANNEX, ENTRIES)


def table_rows(kind: str, book: Iterable[Exported], today: date, campaign: str | None) -> Iterator[list[WritableCell]]:
    """The header, then a row for each of what `TABLES` has under `kind`, an enterprise of the book after the other.

    `campaign`: only pledges made for it, and what is about enterprises that made one.
    """
    header, rows_of = TABLES[kind]
    yield list(header)
    number = 0
    for one in book:
        if campaign is not None and campaign not in PLEDGES.of(one.record).by_campaign:
            continue
        for row in rows_of(one, today, campaign):
            number += 1
            numbered = {template.NUMBER: number, **row}
            yield [numbered.get(column) for column in header]


def _pledges(one: Exported, today: date, campaign: str | None) -> Iterator[Row]:
    """Public pledges as they stand, corrections in their place. What was repudiated is not among them."""
    sizes, registration = _words(template.SIZES), registration_of(one.record)
    for pledge in _counting(one, campaign):
        terms = pledge.state.terms
        entries = _entries_of(pledge, one)
        made = as_it_stands([one.events[index] for index in entries if index in one.events])
        if terms is None or not isinstance(made, PledgeMade):
            continue
        yield {
            **_enterprise(one, today, template.NAME, template.CODE),
            template.CATEGORY: template.INDIVIDUAL if _individual(one) else template.ORGANIZATION,
            template.DIVISION: None if registration is None else registration.division,
            template.INDUSTRY: None if registration is None else registration.industry,
            template.SIZE: sizes.get(size_on(one.record, today)),
            template.KIND: template.SELF_DISCIPLINE,
            template.SCOPE: _words(template.SCOPES)[made.scope],
            template.REASON: made.reason,
            template.CONTENT: made.content,
            template.LIABILITY: made.liability,
            template.MADE_ON: made.made_on,
            template.VALID_UNTIL: made.valid_until,
            template.BODY: made.accepting_body,
            template.BODY_CODE: made.accepting_code,
            template.DISCLOSURE: _words(template.DISCLOSURES)[made.disclosure],
            template.REMARK: made.remark,
            template.PLEDGE_CODE: pledge.publication.code,
            STATE: _state(pledge, today),
            ENTRIES: _named(entries),
        }


def _national(one: Exported, today: date, campaign: str | None) -> Iterator[Row]:
    """Public pledges, each with its last assessment, if that is public."""
    assessed: dict[WritableCell, Row] = {}
    for row in _fulfilment(one, today, campaign):
        assessed[row[template.PLEDGE_CODE]] = row
    for row in _pledges(one, today, campaign):
        last = assessed.get(row[template.PLEDGE_CODE], {})
        yield {
            **row,
            **last,
            template.NATIONAL_ASSESSED_ON: last.get(template.ASSESSED_ON),
            template.NATIONAL_ASSESSOR: last.get(template.ASSESSOR),
            template.NATIONAL_ASSESSOR_CODE: last.get(template.ASSESSOR_CODE),
            ENTRIES: " ".join(str(part[ENTRIES]) for part in (row, last) if part),
        }


def _fulfilment(one: Exported, today: date, campaign: str | None) -> Iterator[Row]:
    """Assessments of public pledges, as long as they are public themselves."""
    for pledge in _counting(one, campaign):
        for assessment in pledge.assessments:
            said = one.events.get(assessment.index)
            if not isinstance(said, FulfilmentAssessed):
                continue
            yield {
                **_enterprise(one, today, template.NAME, template.CODE),
                template.PLEDGE_CODE: said.code,
                template.FULFILLED: _words(template.RESULTS)[said.result],
                template.UNMET: said.unmet,
                template.ACCOUNTABILITY: said.accountability,
                template.ASSESSED_ON: said.effective_on,
                template.ASSESSOR: said.assessor,
                template.ASSESSOR_CODE: said.assessor_code,
                template.PERIOD_FROM: said.period_from,
                template.PERIOD_UNTIL: said.period_until,
                ENTRIES: _named([assessment.index]),
            }


def _declarations(one: Exported, today: date, campaign: str | None) -> Iterator[Row]:
    """Every version of every standard, and abolitions, in the order of their entries."""
    gone = one.record.repudiated
    for declaration in STANDARDS.of(one.record).declared.values():
        versions = declaration.standing_versions(gone)
        abolished = declaration.abolished(gone)
        for place, version in enumerate(versions, start=1):
            said = one.events.get(version.index)
            if isinstance(said, StandardDeclared | StandardRevised):
                in_force = place == len(versions) and (abolished is None or today < abolished.on)
                yield _version(one, today, version.index, said, versions[place - 2].number if place > 1 else None) | {
                    IN_FORCE: "是" if in_force else "否"
                }
        ended = None if abolished is None else one.events.get(abolished.index)
        if abolished is not None and isinstance(ended, StandardAbolished) and versions:
            yield {
                **_enterprise(one, today, declarations.NAME, declarations.CODE),
                declarations.NUMBER: versions[-1].number,
                declarations.DECLARED_ON: ended.effective_on,
                declarations.ACTION: "废止",
                declarations.REASON: ended.reason,
                IN_FORCE: "否",
                ENTRIES: _named([abolished.index]),
            }


def _version(
    one: Exported, today: date, index: int, said: StandardDeclared | StandardRevised, former: str | None
) -> dict[str, WritableCell]:
    products = said.products
    return {
        **_enterprise(one, today, declarations.NAME, declarations.CODE),
        declarations.NUMBER: said.number,
        declarations.TITLE: said.title,
        declarations.EXECUTED: join(said.executed),
        declarations.PRODUCT: join([product.name for product in products]),
        declarations.MODEL: join([product.model for product in products]),
        declarations.CLASS: join([product.product_class for product in products]),
        declarations.BRAND: join([product.brand for product in products]),
        declarations.BARCODE: join([product.barcode for product in products]),
        declarations.INDICATORS: indicators_text(said.indicators),
        declarations.PUBLISHED_ON: said.published_on,
        declarations.IMPLEMENTED_ON: said.implemented_on,
        declarations.DECLARED_ON: said.effective_on,
        declarations.ACTION: "修订" if isinstance(said, StandardRevised) else "现行",
        declarations.FORMER: former,
        declarations.ANNEX: None if said.annex is None else said.annex.sha256,
        ENTRIES: _named([index]),
    }


def _outcomes(one: Exported, today: date, campaign: str | None) -> Iterator[Row]:
    """Outcomes as they stand, as long as they are public; what a correction took back is not among them."""
    header = outcome_template.HEADER
    for index, outcome in sorted(OUTCOMES.of(one.record).by_entry.items()):
        corrections = [fix for fix in outcome.corrections if fix.index not in one.record.repudiated]
        entries = [index, *(fix.index for fix in corrections)]
        events: list[Event] = [one.events[entry] for entry in entries if entry in one.events]
        if index in one.record.repudiated or len(events) < len(entries) or (corrections and corrections[-1].void):
            continue
        said = as_it_stands(events)
        if not isinstance(said, ComplaintOutcomeRecorded):
            continue
        who = _enterprise(one, today, header[1], header[2])
        cells: Sequence[WritableCell] = (
            said.case, who[header[1]], who[header[2]], said.channel, said.product_class, said.issue, said.received,
            said.accepted, said.forwarded, said.reply_due, said.replied, said.closed,
            outcome_template.REPLY_WORDS[said.reply], outcome_template.OUTCOME_WORDS[said.outcome], said.reason,
            "是" if said.substantive_reply else "否", said.notified_on, said.effective_on, said.pledge,
            join(said.clauses), said.fact_id, _named(entries),
        )  # fmt: skip
        yield dict(zip(header, cells, strict=True))


TABLES: Final[Mapping[str, tuple[Sequence[str], Callable[[Exported, date, str | None], Iterator[Row]]]]] = {
    "pledges": (_PLEDGES, _pledges),
    "national": (_NATIONAL, _national),
    "fulfilment": (template.FULFILMENT_HEADER, _fulfilment),
    "declarations": (_DECLARATIONS, _declarations),
    "outcomes": (outcome_template.HEADER, _outcomes),
}


def _counting(one: Exported, campaign: str | None) -> Iterator[PublicPledge]:
    for pledge in public_pledges(PLEDGES.of(one.record), one.record.repudiated):
        terms = pledge.state.terms
        if not pledge.repudiated and terms is not None and campaign in (None, terms.campaign):
            yield pledge


def _entries_of(pledge: PublicPledge, one: Exported) -> list[int]:
    """The pledge, its publication, and the corrections that stand."""
    state: PledgeState = pledge.state
    corrected = [slip.index for slip in state.replacements if slip.index not in one.record.repudiated]
    made = [] if state.terms is None else [state.terms.index]
    return [*made, pledge.publication.index, *corrected]


def _enterprise(one: Exported, today: date, name: str, code: str) -> dict[str, WritableCell]:
    """Name, and the code or, for who has none that is public, the subject id."""
    subject = one.record.subject
    return {name: one.name_on(today), code: subject.removeprefix("uscc:")}


def _individual(one: Exported) -> bool:
    return one.record.subject.startswith("local:individual/")


def _state(pledge: PublicPledge, today: date) -> str:
    if today < pledge.from_on:
        return PLEDGE_STATES[0]
    if today <= pledge.last_day:
        return PLEDGE_STATES[1]
    if pledge.end is None or pledge.end.ends_on > pledge.valid_until:
        return PLEDGE_STATES[2]
    return PLEDGE_STATES[3] if pledge.end.how == "withdrawn" else PLEDGE_STATES[4]


def _words(words: Mapping[str, T]) -> dict[T | None, str]:
    """A closed list of the template, from what it means to how it is written."""
    return {meaning: word for word, meaning in words.items()}


def _named(entries: Sequence[int]) -> str:
    return " ".join(str(entry) for entry in entries)
