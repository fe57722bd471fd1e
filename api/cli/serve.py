"""`serve`: run the service until it is told to stop."""

from __future__ import annotations

import os
from pathlib import Path

import click

from api.cli.options import FILE, host_option, port_option, requests_per_second_option, stop_on_signals
from api.serve import serve as run
from api.settings import DEMO_ENTERPRISES, DEMO_MAP_INTERVAL_SECONDS, PORT, VARIABLES, Settings
from ledger import limits

_EPILOG = "Environment: " + "; ".join(f"{name}: {meaning}" for name, meaning in VARIABLES.items()) + "."


@click.command(epilog=_EPILOG)
@host_option
@port_option(PORT)
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("data"),
    show_default=True,
    help="The embedded PostgreSQL and, under keys/, the log's own keys.",
)
@click.option(
    "--charter",
    type=FILE,
    help="The first entries, for a log that is still empty (see `charter new`).",
)
@click.option(
    "--demo",
    metavar="[N]",
    is_flag=False,
    flag_value=DEMO_ENTERPRISES,
    type=click.IntRange(min=0),
    help=f"A demonstration with a sample campaign of N ({DEMO_ENTERPRISES}) enterprises, on loopback only.",
)
@click.option(
    "--witness-policy",
    type=FILE,
    help="C2SP tlog-policy: the witnesses that are asked to cosign each checkpoint, and their quorum.",
)
@click.option(
    "--accept-history",
    type=FILE,
    help="A signed HistoryGivenUp: go on although the database has lost what this log had signed.",
)
@click.option(
    "--confirm-clock",
    metavar="DATE",
    callback=lambda _context, _option, given: None if given is None else given.date(),
    type=click.DateTime(["%Y-%m-%d"]),
    help="Today's date in Asia/Shanghai, where the log was quiet for so long that the clock is doubted.",
)
@click.option(
    "--operator-key",
    type=FILE,
    help="The log operator's private key: publish the completeness map's roots (see `map publish`).",
)
@click.option(
    "--map-interval-seconds",
    type=click.IntRange(min=0),
    show_default=f"{limits.MAP_INTERVAL_SECONDS}, in a demonstration {DEMO_MAP_INTERVAL_SECONDS}",
    help="How long a cut of the completeness map stands before the next, if something changed.",
)
@click.option(
    "--published",
    metavar="TARGET",
    help="Answer proofs from this folder or s3://bucket/prefix, which `mirror` fills from this log (docs/scale.md).",
)
@click.option(
    "--public-url", help="Where people reach the service; it stands on certificates. [default: host and port]"
)
@requests_per_second_option(limits.REQUESTS_PER_SECOND_MAX)
@click.option(
    "--requests-burst",
    type=click.IntRange(min=1),
    default=limits.REQUESTS_BURST_MAX,
    show_default=True,
    help="What one client may ask at once.",
)
@click.option(
    "--durable-on",
    metavar="N",
    type=click.IntRange(1, 8),
    default=1,
    show_default=True,
    help="Refuse to run unless a statement is on N servers' disks before it is answered (see docs/scale.md).",
)
@click.option(
    "--pages-ahead/--no-pages-ahead",
    default=True,
    show_default=True,
    help="Draw enterprises' pages before they are asked for, while there is little else to do.",
)
@click.option("--reader", is_flag=True, help="Answer, and append nothing: from LEDGER_DATABASE_URL, best a standby.")
@click.option("--writer", metavar="URL", help="With --reader: the service that appends.")
@click.option(
    "--trust",
    type=FILE,
    help="With --reader: the log's trust file, by which the database is known to be that log's.",
)
@click.option(
    "--webhooks-to",
    metavar="NETWORK",
    multiple=True,
    callback=lambda _context, _option, given: given or None,
    help="A network inside to which webhooks may be posted, also by http; several times. [default: the outside alone]",
)
@click.option("--mail-server", metavar="HOST:PORT", help="The server that mail is sent by. [default: no mail is sent]")
@click.option("--mail-sender", metavar="ADDRESS", help="The address that mail comes from.")
@click.option(
    "--mail-tls",
    type=click.Choice(("starttls", "tls", "none")),
    default="starttls",
    show_default=True,
    help="How the connection to the mail server is encrypted.",
)
@click.option(
    "--mail-credentials",
    type=FILE,
    help="A file of two lines: user and password for the mail server.",
)
@click.option(
    "--notice-interval-seconds",
    type=click.IntRange(min=1),
    default=limits.NOTICE_INTERVAL_SECONDS,
    show_default=True,
    help="How long news of an enterprise are gathered for one mail.",
)
def serve(**options: object) -> None:
    """Run the service, on an embedded PostgreSQL unless LEDGER_DATABASE_URL is set. SIGTERM stops it cleanly."""
    stop_on_signals()
    run(Settings.read(os.environ, **options))
