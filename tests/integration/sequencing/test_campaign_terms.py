"""A campaign's terms are corrected, or a pledge is published in it: whichever is first, in any batch or process."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from ledger.errors import Refused
from ledger.registration import Candidate
from ledger.sequencing.sequencer import Answer, Registered, Sequencer
from ledger.store.contract import Fact
from ledger.store.postgres import PostgresStore
from tests.integration.sequencing.book import entry, is_registered, open_book, open_sequencer
from tests.integration.sequencing.test_batches import together
from tests.support.charter import ORGANIZER, ORGANIZER_2, ORIGIN
from tests.support.database import TestDatabase
from tests.support.keys import log_keys
from tests.support.oracle import check_whole_log
from tests.support.statements import (
    EVIDENCE,
    campaign_corrected,
    campaign_opened,
    code,
    pledge_made,
    pledge_published,
    registered,
)
from tests.support.waiting import PATIENCE_SECONDS


@pytest.fixture
def sequencer(store: PostgresStore) -> Iterator[Sequencer]:
    with open_book(store) as sequencer:
        yield sequencer


def say(sequencer: Sequencer, candidate: Candidate) -> Registered:
    return is_registered(sequencer.submit_and_wait(candidate, timeout=30)[0])


def called(sequencer: Sequencer, number: int) -> tuple[str, int]:
    """A campaign that is open, and the entry that opened it."""
    campaign = f"campaign:c{number}"
    return campaign, say(sequencer, entry(sequencer, campaign_opened(), campaign, ORGANIZER)).index


def pledged(sequencer: Sequencer, campaign: str, number: int) -> tuple[Candidate, Candidate]:
    """A pledge in it by an enterprise of its own, and the publication."""
    subject = f"local:test/{number}"
    say(sequencer, entry(sequencer, registered(), subject, ORGANIZER))
    made = entry(sequencer, pledge_made(campaign=campaign, evidence=EVIDENCE), subject, ORGANIZER)
    published = pledge_published(made.statement.statement_id, code=code(number))
    return made, entry(sequencer, published, subject, ORGANIZER)


def correction(sequencer: Sequencer, campaign: str, opening: int) -> Candidate:
    return entry(sequencer, campaign_corrected(opening, theme="放心消费"), campaign, ORGANIZER_2)


def rule(answer: Answer) -> str:
    assert isinstance(answer, Refused), answer
    return answer.rule


def test_in_one_batch_the_first_of_the_two_decides(sequencer: Sequencer, store: PostgresStore) -> None:
    campaign, opening = called(sequencer, 1)
    first, second = pledged(sequencer, campaign, 1), pledged(sequencer, campaign, 2)
    published, corrected, further = together(sequencer, [first, (correction(sequencer, campaign, opening),), second])
    landed = [is_registered(answer).index for answer in (*published, *further)]
    assert rule(corrected[0]) == "campaign.pledge_published"
    fact = Fact("published_in", campaign)
    assert store.facts([fact]) == {fact: landed[1]}, "kept once, as that of the first publication"

    campaign, opening = called(sequencer, 2)
    before = pledged(sequencer, campaign, 3)
    say(sequencer, before[0])
    corrected, published = together(sequencer, [(correction(sequencer, campaign, opening),), (before[1],)])
    is_registered(corrected[0])
    assert rule(published[0]) == "pledge.before_correction"


def test_what_an_earlier_batch_or_process_published_fixes_the_terms(
    sequencer: Sequencer, store: PostgresStore, database: TestDatabase
) -> None:
    campaign, opening = called(sequencer, 1)
    for number in (1, 2):
        for candidate in pledged(sequencer, campaign, number):
            say(sequencer, candidate)
    answer = sequencer.submit_and_wait(correction(sequencer, campaign, opening), timeout=30)[0]
    assert rule(answer) == "campaign.pledge_published"
    with PostgresStore.open(database.service) as other_store, open_sequencer(other_store) as other:
        answer = other.submit_and_wait(correction(other, campaign, opening), timeout=30)[0]
        assert rule(answer) == "campaign.pledge_published"
        for candidate in pledged(other, campaign, 3):
            say(other, candidate)
    check_whole_log(store, log_keys(ORIGIN))


def test_a_correction_and_a_first_publication_that_race_never_both_land(
    store: PostgresStore, database: TestDatabase
) -> None:
    """Two processes, one with the correction and one with the publication of a pledge that is in the book."""
    with (
        open_book(store) as one,
        PostgresStore.open(database.service) as other_store,
        open_sequencer(other_store) as other,
    ):
        rounds = 25
        corrections, publications = [], []
        for number in range(rounds):
            campaign, opening = called(one, number)
            made, published = pledged(one, campaign, number)
            say(one, made)
            corrections.append(correction(one, campaign, opening))
            publications.append(published)
        heard: dict[str, list[Answer]] = {"corrected": [], "published": []}
        line = threading.Barrier(2)

        def write(name: str, sequencer: Sequencer, candidates: list[Candidate]) -> None:
            for candidate in candidates:
                line.wait(PATIENCE_SECONDS)
                heard[name].extend(sequencer.submit_and_wait(candidate, timeout=30))

        both = (("corrected", one, corrections), ("published", other, publications))
        threads = [threading.Thread(target=write, args=arguments) for arguments in both]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE_SECONDS)
        for corrected, published in zip(heard["corrected"], heard["published"], strict=True):
            if isinstance(corrected, Registered):
                assert rule(published) == "pledge.before_correction"
            else:
                assert rule(corrected) == "campaign.pledge_published"
                is_registered(published)
        assert len(heard["corrected"]) == rounds
        check_whole_log(store, log_keys(ORIGIN))
