"""What the commands share that ask by signed request: the options that say who asks, and the asking."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click
import httpx

from api.cli.options import FILE
from api.cli.output import open_key, passphrase_option
from api.client.problems import error_of
from ledger.cose.access_token import AccessRequest, sign_access
from ledger.errors import Unavailable
from ledger.keys.signer import Signer

__all__ = ["RequestSigner", "signed_options"]

_RANDOM_BYTES: Final = 16
_TIMEOUT_SECONDS: Final = 60


def signed_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options of everything that a key signs."""
    for option in (
        passphrase_option,
        click.option("--audience", required=True, metavar="ORIGIN", help="The log that it is meant for."),
        click.option("--issuer", required=True, metavar="PARTY", help="Who asks: party:<id>."),
        click.option("--key", "key_path", required=True, type=FILE, help="The party's private key."),
    ):
        command = option(command)
    return command


class RequestSigner:
    """Signed requests of one party to one service."""

    def __init__(
        self, url: str, *, purpose: str, key_path: Path, issuer: str, audience: str, passphrase_file: Path | None
    ) -> None:
        self._url = url.rstrip("/")
        self._purpose = purpose
        self.signer: Signer = open_key(key_path, passphrase_file)
        self.party = issuer
        self.origin = audience

    def ask(
        self, method: str, path: str, content: bytes | None = None, *, timeout_seconds: float = _TIMEOUT_SECONDS
    ) -> bytes:
        """The answer's content. Never sent twice: a token is good once. Raises what refused it, `Unavailable`."""
        named = None if content is None else hashlib.sha256(content).hexdigest()
        token = sign_access(
            AccessRequest(content=named, purpose=self._purpose, resource=path),
            party=self.party,
            origin=self.origin,
            issued_at=int(time.time()),
            cti=secrets.token_bytes(_RANDOM_BYTES),
            signer=self.signer,
        )
        headers = {"Authorization": "COSE " + base64.urlsafe_b64encode(token).rstrip(b"=").decode()}
        try:
            answer = httpx.request(method, self._url + path, content=content, headers=headers, timeout=timeout_seconds)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable(f"{self._url}: {error}") from error
        if answer.is_success:
            return answer.content
        raise error_of(answer.status_code, answer.headers.get("Content-Type", ""), answer.content)
