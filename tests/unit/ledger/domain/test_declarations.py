"""Self-declared standards: one number each, complete versions that stay readable, abolished once, noted where low."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from ledger.domain.events.base import Annex
from ledger.domain.events.declaration import Product
from ledger.domain.events.enterprise import EnterpriseDeregistered
from ledger.domain.events.repudiation import BodyErased, StatementRepudiated
from ledger.domain.state.declaration import STANDARDS, declared_spans, standing_declaration
from ledger.limits import STANDARD_NOTES_MAX, STANDARD_VERSIONS_MAX, STANDARDS_MAX, STANDARDS_PER_NUMBER_MAX
from ledger.store.annexes import AnnexKept
from tests.support.book import Book
from tests.support.charter import DATA_OFFICER, HANDLING_BODY
from tests.support.refusals import refused
from tests.support.standards import NUMBER, PRODUCT, abolished, declared, noted, revised
from tests.support.statements import ENTERPRISE, EVIDENCE, OTHER_ENTERPRISE, TODAY, speaker_of

OWNER = speaker_of(ENTERPRISE)
EARLIER = TODAY - timedelta(days=20)
ANNEX = Annex(sha256="cd" * 32, bytes=10, media_type="application/pdf")


@pytest.fixture
def book() -> Book:
    book = Book().with_enterprise()
    book.annexes[bytes.fromhex(ANNEX.sha256)] = AnnexKept(ANNEX.bytes, ANNEX.media_type)
    return book


def declare(book: Book, **given: object) -> int:
    return book.say(declared(**given), by=OWNER).index


def revise(book: Book, entry: int, **given: object) -> int:
    return book.say(revised(entry, **given), by=OWNER).index


def abolish(book: Book, entry: int, **given: object) -> int:
    return book.say(abolished(entry, **given), by=OWNER).index


def disown(book: Book, entry: int) -> None:
    book.say(StatementRepudiated(v=1, effective_on=TODAY, entry=entry, word="非本企业所发"))


def test_the_enterprise_or_the_organizer_with_evidence_declares_openly(book: Book) -> None:
    declare(book)
    assert not book.events[-1].sealed
    book.say(declared(number="Q/CSGD 004-2018", evidence=EVIDENCE))
    with refused("standard.evidence_missing"):
        book.say(declared(number="Q/CSGD 005-2018"))
    with refused("issuer.not_entitled"):
        book.say(declared(number="Q/CSGD 005-2018", evidence=EVIDENCE), by=HANDLING_BODY)


def test_nobody_speaks_for_another_enterprise(book: Book) -> None:
    book.with_enterprise(OTHER_ENTERPRISE)
    with refused("issuer.not_entitled"):
        book.say(declared(), subject=OTHER_ENTERPRISE, by=OWNER)


def test_a_number_is_unique_per_enterprise(book: Book) -> None:
    first = declare(book)
    with refused("standard.number_taken"):
        declare(book)
    with refused("standard.number_taken"):
        declare(book, number="Q/CSGD003-2018")  # the same, written without the space
    book.with_enterprise(OTHER_ENTERPRISE)
    book.say(declared(), subject=OTHER_ENTERPRISE, by=speaker_of(OTHER_ENTERPRISE))
    other = declare(book, number="Q/CSGD 004-2018")
    with refused("standard.number_taken"):
        revise(book, other, number=NUMBER)
    disown(book, first)
    declare(book)


def test_a_number_of_ones_own_stays_with_its_declaration_for_ever(book: Book) -> None:
    entry = declare(book)
    revise(book, entry, number="Q/CSGD 003-2021")
    with refused("standard.number_taken"):
        declare(book)
    abolish(book, entry)
    for number in (NUMBER, "Q/CSGD 003-2021"):
        with refused("standard.number_taken"):
            declare(book, number=number)


def test_an_existing_standard_may_be_declared_again_after_it_was_given_up(book: Book) -> None:
    entry = declare(book, number="GB/T 22089-2008", kind="existing")
    with refused("standard.number_taken"):
        declare(book, number="GB/T22089-2008", kind="existing")
    abolish(book, entry)
    again = declare(book, number="GB/T 22089-2008", kind="existing")
    revise(book, again, number="GB/T 22089-2026", kind="existing")
    declare(book, number="GB/T 22089-2008", kind="existing")


def test_a_number_is_declared_again_so_many_times(book: Book) -> None:
    for _ in range(STANDARDS_PER_NUMBER_MAX):
        abolish(book, declare(book, number="GB 4806.7-2016", kind="existing"))
    with refused("standard.number_max"):
        declare(book, number="GB 4806.7-2016", kind="existing")


@pytest.mark.parametrize(
    "number", ["Ｑ/CSGD 003-2018", "Q/CSGD 003—2018", "q/csgd 003-2018", "Q/CSGD  003-2018", "Q /A 1"]
)
def test_a_number_that_is_not_folded_is_refused_with_its_folded_form(book: Book, number: str) -> None:
    with refused("standard.number_not_folded"):
        declare(book, number=number)
    with refused("standard.number_not_folded"):
        declare(book, executed=(number,))


def test_what_is_no_number_of_a_standard_is_refused(book: Book) -> None:
    with refused("standard.number_shape"):
        declare(book, number="优质产品")


def test_an_own_standard_begins_with_q_and_an_existing_one_does_not(book: Book) -> None:
    with refused("standard.kind"):
        declare(book, kind="existing")
    with refused("standard.kind"):
        declare(book, number="GB/T 22089-2008")


def test_executed_standards_are_named_once(book: Book) -> None:
    with refused("standard.executed_twice"):
        declare(book, executed=("GB 4706.1-2005", "GB4706.1-2005"))
    with refused("standard.executed_twice"):
        declare(book, executed=(NUMBER,))


def test_a_declaration_names_products_and_an_own_one_indicators_unless_an_annex_does(book: Book) -> None:
    with refused("standard.products_missing"):
        declare(book, products=())
    with refused("standard.indicators_missing"):
        declare(book, indicators=())
    declare(book, number="GB/T 22089-2008", kind="existing", indicators=())
    declare(book, products=(), indicators=(), annex=ANNEX)


def test_a_barcode_has_its_check_digit(book: Book) -> None:
    with refused("standard.barcode_check_digit"):
        declare(book, products=(replace(PRODUCT, barcode="6901234567893"),))
    declare(book, products=(PRODUCT, Product(name="壶", barcode="96385074")))  # GTIN-13 and GTIN-8


def test_a_standard_is_published_before_it_is_declared_and_implemented(book: Book) -> None:
    with refused("standard.not_published_yet"):
        declare(book, published_on=TODAY + timedelta(days=1))
    with refused("standard.implemented_before_published"):
        declare(book, published_on=TODAY, implemented_on=TODAY - timedelta(days=1))
    declare(book, published_on=TODAY, implemented_on=TODAY + timedelta(days=90))


def test_an_enterprise_that_is_gone_declares_no_more(book: Book) -> None:
    entry = declare(book)
    book.say(EnterpriseDeregistered(v=1, effective_on=TODAY, evidence="注销公告"))
    with refused("standard.enterprise_gone"):
        declare(book, number="Q/CSGD 004-2018")
    with refused("standard.enterprise_gone"):
        revise(book, entry)
    abolish(book, entry)


def test_old_versions_stay_in_the_record_and_each_finds_its_declaration(book: Book) -> None:
    first = declare(book, effective_on=EARLIER)
    second = revise(book, first, number="Q/CSGD 003-2026")
    third = revise(book, second)  # any version names the declaration
    declaration = STANDARDS.of(book.record).declared[first]
    assert [version.index for version in declaration.versions] == [first, second, third]
    for entry in (first, second, third):
        assert standing_declaration(book.record, entry) == declaration
    assert standing_declaration(book.record, third + 1) is None


def test_a_disowned_version_leaves_the_ones_before_it(book: Book) -> None:
    first = declare(book, effective_on=EARLIER)
    second = revise(book, first)
    disown(book, second)
    assert standing_declaration(book.record, second) is None
    assert [span.renewed_on for span in declared_spans(book.record)] == [EARLIER]
    disown(book, first)
    assert declared_spans(book.record) == ()
    with refused("standard.no_such_declaration"):
        revise(book, first)


def test_what_is_abolished_is_neither_revised_nor_abolished_again(book: Book) -> None:
    entry = declare(book)
    abolition = abolish(book, entry)
    with refused("standard.abolished_already"):
        abolish(book, entry)
    with refused("standard.abolished_already"):
        revise(book, entry)
    disown(book, abolition)
    abolish(book, revise(book, entry))


def test_only_a_declaration_of_this_enterprise_is_revised_or_abolished(book: Book) -> None:
    book.with_enterprise(OTHER_ENTERPRISE)
    other = book.say(declared(), subject=OTHER_ENTERPRISE, by=speaker_of(OTHER_ENTERPRISE)).index
    for event in (revised(other), abolished(other), revised(10**6)):
        with refused("standard.no_such_declaration"):
            book.say(event, by=OWNER)


def test_nothing_takes_effect_before_the_newest_version(book: Book) -> None:
    entry = declare(book)
    for event in (revised(entry, effective_on=EARLIER), abolished(entry, effective_on=EARLIER)):
        with refused("standard.before_newest_version"):
            book.say(event, by=OWNER)


def test_spans_say_which_version_was_in_force_when(book: Book) -> None:
    first = declare(book, effective_on=EARLIER)
    revise(book, first, effective_on=EARLIER + timedelta(days=5), number="Q/CSGD 003-2026")
    other = declare(book, number="GB/T 22089-2008", kind="existing")
    abolish(book, first)
    assert [tuple(span) for span in declared_spans(book.record)] == [
        (first, NUMBER, EARLIER, EARLIER + timedelta(days=5)),
        (first, "Q/CSGD 003-2026", EARLIER + timedelta(days=5), TODAY),
        (other, "GB/T 22089-2008", TODAY, None),
    ]


def test_a_note_is_sealed_public_and_not_the_enterprises_to_make(book: Book) -> None:
    entry = declare(book)
    book.say(noted(entry))
    assert book.events[-1].sealed and book.judgements[-1].body_public
    with refused("issuer.not_entitled"):
        book.say(noted(entry, indicator="其他"), by=OWNER)
    with refused("statement.form"):
        book.say(noted(entry, recommended="GB/T 1-2020"), sealed=False)


def test_a_note_attaches_to_the_version_that_stood(book: Book) -> None:
    first = declare(book, effective_on=EARLIER)
    second = revise(book, first, effective_on=TODAY - timedelta(days=1))
    with refused("standard.note_version"):
        book.say(noted(first))
    book.say(noted(first, effective_on=EARLIER, late_ground="补录"))
    note = book.say(noted(second)).index
    revise(book, first)
    assert STANDARDS.of(book.record).notes[note].version == second
    abolish(book, first)
    with refused("standard.note_version"):
        book.say(noted(second, recommended="GB/T 1-2020"))


def test_a_note_names_an_indicator_of_the_version_and_says_it_once(book: Book) -> None:
    entry = declare(book)
    with refused("standard.note_indicator"):
        book.say(noted(entry, indicator="容积"))
    with refused("standard.number_shape"):
        book.say(noted(entry, recommended="推荐标准"))
    note = book.say(noted(entry)).index
    with refused("standard.noted_already"):
        book.say(noted(entry))
    disown(book, note)
    book.say(noted(entry))
    in_annex = declare(book, number="Q/CSGD 004-2018", annex=ANNEX)
    book.say(noted(in_annex, indicator="容积"))


def test_an_erased_note_is_as_if_it_had_never_been_read(book: Book) -> None:
    entry = declare(book)
    before = STANDARDS.of(book.record)
    note = book.say(noted(entry)).index
    assert STANDARDS.of(book.record) != before
    book.say(BodyErased(v=1, effective_on=TODAY, entry=note, ground="删除"), by=DATA_OFFICER)
    assert STANDARDS.of(book.record) == before


def test_versions_and_notes_have_limits(book: Book) -> None:
    entry = declare(book)
    for number in range(STANDARD_NOTES_MAX):
        book.say(noted(entry, recommended=f"GB/T {number + 1}-2020"))
    with refused("standard.notes_max"):
        book.say(noted(entry))
    state = STANDARDS.of(book.record)
    full = state.declared[entry]
    full = replace(full, versions=full.versions * STANDARD_VERSIONS_MAX)
    put(book, replace(state, declared=state.declared.set(entry, full)))
    with refused("standard.versions_max"):
        revise(book, entry)


def test_an_enterprise_declares_so_many_standards(book: Book) -> None:
    state = STANDARDS.of(book.record)
    entry = declare(book)
    one = STANDARDS.of(book.record).declared[entry]
    put(book, replace(state, declared=state.declared.update({-number: one for number in range(STANDARDS_MAX)})))
    with refused("standard.max"):
        declare(book, number="Q/CSGD 004-2018")


def put(book: Book, state: object) -> None:
    book.records[ENTERPRISE] = replace(book.record, nouns=book.record.nouns.set(STANDARDS.key, state))
