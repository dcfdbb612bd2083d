#!/usr/bin/env bash
# Compares the simulated API server with a real one: starts etcd and an API server without controllers, and sends generated
# sequences of requests to both.
#
#   run.sh BINARY [FLAG VALUE]...    flags of pilothouse-conformance: --seed, --sequences, --show
#
#   PILOTHOUSE_CACHE         where built tools are kept, see ../cluster/build.sh
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cluster=$here/../cluster
[ "$#" -ge 1 ] || { echo "usage: run.sh BINARY [FLAG VALUE]..." >&2; exit 2; }
binary=$1
shift

tools=$("$cluster/build.sh" | tail -n 1)
export PATH="$PATH:$tools" PILOTHOUSE_CLUSTER_PARTS=api
work=$(mktemp -d "${TMPDIR:-/tmp}/pilothouse-conformance.XXXXXX")
proxy=

finish() {
  [ -z "$proxy" ] || kill "$proxy" 2>/dev/null || true
  "$cluster/down.sh" "$work" >&2 || true
  rm -rf "$work"
}
trap finish EXIT

kubeconfig=$(PILOTHOUSE_CLUSTER_PORT=${PILOTHOUSE_CLUSTER_PORT:-0} "$cluster/up.sh" "$work")
: >"$work/proxy.log"
kubectl --kubeconfig "$kubeconfig" proxy --port=0 --reject-paths='^$' >"$work/proxy.log" 2>&1 &
proxy=$!
address=
for ((attempt = 0; attempt < 100; attempt++)); do
  address=$(sed -nE 's/^Starting to serve on (.*)$/\1/p' "$work/proxy.log")
  [ -z "$address" ] || break
  sleep 0.1
done
[ -n "$address" ] || { echo "run.sh: kubectl proxy did not start" >&2; exit 1; }

"$binary" --server "$address" "$@"
