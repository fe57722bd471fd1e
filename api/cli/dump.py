"""`dump`: all current standings in one compressed file."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import Final

import click
import httpx

from api.cli.output import unfinished
from api.cli.progress_bar import progress_bar
from api.client.problems import error_of
from ledger.domain.values.dates import shanghai_date
from ledger.errors import Malformed, Unavailable
from ledger.reading.feed import Feed
from ledger.store.connect import Database
from ledger.store.postgres import PostgresStore
from projections.db.read_snapshot import ReadSnapshot
from projections.db.reads import Reading
from projections.standing.policy_timeline import Rules
from projections.standing.standing_dump import StandingDump
from projections.standing.standing_view import StandingView

_TIMEOUT_SECONDS: Final = 60.0


@click.command()
@click.argument("url", metavar="URL", required=False)
@click.option("--database", metavar="URL", help="Read a database itself (postgresql://…), in place of a service.")
@click.option(
    "-o", "--output", "path", required=True, type=click.Path(dir_okay=False, path_type=Path), help="FILE.ndjson.gz"
)
def dump(url: str | None, database: str | None, path: Path) -> None:
    """Write the current standings of all enterprises, as the service at URL gives them, into a file.

    One JSON document a line: first of which day and size of the log, then an enterprise each, by its id; the last
    line says how many. A dump that breaks off leaves no file.
    """
    if (url is None) == (database is None):
        raise click.UsageError("say where the standings come from: the URL of a service, or --database")
    if url is not None and not url.startswith(("http://", "https://")):
        raise click.BadParameter(f"{url} is not the address of a service (http://… or https://…)", param_hint="URL")
    source = _of_service(url) if url is not None else _of_database(database or "", shanghai_date(int(time.time())))
    with source as pieces, progress_bar() as bar, unfinished(path) as out, gzip.open(out, "wb") as file:
        task = bar.add_task("standings", total=None)
        count = _copy(pieces, file.write, lambda lines: bar.update(task, completed=lines))
    click.echo(f"{count} standings → {path}")


def _copy(pieces: Iterator[bytes], write: Callable[[bytes], object], tell: Callable[[int], None]) -> int:
    """Copy to the end; the number of standings. Raises `Malformed` where the end is missing or counts others."""
    lines, last = 0, b""
    for piece in pieces:
        write(piece)
        lines += piece.count(b"\n")
        last = (last + piece)[-4096:]
        tell(lines)
    try:
        end = json.loads(last.rstrip(b"\n").rpartition(b"\n")[2])
    except ValueError:
        end = None
    if not isinstance(end, dict) or end.get("end") is not True or end.get("count") != lines - 2:
        raise Malformed("the dump broke off before its end: try again")
    return lines - 2


@contextmanager
def _of_service(url: str) -> Iterator[Iterator[bytes]]:
    try:
        with (
            httpx.Client(base_url=url, timeout=_TIMEOUT_SECONDS) as client,
            client.stream("GET", "/v1/standings.ndjson") as answer,
        ):
            if answer.is_error:
                raise error_of(answer.status_code, answer.headers.get("Content-Type", ""), answer.read())
            yield answer.iter_bytes()
    except httpx.TransportError as error:
        raise Unavailable(f"{url} did not answer, or broke off: {error!r:.200}") from error


@contextmanager
def _of_database(conninfo: str, today: date) -> Iterator[Iterator[bytes]]:
    with PostgresStore.open(conninfo) as store, closing(Database(conninfo, connections_max=1)) as database:
        feed = Feed(store)
        rules = Rules.none().after(feed.governing())
        view = StandingView(Reading(database), feed, lambda: rules)
        with ReadSnapshot(conninfo) as snapshot:
            yield StandingDump(snapshot, view, rules, today).lines()
