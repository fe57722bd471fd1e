"""On how many servers a commit is before it is answered, by what PostgreSQL's settings say."""

from __future__ import annotations

import pytest

from ledger.store.durability import standbys_waited_for, too_few_copies


@pytest.mark.parametrize(
    ("names", "commit", "standbys"),
    [
        ("", "on", 0),
        (" ", "on", 0),
        ("west", "on", 1),
        ('"west-1", east', "remote_apply", 1),
        ("*", "on", 1),
        ("FIRST 2 (a, b, c)", "on", 2),
        ("any 1 (a, b)", "on", 1),
        ("2 (a, b)", "on", 2),
        ("west", "remote_write", 0),
        ("west", "local", 0),
        ("west", "off", 0),
    ],
)
def test_a_commit_waits_for_so_many_standbys(names: str, commit: str, standbys: int) -> None:
    assert standbys_waited_for(names, commit) == standbys
    assert too_few_copies(names, commit, standbys + 1) is None
    said = too_few_copies(names, commit, standbys + 2)
    assert said is not None and "synchronous_standby_names" in said
