"""`submit --annex`: the public files that a statement names go before it."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from api.client.client import Client
from ledger.domain.events.base import Annex
from tests.e2e.book import Book, open_book, today
from tests.integration.cli.conftest import Run
from tests.support.database import TestDatabase
from tests.support.standards import declared
from tests.support.statements import ENTERPRISE, EVIDENCE

CONTENT = b"%PDF-1.7 a standard of many pages"


@pytest.fixture
def statement(run: Run) -> Path:
    """A file for a statement that names an annex, beside the annex."""
    Path("standard.pdf").write_bytes(CONTENT)
    return Path("declared.cose").resolve()


def test_a_declaration_is_submitted_with_its_annex(
    run: Run, statement: Path, database: TestDatabase, tmp_path: Path
) -> None:
    with open_book(tmp_path / "service", database=database.service) as book:
        write(book, statement)
        early = run("submit", book.service.url, str(statement))
        assert early.exit_code == 1
        assert "annex.missing" in early.output
        sent = run("submit", book.service.url, str(statement), "--annex", "standard.pdf")
        assert sent.exit_code == 0, sent.output
        with Client(book.service.url) as client:
            assert client.annex(sha256(CONTENT).digest()) == CONTENT
        Path("program").write_bytes(b"MZ\x90\x00")
        refused = run("submit", book.service.url, str(statement), "--annex", "program")
        assert refused.exit_code == 1
        assert "annex.media_type" in refused.output


def write(book: Book, path: Path) -> None:
    book.enterprise(ENTERPRISE)
    annex = Annex(sha256=sha256(CONTENT).hexdigest(), bytes=len(CONTENT), media_type="application/pdf")
    event = declared(effective_on=today(), annex=annex, evidence=EVIDENCE)
    path.write_bytes(book.sign(event, ENTERPRISE)[0])
