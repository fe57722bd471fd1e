"""`access read`, `attach`, `compare`, `digest`: read what is not public, upload, compare, register the access log.

Each request is signed for one path of one log and good for one use: `--audience` names the log, and is not taken from
the service that is asked, which could be another than it says.
"""

from __future__ import annotations

import time
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import click
import msgspec
from msgspec import Struct

from api.cli.options import FILE
from api.cli.output import print_json, write_new
from api.cli.signed_request_options import RequestSigner, signed_options
from api.client.client import Client, RegisteredEntry
from ledger.cose.statement import Claims, make_statement
from ledger.domain.events.access_log import AccessDigestPublished
from ledger.domain.rules.policy_conditions import read_policy, require_flawless
from ledger.domain.state.access_log import Access, day_digest
from ledger.domain.values.dates import shanghai_date
from ledger.domain.values.subject import ACCESS
from ledger.errors import LedgerError, Malformed, Refused, Unavailable
from ledger.limits import ATTACHMENT_BYTES_MAX, COMPARISON_SECONDS_MAX

_RANDOM_BYTES: Final = 16
_PURPOSE: Final = click.option("--purpose", required=True, metavar="TEXT", help="Why; it is written down.")


class _Published(Struct):
    day: date
    digest: str


class _Page(Struct):
    """An answer of `GET /v1/accesses?day=`."""

    accesses: list[Access]
    after: int | None
    over: bool
    published: _Published | None


@click.group()
def access() -> None:
    """Read what is not public, by a signed request; upload attachments; register the access log."""


@access.command()
@click.argument("url", metavar="URL")
@click.argument("path", metavar="PATH")
@_PURPOSE
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="Where to write it.")
@signed_options
def read(url: str, path: str, *, purpose: str, output: Path, **who: Any) -> None:
    """Read PATH, such as /entries/12/body or /v1/attachments/<id>. The reading is logged."""
    answer = RequestSigner(url, purpose=purpose, **who).ask("GET", path)
    write_new(output, answer)
    click.echo(f"{output}: {len(answer)} bytes")


@access.command()
@click.argument("url", metavar="URL")
@click.argument("path", metavar="FILE", type=FILE)
@signed_options
def attach(url: str, path: Path, **who: Any) -> None:
    """Upload an attachment; prints the fields that `AttachmentAdded` names it by."""
    if path.stat().st_size > ATTACHMENT_BYTES_MAX:
        raise Malformed(f"{path}: an attachment has at most {ATTACHMENT_BYTES_MAX} bytes")
    answer = RequestSigner(url, purpose="upload", **who).ask("POST", "/v1/attachments", path.read_bytes())
    print_json(msgspec.json.decode(answer))


@access.command()
@click.argument("url", metavar="URL")
@click.option("--policy", "path", metavar="FILE", type=FILE, required=True, help="The other policy (JSON).")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="The day that is compared; today if not given.")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="NDJSON: totals first.")
@_PURPOSE
@signed_options
def compare(url: str, *, path: Path, as_of: datetime | None, output: Path, purpose: str, **who: Any) -> None:
    """Ask a service who would have another level under the policy in FILE: for organizers, approvers, regulators.

    What `policy compare` does where the database is at hand. The totals may take minutes.
    """
    document = path.read_bytes()
    require_flawless(read_policy(document))
    resource = "/v1/policies/comparison" + (f"?as_of={as_of:%Y-%m-%d}" if as_of else "")
    asking = RequestSigner(url, purpose=purpose, **who)
    answer = asking.ask("POST", resource, document, timeout_seconds=2 * COMPARISON_SECONDS_MAX)
    totals, *lines = answer.splitlines()
    changed = msgspec.json.decode(totals)["changed"]
    if len(lines) != changed:
        raise Unavailable(f"the answer broke off after {len(lines)} of {changed} enterprises")
    write_new(output, answer)
    click.echo(totals.decode())


@access.command()
@click.argument("url", metavar="URL")
@click.option("--day", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The day, in Asia/Shanghai.")
@signed_options
def digest(url: str, *, day: datetime, **who: Any) -> None:
    """Compute the digest of a day's accesses from its rows, and register it (`AccessDigestPublished`).

    Days are registered one after the other, none left out; what is registered already is not registered again.
    """
    asking = RequestSigner(url, purpose="daily digest", **who)
    rows, published = _rows(asking, day)
    on = day.date()
    if published is not None and published.day >= on:
        raise Refused(
            "access.day_published",
            f"已公布至 {published.day}",
            f"digests are registered up to {published.day} already",
        )
    previous = None if published is None else published.digest
    found, count = day_digest(on, previous, rows)
    now = int(time.time())
    event = AccessDigestPublished(
        v=1, effective_on=shanghai_date(now), day=on, digest=found, count=count, previous=previous
    )
    # the same day gives the same cti: to run it again after a lost answer registers nothing twice
    cti = asking.signer.secret.derive("access digest", f"{asking.origin} {on}".encode())[:_RANDOM_BYTES]
    statement = make_statement(event, Claims(ACCESS, asking.party, asking.origin, now, cti), asking.signer)
    with Client(url) as client:
        (result,) = client.submit_batch([(statement, None)])
    if isinstance(result, LedgerError):
        raise result
    assert isinstance(result, RegisteredEntry)  # it waits for nobody
    click.echo(f"{on}: {count} accesses, {found}; entry {result.index}")


def _rows(asking: RequestSigner, day: datetime) -> tuple[list[Access], _Published | None]:
    """All accesses of a day that is over, and the newest digest that is registered."""
    rows: list[Access] = []
    after: int | None = 0
    published = None
    while after is not None:
        content = asking.ask("GET", f"/v1/accesses?day={day:%Y-%m-%d}&after={after}")
        try:
            page = msgspec.json.decode(content, type=_Page)
        except msgspec.DecodeError as error:
            raise Malformed(f"the service's answer is no page of accesses: {error}") from error
        if not page.over:
            raise Refused("access.day_not_over", "当日尚未结束", "the day is not over yet", f"{day:%Y-%m-%d}")
        rows += page.accesses
        after, published = page.after, page.published
    return rows, published
