"""Another policy, compared over HTTP by those whose business it is, while the service goes on with its own."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from click.testing import CliRunner

from api.cli.main import main
from ledger.charter.default_policies import default_standing_policy
from ledger.keys.signer import save_key
from ledger.limits import POLICY_DOCUMENT_BYTES_MAX
from ledger.store.connect import connect
from tests.e2e.book import Book, today
from tests.support.charter import APPROVER, HANDLING_BODY, ORGANIZER, ORIGIN, REGULATOR, Speaker
from tests.support.database import TestDatabase
from tests.support.reading import authorization, token
from tests.support.statements import outcome
from tests.support.waiting import eventually

PATH = "/v1/policies/comparison"
DOCUMENT: dict[str, Any] = msgspec.to_builtins(default_standing_policy())
STRICTER = msgspec.json.encode({**DOCUMENT, "watch_from": 150, "alert_from": 900})


class World:
    def __init__(self, book: Book) -> None:
        self.book = book
        month = f"{today().replace(day=1) - timedelta(days=1):%Y-%m}"  # its replies were due until this one began
        months = dict.fromkeys(("received", "accepted", "forwarded", "reply_due", "closed"), month)
        self.subjects = [f"local:test/compared-{number}" for number in range(4)]
        for number, subject in enumerate(self.subjects):
            book.enterprise(subject)
            reply: dict[str, Any] = (
                {"reply": "none", "replied": None, "outcome": "refused", "reason": "无"}
                if number
                else {"reply": "timely", "replied": month}
            )
            told = today() - timedelta(days=60)
            said = outcome(900 + number, effective_on=today(), notified_on=told, **months, **reply)
            book.register(said, subject, HANDLING_BODY)

    def ask(self, by: Speaker, content: bytes = STRICTER, path: str = PATH, **more: Any) -> httpx.Response:
        headers = authorization(token(by, path, content))
        return httpx.post(self.book.service.url + path, content=content, headers=headers, **{"timeout": 60, **more})


@pytest.fixture(scope="module")
def world(book: Book) -> World:
    return World(book)


def kind(answer: httpx.Response) -> str:
    return str(answer.json()["type"]).removeprefix("urn:credit-ledger:")


def test_totals_come_first_and_then_a_line_for_everybody_who_would_change(world: World) -> None:
    for by in (ORGANIZER, APPROVER, REGULATOR):
        answer = world.ask(by)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/x-ndjson"
        assert answer.headers["cache-control"] == "no-store"
        totals, *lines = [msgspec.json.decode(line) for line in answer.content.splitlines()]
        assert totals["tree_size"] == world.book.size() == int(answer.headers["ledger-tree-size"])
        assert (totals["as_of"], totals["enterprises"], totals["changed"]) == (today().isoformat(), 4, 3)
        assert [line["subject"] for line in lines] == world.subjects[1:]
        moves = Counter((line["before"], line["after"]) for line in lines)
        assert moves == {
            (move["before"], move["after"]): move["enterprises"]
            for move in totals["moves"]
            if move["before"] != move["after"]
        }
        for line in lines:
            name = line["subject"].replace(":", "~").replace("/", "~")
            standing = world.book.get(
                f"/v1/enterprises/{name}/standing?as_of={totals['as_of']}&tree_size={totals['tree_size']}"
            )
            assert (standing.json()["level"], standing.json()["points"]) == (line["before"], line["points_before"])


@pytest.mark.parametrize("day", ["1970-01-01", "2200-02-28", "9999-12-31"])
def test_any_day_can_be_compared(world: World, day: str) -> None:
    path = f"{PATH}?as_of={day}"
    answer = world.ask(REGULATOR, path=path)
    assert answer.status_code == 200, answer.text
    assert msgspec.json.decode(answer.content.splitlines()[0])["as_of"] == day


def test_it_is_for_those_who_say_approve_or_watch_policies_and_each_asking_is_logged(
    world: World, books_database: TestDatabase
) -> None:
    assert world.book.http.post(PATH, content=STRICTER).status_code == 401
    assert kind(world.ask(HANDLING_BODY)) == "access.not_for_this_role"
    other = httpx.post(
        world.book.service.url + PATH, content=b"{}", headers=authorization(token(REGULATOR, PATH, STRICTER))
    )
    assert (other.status_code, kind(other)) == (401, "access.other_content")
    once = authorization(token(REGULATOR, PATH, STRICTER))
    assert world.book.http.post(PATH, content=STRICTER, headers=once).status_code == 200
    assert kind(world.book.http.post(PATH, content=STRICTER, headers=once)) == "access.used_before"
    with connect(books_database.superuser) as connection:
        rows = connection.execute(
            "SELECT party, outcome FROM ledger.accesses WHERE resource = %s AND party = ANY(%s)",
            (PATH, [HANDLING_BODY.party, APPROVER.party]),
        ).fetchall()
    assert (HANDLING_BODY.party, "refused") in rows


def test_what_is_wrong_with_the_policy_is_said_with_its_place(world: World) -> None:
    def asked(document: bytes) -> tuple[int, str, str]:
        answer = world.ask(ORGANIZER, document)
        return answer.status_code, kind(answer), answer.json().get("detail", "")

    flawed = msgspec.json.encode({**DOCUMENT, "alert_from": 1, "rules": [{**DOCUMENT["rules"][0], "item": "a.b"}]})
    code, rule, detail = asked(flawed)
    assert (code, rule) == (400, "policy.item_unknown")
    assert "/rules/0/item: " in detail
    assert "/alert_from: " in detail
    code, rule, detail = asked(msgspec.json.encode({**DOCUMENT, "watch_from": "many"}))
    assert (code, rule, detail.split(":")[0]) == (400, "malformed", "/watch_from")
    for noise in (b"", b"\xff", b"[" * 50_000, b"{}"):
        assert asked(noise)[:2] == (400, "malformed")
    assert world.ask(ORGANIZER, b" " * (POLICY_DOCUMENT_BYTES_MAX + 1)).status_code == 413
    assert world.ask(ORGANIZER, path=f"{PATH}?as_of=yesterday").status_code == 422


def workers(pid: int) -> set[int]:
    """The processes that a service has spawned for work: not the tracker of their resources."""
    found = set()
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.add(int(child))
    return found


@contextmanager
def standing_still(world: World, by: Speaker) -> Iterator[tuple[int, list[httpx.Response]]]:
    """A comparison under way whose process stands still: its id, and where the answer will be.

    However far it has come, there is no answer until it has ended.
    """
    pid = world.book.service.pid
    before = workers(pid)
    answers: list[httpx.Response] = []
    asking = threading.Thread(target=lambda: answers.append(world.ask(by)))
    asking.start()
    (worker,) = eventually(lambda: workers(pid) - before, "a worker begins")
    os.kill(worker, signal.SIGSTOP)
    try:
        yield worker, answers
    finally:
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGCONT)
        asking.join(60)
        assert not asking.is_alive()


def test_while_one_is_under_way_the_service_reads_and_writes_and_others_are_told_to_wait(
    world: World,
) -> None:
    with standing_still(world, REGULATOR) as (_, answers):
        for by, code, rule in ((REGULATOR, 429, "too-many-requests"), (ORGANIZER, 503, "busy")):
            told = world.ask(by)
            assert (told.status_code, kind(told)) == (code, rule)
            assert int(told.headers["retry-after"]) > 0
        size = world.book.size()
        world.book.enterprise("local:test/meanwhile")
        assert world.book.size() == size + 1
        assert world.book.get(f"/v1/enterprises/local~test~meanwhile?min_tree_size={size + 1}").json()["in_book"]
        assert answers == []
    (answer,) = answers
    assert answer.status_code == 200
    totals = msgspec.json.decode(answer.content.splitlines()[0])
    assert totals["tree_size"] == size, "as of the size at which it began"
    assert world.ask(REGULATOR).status_code == 200


def test_what_a_process_was_at_that_died_is_done_by_another(world: World) -> None:
    with standing_still(world, REGULATOR) as (worker, answers):
        os.kill(worker, signal.SIGKILL)
        eventually(lambda: answers, "it is answered")
        assert answers[0].status_code == 200
    assert answers[0].content == world.ask(REGULATOR).content


def test_a_client_that_leaves_gives_its_turn_back(world: World, books_database: TestDatabase) -> None:
    with connect(books_database.superuser) as connection, connection.transaction():
        connection.execute("LOCK ledger.vault IN ACCESS EXCLUSIVE MODE")  # so that it is not done before
        with pytest.raises(httpx.ReadTimeout):
            world.ask(REGULATOR, timeout=0.5)
    eventually(lambda: world.ask(REGULATOR).status_code == 200, "the next may ask")


def test_the_command_writes_what_the_service_says(world: World, tmp_path: Path) -> None:
    policy, key, output = tmp_path / "policy.json", tmp_path / "regulator.pem", tmp_path / "out.ndjson"
    policy.write_bytes(STRICTER)
    save_key(key, REGULATOR.signer)
    result = CliRunner().invoke(
        main,
        ["access", "compare", world.book.service.url, "--policy", str(policy), "--as-of", today().isoformat(),
         "-o", str(output), "--purpose", "审核", "--key", str(key), "--issuer", REGULATOR.party, "--audience", ORIGIN],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    totals, *lines = output.read_bytes().splitlines()
    assert msgspec.json.decode(totals)["changed"] == len(lines) == 3
    assert totals.decode() in result.output
