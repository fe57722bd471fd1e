"""The page for newcomers names places that are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (?P<asked>[^|]+) \| `(?P<file>[^`]+)` \| (?:`(?P<name>[^`]+)`)? ?\|$", re.MULTILINE)
ROWS = [(row["asked"], row["file"], row["name"]) for row in ROW.finditer(PAGE)]
_EXAMPLE = {f"ledger/domain/{layer}/visit.py" for layer in ("events", "state", "rules")}  # what the example adds


def _defined(tree: ast.Module) -> set[str]:
    """Names of the module, and `Class.method` of its classes."""
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names.update(f"{node.name}.{one.name}" for one in node.body if isinstance(one, ast.FunctionDef))
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return names


def test_there_are_places_for_thirty_questions() -> None:
    assert len(ROWS) >= 30
    assert len({asked for asked, _, _ in ROWS}) == len(ROWS)
    table = [line for line in PAGE.splitlines() if line.startswith("| ")]
    assert len(table) == 1 + len(ROWS), "a row is in no form that is checked"


@pytest.mark.parametrize(("asked", "file", "name"), ROWS, ids=[asked for asked, _, _ in ROWS])
def test_every_answer_names_a_place_that_is_there(asked: str, file: str, name: str | None) -> None:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert name is None or name in _defined(tree), f"where {asked}: {file} has no {name}"


def test_every_file_that_the_page_names_exists() -> None:
    named = set(re.findall(r"`((?:api|ledger|projections|tests|docs)/[\w/.]+\.(?:py|md|js))`", PAGE))
    assert named
    assert sorted(one for one in named - _EXAMPLE if not (ROOT / one).exists()) == []


def test_every_file_that_a_comment_or_a_page_names_is_there() -> None:
    """What is named may move: whoever reads on is not sent to where it was."""
    kept = [ROOT / one for one in ("README.md", "docs", "ledger", "projections", "api", "tests")]
    files = [path for top in kept for path in (top.rglob("*") if top.is_dir() else [top]) if path.is_file()]
    there = {path.relative_to(ROOT).as_posix() for path in files}
    lost = []
    for path in files:
        if path.suffix not in {".py", ".js", ".sql", ".md"} or "decisions" in path.parts or path == Path(__file__):
            continue  # what was decided names what there was then
        for named in re.findall(r"`([a-z][\w/.]*\.(?:py|js|sql))`", path.read_text(encoding="utf-8")):
            if named not in _EXAMPLE and not any(f"/{one}".endswith(f"/{named}") for one in there):
                lost.append(f"{path.relative_to(ROOT)}: {named}")
    assert sorted(lost) == []


def test_the_index_of_what_tests_share_names_every_module_once() -> None:
    room = ROOT / "tests" / "support"
    index = re.findall(r"`([a-z_]+)`", (room / "__init__.py").read_text(encoding="utf-8"))
    assert sorted(index) == sorted(path.stem for path in room.glob("*.py") if path.stem != "__init__")


def test_nothing_in_the_book_and_its_read_models_imports_by_a_string() -> None:
    for file in sorted(path for part in ("ledger", "projections") for path in (ROOT / part).rglob("*.py")):
        names = {
            name.id if isinstance(name, ast.Name) else name.attr
            for name in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(name, ast.Name | ast.Attribute)
        }
        assert names.isdisjoint({"import_module", "__import__"}), file
