#!/usr/bin/env bash
# The operator on a real API server: recorded scenarios, then tests of our own. The last line is "N passed, N failed".
#
#   run.sh [BINARY]    without BINARY, the release binary is built
#
#   PILOTHOUSE_E2E        what to run, default: all, see `parts`
#   PILOTHOUSE_E2E_FOLDER where that is, default the folder of this script
#   PILOTHOUSE_SCENARIOS  patterns of the scenarios that `acceptance` plays, default: all
#   PILOTHOUSE_CACHE      where built tools are kept, see ../cluster/build.sh
#   KEEP_LOGS             not empty: keep the folder with logs also when all passed
#
# Needs Linux, bash, python3, Go for the first build of the tools (helm, kubectl and the cluster itself), and the
# folder `shared` beside the checkout.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
shared=$root/../shared

die() { printf 'run.sh: error: %s\n' "$*" >&2; echo "0 passed, 1 failed"; exit 1; }

command -v python3 >/dev/null || die "python3 is missing"
for needed in acceptance/run.py acceptance/crds charts/charts; do
  [ -e "$shared/$needed" ] || die "$needed is missing in the folder 'shared' beside the checkout"
done

if [ "$#" -ge 1 ]; then
  binary=$1
else
  (cd "$root" && cargo build --locked --release -p pilothouse -p pilothouse-conformance) || die "the operator does not build"
  binary=${CARGO_TARGET_DIR:-$root/target}/release/pilothouse
fi
[ -x "$binary" ] || die "$binary is not an executable file"
binary=$(cd "$(dirname "$binary")" && pwd)/$(basename "$binary")

tools=$("$root/tests/cluster/build.sh" | tail -n 1) || die "the tools of tests/cluster do not build"
export PATH="$PATH:$tools"
command -v kubectl >/dev/null || die "kubectl is missing"
[ -x "$tools/helm" ] || die "helm is missing in $tools"

work=$(mktemp -d "${TMPDIR:-/tmp}/pilothouse-e2e.XXXXXX")
logs=$work/logs
mkdir -p "$logs"

finish() {
  local status=$?
  trap - EXIT
  "$root/tests/cluster/down.sh" "$work/cluster" >&2 || true
  rm -rf "$work/cluster"
  if [ "$status" -eq 0 ] && [ -z "${KEEP_LOGS:-}" ]; then
    rm -rf "$work"
  else
    echo "logs: $logs" >&2
  fi
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

KUBECONFIG=$(PILOTHOUSE_CLUSTER_PORT=${PILOTHOUSE_CLUSTER_PORT:-0} "$root/tests/cluster/up.sh" "$work/cluster") ||
  { echo "0 passed, 1 failed"; exit 1; }
export KUBECONFIG

# The definition of HelmRelease is our own; those of the sources belong to source-controller.
"$binary" crds | kubectl apply --server-side -f - >/dev/null
for file in "$shared"/acceptance/crds/*; do
  grep -q 'helmreleases.helm.toolkit.fluxcd.io' "$file" || kubectl apply --server-side -f "$file" >/dev/null
done
kubectl wait --for=condition=Established --timeout=30s crd --all >/dev/null

# Built along with the operator, or beside it.
PILOTHOUSE_CONFORMANCE=${PILOTHOUSE_CONFORMANCE:-$(dirname "$binary")/pilothouse-conformance}
export PILOTHOUSE_CONFORMANCE PILOTHOUSE=$binary PILOTHOUSE_HELM=$tools/helm PILOTHOUSE_E2E_LOGS=$logs PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1

parts='dev conformance acceptance podinfo bad_input outage leader operations drift killed recording measure'
passed=0
failed=0
for part in ${PILOTHOUSE_E2E:-$parts}; do
  printf '== %s\n' "$part"
  began=$SECONDS status=0
  python3 "${PILOTHOUSE_E2E_FOLDER:-$here}/$part.py" 2>&1 | tee "$logs/$part.log" || status=$?
  read -r good bad < <(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed.*$/\1 \2/p' "$logs/$part.log" | tail -n 1 | grep . || echo 0 0)
  if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
  passed=$((passed + good)) failed=$((failed + bad))
  printf '== %s took %d s\n' "$part" $((SECONDS - began))
  if [ "$bad" -ne 0 ]; then
    for log in "$logs/$part".*operator.log; do
      [ -e "$log" ] || continue
      echo "the end of ${log##*/}:"
      tail -n 20 "$log" | cut -c1-500
    done
  fi
done

printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
