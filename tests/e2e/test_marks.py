"""A scanned mark over real HTTP: 100,000 serials in one event, forged ones, states, dates of production, erasure."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from msgspec.structs import replace

from ledger.domain.events.declaration import Product
from ledger.domain.events.repudiation import BodyErased
from ledger.domain.values.mark_serials import make, serials
from tests.e2e.book import Book, today
from tests.e2e.both_ways import read_both_ways
from tests.support.charter import DATA_OFFICER, LABORATORY, ORGANIZER, REGISTRAR
from tests.support.database import TestDatabase
from tests.support.listings import listed
from tests.support.marks import mark_licensed, range_of, revoked, seed_body, seed_of, suspended
from tests.support.reports import accredited, submitted, verified
from tests.support.statements import ENTERPRISE

CODE = ENTERPRISE[5:]
MANY = 100_000
DAY, YEAR = timedelta(days=1), timedelta(days=365)


def licensed_for() -> dict[str, Any]:
    return {"valid_from": today(), "valid_until": today() + YEAR - DAY}


def shown_for() -> dict[str, Any]:
    return {"effective_on": today(), "window_from": today(), "window_until": today() + 90 * DAY}


@dataclass(frozen=True)
class World:
    """An enterprise with a public pledge; `license` gives it a range of serials of its own."""

    book: Book
    pledge: str

    def license(self, number: int, serials: int = 10, **given: Any) -> int:
        event = mark_licensed(
            number, serials, **{"effective_on": today(), "pledge": self.pledge, **licensed_for(), **given}
        )
        statement, _ = self.book.sign(event, ENTERPRISE)
        (result,) = self.book.batch([(statement, seed_body(number))])
        assert result["status"] == "registered", result
        entry: int = result["entry"]
        return entry

    def scan(self, number: int, place: int = 0, *, entry: int = 0, **query: object) -> httpx.Response:
        serial = make(seed_of(number), range_of(number), place)
        return self.book.http.get(f"/m/{serial}", params={"min_tree_size": entry + 1, **query})


@pytest.fixture(scope="module")
def world(book: Book) -> World:
    book.campaign()
    book.enterprise(ENTERPRISE, name="北京清泉净水设备有限公司")
    return World(book, book.pledge(ENTERPRISE, serial=1)[2])


def test_a_hundred_thousand_serials_cost_one_event_and_one_row(world: World, books_database: TestDatabase) -> None:
    size = world.book.size()
    entry = world.license(100, MANY)
    assert (world.book.size(), entry) == (size + 1, size)
    for place in (0, 1, 77_777, MANY - 1):
        answer = world.scan(100, place, entry=entry)
        assert answer.status_code == 200, answer.text
        assert answer.json()["state"] == "valid"
    assert world.scan(100, MANY).status_code == 404  # the seed would make it, the licence does not hold it
    with psycopg.connect(books_database.service) as connection:
        query = "SELECT count(*) FROM projections.marks WHERE subject = %s AND range = %s"
        assert connection.execute(query, (ENTERPRISE, range_of(100))).fetchone() == (1,)


def test_a_scan_says_whose_mark_it_is_and_from_when_to_when(world: World) -> None:
    entry = world.license(1)
    answer = world.scan(1, 3, entry=entry).json()
    assert answer["enterprise"] == {"id": CODE, "subject": ENTERPRISE, "name": "北京清泉净水设备有限公司"}
    assert answer["products"] == [{"name": "电热水壶", "model": "K-100"}]
    assert (answer["licensed_from"], answer["licensed_until"]) == (str(today()), str(today() + YEAR - DAY))
    assert (answer["licence_entry"], answer["pledge"], answer["on"]) == (entry, world.pledge, str(today()))
    assert answer["state_zh"]
    assert answer["state_en"]


def test_a_serial_is_known_as_people_type_it(world: World) -> None:
    world.scan(2, entry=world.license(2))
    serial = make(seed_of(2), range_of(2), 5)
    typed = f"{serial[:13]}-{serial[13:]}".lower().replace("0", "o")
    answer = world.book.get(f"/m/{typed}").json()
    assert (answer["serial"], answer["state"]) == (serial, "valid")


def test_a_forged_or_unknown_serial_is_told_in_clear_words(world: World) -> None:
    world.scan(3, entry=world.license(3))
    genuine = make(seed_of(3), range_of(3), 0)
    forged = (
        make(seed_of(4), range_of(3), 0),  # by another seed
        make(seed_of(999), range_of(999), 0),  # of a range that was never licensed
        genuine[:-1] + ("0" if genuine[-1] != "0" else "4"),
        "ABC",
        "%00",
        "漢字",
    )
    for serial in forged:
        answer = world.book.http.get(f"/m/{serial}")
        assert answer.status_code in (404, 422), serial
        if answer.status_code == 404:
            assert answer.json()["type"].endswith("mark.unknown")
            assert "伪造" in answer.text
            assert "forged" in answer.text


def test_a_scan_is_answered_the_same_by_both_ways_and_not_sent_again(world: World) -> None:
    world.scan(77, entry=world.license(77))
    for place in range(2):
        serial = make(seed_of(77), range_of(77), place)
        status, told, content = read_both_ways(world.book, f"/m/{serial}")
        assert (status, told["content-type"]) == (200, "application/json")
        assert b'"state":"valid"' in content
        assert read_both_ways(world.book, f"/m/{serial}", f"If-None-Match: {told['etag']}\r\n")[0] == 304


def test_an_answer_is_kept_for_a_moment_only(world: World) -> None:
    answer = world.scan(5, entry=world.license(5))
    lifetime = dict(part.strip().partition("=")[::2] for part in answer.headers["cache-control"].split(","))
    assert 0 < int(lifetime["max-age"]) <= 60
    assert int(answer.headers["ledger-tree-size"]) > 0
    assert "max-age" not in world.book.http.get("/m/ABC").headers.get("cache-control", "")


def test_a_suspended_and_a_revoked_mark_say_so_from_their_day_on(world: World) -> None:
    world.license(6)
    entry = world.book.register(suspended(today(), 6), ENTERPRISE)
    assert world.scan(6, entry=entry).json()["state"] == "suspended"
    entry = world.book.register(revoked(today(), 6), ENTERPRISE)
    answer = world.scan(6, entry=entry, produced_on=today()).json()
    assert answer["state"] == "revoked"
    assert answer["licensed_until"] == str(today() - DAY)
    assert answer["produced"]["licensed"] is False


def test_a_scan_is_compared_with_the_date_of_production(world: World) -> None:
    entry = world.license(7)
    for day, licensed, state in ((today(), True, "valid"), (today() - DAY, False, "upcoming")):
        produced = world.scan(7, entry=entry, produced_on=day).json()["produced"]
        assert (produced["on"], produced["licensed"], produced["state"]) == (str(day), licensed, state)
    for wrong in ("2026-13-01", "gestern", today() + DAY):
        answer = world.scan(7, produced_on=wrong)
        assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (422, "mark.produced_on")


def test_the_seed_is_served_to_nobody(world: World) -> None:
    entry = world.license(8)
    assert world.book.http.get(f"/entries/{entry}/body").status_code == 404
    secret = seed_of(8).hex()
    pages = (
        f"/entries/{entry}/statement",
        f"/entries/{entry}/evidence",
        f"/v1/events?after={entry - 1}&limit=1",
        f"/v1/enterprises/{CODE}/events",
        f"/v1/enterprises/{CODE}/declarations",
    )
    for page in pages:
        assert secret.encode() not in world.book.get(page).content, page


def test_after_its_seed_was_erased_no_serial_of_a_range_is_taken_for_genuine(world: World) -> None:
    entry = world.license(9)
    assert world.scan(9, entry=entry).status_code == 200
    erasure = BodyErased(v=1, effective_on=today(), entry=entry, ground="种子泄露")
    after = world.book.register(erasure, ENTERPRISE, DATA_OFFICER)
    assert world.scan(9, entry=after).status_code == 404


def test_a_range_is_licensed_once(world: World) -> None:
    world.license(10)
    again = mark_licensed(10, effective_on=today(), pledge=world.pledge, **licensed_for())
    statement, _ = world.book.sign(again, ENTERPRISE)
    (result,) = world.book.batch([(statement, seed_body(10))])
    assert result["status"] == "refused"
    assert result["rule"] in ("mark.range_taken", "body.taken")


def test_the_check_of_a_large_range_holds_up_nobody_else(world: World) -> None:
    """A million serials take seconds to make: the others register meanwhile."""
    event = mark_licensed(11, 1_000, effective_on=today(), pledge=world.pledge, **licensed_for(), serials_root="0" * 64)
    statement, _ = world.book.sign(replace(event, count=1_000_000), ENTERPRISE)
    with httpx.Client(base_url=world.book.service.url, timeout=60) as other:
        results: list[httpx.Response] = []
        held = other.post("/bodies", content=seed_body(11))
        assert held.status_code == 201
        thread = threading.Thread(target=lambda: results.append(other.post("/entries", content=statement)))
        thread.start()
        registered_meanwhile = 0
        for number in count():
            world.book.register(listed(**shown_for(), product=Product(name=f"产品 {number}")), ENTERPRISE)
            if not thread.is_alive():
                break
            registered_meanwhile += 1
        thread.join()
    assert results[0].status_code == 400  # the root is wrong, and that took the time to find out
    assert registered_meanwhile > 5, "whoever is held up is registered after it, one at most"


def test_listings_and_reports_are_in_the_declarations(world: World) -> None:
    world.book.register(listed(**shown_for()), ENTERPRISE, LABORATORY)
    world.book.register(accredited(), LABORATORY.party, REGISTRAR)
    report = world.book.register(submitted(effective_on=today()), ENTERPRISE, ORGANIZER)
    entry = world.book.register(verified(report, today()), ENTERPRISE, LABORATORY)
    shown = world.book.get(f"/v1/enterprises/{CODE}/declarations?min_tree_size={entry + 1}").json()
    assert [one["state"] for one in shown["listings"] if one["product"]["name"] == "电热水壶"] == ["listed"]
    assert [(one["entry"], one["verified"]["entry"]) for one in shown["reports"]] == [(report, entry)]
    assert {one["state"] for one in shown["marks"]["licences"]} >= {"valid"}


def test_the_command_line_makes_a_licence_whose_serials_scan(world: World, tmp_path: Path) -> None:
    command = str(Path(sys.executable).with_name("credit-ledger"))
    body, listing = tmp_path / "licence.body.json", tmp_path / "serials.csv"
    made = subprocess.run(
        [command, "mark", "new", "--count", "1000", "-o", str(body)], capture_output=True, check=True, text=True
    )
    fields = json.loads(made.stdout)
    assert body.stat().st_mode & 0o077 == 0
    arguments = ["--seed", str(body), "--range", fields["range"], "--count", "1000", "--url", world.book.service.url]
    subprocess.run([command, "mark", "serials", *arguments, "-o", str(listing)], capture_output=True, check=True)
    rows = listing.read_text().splitlines()
    assert len(rows) == 1_001
    event = mark_licensed(1, effective_on=today(), pledge=world.pledge, **licensed_for(), **fields)
    statement, _ = world.book.sign(event, ENTERPRISE)
    (result,) = world.book.batch([(statement, body.read_bytes())])
    assert result["status"] == "registered", result
    number, serial, address = rows[500].split(",")
    answer = httpx.get(address, params={"min_tree_size": result["entry"] + 1})
    assert (number, answer.json()["serial"], answer.json()["state"]) == ("499", serial, "valid")
    proof = subprocess.run(
        [command, "mark", "prove", serial, *arguments[:-2]], capture_output=True, check=True, text=True
    )
    assert json.loads(proof.stdout)["serials_root"] == fields["serials_root"]
    assert serial in list(serials(bytes.fromhex(json.loads(body.read_text())["secret"]), fields["range"], 1000))


PERSON = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


def test_a_person_gets_a_page_and_a_program_the_document_at_the_same_address(world: World) -> None:
    entry = world.license(90)
    scanned = world.scan(90, entry=entry)
    assert scanned.headers["content-type"] == "application/json"
    assert "Accept" in scanned.headers["vary"]
    said = scanned.json()
    page = world.book.get(f"/m/{said['serial']}", headers=PERSON)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "Accept" in page.headers["vary"]
    assert said["state_zh"] in page.text
    assert "北京清泉净水设备有限公司" in page.text
    assert "电热水壶 K-100</dd>" in page.text
    assert "这不能证明手中的产品是真的" in page.text
    assert 'class="tag good' not in page.text
    assert "✓" not in page.text
    english = world.book.get(f"/en/m/{said['serial']}", headers=PERSON).text
    assert f"<h1>{said['state_en'].capitalize()}</h1>" in english
    assert "does not prove" in english


def test_the_page_says_what_held_on_the_day_of_production(world: World) -> None:
    entry = world.license(91)
    yesterday = today() - DAY
    said = world.scan(91, entry=entry, produced_on=yesterday).json()
    page = world.book.get(f"/m/{said['serial']}?produced_on={yesterday}", headers=PERSON).text
    assert f"<h1>{said['produced']['zh']}</h1>" in page  # and not what holds today
    later = world.book.http.get(f"/m/{said['serial']}?produced_on={today() + DAY}", headers=PERSON)
    assert (later.status_code, later.headers["content-type"]) == (422, "text/html; charset=utf-8")


def test_a_person_with_a_forged_mark_is_told_what_to_do(world: World) -> None:
    forged = world.book.http.get("/m/0000000000000000", headers=PERSON)
    assert forged.status_code == 404
    assert "12315" in forged.text
