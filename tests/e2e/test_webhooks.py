"""Webhooks over real HTTP: asked for, challenged, told in the log's order, tried again, played again, ended."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.e2e.book import Book, open_book
from tests.support.charter import ORGANIZER
from tests.support.database import PostgresServer, TestDatabase
from tests.support.desks import DeskVisitor
from tests.support.receivers import WebhookReceiver, verified
from tests.support.statements import CAMPAIGN, ENTERPRISE, OTHER_ENTERPRISE
from tests.support.waiting import eventually

PATH = "/v1/webhooks"


@dataclass(frozen=True)
class World:
    """A service that may post to this machine, over a book with a campaign and a published pledge in it."""

    book: Book
    database: TestDatabase
    publication: int

    def ask(self, receiver: WebhookReceiver, **wanted: object) -> dict[str, Any]:
        answer = self.book.http.post(PATH, json={"url": receiver.url, **wanted})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def state(self, made: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = self.own(made).json()
        return found

    def own(self, made: dict[str, Any], act: str = "", **said: object) -> httpx.Response:
        headers = {"Authorization": f"Bearer {made['token']}"}
        address = f"{PATH}/{made['id']}{act}"
        if not act:
            return self.book.http.get(address, headers=headers)
        return self.book.http.post(address, json=said, headers=headers)

    def due_now(self) -> None:
        """The pause ends: what the test does not wait for."""
        with psycopg.connect(self.database.superuser) as connection:
            connection.execute("UPDATE desk.webhooks SET due_at = 0")


@pytest.fixture(scope="module")
def world(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("service")
    with (
        postgres_server.database() as database,
        open_book(folder, "--webhooks-to", "127.0.0.1", database=database.service) as book,
    ):
        book.campaign()
        book.enterprise(ENTERPRISE)
        book.enterprise(OTHER_ENTERPRISE)
        _, publication, _ = book.pledge(ENTERPRISE, serial=1)
        yield World(book, database, publication)


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver() as one:
        yield one


def test_every_entry_of_the_feed_is_told_once_in_its_order(world: World, receiver: WebhookReceiver) -> None:
    made = world.ask(receiver, after=-1)
    size = world.book.size()
    eventually(lambda: len(receiver.told) == size, "all that there was is told")
    new = world.book.enterprise("local:test/newcomer")
    eventually(lambda: world.state(made)["next_entry"] == new + 1, "and what comes")
    assert receiver.entries == list(range(new + 1)) and receiver.challenges == 1
    feed = [one for one in world.book.get("/v1/events").text.splitlines() if one]
    for posted, line in zip(receiver.told, feed, strict=True):
        said = verified(made["secret"], posted.body, posted.headers)
        assert posted.body.endswith(line.encode() + b"}"), "exactly the line of the feed"
        assert (said["type"], said["timestamp"]) == ("ledger.entry", said["data"]["recorded_at"])
    assert len({one.id for one in receiver.told}) == len(receiver.told)
    assert world.own(made, "/end").status_code == 204
    assert world.own(made).status_code == 404
    world.book.enterprise("local:test/after-the-end")
    with WebhookReceiver() as later:
        ended = world.ask(later, after=new)
        eventually(lambda: later.told, "another one is told of it")
        world.own(ended, "/end")
    assert receiver.entries == list(range(new + 1)), "whoever ended is told of nothing"


def test_one_is_told_of_the_subject_campaign_and_type_that_were_asked_for(world: World) -> None:
    with WebhookReceiver() as of_subject, WebhookReceiver() as of_campaign, WebhookReceiver() as of_type:
        made = [
            world.ask(of_subject, subjects=[ENTERPRISE[5:]], after=-1),
            world.ask(of_campaign, campaigns=[CAMPAIGN.removeprefix("campaign:")], after=-1),
            world.ask(of_type, types=["EnterpriseRegistered"], subjects=[OTHER_ENTERPRISE], after=-1),
        ]
        size = world.book.size()
        eventually(lambda: all(world.state(one)["next_entry"] == size for one in made), "all of the log was looked at")
        assert of_subject.entries == world.book.get(f"/v1/streams?subject={ENTERPRISE}").json()["entries"]
        types = [one.message["data"]["event"]["type"] for one in of_campaign.told]
        assert types == ["CampaignOpened", "PledgeMade", "PledgePublished"]
        assert of_campaign.entries[-1] == world.publication
        assert [one.message["data"]["subject"] for one in of_type.told] == [OTHER_ENTERPRISE]
        for one in made:
            world.own(one, "/end")


def test_what_is_not_taken_is_tried_again_in_order_stopped_after_days_and_goes_on_where_it_was(
    world: World, receiver: WebhookReceiver
) -> None:
    receiver.answer = lambda _: (302, {"Location": "http://127.0.0.1/elsewhere"})  # is not followed
    made = world.ask(receiver, after=-1)
    eventually(lambda: world.state(made)["attempts"] == 1, "it is counted")
    state = world.state(made)
    assert (state["state"], state["next_entry"], state["problem"]) == ("active", 0, "302")
    receiver.answer = lambda _: (503, {"Retry-After": "3600"})
    world.due_now()
    eventually(lambda: world.state(made)["attempts"] == 2, "tried again")
    with psycopg.connect(world.database.superuser) as connection:
        (wait,) = connection.execute(
            "SELECT due_at - failing_since FROM desk.webhooks WHERE attempts = 2"
        ).fetchone() or (0,)
        assert 3_600 <= wait < 3_700, "not before the receiver wants it"
        connection.execute("UPDATE desk.webhooks SET failing_since = failing_since - 4 * 86400")
    world.due_now()
    eventually(lambda: world.state(made)["state"] == "stopped", "after days it is stopped")
    assert set(receiver.entries) == {0} and len({one.id for one in receiver.told}) == 1, "in order, under one id"
    receiver.answer = lambda _: (200, {})
    with DeskVisitor(world.book.service.url).sign_in(ORGANIZER) as clerk:
        page = clerk.http.get("/desk/outbox")
        assert page.status_code == 200 and made["id"][:8] in page.text and "of=somebody" not in page.text
        assert clerk.submit(f"/desk/outbox/webhooks/{made['id']}/retry").status_code == 303
        size = world.book.size()
        eventually(lambda: world.state(made)["next_entry"] == size, "it goes on where it was")
        told = [one.message["data"]["entry"] for one in receiver.told if one.status == 200]
        assert told == list(range(size))
        assert clerk.submit(f"/desk/outbox/webhooks/{made['id']}/give-up").status_code == 303
        assert world.own(made).status_code == 404


def test_who_said_that_it_has_an_entry_is_not_told_again_because_the_rest_of_its_answer_fails(
    world: World, receiver: WebhookReceiver
) -> None:
    receiver.answer = lambda _: (200, {"Content-Length": "1000"})  # and then the connection ends
    made = world.ask(receiver, after=-1)
    size = world.book.size()
    eventually(lambda: world.state(made)["next_entry"] == size, "all is told")
    assert receiver.entries == list(range(size)) and world.state(made)["attempts"] == 0
    world.own(made, "/end")


def test_a_receiver_that_says_gone_is_told_nothing_more(world: World, receiver: WebhookReceiver) -> None:
    receiver.answer = lambda _: (410, {})
    made = world.ask(receiver, after=-1)
    eventually(lambda: world.state(made)["state"] == "stopped", "at once")
    assert len(receiver.told) == 1
    world.own(made, "/end")


def test_it_is_played_again_from_any_entry_under_the_same_ids(world: World, receiver: WebhookReceiver) -> None:
    made = world.ask(receiver, after=-1, types=["EnterpriseRegistered"])
    size = world.book.size()
    eventually(lambda: world.state(made)["next_entry"] == size, "told")
    first = [one.id for one in receiver.told]
    answer = world.own(made, "/replay", after=receiver.entries[0])
    assert answer.status_code == 200, answer.text
    eventually(lambda: len(receiver.told) == 2 * len(first) - 1, "all after that one")
    assert [one.id for one in receiver.told] == first + first[1:]
    assert world.own(made, "/replay", after=size + 5).status_code == 422, "the log is not that long"
    world.own(made, "/end")


def test_nothing_is_told_to_who_does_not_answer_the_challenge(world: World, receiver: WebhookReceiver) -> None:
    receiver.answers_challenges = False
    made = world.ask(receiver, after=-1)
    for number in range(1, 6):
        eventually(lambda seen=number: world.state(made)["attempts"] == seen, f"challenge {number}")
        world.due_now()
    assert world.state(made) | {"state": "stopped", "problem": "404"} == world.state(made)
    assert receiver.told == [] and receiver.challenges == 5
    receiver.answers_challenges = True
    assert world.own(made, "/replay").json()["state"] == "asked", "challenged anew"
    eventually(lambda: receiver.told, "then it is told")
    world.own(made, "/end")


@pytest.mark.parametrize(
    ("said", "status", "why"),
    [
        ({"url": "https://169.254.169.254/latest"}, 400, "webhook.inside"),
        ({"url": "https://[::1]/"}, 400, "webhook.inside"),
        ({"url": "https://[::ffff:10.0.0.1]/"}, 400, "webhook.inside"),
        ({"url": "gopher://example.org/"}, 400, "malformed"),
        ({"url": "https://example.org/", "types": ["NoSuchType"]}, 400, "webhook.type"),
        ({"url": "https://example.org/", "subjects": ["110108199003070018"]}, 422, "resident"),
        ({"url": "https://example.org/", "after": 10**6}, 422, "webhook.after"),
        ({"url": "https://example.org/", "filter": []}, 400, "malformed"),
        ({}, 400, "malformed"),
    ],
)
def test_what_cannot_be_told_is_refused_by_name(world: World, said: dict[str, Any], status: int, why: str) -> None:
    answer = world.book.http.post(PATH, json=said)
    assert (answer.status_code, why in answer.json()["type"]) == (status, True), answer.text
    assert "110108199003070018" not in answer.text


def test_a_webhook_is_managed_by_its_token_alone_and_its_address_is_nowhere_in_the_open(
    world: World, receiver: WebhookReceiver
) -> None:
    made, other = world.ask(receiver), world.ask(receiver)
    for token in (other["token"], "x", made["secret"]):
        assert world.own({**made, "token": token}).status_code == 404
        assert world.own({**made, "token": token}, "/end").status_code == 404
    assert world.book.http.get(f"{PATH}/{made['id']}").status_code == 404
    assert not {"url", "secret", "token"} & world.state(made).keys()
    secret = base64.b64decode(made["secret"].removeprefix("whsec_"))
    with psycopg.connect(world.database.superuser) as connection:
        stored = b"".join(bytes(row[0]) for row in connection.execute("SELECT receiver FROM desk.webhooks"))
        rows = str(connection.execute("SELECT * FROM desk.webhooks").fetchall())
    assert stored and b"hook" not in stored and secret not in stored
    assert "127.0.0.1" not in rows and made["token"] not in rows
    said = world.book.service.said + world.book.get("/metrics").text
    assert "of=somebody" not in said and made["token"] not in said and made["secret"] not in said
    for one in (made, other):
        world.own(one, "/end")
