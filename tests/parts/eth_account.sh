#!/usr/bin/env bash
# eth_account.sh fetch DIR VERSION
# The Python library eth-account, another hand's reader and writer of key files, in an environment of its own in DIR.
# DIR/bin/python runs it. Its dependencies are those that pip finds for it.
set -euo pipefail
[ $# -eq 3 ] && [ "$1" = fetch ] || { echo "usage: eth_account.sh fetch DIR VERSION" >&2; exit 2; }
dir=$2 version=$3
! "$dir/bin/python" -c 'import eth_account' 2>/dev/null || exit 0
rm -rf "$dir"
python3 -m venv "$dir"
"$dir/bin/pip" install --quiet --disable-pip-version-check "eth-account==$version" >&2
"$dir/bin/python" -c 'import eth_account'
