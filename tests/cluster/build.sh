#!/usr/bin/env bash
# Builds the tools the cluster tests need: helm, kwok, the control plane and,
# where none is on PATH, kubectl. A tool that is already built is left alone.
#
#   build.sh [helm] [kwok] [cluster] [kubectl]    (default: all that are needed)
#
# The last line of standard output is the folder with the binaries.
# PILOTHOUSE_CACHE changes where they are kept, outside the checkout.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tools="${PILOTHOUSE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pilothouse}/tools"

kubernetes_version=v1.36.1 # go.mod must agree, checked below
kwok_version=v0.7.0
helm_version=v4.2.4

say() { printf 'build.sh: %s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

grep -q "k8s.io/kubernetes $kubernetes_version\$" "$here/go.mod" ||
  die "go.mod does not name k8s.io/kubernetes $kubernetes_version"

minor=${kubernetes_version#v1.}
minor=${minor%%.*}
# Without these the components take themselves for v0.0.0 and refuse to start.
version_flags=
for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
  version_flags+=" -X $package.gitVersion=$kubernetes_version"
  version_flags+=" -X $package.gitMajor=1 -X $package.gitMinor=$minor"
done

helm_flags="-s -w -X helm.sh/helm/v4/internal/version.version=$helm_version"

[ "$#" -gt 0 ] || {
  set -- helm kwok cluster
  command -v kubectl >/dev/null || set -- kubectl "$@"
}

# What a tool is built from; a change makes another key and so another folder.
inputs() {
  uname -sm
  case $1 in
    helm) echo "$helm_version $helm_flags" ;;
    kwok) echo "$kwok_version" ;;
    kubectl) echo "$version_flags"; cat "$here/go.mod" "$here/go.sum" ;;
    cluster) echo "$version_flags"; cat "$here/go.mod" "$here/go.sum" "$here/main.go" ;;
    *) die "unknown tool: $1" ;;
  esac
}

# Flags of the caller must not change the result.
run_go() { GOFLAGS=-buildvcs=false CGO_ENABLED=0 GOWORK=off nice -n 5 go "$@"; }

compile() { # tool, folder
  case $1 in
    helm) GOBIN=$2 run_go install -trimpath -ldflags "$helm_flags" "helm.sh/helm/v4/cmd/helm@$helm_version" ;;
    kwok) GOBIN=$2 run_go install -trimpath -ldflags "-s -w" "sigs.k8s.io/kwok/cmd/kwok@$kwok_version" ;;
    cluster) in_module "$2/cluster" . ;;
    kubectl) in_module "$2/kubectl" k8s.io/kubernetes/cmd/kubectl ;;
  esac
}

in_module() { # binary, package
  (cd "$here" && run_go build -trimpath -mod=readonly -ldflags "-s -w$version_flags" -o "$1" "$2")
}

mkdir -p "$tools/bin" "$tools/store"
exec 9>"$tools/lock"
locked=

for tool in "$@"; do
  key=$(inputs "$tool" | sha256sum | cut -c1-16)
  store="$tools/store/$tool-$key"
  if [ ! -x "$store/$tool" ]; then
    command -v go >/dev/null || die "go is needed to build $tool: install Go $(sed -n 's/^go //p' "$here/go.mod") or later"
    if [ -z "$locked" ] && command -v flock >/dev/null; then
      flock -n 9 || { say "waiting for another build"; flock 9; }
      locked=yes
    fi
  fi
  if [ ! -x "$store/$tool" ]; then
    say "building $tool (the first build of the cluster takes some minutes)"
    started=$SECONDS
    scratch=$(mktemp -d "$tools/store/.$tool.XXXXXX")
    trap 'rm -rf "$scratch"' EXIT
    compile "$tool" "$scratch" >&2 || die "building $tool failed"
    chmod 755 "$scratch"
    rm -rf "$store"
    mv "$scratch" "$store"
    trap - EXIT
    say "built $tool in $((SECONDS - started)) s"
  fi
  # Replaced in one step: others may be using the link.
  if [ "$(readlink "$tools/bin/$tool" || true)" != "../store/$tool-$key/$tool" ]; then
    ln -s "../store/$tool-$key/$tool" "$tools/bin/.$tool.$$"
    mv -Tf "$tools/bin/.$tool.$$" "$tools/bin/$tool"
  fi
done

printf '%s\n' "$tools/bin"
