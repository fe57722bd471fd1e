"""Calls in templates fit what they call: a page that is seldom drawn fails in a test, not before somebody's eyes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, nodes

import api.pages

TEMPLATES = Path(api.pages.__file__).parent / "templates"


class Takes(NamedTuple):
    least: int
    most: int


def macros_of(tree: nodes.Template) -> dict[str, Takes]:
    return {one.name: Takes(len(one.args) - len(one.defaults), len(one.args)) for one in tree.find_all(nodes.Macro)}


def calls_that_do_not_fit(trees: Mapping[str, nodes.Template]) -> Iterator[str]:
    """As `template:line macro`, over all calls of macros that a template has or imports by name."""
    for name, tree in trees.items():
        known = macros_of(tree)
        for imported in tree.find_all(nodes.FromImport):
            assert isinstance(imported.template, nodes.Const), name
            theirs = macros_of(trees[imported.template.value])
            for one in imported.names:
                own, called = (one, one) if isinstance(one, str) else one
                known[called] = theirs[own]
        for call in tree.find_all(nodes.Call):
            called_name = call.node.name if isinstance(call.node, nodes.Name) else ""
            takes = known.get(called_name)
            if takes is not None and not takes.least <= len(call.args) + len(call.kwargs) <= takes.most:
                yield f"{name}:{call.lineno} {called_name}"


def parsed(texts: Mapping[str, str]) -> dict[str, nodes.Template]:
    environment = Environment(autoescape=True)
    return {name: environment.parse(text) for name, text in texts.items()}


def test_every_call_of_a_macro_has_as_many_arguments_as_it_takes() -> None:
    trees = parsed({str(file.relative_to(TEMPLATES)): file.read_text() for file in TEMPLATES.rglob("*.html")})
    assert sum(len(macros_of(tree)) for tree in trees.values()) > 20
    assert list(calls_that_do_not_fit(trees)) == []


def test_calls_that_do_not_fit_are_found() -> None:
    texts = {
        "a.html": '{% macro line(one, two="") %}{{ one }}{% endmacro %}{{ line("x") }}{{ line("x", two="y") }}',
        "b.html": '{% from "a.html" import line as row %}{{ row() }}\n{{ row("x", "y") }}{{ row("x", "y", 10) }}',
    }
    assert list(calls_that_do_not_fit(parsed(texts))) == ["b.html:1 row", "b.html:2 row"]
