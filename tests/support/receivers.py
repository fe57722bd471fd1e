"""Who is told from outside, as real servers: a webhook's receiver over HTTP, a mail server by `aiosmtpd`.

Each can hold what it was sent before it answers, so that a test can kill who sends at that very step.
"""

from __future__ import annotations

import email
import email.policy
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from unittest.mock import patch

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from standardwebhooks.webhooks import Webhook

from tests.support.running import free_port
from tests.support.waiting import PATIENCE_SECONDS

__all__ = ["MailReceiver", "Posted", "WebhookReceiver", "verified"]


@dataclass(frozen=True)
class Posted:
    """One POST, and the status that it was answered; None where it was not."""

    path: str
    headers: dict[str, str]
    body: bytes
    status: int | None

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def message(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


class _RunDatetime(datetime):
    """On the run's clock (`tests/support/run_clock.py`)."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls.fromtimestamp(time.time(), tz)


def verified(secret: str, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    """What the convention's own verifier reads. Raises `WebhookVerificationError`."""
    with patch("standardwebhooks.webhooks.datetime", _RunDatetime):
        found: dict[str, Any] = Webhook(secret).verify(body, dict(headers))
    return found


class _Holding:
    """A gate that is open, or is closed for the next one that comes."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self._open.set()
        self.held = threading.Event()

    def close(self) -> None:
        self.held.clear()
        self._open.clear()

    def open(self) -> None:
        self._open.set()

    def passed(self) -> None:
        """Wait here while it is closed."""
        if not self._open.is_set():
            self.held.set()
            self._open.wait(PATIENCE_SECONDS)


class WebhookReceiver:
    """Listens on loopback. Answers challenges as it should, and all else by `answer(posted so far)`: 204 by itself."""

    def __init__(self) -> None:
        self.told: list[Posted] = []
        self.challenges = 0
        self.answers_challenges = True
        self.answer: Callable[[Posted], tuple[int, dict[str, str]]] = lambda _: (204, {})
        self.gate = _Holding()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                posted = Posted(self.path, headers, body, None)
                content = b""
                if posted.message["type"] == "ledger.challenge":
                    receiver.challenges += 1
                    status, more = (200, {}) if receiver.answers_challenges else (404, {})
                    content = json.dumps({"challenge": posted.message["data"]["challenge"]}).encode()
                else:
                    receiver.told.append(posted)
                    receiver.gate.passed()
                    status, more = receiver.answer(posted)
                try:
                    self.send_response(status)
                    for name, value in {"Content-Length": str(len(content)), **more}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(content)
                except OSError:
                    return  # who asked is gone
                if posted in receiver.told:
                    receiver.told[receiver.told.index(posted)] = Posted(self.path, headers, body, status)

            def log_message(self, format: str, *args: object) -> None:
                """Tests look at `told`."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/hook?of=somebody"

    @property
    def entries(self) -> list[int]:
        """The entries that were told, in the order in which they came."""
        return [one.message["data"]["entry"] for one in self.told]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.gate.open()
        self._server.shutdown()
        self._server.server_close()


@dataclass
class MailReceiver:
    """A mail server on loopback that takes all that comes, or answers `refusal` to every receiver."""

    taken: list[EmailMessage] = field(default_factory=list)
    offered: list[tuple[str, bytes]] = field(default_factory=list)  # message ids and all bytes, whether taken or not
    refusal: str | None = None
    gate: _Holding = field(default_factory=_Holding)
    leaving: _Holding = field(default_factory=_Holding)

    def __post_init__(self) -> None:
        self.port = free_port()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refusal is not None:
            return self.refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.offered.append((message["Message-ID"], envelope.content))
        await server.loop.run_in_executor(None, self.gate.passed)
        self.taken.append(message)
        return "250 taken"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        await server.loop.run_in_executor(None, self.leaving.passed)
        return "221 bye"

    def to(self, address: str) -> list[EmailMessage]:
        return [one for one in self.taken if one["To"] == address]

    def options(self) -> tuple[str, ...]:
        """With which a service sends its mail here."""
        server, sender = f"127.0.0.1:{self.port}", "ledger@ledger.example.org"
        mail = "--mail-server", server, "--mail-sender", sender, "--mail-tls", "none"
        return *mail, "--notice-interval-seconds", "1"

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.gate.open()
        self.leaving.open()
        self._controller.stop()
