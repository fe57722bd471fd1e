"""Two sequencers on one database, as two server processes are: the loser of a race decides again."""

from __future__ import annotations

import threading

from ledger.domain.events.enterprise import EnterpriseRenamed
from ledger.domain.events.party import KeyRevoked
from ledger.errors import Refused
from ledger.sequencing.sequencer import Answer, Registered, Sequencer
from ledger.store.postgres import PostgresStore
from tests.integration.sequencing.book import entry, is_registered, open_book, open_sequencer
from tests.support.charter import ORGANIZER, ORIGIN, REGISTRAR
from tests.support.database import TestDatabase
from tests.support.keys import log_keys
from tests.support.oracle import check_whole_log
from tests.support.statements import TODAY, registered
from tests.support.waiting import PATIENCE_SECONDS


def test_no_statement_by_a_key_lands_after_its_revocation(store: PostgresStore, database: TestDatabase) -> None:
    with (
        open_book(store) as one,
        PostgresStore.open(database.service) as other_store,
        open_sequencer(other_store) as other,
    ):
        candidates = [entry(other, registered(), f"local:test/{n}", ORGANIZER) for n in range(3_000)]
        answers: list[Answer] = []
        halfway, over = threading.Event(), threading.Event()

        def write() -> None:
            """However long the revocation takes to win a race, some come after it."""
            left = 20
            for number, candidate in enumerate(candidates):
                answers.extend(other.submit_and_wait(candidate, timeout=30))
                if number == 100:
                    halfway.set()
                left -= over.is_set()
                if not left:
                    return

        writer = threading.Thread(target=write)
        writer.start()
        assert halfway.wait(PATIENCE_SECONDS)
        revoked = KeyRevoked(v=1, effective_on=TODAY, kid=ORGANIZER.signer.kid.hex(), reason="lost")
        revocation = is_registered(one.submit_and_wait(entry(one, revoked, ORGANIZER.party, REGISTRAR), timeout=30)[0])
        over.set()
        writer.join(PATIENCE_SECONDS)

        landed = [answer.index for answer in answers if isinstance(answer, Registered)]
        refused = [answer for answer in answers if isinstance(answer, Refused)]
        assert max(landed) < revocation.index
        assert len(landed) + len(refused) == len(answers)
        assert refused, "some came after the revocation"
        assert {answer.rule for answer in refused} <= {"key.ended", "key.revoked"}
        check_whole_log(store, log_keys(ORIGIN))


def test_two_writers_under_load_make_one_log_without_a_gap(store: PostgresStore, database: TestDatabase) -> None:
    with (
        open_book(store) as one,
        PostgresStore.open(database.service) as other_store,
        open_sequencer(other_store) as other,
    ):
        size = store.latest().tree_size  # type: ignore[union-attr]
        # Every statement goes to both: whoever is first writes it, the other finds it.
        candidates = [entry(one, registered(), f"local:test/{n}", ORGANIZER) for n in range(200)]
        answers: dict[str, list[Answer]] = {"one": [], "other": []}

        def write(name: str, sequencer: Sequencer) -> None:
            for start in range(0, len(candidates), 10):
                for candidate in candidates[start : start + 10]:
                    answers[name].extend(sequencer.submit_and_wait(candidate, timeout=30))

        threads = [threading.Thread(target=write, args=pair) for pair in (("one", one), ("other", other))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE_SECONDS)
        indices = {name: [is_registered(answer).index for answer in heard] for name, heard in answers.items()}
        assert indices["one"] == indices["other"], "the same statement is one entry, whoever was asked"
        assert check_whole_log(store, log_keys(ORIGIN)) == size + len(candidates)


def test_nothing_is_refused_for_what_another_process_has_long_since_written(
    store: PostgresStore, database: TestDatabase
) -> None:
    """Of a batch that holds nothing but refusals nothing is appended, which would tell that the head is old."""
    subject = "local:test/elsewhere"
    with (
        open_book(store) as one,
        PostgresStore.open(database.service) as other_store,
        open_sequencer(other_store) as other,
    ):
        event = EnterpriseRenamed(v=1, effective_on=TODAY, name="另一个名字有限公司", evidence="变更核准通知书")
        renamed = entry(other, event, subject, ORGANIZER)
        answer = other.submit_and_wait(renamed, timeout=30)[0]
        assert isinstance(answer, Refused), "nobody has registered it, and the other process knows that it is so"
        assert answer.rule == "enterprise.not_registered"
        is_registered(one.submit_and_wait(entry(one, registered(), subject, ORGANIZER), timeout=30)[0])
        is_registered(other.submit_and_wait(renamed, timeout=30)[0])
        check_whole_log(store, log_keys(ORIGIN))
