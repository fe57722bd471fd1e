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
from typing import Any, Final

import psycopg
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
from tests.support.desks import DeskVisitor

FEW: Final = 200  # two pages
MANY: Final = 10_000
ROUNDS: Final = 9
RATIO_MAX: Final = 4.0  # of the fastest of each; a page that reads all rows would be 50 times as dear

#: What fills each list from row `first` to row `last`: in the tables themselves, where they come to by months of work.
_FILL: Final = (
    # events: one issuer says nearly everything, one enterprise has a tenth of it
    """INSERT INTO projections.event_index (entry, subject, type, issuer, recorded_at, sealed)
    SELECT 1000 + n, CASE WHEN n %% 10 = 0 THEN 'uscc:91110000600037341L' ELSE 'local:fill/' || n END,
        (ARRAY['PledgeMade', 'PledgePublished', 'LegalHoldPlaced', 'BodyErased'])[1 + n %% 4],
        CASE WHEN n %% 50 = 0 THEN 'party:handling-body' ELSE 'party:organizer' END, 1700000000 + n, n %% 3 = 0
    FROM generate_series(%(first)s::int, %(last)s::int) n""",
    """INSERT INTO ledger.accesses (number, at, day, party, officer, kid, cti, resource, purpose, outcome, subject)
    SELECT (SELECT coalesce(max(number), 0) FROM ledger.accesses) + 1 + n - %(first)s, %(now)s, %(today)s,
        'party:regulator', 'inspector-1', repeat('a', 64), 'fill' || n, '/v1/x', '核查', 'served',
        'uscc:91110000600037341L'
    FROM generate_series(%(first)s::int, %(last)s::int) n""",
    """INSERT INTO desk.pending (statement_id, statement, subject, campaign, received_at, scope, issued_at)
    SELECT sha256(n::text::bytea), '', 'local:fill/' || n, 'campaign:2026', %(now)s - n, 'service', %(now)s
    FROM generate_series(%(first)s::int, %(last)s::int) n""",
    """INSERT INTO desk.enrolment_requests (kid, party, officer, cose_key, proof, recovers, client, asked_at)
    SELECT sha256(n::text::bytea), 'party:local:fill/' || n, 'owner', '', '', false, '', %(now)s - n
    FROM generate_series(%(first)s::int, %(last)s::int) n WHERE n < 10000""",
    """INSERT INTO desk.drafts (id, party, drafter, type, subject, laid_at, state, settled_at, releaser)
    SELECT decode(lpad(n::text, 32, '0'), 'hex'), 'party:organizer', 'a', 'PledgePublished', 'local:fill/' || n,
        %(now)s - n, 'released', %(now)s, 'b'
    FROM generate_series(%(first)s::int, %(last)s::int) n""",
    """INSERT INTO desk.complaint_files (number, case_id, body, stage, suspended, due_on, received_on, version,
        secret_hash, content)
    SELECT 'FILL-' || n, decode(lpad(n::text, 32, '0'), 'hex'), 'party:handling-body', 'registered', false,
        %(today)s::date + 60, %(today)s, 1, sha256(''), ''
    FROM generate_series(%(first)s::int, %(last)s::int) n""",
)
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

    def fill(self, first: int, last: int) -> None:
        given: dict[str, Any] = {"first": first, "last": last, "now": int(time.time()), "today": today()}
        with psycopg.connect(self.database.superuser) as connection:
            for statement in _FILL:
                connection.execute(statement.encode(), given)
        with psycopg.connect(self.database.superuser, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")

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
    lists.fill(1, FEW)
    lists.cases(100)
    lists.took()  # caches are warm in both
    few = lists.took()
    lists.fill(FEW + 1, MANY)
    many = lists.took()
    for address in few:
        print(f"{address:70} {few[address]:7.1f} ms  {many[address]:7.1f} ms  {many[address] / few[address]:5.2f}")
    dear = {address: round(many[address] / few[address], 2) for address in few}
    assert {address: ratio for address, ratio in dear.items() if ratio > RATIO_MAX} == {}
