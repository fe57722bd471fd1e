"""An enterprise at its desk: with nothing, in the midst of a pledge, and with everything that may befall it."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

from ledger.domain.events.complaint import ComplaintOutcomeRecorded
from tests.browser.act_forms import draft_of, fill_from
from tests.e2e.book import today
from tests.screenshots.gallery import LONG, MARKUP, RARE, Gallery
from tests.support.charter import HANDLING_BODY, ORGANIZER, Speaker
from tests.support.desks import DeskVisitor
from tests.support.findings import cited
from tests.support.standards import declared
from tests.support.statements import outcome, pledge_withdrawn, replied

__all__ = ["enterprise"]

OWN, EMPTY = "uscc:91350100M0001TGQX1", "local:shop/9"
PDF = b"%PDF-1.4\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"1" * 3_000


def enterprise(gallery: Gallery) -> None:
    _nothing(gallery)
    book = gallery.book
    book.enterprise(OWN, name=RARE)
    usual = book.own_key(OWN)
    owner = gallery.at(usual)
    _pledge(gallery, usual)
    code = book.pledge(OWN, serial=21)[2]
    second = book.pledge(OWN, serial=22, scope="product")[2]
    book.register(pledge_withdrawn(effective_on=today(), code=second, ends_on=today()), OWN, usual)
    for scope in ("service", "product_and_service"):
        statement, _ = book.sign(book.made(scope=scope, content=MARKUP * 3), OWN, usual)
        assert book.post(statement).status_code == 303
    with DeskVisitor(book.service.url).sign_in(ORGANIZER) as clerk:
        refusal = f"/desk/pending/{sha256(statement).hexdigest()}/refusal"
        assert clerk.submit(refusal, fields={"reason": "条款与活动不符，" * 20}).status_code == 303
    about = book.register(
        _case(61, outcome="refused", reason="拒绝调解", reply="none", replied=None), OWN, HANDLING_BODY
    )
    book.register(_case(62, outcome="settled"), OWN, HANDLING_BODY)
    answered = book.register(_case(63, outcome="ended_without_agreement", reason="双方意见不一"), OWN, HANDLING_BODY)
    book.register(replied(answered, effective_on=today()), OWN, usual)
    book.register(declared(effective_on=today()), OWN, usual)
    dates = {"effective_on": today(), "decided_on": today(), "checked_on": today()}
    book.register(
        cited(**dates, recheck_by=today() + timedelta(days=90), publicity_end=today() + timedelta(days=1000)), OWN
    )
    gallery.projected()
    gallery.show(owner, "/desk", "home-enterprise", english=True)
    gallery.show(owner, "/desk/enterprise", "enterprise-desk", english=True)
    gallery.show(owner, "/desk/pending", "pending-own")
    gallery.show(owner, f"/desk/pending/{sha256(statement).hexdigest()}", "pending-own-refused")
    gallery.show(owner, "/desk/accesses", "accesses-own", english=True)
    gallery.show(owner, "/desk/act", "acts-enterprise")
    gallery.show(owner, "/desk/releases", "releases-empty")
    gallery.show(owner, f"/desk/act/PledgeWithdrawn?subject={OWN}&code={code}&ends_on={today()}", "act-withdraw")
    _reply(gallery, usual, about)
    _standard(gallery, usual)


def _nothing(gallery: Gallery) -> None:
    """An individual business, of which the book has nothing but the name."""
    book = gallery.book
    book.enterprise(EMPTY, name=LONG)
    owner = gallery.at(gallery.owner(EMPTY))
    gallery.projected()
    for path, name in (("/desk", "home-enterprise-nothing"), ("/desk/enterprise", "enterprise-desk-nothing")):
        gallery.show(owner, path, name)
    gallery.show(owner, "/desk/pending", "pending-own-none")
    gallery.show(owner, "/desk/notices", "notices-none")


def _pledge(gallery: Gallery, usual: Speaker) -> None:
    owner = gallery.at(usual)
    gallery.show(owner, "/desk/enterprise/pledge", "pledge-which-campaign")
    page = gallery.show(owner, "/desk/enterprise/pledge?campaign=2026", "pledge-first", english=True)
    page.fill("#pledge-products", "家用净水器")
    page.fill("#pledge-more", MARKUP)
    page.fill("#pledge-body-code", "12")
    gallery.press(page, "#pledge button", ".problem:not(:empty)", "pledge-wrong")
    page.fill("#pledge-liability", "退还货款并承担检测费用。")
    page.fill("#pledge-body-code", "51100000500000005N")
    gallery.press(page, "#pledge button", "#confirm:visible", "pledge-in-words")
    gallery.press(page, "#sign", "#done:visible, #problem:not(:empty)", "pledge-waits")
    owner.open("/desk/enterprise/pledge?campaign=2026")
    page.fill("#pledge-liability", "如有问题请致电 13800138000 联系张三")
    page.fill("#pledge-body-code", "51100000500000005N")
    page.click("#pledge button")
    page.locator("#confirm:visible, .problem:not(:empty)").first.wait_for()
    if page.locator("#confirm").is_visible():
        page.click("#sign")
        page.locator("#done:visible, .problem:not(:empty)").first.wait_for()
    gallery.take(page, "pledge-refused-by-the-service")


def _reply(gallery: Gallery, usual: Speaker, about: int) -> None:
    """A reply with attachments, one of them of a kind that is not taken."""
    owner = gallery.at(usual)
    page = gallery.show(owner, f"/desk/act/ComplaintReplied?outcome_entry={about}&back=/desk/enterprise", "reply-first")
    page.locator("#act > button").click()
    page.locator("#f-text-wrong:not(:empty)").wait_for()
    gallery.take(page, "reply-wrong")
    page.fill("#f-text", MARKUP)
    page.locator("#act > button").click()
    page.locator("#confirm:visible").wait_for()
    gallery.take(page, "reply-in-words")
    page.click("#sign")
    page.locator("#done:visible").wait_for()
    for place, names in enumerate((("单据.png", "page.html"), ("很长的文件名" * 12 + ".pdf",))):
        contents = {"png": PNG, "html": b"<html>", "pdf": PDF}
        files = [
            {"name": name, "mimeType": "application/x-unknown", "buffer": contents[name.rpartition(".")[2]]}
            for name in names
        ]
        page.set_input_files("#attaching-files", files)  # type: ignore[arg-type]
        page.locator("#attaching-rows tr").nth(place).wait_for()
        gallery.take(page, "reply-attachments-flawed" if place == 0 else "reply-attachments-good")
    gallery.take(page, "reply-attachments")
    page.click("#attaching-sign")
    page.locator("#attaching-rows tr[data-entry]").nth(1).wait_for()
    gallery.take(page, "reply-attached")


def _standard(gallery: Gallery, usual: Speaker) -> None:
    owner = gallery.at(usual)
    page = gallery.show(owner, "/desk/act/StandardDeclared", "standard-first")
    fill_from(page, draft_of(declared(effective_on=today(), number="Q/QQ 7-2026"), OWN))
    page.locator("#draft-state", has_text="已留在本浏览器").wait_for(state="attached")
    unwanted = [{"name": "old.doc", "mimeType": "application/x-unknown", "buffer": b"\xd0\xcf\x11\xe0"}]
    page.set_input_files("#f-annex-chosen", unwanted)  # type: ignore[arg-type]
    page.locator("#f-annex-wrong:not(:empty)").wait_for()
    gallery.take(page, "standard-annex-wrong")


def _case(number: int, **given: object) -> ComplaintOutcomeRecorded:
    """A complaint that was closed last month."""
    month = f"{today().replace(day=1) - timedelta(days=1):%Y-%m}"
    months = dict.fromkeys(("received", "accepted", "forwarded", "reply_due", "closed", "replied"), month)
    noticed = today() - timedelta(days=21)
    return outcome(number, case=f"{number:032x}", effective_on=today(), notified_on=noticed, **months | given)
