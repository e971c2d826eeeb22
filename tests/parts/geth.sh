#!/usr/bin/env bash
# geth.sh start DIR PORT | stop DIR
# A throw-away geth on loopback, mining a block per transaction under mainnet's rules (Osaka): plain `--dev` runs rules
# ahead of mainnet, and its gas is not mainnet's. Prints the endpoint. DAOCHAIN_GETH names the binary (geth reads every name that begins GETH as a flag).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
command=$1 dir=$2
case $command in
start)
  port=$3 geth=${DAOCHAIN_GETH:-geth}
  mkdir -p "$dir"
  "$geth" init --datadir "$dir/data" "$here/../../assets/geth-genesis.json" >"$dir/init.log" 2>&1
  # --nat none: without it geth opens two UDP sockets beyond loopback.
  setsid "$geth" --dev --datadir "$dir/data" --nat none --cache 64 --http --http.addr 127.0.0.1 --http.port "$port" \
    --http.api eth,net,web3,debug,txpool --ws --ws.addr 127.0.0.1 --ws.port "$port" --authrpc.port 0 --ipcpath "$dir/geth.ipc" >"$dir/log" 2>&1 </dev/null &
  echo $! >"$dir/pid"
  for _ in $(seq 600); do
    # The socket appears when geth answers; a port alone could be another program's.
    if [ -S "$dir/geth.ipc" ] && grep -q 'HTTP server started' "$dir/log"; then
      "$geth" version | sed -n 's/^Version: /part: geth /p' >&2
      echo "http://127.0.0.1:$port"
      exit 0
    fi
    kill -0 "$(cat "$dir/pid")" 2>/dev/null || { tail -n 5 "$dir/log" >&2; exit 1; }
    sleep 0.1
  done
  echo "geth did not answer within 60 s; its log is $dir/log" >&2
  exit 1 ;;
stop)
  [ -f "$dir/pid" ] || exit 0
  pid=$(cat "$dir/pid")
  kill "$pid" 2>/dev/null || true
  for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
  kill -9 "$pid" 2>/dev/null || true
  rm -f "$dir/pid" ;;
*) echo "usage: geth.sh start DIR PORT | stop DIR" >&2; exit 2 ;;
esac
