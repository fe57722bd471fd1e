"""Importing tables: a campaign's roster of pledges, complaint outcomes of another source by a mapping file.

    file ─ tables ─► rows ─ roster | outcomes ─► plans ─ statements ─► items ─ sending ─► the service ─► report

Up to the plans, and from a row's course on to its report, everything is pure; `tables` reads, `service` asks.
"""

from api.importing.report import Report, RowReport
from api.importing.run import import_file

__all__ = ["Report", "RowReport", "import_file"]
