"""What the end-to-end tests stand on: a cluster, the operator, a chart server, and whoever else a cluster has.

The test plays source-controller (it writes the status of HelmChart objects, whose archives are served on the loopback
interface) and the kubelet of test Pods (the fake kubelet never ends a Pod that no Job owns).
"""
import hashlib
import itertools
import json
import os
import subprocess
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from api import Api, ApiError, HELM, SOURCE, decode_release, wait_until
from operator_process import OperatorProcess

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PODINFO = os.path.join(ROOT, '..', 'shared', 'charts', 'charts', 'stefanprodan__podinfo__podinfo', 'chart.tgz')
HOOK = 'helm.sh/hook'
# No node of the cluster has this label: Pods that ask for it stay Pending.
NEVER = {'nodeSelector': {'pilothouse-tests': 'never'}}


class Bench:
    """One operator on the cluster of KUBECONFIG. Used as context manager."""

    def __init__(self, name, flags=()):
        self.kubeconfig = os.environ['KUBECONFIG']
        self.logs = os.environ.get('PILOTHOUSE_E2E_LOGS', '.')
        self.helm_binary = os.environ.get('PILOTHOUSE_HELM', 'helm')
        self.api = Api(self.kubeconfig)
        self.operator = OperatorProcess(os.environ['PILOTHOUSE'], self.kubeconfig,
                                        os.path.join(self.logs, f'{name}.operator.log'), flags)
        self.name, self.numbers, self.over = name, itertools.count(1), threading.Event()
        self.files, self.namespaces = {}, []
        with open(PODINFO, 'rb') as archive:
            self.files['podinfo.tgz'] = archive.read()
        self.server = ThreadingHTTPServer(('127.0.0.1', 0), self.handler())
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        threading.Thread(target=self.end_test_pods, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.over.set()
        self.operator.stop()
        for namespace in self.namespaces:
            self.clean(namespace)
        self.server.shutdown()
        self.api.close()

    def clean(self, namespace):
        """Removes a namespace of a test, also where the operator left a finalizer."""
        try:
            for release in self.api.list('HelmRelease', namespace):
                name = release['metadata']['name']
                self.api.delete('HelmRelease', namespace, name)
                if self.api.get('HelmRelease', namespace, name):
                    self.api.merge('HelmRelease', namespace, name, {'metadata': {'finalizers': None}})
            self.api.delete('Namespace', None, namespace)
        except ApiError as error:
            print(f'namespace {namespace} is left: {error}')

    def handler(self):
        files = self.files

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                body = files.get(self.path.lstrip('/'))
                self.send_response(404 if body is None else 200)
                self.send_header('Content-Length', str(len(body or b'')))
                self.end_headers()
                self.wfile.write(body or b'')

            def log_message(self, *_):
                pass
        return Handler

    def end_test_pods(self):
        """Ends running Pods of test hooks: those whose name has `fault` in it fail."""
        while not self.over.wait(0.3):
            try:
                for pod in self.api.list('Pod'):
                    meta = pod['metadata']
                    if HOOK not in (meta.get('annotations') or {}) or pod['status'].get('phase') != 'Running':
                        continue
                    phase = 'Failed' if 'fault' in meta['name'] else 'Succeeded'
                    self.api.merge('Pod', meta['namespace'], meta['name'], {'status': {'phase': phase}}, 'status')
            except Exception:  # a Pod that went away, or the end of the test
                pass

    def namespace(self, label):
        """A fresh namespace with its default service account."""
        # A namespace of an earlier run may still be on its way out.
        name = f'{self.name}-{label}-{os.getpid()}-{next(self.numbers)}'.replace('_', '-')
        self.namespaces.append(name)
        self.api.apply({'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': name}})
        wait_until(lambda: self.api.get('ServiceAccount', name, 'default') is not None, 20, 'service account')
        return Place(self, name)

    def helm(self, namespace, *arguments, check=True):
        """The real Helm binary as client of the same cluster."""
        ran = subprocess.run([self.helm_binary, '--kubeconfig', self.kubeconfig, '--namespace', namespace, *arguments],
                             capture_output=True, text=True, timeout=60, check=False)
        if check and ran.returncode:
            raise AssertionError(f'helm {" ".join(arguments)}: {ran.stderr.strip()}')
        return ran.stdout


class Place:
    """A namespace with HelmReleases of one test."""

    def __init__(self, bench, namespace):
        self.bench, self.api, self.namespace = bench, bench.api, namespace

    def source(self, name='podinfo', file='podinfo.tgz', revision='6.14.1', digest=None, ready=True, url=None):
        """A HelmChart object with the file as its artifact."""
        self.api.apply({'apiVersion': SOURCE, 'kind': 'HelmChart',
                        'metadata': {'name': name, 'namespace': self.namespace},
                        'spec': {'chart': name, 'interval': '1h',
                                 'sourceRef': {'kind': 'HelmRepository', 'name': 'charts'}}})
        self.publish(name, file, revision, digest, ready, url)

    def publish(self, name, file, revision, digest=None, ready=True, url=None):
        now = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())
        generation = self.api.get('HelmChart', self.namespace, name)['metadata']['generation']
        # A source that fails has not observed its generation.
        status = {'observedGeneration': generation if ready else -1, 'conditions': [
            {'type': 'Ready', 'status': str(ready), 'reason': 'Succeeded' if ready else 'ChartPullError',
             'message': 'stored artifact' if ready else 'no such chart', 'observedGeneration': generation,
             'lastTransitionTime': now}]}
        if file:
            data = self.bench.files.get(file, b'')
            status['artifact'] = {
                'url': url or f'http://127.0.0.1:{self.bench.server.server_port}/{file}', 'path': file,
                'digest': digest or 'sha256:' + hashlib.sha256(data).hexdigest(), 'revision': revision,
                'size': len(data), 'lastUpdateTime': now}
        self.api.merge('HelmChart', self.namespace, name, {'status': status}, 'status')

    def apply(self, name='podinfo', labels=None, **spec):
        """Applies a HelmRelease whose chart is the HelmChart `podinfo`, unless told otherwise."""
        whole = {'interval': '1h', 'timeout': '20s', 'chartRef': {'kind': 'HelmChart', 'name': 'podinfo'}, **spec}
        return self.api.apply({'apiVersion': HELM, 'kind': 'HelmRelease',
                               'metadata': {'name': name, 'namespace': self.namespace, 'labels': labels or {}},
                               'spec': {key: value for key, value in whole.items() if value is not None}})

    def release(self, name='podinfo'):
        return self.api.get('HelmRelease', self.namespace, name)

    def annotate(self, key, value, name='podinfo'):
        self.api.merge('HelmRelease', self.namespace, name, {'metadata': {'annotations': {key: value}}})

    def wait(self, name='podinfo', seconds=40, settled=True, **conditions):
        """Waits for conditions, given as Type='Status', 'Status/Reason' or None for absent."""
        def check():
            release = self.release(name)
            if release is None:
                return 'no such object'
            status = release.get('status') or {}
            found = {c['type']: c for c in status.get('conditions') or []}
            if settled and status.get('observedGeneration') != release['metadata']['generation']:
                return summary(release)
            for kind, wanted in conditions.items():
                got = found.get(kind)
                text = got and got['status'] + ('/' + got['reason'] if '/' in (wanted or '') else '')
                if text != wanted:
                    return summary(release)
            return True
        wait_until(check, seconds, f'{self.namespace}/{name} {conditions}')
        return self.release(name)

    def ready(self, name='podinfo', seconds=40):
        return self.wait(name, seconds, Ready='True', Reconciling=None)

    def gone(self, name='podinfo', seconds=40):
        def check():
            release = self.release(name)
            return release is None or summary(release)
        wait_until(check, seconds, f'{name} deleted')

    def storage(self, name='podinfo'):
        """The stored releases by revision."""
        secrets = self.api.list('Secret', self.namespace, f'?labelSelector=owner%3Dhelm,name%3D{name}')
        return {release['version']: release for release in sorted(
            map(decode_release, secrets), key=lambda release: release['version'])}

    def statuses(self, name='podinfo'):
        return {revision: release['info']['status'] for revision, release in self.storage(name).items()}

    def objects(self, kinds=('ServiceAccount', 'Service', 'Deployment', 'ConfigMap', 'Job')):
        """The chart's objects: (kind, name) to the object."""
        return {(kind, item['metadata']['name']): item for kind in kinds
                for item in self.api.list(kind, self.namespace)
                if (item['metadata'].get('labels') or {}).get('app.kubernetes.io/managed-by') == 'Helm'}

    def helm(self, *arguments, check=True):
        return self.bench.helm(self.namespace, *arguments, check=check)

    def helm_json(self, *arguments):
        return json.loads(self.helm(*arguments, '-o', 'json'))

    def log_lines(self, name='podinfo'):
        """The operator's log lines about a release."""
        marker = f'"HelmRelease":{{"name":"{name}","namespace":"{self.namespace}"}}'
        return [line for line in self.bench.operator.read_log().splitlines() if marker in line]


def condition(release, kind):
    return next((c for c in release['status'].get('conditions') or [] if c['type'] == kind), None)


def summary(release):
    return '; '.join(f'{c["type"]}={c["status"]}/{c["reason"]}: {c["message"][:300]}'
                     for c in (release.get('status') or {}).get('conditions') or []) or 'no conditions'


def equal(got, wanted, what):
    assert got == wanted, f'{what}: {got!r} instead of {wanted!r}'


def run_tests(bench, tests, parallel=4):
    """Runs functions of a bench; prints a line for each and `N passed, N failed`. Returns the exit status."""
    def one(test):
        began = time.monotonic()
        try:
            test(bench)
            return True, f'ok   {test.__name__} ({time.monotonic() - began:.1f} s)'
        except Exception as error:
            where = '' if isinstance(error, AssertionError) and str(error) else traceback.format_exc()
            last = traceback.extract_tb(error.__traceback__)
            line = next((f.lineno for f in reversed(last) if f.name == test.__name__), 0)
            return False, f'FAIL {test.__name__} ({time.monotonic() - began:.1f} s), line {line}: {error}\n{where}'

    failed = 0
    with ThreadPoolExecutor(parallel) as pool:
        for good, text in pool.map(one, tests):
            failed += not good
            print(text.rstrip(), flush=True)
    for line in bench.operator.read_log().splitlines():
        if 'panicked' in line:
            failed += 1
            print(f'FAIL the operator panicked: {line}')
    print(f'{len(tests) - min(failed, len(tests))} passed, {failed} failed')
    return 1 if failed else 0
