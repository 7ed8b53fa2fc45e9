#!/bin/bash
# A throw-away MariaDB server for tests, on loopback, with everything it writes below DIR.
#   mariadb.sh start DIR PORT    starts it (idempotent) and waits until it answers
#   mariadb.sh stop DIR [PORT]   ends it and waits; DIR stays
#   mariadb.sh status DIR [PORT] says whether it runs; exit code 0 or 1
# Users: root without a password on the socket DIR/mysqld.sock only, and 'sluice'@'127.0.0.1' with
# the password in MARIADB_PASSWORD (default: sluice-test-word) and every right, also on the database `shop`.
# MARIADB_ARGS: further arguments for the server.
set -euo pipefail

usage() { sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[ $# -ge 2 ] || usage
action=$1 dir=$2 port=${3:-}
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
socket=$dir/mysqld.sock
user=$(id -un)
password=${MARIADB_PASSWORD:-sluice-test-word}

# A process id alone proves nothing: it may belong to another program by now.
pid() {
  local p
  p=$(cat "$dir/mysqld.pid" 2>/dev/null) || return 1
  grep -qz -- "--datadir=$dir/data" "/proc/$p/cmdline" 2>/dev/null || return 1
  echo "$p"
}
answers() { mariadb-admin --no-defaults --socket="$socket" --user=root --connect-timeout=2 ping >/dev/null 2>&1; }

start() {
  [ -n "$port" ] || usage
  if pid >/dev/null && answers; then echo "mariadb runs on 127.0.0.1:$port"; return; fi
  local server
  server=$(command -v mariadbd || ls /usr/sbin/mariadbd 2>/dev/null) || {
    echo "mariadbd is not installed: apt-get install mariadb-server" >&2; exit 1; }
  if [ ! -d "$dir/data/mysql" ]; then
    rm -rf "$dir/data"
    mariadb-install-db --no-defaults --user="$user" --datadir="$dir/data" --skip-test-db \
      --auth-root-authentication-method=normal --innodb-log-file-size=16M >"$dir/install.log" 2>&1
  fi
  cat >"$dir/init.sql" <<SQL
DELETE FROM mysql.global_priv WHERE User = '' OR (User = 'root' AND Host <> 'localhost');
FLUSH PRIVILEGES;
CREATE DATABASE IF NOT EXISTS shop CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS sluice@127.0.0.1;
ALTER USER sluice@127.0.0.1 IDENTIFIED BY '${password//\'/\'\'}';
GRANT ALL PRIVILEGES ON *.* TO sluice@127.0.0.1 WITH GRANT OPTION;
GRANT ALL PRIVILEGES ON shop.* TO sluice@127.0.0.1 WITH GRANT OPTION;
SQL
  chmod 600 "$dir/init.sql"
  # shellcheck disable=SC2086  # the arguments are words
  setsid nohup "$server" --no-defaults --user="$user" --datadir="$dir/data" --socket="$socket" \
    --pid-file="$dir/mysqld.pid" --log-error="$dir/error.log" --init-file="$dir/init.sql" \
    --bind-address=127.0.0.1 --port="$port" --skip-name-resolve \
    --log-bin=mysqld-bin --binlog-format=ROW --server-id=1 --sync-binlog=0 --max-binlog-size=256M \
    --innodb-buffer-pool-size=256M --innodb-log-file-size=16M --innodb-flush-log-at-trx-commit=0 \
    --innodb-fast-shutdown=2 --innodb-flush-method=nosync --sync-frm=0 --max-connections=200 --max-allowed-packet=256M \
    --character-set-server=utf8mb4 --local-infile=1 ${MARIADB_ARGS:-} </dev/null >"$dir/mariadbd.out" 2>&1 &
  local i
  for i in $(seq 600); do
    if [ -f "$dir/mysqld.pid" ] && answers; then echo "mariadb runs on 127.0.0.1:$port"; return; fi
    if ! kill -0 $! 2>/dev/null; then break; fi
    sleep 0.05
  done
  echo "mariadb did not start on port $port; the end of $dir/error.log:" >&2
  tail -5 "$dir/error.log" >&2
  exit 1
}

stop() {
  local p i
  p=$(pid) || { echo "mariadb does not run in $dir"; return; }
  kill "$p"
  for i in $(seq 200); do [ -d "/proc/$p" ] || { echo "mariadb stopped"; return; }; sleep 0.05; done
  kill -9 "$p"
  for i in $(seq 100); do [ -d "/proc/$p" ] || break; sleep 0.05; done
  echo "mariadb killed"
}

status() {
  local p
  if p=$(pid) && answers; then echo "mariadb runs: process $p in $dir"; else echo "mariadb does not run in $dir"; return 1; fi
}

case $action in
  start) start ;;
  stop) stop ;;
  status) status ;;
  *) usage ;;
esac
