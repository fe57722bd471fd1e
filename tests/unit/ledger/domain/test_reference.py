"""The reference page cannot go stale, and its examples are events."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.domain.events.base import Event
from ledger.domain.events.types import ALL
from ledger.domain.payload import decode_body, decode_payload, encode_body, encode_payload
from ledger.domain.reference import events_page
from ledger.domain.samples import sample
from tests.support.statements import salt

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "events.md"


def test_the_reference_page_says_what_the_definitions_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == events_page(), (
        "write it anew: credit-ledger reference -o docs/reference/events.md"
    )


@pytest.mark.parametrize("event", ALL, ids=lambda event: event.__name__)
def test_a_sample_of_every_event_is_a_payload_and_a_body(event: type[Event]) -> None:
    made = sample(event)
    assert decode_payload(encode_payload(made)) == made
    assert decode_body(encode_body(made, salt(1))) == (salt(1), made)


@pytest.mark.parametrize("event", ALL, ids=lambda event: event.__name__)
def test_every_event_says_what_it_says(event: type[Event]) -> None:
    assert event.__doc__ and event.__doc__ != Event.__doc__
