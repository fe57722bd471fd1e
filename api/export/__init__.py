"""Tables out of a service's public feed, in the national templates; what is exported imports as already registered.

/v1/events ─ book ─► records ─ tables ─► rows ─ importing.writing ─► XLSX or CSV, in which nothing is ever run
"""

from api.export.book_reader import Exported, read_book
from api.export.template_rows import TABLES, table_rows

__all__ = ["TABLES", "Exported", "read_book", "table_rows"]
