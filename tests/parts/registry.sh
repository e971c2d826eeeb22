#!/usr/bin/env bash
# registry.sh start DIR PORT | stop DIR
# A throw-away image registry on loopback, without login, with everything it writes below DIR. Prints the endpoint.
# DAOCHAIN_REGISTRY names the binary of Debian's docker-registry.
set -euo pipefail
usage() { echo "usage: registry.sh start DIR PORT | stop DIR" >&2; exit 2; }
[ $# -ge 2 ] || usage
command=$1 dir=$2
case $command in
start)
  [ $# -eq 3 ] || usage
  port=$3 registry=${DAOCHAIN_REGISTRY:-docker-registry}
  mkdir -p "$dir/data"
  cat >"$dir/config.yml" <<EOF
version: 0.1
log: {level: warn}
storage:
  filesystem: {rootdirectory: "$dir/data"}
  delete: {enabled: true}
http: {addr: "127.0.0.1:$port"}
EOF
  # Without the caller's surroundings: every name that begins REGISTRY_ would be read as configuration.
  env -i PATH="$PATH" OTEL_TRACES_EXPORTER=none setsid "$registry" serve "$dir/config.yml" >"$dir/log" 2>&1 </dev/null &
  echo $! >"$dir/pid"
  for _ in $(seq 200); do
    # A process that is gone left its port to another program, which may answer.
    kill -0 "$(cat "$dir/pid")" 2>/dev/null || { tail -n 5 "$dir/log" >&2; exit 1; }
    if curl -fs -m 1 --noproxy '*' "http://127.0.0.1:$port/v2/" >/dev/null 2>&1; then
      "$registry" --version | awk '{ print "part: docker-registry " $NF }' >&2
      echo "http://127.0.0.1:$port"
      exit 0
    fi
    sleep 0.1
  done
  echo "the registry did not answer within 20 s; its log is $dir/log" >&2
  exit 1 ;;
stop)
  [ -f "$dir/pid" ] || exit 0
  pid=$(cat "$dir/pid")
  kill "$pid" 2>/dev/null || true
  for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
  kill -9 "$pid" 2>/dev/null || true
  rm -f "$dir/pid" ;;
*) usage ;;
esac
