"""A complaint at every stage, at the desk of its handling body and as its complainant sees it; then a month later."""

from __future__ import annotations

import re

from tests.browser.desk import Desk, act
from tests.screenshots.gallery import MARKUP, RARE, Gallery, button
from tests.support.charter import HANDLING_BODY, HANDLING_COLLEAGUE
from tests.support.complaint_files import filled
from tests.support.desks import DeskVisitor

__all__ = ["complaints", "complaints_later"]

SUBJECT, OTHER = "uscc:91440101MA5D693X8D", "local:shop/5"
NAME = "广州好水净化设备有限公司"


def complaints(gallery: Gallery) -> None:
    book = gallery.book
    book.enterprise(SUBJECT, name=NAME)
    book.enterprise(OTHER, name="广州好水净化设备分店")
    gallery.projected()
    clerk = gallery.at(HANDLING_BODY)
    gallery.show(clerk, "/desk", "home-handling-body")
    gallery.show(clerk, "/desk/complaints", "complaints-none", english=True)
    number = _consumer(gallery)
    _by_telephone(gallery, clerk)
    gallery.show(clerk, f"/desk/complaints/{number}", "complaint-nobodys", english=True)
    page = clerk.page
    act(page, "take")
    gallery.take(page, "complaint-taken")
    _refused(gallery, clerk, number)
    clerk.go(f"/desk/complaints/{number}")
    act(page, "accept", product_class="净水设备", issue="quality")
    gallery.take(page, "complaint-accepted")
    act(page, "forward")
    gallery.take(page, "complaint-forwarded")
    act(page, "note", text=MARKUP)
    act(page, "suspend", reason="等待鉴定")
    gallery.take(page, "complaint-suspended")
    act(page, "resume")
    act(page, "reply", text="企业称：" + MARKUP)
    gallery.take(page, "complaint-replied")
    act(page, "mediate", text="双方各执一词，" * 40)
    gallery.take(page, "complaint-mediated")
    act(page, "close", outcome="refused", reason="企业不接受调解方案")
    gallery.take(page, "complaint-closed")
    act(page, "notify", delivery="挂号信 XA12345678901", text="企业拒绝退货，结果将公布。")
    gallery.show(clerk, f"/desk/complaints/{number}", "complaint-notified", english=True)
    _declined(gallery, clerk)
    _unnamed(gallery, clerk)
    _stale(gallery, clerk)
    gallery.show(clerk, "/desk/complaints?stage=all", "complaints", english=True)
    gallery.show(clerk, "/desk/complaints?due=over&holder=mine", "complaints-none-like-this")
    gallery.show(clerk, "/desk/complaints?stage=x", "complaints-unknown-filter")


def _consumer(gallery: Gallery) -> str:
    """Complains at `/complain`, and looks how far it is; the number."""
    with gallery.newcomer() as desk:
        page = gallery.show(desk, "/complain", "complain-first", english=True)
        page.evaluate("document.querySelector('main form.fields').noValidate = true")
        for field, value in filled(
            enterprise="好水", telephone="call me", email="x", text="我的电话 13800138000"
        ).items():
            page.fill(f"#{field}", value)
        page.click("main form.fields button")
        gallery.take(page, "complain-wrong")
        page.select_option("#body", HANDLING_BODY.party)
        for field, value in filled(enterprise=NAME, text=MARKUP).items():
            page.fill(f"#{field}", value)
        if page.locator(".offers input").count():
            gallery.take(page, "complain-which-enterprise")
            page.locator(".offers input").first.check()
        page.click("main form.fields button")
        if page.locator("#number").count() == 0:
            gallery.take(page, "complain-wrong-again")
        number, secret = page.inner_text("#number"), page.inner_text("#secret")
        gallery.take(page, "complain-registered")
        desk.go(f"/complain/{number}")
        page.fill("#secret", "not-this-one")
        button(page, "看办到哪一步")
        gallery.take(page, "complain-state-wrong")
        page.fill("#secret", secret)
        button(page, "看办到哪一步")
        gallery.take(page, "complain-state")
        return number


def _by_telephone(gallery: Gallery, clerk: Desk) -> None:
    page = gallery.show(clerk, "/desk/complaints/new", "complaint-new", english=True)
    page.evaluate("document.querySelector('main form.fields').noValidate = true")
    page.fill("#enterprise", "好水")
    page.fill("#text", MARKUP)
    page.locator("main form.fields button").last.click()
    gallery.take(page, "complaint-new-wrong")
    for field, value in filled(enterprise=NAME, text="同一台净水器又漏水", name="李四").items():
        page.fill(f"#{field}", value)
    if page.locator(".offers input").count():
        page.locator(".offers input").first.check()
    page.locator("main form.fields button").last.click()
    gallery.take(page, "complaint-new-registered")


def _refused(gallery: Gallery, clerk: Desk, number: str) -> None:
    """What is typed wrong at the acceptance."""
    page = clerk.go(f"/desk/complaints/{number}")
    page.evaluate("for (const one of document.forms) one.noValidate = true")
    page.fill("#accept [name=product_class]", "电话 13800138000")
    page.click("#accept button")
    gallery.take(page, "complaint-accept-wrong")


def _begun(gallery: Gallery, **given: str) -> str:
    form = filled(**{"enterprise": NAME, "body": HANDLING_BODY.party, **given})
    answer = gallery.book.http.post("/complain", data=form, headers={"Origin": gallery.book.service.url})
    found = re.search(r'id="number">([^<]+)<', answer.text)
    assert found is not None, answer.text
    return found[1]


def _declined(gallery: Gallery, clerk: Desk) -> None:
    page = clerk.go(f"/desk/complaints/{_begun(gallery, product='水龙头')}")
    act(page, "take")
    act(page, "decline", product_class="水暖", issue="quality", ground="不是消费者，属经营者之间的争议")
    gallery.take(page, "complaint-declined")


def _unnamed(gallery: Gallery, clerk: Desk) -> None:
    """Of an enterprise that is not known yet."""
    page = clerk.go(f"/desk/complaints/{_begun(gallery, enterprise='好水店', product='滤芯' * 60, name=RARE)}")
    act(page, "take")
    gallery.take(page, "complaint-enterprise-unknown")
    page.fill("#identify [name=enterprise]", "好水")
    page.click("#identify button")
    gallery.take(page, "complaint-which-enterprise")


def _stale(gallery: Gallery, clerk: Desk) -> None:
    """Two officers at one file: the second one's form is of a version that is over."""
    number = _begun(gallery, product="净水器", name="王五")
    path = f"/desk/complaints/{number}"
    page = clerk.go(path)
    act(page, "take")
    page.fill("#note [name=text]", "我写下的备注不会丢失")
    with DeskVisitor(gallery.book.service.url).sign_in(HANDLING_BODY) as colleague:
        version = re.search(r'name="version" value="([0-9]+)"', colleague.http.get(path).text)
        assert version is not None
        fields = {"version": version[1], "text": "同事先写下的备注"}
        assert colleague.submit(f"{path}/note", fields=fields).status_code in (200, 303)
    page.click("#note button")
    gallery.take(page, "complaint-colleague-was-first")
    gallery.show(gallery.at(HANDLING_COLLEAGUE), path, "complaint-of-another-body")


def complaints_later(gallery: Gallery) -> None:
    """A month later, the service started again: what is overdue, what may be published."""
    clerk = gallery.at(HANDLING_BODY)
    gallery.show(clerk, "/desk/complaints", "later-complaints", english=True)
    page = gallery.show(clerk, "/desk/complaints?stage=notified", "later-complaints-notified")
    page.locator("tbody a").first.click()
    here = page.url.removeprefix(clerk.origin)
    gallery.take(page, "later-complaint-to-be-published")
    page.click("#sign")
    page.wait_for_selector("html[data-ready=yes]")
    gallery.take(page, "later-outcome-form")
    page.locator("#act > button").click()
    page.locator("#confirm:visible, .problem:not(:empty)").first.wait_for()
    gallery.take(page, "later-outcome-in-words")
    gallery.press(page, "#sign", "#done:visible, .problem:not(:empty)", "later-outcome-registered")
    page = clerk.go(here)
    gallery.take(page, "later-complaint-registered")
    act(page, "publish")
    gallery.show(clerk, here, "later-complaint-published", english=True)
    gallery.show(clerk, "/desk/complaints?due=over", "later-complaints-overdue")
    page.locator("tbody a").first.click()
    gallery.take(page, "later-complaint-overdue")
