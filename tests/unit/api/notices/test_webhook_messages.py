"""What a webhook is told: what is for it, signed so that the convention's own verifier takes it."""

from __future__ import annotations

import base64
import json
import time

import msgspec
import pytest
from standardwebhooks.webhooks import WebhookVerificationError

from api.notices.webhook_messages import answers_challenge, challenge, entry_message, told_to
from ledger.domain.events.types import ALL
from ledger.domain.samples import sample
from ledger.store.desk_webhooks import WebhookFilter
from tests.support.receivers import verified

SECRET = b"s" * 32
WHSEC = "whsec_" + base64.b64encode(SECRET).decode()
SUBJECT, OTHER = "uscc:91110000600037341L", "uscc:91110108MA01C8JX44"


def line(subject: str = SUBJECT, event: dict[str, object] | None = None, entry: int = 7) -> bytes:
    """A line of the feed; without an event a closed one."""
    said = {"entry": entry, "subject": subject, "recorded_at": "2026-03-16T04:00:00Z", "issuer": "party:organizer"}
    content = {"closed": {"commitment": "00"}} if event is None else {"event": event}
    return json.dumps(said | content).encode()


def campaign_of(subject: str, code: str) -> str | None:
    return "campaign:2026" if (subject, code) == (SUBJECT, "11010820260315000001") else None


MADE = {"type": "PledgeMade", "campaign": "campaign:2026"}
PUBLISHED = {"type": "PledgePublished", "code": "11010820260315000001"}
CASES = [
    (WebhookFilter(), line(), True),
    (WebhookFilter(subjects=(SUBJECT,)), line(event=MADE), True),
    (WebhookFilter(subjects=(OTHER,)), line(event=MADE), False),
    (WebhookFilter(types=("PledgePublished",)), line(event=PUBLISHED), True),
    (WebhookFilter(types=("PledgePublished",)), line(event=MADE), False),
    (WebhookFilter(types=("PledgeMade",)), line(), False),  # nobody learns the type of what is closed
    (WebhookFilter(campaigns=("campaign:2026",)), line(event=MADE), True),
    (WebhookFilter(campaigns=("campaign:2026",)), line(event=PUBLISHED), True),
    (WebhookFilter(campaigns=("campaign:2025",)), line(event=PUBLISHED), False),
    (WebhookFilter(campaigns=("campaign:2026",)), line(OTHER, PUBLISHED), False),
    (WebhookFilter(campaigns=("campaign:2026",)), line("campaign:2026", {"type": "CampaignOpened"}), True),
    (WebhookFilter(campaigns=("campaign:2026",)), line(), False),
    (WebhookFilter((SUBJECT,), ("campaign:2026",), ("PledgeMade",)), line(event=MADE), True),
    (WebhookFilter((SUBJECT,), ("campaign:2026",), ("PledgePublished",)), line(event=MADE), False),
]


@pytest.mark.parametrize(("wanted", "said", "told"), CASES)
def test_an_entry_is_told_to_who_wants_its_subject_campaign_and_type(
    wanted: WebhookFilter, said: bytes, told: bool
) -> None:
    assert told_to(said, wanted, campaign_of) is told


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_every_event_of_the_catalogue_can_be_looked_at(kind: type) -> None:
    event = msgspec.to_builtins(sample(kind))
    assert told_to(line(event=event), WebhookFilter(types=(kind.__name__,)), campaign_of)
    assert told_to(line(event=event), WebhookFilter(campaigns=("campaign:none",)), campaign_of) is False


def test_a_message_holds_the_line_of_the_feed_and_the_conventions_own_verifier_takes_it() -> None:
    message = entry_message("ledger.example.org/2026", line(event=PUBLISHED) + b"\n")
    assert message == entry_message("ledger.example.org/2026", line(event=PUBLISHED)), "the same id at every try"
    assert message.id != entry_message("ledger.example.org/2025", line(event=PUBLISHED)).id
    headers = message.headers(SECRET, int(time.time()))
    said = verified(WHSEC, message.body, headers)
    assert said["type"] == "ledger.entry" and said["data"] == json.loads(line(event=PUBLISHED))
    with pytest.raises(WebhookVerificationError):
        verified(WHSEC, message.body.replace(b"Published", b"Withdrawn"), headers)


def test_only_the_challenge_itself_answers_it() -> None:
    asked = json.loads(challenge(b"i" * 16, SECRET, 0).body)
    said = asked["data"]["challenge"]
    assert answers_challenge(json.dumps({"challenge": said, "more": 1}).encode(), b"i" * 16, SECRET)
    for other in (b"", b"{}", b"[]", b'{"challenge": 1}', b'{"challenge": "x"}', b"\xff", json.dumps(asked).encode()):
        assert not answers_challenge(other, b"i" * 16, SECRET)
    assert not answers_challenge(json.dumps({"challenge": said}).encode(), b"j" * 16, SECRET)
