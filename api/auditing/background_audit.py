"""The program that a service runs an audit of its own database in: `python -m api.auditing.background_audit FOLDER`.

The address of the database comes by standard input: what stands on a command line is read by everybody on the machine.
It yields to everything else, writes how far it is into FOLDER as it goes, then its report, whole or not at all. When
its standard input is closed, by a service that ends or that is told to, it ends.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from typing import Final

import msgspec
import psycopg

from api.auditing.audit_report import as_html, as_json
from api.auditing.audit_target import open_database
from api.monitor.atomic_files import write_whole
from api.service.audit_runs import FAILED, HTML, JSON, PROGRESS, AuditProgress
from ledger.audit import FurtherChecks, run_audit
from ledger.errors import LedgerError, Unavailable
from ledger.limits import AUDIT_RUN_NICENESS, AUDIT_RUN_SECONDS_MAX
from projections.completeness.map_check import check_map
from projections.engine.audit_check import check_read_models, rows_of_streams

_TELL_SECONDS: Final = 0.5


def main() -> None:
    """In the calling process alone: on a small machine an audit has to leave the rest its cores."""
    folder = Path(sys.argv[1])
    conninfo = sys.stdin.readline().strip()
    threading.Thread(target=_end_with_the_service, daemon=True).start()
    os.nice(AUDIT_RUN_NICENESS)
    began_at, until = int(time.time()), time.monotonic() + AUDIT_RUN_SECONDS_MAX
    told = 0.0

    def progress(what: str, done: int, total: int) -> None:
        nonlocal told
        now = time.monotonic()
        if now > until:
            raise Unavailable(f"ended after {AUDIT_RUN_SECONDS_MAX} s: run credit-ledger audit on another machine")
        if now - told > _TELL_SECONDS:
            told = now
            write_whole(folder / PROGRESS, msgspec.json.encode(AuditProgress(what, done, total)))

    try:
        found = open_database(conninfo, None)
        try:
            checks = FurtherChecks([rows_of_streams], [check_read_models, check_map])
            outcome = run_audit(found.source, found.trust, checks=checks, progress=progress)
        finally:
            found.source.close()
    except (LedgerError, psycopg.Error) as error:
        write_whole(folder / FAILED, f"{type(error).__name__}: {str(error).strip()}".encode())
        raise SystemExit(2) from None
    write_whole(folder / HTML, as_html(outcome, "database", began_at, found.trusted))
    write_whole(folder / JSON, as_json(outcome, "database", began_at, found.trusted))  # last: with it the run is over


def _end_with_the_service() -> None:
    sys.stdin.read()
    os._exit(3)


if __name__ == "__main__":
    main()
