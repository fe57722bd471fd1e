"""Fuzzing of every parser that takes bytes from outside. `parsers` is the table: a new parser is one line there.

Only `LedgerError` may come out, in bounded time and memory. `test_parsers` runs with the suite (a short profile; a deep
one with `-m slow`); `python -m tests.fuzz.atheris_run NAME --seconds N` lets coverage guide the search, see
docs/following.md.
"""
