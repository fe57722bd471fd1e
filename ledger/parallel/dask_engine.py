"""Parts on the workers of a Dask cluster (https://distributed.dask.org): as many machines as have joined its scheduler.

An optional extra (`pip install credit-ledger[engine]`): import this module where an address was given, and nowhere
else. What all parts have in common is a task of its own: the scheduler makes it again where the worker that held it
ended, as it does parts. Whoever reaches the scheduler's port can have any code run: it belongs in a private network,
or behind TLS (`tls://`, Dask's own settings).
"""

from __future__ import annotations

import gc
import pickle
import time
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any, Final, Self
from uuid import uuid4

import dask
from distributed import CancelledError, Client, Future, KilledWorker, wait

from ledger.errors import Misconfigured, PartLost, Unavailable
from ledger.limits import (
    COLLECT_AFTER_OBJECTS,
    ENGINE_CONNECT_SECONDS_MAX,
    ENGINE_WORKERLESS_SECONDS_MAX,
    PARTS_AHEAD_PER_PROCESS,
)
from ledger.parallel.engine import Common, Done, Part
from ledger.parallel.source_digest import source_digest

__all__ = ["DaskEngine"]

_LOOK_SECONDS: Final = 1.0
_GATHER_SECONDS: Final = 5.0  # for a result to come; where its worker has ended meanwhile, it is made again
# Of what all parts have in common: tens of MB in a log of hundreds of millions, and it is sent once.
_SETTINGS: Final = {"distributed.admin.large-graph-warning-threshold": "1GB"}


class DaskEngine:
    """The cluster whose scheduler is at `address` (`tcp://host:port`); use it as a context manager.

    Raises `Unavailable` where the scheduler does not answer, or no worker joins it in time.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        dask.config.set(_SETTINGS)
        try:
            client: Any = Client(  # type: ignore[no-untyped-call]
                address, timeout=ENGINE_CONNECT_SECONDS_MAX, set_as_default=False
            )
        except (OSError, TimeoutError, ValueError) as error:
            raise Unavailable(f"no Dask scheduler answers at {address}: {error}") from error
        self._client = client
        try:
            self._client.wait_for_workers(1, timeout=ENGINE_CONNECT_SECONDS_MAX)
        except TimeoutError:
            self._client.close()
            raise Unavailable(f"no worker has joined the Dask scheduler at {address}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.close()

    @property
    def processes(self) -> int:
        return max(1, self._threads())

    def prepare(self, do: Callable[..., object]) -> None:
        """They have begun; what is imported is imported with the first part."""

    def run(self, do: Callable[[Common, Part], Done], common: Common, parts: Sequence[Part]) -> Iterator[Done]:
        """See `Engine.run`. When it ends early, parts under way are finished, and what they give is thrown away."""
        name, digest = f"{do.__module__}.{do.__name__}-{uuid4().hex}", source_digest(do)
        shared = self._client.submit(pickle.loads, pickle.dumps(common), key=f"{name}-common", pure=False)
        given: dict[int, Any] = {}  # futures, which Dask does not type
        try:
            for number in range(len(parts)):
                for one in range(number, min(len(parts), number + PARTS_AHEAD_PER_PROCESS * self.processes)):
                    if one not in given:
                        # Packed: Dask looks for futures in what it can take apart, and puts it together in its own way.
                        packed = pickle.dumps(parts[one])
                        given[one] = self._client.submit(
                            _do, do, shared, packed, digest, key=f"{name}-{one}", pure=False, priority=-one
                        )
                yield self._result(given[number], number, len(parts))
                given.pop(number).release()
        finally:
            self._client.cancel([*given.values(), shared], force=True)

    def _result(self, future: Future[Any], number: int, count: int) -> Any:
        """Waits as long as somebody works on it. Raises `Unavailable` where nobody has for long."""
        worked = time.monotonic()
        while True:
            if self._client.status == "running" and self._threads():
                worked = time.monotonic()
            elif time.monotonic() - worked > ENGINE_WORKERLESS_SECONDS_MAX:
                raise Unavailable(f"the Dask scheduler at {self._address} is gone, or has no worker left") from None
            try:
                with self._client.as_current():
                    wait([future], timeout=_LOOK_SECONDS)  # type: ignore[no-untyped-call]
                return future.result(timeout=_GATHER_SECONDS)
            except KilledWorker as error:
                raise PartLost(number, count, error.allowed_failures + 1) from None
            except CancelledError as error:
                raise Unavailable(f"the Dask scheduler at {self._address} gave up part {number} of {count}") from error
            except TimeoutError:
                if future.status == "error":  # the part's own
                    raise

    def _threads(self) -> int:
        workers = self._client.scheduler_info(n_workers=-1).get("workers", {})
        return sum(int(one["nthreads"]) for one in workers.values())


def _do(do: Callable[[Any, Any], Done], common: Any, part: bytes, digest: str) -> Done:
    """In a worker. Raises `Misconfigured` where its program is another one."""
    own = source_digest(do)
    if own != digest:
        raise Misconfigured(f"a worker runs another version of this product (source {own[:16]}, not {digest[:16]})")
    gc.set_threshold(COLLECT_AFTER_OBJECTS)
    return do(common, pickle.loads(part))  # noqa: S301  (whoever leads may have us run anything)
