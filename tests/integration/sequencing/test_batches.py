"""What one submission hears never depends on its neighbours in a batch."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from ledger.errors import AlreadyRegistered, Busy, Refused
from ledger.limits import QUEUE_STATEMENTS_MAX
from ledger.registration import AwaitsRelease, Candidate
from ledger.sequencing.sequencer import Answer, Registered, Sequencer, Submission
from ledger.store.postgres import PostgresStore
from tests.integration.sequencing.book import admitted, entry, is_registered, open_book
from tests.support.charter import ORGANIZER, ORIGIN, REGISTRAR
from tests.support.clock import NOW
from tests.support.keys import log_keys
from tests.support.oracle import check_whole_log
from tests.support.statements import (
    CAMPAIGN,
    ENTERPRISE,
    campaign_opened,
    key_enrolled,
    party_enrolled,
    pledge_made,
    pledge_published,
    registered,
    sign,
    speaker_of,
)


@pytest.fixture
def sequencer(store: PostgresStore) -> Iterator[Sequencer]:
    with open_book(store) as sequencer:
        yield sequencer


def together(sequencer: Sequencer, groups: list[tuple[Candidate, ...]]) -> list[tuple[Answer, ...]]:
    """Submit groups so that they form one batch: the thread is kept busy until all are queued."""
    answers: list[tuple[Answer, ...] | None] = [None] * len(groups)
    left = threading.Semaphore(0)

    def deliver(number: int, answer: tuple[Answer, ...]) -> None:
        answers[number] = answer
        left.release()

    with sequencer._wakeup:  # the thread cannot take a batch while this is held
        for number, group in enumerate(groups):
            sequencer.submit(Submission(group, lambda answer, number=number: deliver(number, answer)))  # type: ignore[misc]
    for _ in groups:
        assert left.acquire(timeout=20)
    return [answer for answer in answers if answer is not None]


def test_a_refused_statement_never_fails_its_neighbours(sequencer: Sequencer, store: PostgresStore) -> None:
    sound = [entry(sequencer, registered(), f"local:test/{number}", ORGANIZER) for number in range(20)]
    twice = entry(sequencer, registered(), "local:test/3", ORGANIZER)
    unentitled = entry(sequencer, registered(), "local:test/99", REGISTRAR)
    answers = together(sequencer, [(one,) for one in (*sound[:10], twice, unentitled, *sound[10:])])
    refused = {10, 11}
    for number, (answer,) in enumerate(answers):
        assert isinstance(answer, Refused if number in refused else Registered), (number, answer)
    assert [answers[n][0].rule for n in (10, 11)] == [  # type: ignore[union-attr]
        "enterprise.already_registered",
        "issuer.not_entitled",
    ]
    check_whole_log(store, log_keys(ORIGIN))


def test_the_same_statement_many_times_in_a_batch_is_one_entry(sequencer: Sequencer) -> None:
    one = entry(sequencer, registered(), "local:test/1", ORGANIZER)
    answers = together(sequencer, [(one,)] * 5)
    assert len({is_registered(answer).index for (answer,) in answers}) == 1


def test_the_same_cti_with_other_content_is_refused_and_names_the_entry(sequencer: Sequencer) -> None:
    cti = b"one identity"
    first = admitted(sequencer, *sign(registered(name="甲"), subject="local:test/1", by=ORGANIZER, iat=NOW, cti=cti))
    other = admitted(sequencer, *sign(registered(name="乙"), subject="local:test/2", by=ORGANIZER, iat=NOW, cti=cti))
    (a,), (b,) = together(sequencer, [(first,), (other,)])
    assert isinstance(b, AlreadyRegistered)
    assert b.index == is_registered(a).index
    (c,) = sequencer.submit_and_wait(other, timeout=20)
    assert isinstance(c, AlreadyRegistered)
    assert (c.index, c.payload_sha256) == (b.index, b.payload_sha256)


def test_a_pledge_and_its_publication_are_registered_together_or_not_at_all(
    sequencer: Sequencer, store: PostgresStore
) -> None:
    party = speaker_of(ENTERPRISE)
    for event, subject, by in (
        (campaign_opened(), CAMPAIGN, ORGANIZER),
        (registered(), ENTERPRISE, ORGANIZER),
        (party_enrolled(), party.party, REGISTRAR),
        (key_enrolled(party.signer, party.party), party.party, REGISTRAR),
    ):
        is_registered(sequencer.submit_and_wait(entry(sequencer, event, subject, by), timeout=20)[0])
    pledge = entry(sequencer, pledge_made(), ENTERPRISE, party)
    (alone,) = sequencer.submit_and_wait(pledge, timeout=20)
    assert isinstance(alone, AwaitsRelease), "an enterprise's pledge waits for its publication"
    size = store.latest().tree_size  # type: ignore[union-attr]

    wrong = entry(sequencer, pledge_published(bytes(32)), ENTERPRISE, ORGANIZER)
    answers = sequencer.submit_and_wait(pledge, wrong, timeout=20)
    assert all(isinstance(answer, Refused) for answer in answers)
    assert store.latest().tree_size == size, "nothing is half done"  # type: ignore[union-attr]

    right = entry(sequencer, pledge_published(pledge.statement.statement_id), ENTERPRISE, ORGANIZER)
    first, second = sequencer.submit_and_wait(pledge, right, timeout=20)
    assert (is_registered(first).index, is_registered(second).index) == (size, size + 1)
    check_whole_log(store, log_keys(ORIGIN))


def test_a_full_queue_says_so_and_does_nothing(sequencer: Sequencer, store: PostgresStore) -> None:
    one = entry(sequencer, registered(), "local:test/1", ORGANIZER)
    size = store.latest().tree_size  # type: ignore[union-attr]
    heard: list[tuple[Answer, ...]] = []
    with sequencer._wakeup:
        for _ in range(QUEUE_STATEMENTS_MAX):
            sequencer.submit(Submission((one,), heard.append))
        with pytest.raises(Busy):
            sequencer.submit(Submission((one,), heard.append))
    sequencer.stop()
    assert len(heard) == QUEUE_STATEMENTS_MAX, "what was queued is finished before the end"
    assert store.latest().tree_size == size + 1  # type: ignore[union-attr]
    with pytest.raises(Busy):
        sequencer.submit(Submission((one,), heard.append))
