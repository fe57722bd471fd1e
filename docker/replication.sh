#!/bin/sh
# Run once by the database image, on an empty data folder: the role with which a standby follows, and its way in.
set -eu
export PGOPTIONS="-c synchronous_commit=local"  # nobody is there yet who could confirm
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
  --set replication="$LEDGER_REPLICATION_PASSWORD" <<'SQL'
CREATE ROLE ledger_replication LOGIN REPLICATION PASSWORD :'replication';
-- What pg_rewind asks of the new primary (PostgreSQL documentation, "pg_rewind", Notes).
GRANT EXECUTE ON FUNCTION pg_ls_dir(text, boolean, boolean) TO ledger_replication;
GRANT EXECUTE ON FUNCTION pg_stat_file(text, boolean) TO ledger_replication;
GRANT EXECUTE ON FUNCTION pg_read_binary_file(text) TO ledger_replication;
GRANT EXECUTE ON FUNCTION pg_read_binary_file(text, bigint, bigint, boolean) TO ledger_replication;
SQL
echo "host replication ledger_replication all scram-sha-256" >> "$PGDATA/pg_hba.conf"
