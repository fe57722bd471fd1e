"""A log with a charter, somebody who speaks in it, and followers and mirrors of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from api.monitor.log_source import LogSource
from ledger.domain.events.base import Event
from ledger.keys.signer import Signer, new_key
from tests.support.paper_log import PaperLog
from tests.support.statements import registered
from tests.unit.api.monitor.served import ServedLog, serving

SUBJECT, OTHER = "local:test/watched", "local:test/other"


@dataclass
class Scene:
    """A log that is served at `url`; the organizer has a key in it."""

    url: str
    log: PaperLog
    organizer: Signer
    served: ServedLog
    sources: list[LogSource] = field(default_factory=list)

    def say(self, subject: str = SUBJECT, count: int = 1, event: Event | None = None) -> None:
        """The organizer registers something, `count` times, under one checkpoint, which is shown."""
        for _ in range(count):
            self.log.add(event or registered(), subject, "party:organizer", self.organizer)
        self.show()

    def source(self) -> LogSource:
        """The log as a client reads it, without patience; closed with the scene."""
        if not self.sources:
            self.sources.append(LogSource(self.url, tries_max=1, sleep=lambda _: None))
        return self.sources[0]

    def show(self) -> None:
        self.log.commit()
        self.served.show(self.log)


@pytest.fixture
def scene() -> Iterator[Scene]:
    log, organizer = PaperLog(), new_key("ed25519")
    log.establish()
    log.enrol("party:organizer", organizer, "organizer")
    log.commit()
    served = ServedLog(log)
    with serving(served.handle) as url:
        scene = Scene(url, log, organizer, served)
        yield scene
        for source in scene.sources:
            source.close()
