"""Codes that the desk proposes for pledges that wait, as `credit-ledger pending publish` does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from api.service.service import Service
from ledger.limits import SEARCH_PAGE_MAX

__all__ = ["CodeProposals", "division_of"]

_SERIALS: Final = 1_000_000


def division_of(subject: str) -> str | None:
    """The six digits (GB/T 2260) in an enterprise's own code; None for ids that name none."""
    scheme, _, number = subject.partition(":")
    return number[2:8] if scheme == "uscc" else None


class CodeProposals:
    """For pledges of a campaign that are published on one day, each code once.

    The first ones that no public pledge of the campaign has. Sealed ones are not to be seen, and other campaigns are
    not looked at: what is taken all the same is refused, and another one tried.
    """

    def __init__(self, service: Service, today: date) -> None:
        self._service = service
        self._today = today
        self._free: dict[tuple[str, str], Iterator[str]] = {}

    def next(self, campaign: str, division: str) -> str | None:
        """None where the day's serials of the division are used up."""
        key = campaign, f"{division}{self._today:%Y%m%d}"
        if key not in self._free:
            self._free[key] = self._serials(*key)
        return next(self._free[key], None)

    def _serials(self, campaign: str, prefix: str) -> Iterator[str]:
        taken = self._taken(campaign, prefix)
        used = next(taken, None)
        for serial in range(1, _SERIALS):
            code = f"{prefix}{serial:06}"
            while used is not None and used < code:
                used = next(taken, None)
            if code != used:
                yield code

    def _taken(self, campaign: str, prefix: str) -> Iterator[str]:
        """The codes of public pledges that begin so, in order."""
        after = f"{prefix}000000"
        while True:
            found = self._service.views.declarations.campaign_pledges(campaign, after, SEARCH_PAGE_MAX)
            codes = [one.code for one in found if one.code.startswith(prefix)]
            yield from codes
            if len(codes) < SEARCH_PAGE_MAX:
                return
            after = codes[-1]
