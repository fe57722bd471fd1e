"""Lists of the desks with 10,000 rows behind them: a page costs about what it costs with a few hundred.

    pytest -m slow -s tests/e2e/test_desk_lists.py

prints what each took. Walls of time are for a quiet machine; the test holds the long list against the short one.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from api.desk.complaints.case_steps import encode_steps
from ledger.store.connect import Database
from ledger.store.desk_complaints import ComplaintRow, DeskComplaints, NewComplaint
from ledger.store.key_folder import KeyFolder
from tests.e2e.book import Book, open_book, today
from tests.support.charter import (
    DATA_OFFICER,
    HANDLING_BODY,
    ORGANIZER,
    REGISTRAR,
    REGULATOR,
    Speaker,
)
from tests.support.complaint_files import complaint
from tests.support.database import PostgresServer, TestDatabase
from tests.support.desk_rows import fill_lists
from tests.support.desks import DeskVisitor

FEW: Final = 200  # two pages
MANY: Final = 10_000
ROUNDS: Final = 9
RATIO_MAX: Final = 4.0  # of the fastest of each; a page that reads all rows would be 50 times as dear

_LISTS: Final[tuple[tuple[str, Speaker], ...]] = (
    ("/desk/explorer", REGULATOR),
    ("/desk/explorer?type=PledgePublished", REGULATOR),
    ("/desk/explorer?issuer=party:organizer", REGULATOR),
    ("/desk/explorer?issuer=party:organizer&type=PledgePublished", REGULATOR),
    ("/desk/explorer?issuer=party:handling-body&type=LegalHoldPlaced", REGULATOR),
    ("/desk/explorer?subject=91110000600037341L", REGULATOR),
    ("/desk/explorer?from=2023-11-15&until=2023-11-15", REGULATOR),
    ("/desk/accesses", REGULATOR),
    ("/desk/accesses?subject=91110000600037341L", REGULATOR),
    ("/desk/erasures", DATA_OFFICER),
    ("/desk/pending", ORGANIZER),
    ("/desk/pending?sort=enterprise&scope=service", ORGANIZER),
    ("/desk/pending?q=fill/1", ORGANIZER),
    ("/desk/releases", ORGANIZER),
    ("/desk/registrar", REGISTRAR),
    ("/desk/complaints", HANDLING_BODY),
    ("/desk/complaints?sort=-received&stage=all", HANDLING_BODY),
)


@dataclass(frozen=True)
class Lists:
    """A service, its database, and somebody at each of the desks."""

    book: Book
    database: TestDatabase
    folder: Path
    visitors: dict[str, DeskVisitor]

    def cases(self, count: int) -> None:
        """Complaint files with something in them, due before the others: those that the first page shows."""
        keys = KeyFolder(self.folder / "complaint-keys")
        said = complaint(received_on=today())
        with Database(self.database.service, connections_max=1) as pool:
            files = DeskComplaints(pool)
            for number in range(count):
                row = ComplaintRow(
                    number=f"CASE-{number}",
                    case_id=os.urandom(16),
                    body=HANDLING_BODY.party,
                    subject=None,
                    holder=None,
                    stage="registered",
                    suspended=False,
                    due_on=today() + timedelta(days=1),
                    received_on=today(),
                    closed_on=None,
                    entry=None,
                    version=1,
                    erased=False,
                )
                files.begin(NewComplaint(row, os.urandom(32), encode_steps((said,))), keys, int(time.time()))

    def took(self) -> dict[str, float]:
        """The fastest page of each list, in milliseconds: what other work on the machine adds is not the list's."""
        times: dict[str, list[float]] = {address: [] for address, _ in _LISTS}
        for _ in range(ROUNDS):
            for address, speaker in _LISTS:
                begun = time.perf_counter()
                answer = self.visitors[speaker.party].http.get(address)
                times[address].append((time.perf_counter() - begun) * 1_000)
                assert answer.status_code == 200, (address, answer.text[:300])
                assert answer.text.count("<tr>") + answer.text.count("<tr ") > 2, f"{address} shows rows"
        return {address: min(found) for address, found in times.items()}


@pytest.fixture
def lists(postgres_server: PostgresServer, tmp_path: Path) -> Iterator[Lists]:
    with postgres_server.database() as database, open_book(tmp_path, database=database.service) as book:
        book.campaign()
        speakers = {speaker.party: speaker for _, speaker in _LISTS}
        visitors = {party: DeskVisitor(book.service.url).sign_in(speaker) for party, speaker in speakers.items()}
        yield Lists(book, database, tmp_path, visitors)
        for one in visitors.values():
            one.http.close()


@pytest.mark.slow
def test_no_list_of_the_desks_grows_dearer_with_the_rows_behind_its_page(lists: Lists) -> None:
    fill_lists(lists.database.superuser, 1, FEW)
    lists.cases(100)
    lists.took()  # caches are warm in both
    few = lists.took()
    fill_lists(lists.database.superuser, FEW + 1, MANY)
    many = lists.took()
    for address in few:
        print(f"{address:70} {few[address]:7.1f} ms  {many[address]:7.1f} ms  {many[address] / few[address]:5.2f}")
    dear = {address: round(many[address] / few[address], 2) for address in few}
    assert {address: ratio for address, ratio in dear.items() if ratio > RATIO_MAX} == {}
