"""`GET …/standing`: distinct enterprises, the same few, and conditional requests."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

import httpx
import psycopg

from projections.engine.rebuild import rebuild
from tests.benchmarks.books import Bench, Book, check
from tests.benchmarks.comparing import Ratio, compare
from tests.benchmarks.load import Load, get, load
from tests.benchmarks.material import name_of
from tests.support.running import RunningService

__all__ = ["standings"]

CONNECTIONS = 64
HOT_ENTERPRISES = 100


def standings(bench: Bench) -> Iterator[Ratio]:
    """Every enterprise is asked for once, so that nothing comes out of the service's memory; then a few, often."""
    book = bench.mixed()
    rebuild(book.database.service)
    bodies = _standings(book)
    _fill_floor(bench, bodies)
    names = [name_of(number) for number in range(len(bodies))]
    rounds = bench.rounds()
    count = len(names) // (rounds + 1)
    hot = names[:HOT_ENTERPRISES] * (count // HOT_ENTERPRISES)

    def floor_over(asked: Sequence[str]) -> float:
        done = load(bench.floor(), [get(f"/row/{name}") for name in asked], CONNECTIONS)
        check(done.statuses == {200: len(asked)}, f"statuses of the floor {done.statuses}")
        return done.per_second

    def part(number: int) -> Sequence[str]:
        return names[number * count : (number + 1) * count]

    floor_title = "bare ASGI endpoint that reads one row by primary key and returns its bytes"
    with book.service() as service:

        def ours(asked: Sequence[str], tags: Mapping[str, str] | None = None) -> float:
            return _ask(service, asked, bodies, tags).per_second

        yield compare(
            f"`GET …/standing`, distinct enterprises, {CONNECTIONS} connections",
            floor_title,
            "per s",
            floor=lambda number: floor_over(part(number)),
            ours=lambda number: ours(part(number)),
            rounds=rounds,
            bound="at least",
            target=0.8,
        )
        yield compare(
            f"`GET …/standing`, the same {HOT_ENTERPRISES} enterprises",
            floor_title,
            "per s",
            floor=lambda _: floor_over(hot),
            ours=lambda _: ours(hot),
            rounds=rounds,
            bound="at least",
            target=1.0,
        )
        with httpx.Client(base_url=service.url) as client:
            tags = {name: client.get(_path(name)).headers["etag"] for name in hot}
        yield compare(
            "`GET …/standing` with `If-None-Match`, answered 304",
            floor_title,
            "per s",
            floor=lambda _: floor_over(hot),
            ours=lambda _: ours(hot, tags),
            rounds=rounds,
            bound="at least",
            target=1.0,
        )


def _ask(
    service: RunningService, asked: Sequence[str], bodies: dict[str, bytes], tags: Mapping[str, str] | None
) -> Load:
    """Each of these standings once; with the `tags` that came with them before, all of them are unchanged."""

    def request(name: str) -> bytes:
        tag = "" if tags is None else f"If-None-Match: {tags[name]}\r\n"
        return get(_path(name), tag)

    done = load(service.port, [request(name) for name in asked], CONNECTIONS)
    check(done.statuses == {200 if tags is None else 304: len(asked)}, f"statuses {done.statuses}")
    for place, (_, content) in done.kept.items():
        if tags is not None:
            check(content == b"", "a 304 has no content")
        else:
            expected = {**json.loads(bodies[asked[place]]), "in_book": True}
            check(json.loads(content) == expected, f"the standing of {asked[place]}")
    return done


def _path(name: str) -> str:
    return f"/v1/enterprises/local~bench~{name}/standing"


def _standings(book: Book) -> dict[str, bytes]:
    """By name: the document that the read models hold for today."""
    query = (
        "SELECT DISTINCT ON (subject) subject, body FROM projections.standing_segments "
        "WHERE from_on <= %s ORDER BY subject, from_on DESC"
    )
    with psycopg.connect(book.database.service) as connection:
        rows = connection.execute(query, (book.material.today,)).fetchall()
    bodies = {subject.rpartition("/")[2]: bytes(body) for subject, body in rows}
    check(all(f"local:bench/{name}" in str(json.loads(body)) for name, body in bodies.items()), "subjects")
    return bodies


def _fill_floor(bench: Bench, bodies: dict[str, bytes]) -> None:
    with psycopg.connect(bench.scratch().admin) as connection, connection.cursor() as cursor:
        cursor.execute("TRUNCATE floor_rows")
        with cursor.copy("COPY floor_rows FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(("text", "bytea"))
            for name, body in bodies.items():
                copy.write_row((name, body))
