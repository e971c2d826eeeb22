#!/usr/bin/env bash
# registry.sh fetch FILE | start DIR PORT [HTPASSWD | token REALM CERTIFICATE] | stop DIR
# A throw-away image registry on loopback, with everything it writes below DIR; without login, unless HTPASSWD is a file of
# users, or tokens come from REALM, signed by CERTIFICATE's key. Prints the endpoint. DAOCHAIN_REGISTRY names the binary of Debian's docker-registry, which `fetch` puts into FILE.
set -euo pipefail
usage() { echo "usage: registry.sh fetch FILE | start DIR PORT [HTPASSWD | token REALM CERTIFICATE] | stop DIR" >&2; exit 2; }
[ $# -ge 2 ] || usage
command=$1 dir=$2
case $command in
fetch)
  [ ! -x "$dir" ] || exit 0
  # Unpacked, not installed: the package starts a service that listens beyond loopback.
  package=$(mktemp -d "${TMPDIR:-/tmp}/daochain-registry.XXXXXX")
  trap 'rm -rf "$package"' EXIT
  user=()
  [ "$(id -u)" -ne 0 ] || user=(-o APT::Sandbox::User=root)
  (cd "$package" && { apt-get "${user[@]}" -qq download docker-registry 2>/dev/null ||
    { apt-get update -qq && apt-get "${user[@]}" -qq download docker-registry; }; } &&
    dpkg-deb -x docker-registry_*.deb .) >&2
  mv "$package/usr/bin/docker-registry" "$dir" ;;
start)
  [ $# -eq 3 ] || [ $# -eq 4 ] || { [ $# -eq 6 ] && [ "$4" = token ]; } || usage
  port=$3 registry=${DAOCHAIN_REGISTRY:-docker-registry}
  mkdir -p "$dir/data"
  cat >"$dir/config.yml" <<EOF
version: 0.1
log: {level: warn}
storage:
  filesystem: {rootdirectory: "$dir/data"}
  delete: {enabled: true}
http:
  addr: "127.0.0.1:$port"
EOF
  scheme=http
  # DIR/tls.crt and DIR/tls.key, where they are there, are what it shows.
  if [ -f "$dir/tls.crt" ]; then
    scheme=https
    printf '  tls: {certificate: "%s", key: "%s"}\n' "$dir/tls.crt" "$dir/tls.key" >>"$dir/config.yml"
  fi
  if [ $# -eq 6 ]; then
    printf 'auth:\n  token: {realm: "%s", service: lab, issuer: lab, rootcertbundle: "%s"}\n' "$5" "$6" >>"$dir/config.yml"
  elif [ -n "${4:-}" ]; then
    printf 'auth:\n  htpasswd: {realm: tests, path: "%s"}\n' "$4" >>"$dir/config.yml"
  fi
  # Without the caller's surroundings: every name that begins REGISTRY_ would be read as configuration.
  env -i PATH="$PATH" OTEL_TRACES_EXPORTER=none setsid "$registry" serve "$dir/config.yml" >"$dir/log" 2>&1 </dev/null &
  echo $! >"$dir/pid"
  for _ in $(seq 200); do
    # A process that is gone left its port to another program, which may answer.
    kill -0 "$(cat "$dir/pid")" 2>/dev/null || { tail -n 5 "$dir/log" >&2; exit 1; }
    if curl -sk -m 1 --noproxy '*' "$scheme://127.0.0.1:$port/v2/" >/dev/null 2>&1; then
      "$registry" --version | awk '{ print "part: docker-registry " $NF }' >&2
      echo "$scheme://127.0.0.1:$port"
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
