#!/usr/bin/env bash
# A server for SSH on loopback, for a look at the screen as it comes over a line: tests/parts/sshd.sh start|stop FOLDER [PORT]
#
# Debian's openssh-server, with a port, keys and settings of its own in FOLDER; nobody but the key in FOLDER gets in. Then
#
#   ssh -F FOLDER/config here          80x24, or whatever your terminal is
set -euo pipefail
folder=${2:?usage: sshd.sh start|stop FOLDER [PORT]}

case ${1:-} in
start)
  port=${3:-$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')}
  mkdir -p "$folder"
  folder=$(cd "$folder" && pwd)
  chmod 700 "$folder"
  for key in host user; do
    [ -e "$folder/$key" ] || ssh-keygen -q -t ed25519 -N '' -f "$folder/$key"
  done
  cp "$folder/user.pub" "$folder/authorized"
  cat >"$folder/sshd_config" <<END
ListenAddress 127.0.0.1
Port $port
HostKey $folder/host
PidFile $folder/pid
AuthorizedKeysFile $folder/authorized
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
PermitRootLogin prohibit-password
AcceptEnv LANG LC_* COLORTERM NO_COLOR DAOCHAIN_* DOCKER_HOST
# The folder lies below /tmp, which others may write to.
StrictModes no
END
  cat >"$folder/config" <<END
Host here
  HostName 127.0.0.1
  Port $port
  User $(id -un)
  IdentityFile $folder/user
  IdentitiesOnly yes
  UserKnownHostsFile $folder/known
  StrictHostKeyChecking accept-new
  RequestTTY yes
  SendEnv LANG LC_* COLORTERM NO_COLOR DAOCHAIN_* DOCKER_HOST
END
  # Where privileges are given up; the package makes it when its service starts, and it never did.
  [ "$(id -u)" -ne 0 ] || mkdir -p /run/sshd
  /usr/sbin/sshd -f "$folder/sshd_config" -E "$folder/log"
  # It listens once it has written its number.
  for _ in $(seq 600); do
    [ ! -s "$folder/pid" ] || break
    sleep 0.1
  done
  [ -s "$folder/pid" ] || { tail -n 5 "$folder/log" >&2; exit 1; }
  echo "ssh -F $folder/config here"
  ;;
stop)
  if [ -e "$folder/pid" ]; then
    kill "$(cat "$folder/pid")" || true
  fi
  ;;
*)
  sed -n '2,7s/^# \?//p' "$0" >&2
  exit 2
  ;;
esac
