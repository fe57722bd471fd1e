"""Parts on processes of this machine: the same results whoever ends meanwhile, and nobody left behind."""

from __future__ import annotations

import multiprocessing
import os
import time
from pathlib import Path

import pytest

from ledger.errors import PartLost, Refuted
from ledger.limits import PART_TRIES_MAX
from ledger.parallel.process_pool import ProcessEngine
from tests.support.parts import doubled, killed, killed_once, slow, wrong
from tests.support.waiting import PATIENCE_SECONDS


def test_results_come_in_the_order_of_the_parts(tmp_path: Path) -> None:
    with ProcessEngine(2) as engine:
        engine.prepare(doubled)
        assert list(engine.run(doubled, 2, range(100))) == list(range(0, 200, 2))
        assert list(engine.run(doubled, 3, range(5))) == [0, 3, 6, 9, 12]
        assert list(engine.run(killed_once, str(tmp_path), range(30))) == list(range(30))
        assert (tmp_path / "killed").exists()


def test_a_part_that_ends_everybody_is_named_and_given_up() -> None:
    with ProcessEngine(2) as engine, pytest.raises(PartLost, match=f"{PART_TRIES_MAX} times"):
        list(engine.run(killed, "", range(5)))


def test_what_a_part_raises_ends_the_job() -> None:
    with ProcessEngine(2) as engine, pytest.raises(Refuted, match="part 3"):
        list(engine.run(wrong, "", range(30)))


def test_who_stops_taking_results_ends_processes_at_once(tmp_path: Path) -> None:
    before = set(multiprocessing.active_children())
    with ProcessEngine(2) as engine:
        results = engine.run(slow, str(tmp_path), range(1000))
        assert next(results) == 0
        began = time.monotonic()
        results.close()
        assert time.monotonic() - began < PATIENCE_SECONDS / 2, "half of what all the parts take"
        assert set(multiprocessing.active_children()) == before
        ended = {int(path.name.partition("-")[2]) for path in tmp_path.iterdir()}
        assert ended
        assert not [pid for pid in ended if Path(f"/proc/{pid}").exists() and pid != os.getpid()]
