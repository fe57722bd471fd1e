"""An enterprise's own pledge waits at the desk until an organizer's publication names it; then both are in the book."""

from __future__ import annotations

from hashlib import sha256

import pytest

from ledger.domain.events.pledge import PledgePublished
from ledger.verifier import verify_entry
from tests.e2e.book import Book, today
from tests.support.charter import ORGANIZER, REGISTRAR, Speaker
from tests.support.statements import ENTERPRISE, OTHER_ENTERPRISE, code


@pytest.fixture(scope="module")
def owner(book: Book) -> Speaker:
    """An enterprise with a key of its own, in a book with a campaign."""
    book.campaign()
    book.enterprise(ENTERPRISE)
    book.enterprise(OTHER_ENTERPRISE)
    return book.own_key(ENTERPRISE)


def wait_at_the_desk(book: Book, owner: Speaker, scope: str) -> tuple[bytes, str]:
    """A pledge by the enterprise itself, submitted; its bytes and where it waits."""
    statement, _ = book.sign(book.made(scope=scope), ENTERPRISE, owner)
    before = book.checkpoint()
    answer = book.post(statement)
    assert (answer.status_code, answer.content) == (303, b"")
    location = answer.headers["location"]
    assert location == f"/entries/{sha256(statement).hexdigest()}"
    assert int(answer.headers["retry-after"]) > 0
    assert book.checkpoint() == before, "nothing is in the book yet"
    return statement, location


def test_it_waits_is_released_with_its_publication_and_is_then_found_where_it_waited(
    book: Book, owner: Speaker
) -> None:
    statement, location = wait_at_the_desk(book, owner, "comprehensive")
    waiting = book.http.get(location)
    assert (waiting.status_code, waiting.headers["location"]) == (302, location)
    assert int(waiting.headers["retry-after"]) > 0
    again = book.post(statement)
    assert (again.status_code, again.headers["location"]) == (303, location), "sent again it still waits"

    size = book.size()
    publication, _ = book.sign(book.published(sha256(statement).digest(), 1), ENTERPRISE)
    published = book.post(publication)
    assert published.status_code == 201, published.text
    assert published.headers["location"] == f"/entries/{size + 1}", "the pledge is before its publication"
    assert book.size() == size + 2

    found = book.http.get(location)
    assert (found.status_code, found.headers["location"]) == (303, f"/entries/{size}")
    receipt = book.get(found.headers["location"]).content
    late = book.post(statement)
    assert (late.status_code, late.headers["location"], late.content) == (201, f"/entries/{size}", receipt)
    transparent, evidence = (book.get(f"/entries/{size}/{what}").content for what in ("statement", "evidence"))
    verified = verify_entry(transparent, evidence, book.trust())
    assert (verified.statement.raw, verified.statement.issuer) == (statement, owner.party)
    pledge = book.get(f"/v1/pledges/{code(1, today())}?min_tree_size={size + 2}")
    assert pledge.status_code == 200
    assert book.http.get(f"/v1/pledges/{code(1, today())}/receipt").headers["location"] == f"/entries/{size}"


def test_in_a_batch_it_is_pending_and_its_publication_registers_both(book: Book, owner: Speaker) -> None:
    statement, _ = book.sign(book.made(scope="product"), ENTERPRISE, owner)
    (pending,) = book.batch([(statement, None)])
    assert pending == {"status": "pending", "statement_id": sha256(statement).digest()}
    size = book.size()
    (result,) = book.batch([book.sign(book.published(sha256(statement).digest(), 2), ENTERPRISE)])
    assert (result["status"], result["entry"]) == ("registered", size + 1)
    assert book.http.get(f"/entries/{sha256(statement).hexdigest()}").headers["location"] == f"/entries/{size}"


def test_a_refused_publication_leaves_it_at_the_desk(book: Book, owner: Speaker) -> None:
    statement, location = wait_at_the_desk(book, owner, "service")
    statement_id = sha256(statement).digest()
    wrong: list[tuple[PledgePublished, str, Speaker, str]] = [
        (book.published(statement_id, 1), ENTERPRISE, ORGANIZER, "pledge.code_taken"),
        (book.published(statement_id, 3), OTHER_ENTERPRISE, ORGANIZER, "pledge.not_in_stream"),
        (book.published(statement_id, 3), ENTERPRISE, REGISTRAR, "issuer.not_entitled"),
        (book.published(bytes(32), 3), ENTERPRISE, ORGANIZER, "pledge.not_in_stream"),
    ]
    before = book.checkpoint()
    for event, subject, by, rule in wrong:
        publication, _ = book.sign(event, subject, by)
        answer = book.post(publication, accept="application/json")
        assert (answer.status_code, answer.json()["rule"]) == (400, rule)
        assert book.http.get(location).status_code == 302
        assert book.checkpoint() == before, "nothing is half done"
    publication, _ = book.sign(book.published(statement_id, 3), ENTERPRISE)
    assert book.post(publication).status_code == 201
    assert book.http.get(location).status_code == 303


def test_what_breaks_a_rule_does_not_wait(book: Book, owner: Speaker) -> None:
    statement, _ = book.sign(book.made(campaign="campaign:none"), ENTERPRISE, owner)
    answer = book.post(statement, accept="application/json")
    assert (answer.status_code, answer.json()["rule"]) == (400, "campaign.unknown")
    assert book.http.get(f"/entries/{sha256(statement).hexdigest()}").status_code == 404


def test_it_still_waits_after_a_restart(book: Book, owner: Speaker) -> None:
    statement, location = wait_at_the_desk(book, owner, "product_and_service")
    book.service.kill()
    book.service.start()
    assert book.http.get(location).status_code == 302
    publication, _ = book.sign(book.published(sha256(statement).digest(), 4), ENTERPRISE)
    assert book.post(publication).status_code == 201
    assert book.http.get(location).status_code == 303
