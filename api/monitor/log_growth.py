"""Being told that a log has grown, by the event stream of its service (`/v1/events` as server-sent events).

What the stream says is not believed, only looked into: it says when to look. Where there is none (a static copy) or it
breaks off, whoever waits looks at its own pace.
"""

from __future__ import annotations

import re
import threading
from typing import Final

import httpx

from ledger.limits import GROWTH_AGAIN_SECONDS, GROWTH_SILENCE_SECONDS_MAX, MIRROR_LOOK_SECONDS, MIRROR_PAUSE_SECONDS

__all__ = ["LogGrowth"]

_ID: Final = re.compile(rb"(?:\A|\n)id: ([0-9]{1,15})\n")
_ID_BYTES_MAX: Final = 32
_STREAM: Final = "text/event-stream"


class LogGrowth:
    """A thread that listens to the service at `url`, and a door for one who waits to be told."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/") + "/v1/events"
        self._told = 0  # the tree size that the stream tells of
        self._grown = threading.Event()
        self._over = threading.Event()

    def listen(self, size: int) -> None:
        """From now on, for what comes after the first `size` entries; once."""
        self._told = size
        threading.Thread(target=self._listen, name="log-growth", daemon=True).start()

    def close(self) -> None:
        """What still waits for a line ends with the process."""
        self._over.set()

    def wait(self, size: int, seconds: float) -> None:
        """Until the log has more than `size` entries, as far as one is told; at most so long, and never in no time."""
        self._over.wait(MIRROR_PAUSE_SECONDS)
        if self._told > size:  # told before the checkpoint could be had, or had its witnesses
            seconds = min(seconds, MIRROR_LOOK_SECONDS)
        self._grown.wait(max(0.0, seconds - MIRROR_PAUSE_SECONDS))
        self._grown.clear()

    def _listen(self) -> None:
        timeout = httpx.Timeout(GROWTH_SILENCE_SECONDS_MAX)
        with httpx.Client(timeout=timeout, headers={"Accept": _STREAM, "Accept-Encoding": "identity"}) as client:
            while not self._over.is_set():
                try:
                    with client.stream("GET", self._url, params={"after": self._told - 1}) as answer:
                        if answer.headers.get("Content-Type", "").startswith(_STREAM) and answer.status_code == 200:
                            self._hear(answer)
                        elif answer.status_code in (404, 410):
                            return  # a static copy: nobody will tell
                except (httpx.HTTPError, httpx.StreamError):
                    pass
                self._over.wait(GROWTH_AGAIN_SECONDS)

    def _hear(self, answer: httpx.Response) -> None:
        rest = b""
        for piece in answer.iter_raw():
            if self._over.is_set():
                return
            rest += piece
            if told := _ID.findall(rest):
                self._told = int(told[-1]) + 1
                self._grown.set()
            rest = rest[-_ID_BYTES_MAX:]  # a line may come in two pieces; none is waited for to its end
