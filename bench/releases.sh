#!/usr/bin/env bash
# Cost of many releases on a real API server, beside plain `kubectl apply` on the same one.
#
#   bench/releases.sh [BINARY]     without BINARY, the release binary is built
#
#   RELEASES, CONCURRENT   default 100 and 10
#   SECONDS_MAX            bound of each step, default 900
#   PLAIN=no               leaves plain apply out
#
# Needs what tests/e2e/run.sh needs.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PILOTHOUSE_E2E_FOLDER=$here PILOTHOUSE_E2E=releases exec "$here/../tests/e2e/run.sh" "$@"
