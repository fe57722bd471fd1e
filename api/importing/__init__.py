"""Importing tables in the national templates: pledges, fulfilment, standards, outcomes (of other sources by a mapping).

    file ─ tables ─► rows ─ roster | … ─► plans ─ statements ─► items ─ sending ─► the service ─► report

Up to the plans, and from a row's course on to its report, everything is pure; `tables` reads, `service` asks.
"""

from api.importing.report import Report, RowReport
from api.importing.run import import_file

__all__ = ["Report", "RowReport", "import_file"]
