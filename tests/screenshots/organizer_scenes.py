"""An organizer's desks: what waits, drafts and releases, a roster, forms, the outbox."""

from __future__ import annotations

from hashlib import sha256

from playwright.sync_api import Page

from ledger.keys.naming_secret import save_secrets
from tests.browser.act_forms import draft_of, fill_from
from tests.browser.desk import PASSPHRASE, Desk
from tests.browser.test_roster import hand_in, open_secret, roster
from tests.screenshots.gallery import LONG, MARKUP, RARE, Gallery, button
from tests.support.charter import HANDLING_BODY, ORGANIZER, ORGANIZER_2
from tests.support.desks import DeskVisitor
from tests.support.receivers import WebhookReceiver
from tests.support.releases import document, in_seconds, lay, leave, newcomer
from tests.support.statements import CAMPAIGN, campaign_opened, outcome
from tests.support.waiting import eventually

__all__ = ["forms", "outbox", "pending", "releases", "rosters"]

DAY = 86_400
WAITING = {
    "uscc:91110105MALA8C6K12": LONG,
    "uscc:91210202MA2966T00G": RARE,
    "uscc:91320506MAD79MHG41": "<script>alert(1)</script>食品有限公司",
    "local:shop/7": "没有行政区划的小店",
}


def pending(gallery: Gallery) -> None:
    book, clerk = gallery.book, gallery.at(ORGANIZER)
    gallery.show(clerk, "/desk", "home-organizer", english=True)
    gallery.show(clerk, "/desk/pending", "pending-none", english=True)
    ids = []
    for subject, name in WAITING.items():
        book.enterprise(subject, name=name)
        owner = gallery.owner(subject)
        for scope in ("comprehensive", "service"):
            statement, _ = book.sign(book.made(scope=scope, content=MARKUP), subject, owner)
            assert book.post(statement).status_code == 303
            ids.append(sha256(statement).hexdigest())
    gallery.projected()
    page = gallery.show(clerk, "/desk/pending", "pending", english=True)
    gallery.show(clerk, "/desk/pending?scope=product&campaign=2026", "pending-nothing-found")
    gallery.show(clerk, "/desk/pending?scope=x&q=y&rows=7", "pending-unknown-filter", english=True)
    gallery.show(clerk, f"/desk/pending/{ids[0]}", "pending-one", english=True)
    page.fill("#code", "12")
    gallery.press(page, "#prepare", ".problem:not(:empty)", "pending-one-wrong-code")
    page.fill("#code", "")
    gallery.press(page, "#prepare", "#sign:visible", "pending-one-in-words")
    gallery.press(page, "#sign", "#done:visible", "pending-one-published")
    gallery.show(clerk, f"/desk/pending/{ids[0]}", "pending-one-gone")
    page = gallery.show(clerk, f"/desk/pending/{ids[1]}", "pending-one-to-refuse")
    page.fill("#reason", "联系人 13800138000")
    page.locator("section", has=page.locator("#refusing")).get_by_role("button", name="退回").click()
    gallery.take(page, "pending-one-refusal-wrong")
    gallery.show(clerk, "/desk/pending/refusal?scope=service", "pending-refuse-all", english=True)
    page.fill("#reason", "联系人 13800138000")
    page.locator("form.fields button").click()
    gallery.take(page, "pending-refuse-all-wrong")
    page.fill("#reason", "条款与活动不符")
    page.locator("form.fields button").click()
    gallery.take(page, "pending-refused")
    clerk.open("/desk/pending?state=waiting")
    gallery.press(page, "#prepare", "#sign:visible", "pending-publish-all-in-words")
    gallery.press(page, "#sign", "#done:visible", "pending-all-published")


def releases(gallery: Gallery) -> None:
    drafter, releaser = gallery.at(ORGANIZER), gallery.at(ORGANIZER_2)
    gallery.show(drafter, "/desk/releases", "releases-none", english=True)
    page = drafter.go("/desk/releases")
    page.fill("#draft", '{"type": "PledgeExtended"')
    button(page, "交他人签发")
    gallery.take(page, "releases-wrong-draft")
    with (
        DeskVisitor(gallery.book.service.url).sign_in(ORGANIZER) as first,
        DeskVisitor(gallery.book.service.url).sign_in(ORGANIZER_2) as second,
    ):
        refused = newcomer("定时发布时已在账本中")
        address = lay(first, document(refused, "local:drafts/1"))
        leave(second, address, refused, "local:drafts/1", at=in_seconds(4))
        gallery.book.enterprise("local:drafts/1")
        drafted = lay(first, document(newcomer(LONG), "local:drafts/2"))
        lay(first, document(newcomer("<b>草稿</b>"), "local:drafts/3"))
        eventually(lambda: "发布时未被接受" in first.http.get(address).text, "it is refused")
    page = gallery.show(drafter, drafted, "release-draft-own-colleagues")
    page = gallery.show(releaser, drafted, "release-draft", english=True)
    page.fill("#when", in_seconds(30 * DAY)[:16])
    gallery.press(page, "#when-form button", "#when-wrong:not(:empty)", "release-wrong-time")
    page.fill("#when", in_seconds(DAY)[:16])
    gallery.press(page, "#when-form button", "#confirm:visible", "release-in-words")
    page.click("#sign")
    page.wait_for_load_state()
    page.get_by_text("已签名，将于").wait_for()
    gallery.take(page, "release-left")
    gallery.show(releaser, "/desk/releases", "releases-left")
    releaser.go(drafted)
    button(page, "撤回")
    gallery.take(page, "release-called-back")
    releaser.open(drafted)
    page.click("#when-form button")
    page.locator("#confirm:visible").wait_for()
    page.click("#sign")
    page.get_by_text("已发布").first.wait_for()
    gallery.take(page, "release-released")
    gallery.show(drafter, address, "release-refused", english=True)
    gallery.show(drafter, "/desk/releases", "releases", english=True)
    gallery.show(drafter, "/desk", "home-organizer-with-drafts")


def rosters(gallery: Gallery) -> None:
    clerk = gallery.at(ORGANIZER)
    secret = gallery.folder / "organizer.import-secret.pem"
    save_secrets(secret, (ORGANIZER.signer.secret,), PASSPHRASE)
    page = gallery.show(clerk, "/desk/roster", "roster-first", english=True)
    page.locator("summary").click()
    page.fill("#approve", "siebzehn")
    page.set_input_files("#file", {"name": "名单.csv", "mimeType": "text/csv", "buffer": b"a,b\n1,2\n"})
    page.evaluate("document.querySelector('form.fields').noValidate = true")
    page.locator("form.fields button").click()
    gallery.take(page, "roster-wrong")
    page = hand_in(clerk, roster(gallery.folder / "名单.xlsx", 24, flaws=True))
    page.locator("details summary").first.click()
    gallery.take(page, "roster-dry-run")
    here = page.url.removeprefix(clerk.origin)
    gallery.show(clerk, f"{here}?status=refused", "roster-refused-rows", english=True)
    gallery.show(clerk, f"{here}?q=没有这一家", "roster-no-row")
    page.set_input_files("#secret-file", secret)
    page.fill("#secret-passphrase", "another passphrase")
    gallery.press(page, "#secret button", "#secret-passphrase-wrong:not(:empty)", "roster-secret-wrong")
    open_secret(page, secret)
    page.click("#prepare")
    page.locator("#sign:visible").wait_for()
    page.locator("#all summary").click()
    gallery.take(page, "roster-in-words")
    gallery.press(page, "#sign", "#done:visible", "roster-signed")
    gallery.show(clerk, "/desk/roster", "roster-with-a-dry-run")


def forms(gallery: Gallery) -> None:
    """Forms of the catalogue: a small one, the largest, faults at the fields, words, receipt, what is refused."""
    clerk = gallery.at(ORGANIZER)
    gallery.show(clerk, "/desk/act", "acts-organizer", english=True)
    gallery.show(clerk, "/desk/act/StandingPolicyProposed", "act-standing-policy")
    gallery.show(clerk, "/desk/act/FulfilmentAssessed", "act-assessment", english=True)
    page = gallery.show(clerk, "/desk/act/CampaignOpened", "act-campaign", english=True)
    page.fill("#f-name_zh", MARKUP)
    page.fill("#f-theme", "x" * 513)
    page.locator("#f-clauses [data-add]").click()
    page.locator("#f-clauses input[id$='-id']").fill("Refund!")
    page.locator("#act > button").click()
    page.locator("#f-theme-wrong:not(:empty)").wait_for()
    gallery.take(page, "act-campaign-wrong")
    _draft(page, draft_of(campaign_opened(name_zh=MARKUP[:200]), "campaign:look"))
    gallery.take(page, "act-campaign-filled")
    page.locator("#act > button").click()
    page.locator("#confirm:visible").wait_for()
    gallery.take(page, "act-campaign-in-words")
    gallery.press(page, "#sign", "#done:visible", "act-campaign-registered")
    _draft_refused(gallery, clerk)
    _outcome(gallery)
    clerk.open("/en/desk/act/CampaignOpened")
    page.locator("#f-clauses [data-add]").click()
    page.locator("#act > button").click()
    page.locator(".problem:not(:empty)").first.wait_for()
    gallery.take(page, "act-campaign-wrong-en")
    _draft(page, draft_of(campaign_opened(), "campaign:look2"))
    page.locator("#act > button").click()
    page.locator("#confirm:visible").wait_for()
    gallery.take(page, "act-campaign-in-words-en")
    gallery.press(page, "#sign", "#done:visible", "act-campaign-registered-en")
    gallery.show(clerk, "/desk/act/CampaignOpened?nonsense=1", "act-unknown-field", english=True)
    gallery.show(clerk, "/desk/act/PledgeMade", "act-not-for-this-role", english=True)
    gallery.show(clerk, "/desk/act/Nonsense", "act-not-there")


def _draft(page: Page, draft: bytes) -> None:
    page.locator("#drafts:not([open]) summary").or_(page.locator("#drafts[open] summary")).click()
    fill = {"name": "draft.json", "mimeType": "application/json", "buffer": draft}
    page.set_input_files("#draft-file", fill)  # type: ignore[arg-type]
    page.wait_for_timeout(300)  # the page fills its fields in


def _draft_refused(gallery: Gallery, clerk: Desk) -> None:
    page = clerk.open("/desk/act/CampaignOpened")
    wrong = [{"name": "x.json", "mimeType": "application/json", "buffer": b"[]"}]
    page.locator("#drafts summary").click()
    page.set_input_files("#draft-file", wrong)  # type: ignore[arg-type]
    page.locator("#draft-file-wrong:not(:empty)").wait_for()
    gallery.take(page, "act-wrong-draft")
    fill = {"name": "d.json", "mimeType": "application/json", "buffer": draft_of(campaign_opened(), CAMPAIGN)}
    page.set_input_files("#draft-file", fill)  # type: ignore[arg-type]
    page.locator("#f-name_zh").wait_for()
    page.locator("#act > button").click()
    page.locator("#confirm:visible").wait_for()
    gallery.press(page, "#sign", ".problem:not(:empty)", "act-refused-by-the-service")


def _outcome(gallery: Gallery) -> None:
    """What the service refuses at a field, in a sealed statement."""
    subject = "local:forms/1"
    gallery.book.enterprise(subject, name=RARE)
    body = gallery.at(HANDLING_BODY)
    page = body.open(f"/desk/act/ComplaintOutcomeRecorded?subject={subject}")
    said = outcome(31, notified_on=None, product_class="电话 13800138000")
    fill_from(page, draft_of(said, subject, sealed=True))
    page.locator("#act > button").click()
    page.locator("#confirm:visible").wait_for()
    gallery.take(page, "act-sealed-in-words")
    gallery.press(page, "#sign", ".problem:not(:empty)", "act-refused-at-its-field")


def outbox(gallery: Gallery) -> None:
    book, mails, subject = gallery.book, gallery.mails, "uscc:91330106MAGDA6R8UA"
    clerk = gallery.at(ORGANIZER)
    gallery.show(clerk, "/desk/notices", "notices-first", english=True)
    page = clerk.page
    page.evaluate("document.querySelector('form.fields').noValidate = true")
    page.fill("#address", "no address")
    button(page, "添加")
    gallery.take(page, "notices-wrong")
    book.enterprise(subject, name=LONG)
    owner = book.own_key(subject)
    statement, _ = book.sign(book.made(scope="service"), subject, owner)
    assert book.post(statement).status_code == 303
    with WebhookReceiver() as hook, DeskVisitor(book.service.url).sign_in(ORGANIZER) as visitor:
        refusal = f"/desk/pending/{sha256(statement).hexdigest()}/refusal"
        assert visitor.submit(refusal, fields={"reason": "请补充具体条款"}).status_code == 303
        hook.answer = lambda _: (410, {})
        assert book.http.post("/v1/webhooks", json={"url": hook.url, "after": -1}).status_code == 201
        mails.refusal = "550 no such user"
        assert visitor.submit("/desk/notices", fields={"address": "clerk@organizer.example"}).status_code == 303
        eventually(lambda: "550" in visitor.http.get("/desk/outbox").text, "the mail was refused")
        eventually(lambda: "410" in visitor.http.get("/desk/outbox").text, "the webhook was stopped")
        mails.refusal = None
    gallery.projected()
    gallery.show(clerk, "/desk/notices?asked=1", "notices-asked", english=True)
    gallery.show(clerk, "/desk/outbox", "outbox", english=True)
    _follow(gallery, subject)


def _follow(gallery: Gallery, subject: str) -> None:
    """By mail, without a sign-in."""
    with gallery.newcomer() as desk:
        page = desk.go(f"/e/{subject[5:]}")
        page.fill("#address", "reader@reader.example")
        page.click("form[action$='/follow'] button")
        gallery.take(page, "follow-asked")
        eventually(lambda: gallery.mails.to("reader@reader.example"), "the mail")
        text = gallery.mails.to("reader@reader.example")[0].get_content()
        link = next(word for word in text.split() if "/follow/" in word)
        desk.go(link[link.index("/follow/") :])
        gallery.take(page, "follow-unconfirmed")
        button(page, "确认")
        gallery.take(page, "follow-confirmed")
        page.locator("main button").first.click()
        gallery.take(page, "follow-ended")
