"""The tamper drill: one thing at a time is changed in a real database; the audit names exactly that, every time."""

from __future__ import annotations

import pytest

from api.auditing.drill import drill
from ledger.verifier.trust import Trust
from tests.support.live_book import LiveBook

pytestmark = pytest.mark.timeout(1_800)


@pytest.mark.parametrize(
    "every", [pytest.param(5, marks=pytest.mark.slow), pytest.param(1, marks=pytest.mark.deep)], ids=["a-share", "all"]
)
def test_every_mutation_of_every_table_is_named_exactly_and_nothing_else(
    live: LiveBook, trust: Trust, every: int
) -> None:
    results = list(drill(live.database.superuser, trust, every=every))
    names = {one.name for one in results}
    wrong = [
        f"{one.name}: {one.failed or 'named ' + str([f.code for f in one.named])} "
        f"strayed {[(f.code, f.place) for f in one.strayed[:3]]}"
        for one in results
        if not one.found
    ]
    print(f"\ntamper drill: {len(results)} mutations, {len(results) - len(wrong)} named exactly, {len(wrong)} not")
    assert wrong == []
    assert len(names) >= 100
