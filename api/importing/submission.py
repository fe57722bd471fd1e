"""Takes planned rows through the service in batches. A row's fate never depends on another row's.

While one batch is under way the next is signed. What a stop leaves behind: the batch that was under way is in
the book, or not; run again, its rows are found by the names of their statements.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from api.importing.already_registered import recognised
from api.importing.annex_folder import AnnexFolder
from api.importing.batch_answers import Answer
from api.importing.book_names import other_name
from api.importing.import_report import RowReason, RowReport, Status, reasons_of
from api.importing.row_plan import RowPlan
from api.importing.row_progress import RowProgress
from api.importing.service_client import ImportClient
from api.importing.signing import Scribe
from api.importing.validation_errors import Unreadable
from ledger.errors import Busy, LedgerError, Malformed, NotFound, Refused, Unavailable
from ledger.limits import IMPORT_ANNEXES_BYTES_MAX, IMPORT_BATCH_ROWS_MAX, IMPORT_WAIT_SECONDS_MAX

__all__ = ["ImportRun", "Pauses", "Progress", "Sending", "unsent"]

Progress = Callable[[int, int], None]  # rows whose fate is known, rows

STOPPED: Final = "stopped by the operator"


def unsent(plan: RowPlan) -> RowReport:
    """Of a row that was not sent: its flaws kept it out, or the import ended before it."""
    subject = plan.work.who.subject if plan.work else None
    if plan.flaws:
        refused = any(flaw.verdict == "refused" for flaw in plan.flaws)
        status: Status = "refused" if refused else "flagged"
        return RowReport(plan.row, plan.name, plan.code, status, reasons_of(plan.flaws), subject)
    why = RowReason("import.stopped", "导入中断，本行未发送", "the import stopped before this row was sent")
    return RowReport(plan.row, plan.name, plan.code, "not sent", (why,), subject)


@dataclass(frozen=True, slots=True)
class ImportRun:
    """How an import runs: with `dry_run` everything is done but sending; `progress` hears how far it is.

    `clock` in Unix seconds. `sleep` waits where the service is busy; None: as long as nobody stops it (`Pauses`).
    """

    dry_run: bool = False
    progress: Progress = lambda done, total: None
    clock: Callable[[], int] = lambda: int(time.time())
    sleep: Callable[[float], None] | None = None


class Pauses:
    """Waiting for a busy service, which a stop ends. `sleep` is waited by instead, where it is given."""

    def __init__(self, sleep: Callable[[float], None] | None = None) -> None:
        self._stopped = threading.Event()
        self._sleep = sleep or self._wait

    def begin(self) -> None:
        """What was stopped before may wait again."""
        self._stopped.clear()

    def stop(self) -> None:
        """No more is to be waited for."""
        self._stopped.set()

    def wait(self, seconds: float) -> None:
        """Raises `Unavailable` where it is stopped meanwhile."""
        self._sleep(seconds)

    def _wait(self, seconds: float) -> None:
        if self._stopped.wait(seconds):
            raise Unavailable(STOPPED)


class Sending:
    """One report stands at each plan's place, whatever happens. `scribes`: by the plans' `naming`. `pauses` are
    stopped when no more is to be waited for."""

    def __init__(
        self,
        plans: Sequence[RowPlan],
        service: ImportClient,
        scribes: Sequence[Scribe],
        annexes: AnnexFolder,
        run: ImportRun,
        pauses: Pauses,
    ) -> None:
        self._plans = plans
        self._service = service
        self._scribes = scribes
        self._annexes = annexes
        self._run = run
        self._pauses = pauses
        self._courses: dict[int, RowProgress] = {}  # by place of the plan
        self._recognised: dict[int, RowReport] = {}  # likewise
        self._misnamed: dict[int, RowPlan] = {}  # likewise, with the flaw
        self._entered: set[str] = set()  # subjects that this run has registered: the service's view may lag
        self._flight: tuple[list[RowProgress], Future[list[Answer]]] | None = None
        self._done = 0

    def go(self) -> str | None:
        """Send everything; why it ended early, or None."""
        places = [place for place, plan in enumerate(self._plans) if plan.sound or plan.override]
        self._advance(len(self._plans) - len(places))
        why: str | None = None
        with ThreadPoolExecutor(1, thread_name_prefix="import") as sender:
            try:
                for start in range(0, len(places), IMPORT_BATCH_ROWS_MAX):
                    part = places[start : start + IMPORT_BATCH_ROWS_MAX]
                    chunk = self._enlist(part)
                    items = [item for course in chunk for item in course.items(self._scribe(course))]
                    self._land()
                    self._advance(len(part) - len(chunk))
                    if self._run.dry_run:
                        self._advance(len(chunk))
                    else:
                        self._flight = chunk, sender.submit(self._service.send, items)
                self._land()
            except KeyboardInterrupt:
                why = STOPPED
            except (Unavailable, Busy) as error:
                why = str(error)
            finally:
                self._pauses.stop()
            if why is not None:
                self._abandon(why)
        return why

    def reports(self) -> tuple[RowReport, ...]:
        """One per plan, in order."""
        return tuple(self._report(place, plan) for place, plan in enumerate(self._plans))

    def _enlist(self, places: Sequence[int]) -> list[RowProgress]:
        """Courses for these plans. A code that fails its check digit goes on only if the book has it, by override."""
        plans = {place: self._plans[place] for place in places}
        unknown = [plan for plan in plans.values() if not plan.entries]
        subjects = {plan.work.who.subject: plan.override for plan in unknown if plan.work is not None}
        known = self._service.in_book([subject for subject, override in subjects.items() if not override])
        overridden = self._overridden([subject for subject, override in subjects.items() if override])
        self._misnamed |= self._compare_names(plans, known | overridden)
        chunk: list[RowProgress] = []
        for place, plan in plans.items():
            if place in self._misnamed:
                continue
            if plan.work is not None and plan.entries:
                service = self._service
                self._recognised[place] = recognised(plan, plan.work, service.entry, service.body)
                continue
            if plan.work is None or (plan.override and plan.work.who.subject not in overridden):
                continue
            subject = plan.work.who.subject
            course = RowProgress(plan, plan.work, register=plan.work.enters and subject not in known | self._entered)
            self._courses[place] = course
            chunk.append(course)
        return chunk

    def _compare_names(self, plans: Mapping[int, RowPlan], known: set[str]) -> dict[int, RowPlan]:
        """The plans whose code the book has under another name; a row that is in the book itself is none of them."""
        works = {
            place: plan.work
            for place, plan in plans.items()
            if plan.work is not None and not plan.entries and plan.work.who.name and plan.work.who.subject in known
        }
        names = self._service.names(sorted({work.who.subject for work in works.values()})) if works else {}
        found: dict[int, RowPlan] = {}
        for place, work in works.items():
            book = names.get(work.who.subject)
            flaw = None if book is None else other_name(work.who.name, book)
            scribe = self._scribes[plans[place].naming]
            if flaw is not None and not self._service.known(scribe.issuer, [scribe.name(work)]):
                found[place] = replace(plans[place], flaws=(*plans[place].flaws, flaw), override=False)
        return found

    def _scribe(self, course: RowProgress) -> Scribe:
        return self._scribes[course.plan.naming]

    def _overridden(self, subjects: Sequence[str]) -> set[str]:
        try:
            return self._service.in_book(subjects)
        except (Malformed, NotFound, Refused):  # the service will not even hear of a code with a wrong check digit
            return set()

    def _land(self) -> None:
        """Hear what became of the batch that is under way, and see its rows through."""
        if self._flight is None:
            return
        chunk, answers = self._flight[0], self._flight[1].result()
        self._flight = None
        pause = 0.25
        while True:
            self._deliver(chunk, answers)
            for course in chunk:
                while course.wants is not None:
                    index = course.wants
                    course.meet(self._scribe(course), self._service.entry(index), partial(self._service.body, index))
            self._supply(chunk)
            if any(course.busy for course in chunk):
                self._pauses.wait(pause)
                pause = min(pause * 2, IMPORT_WAIT_SECONDS_MAX)
            items = [item for course in chunk for item in course.items(self._scribe(course))]
            if not items:
                break
            answers = self._service.send(items)
        self._entered.update(c.work.who.subject for c in chunk if c.report and c.report.status == "accepted")
        self._advance(len(chunk))

    def _supply(self, chunk: Sequence[RowProgress]) -> None:
        """Upload annexes that the service lacks, as many as it surely has room for; the others wait a round."""
        room = IMPORT_ANNEXES_BYTES_MAX
        for course in chunk:
            annex = course.lacks
            if annex is None or annex.bytes > room:
                continue
            try:
                self._service.hold_annex(self._annexes.content(annex), self._scribe(course).uploader)
                course.supplied()
                room -= annex.bytes
            except Unreadable as error:
                course.refuse(RowReason(error.rule, error.zh, error.en))
            except Refused as error:
                course.refuse(RowReason(error.rule, error.zh, error.en))

    def _deliver(self, chunk: Sequence[RowProgress], answers: Sequence[Answer]) -> None:
        at = 0
        for course in chunk:
            count = course.sent
            if count:
                course.take(answers[at : at + count])
            at += count

    def _abandon(self, why: str) -> None:
        """Take in the batch that was under way, if it still arrives; leave the rest."""
        flight, self._flight = self._flight, None
        if flight is not None:
            # without an answer its rows are not known to be in the book, and are reported so
            with suppress(LedgerError):
                self._deliver(flight[0], flight[1].result())
        for course in self._courses.values():
            course.leave(why)

    def _report(self, place: int, plan: RowPlan) -> RowReport:
        if place in self._recognised:
            return self._recognised[place]
        course = self._courses.get(place)
        if course is not None and course.report is not None:
            return course.report
        if place in self._misnamed:
            return unsent(self._misnamed[place])
        subject = plan.work.who.subject if plan.work else None
        if course is not None:  # a dry run: it would have been sent
            return RowReport(plan.row, plan.name, plan.code, "accepted", (), subject)
        return unsent(plan)

    def _advance(self, rows: int) -> None:
        self._done += rows
        self._run.progress(self._done, len(self._plans))
