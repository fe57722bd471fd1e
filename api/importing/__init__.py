"""Importing tables in the national templates: pledges, fulfilment, standards, outcomes (of other sources by a mapping).

    file ─ tables ─► rows ─ roster | … ─► plans ─ statements ─► items ─ sending ─► the service ─► report

Up to the plans, and from a row's course on to its report, everything is pure; `tables` reads, `service` asks.
"""

from api.importing.import_file import import_file
from api.importing.import_report import ImportReport, RowReport

__all__ = ["ImportReport", "RowReport", "import_file"]
