"""Webhooks are signed as Standard Webhooks says, delivered at least once and in order, and never lost."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.monitor.checkpoint_growth import Inconsistent
from api.monitor.monitor import FollowedSubjects, Monitor
from api.monitor.notices import Noticed
from api.monitor.webhook import Webhook, parse_secrets, signature
from ledger.errors import LedgerError, Malformed, Unavailable
from tests.unit.api.monitor.conftest import SUBJECT, Scene
from tests.unit.api.monitor.served import Answer, serving

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # the example of the convention's own documentation


class Receiver:
    """Verifies every message by itself, and answers what it is told to."""

    def __init__(self, secret: str = SECRET) -> None:
        self._key = base64.b64decode(secret.removeprefix("whsec_"))
        self.messages: list[tuple[str, dict[str, Any]]] = []
        self.answers: list[int] = []
        self.url = ""

    def handle(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        found = {name.lower(): value for name, value in headers.items()}
        signed = f"{found['webhook-id']}.{found['webhook-timestamp']}.".encode() + body
        expected = "v1," + base64.b64encode(hmac.new(self._key, signed, hashlib.sha256).digest()).decode()
        if expected not in found["webhook-signature"].split(" "):
            return 401, b"signature"
        self.messages.append((found["webhook-id"], json.loads(body)))
        return (self.answers.pop(0) if self.answers else 204), b""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    with serving(receiver.handle) as url:
        receiver.url = url
        yield receiver


class Posting:
    one_by_one = True

    def __init__(self, webhook: Webhook) -> None:
        self.webhook = webhook

    def deliver(self, noticed: Noticed) -> None:
        self.webhook.deliver(noticed)


@pytest.fixture
def posting(receiver: Receiver) -> Iterator[Posting]:
    webhook = Webhook(receiver.url, parse_secrets(SECRET.encode()), tries_max=3, sleep=lambda _: None)
    yield Posting(webhook)
    webhook.close()


def _follower(scene: Scene, path: Path, posting: Posting) -> Monitor:
    return Monitor(scene.source(), scene.log.trust(), posting, FollowedSubjects(path, [SUBJECT]))


def test_the_signature_is_that_of_the_conventions_own_example() -> None:
    # From the documentation of Standard Webhooks ("Verifying webhooks manually").
    made = signature(
        parse_secrets(SECRET.encode()), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_events_arrive_signed_and_in_order(scene: Scene, tmp_path: Path, receiver: Receiver, posting: Posting) -> None:
    scene.say(SUBJECT, 3)
    _follower(scene, tmp_path / "state", posting).round()
    size = len(scene.log.entries)
    assert [message["data"]["entry"] for _, message in receiver.messages] == [size - 3, size - 2, size - 1]
    assert all(message["type"] == "ledger.entry" for _, message in receiver.messages)
    assert receiver.messages[0][1]["data"]["event"]["type"] == "EnterpriseRegistered"


def test_a_failed_delivery_is_repeated_under_the_same_id(
    scene: Scene, tmp_path: Path, receiver: Receiver, posting: Posting
) -> None:
    scene.say(SUBJECT, 2)
    receiver.answers = [500, 302, 200]
    _follower(scene, tmp_path / "state", posting).round()
    ids = [message_id for message_id, _ in receiver.messages]
    assert ids[0] == ids[1] == ids[2] != ids[3]


def test_what_is_not_taken_is_not_passed_over(
    scene: Scene, tmp_path: Path, receiver: Receiver, posting: Posting
) -> None:
    scene.say(SUBJECT, 2)
    receiver.answers = [200, 410, 410, 410]
    state = tmp_path / "state"
    with pytest.raises(Unavailable):
        _follower(scene, state, posting).round()
    assert len(receiver.messages) == 4
    _follower(scene, state, posting).round()
    assert receiver.messages[4][0] == receiver.messages[1][0] and len(receiver.messages) == 5


def test_nobody_at_the_address_is_a_failure_too(posting: Posting, scene: Scene, tmp_path: Path) -> None:
    scene.say(SUBJECT)
    dead = Webhook("http://127.0.0.1:9", parse_secrets(SECRET.encode()), tries_max=2, sleep=lambda _: None)
    with pytest.raises(Unavailable):
        _follower(scene, tmp_path / "state", Posting(dead)).round()
    dead.close()


def test_two_secrets_sign_both_while_one_takes_over(receiver: Receiver) -> None:
    other = "whsec_" + base64.b64encode(bytes(32)).decode()
    both = parse_secrets(f"{other}\n{SECRET}\n".encode())
    webhook = Webhook(receiver.url, both, tries_max=1)
    webhook.shout("log.example", Inconsistent("forked", "分叉", "forked", kept=b"one", shown=b"other"))
    webhook.close()
    assert receiver.messages[0][1]["data"]["kind"] == "forked"


@pytest.mark.parametrize(
    "data",
    [b"", b"\n", b"secret", b"whsec_", b"whsec_" + base64.b64encode(bytes(23)), b"whsec_" + base64.b64encode(bytes(65)),
     SECRET.encode() + b"=", "whsec_é".encode(), b"\xff", (SECRET + "\n").encode() * 5, b"a" * 5_000],
)  # fmt: skip
def test_what_is_no_secret_is_refused_and_never_shown(data: bytes) -> None:
    with pytest.raises(Malformed) as caught:
        parse_secrets(data)
    assert data.decode("utf-8", "replace")[6:20] not in str(caught.value) or len(data) < 10


def test_a_slow_receiver_holds_up_delivery_but_nothing_is_lost(
    scene: Scene, tmp_path: Path, receiver: Receiver, posting: Posting
) -> None:
    scene.say(SUBJECT, 3)
    receiver.answers = [503] * 2 + [200, 503, 200, 200]
    failures: list[LedgerError] = []

    def run() -> None:
        try:
            _follower(scene, tmp_path / "state", posting).round()
        except LedgerError as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    assert failures == []
    assert len({message_id for message_id, _ in receiver.messages}) == 3
