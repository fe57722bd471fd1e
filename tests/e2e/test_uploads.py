"""Uploads over HTTP: signed, they count towards the party's quota; unsigned, towards the address's, in a room apart."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

from api.client.client import Client
from api.client.signed_uploads import Uploader
from ledger.limits import ANNEX_BYTES_MAX, ANNEXES_HELD_OF_ONE_BYTES_MAX
from tests.e2e.book import Book
from tests.support.charter import HANDLING_BODY, ORGANIZER, ORIGIN
from tests.support.database import TestDatabase
from tests.support.keys import signer_for

ORGANIZERS = Uploader(ORGANIZER.party, ORIGIN, ORGANIZER.signer)
ROW = b"one,two,three\r\n"


def table(number: int, size: int) -> bytes:
    """A CSV file of so many bytes, another one for each number."""
    head = b"number,%d,%d\r\n" % (number, number)
    body = ROW * ((size - len(head)) // len(ROW))
    return head + body


def post(book: Book, content: bytes, uploader: Uploader | None = None, *, path: str = "/annexes") -> tuple[int, str]:
    headers = {} if uploader is None else {"Authorization": uploader.authorization(path, content)}
    answer = book.http.post(path, content=content, headers=headers)
    return answer.status_code, answer.text


def test_an_upload_is_the_partys_that_signed_for_this_very_content(book: Book, books_database: TestDatabase) -> None:
    content = table(1, 1_000)
    assert post(book, content, ORGANIZERS)[0] == 201
    for wrong in (
        replace(ORGANIZERS, party=HANDLING_BODY.party),
        replace(ORGANIZERS, origin="another.example/log"),
        replace(ORGANIZERS, signer=signer_for("nobody's")),
        replace(ORGANIZERS, clock=lambda: 1_000_000_000),
    ):
        assert post(book, content, wrong)[0] == 401
    headers = {"Authorization": ORGANIZERS.authorization("/annexes", content)}
    assert book.http.post("/annexes", content=content + b"x", headers=headers).status_code == 401
    assert book.http.post("/bodies", content=content, headers=headers).status_code == 401
    body = b'{"a body": 1}'
    assert post(book, body, ORGANIZERS, path="/bodies")[0] == 201
    from psycopg import connect  # noqa: PLC0415 - to look into the tables

    with connect(books_database.superuser) as connection:
        held = connection.execute(
            "SELECT owner FROM ledger.held_annexes WHERE digest = %s", (sha256(content).digest(),)
        )
        assert held.fetchall() == [(ORGANIZER.party,)]
        bodies = connection.execute(
            "SELECT owner FROM ledger.held_bodies WHERE commitment = %s", (sha256(body).digest(),)
        )
        assert bodies.fetchall() == [(ORGANIZER.party,)]


def test_strangers_fill_no_room_but_their_own(book: Book) -> None:
    whole = ANNEXES_HELD_OF_ONE_BYTES_MAX // ANNEX_BYTES_MAX
    for number in range(whole):
        status, said = post(book, table(100 + number, ANNEX_BYTES_MAX))
        assert status == 201, said
    status, said = post(book, table(999, ANNEX_BYTES_MAX))
    assert status == 503
    assert "quota" in said
    with Client(book.service.url, uploader=ORGANIZERS) as client:
        client.put_annex(table(1_000, ANNEX_BYTES_MAX))
