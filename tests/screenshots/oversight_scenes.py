"""Those who watch the book: regulator, data officer, log operator, approver; what every desk says to strangers."""

from __future__ import annotations

from datetime import timedelta

import msgspec
from msgspec.structs import replace

from ledger.charter.default_policies import default_standing_policy
from ledger.domain.events.attachment import AttachmentAdded
from ledger.domain.events.policy import StandingPolicyProposed
from ledger.domain.events.repudiation import BodyErased
from tests.browser.desk import Desk
from tests.e2e.book import today
from tests.screenshots.gallery import LONG, MARKUP, Gallery, button
from tests.support.charter import (
    APPROVER,
    DATA_OFFICER,
    HANDLING_BODY,
    LABORATORY,
    LOG_OPERATOR,
    ORGANIZER,
    REGULATOR,
    ROOT,
)
from tests.support.desk_rows import fill_lists
from tests.support.reading import authorization, token
from tests.support.remedies import hold_placed, hold_released
from tests.support.statements import outcome, replied
from tests.support.waiting import eventually

__all__ = ["many", "oversight", "strangers"]

SUBJECT = "uscc:91420100MA4KMLDQ3P"
POLICY = "policy"
PDF = b"%PDF-1.4\n%%EOF\n"


def oversight(gallery: Gallery) -> None:
    book = gallery.book
    regulator, officer, operator = gallery.at(REGULATOR), gallery.at(DATA_OFFICER), gallery.at(LOG_OPERATOR)
    gallery.show(officer, "/desk/erasures", "erasures-none", english=True)
    gallery.show(regulator, "/desk/audits", "audits-none")
    gallery.show(gallery.at(APPROVER), "/desk/policies", "policies-none")
    book.enterprise(SUBJECT, name=LONG)
    owner = book.own_key(SUBJECT)
    closed = book.pledge(SUBJECT, serial=41, disclosure="none", scope="product", content=MARKUP)[0]
    month = f"{today().replace(day=1) - timedelta(days=1):%Y-%m}"
    months = dict.fromkeys(("received", "accepted", "forwarded", "reply_due", "closed"), month)
    late = {"reply": "timely", "replied": month, "outcome": "refused", "reason": "拒绝调解", "substantive_reply": False}
    told = today() - timedelta(days=20)
    counts = book.register(
        outcome(71, effective_on=today(), notified_on=told, **months, **late), SUBJECT, HANDLING_BODY
    )
    reply = book.register(replied(counts, effective_on=today()), SUBJECT, owner)
    signed = authorization(token(owner, "/v1/attachments", PDF))
    uploaded = book.http.post("/v1/attachments", content=PDF, headers=signed).json()
    book.register(AttachmentAdded(v=1, effective_on=today(), entry=reply, **uploaded), SUBJECT, owner)
    gallery.projected()
    _explorer(gallery, regulator, closed)
    _erasures(gallery, officer, reply)
    _log(gallery, regulator, operator)
    _policies(gallery)


def _explorer(gallery: Gallery, regulator: Desk, closed: int) -> None:
    code = SUBJECT[5:]
    gallery.show(regulator, "/desk", "home-regulator")
    gallery.show(regulator, "/desk/explorer", "explorer", english=True)
    gallery.show(regulator, f"/desk/explorer?subject={code}", "explorer-of-one")
    gallery.show(regulator, "/desk/explorer?subject=x&from=y&type=z&issuer=q&first=a", "explorer-wrong", english=True)
    gallery.show(regulator, f"/desk/explorer?subject={code}&type=BodyErased", "explorer-nothing")
    gallery.show(regulator, "/desk/explorer/20", "entry-open", english=True)
    page = gallery.show(regulator, f"/desk/explorer/{closed}", "entry-closed", english=True)
    page.fill("#purpose", "联系人 13912345678")
    button(page, "查阅正文")
    gallery.take(page, "entry-closed-wrong-purpose")
    page.fill("#purpose", "立案核查 2026-7，" + "依据举报线索逐件核对，" * 6)
    button(page, "查阅正文")
    page.locator("summary", has_text="原文").click()
    gallery.take(page, "entry-opened")
    gallery.show(regulator, "/desk/explorer/999999", "entry-not-there", english=True)
    gallery.show(regulator, f"/desk/accesses?subject={code}", "accesses", english=True)
    gallery.show(regulator, f"/desk/accesses?day={today()}", "accesses-of-a-day")
    gallery.show(regulator, "/desk/accesses?subject=x&day=y", "accesses-wrong")
    page = gallery.show(regulator, f"/desk/archive?enterprise={SUBJECT}", "archive-first", english=True)
    page.evaluate("document.querySelector('main form').noValidate = true")
    page.check("input[name=closed]")
    button(page, "导出档案")
    gallery.take(page, "archive-wrong")
    gallery.show(regulator, "/desk/log/standing", "standing-first")
    gallery.show(regulator, f"/desk/log/standing?enterprise={code}", "standing-computed", english=True)
    gallery.show(regulator, f"/desk/log/standing?enterprise={code}&tree_size=30", "standing-before")
    gallery.show(regulator, "/desk/log/standing?enterprise=x&as_of=y&tree_size=10000000", "standing-wrong")


def _erasures(gallery: Gallery, officer: Desk, reply: int) -> None:
    book = gallery.book
    gallery.show(officer, "/desk", "home-data-officer")
    gallery.show(officer, f"/desk/erasures?subject={SUBJECT}", "erasures-of-one", english=True)
    gallery.show(officer, "/desk/erasures?subject=no code", "erasures-wrong")
    hold = book.register(hold_placed(effective_on=today()), SUBJECT, DATA_OFFICER)
    gallery.show(officer, f"/desk/erasures?subject={SUBJECT}", "erasures-held")
    book.register(hold_released(hold, effective_on=today()), SUBJECT, DATA_OFFICER)
    book.register(BodyErased(v=1, effective_on=today(), entry=reply, ground="依申请"), SUBJECT, DATA_OFFICER)
    gallery.projected()
    gallery.show(officer, f"/desk/erasures?subject={SUBJECT}", "erasures-erased")
    gallery.show(officer, "/desk/erasures", "erasures", english=True)
    gallery.show(gallery.at(REGULATOR), f"/desk/explorer/{reply}", "entry-erased")


def _log(gallery: Gallery, regulator: Desk, operator: Desk) -> None:
    gallery.show(operator, "/desk", "home-log-operator")
    gallery.show(operator, "/desk/log", "log", english=True)
    page = regulator.go("/desk/audits")
    button(page, "开始审计")
    gallery.take(page, "audits-running")
    button(page, "中止")
    gallery.take(page, "audits-stopped")
    button(page, "开始审计")
    eventually(lambda: "已完成" in regulator.go("/desk/audits").content(), "the audit's report")
    gallery.show(regulator, "/desk/audits", "audits-done", english=True)
    page.get_by_role("link", name="报告").first.click()
    here = page.url.removeprefix(regulator.origin)
    gallery.show(regulator, here, "audit-report", english=True)


def _policies(gallery: Gallery) -> None:
    approver = gallery.at(APPROVER)
    stricter = replace(default_standing_policy(), title_zh="更严的规则", title_en="A stricter policy", watch_from=150)
    gallery.book.register(StandingPolicyProposed(v=1, effective_on=today(), policy=stricter), POLICY, ORGANIZER)
    page = gallery.show(approver, "/desk/policies", "policies-proposed", english=True)
    button(page, "比较")
    gallery.take(page, "policies-compared")
    approver.go("/en/desk/policies")
    button(page, "Compare")
    gallery.take(page, "policies-compared-en")
    approver.go("/desk/policies")
    page.fill("#document", '{"v": "<b>"}')
    page.locator("form:has(#document) button").click()
    gallery.take(page, "policies-wrong")
    severe = replace(default_standing_policy(), watch_from=1, alert_from=2)
    approver.go("/desk/policies")
    page.fill("#document", msgspec.json.encode(severe).decode())
    page.locator("form:has(#document) button").click()
    gallery.take(page, "policies-other-compared")


def strangers(gallery: Gallery) -> None:
    """What a desk says to whom it is not for, of what is not there, of a form of another session."""
    laboratory = gallery.at(LABORATORY)
    gallery.show(laboratory, "/desk", "home-laboratory")
    gallery.show(gallery.at(ROOT), "/desk", "home-root")
    gallery.show(laboratory, "/desk/pending", "not-for-this-role", english=True)
    gallery.show(laboratory, "/desk/releases/" + "0" * 32, "draft-not-there", english=True)
    gallery.show(laboratory, "/desk?nonsense=1", "unknown-parameter", english=True)
    gallery.show(laboratory, "/desk/nowhere", "no-such-desk", english=True)
    page = laboratory.go("/desk")
    page.evaluate("for (const one of document.querySelectorAll('[name=form_token]')) one.value = 'another'")
    button(page, "退出")
    gallery.take(page, "form-of-another-session")
    page = laboratory.go("/en/desk")
    page.evaluate("for (const one of document.querySelectorAll('[name=form_token]')) one.value = 'another'")
    button(page, "Sign out")
    gallery.take(page, "form-of-another-session-en")


def many(gallery: Gallery) -> None:
    """Lists that go on at another page."""
    fill_lists(gallery.superuser, 1, 250)
    for speaker, path, name in (
        (REGULATOR, "/desk/explorer", "many-events"),
        (REGULATOR, "/desk/accesses", "many-accesses"),
        (ORGANIZER, "/desk/pending", "many-pending"),
        (ORGANIZER, "/desk/pending?from=100", "many-pending-second-page"),
        (ORGANIZER, "/desk/releases", "many-drafts"),
        (HANDLING_BODY, "/desk/complaints", "many-complaints"),
        (DATA_OFFICER, "/desk/erasures", "many-erasures"),
    ):
        gallery.show(gallery.at(speaker), path, name)
