"""Standings that a service serves, signed, against what its entries give: where all that they rest on is public."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import msgspec

from api.client.client import Client
from ledger.audit import AuditSource, Findings, Timeline
from ledger.audit.replay_rules import Stream
from ledger.audit.streams import StreamCheck
from ledger.cose.standing_token import standing_kid, verify_standing
from ledger.domain.values.dates import shanghai_date
from ledger.errors import Busy, LedgerError, Refuted, Unavailable
from ledger.verifier import Trust, parse_trust
from projections.engine.audit_check import rules_at
from projections.engine.enterprise_rows import standing_steps
from projections.standing import Case, facts_of
from projections.standing.level_history import follow, without_erased

__all__ = ["ServedStandings"]


@dataclass(frozen=True, slots=True)
class ServedStandings:
    """Picklable: `trust` are the bytes of a trust file, `most` how many are asked for in each part of the log."""

    url: str
    trust: bytes
    size: int
    most: int | None

    def __call__(self, source: AuditSource, timeline: Timeline) -> StreamCheck:
        return _Check(self, timeline)


class _Check:
    def __init__(self, asked: ServedStandings, timeline: Timeline) -> None:
        self._asked = asked
        self._trust: Trust = parse_trust(asked.trust)
        self._rules = rules_at(timeline, asked.size)
        self._client = Client(asked.url)
        self._left = asked.most
        self._gone: str | None = None  # why the service is not asked any more

    def take(self, stream: Stream, findings: Findings) -> None:
        if self._left == 0 or stream.record is None:
            return
        if not stream.sound:
            findings.note("not_compared", "its standing", subject=stream.subject)
            return
        if stream.closed:
            findings.note("standing_not_compared", "entries are closed", subject=stream.subject)
            return
        self._left = None if self._left is None else self._left - 1
        if self._gone is not None:
            findings.note("not_reached", self._gone, subject=stream.subject)
            return
        try:
            served = self._client.standing(stream.subject, signed=True)
            if served.tree_size != self._asked.size:
                detail = f"it is of size {served.tree_size}"
                findings.note("standing_not_compared", detail, subject=stream.subject)
                return
            key = self._trust.standing_key(standing_kid(served.body))
            if key is None:
                raise Refuted("it is signed by a key that the trust file does not name")
            said = msgspec.json.decode(verify_standing(served.body, key, self._trust.origin, int(time.time())).payload)
        except (Unavailable, Busy) as error:
            # Whoever does not answer has not said anything false. It is not asked for every other standing, too.
            self._gone = str(error)
            findings.note("not_reached", self._gone, subject=stream.subject)
            return
        except LedgerError as error:
            findings.add("standing.served", str(error), subject=stream.subject)
            return
        said.pop("in_book", None)
        wanted = self._derived(stream)
        if said != wanted:
            wrong = sorted(name for name in {*said, *wanted} if said.get(name) != wanted.get(name))
            findings.add("standing.served", f"differs in {', '.join(wrong)}", subject=stream.subject)

    def finish(self, findings: Findings) -> None:
        self._client.close()

    def _derived(self, stream: Stream) -> dict[str, Any]:
        followed = follow(None, without_erased(stream.events), self._rules, self._asked.size)
        assert followed is not None  # the stream has events
        case = followed.case or Case(self._rules.policies, facts_of(followed.course.record, stream.subject))
        today = shanghai_date(int(time.time()))
        body = b"{}"
        for _, step in standing_steps(case, followed.course.began_on):
            if step.from_on <= today:
                body = step.body
        found: dict[str, Any] = msgspec.json.decode(body)
        return found
