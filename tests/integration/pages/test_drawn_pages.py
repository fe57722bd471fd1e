"""Pages that were drawn before anybody asked are the pages that are drawn when somebody asks, or are not served."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import psycopg
import pytest
from msgspec import structs

from api.pages.drawing_process import DrawingProcess
from api.pages.enterprise_page import drawn
from api.pages.enterprise_pages import Drawn, EnterprisePages
from api.pages.page_drawer import PageBook, PageDrawer
from api.pages.rendering import Language
from api.service import enterprise_overview
from api.service.enterprise_overview import overview
from api.service.reader import open_reader
from api.service.service import Service
from api.settings import Settings
from ledger.charter.default_policies import default_standing_policy
from ledger.domain.events.campaign import CampaignExtended
from ledger.domain.events.completeness_map import MapRootPublished
from ledger.domain.events.policy import StandingPolicyApproved, StandingPolicyProposed
from ledger.domain.events.repudiation import BodyErased
from ledger.domain.values.subject import is_enterprise
from ledger.errors import LedgerError
from ledger.reading.feed import Feed, to_recorded
from ledger.registration import Candidate
from projections.declarations.drawn_pages import DrawnPage
from projections.engine.rebuild import rebuild
from projections.engine.runner import Runner
from projections.engine.schema import prepare
from tests.support.charter import APPROVER, DATA_OFFICER, HANDLING_BODY, ORGANIZER, REGISTRAR
from tests.support.database import TestDatabase
from tests.support.live_book import LiveBook, tell
from tests.support.statements import (
    CAMPAIGN,
    ENTERPRISE,
    OTHER_ENTERPRISE,
    campaign_opened,
    key_enrolled,
    outcome,
    party_enrolled,
    registered,
    replied,
    speaker_of,
)
from tests.support.waiting import eventually

LANGUAGES: tuple[Language, ...] = ("zh", "en")
THIRD = "local:test/1"
SAID = "已向张三退款并致歉"
Asked = Sequence[tuple[str, Language]]


class Side:
    """A book, a service that only reads it, and what draws its pages, all on the book's clock."""

    def __init__(self, book: LiveBook, runner: Runner, service: Service, source: PageBook) -> None:
        self.book = book
        self.runner = runner
        self.service = service
        self.source = source
        self.drawer = PageDrawer(source)

    def project(self) -> None:
        size = self.service.feed.size()
        caught_up(self.runner, size)
        for progress in (self.service.progress, self.source.progress):
            assert progress.wait_for(size, 30) == size

    def draw(self) -> None:
        """All that is to be drawn."""
        while self.drawer.step():
            pass

    def ahead(self, *asked: tuple[str, Language]) -> dict[tuple[str, Language], bytes]:
        """What a process that never drew a page serves of these without drawing."""
        pages = EnterprisePages(self.service)
        return {one: page.content for one, page in pages.ahead(asked, pages.basis()).items()}

    def fresh(self, subject: str, language: Language) -> bytes:
        """The page drawn now."""
        return EnterprisePages(self.service).page(subject, language, partial(drawn, self.service)).content

    def rows(self) -> dict[tuple[str, str], bytes]:
        with psycopg.connect(self.book.database.service) as connection:
            rows = connection.execute("SELECT subject, language, content FROM projections.drawn_pages").fetchall()
        return {(subject, language): content for subject, language, content in rows}


def caught_up(runner: Runner, size: int) -> None:
    """A step may find that it is not its turn: a connection that was closed a moment ago may still have the lock."""
    while runner.size < size:
        eventually(runner.step, f"{size} entries are projected")


@contextmanager
def opened(book: LiveBook, folder: Path) -> Iterator[Side]:
    database = book.database.service
    prepare(database)
    runner = Runner(Feed(book.store), database, today=lambda: book.clock.today)
    caught_up(runner, Feed(book.store).size())
    loop = asyncio.new_event_loop()
    settings = Settings(reader=True, database_url=database, data_dir=folder)
    with (
        closing(open_reader(settings, database, loop)) as service,
        closing(PageBook.open(database, demo=False)) as source,
    ):
        service.clock = source.clock = book.clock
        yield Side(book, runner, service, source)
    runner.stop()
    loop.close()


@pytest.fixture
def side(database: TestDatabase, tmp_path: Path) -> Iterator[Side]:
    """Three enterprises; of the first, an outcome with a text."""
    with closing(LiveBook(database)) as book:
        book.say(campaign_opened(), CAMPAIGN)
        for subject in (ENTERPRISE, OTHER_ENTERPRISE, THIRD):
            book.say(registered(), subject)
        book.say(outcome(1), OTHER_ENTERPRISE, HANDLING_BODY)
        with opened(book, tmp_path) as side:
            yield side


def of_all(*subjects: str) -> Asked:
    return [(subject, language) for subject in subjects for language in LANGUAGES]


ALL = of_all(ENTERPRISE, OTHER_ENTERPRISE, THIRD)


def test_after_every_entry_of_every_kind_what_is_served_is_what_is_drawn_now(
    database: TestDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between entries pages are drawn ahead now and then, so that rows of every age lie there."""
    served = compared = 0

    class Followed(LiveBook):
        side: Side | None = None
        about: set[str]

        def together(self, *candidates: Candidate) -> list[int]:
            nonlocal served, compared
            indices = super().together(*candidates)
            subjects = {candidate.statement.subject for candidate in candidates}
            if self.side is None:
                return indices
            self.about |= {subject for subject in subjects if is_enterprise(subject)}
            asked = of_all(*sorted(self.about))
            at_once = self.side.ahead(*asked)
            assert not any(subject in subjects for subject, _ in at_once), "nothing is older than the log"
            self.side.project()
            for one, content in self.side.ahead(*asked).items():
                assert content == self.side.fresh(*one), one
                compared += 1
            if indices[-1] % 3:
                self.side.draw()
                after = self.side.ahead(*asked)
                assert after.keys() == set(asked)
                served += len(after)
                for subject in subjects & self.about:
                    for language in LANGUAGES:
                        assert after[subject, language] == self.side.fresh(subject, language), subject
            return indices

    with closing(Followed(database)) as book:
        book.about = set()
        with opened(book, tmp_path) as side:
            book.side = side
            tell(book)
            assert served > 100 and compared > 100, (served, compared)
            # What is decoded of the entries of a long stream that are not shown is all that the page is made of.
            monkeypatch.setattr(enterprise_overview, "PAGE_ENTRIES_MAX", 3)
            of_few = {subject: overview(side.service, subject, book.clock.today) for subject in book.about}
            monkeypatch.setattr(enterprise_overview, "content", to_recorded)
            assert of_few == {subject: overview(side.service, subject, book.clock.today) for subject in book.about}
            assert any(len(found.indices) > 20 for found in of_few.values())


def test_an_erased_text_is_served_no_more_at_once_and_is_in_no_row_once_the_read_models_know(side: Side) -> None:
    owner = speaker_of(ENTERPRISE)
    side.book.say(party_enrolled(), owner.party, REGISTRAR)
    side.book.say(key_enrolled(owner.signer, owner.party), owner.party, REGISTRAR)
    refused = outcome(2, reply="none", replied=None, outcome="refused", reason="不接受调解")
    answered = side.book.say(refused, ENTERPRISE, HANDLING_BODY)
    index = side.book.say(replied(answered, text=SAID), ENTERPRISE, owner)
    side.project()
    side.draw()
    assert side.ahead(*ALL).keys() == set(ALL)
    before = side.rows()
    assert any(SAID.encode() in piece for piece in Drawn.unpacked("zh", before[ENTERPRISE, "zh"]).pieces)
    read_before = DrawnPage(ENTERPRISE, "zh", 3, index, before[ENTERPRISE, "zh"])
    side.book.say(
        BodyErased(v=1, effective_on=side.book.clock.today, entry=index, ground="届满"), ENTERPRISE, DATA_OFFICER
    )
    assert not any(subject == ENTERPRISE for subject, _ in side.ahead(*ALL))
    side.project()
    assert not any(subject == ENTERPRISE for subject, _ in side.rows())
    # Who read the body before it was erased comes too late with what was drawn of it.
    rows, basis = side.source.views.drawn_pages, EnterprisePages(side.service).basis()
    rows.put([read_before], basis.ground, rows.read_models())
    assert not any(subject == ENTERPRISE for subject, _ in side.rows())
    side.draw()
    assert side.ahead(*ALL)[ENTERPRISE, "zh"] == side.fresh(ENTERPRISE, "zh")


def test_another_day_policy_or_campaign_draws_all_pages_again(side: Side) -> None:
    def changed(what: str) -> None:
        side.project()
        assert side.ahead(*ALL) == {}, what
        side.draw()
        after = side.ahead(*ALL)
        assert after == {one: side.fresh(*one) for one in ALL}, what

    side.draw()
    assert side.ahead(*ALL).keys() == set(ALL)
    side.book.clock.advance(days=1)
    changed("a day")
    today = side.book.clock.today
    policy = structs.replace(default_standing_policy(), watch_from=default_standing_policy().watch_from + 1)
    proposal = side.book.say(StandingPolicyProposed(v=1, effective_on=today, policy=policy), "policy", ORGANIZER)
    changed("a proposal")
    side.book.say(StandingPolicyApproved(v=1, effective_on=today, proposal=proposal), "policy", APPROVER)
    changed("a policy")
    later = campaign_opened().closes_on + timedelta(days=1)
    side.book.say(CampaignExtended(v=1, effective_on=today, closes_on=later, reason="报名踊跃"), CAMPAIGN, ORGANIZER)
    changed("a campaign")


def test_what_witnesses_and_the_newest_checkpoint_say_stands_on_a_page_that_was_drawn_before(side: Side) -> None:
    side.draw()
    rows = side.rows()
    side.book.publish_map()
    side.book.cosign(side.service.feed.size(), "east")
    side.project()
    after = side.ahead(*ALL)
    assert after == {one: side.fresh(*one) for one in ALL}
    assert side.rows() == rows
    assert "没有遗漏" in after[ENTERPRISE, "zh"].decode()
    assert MapRootPublished.__name__ not in after[ENTERPRISE, "zh"].decode()


def test_what_another_program_drew_is_not_served_and_neither_is_a_damaged_row(side: Side) -> None:
    side.draw()
    ground = EnterprisePages(side.service).basis().ground
    rows = side.service.views.drawn_pages
    assert rows.find(ALL, ground).keys() == set(ALL)
    assert rows.find(ALL, ground._replace(program="another")) == {}
    with psycopg.connect(side.book.database.service) as connection:
        connection.execute("UPDATE projections.drawn_pages SET content = 'x' WHERE subject = %s", (ENTERPRISE,))
    assert side.ahead(*ALL).keys() == set(of_all(OTHER_ENTERPRISE, THIRD))


def test_a_rebuild_leaves_no_row_and_what_was_drawn_from_the_old_read_models_is_not_served(side: Side) -> None:
    side.draw()
    rows, before = side.source.views.drawn_pages, side.rows()
    old, ground = rows.read_models(), EnterprisePages(side.service).basis().ground
    rebuild(side.book.database.service, 0)
    assert side.rows() == {}
    rows.put([DrawnPage(ENTERPRISE, "zh", 1, 3, before[ENTERPRISE, "zh"])], ground, old)
    assert side.rows().keys() == {(ENTERPRISE, "zh")}
    assert side.ahead(*ALL) == {}
    side.draw()
    assert side.ahead(*ALL) == {one: side.fresh(*one) for one in ALL}


def test_the_table_is_bounded_and_keeps_those_about_whom_something_was_recorded_last(side: Side) -> None:
    side.drawer = PageDrawer(side.source, pages_max=4)
    side.draw()
    assert len(side.rows()) <= 4
    for subject in (ENTERPRISE, THIRD, ENTERPRISE):
        side.book.say(outcome(side.service.feed.size()), subject, HANDLING_BODY)
        side.project()
        side.draw()
        assert len(side.rows()) <= 4
        assert side.ahead(*ALL).keys() >= set(of_all(subject))
    assert side.ahead(*ALL).keys() == set(of_all(ENTERPRISE, THIRD))


def test_a_service_that_only_reads_changes_no_row(side: Side) -> None:
    ground = EnterprisePages(side.service).basis().ground
    rows = side.service.views.drawn_pages
    with pytest.raises(LedgerError):
        rows.put([DrawnPage(ENTERPRISE, "zh", 1, 3, b"page")], ground, rows.read_models())
    with pytest.raises(LedgerError):
        rows.drop(1)
    assert side.rows() == {}


def test_how_to_follow_by_mail_stands_only_where_mail_is_sent(side: Side) -> None:
    side.draw()
    form = f'action="/e/{ENTERPRISE[5:]}/follow"'.encode()
    assert form not in side.ahead(*ALL)[ENTERPRISE, "zh"]
    side.service.mails = True
    assert form in side.ahead(*ALL)[ENTERPRISE, "zh"]
    assert side.ahead(*ALL)[ENTERPRISE, "en"] == side.fresh(ENTERPRISE, "en")


def test_the_process_draws_what_is_new_and_ends_when_it_is_told_to(side: Side) -> None:
    process = DrawingProcess(side.book.database.service, demo=False, after_seconds=0)
    process.start()
    try:
        eventually(lambda: side.ahead(*ALL).keys() == set(ALL), "all pages are drawn ahead")
        side.book.say(outcome(5), ENTERPRISE, HANDLING_BODY)
        side.project()
        eventually(lambda: side.ahead(*ALL).keys() == set(ALL), "the changed ones, too")
        assert side.ahead(*ALL)[ENTERPRISE, "en"] == side.fresh(ENTERPRISE, "en")
    finally:
        process.stop()
    # killed at the lowest priority on a busy machine, it needs its time to be gone
    eventually(lambda: not process.alive, "it has ended")


def test_a_packed_page_is_the_page(side: Side) -> None:
    page = drawn(side.service, ENTERPRISE, "en", side.book.clock.today)
    assert Drawn.unpacked("en", page.packed()) == replace(page, indices=list(page.indices))
    with pytest.raises(ValueError, match="no page"):
        Drawn.unpacked("en", page.packed()[:-9])
