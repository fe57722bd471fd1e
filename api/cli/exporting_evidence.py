"""`export evidence`: one enterprise and period in one archive, for an authority that checks it offline."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Final

import click

from api.cli.options import FILE
from api.cli.output import explain, open_key, passphrase_option, write_new
from api.cli.progress_bar import progress_bar
from api.evidence import Wanted, build, check_archive, gather
from api.evidence.book_source import BookSource
from api.evidence.evidence_source import Asking, EvidenceSource
from api.evidence.service_source import ServiceSource
from api.http.enterprise_ids import subject_of
from ledger.domain.values.dates import shanghai_date
from ledger.errors import Uncheckable
from ledger.keys.signer import Signer
from ledger.verifier import Trust, parse_trust

_PURPOSE: Final = "证据导出 / evidence export"
_DAY: Final = click.DateTime(["%Y-%m-%d"])


@click.command(short_help="One enterprise and period in one archive, for an authority.")
@click.argument("enterprise", metavar="ENTERPRISE")
@click.argument("url", metavar="URL", required=False)
@click.option("--database", metavar="URL", help="Read a book's database (postgresql://…), in place of a service.")
@click.option("-o", "--output", "path", required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--from", "from_on", type=_DAY, help="First day of recording; from the first entry on, if not given.")
@click.option("--until", "until_on", type=_DAY, help="Last day of recording; today, if not given.")
@click.option("--key", "key_path", type=FILE, help="Of whoever may read what is not public; signs the archive.")
@click.option("--purpose", default=_PURPOSE, show_default=True, help="Why; it is written down with each look.")
@click.option("--trust", "trust_path", type=FILE, help="The log's trust file; needed with --key.")
@passphrase_option
def evidence(
    enterprise: str,
    url: str | None,
    *,
    database: str | None,
    path: Path,
    from_on: datetime | None,
    until_on: datetime | None,
    key_path: Path | None,
    purpose: str,
    trust_path: Path | None,
    passphrase_file: Path | None,
) -> None:
    """Export everything about ENTERPRISE that was recorded in a period, with what proves it, into one archive.

    ENTERPRISE is its code as printed on a licence, or its id. Without a key the archive holds what anybody may see.
    With the key of a regulator, a data officer or the enterprise itself it holds closed bodies, attachments and the
    access log, too: each look is logged by the service, and the archive is signed. What is left out is named in it,
    and why. `credit-ledger verify ARCHIVE.zip` checks it offline, as this command does before it ends.
    """
    if (url is None) == (database is None):
        raise click.UsageError("say where it comes from: the URL of a service, or --database")
    if key_path is not None and trust_path is None:
        raise click.UsageError("--key goes with --trust: a request is signed for the log that you believe it is")
    subject = subject_of(enterprise)
    trust = None if trust_path is None else parse_trust(trust_path.read_bytes())
    signer = None if key_path is None else open_key(key_path, passphrase_file)
    today = shanghai_date(int(time.time()))
    wanted = Wanted(subject, _day(from_on), _day(until_on))
    with _opened(url, database, trust, signer, purpose) as (source, asking), progress_bar() as bar:
        task = bar.add_task("statements", total=None)
        material = gather(
            source, wanted, today=today, asking=asking, tell=lambda count: bar.update(task, completed=count)
        )
    archive = build(material, signer)
    believed = trust or parse_trust(material.members["trust.json"])
    try:
        unchecked = check_archive(archive, believed).unchecked
        doubt = "" if unchecked is None else f"{unchecked.zh} / {unchecked.en}"
    except Uncheckable as error:
        doubt, _ = explain(error)
    write_new(path, archive)
    bodies = sum(one.what == "body" for one in material.left_out)
    click.echo(f"{path}: {len(material.entries)} entries, {len(archive):,} bytes; {bodies} bodies left out")
    if not material.entries:
        click.echo("该期间没有登记任何记录 / nothing was recorded in this period")
    if signer is None:
        click.echo("未签名 / unsigned: no key was given")
    if doubt:
        click.echo(f"无法核验 / verify will say that it cannot be checked: {doubt}", err=True)


@contextmanager
def _opened(
    url: str | None, database: str | None, trust: Trust | None, signer: Signer | None, purpose: str
) -> Iterator[tuple[EvidenceSource, Asking | None]]:
    """The source, and who asks: the party that the key belongs to."""
    if url is not None:
        with ServiceSource(url, origin="" if trust is None else trust.origin) as service:
            asking = None if signer is None else Asking(service.party_of(signer.kid), signer, purpose)
            if asking is not None:
                service.ask_as(asking)
            yield service, asking
        return
    assert database is not None  # the command looked
    with BookSource(database, policy=None if trust is None else trust.policy) as book:
        asking = None if signer is None else Asking(book.party_of(signer.kid), signer, purpose)
        if asking is not None:
            book.ask_as(asking)
        yield book, asking


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()
