#!/usr/bin/env bash
# newer_dockerd.sh start DIR SUITE STORE | stop DIR
# A throw-away Docker engine of a newer Debian, in a change of root, on the private socket DIR/docker.sock. SUITE is trixie
# (Docker 26.1) or forky (28.5), STORE is overlay2 or containerd. The root is made once, in DAOCHAIN_CACHE/engines/SUITE.
# Needs root, debootstrap, and for DIR a file system that overlays can lie on (ext4, xfs). Prints the endpoint.
set -euo pipefail
usage() { echo "usage: newer_dockerd.sh start DIR SUITE STORE | stop DIR" >&2; exit 2; }
[ $# -ge 2 ] || usage
command=$1

make_root() {
  [ -x "$chroot/usr/sbin/dockerd" ] && return 0
  local mirror scripts=/usr/share/debootstrap/scripts
  # The mirror that this machine's own apt uses. A server's sources may be in either form.
  # Any of the three may be missing.
  mirror=$({ cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null || true; } |
    awk '/^URIs:/ { print $2 } /^deb / { for (i = 2; i <= NF; i++) if ($i ~ /^http/) { print $i; break } }' |
    awk '/\/debian\/?$/ && !found { print; found = 1 }')
  [ -n "$mirror" ] || { echo "newer_dockerd.sh: no Debian mirror in /etc/apt" >&2; exit 1; }
  [ -e "$scripts/$suite" ] || ln -s sid "$scripts/$suite"
  rm -rf "$chroot"
  mkdir -p "$chroot"
  echo "making a root of $suite in $chroot" >&2
  debootstrap --variant=minbase --keyring=/usr/share/keyrings/debian-archive-keyring.gpg --include=ca-certificates \
    "$suite" "$chroot" "$mirror" >"$chroot.log" 2>&1
  cp /etc/resolv.conf "$chroot/etc/"
  # Check-Valid-Until: a testing suite's Release file may be out of date by this machine's clock.
  chroot "$chroot" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Check-Valid-Until=false install -y \
    --no-install-recommends docker.io >>"$chroot.log" 2>&1
}

case $command in
start)
  [ $# -eq 4 ] || usage
  mkdir -p "$2"
  dir=$(cd "$2" && pwd -P) suite=$3 store=$4
  chroot=${DAOCHAIN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/daochain}/engines/$suite
  make_root
  mkdir -p "$dir/data" "$chroot$dir"
  snapshotter=false
  [ "$store" != containerd ] || snapshotter=true
  printf '{"features":{"containerd-snapshotter":%s},"iptables":false,"ip6tables":false,"bridge":"none","insecure-registries":["127.0.0.0/8"]}\n' \
    "$snapshotter" >"$dir/daemon.json"
  # The root is bound on itself: the classic store's unpacker remounts "/", which fails unless / is a mount point. All
  # mounts are the engine's own and end with it.
  setsid unshare --mount --propagation private sh -c "
    mount --bind '$chroot' '$chroot' && mount -t proc proc '$chroot/proc' && mount --rbind /sys '$chroot/sys' &&
    mount --rbind /dev '$chroot/dev' && mount --bind '$dir' '$chroot$dir' &&
    exec chroot '$chroot' /usr/sbin/dockerd --config-file '$dir/daemon.json' --data-root '$dir/data' \
      --exec-root '$dir/exec' --pidfile '$dir/pid' --host 'unix://$dir/docker.sock'" >"$dir/log" 2>&1 </dev/null &
  started=$!
  for _ in $(seq 300); do
    if curl -fs -m 2 --unix-socket "$dir/docker.sock" http://engine/_ping >/dev/null 2>&1; then
      curl -fs --unix-socket "$dir/docker.sock" http://engine/info |
        sed -n 's/.*"Driver":"\([^"]*\)".*"ServerVersion":"\([^"]*\)".*/part: docker \2, \1/p' >&2
      echo "unix://$dir/docker.sock"
      exit 0
    fi
    kill -0 "$started" 2>/dev/null || break
    sleep 0.2
  done
  tail -n 5 "$dir/log" >&2
  echo "newer_dockerd.sh: the engine did not start; its log is $dir/log" >&2
  exit 1 ;;
stop)
  [ -d "$2" ] || exit 0
  dir=$(cd "$2" && pwd -P)
  for file in "$dir/pid" "$dir/exec/containerd/containerd.pid"; do
    pid=$(cat "$file" 2>/dev/null) || continue
    # A recycled number is another's process.
    grep -qzF -- "$dir/" "/proc/$pid/cmdline" 2>/dev/null || continue
    kill "$pid" 2>/dev/null || true
    for _ in $(seq 150); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    kill -9 "$pid" 2>/dev/null || true
  done
  rm -f "$dir/pid" "$dir/docker.sock" ;;
*) usage ;;
esac
