"""Keys: made, saved, asked for, approved, refused, recovered; the sign-in; the registrar's desk, and one's officers."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator

from ledger.domain.values.subject import own_party
from tests.browser.desk import Desk
from tests.screenshots.gallery import LONG, Gallery, button
from tests.support.charter import REGISTRAR
from tests.support.statements import speaker_of

__all__ = ["keys"]

NEW, LATER = "uscc:91110000600037341L", "uscc:91310115MA9XH2MPG1"


def keys(gallery: Gallery) -> None:
    gallery.book.enterprise(NEW, name=LONG)
    gallery.book.enterprise(LATER, name="后来者家电有限公司")
    gallery.projected()
    registrar = gallery.at(REGISTRAR)
    gallery.show(registrar, "/desk/registrar", "registrar-empty")
    with gallery.newcomer() as desk:
        backup = _made(gallery, desk)
        part = _asked(gallery, desk)
        _approved(gallery, registrar, desk)
        desk.open("/desk/key")
        desk.page.locator(".key-request[data-state=enrolled]").wait_for()
        gallery.take(desk.page, "key-enrolled")
        desk.sign_in()
        gallery.take(desk.page, "home-enterprise-new")
        gallery.show(desk, "/desk/officers", "officers-none-waits", english=True)
        _further(gallery, desk)
        _recovered(gallery, registrar, part)
        desk.go("/desk")
        button(desk.page, "退出")
        gallery.take(desk.page, "signed-out")
    assert backup.exists()
    with gallery.newcomer() as stranger:
        gallery.show(stranger, "/desk/sign-in?ended=over", "sign-in-session-over", english=True)
        gallery.show(stranger, "/desk/pending", "sign-in-first")
    with gallery.newcomer(scripts=False) as plain:
        plain.go("/desk/key")
        gallery.take(plain.page, "key-without-scripts")
        plain.go("/desk/sign-in")
        gallery.take(plain.page, "sign-in-without-scripts")


def _made(gallery: Gallery, desk: Desk) -> Path:
    """A key, at every step until it counts."""
    page = gallery.show(desk, "/desk/key", "key-first", english=True)
    page.fill("#make-party", "没有这样的主体")
    page.fill("#make-passphrase", "short")
    page.fill("#make-again", "other")
    gallery.press(page, "#make button", ".problem:not(:empty)", "key-make-wrong")
    page.click("#open button")
    gallery.take(page, "key-open-wrong")
    download = desk.make_key(NEW[5:])
    backup = gallery.folder / download.suggested_filename
    download.save_as(backup)
    gallery.take(page, "key-to-be-saved")
    desk.check_backup(backup, "another passphrase")
    page.locator("#check-passphrase-wrong:not(:empty)").wait_for()
    gallery.take(page, "key-backup-wrong-passphrase")
    desk.check_backup(backup)
    page.locator(".own-key").wait_for()
    gallery.take(page, "key-counts")
    desk.open("/desk/sign-in")
    gallery.take(page, "sign-in-keys")
    gallery.press(page, "#keys button", "#confirm:visible", "sign-in-in-words")
    gallery.press(page, "#sign", "#problem:not(:empty)", "sign-in-refused")
    return backup


def _ask(part: Locator, officer: str, *, recovers: bool = False) -> None:
    part.locator(".key-request input[type=checkbox]").set_checked(recovers)
    part.locator(".key-request input[autocomplete]").fill(officer)
    part.get_by_role("button", name="申请登记").click()
    part.locator(".key-request[data-state=waiting]").wait_for()


def _asked(gallery: Gallery, desk: Desk) -> Locator:
    page = desk.open("/desk/key")
    part = page.locator(".own-key")
    part.locator(".key-request form").wait_for()
    part.locator(".key-request input[autocomplete]").fill("张三 13800138000")
    part.get_by_role("button", name="申请登记").click()
    part.locator(".problem:not(:empty)").first.wait_for()
    gallery.take(page, "key-asked-wrong")
    _ask(part, "quality-1")
    gallery.take(page, "key-waiting")
    return part


def _approved(gallery: Gallery, registrar: Desk, desk: Desk) -> None:
    """The registrar compares it, refuses it, and enrols party and key when it is asked for again."""
    page = gallery.show(registrar, "/desk/registrar", "registrar-one", english=True)
    page.get_by_role("link", name=own_party(NEW)).or_(page.get_by_role("link", name=LONG)).first.click()
    page.wait_for_selector("html[data-ready=yes]")
    request = page.url.removeprefix(registrar.origin)
    gallery.take(page, "registrar-request")
    page.fill("#party-name", "")
    gallery.press(page, "#party button", ".problem:not(:empty)", "registrar-request-wrong")
    page.fill("#reason", "指纹与电话核对不一致，请重新申请")
    page.get_by_role("button", name="拒绝").click()
    gallery.show(registrar, "/desk/registrar", "registrar-refused")
    gallery.show(registrar, request, "registrar-request-refused")
    desk.open("/desk/key")
    desk.page.locator(".key-request[data-state=refused]").wait_for()
    gallery.take(desk.page, "key-refused")
    _ask(desk.page.locator(".own-key"), "quality-1")
    registrar.open(request)
    gallery.press(page, "#party button", "#confirm:visible", "registrar-party-in-words")
    gallery.press(page, "#sign", "#done:visible", "registrar-party-done")
    registrar.open(request)
    gallery.take(page, "registrar-key-first")
    gallery.press(page, "#enrol button", "#confirm:visible", "registrar-key-in-words")
    gallery.press(page, "#sign", "#done:visible", "registrar-key-done")


def _further(gallery: Gallery, owner: Desk) -> None:
    """A second officer of the enterprise asks, and the first one looks at it."""
    with gallery.newcomer() as second:
        _backed_up(gallery, second)
        _ask(second.page.locator(".own-key"), "service-2")
        page = gallery.show(owner, "/desk/officers", "officers-one-waits")
        page.locator("main section a[href*='/desk/officers/']").first.click()
        page.wait_for_selector("html[data-ready=yes]")
        gallery.take(page, "officers-request")
        registrar = gallery.at(REGISTRAR)
        registrar.go("/desk/registrar").locator("tbody a").first.click()
        gallery.take(registrar.page, "registrar-further-key-not-his")


def _recovered(gallery: Gallery, registrar: Desk, part: Locator) -> None:
    """An enterprise whose key was lost."""
    gallery.book.own_key(LATER, speaker_of(LATER))
    with gallery.newcomer() as fresh:
        _backed_up(gallery, fresh, LATER)
        _ask(fresh.page.locator(".own-key"), "owner", recovers=True)
        gallery.projected()
        page = gallery.show(registrar, "/desk/registrar", "registrar-recovery-listed")
        page.locator("tbody a[href*='/desk/registrar/']", has_text=LATER[5:]).or_(
            page.locator("tbody tr", has_text="恢复").locator("a")
        ).first.click()
        page.wait_for_selector("html[data-ready=yes]")
        gallery.take(page, "registrar-recovery")
        page.fill("#recovery-evidence", "公函〔2026〕12 号")
        gallery.press(page, "#recovery button", "#confirm:visible, .problem:not(:empty)", "registrar-recovery-in-words")
        gallery.press(page, "#sign", "#done:visible, #problem:not(:empty)", "registrar-recovery-done")
        fresh.open("/desk/key")
        fresh.page.locator(".key-request").wait_for()
        gallery.take(fresh.page, "key-recovering")


def _backed_up(gallery: Gallery, desk: Desk, subject: str = NEW) -> None:
    download = desk.make_key(subject[5:])
    backup = gallery.folder / f"{subject[5:]}-{download.suggested_filename}"
    download.save_as(backup)
    desk.check_backup(backup)
    desk.page.locator(".own-key .key-request form").wait_for()
