"""`pending list`, `show`, `refuse`, `publish`: pledges that wait at the desk, for organizers and for their issuers."""

from __future__ import annotations

import base64
import secrets
import time
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

import click
import msgspec

from api.cli.files import BODY, EVIDENCE, RECEIPT, STATEMENT, TRANSPARENT, named
from api.cli.output import print_json, write_new
from api.cli.signed_request_options import RequestSigner, signed_options
from api.client.client import Client, RegisteredEntry, Waiting
from ledger.cose.receipt import attach
from ledger.cose.statement import Claims, decode_event, make_sealed, make_statement, parse_statement
from ledger.domain.events.pledge import PledgeMade, PledgePublished
from ledger.domain.values.dates import shanghai_date
from ledger.errors import LedgerError, Malformed, Refused, Refuted
from ledger.limits import DESK_PAGE_MAX, PLEDGE_CODES_TRIED_MAX

_RANDOM_BYTES: Final = 16
_SERIALS: Final = 1_000_000
_PURPOSE: Final = "等候公布的承诺 / waiting pledges"
_TAKEN: Final = "pledge.code_taken"


@dataclass(frozen=True, slots=True)
class _Pledge:
    """A waiting pledge as its own bytes say it, not as the service describes it."""

    statement_id: bytes
    subject: str
    sealed: bool
    made: PledgeMade


@click.group()
def pending() -> None:
    """Pledges that wait for their publication: the organizer sees all, an enterprise its own."""


@pending.command("list")
@click.argument("url", metavar="URL")
@click.option("--campaign", metavar="ID", help="Of one campaign only, such as 2026.")
@click.option("--json", "as_json", is_flag=True, help="For a program.")
@signed_options
def list_(url: str, *, campaign: str | None, as_json: bool, **who: Any) -> None:
    """List what waits, and what was refused with its reason, by time of receipt."""
    asking = RequestSigner(url, purpose=_PURPOSE, **who)
    rows: list[dict[str, Any]] = []
    query = {"limit": str(DESK_PAGE_MAX)} | ({} if campaign is None else {"campaign": campaign})
    while True:
        page = msgspec.json.decode(asking.ask("GET", f"/v1/pending?{urlencode(query)}"))
        rows += page["pending"]
        if page["cursor"] is None:
            break
        query["cursor"] = page["cursor"]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        why = "" if row["reason"] is None else f"  {row['reason']}"
        place = f"{row['subject']}  {row['campaign']}  {row['scope']}"
        click.echo(f"{row['id']}  {row['state']}  {row['received_at']}  {place}{why}")
    click.echo(f"{len(rows)} 份 / at the desk", err=True)


@pending.command("show")
@click.argument("url", metavar="URL")
@click.argument("name", metavar="ID")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="NAME.cose: keep the signed pledge, too.")
@signed_options
def show(url: str, name: str, *, output: Path | None, **who: Any) -> None:
    """Show one of them as its own bytes say it; if it was refused, why."""
    row = _ask_one(RequestSigner(url, purpose=_PURPOSE, **who), name)
    pledge = _read(name, row)
    if output is not None:
        write_new(output.with_suffix(STATEMENT), base64.b64decode(row["statement"]))
        if row["body"] is not None:
            write_new(named(output.with_suffix(STATEMENT), BODY), base64.b64decode(row["body"]))
    told = ("id", "state", "subject", "received_at", "refused_at", "refused_by", "reason")
    print_json({key: row[key] for key in told} | {"event": msgspec.to_builtins(pledge.made)})


@pending.command("refuse")
@click.argument("url", metavar="URL")
@click.argument("name", metavar="ID")
@click.option("--reason", required=True, metavar="TEXT", help="One line, which the enterprise reads.")
@signed_options
def refuse(url: str, name: str, *, reason: str, **who: Any) -> None:
    """Refuse one that waits. It stays at the desk with the reason; the enterprise may send a newer one."""
    content = msgspec.json.encode({"reason": reason})
    RequestSigner(url, purpose=_PURPOSE, **who).ask("POST", f"/v1/pending/{_checked(name)}/refusal", content)
    click.echo(f"{name}：已退回 / refused")


@pending.command("publish")
@click.argument("url", metavar="URL")
@click.argument("name", metavar="ID")
@click.option("--division", metavar="DIGITS", help="6 digits (GB/T 2260); the enterprise code's own if not given.")
@click.option("--code", metavar="DIGITS", help="The whole code, 20 digits, instead of the one that is proposed.")
@click.option("--valid-from", type=click.DateTime(["%Y-%m-%d"]), help="Today if not given.")
@click.option("--yes", is_flag=True, help="Do not ask before it is signed.")
@click.option("-o", "--output", "path", type=click.Path(path_type=Path), help="NAME.cose; CODE.cose if not given.")
@signed_options
def publish(
    url: str,
    name: str,
    *,
    division: str | None,
    code: str | None,
    valid_from: datetime | None,
    yes: bool,
    path: Path | None,
    **who: Any,
) -> None:
    """Publish one that waits: propose a code, sign PledgePublished, register both, and keep the receipt.

    The code is the division, today, and the first serial that is free. Writes what `verify` takes, beside NAME.cose.
    """
    asking = RequestSigner(url, purpose=_PURPOSE, **who)
    pledge = _read(name, _ask_one(asking, name))
    today = shanghai_date(int(time.time()))
    with Client(url) as client:
        until = pledge.made.valid_until or _campaign_end(client, pledge.made.campaign)
        first = code or _proposed(client, pledge, division, today)
        click.echo(f"{pledge.subject}  {pledge.made.campaign}  {pledge.made.scope}: {pledge.made.reason}", err=True)
        if not yes:
            click.confirm(f"以编码 {first} 公布，有效期至 {until}？/ Publish under this code?", abort=True, err=True)
        began = valid_from.date() if valid_from else today
        for step in range(1 if code else PLEDGE_CODES_TRIED_MAX):
            chosen = first if code else f"{first[:14]}{(int(first[14:]) + step) % _SERIALS:06}"
            event = PledgePublished(
                v=1, effective_on=today, pledge=name, code=chosen, valid_from=began, valid_until=until
            )
            signed, body = _signed(asking, pledge, event)
            (result,) = client.submit_batch([(signed, body)])
            if not (isinstance(result, Refused) and result.rule == _TAKEN) or code:
                break  # a code that is taken was refused: nothing is registered, and the next one is tried
        if isinstance(result, LedgerError):
            raise result
        if isinstance(result, Waiting):
            raise Refuted("the service says that a publication waits, which none does")
        _keep(client, path or Path(f"{chosen}{STATEMENT}"), signed, body, result)
    click.echo(f"{chosen}  entry {result.index}")


def _checked(name: str) -> str:
    if len(name) != 64 or set(name) - set("0123456789abcdef"):
        raise Malformed("what waits is named by the SHA-256 of its statement, 64 hexadecimal digits")
    return name


def _ask_one(asking: RequestSigner, name: str) -> dict[str, Any]:
    row: dict[str, Any] = msgspec.json.decode(asking.ask("GET", f"/v1/pending/{_checked(name)}"))
    return row


def _read(name: str, row: dict[str, Any]) -> _Pledge:
    """The pledge from its signed bytes. Raises `Refuted` if they are not those that were asked for."""
    raw = base64.b64decode(row["statement"])
    if sha256(raw).hexdigest() != name:
        raise Refuted("the service's statement does not hash to the id that was asked for")
    statement = parse_statement(raw)
    body = None if row["body"] is None else base64.b64decode(row["body"])
    event = decode_event(statement, body)
    if not isinstance(event, PledgeMade):
        raise Refuted("what waits under this id is no pledge, or its sealed body is missing")
    return _Pledge(statement.statement_id, statement.subject, statement.sealed, event)


def _campaign_end(client: Client, campaign: str) -> date:
    found = client.json(f"/v1/campaigns/{quote(campaign.removeprefix('campaign:'))}")
    return date.fromisoformat(found["pledge_valid_until"])


def _proposed(client: Client, pledge: _Pledge, division: str | None, today: date) -> str:
    """The first code of the division and the day that no public pledge of the campaign has. Sealed ones are not to be
    seen, and other campaigns are not looked at: what is taken all the same is refused, and the next one tried."""
    if division is None:
        scheme, _, number = pledge.subject.partition(":")
        if scheme != "uscc":
            raise Malformed("this enterprise has no code that names a division: say --division, such as 110000")
        division = number[2:8]
    if len(division) != 6 or not (division.isascii() and division.isdigit()):
        raise Malformed("a division is 6 digits (GB/T 2260), such as 110000")
    prefix = f"{division}{today:%Y%m%d}"
    cursor, serial = f"{prefix}000000", 1
    while True:
        query = urlencode({"cursor": cursor, "limit": "100"})
        page = client.json(f"/v1/campaigns/{quote(pledge.made.campaign.removeprefix('campaign:'))}/pledges?{query}")
        for one in page["pledges"]:
            if one["code"] == f"{prefix}{serial:06}":
                serial += 1
        if page["cursor"] is None or page["cursor"] >= f"{prefix}{serial:06}":
            return f"{prefix}{serial:06}"
        cursor = page["cursor"]


def _signed(asking: RequestSigner, pledge: _Pledge, event: PledgePublished) -> tuple[bytes, bytes | None]:
    cti, salt = (secrets.token_bytes(_RANDOM_BYTES) for _ in range(2))
    claims = Claims(pledge.subject, asking.party, asking.origin, int(time.time()), cti)
    if pledge.sealed:
        return make_sealed(event, claims, asking.signer, salt)
    return make_statement(event, claims, asking.signer), None


def _keep(client: Client, path: Path, signed: bytes, body: bytes | None, result: RegisteredEntry) -> None:
    """Beside each other: the statement, its body, its receipt, both in one, and the evidence about its issuer."""
    write_new(path, signed)
    if body is not None:
        write_new(named(path, BODY), body)
    write_new(named(path, RECEIPT), result.receipt)
    write_new(named(path, TRANSPARENT), attach(signed, [result.receipt]))
    write_new(named(path, EVIDENCE), client.evidence(result.index))
