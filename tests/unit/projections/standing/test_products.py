"""Sections and rows of marks, listings and reports: what time alone changes is written ahead, to the day."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest

from ledger.domain.events.repudiation import BodyErased, StatementRepudiated
from ledger.domain.values.subject import is_enterprise
from projections.engine.enterprise_rows import EnterpriseRows, portray
from projections.standing.level_history import follow
from projections.standing.policy_timeline import Rules
from tests.support.book import Book
from tests.support.charter import DATA_OFFICER, LABORATORY, REGISTRAR
from tests.support.listings import delisted, listed
from tests.support.marks import RANGE, license_mark, misuse_found, reinstated, seed_of, suspended
from tests.support.reports import accredited, invalidated, submitted, verified
from tests.support.statements import ENTERPRISE, TODAY, pledge_withdrawn, speaker_of

OWNER = speaker_of(ENTERPRISE)
DAY = timedelta(days=1)
LAST = date(2027, 3, 14)


@pytest.fixture
def book() -> Book:
    book = Book().with_enterprise()
    book.with_pledge()
    return book


def portrait(book: Book) -> EnterpriseRows:
    rules = Rules.none().after(at for at in book.events if not is_enterprise(at.subject))
    followed = follow(None, [at for at in book.events if at.subject == ENTERPRISE], rules, len(book.events))
    assert followed is not None
    return portray(followed.course, rules)


def section(book: Book, name: str, day: date) -> Any:
    steps = [row for row in portrait(book).sections if row.section == name and row.from_on <= day]
    assert steps[-1].until_on is None or day < steps[-1].until_on
    return json.loads(steps[-1].value)


def days(book: Book) -> list[date]:
    return [row.from_on for row in portrait(book).sections]


def repudiated(entry: int) -> StatementRepudiated:
    return StatementRepudiated(v=1, effective_on=TODAY, entry=entry, word="录入有误")


def test_a_licence_is_shown_with_the_state_of_the_day(book: Book) -> None:
    entry = license_mark(book, valid_from=TODAY + 2 * DAY, valid_until=TODAY + 9 * DAY).index
    (licence,) = section(book, "marks", TODAY)["licences"]
    assert (licence["entry"], licence["range"], licence["count"]) == (entry, RANGE, 10)
    assert licence["products"] == [{"name": "电热水壶", "model": "K-100"}]
    states = [section(book, "marks", TODAY + n * DAY)["licences"][0]["state"] for n in (0, 1, 2, 9, 10)]
    assert states == ["upcoming", "upcoming", "valid", "valid", "ended"]
    assert {TODAY + 2 * DAY, TODAY + 10 * DAY} < set(days(book))


def test_the_secret_of_a_licence_is_in_no_row(book: Book) -> None:
    license_mark(book)
    assert seed_of(1).hex() not in repr(portrait(book))


def test_a_row_of_a_range_holds_the_whole_course_of_its_states(book: Book) -> None:
    license_mark(book)
    book.clock.go_to(TODAY + 5 * DAY)
    book.say(suspended(TODAY + DAY))
    book.say(reinstated(TODAY + 3 * DAY))
    book.say(pledge_withdrawn(effective_on=book.clock.today, ends_on=TODAY + 8 * DAY), by=OWNER)
    (row,) = next(rows["marks"] for rows in portrait(book).further if "marks" in rows)
    assert row[:2] == (RANGE, ENTERPRISE)
    spans = [(date.fromisoformat(day), state) for day, state in json.loads(row[-1])["spans"]]
    assert spans == [
        (date.min, "upcoming"),
        (TODAY, "valid"),
        (TODAY + DAY, "suspended"),
        (TODAY + 3 * DAY, "valid"),
        (TODAY + 9 * DAY, "ended"),
    ]


def test_a_row_says_that_the_seed_was_erased(book: Book) -> None:
    entry = license_mark(book).index
    book.say(BodyErased(v=1, effective_on=TODAY, entry=entry, ground="种子泄露"), by=DATA_OFFICER)
    (row,) = next(rows["marks"] for rows in portrait(book).further if "marks" in rows)
    assert row[4] is True


def test_misuse_by_the_licensee_shows_while_it_counts_and_that_by_others_never(book: Book) -> None:
    license_mark(book)
    book.say(misuse_found("third_party"))
    assert section(book, "marks", TODAY)["misuses"] == []
    entry = book.say(misuse_found()).index
    assert [one["entry"] for one in section(book, "marks", TODAY)["misuses"]] == [entry]
    assert section(book, "marks", TODAY + 3_650 * DAY)["misuses"] == []


def test_a_listing_is_shown_as_listed_in_its_window_alone(book: Book) -> None:
    book.say(listed(window_from=TODAY + DAY, window_until=TODAY + 3 * DAY))
    states = [section(book, "listings", TODAY + n * DAY)[0]["state"] for n in range(6)]
    assert states == ["upcoming", "listed", "listed", "listed", "over", "over"]
    assert {TODAY + DAY, TODAY + 4 * DAY} < set(days(book))


def test_a_listing_that_was_ended_says_why(book: Book) -> None:
    entry = book.say(listed()).index
    end = book.say(delisted(entry)).index
    (listing,) = section(book, "listings", TODAY)
    assert listing["state"] == "delisted"
    assert listing["delisted"] == {"entry": end, "on": str(TODAY), "reason": "nonconforming"}
    book.say(repudiated(entry))
    assert section(book, "listings", TODAY) == []


def test_a_report_is_shown_with_who_submitted_and_who_verified_it(book: Book) -> None:
    entry = book.say(submitted(), by=OWNER).index
    (report,) = section(book, "reports", TODAY)
    assert (report["entry"], report["state"], report["verified"]) == (entry, "submitted", None)
    book.say(accredited(), subject=LABORATORY.party, by=REGISTRAR)
    by = book.say(verified(entry), by=LABORATORY).index
    (report,) = section(book, "reports", TODAY)
    assert report["submitted_by"] == OWNER.party
    assert report["verified"] == {"entry": by, "on": str(TODAY), "by": LABORATORY.party}


def test_that_a_report_was_found_invalid_shows_while_it_counts_and_then_only_that_it_ended(book: Book) -> None:
    entry = book.say(submitted(), by=OWNER).index
    found = book.say(invalidated(entry)).index
    closes = date(2027, 3, 16)  # twelve months: the general tier of the default policy
    (report,) = section(book, "reports", closes - DAY)
    assert (report["state"], report["invalidated"]["entry"]) == ("invalidated", found)
    (report,) = section(book, "reports", closes)
    assert report["state"] == "ended"
    assert "invalidated" not in report
    assert closes in days(book)


def test_a_laboratorys_fault_is_not_shown_but_the_report_has_ended(book: Book) -> None:
    entry = book.say(submitted(), by=OWNER).index
    book.say(invalidated(entry, "laboratory"))
    (report,) = section(book, "reports", TODAY)
    assert report["state"] == "ended"
    assert "invalidated" not in report
