#!/usr/bin/env python3
"""`pilothouse dev` as a cluster: real kubectl and real helm on the simulated API server that it serves."""
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

from api import wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
EXAMPLES = os.path.join(HERE, '..', '..', 'examples')


class Dev:
    """A running `pilothouse dev` and the two clients. Used as context manager."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix='pilothouse-dev.')
        self.kubeconfig = os.path.join(self.folder, 'kubeconfig')
        self.log = open(os.path.join(os.environ.get('PILOTHOUSE_E2E_LOGS', self.folder), 'dev.operator.log'), 'w')
        # Both clients keep what they discover; here they keep it to themselves.
        self.environment = {**os.environ, 'KUBECONFIG': self.kubeconfig, 'HOME': self.folder,
                            'XDG_CACHE_HOME': os.path.join(self.folder, 'cache')}

    def __enter__(self):
        self.process = subprocess.Popen(
            [os.environ['PILOTHOUSE'], 'dev', EXAMPLES, '--kubeconfig', self.kubeconfig],
            stdout=self.log, stderr=subprocess.STDOUT)
        wait_until(lambda: os.path.exists(self.kubeconfig) or 'no kubeconfig', 30, 'start of pilothouse dev')
        self.kubectl('wait', 'helmrelease', '--all', '--for=condition=Ready', '--timeout=60s')
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def run(self, *command, check=True, text=None):
        ran = subprocess.run(command, env=self.environment, input=text, capture_output=True, text=True, timeout=90,
                             check=False)
        if check and ran.returncode:
            raise AssertionError(f'{" ".join(command)}: {ran.stderr.strip()}')
        return ran.stdout if check else ran

    def kubectl(self, *arguments, text=None):
        return self.run('kubectl', *arguments, text=text)

    def kubectl_fails(self, *arguments, text=None):
        ran = self.run('kubectl', *arguments, check=False, text=text)
        assert ran.returncode, f'kubectl {" ".join(arguments)} did not fail: {ran.stdout}'
        return ran.stderr

    def json(self, *arguments):
        return json.loads(self.kubectl('get', *arguments, '-o', 'json'))

    def helm(self, *arguments):
        return self.run(os.environ.get('PILOTHOUSE_HELM', 'helm'), *arguments)


def contains(text, *parts):
    for part in parts:
        assert part in text, f'{part!r} is not in:\n{text}'


def get(dev):
    """Tables have the columns that people know."""
    contains(dev.kubectl('get', 'helmreleases'), 'NAME', 'READY', 'STATUS', 'backend', 'True')
    contains(dev.kubectl('get', 'hr', 'backend', '-o', 'name'), 'helmrelease.helm.toolkit.fluxcd.io/backend')
    contains(dev.kubectl('get', 'deploy,svc,cm'), 'UP-TO-DATE', '3/3', 'CLUSTER-IP', '8080/TCP', 'DATA')
    contains(dev.kubectl('get', 'deploy', '-o', 'wide'), 'CONTAINERS', 'IMAGES', 'SELECTOR')
    contains(dev.kubectl('get', 'secrets', '-l', 'owner=helm,status in (deployed)'), 'helm.sh/release.v1')
    contains(dev.kubectl('get', 'namespaces', '-o', 'yaml'), 'kind: List', 'phase: Active')
    contains(dev.kubectl('get', 'all'), 'deployment.apps/')
    contains(dev.kubectl_fails('get', 'cm', 'nothing'), 'Error from server (NotFound): configmaps "nothing" not found')


def describe(dev):
    """Objects and what happened to them."""
    contains(dev.kubectl('describe', 'helmrelease', 'backend'), 'Kind:         HelmRelease', 'Events:', 'InstallSucceeded')
    name = dev.json('deploy')['items'][0]['metadata']['name']
    contains(dev.kubectl('describe', 'deploy', name), 'StrategyType:', 'Pod Template:')
    contains(dev.kubectl('get', 'events'), 'LAST SEEN', 'InstallSucceeded', 'helmrelease/backend')
    contains(dev.kubectl('explain', 'deployment.spec.replicas'), 'FIELD: replicas <integer>')
    contains(dev.kubectl('api-resources'), 'helmreleases', 'hr', 'deployments', 'deploy')
    contains(dev.kubectl('version'), 'Server Version: v1.')
    equal(dev.kubectl('auth', 'can-i', 'create', 'pods').strip(), 'yes', 'can-i')


def apply(dev):
    """Apply on both sides, and what a typing mistake gives."""
    manifest = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: applied}\ndata: {a: "1"}\n'
    contains(dev.kubectl('apply', '-f', '-', text=manifest), 'configmap/applied created')
    contains(dev.kubectl('apply', '-f', '-', text=manifest), 'configmap/applied unchanged')
    changed = manifest.replace('a: "1"', 'b: "2"')
    contains(dev.kubectl('apply', '--dry-run=server', '-f', '-', text=changed), 'configured (server dry run)')
    contains(dev.kubectl('apply', '-f', '-', text=changed), 'configmap/applied configured')
    equal(dev.json('cm', 'applied')['data'], {'b': '2'}, 'data')
    contains(dev.kubectl_fails('apply', '-f', '-', text=manifest.replace('\ndata:', '\ndada:')), 'unknown field "dada"')
    ours = manifest.replace('applied', 'ours')
    contains(dev.kubectl('apply', '--server-side', '-f', '-', text=ours), 'configmap/ours serverside-applied')
    conflict = dev.kubectl_fails('apply', '--server-side', '--field-manager=other', '-f', '-',
                                 text=ours.replace('"1"', '"2"'))
    contains(conflict, 'Apply failed with 1 conflict: conflict with "kubectl": .data.a')
    contains(dev.kubectl('diff', '-f', '-', text=ours), '')
    bad = 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: bad}\nspec: {replicas: 1}\n'
    contains(dev.kubectl_fails('apply', '-f', '-', text=bad), 'The Deployment "bad" is invalid', 'spec.selector: Required value')
    dev.kubectl('delete', 'cm', 'applied', 'ours')


def change(dev):
    """Create, edit, label, patch, scale, wait and delete."""
    dev.kubectl('create', 'deployment', 'web', '--image=nginx', '--replicas=2')
    contains(dev.kubectl('rollout', 'status', 'deploy/web', '--timeout=30s'), 'successfully rolled out')
    dev.kubectl('scale', 'deploy/web', '--replicas=3')
    equal(dev.json('deploy', 'web')['spec']['replicas'], 3, 'replicas')
    dev.kubectl('label', 'deploy', 'web', 'team=a')
    dev.kubectl('annotate', 'deploy', 'web', 'note=b')
    dev.kubectl('patch', 'deploy', 'web', '--type=json', '-p', '[{"op":"add","path":"/metadata/labels/x","value":"y"}]')
    dev.kubectl('set', 'image', 'deploy/web', 'nginx=nginx:2')
    editor = os.path.join(dev.folder, 'editor.sh')
    with open(editor, 'w') as file:
        file.write('#!/bin/sh\nsed -i "s/team: a/team: b/" "$1"\n')
    os.chmod(editor, 0o700)
    contains(dev.run('env', f'KUBE_EDITOR={editor}', 'kubectl', 'edit', 'deploy', 'web'), 'edited')
    web = dev.json('deploy', 'web')
    equal((web['metadata']['labels']['team'], web['metadata']['labels']['x']), ('b', 'y'), 'labels')
    equal(web['spec']['template']['spec']['containers'][0]['image'], 'nginx:2', 'image')
    dev.kubectl('wait', 'deploy/web', '--for=condition=Available', '--timeout=30s')
    contains(dev.kubectl('delete', 'deploy', 'web', '--timeout=30s'), 'deleted')
    contains(dev.kubectl_fails('get', 'deploy', 'web'), 'NotFound')
    dev.kubectl('create', 'namespace', 'short')
    dev.kubectl('create', 'configmap', 'x', '-n', 'short', '--from-literal=a=b')
    dev.kubectl('delete', 'namespace', 'short', '--timeout=30s')


def watch(dev):
    """`get -w` goes on as things happen."""
    watcher = subprocess.Popen(['kubectl', 'get', 'cm', '-w', '--output-watch-events'], env=dev.environment,
                               stdout=subprocess.PIPE, text=True)
    seen = []
    threading.Thread(target=lambda: seen.extend(iter(watcher.stdout.readline, '')), daemon=True).start()

    def has(event):
        return lambda: any(line.split()[:2] == [event, 'seen'] for line in seen) or seen
    try:
        time.sleep(1)
        dev.kubectl('create', 'configmap', 'seen', '--from-literal=a=b')
        wait_until(has('ADDED'), 10, 'the creation')
        dev.kubectl('label', 'cm', 'seen', 'x=y')
        wait_until(has('MODIFIED'), 10, 'the change')
        dev.kubectl('delete', 'cm', 'seen')
        wait_until(has('DELETED'), 10, 'the deletion')
    finally:
        watcher.kill()
        watcher.wait()


def pods(dev):
    """A Pod runs as far as Pods run here; what needs a container is refused clearly."""
    dev.kubectl('run', 'single', '--image=nginx')
    dev.kubectl('wait', 'pod/single', '--for=condition=Ready', '--timeout=30s')
    contains(dev.kubectl('get', 'pod', 'single'), 'STATUS', 'RESTARTS', '1/1', 'Running')
    contains(dev.kubectl_fails('logs', 'single'), 'no container runs in the simulated cluster')
    contains(dev.kubectl_fails('exec', 'single', '--', 'true'), 'simulated cluster')
    dev.kubectl('delete', 'pod', 'single', '--timeout=60s')


def operator(dev):
    """The operator reacts to kubectl, and Helm sees what it made."""
    contains(dev.helm('list', '--all-namespaces'), 'backend', 'frontend', 'deployed', 'webapp-1.0.0')
    contains(dev.helm('status', 'backend'), 'STATUS: deployed', 'REVISION: 1')
    contains(dev.helm('get', 'manifest', 'backend'), 'kind: Deployment')
    contains(dev.helm('get', 'values', 'backend', '--all'), 'COMPUTED VALUES')
    dev.kubectl('patch', 'hr', 'backend', '--type=merge', '-p', '{"spec":{"values":{"replicas":2}}}')
    dev.kubectl('wait', 'hr/backend', '--for=jsonpath={.status.history[0].version}=2', '--timeout=60s')
    dev.kubectl('wait', 'hr/backend', '--for=condition=Ready', '--timeout=60s')
    revisions = json.loads(dev.helm('history', 'backend', '-o', 'json'))
    equal([revision['status'] for revision in revisions], ['superseded', 'deployed'], 'history')
    dev.kubectl('delete', 'hr', 'frontend', '--timeout=60s')
    equal([release['name'] for release in json.loads(dev.helm('list', '-o', 'json')) if release['name'] == 'frontend'],
          [], 'releases')


def helm(dev):
    """A life of a release in the hands of Helm alone."""
    chart = os.path.join(EXAMPLES, 'webapp')
    contains(dev.helm('install', 'own', chart, '--wait', '--timeout', '60s'), 'STATUS: deployed')
    dev.helm('upgrade', 'own', chart, '--set', 'replicas=2', '--wait', '--timeout', '60s')
    dev.helm('rollback', 'own', '1', '--wait', '--timeout', '60s')
    revisions = json.loads(dev.helm('history', 'own', '-o', 'json'))
    equal([(revision['revision'], revision['status']) for revision in revisions],
          [(1, 'superseded'), (2, 'superseded'), (3, 'deployed')], 'history')
    contains(dev.helm('test', 'own', '--timeout', '60s'), 'Phase:          Succeeded')
    contains(dev.helm('uninstall', 'own', '--wait'), 'release "own" uninstalled')
    equal(dev.json('secrets', '-l', 'owner=helm,name=own')['items'], [], 'storage')


def ends(dev):
    """Ctrl-C ends it; the kubeconfig, which only its owner can read, is removed."""
    equal(os.stat(dev.kubeconfig).st_mode & 0o777, 0o600, 'mode')
    dev.process.send_signal(signal.SIGINT)
    dev.process.wait(timeout=20)
    assert not os.path.exists(dev.kubeconfig), 'the kubeconfig is left'


def equal(got, wanted, what):
    assert got == wanted, f'{what}: {got!r} instead of {wanted!r}'


TESTS = [get, describe, apply, change, watch, pods, helm, operator, ends]


def main(names):
    failed = 0
    with Dev() as dev:
        tests = [test for test in TESTS if not names or test.__name__ in names]
        for test in tests:
            began = time.monotonic()
            try:
                test(dev)
                print(f'ok   {test.__name__} ({time.monotonic() - began:.1f} s)', flush=True)
            except Exception as error:
                failed += 1
                where = '' if isinstance(error, AssertionError) and str(error) else traceback.format_exc()
                print(f'FAIL {test.__name__} ({time.monotonic() - began:.1f} s): {error}\n{where}', flush=True)
    print(f'{len(tests) - failed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
