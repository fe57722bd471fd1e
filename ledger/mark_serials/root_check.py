"""The check that a licence's root is over the serials that its seed makes: a small range here, a large one beside.

Making a million serials takes seconds: they are made beside the process that serves, one range at a time.
"""

from __future__ import annotations

import subprocess
import sys
from functools import lru_cache
from threading import BoundedSemaphore
from typing import Final

from ledger.errors import Busy, Refuted, Unavailable
from ledger.limits import MARK_CHECK_SECONDS_MAX, MARK_CHECK_WAIT_SECONDS_MAX, MARK_SERIALS_IN_PASSING_MAX
from ledger.mark_serials.serial_tree import serials_root

__all__ = ["check_serials"]

_one_at_a_time: Final = BoundedSemaphore(1)


def check_serials(seed: bytes, range_: str, count: int, root: bytes) -> None:
    """Check that `root` is over just those serials. Call it from a thread that may wait.

    Raises `Refuted`, and for a large range `Busy` where others wait already, `Unavailable` where it could not be made.
    """
    made = _root_in_passing if count <= MARK_SERIALS_IN_PASSING_MAX else _root_apart
    if made(seed, range_, count) != root:
        raise Refuted("the serials that the seed makes do not hash to the root that the statement names")


@lru_cache(maxsize=64)
def _root_in_passing(seed: bytes, range_: str, count: int) -> bytes:
    return serials_root(seed, range_, count)


@lru_cache(maxsize=64)
def _root_apart(seed: bytes, range_: str, count: int) -> bytes:
    """In a process of its own: in a thread, the interpreter's lock would be gone for seconds for all others."""
    if not _one_at_a_time.acquire(timeout=MARK_CHECK_WAIT_SECONDS_MAX):
        raise Busy("the check of serials", MARK_CHECK_WAIT_SECONDS_MAX)
    try:
        done = subprocess.run(  # noqa: S603  (our own interpreter and module; the arguments have their types' forms)
            [sys.executable, "-m", "ledger.mark_serials.serial_tree", range_, str(count)],
            input=seed.hex().encode(),
            capture_output=True,
            timeout=MARK_CHECK_SECONDS_MAX,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise Unavailable("the serials could not be made to be checked") from error
    finally:
        _one_at_a_time.release()
    return bytes.fromhex(done.stdout.decode())
