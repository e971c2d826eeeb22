#!/usr/bin/env bash
# anvil.sh start DIR PORT | stop DIR
# A throw-away anvil on loopback. ANVIL names the binary; contracts/package-lock.json pins the one used by tests/run.
set -euo pipefail
command=$1 dir=$2
case $command in
start)
  port=$3 anvil=${ANVIL:-anvil}
  mkdir -p "$dir/home"
  # Its own HOME: anvil makes a ~/.foundry.
  HOME="$dir/home" setsid "$anvil" --host 127.0.0.1 --port "$port" --hardfork osaka --quiet >"$dir/log" 2>&1 </dev/null &
  echo $! >"$dir/pid"
  for _ in $(seq 600); do
    if curl -fs -m 1 -H 'content-type: application/json' -d '{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}' \
      "http://127.0.0.1:$port" >/dev/null 2>&1; then
      "$anvil" --version | sed -n '1s/^/part: /p' >&2
      echo "http://127.0.0.1:$port"
      exit 0
    fi
    kill -0 "$(cat "$dir/pid")" 2>/dev/null || { tail -n 5 "$dir/log" >&2; exit 1; }
    sleep 0.1
  done
  echo "anvil did not answer within 60 s; its log is $dir/log" >&2
  exit 1 ;;
stop)
  [ -f "$dir/pid" ] || exit 0
  pid=$(cat "$dir/pid")
  kill "$pid" 2>/dev/null || true
  for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
  kill -9 "$pid" 2>/dev/null || true
  rm -f "$dir/pid" ;;
*) echo "usage: anvil.sh start DIR PORT | stop DIR" >&2; exit 2 ;;
esac
