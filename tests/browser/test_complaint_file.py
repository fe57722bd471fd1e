"""A complaint from `/complain` to its published outcome, in real Chromium, by two officers.

Its weeks go by between starts of the service, each after `kill -9`: whatever a page said was done is there again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from ledger.keys.signer import new_key, save_key
from tests.browser.act_forms import signed
from tests.browser.conftest import LISTEN
from tests.browser.desk import PASSPHRASE, Desk, act, watched_desk
from tests.e2e.book import Book, chartered
from tests.support.charter import HANDLING_BODY, Speaker
from tests.support.clock import noon
from tests.support.complaint_files import CANARIES, COMPLAINANT, filled
from tests.support.database import PostgresServer
from tests.support.statements import ENTERPRISE

pytestmark = pytest.mark.timeout(900)  # a service that starts five times, and two browsers

NAME = "北京清泉净水设备有限公司"
SUSPENDED, RESUMED, REPLIED, PUBLISHED = (
    date(2026, 3, 18),
    date(2026, 3, 25),  # five working days stood still
    date(2026, 4, 9),  # the reply was due on the 7th
    date(2026, 4, 16),  # five working days after the notice
)
WIDTHS = (1_280, 375)


@dataclass
class Office:
    """A book with one enterprise; clerks of the handling body with key files that browsers open."""

    book: Book
    clerks: dict[str, Speaker]
    files: dict[str, Path]

    def die_and_start_on(self, day: date) -> None:
        self.book.service.kill()
        self.book.service.start_at(noon(day))

    def sign_in(self, desk: Desk, clerk: str) -> None:
        desk.signed_in_as(self.clerks[clerk], self.files[clerk])


@pytest.fixture(scope="module")
def office(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("service")
    clerks = {name: Speaker(HANDLING_BODY.party, new_key("p256"), name) for name in ("clerk-1", "clerk-2")}
    files = {name: folder / f"{name}.pem" for name in clerks}
    with postgres_server.database() as database:
        service = chartered(folder, database=database.service)
        service.start()  # on the run's own clock: what is said here is dated by that, however long the run goes on
        try:
            with Book(service) as book:
                book.enterprise(ENTERPRISE, name=NAME)
                for name, speaker in clerks.items():
                    save_key(files[name], speaker.signer, PASSPHRASE)
                    book.enrol(speaker, HANDLING_BODY, officer=name)
                yield Office(book, clerks, files)
        finally:
            service.stop()


@pytest.fixture
def two_desks(office: Office, browser: Browser) -> Iterator[tuple[Desk, Desk]]:
    """Two browsers that know nothing of each other."""
    contexts = [browser.new_context(), browser.new_context()]
    for one in contexts:
        one.add_init_script(LISTEN)
    watched = [watched_desk(one, office.book) for one in contexts]
    first, second = (next(one) for one in watched)
    yield first, second
    for ended in watched:
        next(ended, None)
    for one in contexts:
        one.close()


def test_a_complaint_goes_all_the_way_with_a_suspension_a_hand_over_and_a_late_reply(
    office: Office, two_desks: tuple[Desk, Desk]
) -> None:
    first, second = two_desks
    page = first.go("/complain")
    first.faultless(375, "/complain")
    for field, value in filled(telephone="call me").items():
        page.fill(f"#{field}", value)
    page.select_option("#body", HANDLING_BODY.party)
    page.click("main form.fields button")
    expect(page.locator("#telephone-wrong")).to_contain_text("电话号码由数字组成")
    first.complaints[:] = [one for one in first.complaints if "422" not in one]  # as it should be
    page.fill("#telephone", COMPLAINANT.telephone)
    assert page.input_value("#name") == COMPLAINANT.name, "nothing typed is lost"
    page.click("main form.fields button")
    number, secret = page.inner_text("#number"), page.inner_text("#secret")

    office.sign_in(first, "clerk-1")
    page = first.go("/desk/complaints")
    expect(page.locator("tbody tr")).to_have_count(1)
    first.faultless(1_280, "the work list")
    page.click(f"text={number}")
    act(page, "take")
    act(page, "note", text=CANARIES[4])
    act(page, "accept", product_class="净水设备", issue="quality")
    act(page, "forward")
    assert "2026-03-30" in page.locator("#clocks ~ table").inner_text()
    for width in WIDTHS:
        first.faultless(width, f"a file at {width}")

    office.die_and_start_on(SUSPENDED)
    office.sign_in(first, "clerk-1")
    page = first.go(f"/desk/complaints/{number}")
    act(page, "suspend", reason="等待鉴定")
    assert "中止，恢复后顺延" in page.locator("#clocks ~ table").inner_text()

    office.die_and_start_on(RESUMED)
    office.sign_in(first, "clerk-1")
    page = first.go(f"/desk/complaints/{number}")
    act(page, "resume")
    assert "2026-04-07" in page.locator("#clocks ~ table").inner_text()
    act(page, "hand-over", to="clerk-2")
    expect(page.locator("#reply"), "whoever handed it over does not act on it any more").to_have_count(0)

    office.die_and_start_on(REPLIED)
    office.sign_in(second, "clerk-2")
    page = second.go("/desk/complaints?holder=mine&due=over")
    expect(page.locator("tbody tr")).to_contain_text("逾期")
    page.click(f"text={number}")
    page.uncheck("#reply [name=substantive]")
    act(page, "reply", text=CANARIES[5])
    expect(page.locator("#said ~ dl")).to_contain_text("逾期答复")
    act(page, "mediate", text="企业不接受调解")
    act(page, "close", outcome="refused", reason="企业不接受调解方案")
    act(page, "notify", delivery=CANARIES[6], text="企业已退货，结果将公布")
    assert str(PUBLISHED) in page.locator("#next ~ p").inner_text()
    told = second.go("/complain")
    told.fill("[name=number]", number)
    told.fill("[name=secret]", secret)
    told.click("main form.filters button")
    said = told.locator("main").inner_text()
    assert "企业已退货" in said and not any(one in said for one in CANARIES), said

    office.die_and_start_on(PUBLISHED)
    office.sign_in(second, "clerk-2")
    page = second.go(f"/desk/complaints/{number}")
    page.context.clock.set_fixed_time(datetime.fromtimestamp(noon(PUBLISHED), UTC))
    page.click("#sign")
    page.wait_for_url("**/desk/act/ComplaintOutcomeRecorded?*")
    assert not any(one in page.url + page.content() for one in CANARIES), "nothing personal enters the form"
    entry = signed(page)
    page.click("#back")
    page.wait_for_url(f"**/desk/complaints/{number}")
    act(page, "publish")
    expect(page.locator(".ids")).to_contain_text("已公布")
    second.projected()
    page.click(f"text=第 {entry} 条记录")
    page.wait_for_url(f"**/e/{ENTERPRISE[5:]}")
    shown = page.locator("main").inner_text()
    assert "逾期" in shown and "拒绝调解" in shown and "700 分" in shown, shown
    assert not any(one in page.content() for one in CANARIES)
