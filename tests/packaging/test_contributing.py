"""What the contributor's page says about a new event type is done here: its file put in place, its one line added."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docs" / "examples" / "visit.py"
PAGE = ROOT / "docs" / "contributing.md"
LINE = '    "visit",\n'
BEGINS = "_NOUNS: Final = (\n"

SAID = """
from ledger.domain.reference import events_page
from ledger.domain.rules.visit import VISITS, PremisesVisited
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


def test_a_new_event_type_takes_one_file_and_one_line(tmp_path: Path) -> None:
    for part in ("ledger", "tests"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(FILE, tmp_path / "ledger" / "domain" / "rules" / "visit.py")
    catalogue = tmp_path / "ledger" / "domain" / "rules" / "catalogue.py"
    text = catalogue.read_text(encoding="utf-8")
    assert BEGINS in text
    catalogue.write_text(text.replace(BEGINS, BEGINS + LINE, 1), encoding="utf-8")
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


def test_the_contributors_page_names_the_file_and_the_line() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert "examples/visit.py" in page
    assert LINE in page
