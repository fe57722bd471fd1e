"""Sorting more lines than go into memory: runs of them on disk, merged (Knuth, TAOCP vol. 3, §5.4)."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, Final

from ledger.limits import EXPORT_LINES_SORTED_MAX

__all__ = ["sorted_lines"]

_BLOCK_BYTES: Final = 65_536  # of each run, while they are merged


def sorted_lines(lines: Iterable[bytes], folder: Path) -> Iterator[bytes]:
    """The lines, which hold no line ends, in the order of their bytes.

    In memory are `EXPORT_LINES_SORTED_MAX` of them, then a block of each run; on disk, in a file of `folder` that is
    gone at the end whatever happens, all of them.
    """
    left = iter(lines)
    with TemporaryFile(dir=folder) as file:
        runs: list[tuple[int, int]] = []
        while run := list(islice(left, EXPORT_LINES_SORTED_MAX)):
            run.sort()
            start = file.tell()
            file.writelines(line + b"\n" for line in run)
            runs.append((start, file.tell()))
            run.clear()  # before the next one comes
        yield from heapq.merge(*(_lines(file, start, end) for start, end in runs))


def _lines(file: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    rest = b""
    while start < end:
        file.seek(start)
        block = file.read(min(_BLOCK_BYTES, end - start))
        start += len(block)
        *lines, rest = (rest + block).split(b"\n")
        yield from lines
