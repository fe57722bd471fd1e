"""`key new`, `key show`, `key import-secret`: issuers' private files, which only their owner can read."""

from __future__ import annotations

from pathlib import Path

import click

from api.cli.options import FILE
from api.cli.output import open_key, passphrase_of, passphrase_option, print_json, read_passphrase
from ledger.domain.values.enterprise_code import masked
from ledger.domain.values.subject import kind, names_a_resident, parse
from ledger.errors import Malformed
from ledger.keys.naming_secret import save_secrets
from ledger.keys.proof_of_possession import prove_possession
from ledger.keys.signer import Signer, load_key, new_key, save_key


@click.group()
def key() -> None:
    """Make or show a private key, or a party's import secret."""


@key.command("new")
@click.option("-o", "--output", "path", type=click.Path(path_type=Path), required=True, help="Where to write it.")
@click.option("--kind", type=click.Choice(["ed25519", "p256"]), default="ed25519", show_default=True)
@passphrase_option
def new(path: Path, kind: str, passphrase_file: Path | None) -> None:
    """Make a private key. An existing file is never overwritten."""
    signer = new_key(kind)
    save_key(path, signer, read_passphrase(passphrase_file))
    click.echo(f"{path}  {kind}  kid {signer.kid.hex()}")


@key.command("show")
@click.argument("path", metavar="FILE", type=FILE)
@click.option("--party", help="With --audience: add a proof of possession for enrolling the key for this party.")
@click.option("--audience", metavar="ORIGIN", help="The log in which it is to be enrolled.")
@click.option("--json", "as_json", is_flag=True, help="For a program.")
@passphrase_option
def show(path: Path, party: str | None, audience: str | None, as_json: bool, passphrase_file: Path | None) -> None:
    """Show the public half of a private key."""
    if (party is None) != (audience is None):
        raise click.UsageError("a proof of possession needs both --party and --audience")
    if party is not None and (kind(parse(party)) != "party" or names_a_resident(party)):
        raise Malformed(f"not the id of a party: {masked(party)[:80]!r}; such as party:organizer or party:uscc:<code>")
    signer = open_key(path, passphrase_file)
    document = _describe(signer)
    if party is not None and audience is not None:
        document["proof"] = prove_possession(signer, party, audience).hex()
    if party is not None:
        document["party"], document["audience"] = party, str(audience)
    if as_json:
        print_json(document)
        return
    for name, value in document.items():
        click.echo(f"{name:6} {value.rstrip()}" if name != "pem" else value.rstrip())


@key.command("import-secret")
@click.argument("keys", metavar="KEY…", nargs=-1, required=True, type=FILE)
@click.option("-o", "--output", "path", type=click.Path(path_type=Path), required=True, help="Where to write it.")
@passphrase_option
def import_secret(keys: tuple[Path, ...], *, path: Path, passphrase_file: Path | None) -> None:
    """Make the import secret of a party that has, or had, more than one key.

    KEY…: those that it imported with so far, none left out; what is new gets its names from the first. `import` looks
    for the file beside its key, as PARTY.import-secret.pem, or in its --secrets. Encrypted if the first key is. The
    keys are not needed after that, and cannot be told from it.
    """
    words = [passphrase_of(one, passphrase_file) for one in keys]
    secrets = tuple(dict.fromkeys(load_key(one, word).secret for one, word in zip(keys, words, strict=True)))
    save_secrets(path, secrets, words[0])
    for secret in secrets:
        click.echo(f"{path}  fingerprint {secret.fingerprint}")


def _describe(signer: Signer) -> dict[str, str]:
    """`kind`, `kid` (RFC 9679 thumbprint, hex), `key` (COSE_Key, hex, as KeyEnrolled takes it) and `pem`."""
    public = signer.public
    return {"kind": public.kind, "kid": signer.kid.hex(), "key": public.cose_key.hex(), "pem": public.pem}
