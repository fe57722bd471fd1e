#!/bin/sh
# The standby's first process: a copy of $PRIMARY where there is none yet, then the server, which follows it and confirms
# its commits under the name $STANDBY_NAME.
set -eu
if [ "$(id -u)" = 0 ]; then
  install --directory --owner=postgres --group=postgres --mode=0700 "$PGDATA"
  exec gosu postgres "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  where="host=$PRIMARY port=5432 user=ledger_replication password=$LEDGER_REPLICATION_PASSWORD application_name=$STANDBY_NAME"
  until pg_basebackup --dbname="$where" --pgdata="$PGDATA" --wal-method=stream --checkpoint=fast --write-recovery-conf; do
    sleep 2
  done
fi
exec postgres -c hot_standby_feedback=on -c wal_keep_size=1GB -c wal_log_hints=on -c synchronous_standby_names="$PRIMARY"
