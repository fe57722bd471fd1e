#!/bin/sh
# Run once by the database image, on an empty data folder: the two roles and the database of the ledger.
# The migrator owns the schema and is used by `migrate` alone; the service may read and append.
set -eu
export PGOPTIONS="-c synchronous_commit=local"  # where a standby is to confirm commits, it is not there yet
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
  --set migrator="$LEDGER_MIGRATOR_PASSWORD" --set service="$LEDGER_SERVICE_PASSWORD" <<'SQL'
CREATE ROLE ledger_service LOGIN PASSWORD :'service';
CREATE ROLE ledger_migrator LOGIN PASSWORD :'migrator' IN ROLE ledger_service;
CREATE DATABASE ledger OWNER ledger_migrator ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE ledger FROM PUBLIC;
GRANT CONNECT ON DATABASE ledger TO ledger_service;
SQL
