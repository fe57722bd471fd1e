"""The mails of the outbox, taken to the operator's mail server: by any service over the database.

    claim     one UPDATE takes rows that are due, with a lease (`ledger/store/desk_outbox.py`)
    send      to whom the row's receiver leads now, under a `Message-ID` that is the row's own
    record    the row says that the server took it, before anything else is said to the server

A crash before the server's answer: whoever has the row next sends it. Between the answer and its record nobody can
tell that it was taken, and it is sent once more under the same `Message-ID`, by which mail programs know a repeat;
never after that.
"""

from __future__ import annotations

import email.policy
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final, Literal, NamedTuple

from api.delivery.mail_server import MailNotTaken, MailServer
from api.notices.deliveries import Deliveries
from api.notices.follow_links import follow_link
from api.notices.notice_texts import text_of
from api.service.repeating import retry_pause, run_periodically
from api.service.service import Service
from ledger.errors import Corrupted
from ledger.limits import (
    MAIL_ATTEMPTS_MAX,
    MAIL_LOOK_SECONDS,
    MAIL_RETRY_SECONDS_MAX,
    MAIL_RETRY_SECONDS_MIN,
)
from ledger.store.desk_outbox import OutboxRow

__all__ = ["MailDelivery"]

_LOG = logging.getLogger(__name__)
_POLICY: Final = email.policy.SMTP.clone(cte_type="7bit")  # base64: any server takes it


class _MailReceiver(NamedTuple):
    """`end`: the page at which it ends, for mails that somebody asked for."""

    address: str
    language: Literal["zh", "en"]
    end: str | None


class MailDelivery:
    """`complainant(number)` is the mail address in a complaint file, None where there is none."""

    def __init__(self, service: Service, server: MailServer, complainant: Callable[[str], str | None]) -> None:
        self._service = service
        self._server = server
        self._complainant = complainant
        self._deliveries = Deliveries("mail")

    async def run(self) -> None:
        """Send for as long as the service runs. Several services may."""
        try:
            await run_periodically("mail", self._send_due, MAIL_LOOK_SECONDS)
        finally:
            await self._deliveries.stop()

    async def _send_due(self) -> None:
        service = self._service
        claimed = await service.off_loop(service.store.outbox.claim, service.sound_clock())
        for row in claimed:
            self._deliveries.begin(self._sent(row))
        await self._deliveries.ended()

    async def _sent(self, row: OutboxRow) -> None:
        service, outbox, record = self._service, self._service.store.outbox, self._deliveries.record
        try:
            found = await service.off_loop(self._receiver, row)
            if found is None:
                await service.off_loop(outbox.gone, row)
                return
            message = await service.off_loop(self._message, row, found)
            await self._server.send(message, found.address, lambda: record(outbox.sent, row, service.clock()))
        except MailNotTaken as problem:
            await self._failed(row, problem.why, for_good=problem.for_good)
        except Corrupted:
            await self._failed(row, "damaged", for_good=True)

    async def _failed(self, row: OutboxRow, problem: str, *, for_good: bool) -> None:
        dead = for_good or row.attempts + 1 >= MAIL_ATTEMPTS_MAX
        # 30 s, a minute, two … up to six hours
        pause = retry_pause(row.attempts, first=MAIL_RETRY_SECONDS_MIN, factor=2, longest=MAIL_RETRY_SECONDS_MAX)
        due_at = self._service.clock() + pause
        failed = self._service.store.outbox.failed
        if await self._service.off_loop(failed, row, problem, due_at=due_at, dead=dead) and dead:
            _LOG.warning("a mail could not be sent (%s): %s", row.kind, problem)

    def _receiver(self, row: OutboxRow) -> _MailReceiver | None:
        """To whom it goes now; None where there is nobody any more."""
        scheme, _, name = row.receiver.partition(":")
        if scheme == "complaint":
            address = self._complainant(name)
            return None if address is None else _MailReceiver(address, "zh", None)
        assert scheme == "follow"  # letters are not claimed
        follows, keys = self._service.store.follows, self._service.notice_keys
        follow = follows.get(bytes.fromhex(name))
        address = None if follow is None else follows.address(follow, keys)
        if follow is None or address is None:
            return None
        return _MailReceiver(address, follow.language, follow_link(self._service, follow.id, follow.language))

    def _message(self, row: OutboxRow, to: _MailReceiver) -> EmailMessage:
        """The same bytes at every try, as far as the book says the same."""
        confirming = row.kind == "follow_asked"
        said = text_of(self._service, row, to.language, to.end if confirming else None)
        message = EmailMessage(_POLICY)
        message["Message-ID"] = f"<{row.id.hex()}@{self._server.domain}>"
        message["Date"] = format_datetime(datetime.fromtimestamp(row.made_at, UTC))
        message["From"] = self._server.sender
        message["To"] = to.address
        message["Subject"] = said.title
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence notice comes back
        text = said.text
        if to.end is not None and not confirming:
            message["List-Unsubscribe"] = f"<{to.end}/end>"  # RFC 8058: one click, a POST to it
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
            text += {"zh": f"\n\n不再接收：{to.end}", "en": f"\n\nTo end this: {to.end}"}[to.language]
        message.set_content(text + "\n", cte="base64")
        return message
