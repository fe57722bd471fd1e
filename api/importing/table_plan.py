"""A plan for each row of a table, by the kind of table that it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from api.importing.annex_folder import AnnexFolder
from api.importing.campaign_terms import campaign_subject
from api.importing.fulfilment_table import FulfilmentRules, plan_fulfilment
from api.importing.outcome_template import national_mapping
from api.importing.outcomes_table import OutcomeRules, plan_outcomes
from api.importing.public_records import Look, PublicRecordRules, plan_public_records
from api.importing.roster import RosterRules, plan_roster
from api.importing.row_plan import RowPlan
from api.importing.service_client import ImportClient
from api.importing.source_mapping import SourceMapping
from api.importing.standards_table import DeclarationRules, plan_declarations
from api.importing.statement_names import Naming
from api.importing.table_kinds import Kind, kind_of
from api.importing.table_reader import Table, table_of
from ledger.domain.events.campaign import Scope
from ledger.errors import Malformed
from ledger.limits import IMPORT_ROWS_MAX

__all__ = ["TableFile", "TableReading", "plan_table"]


@dataclass(frozen=True, slots=True)
class TableFile:
    """A table's bytes, what its file is called, and where the files lie that it names."""

    data: bytes
    name: str
    annexes: AnnexFolder


@dataclass(frozen=True, slots=True)
class TableReading:
    """What is known of a table beside what stands in it.

    It is of `kind`, or of what its columns say; outcomes of another source by `mapping`; a roster of pledges for
    `campaign`, of `scope` where its rows name none; public records, `looked` up. `annexes`: the folder of the files
    that the table names, its own if not given. `late_ground` replaces the default one of late rows. `approved`: rows
    in which somebody has looked at what might be personal data. A table of more than `rows_max` is not gone into.
    """

    kind: Kind | None = None
    campaign: str | None = None
    mapping: SourceMapping | None = None
    scope: Scope | None = None
    looked: Look = field(default_factory=Look)
    annexes: Path | None = None
    late_ground: str | None = None
    approved: frozenset[int] = frozenset()
    rows_max: int = IMPORT_ROWS_MAX


def plan_table(
    file: TableFile, reading: TableReading, ways: Sequence[Naming], today: date, service: ImportClient
) -> tuple[Table, list[list[RowPlan]]]:
    """The table and, for each naming, a plan for each of its rows.

    Raises `Malformed` (file, mapping, an answer that is none), `NotFound` (the campaign), `OSError` (a file that the
    table names), `Unavailable`.
    """
    mapping, campaign = reading.mapping, reading.campaign
    kind: Kind
    if mapping is not None:
        kind, table = "outcomes", table_of(file.data, file.name, mapping.columns, headerless=mapping.source.headerless)
    else:
        wanted = "roster" if reading.kind is None and campaign is not None else reading.kind
        kind, table = kind_of(file.data, file.name, wanted)
    if len(table.rows) > reading.rows_max:
        raise Malformed(f"{file.name}: more than {reading.rows_max:,} rows; split the file")
    digest, epoch = table.file_sha256, table.epoch
    # The file by its digest: its name may say what must not be in the book.
    ground = reading.late_ground or f"迟报名单 / late roster: {digest[:16]}"
    if kind == "roster" and campaign is None:
        raise Malformed("a roster of pledges is imported for a campaign: say which (--campaign)")
    campaign_id = "" if campaign is None else campaign_subject(campaign)
    called = service.campaign(campaign_id) if kind == "roster" else None

    def plan(way: Naming) -> list[RowPlan]:
        entering = way.entering.derive
        if kind == "outcomes":
            which = mapping or national_mapping()
            outcomes = OutcomeRules(
                which, today, digest, way.own.derive, entering, reading.late_ground, epoch, reading.approved
            )
            return plan_outcomes(table.rows, outcomes)
        if kind == "declarations":
            declared = DeclarationRules(today, digest, entering, ground, file.annexes.named, epoch, reading.approved)
            return plan_declarations(table.rows, declared)
        if kind == "fulfilment":
            assessed = FulfilmentRules(today, entering, service.validity, ground, epoch, reading.approved)
            return plan_fulfilment(table.rows, assessed)
        if kind in ("penalties", "abnormal", "serious"):
            cited = PublicRecordRules(kind, today, entering, ground, reading.looked, epoch, reading.approved)
            return plan_public_records(table.rows, cited)
        assert called is not None  # what is left is a roster
        rules = RosterRules(
            campaign_id, called, today, digest, way.own.derive, ground, epoch, reading.approved, reading.scope
        )
        return plan_roster(table.rows, rules)

    return table, [plan(way) for way in ways]
