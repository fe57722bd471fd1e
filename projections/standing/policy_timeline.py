"""The standing policies as the log came to know them: at any entry, those approved before it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from ledger.domain.events.base import Recorded
from ledger.domain.events.policy import PointRule, StandingPolicy, StandingPolicyApproved
from ledger.domain.state.governance import Governance, evolve_governance
from ledger.domain.values.dates import shanghai_date
from projections.standing.evaluate import policies_of
from projections.standing.facts import PolicyInForce

__all__ = ["Approval", "Rules"]


class Approval(NamedTuple):
    """Entry `entry`, recorded on `recorded_on`, approved a policy."""

    entry: int
    recorded_on: date


class Rules:
    """Everything that governing streams say, and when each standing policy became known. Immutable."""

    def __init__(self, governance: Governance, approvals: Sequence[Approval]) -> None:
        self.governance = governance
        self.policies = policies_of(governance)
        self.approvals = tuple(approvals)
        documents = [one.policy for one in self.policies]
        # Fewer replies than this decide nothing, fewer points than that raise no level, under any policy.
        self.replies_min = min((policy.good.replies_min for policy in documents), default=0)
        self.points_noticed = min((min(policy.watch_from, policy.alert_from) for policy in documents), default=0)
        self._points_max: dict[str, int] = {}
        for policy in documents:
            for rule in policy.rules:
                points = max(self._points_max.get(rule.item, 0), _points_max(policy, rule))
                self._points_max[rule.item] = points
        self._entries = [approval.entry for approval in self.approvals]
        by_entry = sorted(self.policies, key=lambda policy: policy.entry)
        self._known = [tuple(by_entry[:count]) for count in range(len(by_entry) + 1)]

    @classmethod
    def none(cls) -> Rules:
        return cls(Governance.empty(), ())

    def after(self, events: Iterable[Recorded]) -> Rules:
        """The rules after more events of governing streams, in log order."""
        governance, approvals = self.governance, list(self.approvals)
        for at in events:
            governance = evolve_governance(governance, at)
            if isinstance(at.event, StandingPolicyApproved):
                approvals.append(Approval(at.index, shanghai_date(at.recorded_at)))
        return Rules(governance, approvals)

    def points_max(self, item: str) -> int:
        """The most that one such item may ever count under any policy, in hundredths of a point."""
        return self._points_max.get(item, 0)

    def known_at(self, index: int) -> Sequence[PolicyInForce]:
        """The policies that were approved by entries before `index`, whether in force yet or not."""
        return self._known[bisect_left(self._entries, index)]

    def approved_between(self, after: int, before: int) -> Sequence[Approval]:
        """Approvals by entries with `after` < entry < `before`."""
        return self.approvals[bisect_left(self._entries, after + 1) : bisect_left(self._entries, before)]


def _points_max(policy: StandingPolicy, rule: PointRule) -> int:
    weight = max(policy.size_unknown_per_mille, *policy.size_per_mille.values()) if rule.sized else 1000
    factor, clause = max(1000, policy.late_per_mille), max(1000, policy.clause_multiplier_per_mille)
    return rule.points * factor * weight * clause // 1_000_000_000
