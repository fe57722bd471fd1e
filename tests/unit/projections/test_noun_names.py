"""What nouns call their findings, holds and annotations is what policies and readers know."""

from __future__ import annotations

import ast
from pathlib import Path

import ledger.domain
from ledger.domain.rules.policy_items import FINDINGS, HOLDS
from projections.standing.explanation import NOTES

_KNOWN = {"Finding": set(FINDINGS), "Hold": set(HOLDS), "Annotation": set(NOTES)}


def _named() -> list[tuple[str, ast.expr]]:
    """Every third argument of a finding, hold or annotation that is made in the domain, with what it is made of."""
    folder = Path(ledger.domain.__file__).parent
    calls = [
        node
        for path in sorted(folder.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _KNOWN
    ]
    return [(call.func.id, call.args[2]) for call in calls if isinstance(call.func, ast.Name) and len(call.args) > 2]


def test_every_name_that_a_noun_gives_is_on_the_one_list() -> None:
    seen = dict.fromkeys(_KNOWN, 0)
    for kind, name in _named():
        if isinstance(name, ast.Constant):
            assert name.value in _KNOWN[kind], name.value
            seen[kind] += 1
        elif isinstance(name, ast.JoinedStr) and isinstance(name.values[0], ast.Constant):
            start = name.values[0].value
            assert any(known.startswith(str(start)) for known in _KNOWN[kind]), start
            seen[kind] += 1
    assert all(seen.values()), seen
