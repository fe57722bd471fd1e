"""`GET /m/{serial}`: marks of many ranges, each asked for once, and one popular product that everybody scans."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from hashlib import sha256

import psycopg

from ledger.cose.statement import Claims, make_statement, parse_statement
from ledger.domain.events.declaration import Product
from ledger.domain.events.mark import MarkLicensed, MarkSeed
from ledger.domain.events.pledge import PledgePublished
from ledger.domain.payload import decode_payload, encode_body
from ledger.domain.values.mark_serials import make
from projections.engine.rebuild import rebuild
from tests.benchmarks.books import Bench, Writer, check
from tests.benchmarks.comparing import Ratio, compare
from tests.benchmarks.load import get, load
from tests.benchmarks.material import Material, Signed, name_of
from tests.support.charter import ORGANIZER, ORIGIN
from tests.support.running import RunningService

__all__ = ["RANGES_EACH", "licensed_ranges", "marks", "serial_of"]

CONNECTIONS = 64
RANGES = 16_000
RANGES_EACH = 40  # of an enterprise
SERIALS = 100_000  # of a range


def marks(bench: Bench) -> Iterator[Ratio]:
    """Distinct ranges first: every look-up of a range reads its row, and its seed."""
    book, ranges = bench.book("marks"), bench.of(RANGES)
    with Writer(book) as writer:
        writer.fill(licensed_ranges(book.material, ranges), "marks")
    rebuild(book.database.service)
    rounds = bench.rounds()
    count = ranges // (rounds + 1)
    hot = [serial_of(0, place) for place in range(bench.of(20_000))]
    with book.service() as service:
        _fill_floor(bench, _answer(service, serial_of(0, 0)), ranges)

        def floor(asked: int) -> float:
            done = load(bench.floor(), [get(f"/row/{number}") for number in range(asked)], CONNECTIONS)
            check(done.statuses == {200: asked}, f"statuses of the floor {done.statuses}")
            return done.per_second

        floor_title = "bare ASGI endpoint that reads one row by primary key and returns its bytes"
        yield compare(
            f"`GET /m/…`, a serial of each of {count * rounds:,} ranges, {CONNECTIONS} connections",
            floor_title,
            "per s",
            floor=lambda _: floor(count),
            ours=lambda number: _ask(
                service, [serial_of(one, 7) for one in range(number * count, (number + 1) * count)]
            ),
            rounds=rounds,
            bound="at least",
            target=0.5,
        )
        yield compare(
            f"`GET /m/…`, {len(hot):,} serials of one range",
            floor_title,
            "per s",
            floor=lambda _: floor(ranges),
            ours=lambda _: _ask(service, hot),
            rounds=rounds,
            bound="at least",
            target=0.8,
        )


def _ask(service: RunningService, serials: Sequence[str]) -> float:
    done = load(service.port, [get(f"/m/{serial}") for serial in serials], CONNECTIONS)
    check(done.statuses == {200: len(serials)}, f"statuses {done.statuses}")
    for place, (_, content) in done.kept.items():
        answer = json.loads(content)
        check((answer["serial"], answer["state"]) == (serials[place], "valid"), f"the answer for {serials[place]}")
    return done.per_second


def _answer(service: RunningService, serial: str) -> bytes:
    (_, content) = load(service.port, [get(f"/m/{serial}")], 1).kept[0]
    return content


def licensed_ranges(material: Material, ranges: int) -> Iterator[Signed]:
    """So many ranges of marks, `RANGES_EACH` for each enterprise, with what they rest on."""
    for number in range(ranges):
        if number % RANGES_EACH == 0:
            name = name_of(number // RANGES_EACH)
            pledge = material.pledged(name)
            publication = material.published(name, pledge)
            yield from (material.registered(name), pledge, publication)
            published = decode_payload(parse_statement(publication[0]).payload)
            assert isinstance(published, PledgePublished)
        yield _licence(material, number, name, published.code)


def _licence(material: Material, number: int, name: str, code: str) -> Signed:
    """As `candidate` admits it: nobody looks whether root and seed belong together."""
    body = encode_body(MarkSeed(v=1, salt=_seed(number).hex(), secret=_seed(number).hex()), _seed(number))
    event = MarkLicensed(
        v=1,
        effective_on=material.today,
        pledge=code,
        range=_range(number),
        count=SERIALS,
        serials_root=_seed(number).hex(),
        seed=sha256(body).hexdigest(),
        products=(Product(name="电热水壶", model="K-100"),),
        valid_from=material.today,
        valid_until=material.today + timedelta(days=300),
    )
    claims = Claims(f"local:bench/{name}", ORGANIZER.party, ORIGIN, material.now, sha256(body).digest()[:16])
    return make_statement(event, claims, ORGANIZER.signer), body


def _range(number: int) -> str:
    return sha256(f"range {number}".encode()).hexdigest()[:10]


def _seed(number: int) -> bytes:
    return sha256(f"seed {number}".encode()).digest()


def serial_of(number: int, place: int) -> str:
    return make(_seed(number), _range(number), place)


def _fill_floor(bench: Bench, answer: bytes, rows: int) -> None:
    """Rows of about the size of an answer."""
    with psycopg.connect(bench.scratch().admin) as connection, connection.cursor() as cursor:
        cursor.execute("TRUNCATE floor_rows")
        with cursor.copy("COPY floor_rows FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(("text", "bytea"))
            for number in range(rows):
                copy.write_row((str(number), answer))
