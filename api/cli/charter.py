"""`charter new`, `charter show`: the first entries of a log, made where the parties' private keys are."""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import get_args

import click
import msgspec

from api.cli.charter_signing import draft, log_options, output_options, sign
from api.cli.charter_trust import TRUST, charter_root, trust_of
from api.cli.options import FILE
from api.cli.output import open_key, passphrase_option, print_json, write_new
from api.monitor.log_source import LogSource
from api.monitor.renewal import with_evidence
from ledger.charter.charter import CharterParty, CharterRoot, CharterRules, FoundedLog, LogAnchors, make_charter
from ledger.charter.charter_file import read_charter, write_charter
from ledger.charter.default_policies import calendar_2026, default_registration_policy, default_standing_policy
from ledger.charter.succession_statement import make_succession
from ledger.cose.statement import decode_event, parse_statement
from ledger.domain.events.party import Role, SuccessionReason
from ledger.domain.values.dates import shanghai_date
from ledger.domain.values.subject import parse
from ledger.errors import Malformed
from ledger.keys.log_keys import LogKeys, successor_folder
from ledger.verifier import TrustFile, parse_trust

_ROLES = ", ".join(get_args(Role))


@click.group()
def charter() -> None:
    """Make or show the first entries of a log."""


charter.add_command(draft)
charter.add_command(sign)


@charter.command("new")
@log_options
@click.option("--organizer-key", required=True, type=FILE, help="Says the policies.")
@click.option("--organizer-name", required=True, help="Its name, in Chinese.")
@click.option("--organizer-id", default="organizer", show_default=True, help="It becomes party:<id>.")
@click.option("--approver-key", required=True, type=FILE, help="Approves the standing policy: another person.")
@click.option("--approver-name", required=True, help="Its name, in Chinese.")
@click.option("--approver-id", default="approver", show_default=True)
@click.option(
    "--party",
    "more",
    nargs=4,
    multiple=True,
    metavar="ID ROLE[,ROLE] KEYFILE NAME",
    help=f"A further party; may be repeated. Roles: {_ROLES}.",
)
@click.option(
    "--in-force-from",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The first day of both policies; today if not given.",
)
@output_options
def new(
    path: Path,
    *,
    origin: str,
    name_zh: str,
    name_en: str,
    root_key: Path,
    organizer_key: Path,
    organizer_name: str,
    organizer_id: str,
    approver_key: Path,
    approver_name: str,
    approver_id: str,
    more: tuple[tuple[str, str, str, str], ...],
    in_force_from: datetime | None,
    data_dir: Path,
    passphrase_file: Path | None,
) -> None:
    """Make the charter of a new log, signed by its root, organizer and approver.

    Writes NAME.cbor, which `serve --charter` takes, and NAME.trust.json, the trust file of the log that begins
    with it: publish that one by another way than the service itself. The policies are the defaults; later
    statements replace them.
    """
    if path.suffix != ".cbor":
        raise click.BadParameter("the file's name must end in .cbor", param_hint="--output")
    for there in (path, path.with_suffix(TRUST)):
        if there.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(there))
    parties = _parties(
        (
            (organizer_id, "organizer", str(organizer_key), organizer_name),
            (approver_id, "approver", str(approver_key), approver_name),
            *more,
        ),
        passphrase_file,
    )
    root = open_key(root_key, passphrase_file)
    keys = LogKeys.make(data_dir / "keys", origin)
    now = int(time.time())
    first_day = in_force_from.date() if in_force_from else shanghai_date(now)
    statements = make_charter(
        CharterRoot(root, "root-1"),
        FoundedLog(LogAnchors.of(keys), name_zh, name_en),
        parties,
        CharterRules(
            default_registration_policy(first_day),
            default_standing_policy(),
            [calendar_2026()],
            first_day,
        ),
        now,
    )
    write_new(path, write_charter(statements))
    write_new(path.with_suffix(TRUST), trust_of(keys, statements))
    click.echo(f"{path}: {len(statements)} statements for {origin}")
    click.echo(f"{path.with_suffix(TRUST)}: charter {charter_root(statements).hex()}")
    click.echo(f"{data_dir / 'keys'}: the log's own keys; they belong on the server, the parties' keys do not")


@charter.command("succeed")
@click.option("--trust", "trust_path", required=True, type=FILE, help="The log's trust file.")
@click.option("--root-key", required=True, type=FILE, help="The root's private key: the root alone may say this.")
@click.option(
    "--from-size",
    required=True,
    type=click.IntRange(min=2),
    help="The first tree that is signed with the new keys: larger than the log will be when this is registered.",
)
@click.option(
    "--reason",
    type=click.Choice(get_args(SuccessionReason)),
    default="planned",
    show_default=True,
    help="Why the keys change.",
)
@click.option(
    "--keys",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("data/keys"),
    show_default=True,
    help="The new keys are made in its folder from-SIZE/, where they are not there yet.",
)
@click.option("-o", "--output", "path", required=True, type=click.Path(path_type=Path), help="NAME.cose")
@passphrase_option
def succeed(
    path: Path,
    *,
    trust_path: Path,
    root_key: Path,
    from_size: int,
    reason: SuccessionReason,
    folder: Path,
    passphrase_file: Path | None,
) -> None:
    """Make new keys for the log itself, and the root's statement that they succeed the ones in force.

    First put the folder from-SIZE/ into the service's DATA/keys/, then `submit` the statement. The service signs trees
    of SIZE entries and more with the new keys, all smaller ones with those before (docs/operations.md).
    """
    trust = parse_trust(trust_path.read_bytes())
    root = open_key(root_key, passphrase_file)
    keys = LogKeys.make(successor_folder(folder, from_size), trust.origin, certificate=False)
    write_new(path, make_succession(root=root, keys=keys, from_size=from_size, reason=reason, now=int(time.time())))
    click.echo(f"{path}: trees of {from_size} entries and more are signed with {keys.checkpoint.key.format()}")
    click.echo(f"{keys.folder}: put it into the service's DATA/keys/, then: credit-ledger submit URL {path}")


@charter.command("renew-trust")
@click.argument("url")
@click.option("--trust", "trust_path", required=True, type=FILE, help="The trust file that you believe.")
@click.option("-o", "--output", "path", required=True, type=click.Path(path_type=Path), help="NAME.trust.json")
def renew_trust(url: str, *, trust_path: Path, path: Path) -> None:
    """Bring a trust file up to date with what the log's root says of the log's own keys.

    URL is the service, or a mirror of it. Nothing is believed but what the trust file's charter and the root's own
    statements show; the file is not replaced, a new one is written.
    """
    data = trust_path.read_bytes()
    with LogSource(url) as source:
        trust = with_evidence(parse_trust(data), source.evidence())
    write_new(path, msgspec.json.decode(data, type=TrustFile).renewed(trust).format())
    for one in trust.successions:
        click.echo(f"from {one.from_size} entries on: {one.checkpoint_vkey.format()}")
    click.echo(f"{path}: {len(trust.successions)} successions of the log's keys")


@charter.command("show")
@click.argument("path", metavar="FILE", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="For a program.")
def show(path: Path, as_json: bool) -> None:
    """Show what a charter says, statement by statement, without verifying it: `serve` does."""
    statements = read_charter(path.read_bytes())
    rows = []
    for index, data in enumerate(statements):
        statement = parse_statement(data)
        content = msgspec.to_builtins(decode_event(statement))
        rows.append({"entry": index, "issuer": statement.issuer, "subject": statement.subject, "content": content})
    root = charter_root(statements).hex()
    if as_json:
        print_json({"charter": root, "statements": rows})
        return
    for row in rows:
        content = dict(row["content"])
        click.echo(f"{row['entry']:>3}  {content.pop('type')}  {row['subject']}  (by {row['issuer']})")
        for name, value in content.items():
            click.echo(f"     {name}: {_short(value)}")
    click.echo(f"charter {root}  (as in the trust file)")


def _parties(rows: Iterable[tuple[str, str, str, str]], passphrase_file: Path | None) -> list[CharterParty]:
    """From id, roles, key file and name each. Raises `Malformed` for an id or role that is none, or a shared key."""
    parties = []
    for slug, words, key, name in rows:
        try:
            roles = msgspec.convert(words.split(","), tuple[Role, ...])
        except msgspec.ValidationError:
            raise Malformed(f"no such role in {words!r:.80}; there are {_ROLES}") from None
        signer = open_key(Path(key), passphrase_file)
        parties.append(CharterParty(parse(f"party:{slug}"), roles, name, name, f"{slug}-1", signer))
    if len({party.signer.kid for party in parties}) < len(parties):
        raise Malformed("two parties with one key: the approver must be another person than the organizer")
    return parties


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 160 else f"{text[:160]}…"
