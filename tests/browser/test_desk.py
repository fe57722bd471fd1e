"""The desks in real Chromium: a key is made, backed up, enrolled and signs in; a fresh browser opens the backup."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from ledger.domain.values.subject import own_party
from ledger.keys.proof_of_possession import check_possession
from ledger.keys.signer import load_key, new_key, save_key
from tests.browser.conftest import LISTEN
from tests.browser.desk import PASSPHRASE, Desk, desk, desk_book, enrol, watched_desk
from tests.e2e.book import Book, today
from tests.support.charter import ORGANIZER, ORIGIN, REGISTRAR, Speaker
from tests.support.keys import signer_for
from tests.support.reading import authorization, token
from tests.support.statements import ENTERPRISE, OTHER_ENTERPRISE, party_enrolled

__all__ = ["desk", "desk_book"]

CODE = ENTERPRISE[5:]
INDIVIDUAL = Speaker(own_party("local:shop/9"), signer_for("individual", "p256"), "owner")
NOT_MADE_HERE = "这是另一把密钥的文件"


@pytest.fixture(scope="module")
def book(desk_book: Book) -> Book:
    """With a campaign and two enterprises that are parties, one of them without a key yet."""
    desk_book.campaign()
    desk_book.enterprise(ENTERPRISE, name="北京清泉净水设备有限公司")
    desk_book.enterprise(OTHER_ENTERPRISE, name="示例𬭚业有限公司")
    desk_book.register(
        party_enrolled(effective_on=today(), name_zh="北京清泉净水设备有限公司"), own_party(ENTERPRISE), REGISTRAR
    )
    return desk_book


@pytest.fixture(scope="module")
def organizer_file(book: Book, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The key file of an officer of the organizer, as `credit-ledger key new --kind p256` makes it."""
    path = tmp_path_factory.mktemp("keys") / "organizer.pem"
    signer = new_key("p256")
    save_key(path, signer, PASSPHRASE)
    book.enrol(Speaker(ORGANIZER.party, signer, "clerk-7"), ORGANIZER, officer="clerk-7")
    return path


@pytest.fixture(scope="module")
def individuals_file(book: Book, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The key file of an enterprise behind an opaque id with a published pledge, one that waits and a refused one."""
    path = tmp_path_factory.mktemp("keys") / "individual.pem"
    save_key(path, INDIVIDUAL.signer, PASSPHRASE)
    subject = INDIVIDUAL.party.removeprefix("party:")
    book.enterprise(subject, name="长" * 60 + "有限公司")
    book.register(party_enrolled(effective_on=today(), name_zh=subject), INDIVIDUAL.party, REGISTRAR)
    book.enrol(INDIVIDUAL)
    book.pledge(subject, serial=31)
    for scope in ("service", "product"):
        statement, _ = book.sign(book.made(scope=scope, content="𬭚䶮㛃" * 200), subject, INDIVIDUAL)
        assert book.post(statement).status_code == 303
    refusal = f"/v1/pending/{sha256(statement).hexdigest()}/refusal"
    content = json.dumps({"reason": "条款不符" * 30}).encode()
    signed = authorization(token(ORGANIZER, refusal, content))
    assert book.http.post(refusal, content=content, headers=signed).status_code == 200
    return path


def test_an_enterprise_makes_a_key_saves_its_backup_is_enrolled_signs_in_and_opens_it_elsewhere(
    desk: Desk, book: Book, browser: Browser, tmp_path: Path
) -> None:
    sent: list[tuple[str, str, bytes]] = []
    desk.page.on("request", lambda one: sent.append((one.method, one.url, one.post_data_buffer or b"")))
    download = desk.make_key(CODE)
    page = desk.page
    expect(page.locator("#status")).to_contain_text("尚未启用")
    expect(page.locator(".own-key"), "it does not count before its backup was opened").to_have_count(0)
    backup = tmp_path / download.suggested_filename
    download.save_as(backup)
    assert download.suggested_filename.startswith(f"uscc-{CODE}-")

    desk.check_backup(backup, "another passphrase")
    expect(page.locator("#check-passphrase-wrong")).to_contain_text("口令不对")
    save_key(tmp_path / "another.pem", new_key("p256"), PASSPHRASE)
    desk.check_backup(tmp_path / "another.pem")
    expect(page.locator("#check-file-wrong")).to_contain_text(NOT_MADE_HERE)
    expect(page.locator(".own-key")).to_have_count(0)
    desk.check_backup(backup)
    page.locator(".own-key").wait_for()
    expect(page.locator("#save")).to_be_hidden()

    handed = desk.handed()
    opened = load_key(backup, PASSPHRASE)  # what `credit-ledger` opens key files with
    assert handed["kid"] == opened.kid.hex() and handed["pem"] == opened.public.pem and handed["kind"] == "p256"
    assert (handed["party"], handed["audience"]) == (own_party(ENTERPRISE), ORIGIN)
    check_possession(bytes.fromhex(handed["proof"]), bytes.fromhex(handed["key"]), own_party(ENTERPRISE), ORIGIN)

    desk.open("/desk/sign-in")
    page.click("#keys button")
    page.click("#sign")
    expect(page.locator("#problem")).to_contain_text("签名密钥未登记")
    desk.complaints[:] = [one for one in desk.complaints if "401" not in one]  # as it should be: not enrolled yet
    enrol(book, handed, tmp_path)
    page.click("#keys button")
    said = page.locator("#said").inner_text()
    assert all(one in said for one in (desk.origin, ORIGIN, own_party(ENTERPRISE), handed["kid"])), said
    page.click("#sign")
    page.wait_for_url("**/desk")
    assert page.locator("h1").inner_text() == "北京清泉净水设备有限公司"
    expect(page.locator("#sessions ~ table tbody tr")).to_have_count(1)
    assert page.evaluate("document.cookie") == "", "no script sees the session"

    posted = {url.removeprefix(desk.origin) for method, url, _ in sent if method != "GET"}
    assert posted == {"/desk/session"}
    private = opened.private.private_numbers().private_value.to_bytes(32, "big")  # type: ignore[union-attr]
    assert not any(private in content or private.hex().encode() in content for _, _, content in sent)

    elsewhere = browser.new_context()
    elsewhere.add_init_script(LISTEN)
    for other in watched_desk(elsewhere, book):
        other.open("/desk/sign-in")
        expect(other.page.locator("#no-keys"), "a fresh browser has no key").to_be_visible()
        other.open_backup(backup, CODE)
        other.page.locator(".own-key").wait_for()
        other.sign_in()
        expect(other.page.locator("#sessions ~ table tbody tr")).to_have_count(2)
        other.page.locator("header button", has_text="退出").click()
        other.page.wait_for_url("**/desk/sign-in?ended=out")
        other.go("/desk")
        other.page.wait_for_url("**/desk/sign-in")
    elsewhere.close()
    page.reload()
    expect(page.locator("#sessions ~ table tbody tr"), "the other's end is not this one's").to_have_count(1)


def test_a_private_key_in_the_browser_cannot_be_read_out(desk: Desk, organizer_file: Path) -> None:
    desk.open_backup(organizer_file, ORGANIZER.party)
    desk.page.locator(".own-key").wait_for()
    found = desk.page.evaluate(
        """async () => {
          const base = document.querySelector("script[type=module]").src.replace("key_page.js", "");
          const [{ privateKey }] = await (await import(`${base}key_store.js`)).allKeys();
          const tried = {};
          for (const format of ["pkcs8", "jwk", "raw"]) {
            tried[format] = await crypto.subtle.exportKey(format, privateKey).then(() => "out", (error) => error.name);
          }
          return { extractable: privateKey.extractable, usages: privateKey.usages, tried };
        }"""
    )
    assert found["extractable"] is False and found["usages"] == ["sign"]
    assert "out" not in found["tried"].values()


def test_a_file_of_the_command_line_signs_in_and_shows_staff_what_waits(
    desk: Desk, book: Book, organizer_file: Path
) -> None:
    owner = book.own_key(OTHER_ENTERPRISE)
    statement, _ = book.sign(book.made(scope="service", content="七日内退换"), OTHER_ENTERPRISE, owner)
    assert book.post(statement).status_code == 303
    page = desk.signed_in_as(ORGANIZER, organizer_file)
    assert "clerk-7" in page.locator(".who").inner_text()
    page.get_by_role("link", name="等候公布的承诺").click()
    page.wait_for_url("**/desk/pending")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.locator("tbody td[data-is=承诺] a").click()
    page.wait_for_url("**/desk/pending/*")
    assert "七日内退换" in page.locator("main").inner_text()


def test_what_is_wrong_stands_at_its_field_and_nothing_typed_is_lost(desk: Desk, tmp_path: Path) -> None:
    page = desk.open("/desk/key")
    page.fill("#make-party", "not a code")
    page.fill("#make-passphrase", "short")
    page.fill("#make-again", "shorter")
    for field, problem, better in (
        ("make-party", "不是统一社会信用代码", f" {CODE.lower()} "),
        ("make-passphrase", "至少 12 个字符", "long enough, is it"),
        ("make-again", "两次输入的口令不同", "long enough, is it"),
    ):
        page.click("#make button")
        expect(page.locator(f"#{field}-wrong")).to_contain_text(problem)
        assert page.locator(f"#{field}").get_attribute("aria-invalid") == "true"
        assert page.evaluate("document.activeElement.id") == field
        page.fill(f"#{field}", better)
    page.click("#make button")
    page.locator("#backup").wait_for()
    assert page.locator("#make-party").input_value() == f" {CODE.lower()} "

    page.fill("#open-party", "11010519491231002X")
    page.click("#open button")
    expect(page.locator("#open-party-wrong")).to_contain_text("居民身份号码")
    page.fill("#open-party", CODE)
    for name, signer, word, problem in (
        ("ed25519", new_key("ed25519"), PASSPHRASE, "Ed25519"),
        ("plain", new_key("p256"), None, "没有加密"),
    ):
        save_key(tmp_path / name, signer, word)
        page.set_input_files("#open-file", tmp_path / name)
        page.fill("#open-passphrase", PASSPHRASE)
        page.click("#open button")
        expect(page.locator("#open-file-wrong")).to_contain_text(problem)
    (tmp_path / "text").write_text("no key at all", encoding="utf-8")
    page.set_input_files("#open-file", tmp_path / "text")
    page.click("#open button")
    expect(page.locator("#open-file-wrong")).to_contain_text("不是密钥文件")
    expect(page.locator(".own-key")).to_have_count(0)


def test_a_key_is_removed_from_a_browser_after_a_question(desk: Desk, organizer_file: Path) -> None:
    desk.open_backup(organizer_file, ORGANIZER.party)
    desk.page.locator(".own-key").wait_for()
    desk.page.once("dialog", lambda dialog: dialog.dismiss())
    desk.page.click(".own-key button:has-text('移除')")
    expect(desk.page.locator(".own-key")).to_have_count(1)
    desk.page.once("dialog", lambda dialog: dialog.accept())
    desk.page.click(".own-key button:has-text('移除')")
    expect(desk.page.locator("#status")).to_contain_text("已移除")
    desk.open("/desk/sign-in")
    expect(desk.page.locator("#no-keys")).to_be_visible()


def test_what_a_registrar_needs_can_be_copied(desk: Desk, context: BrowserContext, organizer_file: Path) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    desk.open_backup(organizer_file, ORGANIZER.party)
    desk.page.locator(".own-key").wait_for()
    desk.page.click(".own-key button:has-text('复制')")
    expect(desk.page.locator("#status")).to_contain_text("已复制")
    copied = desk.page.evaluate("navigator.clipboard.readText()")
    assert copied == desk.page.locator(".handed").input_value()


@pytest.mark.parametrize("width", [1280, 375])
@pytest.mark.parametrize("prefix", ["", "/en"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    desk: Desk, book: Book, organizer_file: Path, width: int, prefix: str
) -> None:
    def look(where: str) -> None:
        desk.faultless(width, where)

    for path in ("/desk/key", "/desk/sign-in"):
        desk.open(prefix + path)
        look(path)
    desk.make_key(CODE)
    look("a key whose backup is to be saved")
    desk.signed_in_as(ORGANIZER, organizer_file)
    for path in ("/desk", "/desk/pending", "/desk/pending/nothing"):
        desk.go(prefix + path)
        look(path)
    desk.open(f"{prefix}/desk/key")
    look("a browser with a key")
    desk.open(f"{prefix}/desk/sign-in")
    desk.page.click("#keys button")
    desk.page.locator("#sign").wait_for()
    look("before signing")
    desk.complaints[:] = [one for one in desk.complaints if "404" not in one]  # of /desk/pending/nothing


@pytest.mark.parametrize("width", [1280, 375])
@pytest.mark.parametrize("prefix", ["", "/en"])
def test_an_enterprises_desk_is_read_by_everybody_with_all_that_it_shows(
    desk: Desk, book: Book, individuals_file: Path, width: int, prefix: str
) -> None:
    page = desk.signed_in_as(INDIVIDUAL, individuals_file)
    for path in ("/desk", "/desk/pending"):
        desk.go(prefix + path)
        desk.faultless(width, path)
    expect(page.locator("tbody tr"), "one waits, one was refused").to_have_count(2)
    page.locator("tbody td:nth-child(2) a").first.click()
    page.wait_for_url("**/desk/pending/*")
    desk.faultless(width, "a pledge that waits")


def test_without_scripts_the_pages_say_what_to_do_instead(browser: Browser, book: Book) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    for path, said in (("/desk/key", "credit-ledger key new"), ("/desk/sign-in", "须允许脚本")):
        page.goto(f"{book.service.url}{path}")
        assert said in page.locator("main").inner_text()
        expect(page.locator("button:visible")).to_have_count(0)
    context.close()
