"""`charter draft`, `charter sign`: a charter made where nobody has more than one private key.

The root drafts it from public keys and proofs of possession (`key show --party --audience --json`) and signs who the
parties are. The file then goes to the organizer, who signs the policies, and to the approver, who approves. Each adds
what is theirs to say and nothing else; the trust file is right once the last has signed.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar, get_args

import click
import msgspec
from msgspec import Struct

from api.cli.charter_trust import TRUST, renewed_trust, trust_of
from api.cli.options import FILE
from api.cli.output import open_key, passphrase_option, write_new
from ledger.charter.charter import (
    CharterRoot,
    CharterRules,
    EnrolledParty,
    FoundedLog,
    LogAnchors,
    draft_charter,
    sign_charter,
    unsigned_parts,
)
from ledger.charter.charter_file import read_charter, write_charter
from ledger.charter.default_policies import calendar_2026, default_registration_policy, default_standing_policy
from ledger.domain.events.party import Role
from ledger.domain.values.dates import shanghai_date
from ledger.domain.values.subject import parse
from ledger.errors import Malformed, Refuted
from ledger.keys.log_keys import LogKeys
from ledger.keys.proof_of_possession import check_possession

__all__ = ["draft", "log_options", "output_options", "sign"]

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

_ROLES: Final = ", ".join(get_args(Role))


class PublicKeyFile(Struct):
    """What `key show --party --audience --json` prints; other members are of no interest here."""

    key: str
    proof: str
    party: str
    audience: str


def log_options(command: Decorated) -> Decorated:
    """Which log a charter begins, and its root's key."""
    for option in (
        click.option("--root-key", required=True, type=FILE, help="Signs the trust anchors and who the parties are."),
        click.option("--name-en", required=True),
        click.option("--name-zh", required=True, help="Its name for people."),
        click.option("--origin", required=True, help="The log's name for ever, such as ledger.example.org/2026."),
    ):
        command = option(command)
    return command


def output_options(command: Decorated) -> Decorated:
    """Where a charter and the log's own keys are written, and how the keys of parties are opened."""
    folder = click.option(
        "--data-dir",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path("data"),
        show_default=True,
        help="The log's own keys are made in its folder keys/, where they are not there yet.",
    )
    file = click.option("-o", "--output", "path", required=True, type=click.Path(path_type=Path), help="NAME.cbor")
    return folder(file(passphrase_option(command)))


@click.command()
@log_options
@click.option(
    "--party",
    "rows",
    nargs=4,
    multiple=True,
    required=True,
    metavar="ROLE[,ROLE] PUBLICFILE NAME_ZH NAME_EN",
    help=f"A party; a second officer of it is one more --party with another key. Roles: {_ROLES}.",
)
@output_options
def draft(
    path: Path,
    *,
    origin: str,
    name_zh: str,
    name_en: str,
    root_key: Path,
    rows: tuple[tuple[str, str, str, str], ...],
    data_dir: Path,
    passphrase_file: Path | None,
) -> None:
    """Draft the charter of a new log from the parties' public keys: what the root has to say of it.

    PUBLICFILE is what its owner wrote with `key show KEY --party PARTY --audience ORIGIN --json`; the private key
    stays there. Sign it next with the organizer's key, then with the approver's: `charter sign`.
    """
    if path.suffix != ".cbor":
        raise click.BadParameter("the file's name must end in .cbor", param_hint="--output")
    for there in (path, path.with_suffix(TRUST)):
        if there.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(there))
    parties = _parties(rows, origin)
    keys = LogKeys.make(data_dir / "keys", origin)
    statements = draft_charter(
        CharterRoot(open_key(root_key, passphrase_file), "root-1"),
        FoundedLog(LogAnchors.of(keys), name_zh, name_en),
        parties,
        int(time.time()),
    )
    write_new(path, write_charter(statements))
    write_new(path.with_suffix(TRUST), trust_of(keys, statements))
    _tell(path, statements)


@click.command()
@click.argument("path", metavar="FILE", type=FILE)
@click.option("--key", "key_path", required=True, type=FILE, help="The organizer's private key, or the approver's.")
@click.option(
    "--in-force-from",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The first day of the policy that is signed; today if not given.",
)
@passphrase_option
def sign(path: Path, *, key_path: Path, in_force_from: datetime | None, passphrase_file: Path | None) -> None:
    """Add to a drafted charter what the owner of this key has to say: policies, or their approval.

    Read it before (`charter show FILE`): whoever signs answers for it. NAME.trust.json beside it is brought up to date.
    """
    trust = path.with_suffix(TRUST)
    now = int(time.time())
    first_day = in_force_from.date() if in_force_from else shanghai_date(now)
    statements = sign_charter(
        read_charter(path.read_bytes()),
        open_key(key_path, passphrase_file),
        CharterRules(default_registration_policy(first_day), default_standing_policy(), [calendar_2026()], first_day),
        now,
    )
    for place, content in ((path, write_charter(statements)), (trust, renewed_trust(trust.read_bytes(), statements))):
        part = place.with_name(f"{place.name}.part")
        part.write_bytes(content)
        part.replace(place)
    _tell(path, statements)


def _tell(path: Path, statements: list[bytes]) -> None:
    left = unsigned_parts(statements)
    click.echo(f"{path}: {len(statements)} statements")
    click.echo(f"尚缺 / still to be signed: {', '.join(left)}" if left else "完整 / whole: `serve --charter` takes it")


def _parties(rows: tuple[tuple[str, str, str, str], ...], origin: str) -> list[EnrolledParty]:
    """Raises `Malformed` or `Refuted`, naming the file, for a role that is none or a proof that does not hold."""
    parties: list[EnrolledParty] = []
    for words, name, zh, en in rows:
        try:
            roles = msgspec.convert(words.split(","), tuple[Role, ...])
        except msgspec.ValidationError:
            raise Malformed(f"no such role in {words!r:.80}; there are {_ROLES}") from None
        try:
            public = msgspec.json.decode(Path(name).read_bytes(), type=PublicKeyFile)
            key, proof = bytes.fromhex(public.key), bytes.fromhex(public.proof)
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
            raise Malformed(f"{name}: not what `key show --party --audience --json` writes: {error}") from None
        party = parse(public.party)
        try:
            found = check_possession(proof, key, party, origin)
        except Refuted as error:
            raise Refuted(f"{name}: {error}") from None
        number = 1 + sum(one.party == party for one in parties)
        parties.append(EnrolledParty(party, roles, zh, en, f"{party.partition(':')[2]}-{number}", found, proof))
    if len({one.key.kid for one in parties}) < len(parties):
        raise Malformed("two officers with one key: each has a key of their own")
    return parties
