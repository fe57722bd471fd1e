"""What the page of a complaint file shows: its clocks, steps and likely duplicates, and which acts may follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, NamedTuple

from api.desk.complaints.case_acts import ACTS
from api.desk.complaints.case_clocks import clocks_of, publishable_from, reply_of, reply_window_over
from api.desk.complaints.case_file import CaseFile
from api.desk.complaints.case_keeping import ComplaintFiles, OpenedCase
from api.desk.complaints.case_rules import allowed_outcomes, may_follow
from api.desk.complaints.case_steps import AnyStep, CaseRegistered, NoteWritten
from api.desk.complaints.case_words import CHANNELS, CLOCKS, ISSUES, OUTCOMES, REPLIES, STAGES, STEPS
from api.desk.complaints.enterprise_choice import EnterpriseOffer
from api.desk.complaints.legal_clock import LegalClock
from api.desk.complaints.legal_terms import LegalTerms, terms_on
from api.desk.complaints.outcome_statement import form_address
from api.desk.complaints.work_list import alert_of
from api.desk.roles import Officer
from api.http.enterprise_ids import name_of
from api.pages.rendering import Language, in_english
from api.pages.words import Word
from api.service.service import SHANGHAI, Service
from ledger.domain.state.complaint import OUTCOMES as OUTCOMES_ON_RECORD
from ledger.domain.values.personal_data import KIND_WORDS, screen
from ledger.errors import NotFound

__all__ = ["PATH", "ComplaintFileContent", "TriedAct", "content_of", "outcome_entry"]

PATH: Final = "/desk/complaints"


class ClockView(NamedTuple):
    word: Word
    clock: LegalClock
    alert: Word | None


class StepView(NamedTuple):
    """One line of the file's history; `private`: never for the parties. Times in Asia/Shanghai."""

    word: Word
    at: datetime
    by: str
    private: bool
    said: Sequence[tuple[Word, str]]


class DuplicateView(NamedTuple):
    """Another file, beside this one. `same_product`: they name the same one."""

    number: str
    stage: Word
    received_on: date
    product: str
    text: str
    complainant: str
    same_product: bool


@dataclass(frozen=True, slots=True)
class ComplaintFileContent:
    """`may`: the acts that can follow. `problems` and `typed` are of the form `act`; `notice` says why it was refused.

    `entry`: the outcome that the book has of this case. `form`: where it is signed, "" before it may be.
    """

    opened: OpenedCase
    case: str
    stage: Word
    enterprise: str | None
    name: str | None
    terms: LegalTerms | None = None
    clocks: Sequence[ClockView] = ()
    steps: Sequence[StepView] = ()
    hits: Sequence[tuple[Word, str]] = ()
    reply: Word | None = None
    outcome: Word | None = None
    duplicates: Sequence[DuplicateView] = ()
    may: frozenset[str] = frozenset()
    colleagues: Sequence[str] = ()
    outcomes: Mapping[str, Word] = field(default_factory=dict)
    issues: Mapping[str, Word] = field(default_factory=dict)
    channel: Word | None = None
    publishable_from: date | None = None
    form: str = ""
    entry: int | None = None
    today: date = date.min
    act: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, Word] = field(default_factory=dict)
    notice: Word | None = None
    offers: Sequence[EnterpriseOffer] = ()


class TriedAct(NamedTuple):
    """An act that was not done: its form, as it was sent, and why."""

    act: str
    typed: Mapping[str, str]
    problems: Mapping[str, Word]
    notice: Word | None
    offers: Sequence[EnterpriseOffer] = ()


def content_of(
    service: Service,
    files: ComplaintFiles,
    officer: Officer,
    opened: OpenedCase,
    tried: TriedAct | None,
    language: Language,
) -> ComplaintFileContent:
    """The file as this officer sees it; of a file whose key is gone only what stands beside it."""
    row, file = opened.row, opened.file
    known = None if row.subject is None else service.views.search.enterprise(row.subject)
    head = {
        "opened": opened,
        "case": row.case_id.hex(),
        "stage": STAGES[row.stage],  # type: ignore[index]  # the rules of the file write no other
        "enterprise": None if row.subject is None else name_of(row.subject),
        "name": None if known is None else known.name,
    }
    if file is None:
        return ComplaintFileContent(**head)  # type: ignore[arg-type]
    situation, today = files.situation(officer.party), service.today()
    rules = situation.rules
    may = frozenset(
        name
        for name, act in ACTS.items()
        if may_follow(file, act.kind, officer.officer)
        and (name != "take" or file.holder != officer.officer)
        and (name != "hand-over" or file.holder == officer.officer)
    )
    entry = outcome_entry(service, opened) if file.stage == "notified" else file.entry
    first = publishable_from(file, rules)
    signable = file.stage == "notified" and row.subject is not None and first is not None and first <= today
    registered = file.registered
    path = f"{PATH}/{row.number}"
    back = path if language == "zh" else in_english(path)
    return ComplaintFileContent(
        **head,  # type: ignore[arg-type]
        terms=terms_on(registered.received_on),
        clocks=[
            ClockView(
                CLOCKS[one.term], one, alert_of(one.due, rules.calendars, today) if one.ended_on is None else None
            )
            for one in clocks_of(file, rules)
        ],
        steps=[_step(one, language) for one in reversed(file.steps)],
        hits=_hits(registered),
        reply=REPLIES[reply_of(file, rules)] if reply_window_over(file, rules, today) else None,
        outcome=None if file.outcome is None else OUTCOMES[file.outcome],
        duplicates=_duplicates(file, files.near(opened)),
        may=may,
        colleagues=sorted(set(situation.colleagues) - {officer.officer}),
        outcomes={str(one): OUTCOMES[one] for one in allowed_outcomes(file, situation)},
        issues={str(name): word for name, word in ISSUES.items()},
        channel=CHANNELS[registered.channel],
        publishable_from=first,
        form=form_address(file, row.case_id.hex(), rules, back) if signable else "",
        entry=entry,
        today=today,
        **({} if tried is None else tried._asdict()),
    )


def _duplicates(file: CaseFile, others: Sequence[OpenedCase]) -> list[DuplicateView]:
    """The likeliest first: those that name the same product."""
    found = [
        DuplicateView(
            one.row.number,
            STAGES[one.row.stage],  # type: ignore[index]
            one.row.received_on,
            one.file.registered.product,
            one.file.registered.text,
            one.file.registered.contact.name,
            _alike(one.file.registered.product, file.registered.product),
        )
        for one in others
        if one.file is not None
    ]
    return sorted(found, key=lambda one: not one.same_product)


def _alike(one: str, other: str) -> bool:
    """Whether two names of products share half of their pairs of characters (Dice's coefficient)."""
    pairs = [{text[at : at + 2] for at in range(max(len(text) - 1, 1))} for text in (one.lower(), other.lower())]
    return 2 * len(pairs[0] & pairs[1]) >= (len(pairs[0]) + len(pairs[1])) / 2


def _hits(step: CaseRegistered) -> list[tuple[Word, str]]:
    """What in the complainant's words may be about a third person: for whoever reads, before anything is passed on."""
    return [(Word(*KIND_WORDS[hit.kind]), hit.masked) for text in (step.text, step.product) for hit in screen(text)]


_LABELS: Final[Mapping[str, Word]] = {
    "text": Word("内容", "said"),
    "ground": Word("理由", "ground"),
    "reason": Word("理由", "reason"),
    "replied_on": Word("答复日期", "replied on"),
    "notified_on": Word("告知企业的日期", "the enterprise was told on"),
    "delivery": Word("送达凭证", "proof of delivery"),
    "product_class": Word("产品类别", "product class"),
    "subject": Word("企业", "enterprise"),
    "to": Word("移交给", "to"),
    "entry": Word("记录", "entry"),
}


def _step(step: AnyStep, language: Language) -> StepView:
    name = step.__struct_config__.tag
    assert isinstance(name, str)
    said = (
        []
        if isinstance(step, CaseRegistered)
        else [
            (word, str(value))
            for field_, word in _LABELS.items()
            if (value := getattr(step, field_, None)) not in (None, "")
        ]
    )
    if (outcome := getattr(step, "outcome", None)) is not None:
        said.insert(0, (Word("结果", "outcome"), getattr(OUTCOMES[outcome], language)))
    at = datetime.fromtimestamp(step.at, SHANGHAI)
    return StepView(STEPS[name], at, step.by, isinstance(step, NoteWritten), said)


def outcome_entry(service: Service, opened: OpenedCase) -> int | None:
    """The entry by which this body registered this very case's outcome about this enterprise, from the book."""
    if opened.row.subject is None:
        return None
    try:
        record = service.record(opened.row.subject)
    except NotFound:
        return None
    keys, case = service.governance.keys, opened.row.case_id.hex()
    for index, outcome in OUTCOMES_ON_RECORD.of(record).by_entry.items():
        key = keys.get(outcome.kid)
        if outcome.case == case and index not in record.repudiated and key is not None and key.party == opened.row.body:
            return index
    return None
