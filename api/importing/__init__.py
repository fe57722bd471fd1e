"""Importing tables in the national templates: pledges, fulfilment, standards, outcomes (of other sources by a mapping).

    file ─ tables ─► rows ─ roster | … ─► plans ─ statements ─► items ─ sending ─► the service ─► report

Up to the plans, and from a row's course on to its report, everything is pure; `tables` reads, `service` asks.
"""

from api.importing.import_file import ImportSigners, import_file
from api.importing.import_report import ImportReport, RowReport
from api.importing.submission import ImportRun
from api.importing.table_plan import TableReading

__all__ = ["ImportReport", "ImportRun", "ImportSigners", "RowReport", "TableReading", "import_file"]
