"""`/desk/policies`: the standing policies in force and those that wait for their approval; and, before anybody approves
one, who would have another level under it (`POST /desk/policies/comparison`).

For those who propose, approve or watch policies. Whoever would change is named: each comparison is written down.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Final, NamedTuple
from urllib.parse import urlencode

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.desk.frame import PageTemplate, add_desk_form, add_desk_page, desk_answer, not_for_this_desk
from api.desk.regulator.event_rows import party_name
from api.desk.roles import Officer
from api.desk.work_lists import log_look
from api.http.enterprise_ids import name_of
from api.pages.rendering import Language
from api.pages.words import Word
from api.service.policy_comparisons import comparison_turn, make_comparison
from api.service.service import Service
from ledger.domain.events.policy import StandingPolicy
from ledger.domain.rules.policy_conditions import read_policy, require_flawless
from ledger.domain.values.subject import POLICY
from ledger.errors import Malformed, Refused, Unavailable
from ledger.limits import COMPARISON_DESK_LINES_MAX, COMPARISON_DESK_SECONDS_MAX
from projections.standing import Level
from projections.standing.levels import WORDS
from projections.standing.policy_comparison import Comparison, Moved

__all__ = ["ComparisonContent", "PoliciesContent", "router"]

PATH: Final = "/desk/policies"
COMPARISON: Final = f"{PATH}/comparison"
_NO_POLICY: Final = "not a standing policy: "
_FIELDS: Final = ("proposal", "document", "as_of")

router = APIRouter()


class ProposedPolicy(NamedTuple):
    """One that waits, by the entry that proposes it; `approve` is the address of the form, None for who may not."""

    entry: int
    title: Word
    issuer: str
    issuer_name: Word | None
    approve: str | None


class CurrentPolicy(NamedTuple):
    """A standing policy that is in force, or will be."""

    entry: int
    title: Word
    from_on: date


@dataclass(frozen=True, slots=True)
class PoliciesContent:
    """The standing policies, and the form that compares one.

    `typed` as it was typed, `wrong` what is the matter with it, by field.
    """

    in_force: Sequence[CurrentPolicy]
    proposed: Sequence[ProposedPolicy]
    typed: Mapping[str, str]
    wrong: Mapping[str, Word]


class MovedRow(NamedTuple):
    """An enterprise whose level would be another."""

    id: str
    name: str | None
    before: Word
    after: Word
    points_before: int
    points_after: int


@dataclass(frozen=True, slots=True)
class ComparisonContent:
    """What another policy would change, for whom.

    `moves`: how many from one level to another; `rows`: the first of those who would change, of `totals.changed`.
    """

    title: Word
    totals: Comparison
    moves: Sequence[tuple[Word, Word, int]]
    rows: Sequence[MovedRow]


def get_policies(request: Request, language: Language, officer: Officer) -> Response:
    service: Service = request.app.state.service
    _require(service, request, officer)
    return _policies(request, language, officer, dict.fromkeys(_FIELDS, ""), {})


def post_comparison(request: Request, language: Language, officer: Officer, fields: dict[str, str]) -> Response:
    """Of a proposal by its entry, or of a document that is typed in."""
    service: Service = request.app.state.service
    _require(service, request, officer)
    typed = {name: fields.get(name, "").strip() for name in _FIELDS}
    wrong: dict[str, Word] = {}
    policy, as_of = _policy(service, typed, wrong), _day(service, typed, wrong)
    if policy is None or wrong:
        return _policies(request, language, officer, typed, wrong, status=422)
    until = time.monotonic() + COMPARISON_DESK_SECONDS_MAX

    def go_on(done: int, total: int) -> None:
        if service.closing or time.monotonic() > until:
            raise Unavailable(f"the comparison was ended after {done} of {total} parts: credit-ledger access compare")

    with comparison_turn(officer.party):
        log_look(request, officer, "served")
        found = make_comparison(service.conninfo, policy, as_of, go_on)
        with found.files:
            lines = [msgspec.json.decode(line, type=Moved) for line in islice(found.lines, COMPARISON_DESK_LINES_MAX)]
    moves = [
        (_level(one.before), _level(one.after), one.enterprises)
        for one in found.totals.moves
        if one.before is not one.after
    ]
    title = Word(policy.title_zh, policy.title_en)
    content = ComparisonContent(title, found.totals, moves, _rows(service, lines))
    said = ("规则比较", "Policies compared")
    return desk_answer(request, language, officer, PageTemplate("desk/regulator/comparison.html", PATH, said), content)


def _require(service: Service, request: Request, officer: Officer) -> None:
    """Raises `AccessDenied`, logged."""
    if not officer.compares_policies:
        log_look(request, officer, "refused")
        raise not_for_this_desk()


def _policies(
    request: Request,
    language: Language,
    officer: Officer,
    typed: Mapping[str, str],
    wrong: Mapping[str, Word],
    *,
    status: int = 200,
) -> Response:
    service: Service = request.app.state.service
    policies = service.governance.policies
    in_force = [
        CurrentPolicy(one.index, Word(one.policy.title_zh, one.policy.title_en), one.effective_on)
        for one in reversed(policies.standing)
    ]
    proposed = [
        ProposedPolicy(
            entry,
            Word(one.policy.title_zh, one.policy.title_en),
            one.issuer,
            party_name(service, one.issuer),
            _form(entry) if "approver" in officer.roles else None,
        )
        for entry, one in sorted(policies.proposals.items(), reverse=True)
        if one.approved_at is None
    ]
    content = PoliciesContent(in_force, proposed, typed, wrong)
    title = ("规则", "Policies")
    answer = desk_answer(request, language, officer, PageTemplate("desk/regulator/policies.html", PATH, title), content)
    answer.status_code = status
    return answer


def _form(entry: int) -> str:
    """The address of the approval's form, filled in as far as it can be."""
    return "/desk/act/StandingPolicyApproved?" + urlencode({"subject": POLICY, "proposal": entry, "back": PATH})


def _policy(service: Service, typed: Mapping[str, str], wrong: dict[str, Word]) -> StandingPolicy | None:
    if typed["document"]:
        try:
            policy = read_policy(typed["document"].encode())
            require_flawless(policy)
        except Malformed as error:
            wrong["document"] = Word(f"不是践诺状况规则：{str(error).removeprefix(_NO_POLICY)}", str(error))
        except Refused as error:
            wrong["document"] = Word(f"{error.zh}（{error.detail}）", f"{error.en}: {error.detail}")
        else:
            return policy
        return None
    text = typed["proposal"]
    known = text.isascii() and text.isdigit() and len(text) <= 15
    proposal = service.governance.policies.proposals.get(int(text)) if known else None
    if proposal is None:
        wrong["proposal"] = Word("请选择一个提案，或填入规则", "choose a proposal, or put in a policy")
    return None if proposal is None else proposal.policy


def _day(service: Service, typed: Mapping[str, str], wrong: dict[str, Word]) -> date:
    if typed["as_of"]:
        try:
            return date.fromisoformat(typed["as_of"])
        except ValueError:
            wrong["as_of"] = Word("请写成 2026-03-15 这样的日期", "a date is written like 2026-03-15")
    return service.today()


def _rows(service: Service, lines: Sequence[Moved]) -> list[MovedRow]:
    known = service.views.search.enterprises(sorted({one.subject for one in lines})) if lines else {}
    return [
        MovedRow(
            name_of(one.subject),
            known[one.subject].name if one.subject in known else None,
            _level(one.before),
            _level(one.after),
            one.points_before,
            one.points_after,
        )
        for one in lines
    ]


def _level(level: Level) -> Word:
    return Word(WORDS[level].zh, WORDS[level].en)


add_desk_page(router, PATH, get_policies)
add_desk_form(router, COMPARISON, post_comparison)
