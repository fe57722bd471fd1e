"""One sound row on its way into the book: what to send next, and what the answers mean. Pure: no network.

    enterprise ──► pledge ──► publication        enterprise ──► outcome

All of a row's statements go in one batch, in this order. Two things can make another round necessary: the
publication's code was taken (the next serial is tried), or the content was registered by an earlier import,
under another statement than ours, which has to be looked at (`wants`, `meet`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Literal

from api.importing.batch_answers import Answer
from api.importing.duplicates import says_the_same
from api.importing.import_report import RowReason, RowReport, Status
from api.importing.row_plan import PledgeWork, RowPlan, SingleWork, Work
from api.importing.signing import Scribe, SignedItem, published_code
from ledger.cose.statement import Statement, decode_event, parse_statement
from ledger.domain.events.base import Annex
from ledger.domain.events.declaration import StandardDeclared, StandardRevised
from ledger.domain.events.pledge import PledgePublished
from ledger.domain.values.dates import shanghai_date
from ledger.errors import LedgerError
from ledger.limits import IMPORT_ROUNDS_MAX

__all__ = ["RowProgress"]

Step = Literal["enterprise", "content", "publication"]

_LATE: Final = "recording.late"
_SERIALS_TRIED: Final = 16
_CODE_TAKEN: Final = "pledge.code_taken"
_ANNEX_MISSING: Final = "annex.missing"
_ENTERPRISE_KNOWN: Final = "enterprise.already_registered"


class RowProgress:
    """How far one row is on its way into the book.

    `report` is None until the row's fate is known. `register`: whether the enterprise has to be entered first.

    `wants`: the entry that has to be fetched and given to `meet` before the next round. `lacks`: the annex that has
    to be uploaded before it (`supplied`, or `refuse`). `busy`: the service
    had no room in the last round.
    """

    def __init__(self, plan: RowPlan, work: Work, *, register: bool) -> None:
        self.plan = plan
        self.work = work
        self.report: RowReport | None = None
        self.wants: int | None = None
        self.lacks: Annex | None = None
        self.busy = False
        self._register = register
        self._content_due = True
        self._content_id: bytes | None = None  # SHA-256 of the statement that the book has
        self._old_entry: int | None = None
        self._old_publication: int | None = None
        self._code: str | None = None
        self._late = False
        self._same: bool | None = None
        self._published = isinstance(work, SingleWork)
        self._probe = 0
        self._rounds = 0
        self._fresh = False
        self._entries: list[int] = []
        self._sent: list[tuple[Step, SignedItem]] = []
        self._made: dict[tuple[Step, bytes | None, int], SignedItem] = {}  # the same bytes, if sent again

    def items(self, scribe: Scribe) -> list[SignedItem]:
        """What to send in this round; nothing where the row's fate is known, or `wants` comes first."""
        self._sent = []
        if self.lacks is not None:
            return []
        was_busy, self.busy = self.busy, False
        self._rounds += 1
        if self.report is not None or self.wants is not None:
            return []
        if self._rounds > IMPORT_ROUNDS_MAX:
            if was_busy:
                self.leave("the service stays busy")
            else:
                self._end("refused", RowReason("import.rounds", "多次尝试后仍未成功", "did not succeed in many rounds"))
            return []
        try:
            if self._register:
                self._add("enterprise", scribe)
            if self._content_due:
                self._add("content", scribe)
            if not self._published:
                self._add("publication", scribe)
        except LedgerError as error:
            self._sent = []
            self._end(
                "refused", RowReason("statement.malformed", f"无法成为声明：{error}", f"makes no statement: {error}")
            )
        return [item for _, item in self._sent]

    @property
    def sent(self) -> int:
        """How many items this round has."""
        return len(self._sent)

    def take(self, answers: Sequence[Answer]) -> None:
        """What the service said to `items`, in order."""
        for (step, item), answer in zip(self._sent, answers, strict=True):
            if answer.busy:
                self.busy = True
                return  # what came after it was judged without it: all of that is sent again
            if answer.status == "pending":
                why = RowReason("import.pending", "在待发布区等候，未登记", "waits at the desk; it is not registered")
                self._end("flagged", why)
            elif step == "enterprise":
                self._take_enterprise(answer)
            elif step == "content":
                self._take_content(item, answer)
            else:
                self._take_publication(answer)
            if self.report is not None:
                return
        self._settle()

    def meet(self, scribe: Scribe, statement: bytes, body: Callable[[], bytes | None]) -> None:
        """Look at the entry that was wanted: does it say what this row says? Raises `Malformed`, `Refuted`.

        `body` is called if it is sealed and only its body can tell; it gives None where that is not public.
        """
        wanted, self.wants = self.wants, None
        old = parse_statement(statement)
        if wanted == self._old_publication:
            self._code = self._published_as(scribe, old)
            self._old_publication = None
            self._settle()
            return
        closed = False
        if not self._same:
            self._same, closed = says_the_same(self.work, scribe, old, body)
        if self._same:
            self._content_id = old.statement_id
            self._settle()
            return
        zh = f"以前已登记为第 {self._old_entry} 条，内容不同"
        en = f"registered before as entry {self._old_entry} with other content"
        if closed:
            zh, en = (
                zh + "，或来自另一名单（正文不公开，无法比较）",
                en + ", or from another file: its body is not public",
            )
        self._end("flagged", RowReason("import.other_content", zh, en))

    def supplied(self) -> None:
        """The annex that it lacked was uploaded."""
        self.lacks = None

    def refuse(self, reason: RowReason) -> None:
        """What it lacks cannot be had."""
        self.lacks = None
        self._end("refused", reason)

    def leave(self, why: str) -> None:
        """The import ends before this row's fate is known."""
        if self.report is None:
            zh = f"导入中断，结果未知，请重新导入：{why}"
            self._end("not sent", RowReason("import.stopped", zh, f"the import stopped; run it again: {why}"))

    def _add(self, step: Step, scribe: Scribe) -> None:
        key = (step, self._content_id, self._probe) if step == "publication" else (step, None, int(self._late))
        if key not in self._made:
            self._made[key] = self._make(step, scribe)
        self._sent.append((step, self._made[key]))

    def _make(self, step: Step, scribe: Scribe) -> SignedItem:
        if step == "enterprise":
            return scribe.enterprise(self.work)
        if step == "content":
            return scribe.content(self.work, late=self._late)
        assert isinstance(self.work, PledgeWork)  # an outcome counts as published from the start
        return scribe.publication(self.work, self._content_id or self._sent[-1][1].statement_id, self._probe)

    def _take_enterprise(self, answer: Answer) -> None:
        if answer.registered and answer.entry is not None:
            self._entries.append(answer.entry)
        if answer.registered or answer.known or answer.rule == _ENTERPRISE_KNOWN:
            self._register = False
        else:
            self._refuse(answer)

    def _take_content(self, item: SignedItem, answer: Answer) -> None:
        if answer.registered:
            self._content_due = False
            self._content_id = item.statement_id
            self._note(answer)
        elif answer.known:
            self._content_due = False
            self._old_entry = answer.entry
            self._same = answer.payload_sha256 == item.payload_sha256
        elif answer.rule == _LATE and isinstance(self.work, SingleWork) and self.work.late_ground and not self._late:
            self._late = True
        elif answer.rule == _ANNEX_MISSING and (annex := _annex_of(self.work)) is not None:
            self.lacks = annex
        else:
            self._refuse(answer)

    def _take_publication(self, answer: Answer) -> None:
        if answer.registered:
            self._published = True
            if isinstance(self.work, PledgeWork):
                self._code = published_code(self.work, self._probe)
            self._note(answer)
        elif answer.known:
            self._published = True
            self._old_publication = answer.entry
        elif answer.rule == _CODE_TAKEN and not self._given_code:
            self._probe += 1
        elif self._content_id is not None:  # else it named our own pledge, which the book has under another id
            self._refuse(answer)

    def _settle(self) -> None:
        if self._old_entry is not None and self._content_id is None:
            self.wants = self._old_entry
        elif self._content_id is not None and self._published and self._old_publication is not None:
            self.wants = self._old_publication
        elif self._content_id is not None and self._published:
            given = self._given_code
            if given is not None and self._code not in (None, given):
                zh, en = f"账本中的承诺编码为 {self._code}", f"the book has this pledge under the code {self._code}"
                self._end("flagged", RowReason("import.other_code", zh, en))
            else:
                self._end("accepted" if self._fresh else "already registered")

    @property
    def _given_code(self) -> str | None:
        return self.work.given_code if isinstance(self.work, PledgeWork) else None

    def _published_as(self, scribe: Scribe, old: Statement) -> str | None:
        """The code of an earlier publication. A sealed one is made again as it was then, serial by serial."""
        work = self.work
        assert isinstance(work, PledgeWork)  # nothing else is published
        if not old.sealed:
            said = decode_event(old)
            return said.code if isinstance(said, PledgePublished) else None
        then = shanghai_date(old.iat)
        for step in range(_SERIALS_TRIED):
            item = scribe.publication(work, self._content_id or b"", step, then)
            if parse_statement(item.statement).payload == old.payload:
                return published_code(work, step)
        return None

    def _note(self, answer: Answer) -> None:
        """A statement of ours is in the book: by this run, unless an earlier one had sent the very same bytes."""
        if answer.entry is not None:
            self._entries.append(answer.entry)
        if answer.status == "registered" or answer.repeated or self._rounds > 1:
            self._fresh = True

    def _refuse(self, answer: Answer) -> None:
        self._end("refused", RowReason(answer.rule or "unknown", answer.zh, answer.en))

    def _end(self, status: Status, *reasons: RowReason) -> None:
        plan = self.plan
        entries = [*self._entries, *([] if self._old_entry is None else [self._old_entry])]
        code = self._code if status in ("accepted", "already registered") else None
        subject = self.work.who.subject
        self.report = RowReport(plan.row, plan.name, plan.code, status, reasons, subject, tuple(entries), code)


def _annex_of(work: Work) -> Annex | None:
    event = work.event if isinstance(work, SingleWork) else None
    return event.annex if isinstance(event, StandardDeclared | StandardRevised) else None
