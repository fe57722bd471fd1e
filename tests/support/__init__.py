"""What tests share, by what one needs. Each module's first line says what it is.

Books, from the lightest: `book` in memory, without a store; `paper_log` on paper, without rules; `live_book` in a real
database, with events of every kind; `running` the service as its users run it (tests/e2e/book.py has a book behind it);
`topology` a writer and readers over a primary and its standby.

Who speaks, and what is said: `charter` the parties and their keys, `keys`, `statements` the usual events and signing
them; by noun `findings`, `listings`, `marks`, `remedies`, `reports`, `standards`, `successions`, `complaint_files`,
`releases`; random courses `histories`, `finding_moves`; much of one thing `complaints`, `desk_rows`, `batches`.

Files that a log gives: `bundles`, `paper_certificate`, `static_copy`.

What must be so: `oracle` of a whole log, `naive_tree` and `naive_map` straight from the definitions, `oracles` and
`verapdf` of others, `refusals`.

Real servers and what goes wrong: `database`, `debian`, `replication`, `cluster` and its `parts`, `mirror_places`,
`receivers`, `witnesses`, `http_servers`; `faulty` a store that fails, `forging` an operator that cheats.

Clients: `desks` somebody at a desk, `reading` signed requests, `raw_http` the very bytes, `queries` what the database
is asked.

Time: `clock` stands until it is moved, `run_clock` is the run's day, `waiting` for threads and processes, `projected`
for the read models. Of the tests themselves: `documents` their commands, `examples` how many.
"""
