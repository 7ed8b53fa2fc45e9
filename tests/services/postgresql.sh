#!/bin/sh
# A PostgreSQL server for tests: postgresql.sh start|stop|status DIR PORT
#   Data below DIR/postgresql, listening on 127.0.0.1:PORT. Superuser "postgres" (password from
#   PGTEST_PASSWORD), role "sluice" with the same password and its own database "shop".
#   Starting a running server does nothing. When run as root, DIR must be reachable by the
#   account "postgres".
set -eu

usage() { echo "usage: $0 start|stop|status DIR PORT" >&2; exit 2; }
[ $# -eq 3 ] || usage
action=$1 directory=$2 port=$3
password=${PGTEST_PASSWORD:-test-only-word}

for bin in /usr/lib/postgresql/15/bin /usr/lib/postgresql/*/bin; do
  [ -x "$bin/initdb" ] && break
done
[ -x "$bin/initdb" ] || { echo "install the package postgresql-15 first" >&2; exit 1; }
data=$directory/postgresql

as_server() {
  if [ "$(id -u)" = 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}
running() { as_server "$bin/pg_ctl" -D "$data" status >/dev/null 2>&1; }
sql() { PGPASSWORD=$password psql -X -q -h 127.0.0.1 -p "$port" -U postgres -d postgres "$@"; }

initialize() {
  mkdir -p "$data"
  word=$directory/.postgresql-word
  (umask 077 && printf '%s\n' "$password" >"$word")
  if [ "$(id -u)" = 0 ]; then chown postgres "$data" "$word"; fi
  as_server "$bin/initdb" -D "$data" -U postgres -A scram-sha-256 --pwfile="$word" \
    -E UTF8 --locale=C.UTF-8 --no-sync >"$directory/postgresql-initdb.log"
  rm -f "$word"
}

start() {
  running && return 0
  [ -f "$data/PG_VERSION" ] || initialize
  as_server "$bin/pg_ctl" -D "$data" -l "$data/server.log" -w -t 30 start >/dev/null -o "\
    -p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off \
    -c full_page_writes=off -c synchronous_commit=off -c shared_buffers=256MB \
    -c max_connections=100 -c wal_level=logical -c password_encryption=scram-sha-256" \
    || { tail -n 20 "$data/server.log" >&2; exit 1; }
  if [ -z "$(sql -Atc "select 1 from pg_roles where rolname = 'sluice'")" ]; then
    sql -v word="$password" <<'SQL'
create role sluice login password :'word';
create database shop owner sluice;
SQL
  fi
}

case $action in
  start) start ;;
  stop) if running; then as_server "$bin/pg_ctl" -D "$data" -m fast -w stop >/dev/null; fi ;;
  status) if running; then echo "running on 127.0.0.1:$port"; else echo stopped; exit 3; fi ;;
  *) usage ;;
esac
