#!/usr/bin/env bash
# Starts a fresh cluster and prints the path of its kubeconfig.
#
#   up.sh DIR
#
# DIR receives data, logs, process ids and the kubeconfig. A cluster that
# already runs in DIR is left as it is.
#
#   PILOTHOUSE_CLUSTER_PORT  port of the API server, default 26443; the next
#                            two are taken by etcd. 0 looks for free ports.
#   PILOTHOUSE_CLUSTER_PARTS api starts etcd and the API server alone
#   PILOTHOUSE_CACHE         see build.sh
set -euo pipefail
umask 077

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[ "$#" -eq 1 ] || { echo "usage: up.sh DIR" >&2; exit 2; }
mkdir -p "$1"
dir=$(cd "$1" && pwd -P)
# shellcheck source=lib.sh
. "$here/lib.sh"

say() { printf 'up.sh: %s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

running=0
for part in "${parts[@]}"; do
  if pid_of "$part" >/dev/null; then running=$((running + 1)); fi
done
if [ "$running" -eq "${#parts[@]}" ] && [ -e "$dir/ready" ]; then
  say "already running"
  printf '%s\n' "$dir/kubeconfig"
  exit 0
fi
[ "$running" -eq 0 ] || die "$running of ${#parts[@]} parts are running in $dir, use down.sh first"

tools=$("$here/build.sh")
PATH="$PATH:$tools"

busy() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
three_free() { ! busy "$1" && ! busy "$(($1 + 1))" && ! busy "$(($1 + 2))"; }

port=${PILOTHOUSE_CLUSTER_PORT:-26443}
if [ "$port" -eq 0 ]; then
  # Below the range from which the kernel hands out ports by itself.
  for ((attempt = 0; attempt < 50; attempt++)); do
    port=$((20000 + RANDOM % 12000))
    if three_free "$port"; then break; fi
  done
fi
three_free "$port" || die "ports $port to $((port + 2)) are not free, set PILOTHOUSE_CLUSTER_PORT"
etcd_port=$((port + 1))
peer_port=$((port + 2))

remove_data
rm -rf "$dir/logs" "$dir/pids"
mkdir -p "$dir/pki" "$dir/logs" "$dir/pids" "$dir/kwok"
# What kubectl and helm remember of an earlier cluster at this port.
rm -rf "${KUBECACHEDIR:-${HOME:-/nonexistent}/.kube/cache}/discovery/127.0.0.1_$port"

finished=
failed() {
  local log
  [ -z "$finished" ] || return 0
  for log in "$dir"/logs/*.log; do
    [ -s "$log" ] || continue
    printf -- '--- %s\n' "$log" >&2
    tail -n 15 "$log" >&2
  done
  stop_all && remove_data
}
trap failed EXIT

token() { head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }
admin_token=$(token)
user_token=$(token)
system_token=$(token)
replica_a_token=$(token)
replica_b_token=$(token)

"$tools/cluster" pki "$dir/pki"
cat >"$dir/pki/tokens.csv" <<EOF
$admin_token,admin,admin,"system:masters"
$user_token,user,user
$replica_a_token,replica-a,replica-a,"system:masters"
$replica_b_token,replica-b,replica-b,"system:masters"
$system_token,control-plane,control-plane,"system:masters"
EOF

authority=$(base64 <"$dir/pki/ca.crt" | tr -d '\n')
kubeconfig() { # context, then pairs of user and token
  local context=$1 user
  shift
  printf '%s\n' "apiVersion: v1" "kind: Config" "current-context: $context" "clusters:" \
    "- name: test" "  cluster:" "    server: https://127.0.0.1:$port" \
    "    certificate-authority-data: $authority"
  local contexts="contexts:" users="users:"
  while [ "$#" -gt 0 ]; do
    user=$1
    contexts+=$'\n'"- name: $user"$'\n'"  context: {cluster: test, user: $user}"
    users+=$'\n'"- name: $user"$'\n'"  user: {token: $2}"
    shift 2
  done
  printf '%s\n' "$contexts" "$users"
}
kubeconfig admin admin "$admin_token" user "$user_token" replica-a "$replica_a_token" replica-b "$replica_b_token" \
  >"$dir/kubeconfig"
kubeconfig control-plane control-plane "$system_token" >"$dir/pki/kubeconfig"

# What two replicas of an operator have written, for a test of leader election.
cat >"$dir/pki/audit.yaml" <<'EOF'
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
  users: [replica-a, replica-b]
  verbs: [create, update, patch, delete, deletecollection]
- level: None
EOF

start() { # part, command
  local part=$1 pid
  shift
  # A new session: an interrupt at the terminal must not reach the cluster.
  setsid "$@" </dev/null >"$dir/logs/$part.log" 2>&1 &
  pid=$!
  disown "$pid" # no notices about its end
  echo "$pid" >"$dir/pids/$part"
  # Until it runs under its own name, pid_of does not recognise it.
  until pid_of "$part" >/dev/null || ! kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
}

alive() {
  local part
  for part in "$@"; do pid_of "$part" >/dev/null || die "$part ended, see $dir/logs/$part.log"; done
}

# Repeats a command until it succeeds, while the started parts stay alive.
await() { # description, seconds, command
  local what=$1 deadline=$((SECONDS + $2))
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || die "$what: not within the time allowed"
    alive "${started[@]}"
    sleep 0.1
  done
}

k() { kubectl --kubeconfig "$dir/kubeconfig" --cache-dir "$dir/kwok/cache" --request-timeout 10s "$@"; }

began=$SECONDS
started=(etcd kube-apiserver)
start etcd "$tools/cluster" etcd \
  --name=test --data-dir="$dir/etcd" --unsafe-no-fsync --log-level=warn \
  --listen-client-urls="http://127.0.0.1:$etcd_port" \
  --advertise-client-urls="http://127.0.0.1:$etcd_port" \
  --listen-peer-urls="http://127.0.0.1:$peer_port" \
  --initial-advertise-peer-urls="http://127.0.0.1:$peer_port" \
  --initial-cluster="test=http://127.0.0.1:$peer_port" \
  --quota-backend-bytes=4294967296

start kube-apiserver "$tools/cluster" kube-apiserver \
  --etcd-servers="http://127.0.0.1:$etcd_port" \
  --bind-address=127.0.0.1 --secure-port="$port" --advertise-address=127.0.0.1 \
  --endpoint-reconciler-type=none \
  --tls-cert-file="$dir/pki/server.crt" --tls-private-key-file="$dir/pki/server.key" \
  --token-auth-file="$dir/pki/tokens.csv" \
  --authorization-mode=RBAC \
  --service-account-issuer=https://kubernetes.default.svc \
  --service-account-key-file="$dir/pki/service-account.key" \
  --service-account-signing-key-file="$dir/pki/service-account.key" \
  --service-cluster-ip-range=10.96.0.0/16 \
  --audit-policy-file="$dir/pki/audit.yaml" --audit-log-path="$dir/logs/audit.log" \
  --profiling=false

await "the API server" 60 k get --raw /readyz

ready() {
  alive "${parts[@]}"
  touch "$dir/ready"
  finished=yes
  say "ready after $((SECONDS - began)) s at https://127.0.0.1:$port"
  printf '%s\n' "$dir/kubeconfig"
}
if [ "${PILOTHOUSE_CLUSTER_PARTS:-all}" = api ]; then
  ready
  exit
fi

start kube-controller-manager "$tools/cluster" kube-controller-manager \
  --kubeconfig="$dir/pki/kubeconfig" --secure-port=0 --leader-elect=false \
  --controllers='*,-node-lifecycle-controller,-taint-eviction-controller' \
  --service-account-private-key-file="$dir/pki/service-account.key" \
  --root-ca-file="$dir/pki/ca.crt" --flex-volume-plugin-dir="$dir/pki/volume-plugins" \
  --kube-api-qps=1000 --kube-api-burst=2000 --profiling=false

start kube-scheduler "$tools/cluster" kube-scheduler \
  --kubeconfig="$dir/pki/kubeconfig" --secure-port=0 --leader-elect=false \
  --kube-api-qps=1000 --kube-api-burst=2000 --profiling=false

start kwok env KWOK_WORKDIR="$dir/kwok" "$tools/kwok" \
  --kubeconfig="$dir/pki/kubeconfig" --manage-all-nodes
started=("${parts[@]}")

cat >"$dir/kwok/node.yaml" <<'EOF'
apiVersion: v1
kind: Node
metadata:
  name: node
  labels:
    kubernetes.io/hostname: node
    kubernetes.io/os: linux
EOF
await "the node" 20 k apply -f "$dir/kwok/node.yaml"

node_ready() {
  [ "$(k get node node -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')" = True ]
}
untainted() {
  k taint node node node.kubernetes.io/not-ready- || true
  [ -z "$(k get node node -o 'jsonpath={.spec.taints}')" ]
}
await "the node" 60 node_ready
await "the taint of the node" 20 untainted
await "the service account" 60 k get serviceaccount --namespace default default

ready
