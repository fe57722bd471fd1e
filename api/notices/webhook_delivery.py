"""Webhooks told of what is in the book, in its order, each from where it was: by any service over the database.

    claim       one UPDATE takes subscriptions that are due, with a lease (`ledger/store/desk_webhooks.py`)
    post        the next entry that is for it, under an id that is always the same
    advance     the receiver answered 2xx: the position moves past the entry, durably, and the lease begins anew

A crash before the answer: whoever has it next posts the entry. Between the answer and `advance` nobody can tell that
it was answered, and it is posted once more, with the same `webhook-id`, by which the receiver knows it again; never
after that. Any other answer is tried again with growing pauses; what fails for days is stopped where it is, and seen
at the desk.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

import msgspec

from api.delivery.outside_post import OutsidePost, PostAnswer, Undelivered, web_address
from api.notices.deliveries import Deliveries
from api.notices.webhook_messages import (
    WebhookMessage,
    WebhookReceiver,
    answers_challenge,
    challenge,
    entry_message,
    parse_receiver,
    told_to,
)
from api.service.event_json import events_json
from api.service.event_tail import EventTail
from api.service.repeating import retry_pause, run_periodically
from api.service.service import Service
from ledger.domain.state.pledge import PLEDGES
from ledger.errors import Corrupted, NotFound
from ledger.limits import (
    WEBHOOK_CHALLENGES_MAX,
    WEBHOOK_FAILING_SECONDS_MAX,
    WEBHOOK_LOOK_SECONDS,
    WEBHOOK_RETRY_SECONDS_MAX,
    WEBHOOK_RETRY_SECONDS_MIN,
    WEBHOOK_TURN_SECONDS,
    WEBHOOKS_AT_ONCE_MAX,
)
from ledger.store.desk_webhooks import WebhookSubscription

__all__ = ["WebhookDelivery"]

_LOG = logging.getLogger(__name__)
_CAMPAIGNS_KEPT_MAX: Final = 10_000


class WebhookDelivery:
    """Used on the event loop alone."""

    def __init__(self, service: Service, post: OutsidePost) -> None:
        self._service = service
        self._post = post
        self._tail = EventTail(lambda after, limit: service.long_read(self._lines, after, limit))
        self._campaigns: OrderedDict[tuple[str, str], str | None] = OrderedDict()
        self._deliveries = Deliveries("webhooks")

    async def run(self) -> None:
        """Deliver for as long as the service runs. Several services may."""
        try:
            await run_periodically("webhooks", self._take_due, WEBHOOK_LOOK_SECONDS)
        finally:
            await self._deliveries.stop()

    async def _take_due(self) -> None:
        """Begin to serve those that are due, while others are being served. Raises `Unavailable`, `ClockDoubted`."""
        service, free = self._service, WEBHOOKS_AT_ONCE_MAX - len(self._deliveries)
        if free > 0:
            size = await service.off_loop(service.feed.size)
            for one in await service.off_loop(service.store.webhooks.claim, service.sound_clock(), size, free):
                self._deliveries.begin(self._served(one, size))

    async def _served(self, one: WebhookSubscription, size: int) -> None:
        try:
            await self._serve(one, size)
        except Corrupted:
            await self._failed(one, one.next_entry, "damaged", None, stop=True)

    async def _serve(self, one: WebhookSubscription, size: int) -> None:
        service = self._service
        content = await service.off_loop(service.store.webhooks.receiver, one, service.notice_keys)
        if content is None:
            raise Corrupted("the key of a webhook's receiver is not here")
        receiver = parse_receiver(content)
        if one.state == "asked":
            await self._challenge(one, receiver)
        else:
            await self._tell(one, receiver, size)

    async def _challenge(self, one: WebhookSubscription, receiver: WebhookReceiver) -> None:
        store, now = self._service.store.webhooks, self._service.clock()
        answer, problem = await self._try(receiver, challenge(one.id, receiver.secret, now), reads=True)
        if answer is not None and answer.taken and not answers_challenge(answer.content, one.id, receiver.secret):
            problem = "challenge"
        if problem is None:
            await self._deliveries.record(store.confirmed, one, self._service.clock())
        else:
            last = one.attempts + 1 >= WEBHOOK_CHALLENGES_MAX
            await self._failed(one, one.next_entry, problem, answer, stop=last)

    async def _tell(self, one: WebhookSubscription, receiver: WebhookReceiver, size: int) -> None:
        """From its position on, until it is at the end, fails, or its turn is over."""
        service, position, began = self._service, one.next_entry, time.monotonic()
        while position < size and not self._turn_is_over(began):
            lines = await self._tail.lines(position - 1, size)
            if not lines:
                break
            for line, is_for_it in zip(lines, await service.off_loop(self._for, one, lines), strict=True):
                if is_for_it:
                    answer, problem = await self._try(receiver, entry_message(service.origin, line))
                    if problem is not None:
                        since = one.failing_since if position == one.next_entry else None
                        long = since is not None and service.clock() - since > WEBHOOK_FAILING_SECONDS_MAX
                        await self._failed(one, position, problem, answer, stop=long or problem == "410")
                        return
                    store = service.store.webhooks
                    if not await self._deliveries.record(store.advance, one, position + 1, service.clock()):
                        return  # played again from elsewhere, ended, or somebody else's by now
                position += 1
                if self._turn_is_over(began):
                    break
        await service.off_loop(service.store.webhooks.rest, one, position, service.clock())

    def _turn_is_over(self, began: float) -> bool:
        return self._service.closing or time.monotonic() - began >= WEBHOOK_TURN_SECONDS

    async def _try(
        self, receiver: WebhookReceiver, message: WebhookMessage, *, reads: bool = False
    ) -> tuple[PostAnswer | None, str | None]:
        """The answer, if there was one; and what is wrong, None if nothing is."""
        headers = message.headers(receiver.secret, self._service.clock())
        try:
            answer = await self._post.post(web_address(receiver.url), message.body, headers, reads=reads)
        except Undelivered as problem:
            return None, problem.why
        return answer, None if answer.taken else str(answer.status)

    async def _failed(
        self, one: WebhookSubscription, position: int, problem: str, answer: PostAnswer | None, *, stop: bool
    ) -> None:
        now = self._service.clock()
        attempts = one.attempts if position == one.next_entry else 0
        due_at = now + _pause(attempts, None if answer is None else answer.retry_after)
        failed = self._service.store.webhooks.failed
        if await self._service.off_loop(failed, one, position, problem, at=now, due_at=due_at, stop=stop) and stop:
            _LOG.warning("a webhook was stopped: %s", problem)

    def _for(self, one: WebhookSubscription, lines: Sequence[bytes]) -> list[bool]:
        return [told_to(line, one.filter, self._campaign_of) for line in lines]

    def _lines(self, after: int, limit: int) -> Sequence[bytes]:
        rows = self._service.store.entries(after + 1, limit)
        return [msgspec.json.encode(view) for view in events_json(self._service, rows)]

    def _campaign_of(self, subject: str, code: str) -> str | None:
        """In which campaign the pledge with this code is; asked of the enterprise's record, and remembered."""
        if (subject, code) not in self._campaigns:
            try:
                pledge = PLEDGES.of(self._service.record(subject)).coded(code)
            except NotFound:
                pledge = None
            campaign = None if pledge is None or pledge.terms is None else pledge.terms.campaign
            self._campaigns[subject, code] = campaign
            if len(self._campaigns) > _CAMPAIGNS_KEPT_MAX:
                self._campaigns.popitem(last=False)
        return self._campaigns[subject, code]


def _pause(attempts: int, retry_after: int | None) -> int:
    """Seconds until the next try: 5 s, 20 s, 80 s, … up to 12 hours; longer where it is asked for."""
    longest = WEBHOOK_RETRY_SECONDS_MAX
    wait = retry_pause(attempts, first=WEBHOOK_RETRY_SECONDS_MIN, factor=4, longest=longest)
    return max(WEBHOOK_RETRY_SECONDS_MIN, wait, min(retry_after or 0, longest))
