#!/usr/bin/env bash
# dockerd.sh start DIR | stop DIR
# A throw-away Docker engine on the private socket DIR/docker.sock, with everything it writes below DIR. The host's
# network stays as it is: no bridge, no packet filter, no forwarding. Needs root (or sudo) and Debian's docker.io.
# Prints the endpoint. DIR must leave room for a socket's path: 107 bytes in all.
set -euo pipefail
usage() { echo "usage: dockerd.sh start DIR | stop DIR" >&2; exit 2; }
[ $# -eq 2 ] || usage
command=$1
root=()
[ "$(id -u)" -eq 0 ] || root=(sudo)

answers() { curl -fs -m 2 --unix-socket "$dir/docker.sock" http://engine/_ping >/dev/null 2>&1; }

# running FILE: the process that FILE names, if it is one of this folder's. A recycled number is another's process.
running() {
  local pid
  pid=$("${root[@]}" cat "$1" 2>/dev/null) && [[ $pid =~ ^[0-9]+$ ]] || return 1
  "${root[@]}" grep -qzF -- "$dir/" "/proc/$pid/cmdline" 2>/dev/null && echo "$pid"
}

# end FILE: asks the process to end, waits, then insists.
end() {
  local pid
  pid=$(running "$1") || return 0
  "${root[@]}" kill "$pid" 2>/dev/null || true
  for _ in $(seq 150); do running "$1" >/dev/null || return 0; sleep 0.1; done
  "${root[@]}" kill -9 "$pid" 2>/dev/null || true
  for _ in $(seq 50); do running "$1" >/dev/null || return 0; sleep 0.1; done
}

stop() {
  end "$dir/dockerd.pid"
  # dockerd ends its containerd, unless dockerd itself was killed.
  end "$dir/exec/containerd/containerd.pid"
  local mounts
  # The deepest first. mountinfo writes blanks in paths as \040.
  mounts=$(awk -v below="${dir// /\\\\040}/" 'index($5, below) == 1 { print length($5), $5 }' /proc/self/mountinfo | sort -rn | cut -d' ' -f2-)
  while IFS= read -r mount; do
    [ -z "$mount" ] || "${root[@]}" umount -l "$(printf '%b' "${mount//\\/\\0}")" 2>/dev/null || true
  done <<<"$mounts"
  "${root[@]}" rm -f "$dir/dockerd.pid" "$dir/docker.sock"
}

# try DRIVER: false when the engine gives up, or stays silent for a minute.
try() {
  # A group of its own: what ends the caller's (a key, a closed terminal) must not end this half-way.
  "${root[@]}" setsid dockerd --data-root "$dir/root" --exec-root "$dir/exec" --pidfile "$dir/dockerd.pid" \
    --host "unix://$dir/docker.sock" --group "$(id -gn)" --storage-driver "$1" --bridge=none --iptables=false \
    --ip6tables=false --ip-forward=false --ip-masq=false --insecure-registry 127.0.0.0/8 >"$dir/log" 2>&1 </dev/null &
  local started=$!
  for _ in $(seq 300); do
    answers && return 0
    kill -0 "$started" 2>/dev/null || running "$dir/dockerd.pid" >/dev/null || return 1
    sleep 0.2
  done
  return 1
}

case $command in
start)
  mkdir -p "$2"
  dir=$(cd "$2" && pwd -P)
  socket=$dir/exec/containerd/containerd-debug.sock
  [ ${#socket} -le 107 ] || { echo "dockerd.sh: the path $dir is too long for sockets below it" >&2; exit 1; }
  if ! { running "$dir/dockerd.pid" >/dev/null && answers; }; then
    stop
    # overlay on overlay (a container's own file system) is refused by the kernel; vfs copies, and works everywhere.
    if ! try overlay2; then
      stop
      if ! grep -qi overlay "$dir/log" || ! try vfs; then
        tail -n 5 "$dir/log" >&2
        stop
        echo "dockerd.sh: the engine did not start; its log is $dir/log" >&2
        exit 1
      fi
    fi
  fi
  # Not by the docker command: newer Debians package it apart from the engine.
  curl -fs --unix-socket "$dir/docker.sock" http://engine/info |
    sed -n 's/.*"Driver":"\([^"]*\)".*"ServerVersion":"\([^"]*\)".*/part: docker \2, \1/p' >&2
  echo "unix://$dir/docker.sock" ;;
stop)
  [ -d "$2" ] || exit 0
  dir=$(cd "$2" && pwd -P)
  stop ;;
*) usage ;;
esac
