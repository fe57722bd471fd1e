"""Tables out of a service's public feed, in the national templates; what is exported imports as already registered.

/v1/events ─ book ─► records ─ tables ─► rows ─ importing.writing ─► XLSX or CSV, in which nothing is ever run
"""

from api.exporting.book import Exported, read_book
from api.exporting.tables import TABLES, table_rows

__all__ = ["TABLES", "Exported", "read_book", "table_rows"]
