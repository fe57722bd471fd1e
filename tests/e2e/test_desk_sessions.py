"""Signing in at the desks over real HTTP: what is let in, what is not, and what ends a session."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from api.desk.challenges import Challenges
from ledger.domain.events.party import KeyRevoked, RoleGranted, RoleRevoked
from ledger.limits import SESSION_IDLE_SECONDS_MAX, SESSION_SECONDS_MAX, SESSIONS_PER_OFFICER_MAX
from ledger.store.connect import Database, connect
from ledger.store.desk_sessions import DeskSessions
from tests.e2e.book import Book, open_book, today
from tests.support.charter import (
    HANDLING_BODY,
    HANDLING_BODY_2,
    LABORATORY,
    ORGANIZER,
    ORGANIZER_2,
    ORIGIN,
    REGISTRAR,
    REGULATOR,
    ROOT,
    Speaker,
)
from tests.support.database import PostgresServer, TestDatabase
from tests.support.desks import DeskVisitor
from tests.support.keys import signer_for
from tests.support.statements import ENTERPRISE, OTHER_ENTERPRISE, party_enrolled, speaker_of

Visit = Callable[[], DeskVisitor]


@pytest.fixture
def visit(book: Book) -> Iterator[Visit]:
    """Browsers that were never here."""
    opened: list[DeskVisitor] = []

    def new() -> DeskVisitor:
        opened.append(DeskVisitor(book.service.url))
        return opened[-1]

    yield new
    for one in opened:
        one.http.close()


@pytest.fixture(scope="module")
def sessions(book: Book, books_database: TestDatabase) -> Iterator[DeskSessions]:
    """The table itself."""
    with Database(books_database.service) as database:
        yield DeskSessions(database)


def test_who_signs_in_sees_who_the_book_says_he_is(visit: Visit) -> None:
    visitor = visit().sign_in(ORGANIZER)
    page = visitor.http.get("/desk")
    assert page.status_code == 200
    assert ORGANIZER.party in page.text and ORGANIZER.officer in page.text and "组织方" in page.text
    assert "organizer-2" not in page.text
    assert "My sessions" in visitor.http.get("/en/desk").text


def test_without_a_session_every_desk_leads_to_the_sign_in(visit: Visit) -> None:
    for path in ("/desk", "/desk/pending", f"/desk/pending/{'0' * 64}"):
        answer = visit().http.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/desk/sign-in"), path
        assert visit().http.get(f"/en{path}").headers["location"] == "/en/desk/sign-in"


def test_the_cookie_is_kept_from_scripts_and_other_sites_and_names_nobody(visit: Visit, sessions: DeskSessions) -> None:
    visitor = visit()
    answer = visitor.send(visitor.answered(ORGANIZER))
    cookie = answer.headers["set-cookie"]
    name, _, rest = cookie.partition("=")
    value, *attributes = rest.split("; ")
    assert name == "desk", "on loopback: without TLS there is no Secure, and no __Host-"
    assert {one.lower() for one in attributes} == {"httponly", "samesite=strict", "path=/", f"max-age={12 * 3600}"}
    assert answer.headers["cache-control"] == "no-store"
    found = sessions.of(ORGANIZER.party, ORGANIZER.officer, int(time.time()))
    assert found and all(value.encode() not in one.id_hash for one in found)
    assert re.fullmatch("[A-Za-z0-9_-]{43}", value)


def test_beyond_loopback_the_cookie_goes_over_tls_alone(postgres_server: PostgresServer, tmp_path: Path) -> None:
    address = "https://ledger.example.org"
    with (
        postgres_server.database() as database,
        open_book(tmp_path, "--public-url", address, database=database.service) as book,
        DeskVisitor(book.service.url) as visitor,
    ):
        assert visitor.send(visitor.answered(ORGANIZER)).status_code == 403, "not the address that people reach it by"
        answer = visitor.send(visitor.answered(ORGANIZER, web_origin=address), Origin=address)
        assert answer.status_code == 201, answer.text
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-desk=") and "Secure" in cookie and "Path=/" in cookie
        name, value = cookie.partition(";")[0].split("=")
        for given, status in ((f"{name}={value}", 200), (f"desk={value}", 303)):
            assert visitor.http.get("/desk", headers={"Cookie": given}).status_code == status, given


def test_a_challenge_is_answered_once(visit: Visit) -> None:
    visitor, thief = visit(), visit()
    answer = visitor.answered(ORGANIZER)
    assert visitor.send(answer).status_code == 201
    again = thief.send(answer)
    assert (again.status_code, again.json()["type"]) == (401, "urn:credit-ledger:desk.sign_in")
    assert "answered before" in again.json()["title_en"]
    assert not thief.signed_in and visitor.signed_in


def test_what_was_signed_for_another_site_or_log_is_good_for_nothing_here(visit: Visit) -> None:
    visitor = visit()
    for other in ({"web_origin": "https://desk.example.net"}, {"log": "another.example/book"}, {"nonce": bytes(32)}):
        refused = visitor.send(visitor.answered(ORGANIZER, **other))
        assert refused.status_code == 401, other
    assert not visitor.signed_in


def test_a_challenge_is_good_for_two_minutes_and_not_made_longer(visit: Visit, sessions: DeskSessions) -> None:
    visitor = visit()
    asked = visitor.challenge()
    longer = visitor.answered(ORGANIZER, nonce=bytes.fromhex(asked["nonce"]), expires_at=asked["expires_at"] + 1)
    assert "not of this service" in visitor.send(longer).json()["title_en"]
    old = Challenges(sessions.challenge_secret(), ORIGIN).make(int(time.time()) - 121)
    late = visitor.answered(ORGANIZER, nonce=old.nonce, expires_at=old.expires_at)
    assert "ask for a new one" in visitor.send(late).json()["title_en"]
    assert not visitor.signed_in


def test_only_a_key_of_the_book_signs_in_and_only_as_its_own_party(visit: Visit) -> None:
    visitor = visit()
    stranger = Speaker(ORGANIZER.party, signer_for("nobody's", "p256"), "x")
    pretender = Speaker(ORGANIZER.party, REGULATOR.signer, "x")
    for speaker, rule in ((stranger, "key.unknown"), (pretender, "key.not_the_issuers")):
        refused = visitor.send(visitor.answered(speaker))
        assert (refused.status_code, refused.json()["type"]) == (401, f"urn:credit-ledger:{rule}")
    forged = bytearray(visitor.answered(ORGANIZER))
    forged[-1] ^= 1
    assert visitor.send(bytes(forged)).status_code == 401
    statement = visitor.send(b"\xd2\x84")
    assert statement.status_code == 401
    assert visitor.send(b"x" * 5_000).status_code == 413
    assert not visitor.signed_in


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "none"},
    ],
)
def test_nothing_is_changed_by_a_request_that_no_page_of_ours_sent(visit: Visit, headers: dict[str, str]) -> None:
    visitor = visit().sign_in(ORGANIZER)
    token = visitor.form_token()
    other = visit()
    assert other.send(other.answered(ORGANIZER), **headers).status_code == 403
    refused = visitor.submit("/desk/sign-out", token, **headers)
    assert refused.status_code == 403
    assert "未作任何处理" in refused.text
    assert visitor.signed_in and not other.signed_in


def test_a_request_without_an_origin_changes_nothing(visit: Visit, book: Book) -> None:
    visitor = visit().sign_in(ORGANIZER)
    token = visitor.form_token()
    assert visitor.http.post("/desk/sign-out", data={"form_token": token}).status_code == 403
    assert visitor.signed_in


def test_a_form_counts_in_its_own_session_alone(visit: Visit) -> None:
    visitor, other = visit().sign_in(ORGANIZER), visit().sign_in(REGULATOR)
    for token in (other.form_token(), "x", visitor.form_token()[:-1]):
        assert visitor.submit("/desk/sign-out", token).status_code == 403
    assert visitor.http.post("/desk/sign-out", headers={"Origin": visitor.web_origin}).status_code == 403
    assert visitor.signed_in
    done = visitor.submit("/desk/sign-out")
    assert (done.status_code, done.headers["location"]) == (303, "/desk/sign-in?ended=out")
    assert not visitor.signed_in and other.signed_in


def test_a_session_that_was_ended_is_over_for_whoever_kept_its_cookie(visit: Visit) -> None:
    visitor, thief = visit().sign_in(ORGANIZER), visit()
    thief.http.cookies.update(visitor.http.cookies)
    assert thief.signed_in
    visitor.submit("/desk/sign-out")
    assert not thief.signed_in


def test_ones_sessions_are_listed_and_ended_and_nobody_elses(visit: Visit, sessions: DeskSessions) -> None:
    one, other, colleague = visit().sign_in(HANDLING_BODY), visit().sign_in(HANDLING_BODY), visit()
    colleague.sign_in(HANDLING_BODY_2)
    listed = set(re.findall(r"/desk/sessions/([0-9a-f]{64})/end", one.http.get("/desk").text))
    now = int(time.time())
    assert listed == {row.id_hash.hex() for row in sessions.of(HANDLING_BODY.party, HANDLING_BODY.officer, now)}
    theirs = sessions.of(HANDLING_BODY_2.party, HANDLING_BODY_2.officer, now)[0].id_hash.hex()
    assert theirs not in listed
    for name in (theirs, "0" * 64, "x", "%2e%2e"):
        assert one.submit(f"/desk/sessions/{name}/end").status_code == 404
    assert colleague.signed_in
    cookie = other.http.cookies["desk"]
    (mine,) = [row for row in listed if row != _hash(one) and row == _hash(other)]
    assert one.submit(f"/desk/sessions/{mine}/end").headers["location"] == "/desk"
    assert cookie and not other.signed_in and one.signed_in
    own = one.submit(f"/desk/sessions/{_hash(one)}/end")
    assert own.headers["location"] == "/desk/sign-in?ended=out"
    assert not one.signed_in


def _hash(visitor: DeskVisitor) -> str:
    return sha256(base64.urlsafe_b64decode(visitor.http.cookies["desk"] + "=")).hexdigest()


def test_a_browser_that_signs_in_again_leaves_no_session_behind(visit: Visit) -> None:
    visitor, thief = visit().sign_in(REGULATOR), visit()
    thief.http.cookies.update(visitor.http.cookies)
    before = _hash(visitor)
    visitor.sign_in(ORGANIZER)
    assert _hash(visitor) != before and visitor.signed_in
    assert not thief.signed_in


def test_one_more_session_than_an_officer_may_have_ends_the_oldest(visit: Visit) -> None:
    visitors = [visit().sign_in(LABORATORY) for _ in range(SESSIONS_PER_OFFICER_MAX)]
    assert all(one.signed_in for one in visitors)
    newest = visit().sign_in(LABORATORY)
    assert newest.signed_in
    assert sum(one.signed_in for one in visitors) == SESSIONS_PER_OFFICER_MAX - 1


def test_a_session_ends_with_its_key(book: Book, visit: Visit) -> None:
    owner = book.own_key(ENTERPRISE)
    visitor = visit().sign_in(owner)
    assert visitor.signed_in
    revoked = KeyRevoked(v=1, effective_on=today(), kid=owner.signer.kid.hex(), reason="lost")
    book.register(revoked, owner.party, REGISTRAR)
    ended = visitor.http.get("/desk")
    assert (ended.status_code, ended.headers["location"]) == (303, "/desk/sign-in?ended=key")
    assert "停用" in visitor.http.get(ended.headers["location"]).text
    assert 'desk=""' in ended.headers["set-cookie"] or "desk=;" in ended.headers["set-cookie"]
    refused = visitor.send(visitor.answered(owner))
    assert (refused.status_code, refused.json()["type"]) == (401, "urn:credit-ledger:key.ended")


def test_a_session_ends_with_any_role_that_it_began_with_and_goes_on_with_a_new_one(book: Book, visit: Visit) -> None:
    body = Speaker.named("a-new-body")
    day = today()
    book.register(party_enrolled(effective_on=day, name_zh="新的承办单位"), body.party, REGISTRAR)
    book.enrol(body)
    book.register(RoleGranted(v=1, effective_on=day, role="handling_body"), body.party, ROOT)
    visitor = visit().sign_in(body)
    book.register(RoleGranted(v=1, effective_on=day, role="laboratory"), body.party, ROOT)
    assert "检验检测机构" in visitor.http.get("/desk").text, "what was granted meanwhile counts at once"
    book.register(RoleRevoked(v=1, effective_on=day, role="handling_body", reason="终止委托"), body.party, ROOT)
    ended = visitor.http.get("/desk")
    assert ended.headers["location"] == "/desk/sign-in?ended=role"
    assert visit().sign_in(body).signed_in


@pytest.mark.parametrize(
    ("earlier", "seconds_max"),
    [
        ("seen_at = seen_at - %s", SESSION_IDLE_SECONDS_MAX),
        ("began_at = began_at - %s, expires_at = expires_at - %s", SESSION_SECONDS_MAX),
    ],
)
def test_a_session_ends_when_it_was_idle_or_lasted_for_too_long(
    visit: Visit, books_database: TestDatabase, earlier: str, seconds_max: int
) -> None:
    visitor = visit().sign_in(REGULATOR)

    def age(seconds: int) -> None:
        query = f"UPDATE desk.sessions SET {earlier} WHERE id_hash = %s".encode()
        with connect(books_database.admin) as connection:
            connection.execute(query, (*[seconds] * earlier.count("%s"), bytes.fromhex(_hash(visitor))))

    age(seconds_max - 45)
    assert visitor.signed_in, "just before"
    age(seconds_max)
    ended = visitor.http.get("/desk")
    assert ended.headers["location"] == "/desk/sign-in?ended=over"


def test_desk_pages_are_stored_by_nobody_framed_by_nobody_and_load_nothing_from_elsewhere(visit: Visit) -> None:
    visitor = visit().sign_in(ORGANIZER)
    for path in ("/desk", "/en/desk", "/desk/key", "/desk/sign-in", "/desk/pending", "/desk/pending/nothing"):
        answer = visitor.http.get(path)
        assert answer.headers["cache-control"] == "no-store", path
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], path
        assert "default-src 'self'" in answer.headers["content-security-policy"], path
        assert "etag" not in answer.headers, path
        assert 'content="noindex"' in answer.text, path


def test_a_session_goes_on_over_a_restart_of_the_service(book: Book, visit: Visit) -> None:
    visitor = visit().sign_in(REGULATOR)
    book.service.kill()
    book.service.start()
    assert visitor.signed_in


def test_the_service_tells_its_key_is_not_yet_valid(book: Book, visit: Visit) -> None:
    owner = speaker_of(OTHER_ENTERPRISE)
    book.register(party_enrolled(effective_on=today()), owner.party, REGISTRAR)
    book.enrol(owner, valid_from=today() + timedelta(days=1))
    visitor = visit()
    refused = visitor.send(visitor.answered(owner))
    assert refused.json()["type"] == "urn:credit-ledger:key.not_valid_today"


def test_two_officers_of_one_party_have_sessions_of_their_own(visit: Visit) -> None:
    one, two = visit().sign_in(ORGANIZER), visit().sign_in(ORGANIZER_2)
    assert ORGANIZER_2.officer in two.http.get("/desk").text
    two.submit("/desk/sign-out")
    assert one.signed_in
