"""Mail by a server that the operator named (SMTP, RFC 5321): one receiver a mail, one answer for each."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Final, Literal, Self

import aiosmtplib

from ledger.errors import Misconfigured
from ledger.limits import FOLLOW_ADDRESS_CHARS_MAX, MAIL_SECONDS_MAX, MAIL_STEP_SECONDS_MAX, SECRETS_FILE_BYTES_MAX

__all__ = ["MailNotTaken", "MailServer", "MailTls"]

MailTls = Literal["starttls", "tls", "none"]
_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}
_SENDER_ONLY: Final = (aiosmtplib.SMTPAuthenticationError, aiosmtplib.SMTPSenderRefused)


class MailNotTaken(Exception):
    """The server did not take it. `why` is its reply code, `unreachable`, `timeout` or `address`: its words may
    hold the address. `for_good`: it will not take it at another time either."""

    def __init__(self, why: str, *, for_good: bool) -> None:
        super().__init__(why)
        self.why = why
        self.for_good = for_good


@dataclass(frozen=True, slots=True)
class MailServer:
    """`host` and `port`; `sender` is the address that mails come from; `login` user and password, if it wants them."""

    host: str
    port: int
    sender: str
    tls: MailTls = "starttls"
    login: tuple[str, str] | None = None

    @classmethod
    def named(cls, address: str, sender: str | None, tls: MailTls, credentials: Path | None) -> Self:
        """From `HOST[:PORT]` and a file of two lines, user and password. Raises `Misconfigured`."""
        host, _, port = address.rpartition(":") if address.rpartition(":")[2].isdigit() else (address, "", "")
        if not host or not sender or "@" not in sender or not sender.isascii():
            raise Misconfigured(
                "邮件须有服务器（HOST:PORT）和发件地址 / mail needs a server (HOST:PORT) and a sender's address"
            )
        if tls == "none" and credentials is not None:
            raise Misconfigured(
                "未加密的连接不发送密码 / a password is not sent over a connection that is not encrypted"
            )
        return cls(host, int(port or _PORTS[tls]), sender, tls, None if credentials is None else _login(credentials))

    @property
    def domain(self) -> str:
        """That of the sender: the right side of message ids."""
        return self.sender.rpartition("@")[2]

    async def send(self, message: EmailMessage, receiver: str, taken: Callable[[], Awaitable[object]]) -> None:
        """Await `taken` as soon as the server has taken it (RFC 5321, section 4.2.5: from its 250 on it is theirs),
        before the connection is ended. Raises `MailNotTaken`, and what `taken` raises."""
        if len(receiver) > FOLLOW_ADDRESS_CHARS_MAX or not receiver.isascii():
            raise MailNotTaken("address", for_good=True)
        user, password = self.login or (None, None)
        until = asyncio.get_running_loop().time() + MAIL_SECONDS_MAX
        try:
            client = aiosmtplib.SMTP(
                hostname=self.host,
                port=self.port,
                username=user,
                password=password,
                use_tls=self.tls == "tls",
                start_tls=self.tls == "starttls",
                tls_context=None if self.tls == "none" else ssl.create_default_context(),
                timeout=MAIL_STEP_SECONDS_MAX,
            )
            async with client:
                async with asyncio.timeout_at(until):
                    await client.send_message(
                        message, sender=self.sender, recipients=[receiver], timeout=MAIL_SECONDS_MAX
                    )
                await taken()
        except aiosmtplib.SMTPRecipientsRefused as error:
            code = error.recipients[0].code
            raise MailNotTaken(str(code), for_good=code >= 500) from None
        except _SENDER_ONLY as error:  # of us, not of this mail
            raise MailNotTaken(f"server {error.code}", for_good=False) from None
        except aiosmtplib.SMTPResponseException as error:
            raise MailNotTaken(str(error.code), for_good=error.code >= 500) from None
        except (aiosmtplib.SMTPTimeoutError, TimeoutError):
            raise MailNotTaken("timeout", for_good=False) from None
        except (aiosmtplib.SMTPException, OSError):
            raise MailNotTaken("unreachable", for_good=False) from None


def _login(path: Path) -> tuple[str, str]:
    with path.open("rb") as file:
        lines = file.read(SECRETS_FILE_BYTES_MAX).decode("utf-8", "replace").splitlines()
    if len(lines) < 2 or not lines[0] or not lines[1]:
        raise Misconfigured(f"{path}：第一行用户名，第二行密码 / the first line is the user, the second the password")
    return lines[0], lines[1]
