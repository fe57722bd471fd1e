"""What the service knows of whatever fills it once it listens: a demonstration's sample (`api.demo.filling`)."""

from __future__ import annotations

from typing import Protocol

__all__ = ["FillingState"]


class FillingState(Protocol):
    """Begins when the port is open, says how far it is, ends when it is told to."""

    @property
    def done(self) -> bool: ...

    @property
    def said(self) -> str:
        """How far it is, for people."""
        ...

    def start(self, url: str) -> None:
        """Fill the service that listens at `url`, unless that was finished before."""
        ...

    def tell_to_stop(self) -> None:
        """Nothing more is sent or waited for."""
        ...

    def stop(self) -> None:
        """Wait, for a short time, for what is under way."""
        ...
