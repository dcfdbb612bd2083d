#!/usr/bin/env bash
# Stops the cluster that up.sh started in DIR and removes its data. The logs
# stay. Fine to call when nothing runs.
#
#   down.sh DIR
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[ "$#" -eq 1 ] || { echo "usage: down.sh DIR" >&2; exit 2; }
[ -d "$1" ] || exit 0
dir=$(cd "$1" && pwd -P)
# shellcheck source=lib.sh
. "$here/lib.sh"

stop_all
remove_data
