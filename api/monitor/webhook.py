"""Telling a web address, by the Standard Webhooks convention (standardwebhooks.com, specification 1.0.0).

    webhook-id         the same at every try of one message, so that who receives it twice can tell
    webhook-timestamp  Unix seconds of this try
    webhook-signature  v1,base64(HMAC-SHA256(secret, id.timestamp.body)), one for each secret, by spaces

Any answer but 2xx is a failure, and the message is sent again: at least once, in log order.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import httpx
import msgspec

from api.monitor.checkpoint_growth import Inconsistent
from api.monitor.notices import Noticed
from ledger.errors import Malformed, Unavailable
from ledger.limits import (
    FOLLOW_WAIT_SECONDS_MAX,
    WEBHOOK_SECONDS_MAX,
    WEBHOOK_SECRET_BYTES_MAX,
    WEBHOOK_SECRET_BYTES_MIN,
    WEBHOOK_SECRET_FILE_BYTES_MAX,
    WEBHOOK_SECRETS_MAX,
)
from ledger.tlog.vkey import decode_base64

__all__ = ["Webhook", "parse_secrets", "read_secrets", "signature"]

_PREFIX: Final = "whsec_"


def read_secrets(path: Path) -> tuple[bytes, ...]:
    """The secrets in a file. Raises `Malformed`."""
    with path.open("rb") as file:
        return parse_secrets(file.read(WEBHOOK_SECRET_FILE_BYTES_MAX + 1))


def parse_secrets(data: bytes) -> tuple[bytes, ...]:
    """Secrets `whsec_<base64>`, a line each; several while one takes over from another. Raises `Malformed`."""
    if len(data) > WEBHOOK_SECRET_FILE_BYTES_MAX:
        raise Malformed(f"a file of webhook secrets has at most {WEBHOOK_SECRET_FILE_BYTES_MAX} bytes")
    try:
        lines = [line for line in data.decode("ascii").splitlines() if line]
    except UnicodeDecodeError:
        raise Malformed("webhook secrets are ASCII text") from None
    if not 0 < len(lines) <= WEBHOOK_SECRETS_MAX or not all(line.startswith(_PREFIX) for line in lines):
        raise Malformed(f"a file of webhook secrets has 1 to {WEBHOOK_SECRETS_MAX} lines whsec_…")
    secrets: list[bytes] = []
    for line in lines:
        try:
            secrets.append(decode_base64(line.removeprefix(_PREFIX)))
        except Malformed:
            raise Malformed("a webhook secret is whsec_ and canonical base64") from None  # never shows the secret
    if not all(WEBHOOK_SECRET_BYTES_MIN <= len(one) <= WEBHOOK_SECRET_BYTES_MAX for one in secrets):
        raise Malformed(f"a webhook secret has {WEBHOOK_SECRET_BYTES_MIN} to {WEBHOOK_SECRET_BYTES_MAX} bytes")
    return tuple(secrets)


def signature(secrets: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """The header `webhook-signature` (Standard Webhooks, "Signature scheme", symmetric)."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return " ".join(
        "v1," + base64.b64encode(hmac.new(one, signed, hashlib.sha256).digest()).decode() for one in secrets
    )


class Webhook:
    """Where to deliver to. `tries_max` None: until it is delivered."""

    def __init__(
        self,
        url: str,
        secrets: Sequence[bytes],
        *,
        tries_max: int | None,
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.time,
        say: Callable[[str], object] = lambda _: None,
    ) -> None:
        if not url.startswith(("http://", "https://")):
            raise Malformed(f"not an address to post to: {url[:200]!r}")
        self._url = url
        self._secrets = secrets
        self._tries_max = tries_max
        self._sleep = sleep
        self._clock = clock
        self._say = say
        self._http = httpx.Client(timeout=WEBHOOK_SECONDS_MAX, follow_redirects=False)

    def close(self) -> None:
        self._http.close()

    def deliver(self, noticed: Noticed) -> None:
        """Deliver one event; returns only when it is. Raises `Unavailable` after `tries_max` tries."""
        log = hashlib.sha256(noticed.origin.encode()).hexdigest()[:16]
        message = {"type": "ledger.entry", "timestamp": noticed.issued_at, "data": noticed.document()}
        self._post(f"entry_{log}_{noticed.index}", msgspec.json.encode(message), self._tries_max)

    def shout(self, origin: str, found: Inconsistent) -> None:
        """Tell of an inconsistency, with what proves it. Raises `Unavailable` after one try."""
        data = {
            "origin": origin,
            "kind": found.kind,
            "zh": found.zh,
            "en": found.en,
            "verified_before": found.kept and found.kept.decode("utf-8", "backslashreplace"),
            "shown_now": found.shown and found.shown.decode("utf-8", "backslashreplace"),
        }
        digest = hashlib.sha256(msgspec.json.encode(data)).hexdigest()[:32]
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._clock()))
        message = {"type": "ledger.inconsistent", "timestamp": now, "data": data}
        self._post(f"inconsistent_{digest}", msgspec.json.encode(message), 1)

    def _post(self, message_id: str, body: bytes, tries_max: int | None) -> None:
        attempt = 0
        while True:
            problem = self._try(message_id, body)
            if problem is None:
                return
            attempt += 1
            if tries_max is not None and attempt >= tries_max:
                raise Unavailable(f"the webhook did not take {message_id}: {problem}")
            wait = min(2.0 ** min(attempt, 16) / 2, FOLLOW_WAIT_SECONDS_MAX) * random.uniform(0.75, 1.0)  # noqa: S311
            self._say(f"webhook: {message_id}: {problem}; again in {wait:.0f} s")
            self._sleep(wait)

    def _try(self, message_id: str, body: bytes) -> str | None:
        """What went wrong, None if nothing did."""
        now = int(self._clock())
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(now),
            "webhook-signature": signature(self._secrets, message_id, now, body),
        }
        try:
            with self._http.stream("POST", self._url, content=body, headers=headers) as answer:
                return None if answer.is_success else f"answered {answer.status_code}"
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL) as error:
            return repr(error)[:200]
