"""A process never forgets what it signed: lagging copies, older backups, clones, and what a person may say."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ledger.errors import HistoryBroken, Refused, Unavailable
from ledger.sequencing.high_water import HighWater
from ledger.store.contract import CheckpointRow
from ledger.store.postgres import PostgresStore
from tests.integration.sequencing.book import entry, is_registered, open_book
from tests.integration.sequencing.switched import SwitchedStore, given_up, opened, register, signed_heads, the_file
from tests.support.charter import ORGANIZER, ORIGIN
from tests.support.database import PostgresServer, TestDatabase
from tests.support.keys import log_keys
from tests.support.oracle import check_whole_log
from tests.support.statements import registered
from tests.support.waiting import eventually


def newest(store: SwitchedStore | PostgresStore) -> CheckpointRow:
    found: CheckpointRow | None = store.latest()
    assert found is not None
    return found


@pytest.fixture
def pair(postgres_server: PostgresServer, database: TestDatabase) -> Iterator[tuple[PostgresStore, PostgresStore]]:
    """A book with its charter and two entries, and a copy of it."""
    with PostgresStore.open(database.service) as store, open_book(store) as sequencer:
        register(sequencer, "1", "2")
    with (
        postgres_server.copy(database) as copied,
        PostgresStore.open(database.service) as store,
        PostgresStore.open(copied.service) as copy,
    ):
        yield store, copy


def test_a_failover_to_a_copy_that_lacks_answered_entries_ends_appending(
    pair: tuple[PostgresStore, PostgresStore], tmp_path: Path
) -> None:
    store, copy = pair
    switched = SwitchedStore(store)
    with opened(switched, tmp_path) as sequencer:
        for answer in register(sequencer, "3", "4", "5"):
            is_registered(answer)
        before, kept = newest(store), newest(copy)
        switched.behind = copy
        (answer,) = register(sequencer, "6")
        assert isinstance(answer, HistoryBroken)
        assert "--accept-history" in str(answer), "a person is told what to do"
        assert sequencer.broken is not None
        assert newest(copy) == kept, "nothing was written"
        switched.behind = store
        assert isinstance(register(sequencer, "7")[0], HistoryBroken), "until a person decides, or starts it anew"
        assert newest(store) == before
    assert all(len(roots) == 1 for roots in signed_heads(switched).values())
    with opened(store, tmp_path) as again:
        assert is_registered(register(again, "6")[0]).index == before.tree_size


def test_a_copy_that_lags_is_noticed_without_a_statement(
    pair: tuple[PostgresStore, PostgresStore], tmp_path: Path
) -> None:
    store, copy = pair
    switched = SwitchedStore(store)
    with opened(switched, tmp_path) as sequencer:
        register(sequencer, "3")
        switched.behind = copy
        eventually(lambda: sequencer.broken, "the idle look finds it")


def test_an_older_backup_is_not_served(pair: tuple[PostgresStore, PostgresStore], tmp_path: Path) -> None:
    store, backup = pair
    with opened(store, tmp_path) as sequencer:
        register(sequencer, "3")
    with pytest.raises(HistoryBroken, match="lacks entries") as refused, opened(backup, tmp_path):
        pass
    assert "HistoryGivenUp" in str(refused.value)


def test_another_history_of_the_same_length_is_not_served(
    pair: tuple[PostgresStore, PostgresStore], tmp_path: Path
) -> None:
    store, fork = pair
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    for which, folder, name in ((store, "one", "3"), (fork, "other", "three")):
        with opened(which, tmp_path / folder) as sequencer:
            register(sequencer, name, f"{name}-more")
    with pytest.raises(HistoryBroken, match="another history"), opened(fork, tmp_path / "one"):
        pass


def test_two_services_with_one_folder_on_two_databases_never_sign_one_size_twice(
    pair: tuple[PostgresStore, PostgresStore], tmp_path: Path
) -> None:
    store, clone = SwitchedStore(pair[0]), SwitchedStore(pair[1])
    with opened(store, tmp_path) as one, opened(clone, tmp_path) as other:
        assert newest(store) == newest(clone), "so that both begin at the same place"
        candidates = [entry(one, registered(), f"local:test/{name}", ORGANIZER) for name in ("a", "b")]
        waiting = [
            ThreadPoolExecutor(1).submit(which.submit_and_wait, candidate)
            for which, candidate in zip((one, other), candidates, strict=True)
        ]
        answers = [future.result(30)[0] for future in waiting]
        assert sorted(isinstance(answer, HistoryBroken) for answer in answers) == [False, True]
    assert all(len(roots) == 1 for roots in signed_heads(store, clone).values())


def test_two_processes_on_one_database_and_one_folder_go_on(
    pair: tuple[PostgresStore, PostgresStore], tmp_path: Path
) -> None:
    store, _ = pair
    with opened(store, tmp_path) as one, opened(store, tmp_path) as other:
        for number in range(5):
            is_registered(register(one, f"one-{number}")[0])
            is_registered(register(other, f"other-{number}")[0])
        assert (one.broken, other.broken) == (None, None)
    check_whole_log(store, log_keys(ORIGIN))


def test_a_person_who_names_what_is_lost_is_the_only_way_on(
    pair: tuple[PostgresStore, PostgresStore], tmp_path: Path
) -> None:
    store, backup = pair
    with opened(store, tmp_path) as sequencer:
        register(sequencer, "3", "4")
    lost = newest(store).tree_size, newest(store).root
    kept = newest(backup).tree_size, newest(backup).root
    for wrong in (given_up((lost[0], bytes(32)), kept), given_up((lost[0] - 1, lost[1]), kept), given_up(lost, lost)):
        with pytest.raises(Refused, match="history"), opened(backup, tmp_path, accepted=wrong):
            pass
    assert newest(backup).tree_size == kept[0], "nothing was written"
    right = given_up(lost, kept)
    with opened(backup, tmp_path, accepted=right) as sequencer:
        assert is_registered(register(sequencer, "5")[0]).index == kept[0] + 1
    (statement,) = backup.statements([kept[0]]).values()
    assert statement == right, "it is the first entry of what follows"
    with opened(backup, tmp_path, accepted=right) as sequencer, opened(backup, tmp_path):
        assert sequencer.broken is None, "the next start, with the option left there or not"
    check_whole_log(backup, log_keys(ORIGIN))


def test_where_nothing_is_lost_nothing_is_given_up(pair: tuple[PostgresStore, PostgresStore], tmp_path: Path) -> None:
    store, _ = pair
    head = newest(store).tree_size, newest(store).root
    with opened(store, tmp_path):
        pass
    with pytest.raises(Refused, match="nothing_lost"), opened(store, tmp_path, accepted=given_up(head, head)):
        pass
    assert newest(store).tree_size == head[0]


def test_no_answer_leaves_before_the_file_holds_its_checkpoint(
    pair: tuple[PostgresStore, PostgresStore], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, _ = pair
    with opened(store, tmp_path) as sequencer:
        full = True
        written = HighWater.keep

        def keep(self: HighWater, note: bytes) -> None:
            if full:
                raise Unavailable("no space left on device")
            written(self, note)

        monkeypatch.setattr(HighWater, "keep", keep)
        monkeypatch.setattr("ledger.sequencing.commit.COMMIT_SECONDS_MAX", 0.5)
        size = newest(store).tree_size
        candidate = entry(sequencer, registered(), "local:test/3", ORGANIZER)
        assert isinstance(sequencer.submit_and_wait(candidate)[0], Unavailable)
        assert newest(store).tree_size == size + 1, "the entry is durable"
        full = False
        (answer,) = sequencer.submit_and_wait(candidate)
        assert is_registered(answer).index == size
        kept = the_file(tmp_path).newest()
        assert kept is not None
        assert kept.size == size + 1


def test_what_was_signed_and_sent_is_sent_again_before_anything_else_is_signed(
    pair: tuple[PostgresStore, PostgresStore], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Silent(SwitchedStore):
        """Takes batches and neither keeps them nor says so, while `silent`."""

        silent = False

        def append(self, batch):  # type: ignore[no-untyped-def]
            self.sent.append(batch)
            if self.silent:
                raise Unavailable("no answer")
            self.behind.append(batch)

    monkeypatch.setattr("ledger.sequencing.commit.COMMIT_SECONDS_MAX", 0.3)
    store = Silent(pair[0])
    with opened(store, tmp_path) as sequencer:
        store.silent = True
        assert isinstance(register(sequencer, "3")[0], Unavailable)
        store.silent = False
        is_registered(register(sequencer, "4")[0])
    assert all(len(roots) == 1 for roots in signed_heads(store).values())
    check_whole_log(pair[0], log_keys(ORIGIN))


@pytest.mark.parametrize("slot", [0, 1])
def test_a_torn_slot_leaves_the_other(tmp_path: Path, pair: tuple[PostgresStore, PostgresStore], slot: int) -> None:
    store, _ = pair
    with opened(store, tmp_path) as sequencer:
        register(sequencer, "3", "4")
    path = the_file(tmp_path).path
    whole = path.read_bytes()
    sizes = {the_file(tmp_path).newest().size}  # type: ignore[union-attr]
    path.write_bytes(whole[: 4096 * slot] + b"torn" + whole[4096 * slot + 4 :])
    sizes.add(the_file(tmp_path).newest().size)  # type: ignore[union-attr]
    assert sizes <= {newest(store).tree_size, newest(store).tree_size - 1}
    path.write_bytes(bytes(byte ^ 1 if byte else 0 for byte in whole))
    with pytest.raises(HistoryBroken, match="holds no checkpoint"):
        the_file(tmp_path).newest()


def test_an_empty_database_is_not_chartered_anew_under_keys_that_have_signed(
    pair: tuple[PostgresStore, PostgresStore], tmp_path: Path, postgres_server: PostgresServer
) -> None:
    with opened(pair[0], tmp_path) as sequencer:
        register(sequencer, "3")
    with (
        postgres_server.database() as empty,
        PostgresStore.open(empty.service) as store,
        pytest.raises(HistoryBroken, match="is empty"),
        opened(store, tmp_path),
    ):
        pass
