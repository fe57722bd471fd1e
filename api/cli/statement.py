"""`statement new`, `statement show`: make and sign a statement about a subject, or take one apart."""

from __future__ import annotations

import json
import secrets
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import click
import msgspec

from api.cli.event_data import ask, require_faultless, template
from api.cli.files import BODY, STATEMENT, beside, named
from api.cli.options import FILE
from api.cli.output import open_key, passphrase_option, print_json, write_new
from api.http.enterprise_ids import subject_of
from ledger.cose.receipt import detach
from ledger.cose.statement import Claims, Statement, decode_event, make_sealed, make_statement, parse_statement
from ledger.domain.events.base import Closed, Event
from ledger.domain.events.free_text import refuse_personal_data, suspicions
from ledger.domain.events.pledge import PledgeMade
from ledger.domain.payload import decode_payload, encode_payload
from ledger.domain.rules.catalogue import SPECS
from ledger.domain.rules.pledge_conditions import require_liability
from ledger.domain.rules.spec import EventSpec
from ledger.domain.values.dates import shanghai_date
from ledger.domain.values.personal_data import KIND_WORDS
from ledger.domain.values.subject import parse
from ledger.errors import Malformed

_RANDOM_BYTES: Final = 16


@click.group()
def statement() -> None:
    """Make and sign, or show, a statement."""


@statement.command("new")
@click.argument("type_", metavar="TYPE")
@click.option("--subject", metavar="ID", help="Whom or what: an id, a code, a campaign's name.")
@click.option("--issuer", metavar="PARTY", help="Who says it: party:<id>.")
@click.option("--audience", metavar="ORIGIN", help="The log that it is meant for.")
@click.option(
    "--key",
    "key_path",
    type=FILE,
    help="The issuer's private key.",
)
@click.option("--data", default="{}", metavar="JSON|@FILE", help="The event's own fields.")
@click.option("--effective-on", type=click.DateTime(["%Y-%m-%d"]), help="From when it counts; today if not given.")
@click.option("--sealed", is_flag=True, help="Seal it, where its type leaves the choice.")
@click.option("--cti", metavar="HEX", help="The statement's own number; random if not given.")
@click.option("--template", "as_template", is_flag=True, help="Print an example of --data for TYPE, ready to edit.")
@click.option("--ask", "asking", is_flag=True, help="Ask for the fields that --data does not give.")
@click.option("-o", "--output", "path", type=click.Path(path_type=Path), help="NAME.cose")
@passphrase_option
def new(
    type_: str,
    *,
    subject: str | None,
    issuer: str | None,
    audience: str | None,
    key_path: Path | None,
    data: str,
    effective_on: datetime | None,
    sealed: bool,
    cti: str | None,
    as_template: bool,
    asking: bool,
    path: Path | None,
    passphrase_file: Path | None,
) -> None:
    """Make and sign a statement of TYPE, such as PledgeMade.

    The fields are checked against the type; free text that seems to name a person is pointed out first. A
    sealed statement's body is written beside it as NAME.body.json; both are needed to submit it. Existing files are
    never overwritten.
    """
    spec = _spec(type_)
    if as_template:
        print_json(template(spec.event))
        return
    if subject is None or issuer is None or audience is None or key_path is None or path is None:
        given = {"--subject": subject, "--issuer": issuer, "--audience": audience, "--key": key_path, "-o": path}
        raise click.UsageError(f"missing: {', '.join(name for name, value in given.items() if value is None)}")
    if path.suffix != STATEMENT:
        raise click.BadParameter(f"the file's name must end in {STATEMENT}", param_hint="--output")
    subject = _subject(spec, subject)
    now = int(time.time())
    on = effective_on.date() if effective_on else shanghai_date(now)
    fields = _fields(data)
    event = _event(spec, ask(spec.event, fields) if asking else fields, on)
    _screened(spec, event)
    signer = open_key(key_path, passphrase_file)
    claims = Claims(subject, issuer, audience, now, _cti(cti))
    if spec.form == "sealed" or (spec.form == "either" and sealed):
        signed, body = make_sealed(event, claims, signer, secrets.token_bytes(_RANDOM_BYTES))
        write_new(named(path, BODY), body)
    elif sealed:
        raise click.UsageError(f"{type_} is said openly and cannot be sealed")
    else:
        signed = make_statement(event, claims, signer)
    write_new(path, signed)
    click.echo(f"{path}  {type_}  statement {parse_statement(signed).statement_id.hex()}")


@statement.command("show")
@click.argument("path", metavar="FILE", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="For a program.")
def show(path: Path, as_json: bool) -> None:
    """Show what a statement says, without verifying it; its body NAME.body.json, if there, is read too."""
    data = path.read_bytes()
    try:
        found, receipts = parse_statement(data), 0
    except Malformed:
        signed, attached = detach(data)
        found, receipts = parse_statement(signed), len(attached)
    body = beside(path, BODY) if found.sealed else None
    event = decode_event(found, None if body is None else body.read_bytes())
    document = _describe(found, event, receipts)
    if as_json:
        print_json(document)
        return
    for name, value in document.items():
        text = json.dumps(value, ensure_ascii=False, indent=2) if isinstance(value, dict) else value
        click.echo(f"{name:13} {text}")
    click.echo("未核验 / shown, not verified: see `credit-ledger verify`", err=True)


def _spec(type_: str) -> EventSpec:
    if type_ not in SPECS:
        raise Malformed(f"no event type {type_!r:.60}; there are {', '.join(sorted(SPECS))}")
    return SPECS[type_]


def _fields(data: str) -> dict[str, object]:
    text = Path(data[1:]).read_text(encoding="utf-8") if data.startswith("@") else data
    try:
        fields = json.loads(text)
    except ValueError as error:
        raise Malformed(f"--data is not JSON: {error}") from None
    if not isinstance(fields, dict):
        raise Malformed("--data is not a JSON object")
    return fields


def _event(spec: EventSpec, fields: dict[str, object], effective_on: date) -> Event:
    """The typed event; what is given wins over the defaults. Raises `Malformed` with all that is wrong, and `Refused`
    for what no campaign takes."""
    document = {"v": 1, "effective_on": effective_on.isoformat(), **fields, "type": spec.name}
    require_faultless(spec.event, document)
    event: Event = msgspec.convert(document, spec.event)
    if isinstance(event, PledgeMade):
        require_liability(event)
    return decode_payload(encode_payload(event))


def _subject(spec: EventSpec, text: str) -> str:
    """A subject id; or what people type for one: a campaign's name, a party's, an enterprise's code as printed."""
    if ":" in text or text in spec.streams:
        return parse(text)
    for kind in ("campaign", "party"):
        if kind in spec.streams:
            return parse(f"{kind}:{text}")
    return subject_of(text) if "enterprise" in spec.streams else parse(text)


def _screened(spec: EventSpec, event: Event) -> None:
    """Refuse what no log takes; show what only might be personal data to the person who is about to sign it."""
    if "enterprise" not in spec.streams:
        return
    refuse_personal_data(event)
    for field, hit in suspicions(event):
        zh, en = KIND_WORDS[hit.kind]
        place = f"{field}, {hit.start + 1}-{hit.end}: {hit.masked}"
        click.echo(f"注意：可能含{zh} / warning: it may hold a {en} ({place})", err=True)


def _cti(text: str | None) -> bytes:
    if text is None:
        return secrets.token_bytes(_RANDOM_BYTES)
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise click.BadParameter("not hexadecimal", param_hint="--cti") from None


def _describe(found: Statement, event: Event | Closed, receipts: int) -> dict[str, object]:
    return {
        "statement_id": found.statement_id.hex(),
        "issuer": found.issuer,
        "subject": found.subject,
        "audience": found.audience,
        "issued_at": datetime.fromtimestamp(found.iat, UTC).isoformat(),
        "cti": found.cti.hex(),
        "kid": found.kid.hex(),
        "sealed": found.sealed,
        "receipts": receipts,
        "content": "closed: its body is not here" if isinstance(event, Closed) else msgspec.to_builtins(event),
    }
