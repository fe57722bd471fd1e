"""The kinds of tables that are imported, told by their columns."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from api.importing import outcome_template
from api.importing import pledge_template as template
from api.importing import standards_table as declarations
from api.importing.public_records import PUBLIC_RECORDS
from api.importing.table_reader import Column, Table, table_bytes, table_of
from ledger.errors import Malformed

__all__ = ["KINDS", "Kind", "kind_of", "read_kind"]

Kind = Literal["roster", "fulfilment", "declarations", "outcomes", "penalties", "abnormal", "serious"]

# In the order in which they are tried: a roster may hold the columns of fulfilment, too.
KINDS: Final[dict[Kind, tuple[Column, ...]]] = {
    "roster": template.COLUMNS,
    "fulfilment": template.FULFILMENT_COLUMNS,
    "declarations": declarations.COLUMNS,
    "outcomes": outcome_template.COLUMNS,
    "penalties": PUBLIC_RECORDS["penalties"],
    "abnormal": PUBLIC_RECORDS["abnormal"],
    "serious": PUBLIC_RECORDS["serious"],
}


def read_kind(path: Path, kind: Kind | None) -> tuple[Kind, Table]:
    """`kind_of` a file. Raises `OSError`, too."""
    return kind_of(table_bytes(path), path.name, kind)


def kind_of(data: bytes, file_name: str, kind: Kind | None) -> tuple[Kind, Table]:
    """The table in a file's bytes, and of which kind it is: `kind`, if given, else the first whose columns it has.

    Raises `Malformed`: for a file that could be of any kind, with what each of them lacks.
    """
    if kind is not None:
        return kind, table_of(data, file_name, KINDS[kind])
    problems = []
    for one, columns in KINDS.items():
        try:
            return one, table_of(data, file_name, columns)
        except Malformed as error:
            problems.append(f"{one}: {error}")
    raise Malformed(f"{file_name} is none of the tables that can be imported; " + "; ".join(problems))
