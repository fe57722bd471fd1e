"""Who asked to be told of entries by webhook: `desk.webhooks`, each row its own queue over the log.

    asked ──challenge answered──▶ active ──fails for days──▶ stopped ──resumed──▶ active (or asked)

`next_entry` moves on only after the receiver has answered, so a crash at any step loses nothing; a delivery whose
answer nobody wrote down is made again under the same id. Whoever took a row acts by its claim: once the subscriber
moved the position, or the lease went to another, it changes nothing any more.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from ledger.errors import Busy, Refused
from ledger.limits import (
    WEBHOOK_ASKED_SECONDS_MAX,
    WEBHOOK_LEASE_SECONDS,
    WEBHOOK_STOPPED_SECONDS_MAX,
    WEBHOOKS_MAX,
    WEBHOOKS_PER_CLIENT_MAX,
)
from ledger.store.array_parameters import Texts
from ledger.store.connect import Database
from ledger.store.key_folder import KeyFolder
from ledger.store.receiver_encryption import decrypt_receiver, encrypt_receiver

__all__ = ["DeskWebhooks", "NewWebhook", "WebhookFilter", "WebhookState", "WebhookSubscription"]

WebhookState = Literal["asked", "active", "stopped"]


@dataclass(frozen=True, slots=True)
class WebhookFilter:
    """Which entries are told: those that are among each of these; an empty one leaves out nothing."""

    subjects: tuple[str, ...] = ()
    campaigns: tuple[str, ...] = ()
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WebhookSubscription:
    """A row. Times are Unix seconds; `receiver` is encrypted. `attempts`, `failing_since` and `problem` are of the
    entry (or the challenge) that could not be delivered."""

    id: bytes
    token_hash: bytes
    receiver: bytes
    filter: WebhookFilter
    state: WebhookState
    confirmed_at: int | None
    next_entry: int
    asked_at: int
    due_at: int
    attempts: int
    failing_since: int | None
    problem: str | None
    delivered_at: int | None
    claim: bytes | None


class NewWebhook(NamedTuple):
    """A subscription that is asked for: SHA-256 of its token, who asks, where it goes (encrypted when it is stored),
    and from which entry on."""

    token_hash: bytes
    client: bytes
    receiver: bytes
    filter: WebhookFilter
    next_entry: int


class DeskWebhooks:
    """Every method may raise `Unavailable`. Thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(self, keys: KeyFolder, new: NewWebhook, at: int) -> WebhookSubscription:
        """A new one, to be challenged; durable on return. What nobody confirmed or resumed for long goes with it.

        Raises `Refused` where the client has too many, `Busy` where all are too many.
        """
        gone = {"asked_until": at - WEBHOOK_ASKED_SECONDS_MAX, "stopped_until": at - WEBHOOK_STOPPED_SECONDS_MAX}
        for (old,) in self._database.execute("webhook_expire", gone):
            keys.destroy(old.hex())
        id = os.urandom(16)
        params = {
            "id": id,
            "token_hash": new.token_hash,
            "client": new.client,
            "receiver": encrypt_receiver(keys, id, new.receiver),
            "subjects": Texts(new.filter.subjects),
            "campaigns": Texts(new.filter.campaigns),
            "types": Texts(new.filter.types),
            "next_entry": new.next_entry,
            "at": at,
            "most": WEBHOOKS_MAX,
            "most_of_client": WEBHOOKS_PER_CLIENT_MAX,
        }
        rows = self._database.execute("webhook_ask", params)
        if rows:
            return _subscription(rows[0])
        keys.destroy(id.hex())
        if self._database.fetch("webhooks_of_client", (new.client,))[0][0] >= WEBHOOKS_PER_CLIENT_MAX:
            raise Refused(
                "webhook.client_max",
                f"同一来源最多有 {WEBHOOKS_PER_CLIENT_MAX} 个订阅",
                f"one client has at most {WEBHOOKS_PER_CLIENT_MAX} subscriptions",
            )
        raise Busy("the list of webhooks", retry_after_seconds=3_600)

    def get(self, id: bytes) -> WebhookSubscription | None:
        rows = self._database.fetch("webhook_get", (id,))
        return _subscription(rows[0]) if rows else None

    def receiver(self, one: WebhookSubscription, keys: KeyFolder) -> bytes | None:
        """What was encrypted; None once its key is destroyed. Raises `Corrupted`."""
        return decrypt_receiver(keys, one.id, one.receiver)

    def claim(self, at: int, size: int, limit: int) -> Sequence[WebhookSubscription]:
        """Take some that are due in a log of `size` entries, for `WEBHOOK_LEASE_SECONDS`."""
        params = {
            "at": at,
            "size": size,
            "claim": os.urandom(16),
            "leased_until": at + WEBHOOK_LEASE_SECONDS,
            "limit": limit,
        }
        return [_subscription(row) for row in self._database.execute("webhook_claim", params)]

    def confirmed(self, one: WebhookSubscription, at: int) -> bool:
        """The receiver answered the challenge; whether it was still claimed."""
        return self._settled("webhook_confirmed", one, at=at)

    def advance(self, one: WebhookSubscription, next_entry: int, at: int) -> bool:
        """The receiver answered for all before `next_entry`: durable on return, and the lease begins anew.

        False where it is not claimed any more: then nothing is changed, and whoever has it now goes on.
        """
        leased_until = at + WEBHOOK_LEASE_SECONDS
        return self._settled("webhook_advance", one, next_entry=next_entry, at=at, leased_until=leased_until)

    def rest(self, one: WebhookSubscription, next_entry: int, at: int) -> bool:
        """All before `next_entry` is told or not for it; let go of it."""
        return self._settled("webhook_rest", one, next_entry=next_entry, at=at)

    def failed(
        self, one: WebhookSubscription, next_entry: int, problem: str, *, at: int, due_at: int, stop: bool
    ) -> bool:
        """`next_entry` was not delivered: again at `due_at`, or not before somebody resumes it."""
        return self._settled(
            "webhook_failed", one, next_entry=next_entry, problem=problem, at=at, due_at=due_at, stop=stop
        )

    def resume(self, id: bytes, at: int, next_entry: int | None = None) -> bool:
        """Deliver at once, from `next_entry` or from where it was, whoever has it now; whether there is such a one."""
        params = {"id": id, "at": at, "next_entry": next_entry}
        return bool(self._database.execute("webhook_resume", params))

    def end(self, id: bytes, keys: KeyFolder) -> bool:
        """Take it away, and where it went; whether it was there."""
        there = bool(self._database.execute("webhook_end", (id,)))
        keys.destroy(id.hex())
        return there

    def failing(self, limit: int) -> Sequence[WebhookSubscription]:
        """Those that cannot be delivered, stopped ones first."""
        return [_subscription(row) for row in self._database.fetch("webhooks_failing", (limit,))]

    def _settled(self, query: str, one: WebhookSubscription, **params: Any) -> bool:
        return bool(self._database.execute(query, {"id": one.id, "claim": one.claim, **params}))


def _subscription(row: tuple[Any, ...]) -> WebhookSubscription:
    id, token_hash, receiver, subjects, campaigns, types, *rest = row
    return WebhookSubscription(
        id, token_hash, receiver, WebhookFilter(tuple(subjects), tuple(campaigns), tuple(types)), *rest
    )
