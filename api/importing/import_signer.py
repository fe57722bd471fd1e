"""Who signs an import, and the secret from which what is imported gets its names. The secret outlives keys.

It lies in a file beside the key, named after the party (`organizer.import-secret.pem`), and is made at first need
from the key at hand: so all machines that have that key make the same one, and what an earlier version imported with
the key keeps its names. A party that ever had another key may have imported with that one: then nothing is made up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from api.importing.service_client import ImportClient
from ledger.errors import Misconfigured
from ledger.keys.naming_secret import NamingSecret, load_secrets, save_secrets
from ledger.keys.signer import Signer

__all__ = ["ImportSigner", "hand_of", "secret_file"]

_NOT_IN_NAMES: Final = re.compile("[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class ImportSigner:
    """A key, the party that it signs for, and the party's secrets: the first names what is new, with any of them
    something may have been named before."""

    signer: Signer
    party: str
    secrets: tuple[NamingSecret, ...]


def secret_file(folder: Path, party: str) -> Path:
    """Where a party's secret lies."""
    return folder / f"{_NOT_IN_NAMES.sub('-', party.removeprefix('party:'))}.import-secret.pem"


def hand_of(
    signer: Signer,
    service: ImportClient,
    folder: Path,
    *,
    party: str | None = None,
    passphrase: str | None = None,
    keep: bool = True,
) -> ImportSigner:
    """The key's party, looked up if not given, with its secrets out of `folder`, made there at first need if `keep`.

    `passphrase` is the key's; a file of secrets is encrypted with it, too. Raises `Misconfigured` where the secret is
    missing and may be another one than could be made here, `NotFound` (the key), `Malformed`, `OSError`, `Unavailable`.
    """
    owner, keys = service.owner_of(signer.kid)
    party = party or owner
    path = secret_file(folder, party)
    if path.exists():
        return ImportSigner(signer, party, load_secrets(path, passphrase))
    others = [kid for kid in keys if kid != signer.kid]
    if others:
        raise Misconfigured(
            f"{path} is missing: {party} has had other keys, with which it may have imported before; under another "
            "secret every case and every row would count twice. Copy the file from where the party imported before, or "
            f"make it from the keys that were imported with: credit-ledger key import-secret KEY… -o {path}"
        )
    secrets = (signer.secret,)
    if keep:
        save_secrets(path, secrets, passphrase)
    return ImportSigner(signer, party, secrets)
