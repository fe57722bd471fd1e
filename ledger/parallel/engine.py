"""What a long job needs of whoever works on its parts: the same results whoever that is, and however many they are.

Two do: `process_pool.py` on this machine, `dask_engine.py` on as many as there are. `Here` does it all by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

__all__ = ["Common", "Done", "Engine", "Here", "Part"]

Common = TypeVar("Common")
Part = TypeVar("Part")
Done = TypeVar("Done")


class Engine(Protocol):
    """Works on parts side by side. One job at a time."""

    @property
    def processes(self) -> int:
        """On how many parts it works at once, as far as that is known now."""

    def prepare(self, do: Callable[..., object]) -> None:
        """Let processes begin, and import what `do` needs; does not wait for them."""

    def run(self, do: Callable[[Common, Part], Done], common: Common, parts: Sequence[Part]) -> Iterator[Done]:
        """What `do(common, part)` gives for each part, in the order of the parts.

        `do` is a function of a module that can be imported; all that goes in and out is pickled. A part may be done
        more than once, and by two at a time: where a worker ended, or was believed to have. What `do` raises ends the
        job, as does whoever stops taking results. Raises `PartLost` where workers end again and again over a part,
        `Unavailable` where there are none left, `Misconfigured` where one has another version of this product.
        """


class Here:
    """The calling process, one part after the other."""

    @property
    def processes(self) -> int:
        return 0

    def prepare(self, do: Callable[..., object]) -> None:
        """Nothing has to begin."""

    def run(self, do: Callable[[Common, Part], Done], common: Common, parts: Sequence[Part]) -> Iterator[Done]:
        """See `Engine.run`; nothing is pickled, and a part is done once."""
        return (do(common, part) for part in parts)
