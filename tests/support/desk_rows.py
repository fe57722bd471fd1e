"""Many rows behind every list of the desks, without the months of work by which they come."""

from __future__ import annotations

import time
from typing import Any, Final

import psycopg

from ledger.domain.values.dates import shanghai_date

__all__ = ["fill_lists"]

#: What fills each list from row `first` to row `last`: in the tables themselves, where they come to by months of work.
_FILL: Final = (
    # events: one issuer says nearly everything, one enterprise has a tenth of it
    """INSERT INTO projections.event_index (entry, subject, type, issuer, recorded_at, sealed)
    SELECT 1000 + n, CASE WHEN n %% 10 = 0 THEN 'uscc:91110000600037341L' ELSE 'local:fill/' || n END,
        (ARRAY['PledgeMade', 'PledgePublished', 'LegalHoldPlaced', 'BodyErased'])[1 + n %% 4],
        CASE WHEN n %% 50 = 0 THEN 'party:handling-body' ELSE 'party:organizer' END, 1700000000 + n, n %% 3 = 0
    FROM generate_series(%(first)s::int, %(last)s::int) n""",
    """INSERT INTO ledger.accesses (number, at, day, party, officer, kid, cti, resource, purpose, outcome, subject)
    SELECT (SELECT coalesce(max(number), 0) FROM ledger.accesses) + 1 + n - %(first)s, %(now)s, %(today)s,
        'party:regulator', 'inspector-1', repeat('a', 64), 'fill' || n, '/v1/x', '核查', 'served',
        'uscc:91110000600037341L'
    FROM generate_series(%(first)s::int, %(last)s::int) n""",
    """INSERT INTO desk.pending (statement_id, statement, subject, campaign, received_at, scope, issued_at)
    SELECT sha256(n::text::bytea), '', 'local:fill/' || n, 'campaign:2026', %(now)s - n, 'service', %(now)s
    FROM generate_series(%(first)s::int, %(last)s::int) n""",
    """INSERT INTO desk.enrolment_requests (kid, party, officer, cose_key, proof, recovers, client, asked_at)
    SELECT sha256(n::text::bytea), 'party:local:fill/' || n, 'owner', '', '', false, '', %(now)s - n
    FROM generate_series(%(first)s::int, %(last)s::int) n WHERE n < 10000""",
    """INSERT INTO desk.drafts (id, party, drafter, type, subject, laid_at, state, settled_at, releaser)
    SELECT decode(lpad(n::text, 32, '0'), 'hex'), 'party:organizer', 'a', 'PledgePublished', 'local:fill/' || n,
        %(now)s - n, 'released', %(now)s, 'b'
    FROM generate_series(%(first)s::int, %(last)s::int) n""",
    """INSERT INTO desk.complaint_files (number, case_id, body, stage, suspended, due_on, received_on, version,
        secret_hash, content)
    SELECT 'FILL-' || n, decode(lpad(n::text, 32, '0'), 'hex'), 'party:handling-body', 'registered', false,
        %(today)s::date + 60, %(today)s, 1, sha256(''), ''
    FROM generate_series(%(first)s::int, %(last)s::int) n""",
)


def fill_lists(superuser: str, first: int, last: int) -> None:
    """Rows `first` to `last` of every list, in the tables themselves; `superuser` connects to the database."""
    now = int(time.time())
    given: dict[str, Any] = {"first": first, "last": last, "now": now, "today": shanghai_date(now)}
    with psycopg.connect(superuser) as connection:
        for statement in _FILL:
            connection.execute(statement.encode(), given)
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
