"""The standing of an enterprise: a pure function of its public facts, the approved policies and a date.

`facts_from_record` reads the record, `policy_evaluation` applies a policy (`point_windows`: what counts from when to
when), `evaluate` goes over all policies, `level_history` and `change_reasons` say how a level came about, `disclosure`
until when something is public, `render` makes the bytes that are served, `standing_view` reads them.
"""

from projections.standing.evaluate import Case, evaluate, next_change_on, policies_of, segments
from projections.standing.facts import Facts
from projections.standing.facts_from_record import facts_of
from projections.standing.levels import Level
from projections.standing.render import render
from projections.standing.standing_model import Standing

__all__ = [
    "Case",
    "Facts",
    "Level",
    "Standing",
    "evaluate",
    "facts_of",
    "next_change_on",
    "policies_of",
    "render",
    "segments",
]
