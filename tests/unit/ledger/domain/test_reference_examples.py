"""Every example of the reference page, as it stands there, is signed and registered in a book with what it names."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ledger.domain.events.attachment import AttachmentAdded
from ledger.domain.events.base import Event
from ledger.domain.events.types import ALL
from ledger.domain.rules.catalogue import SPECS
from ledger.errors import LedgerError
from ledger.registration import admit_charter
from tests.support.book import Book
from tests.support.charter import ORGANIZER, ORIGIN, ROOT, Speaker
from tests.support.statements import sign
from tests.unit.ledger.domain.separation_cases import CASES, Case, fork, populated
from tests.unit.ledger.domain.test_separation_of_powers import expected

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "events.md"
SECTION = re.compile(r"^## (\w+)$(.*?)^```json$(.*?)^```$", re.MULTILINE | re.DOTALL)
OF_YOURS = re.compile(r"^Of your book: (.*)\.$", re.MULTILINE)
# What a charter alone may say, and the role that says it there.
CHARTERED = {"TrustAnchorsEstablished": ROOT, "RegistrationPolicyAdopted": ORGANIZER}


def examples() -> dict[str, tuple[dict[str, Any], tuple[str, ...]]]:
    """By type the example of the page, and the fields that it calls the reader's own."""
    found = {}
    for name, before, example in SECTION.findall(PAGE.read_text("utf-8")):
        of_yours = OF_YOURS.search(before)
        named = () if of_yours is None else tuple(re.findall(r"`(\w+)`", of_yours[1]))
        found[name] = (json.loads(example), named)
    return found


EXAMPLES = examples()


def filled(name: str, like: Event) -> Event:
    """The example, with the reader's own values, and the day, taken from an event that fits the book."""
    example, of_yours = EXAMPLES[name]
    own = msgspec.to_builtins(like)
    document = example | {field: own[field] for field in (*of_yours, "effective_on")}
    event: Event = msgspec.convert(document, SPECS[name].event)
    return event


def registered_by(case: Case, name: str, speaker: Speaker) -> bool:
    base, _ = populated()
    book = fork(base)
    event = filled(name, case.make(book))
    if isinstance(event, AttachmentAdded):
        book.upload(event, speaker)
    try:
        book.say(event, subject=case.subject, by=speaker, **case.more)
    except LedgerError:
        return False
    return True


def chartered(name: str) -> None:
    """As a statement of a charter: the first of an empty log, or one more of it."""
    first = name == "TrustAnchorsEstablished"
    book = Book(chartered=not first)
    case = CASES[name]
    data, _ = sign(filled(name, case.make(Book())), subject=case.subject, by=CHARTERED[name], iat=book.clock())
    book.enter(admit_charter(data, governance=book.governance, origin=ORIGIN), bootstrap=True)


@pytest.mark.parametrize("name", [event.__name__ for event in ALL])
def test_an_example_of_the_page_is_registered_where_the_book_has_what_it_names(name: str) -> None:
    if name in CHARTERED:
        chartered(name)
        return
    _, speakers = populated()
    for (case, role), outcomes in expected().items():
        if case.partition(",")[0] == name:
            for speaker, outcome in zip(speakers[role], outcomes, strict=True):
                if outcome == "yes" and speaker is not None and registered_by(CASES[case], name, speaker):
                    return
    pytest.fail(f"nobody may say the example of {name}")


def test_what_an_example_leaves_to_the_reader_is_little() -> None:
    whole = [name for name, (_, of_yours) in EXAMPLES.items() if not of_yours]
    assert len(whole) > len(EXAMPLES) / 3, "examples that hold in any book"
    for name, (example, of_yours) in EXAMPLES.items():
        assert set(of_yours) <= set(example), name
