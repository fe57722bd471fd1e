"""Whatever the bytes, a parser gives back a value or raises one of our errors, and takes neither long nor much."""

from __future__ import annotations

import contextlib
import io
import resource
import time
import tracemalloc
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.errors import LedgerError
from tests.fuzz.mutations import bombs, near
from tests.fuzz.parsers import PARSERS, Parser

SECONDS_MAX = 5.0  # of the processor, for one input; the slowest takes a third of a second
PEAK_BYTES_MAX = 400 * 1024 * 1024  # the largest bomb is 70 MB
QUICK, DEEP = 60, 20_000

every_parser = pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)


def survive(parser: Parser, data: bytes) -> None:
    began = time.process_time()
    with contextlib.suppress(LedgerError):
        parser.parse(data)
    assert time.process_time() - began < SECONDS_MAX, f"{parser.name} took too long for {len(data)} bytes"


def test_every_parser_is_in_the_table_once() -> None:
    assert len({parser.name for parser in PARSERS}) == len(PARSERS)


@every_parser
def test_the_examples_are_what_the_parser_takes(parser: Parser) -> None:
    assert parser.examples
    for example in parser.examples if parser.accepts else ():
        parser.parse(example)


@every_parser
def test_only_our_errors_come_out(parser: Parser) -> None:
    @settings(max_examples=QUICK, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(near(parser.examples))
    def check(data: bytes) -> None:
        survive(parser, data)

    check()


@pytest.mark.deep
@pytest.mark.timeout(900)
@every_parser
def test_only_our_errors_come_out_of_a_long_search(parser: Parser) -> None:
    @settings(max_examples=DEEP, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.one_of(near(parser.examples), st.binary(max_size=2_000)))
    def check(data: bytes) -> None:
        survive(parser, data)

    check()


@every_parser
def test_bombs_do_no_harm(parser: Parser) -> None:
    for bomb in bombs(parser.examples):
        survive(parser, bomb)


@pytest.mark.slow
@every_parser
def test_bombs_take_little_memory(parser: Parser) -> None:
    for bomb in bombs(parser.examples):
        tracemalloc.start()
        try:
            with contextlib.suppress(LedgerError):
                parser.parse(bomb)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < PEAK_BYTES_MAX, f"{parser.name} took {peak:,} bytes for {len(bomb):,}: {bomb[:40]!r}"


def _zip_bomb() -> bytes:
    """A workbook of 300 MB of zeros in 300 kB."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("xl/workbook.xml", "w", force_zip64=True) as part:
            for _ in range(300):
                part.write(bytes(1_000_000))
    return out.getvalue()


def _lying_zip() -> bytes:
    """The same, with a directory that says that its parts are small."""
    data = bytearray(_zip_bomb())
    size = (300_000_000).to_bytes(4, "little")
    while (at := data.find(size)) >= 0:
        data[at : at + 4] = (1_000).to_bytes(4, "little")
    return bytes(data)


@pytest.mark.parametrize("make", [_zip_bomb, _lying_zip])
def test_a_zip_bomb_is_not_unpacked(make: object) -> None:
    assert callable(make)
    bomb = make()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for parser in PARSERS:
        if parser.kind in ("xlsx", "archive"):
            survive(parser, bomb)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 200_000, f"{grown} kB more"
