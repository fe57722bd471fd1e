"""What a write costs on a long stream and in a big book: through the sequencer, without HTTP, durable."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from tests.benchmarks.books import Bench, Writer, check
from tests.benchmarks.comparing import Ratio, compare
from tests.benchmarks.material import EVENTS_EACH, candidate, name_of

__all__ = ["book_length", "stream_length"]

SHORT_STREAM = 10
COMMIT_ENTRIES = 100


def stream_length(bench: Bench) -> Iterator[Ratio]:
    """One complaint outcome, one commit: about an enterprise with many events, and about ones with ten."""
    book, rounds, writes = bench.book("streams"), bench.rounds(), bench.of(200)
    length = bench.of(100_000)
    material, long = book.material, name_of(0, "long")
    short = [name_of(number, "short") for number in range((rounds + 1) * writes)]
    with Writer(book) as writer:
        writer.fill([material.registered(long)])
        writer.fill((material.outcome(long, number) for number in range(length - 1)), "long stream")
        for name in short:
            writer.fill([material.registered(name), *(material.outcome(name, n) for n in range(SHORT_STREAM - 1))])
        with Writer(book) as afresh:
            cold = afresh.commit([candidate(material.outcome(long, length))])
        writer.commit([candidate(material.outcome(long, length + 1))])  # and takes in the other writer's
        before = book.size()

        def floor(number: int) -> float:
            names = short[number * writes : (number + 1) * writes]
            return median(writer.commit([candidate(material.outcome(name, SHORT_STREAM))]) for name in names) * 1000

        def ours(number: int) -> float:
            numbers = range(length + 2 + number * writes, length + 2 + (number + 1) * writes)
            return median(writer.commit([candidate(material.outcome(long, one))]) for one in numbers) * 1000

        yield compare(
            f"one write on a stream of {length:,} events",
            f"one on a stream of {SHORT_STREAM}",
            "ms",
            floor=floor,
            ours=ours,
            rounds=rounds,
            bound="at most",
            target=2.0,
            note=lambda: f"the first one after a start, which folds the whole stream, took {cold:.1f} s",
        )
        check(book.size() - before == 2 * len(short), "entries are missing")


def book_length(bench: Bench) -> Iterator[Ratio]:
    """The same commits in a small book and in a big one, in turn."""
    small, big = bench.book("small"), bench.mixed()
    rounds, commits = bench.rounds(), bench.of(50) or 5
    with Writer(small) as in_small, Writer(big) as in_big:
        wanted = bench.of(10_000) // EVENTS_EACH
        in_small.fill((one for n in range(wanted) for one in small.material.history(name_of(n))), "small book")
        sizes = small.size(), big.size()

        def cost(writer: Writer, number: int) -> float:
            seconds = []
            for commit in range(commits):
                names = [name_of(n, f"n{number}-{commit}-") for n in range(COMMIT_ENTRIES)]
                seconds.append(writer.commit([candidate(big.material.registered(name)) for name in names]))
            return 1e6 * median(seconds) / COMMIT_ENTRIES

        yield compare(
            f"append to a book of {sizes[1]:,} entries, {COMMIT_ENTRIES} a commit",
            f"append to a book of {sizes[0]:,} entries",
            "µs an entry",
            floor=lambda number: cost(in_small, number),
            ours=lambda number: cost(in_big, number),
            rounds=rounds,
            bound="at most",
            target=1.2,
        )
        written = (rounds + 1) * commits * COMMIT_ENTRIES
        check((small.size() - sizes[0], big.size() - sizes[1]) == (written, written), "entries are missing")
