"""What the contributor's page says about a new event type is done here: a file for each layer, the name in its list."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "visit"
PAGE = ROOT / "docs" / "contributing.md"
LISTS = {"events": "types.py", "state": "fold.py", "rules": "catalogue.py"}
LINE = "    visit,\n"
BEGINS = "_NOUNS: Final = (\n"

SAID = """
from ledger.domain.events.visit import PremisesVisited
from ledger.domain.reference import events_page
from ledger.domain.state.visit import VISITS
from ledger.errors import Refused
from tests.support.book import Book
from tests.support.statements import TODAY

book = Book().with_enterprise()
said = PremisesVisited(v=1, effective_on=TODAY, premises="门店一", displayed=True)
entry = book.say(said).index
print("registered")
try:
    book.say(said)
except Refused as refusal:
    print(refusal.rule)
print([one.displayed for one in VISITS.of(book.record).values()])
print([mark.entry == entry for mark in VISITS.bearing(book.record).conduct])
print("## PremisesVisited" in events_page())
"""


def test_a_new_event_type_takes_a_file_in_each_layer_and_its_name_in_the_list(tmp_path: Path) -> None:
    for part in ("ledger", "tests"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    for layer, table in LISTS.items():
        room = tmp_path / "ledger" / "domain" / layer
        shutil.copy(EXAMPLE / f"{layer}.py", room / "visit.py")
        text = (room / table).read_text(encoding="utf-8")
        imports = f"from ledger.domain.{layer} import (\n"
        for begins in (imports, BEGINS):
            assert text.count(begins) == 1
            text = text.replace(begins, begins + LINE)
        (room / table).write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", SAID],
        env={"PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["registered", "visit.twice_a_day", "[True]", "[True]", "True"]


def test_the_contributors_page_names_the_files_and_the_line() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for layer, table in LISTS.items():
        assert f"(examples/visit/{layer}.py)" in page
        assert f"`ledger/domain/{layer}/{table}`" in page
    assert LINE in page
