"""Who may say what: every event type, every role, its own matter or another party's, the same officer or another.

`separation_of_powers.txt` is the one table; what it does not list is refused as `issuer.not_entitled`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.domain.events.attachment import AttachmentAdded
from ledger.domain.rules.catalogue import SPECS
from ledger.errors import Refused
from tests.support.book import Book
from tests.unit.ledger.domain.separation_cases import CASES, ROLES, fork, populated

TABLE = Path(__file__).with_name("separation_of_powers.txt")
NOT_ENTITLED = ("issuer.not_entitled",) * 4


def expected() -> dict[tuple[str, str], tuple[str, ...]]:
    """By case and role the four outcomes, as the table says."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    case = ""
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        if not line.startswith(" "):
            case = line
            continue
        role, *outcomes = line.split()
        assert (case, role) not in found, line
        found[case, role] = tuple(outcomes)
    return found


def outcomes(case: str, role: str) -> Iterator[str]:
    """What becomes of the event: `yes`, the rule that refuses it, or `-` where the role has no such speaker."""
    base, speakers = populated()
    book = fork(base)
    event = CASES[case].make(book)
    for speaker in speakers[role]:
        if speaker is None:
            yield "-"
            continue
        attempt: Book = fork(book)
        if isinstance(event, AttachmentAdded):
            attempt.upload(event, speaker)
        try:
            attempt.say(event, subject=CASES[case].subject, by=speaker, **CASES[case].more)
        except Refused as refusal:
            yield refusal.rule
        else:
            yield "yes"


@pytest.mark.parametrize("case", CASES)
def test_every_role_may_say_what_the_table_lets_it_and_nothing_else(case: str) -> None:
    table = expected()
    for role in ROLES:
        said = tuple(outcomes(case, role))
        listed = table.get((case, role))
        if listed is None:
            refused = tuple(one for one in said if one != "-")
            assert set(refused) <= {"issuer.not_entitled", "key.unknown"}, (case, role, said)
        else:
            assert said == listed, (case, role)


def test_the_table_has_every_event_type_and_nothing_that_is_none() -> None:
    types = {case.partition(",")[0] for case in CASES}
    assert types == set(SPECS)
    assert {case for case, _ in expected()} == set(CASES)
    assert {role for _, role in expected()} <= set(ROLES)
