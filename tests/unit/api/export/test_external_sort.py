"""Sorting on disk, for exports of books that do not go into memory."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.export import external_sort as sorting
from api.export.external_sort import sorted_lines


@pytest.mark.parametrize("count", [0, 1, 6, 7, 8, 500])
def test_lines_come_in_the_order_of_their_bytes_whatever_the_runs(
    count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sorting, "EXPORT_LINES_SORTED_MAX", 7)
    monkeypatch.setattr(sorting, "_BLOCK_BYTES", 16)
    rng = random.Random(count)
    lines = [bytes(rng.choices(b"\t abcz\xe5", k=rng.randrange(40))) for _ in range(count)]
    assert list(sorted_lines(iter(lines), tmp_path)) == sorted(lines)


def test_sorting_leaves_no_file_behind_whether_it_is_finished_or_not(tmp_path: Path) -> None:
    list(sorted_lines([b"b", b"a"], tmp_path))
    left = sorted_lines([b"b", b"a"], tmp_path)
    next(left)
    left.close()  # type: ignore[attr-defined]
    assert list(tmp_path.iterdir()) == []


def test_ten_times_the_lines_take_the_memory_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorting, "EXPORT_LINES_SORTED_MAX", 500)
    monkeypatch.setattr(sorting, "_BLOCK_BYTES", 1_000)

    def lines(count: int) -> Iterator[bytes]:
        rng = random.Random(1)
        return (rng.randbytes(8).hex().encode() * 60 for _ in range(count))

    def peak(count: int) -> int:
        tracemalloc.start()
        assert sum(1 for _ in sorted_lines(lines(count), tmp_path)) == count
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert peak(5_000) < 1.5 * peak(500)
