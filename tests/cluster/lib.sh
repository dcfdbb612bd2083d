# Shared by up.sh and down.sh, which set `dir` to an absolute path.
# shellcheck shell=bash

parts=(kwok kube-scheduler kube-controller-manager kube-apiserver etcd)
# Without controllers nothing changes an object but the requests of its clients.
if [ "${PILOTHOUSE_CLUSTER_PARTS:-all}" = api ]; then parts=(kube-apiserver etcd); fi

# Prints the process id of a part when that process is alive and ours: an id
# that was given to someone else since does not have our folder among its
# arguments.
pid_of() {
  local pid arguments
  pid=$(cat "$dir/pids/$1" 2>/dev/null) || return 1
  arguments=$(ps -ww -o args= -p "$pid" 2>/dev/null) || return 1
  [[ $arguments == *"$dir/"* ]] || return 1
  printf '%s\n' "$pid"
}

# Stops every part: asks first, then insists. Nothing of value is lost, a
# stopped cluster is never started again with its data.
stop_all() {
  local part pid pids=() waited
  for part in "${parts[@]}"; do
    if pid=$(pid_of "$part"); then
      pids+=("$pid")
      kill -TERM "$pid" 2>/dev/null || true
    fi
  done
  for ((waited = 0; waited < 50; waited++)); do
    still_running "${pids[@]}" || break
    sleep 0.1
  done
  for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
  for ((waited = 0; waited < 50; waited++)); do
    still_running "${pids[@]}" || break
    sleep 0.1
  done
  if still_running "${pids[@]}"; then
    echo "error: processes still running: ${pids[*]}" >&2
    return 1
  fi
  rm -rf "$dir/pids"
}

# A process that ended but was not yet reaped counts as gone.
still_running() {
  local pid state
  for pid in "$@"; do
    state=$(ps -o stat= -p "$pid" 2>/dev/null) || continue
    [[ $state == Z* ]] || return 0
  done
  return 1
}

# Everything but the logs. The keys and tokens go too.
remove_data() {
  rm -rf "$dir/etcd" "$dir/pki" "$dir/kwok" "$dir/kubeconfig" "$dir/ready"
}
