"""What may be said about the access log: a day once it is over, chained to the day before, none left out."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from ledger.domain.events.access_log import AccessDigestPublished
from ledger.domain.rules.spec import Context, UniqueFact, spec
from ledger.domain.state.governance import Governance
from ledger.errors import Refused

__all__ = ["EVENTS"]


def publish_digest(governance: Governance, event: AccessDigestPublished, ctx: Context) -> tuple[UniqueFact, ...]:
    """Of a day that is over, after that of the day before."""
    newest = governance.access_digest
    if event.day >= ctx.today:
        raise Refused(
            "access.day_not_over",
            "当日尚未结束，不能公布其访问摘要",
            "the digest of a day is published once the day is over",
            str(event.day),
        )
    if newest is not None and event.day != newest.day + timedelta(days=1):
        raise Refused(
            "access.day_left_out",
            f"访问摘要须逐日公布，下一日为 {newest.day + timedelta(days=1)}",
            f"digests are published day by day; the next is that of {newest.day + timedelta(days=1)}",
            str(event.day),
        )
    if event.previous != (None if newest is None else newest.digest):
        raise Refused(
            "access.not_chained",
            "访问摘要须衔接上一日的摘要",
            "a digest is chained to that of the day before",
            event.previous or "",
        )
    return ()


EVENTS: Final = (spec("access", AccessDigestPublished, ("log_operator",), publish_digest),)
