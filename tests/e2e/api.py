"""The API server for tests: plain HTTP through `kubectl proxy`, and Helm's release Secrets decoded."""
import base64
import gzip
import http.client
import json
import re
import subprocess
import threading
import time

HELM = 'helm.toolkit.fluxcd.io/v2'
SOURCE = 'source.toolkit.fluxcd.io/v1'
PLURALS = {
    'HelmRelease': (HELM, 'helmreleases'),
    'HelmChart': (SOURCE, 'helmcharts'),
    'Namespace': ('v1', 'namespaces'),
    'ConfigMap': ('v1', 'configmaps'),
    'Event': ('v1', 'events'),
    'Pod': ('v1', 'pods'),
    'Secret': ('v1', 'secrets'),
    'Service': ('v1', 'services'),
    'ServiceAccount': ('v1', 'serviceaccounts'),
    'Deployment': ('apps/v1', 'deployments'),
    'Job': ('batch/v1', 'jobs'),
    'Lease': ('coordination.k8s.io/v1', 'leases'),
    'CustomResourceDefinition': ('apiextensions.k8s.io/v1', 'customresourcedefinitions'),
}
CLUSTER_SCOPED = ('Namespace', 'CustomResourceDefinition')


class ApiError(Exception):
    """An answer of the API server other than success or NotFound."""


class Api:
    """Requests as the administrator of the cluster that `kubeconfig` names."""

    def __init__(self, kubeconfig):
        self.process = subprocess.Popen(
            ['kubectl', '--kubeconfig', kubeconfig, 'proxy', '--port=0', '--keepalive=30s'],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        found = re.search(r'127\.0\.0\.1:(\d+)', self.process.stdout.readline())
        if not found:
            raise SystemExit('kubectl proxy did not start')
        self.port, self.local = int(found.group(1)), threading.local()

    def close(self):
        self.process.terminate()
        self.process.wait()

    def request(self, method, path, body=None, content_type='application/json'):
        """One request; a broken connection is replaced. Returns the status and the decoded body."""
        data = None if body is None else json.dumps(body).encode()
        for attempt in range(3):
            connection = getattr(self.local, 'connection', None)
            if connection is None:
                connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=30)
                self.local.connection = connection
            try:
                connection.request(method, path, data, {'Content-Type': content_type, 'Accept': 'application/json'})
                answer = connection.getresponse()
                text = answer.read()
                break
            except (OSError, http.client.HTTPException):
                connection.close()
                self.local.connection = None
                if attempt == 2:
                    raise
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, {'message': text.decode(errors='replace')}

    def path(self, kind, namespace=None, name=None, subresource=None):
        version, plural = PLURALS[kind]
        parts = ['/api/' if '/' not in version else '/apis/', version]
        if namespace and kind not in CLUSTER_SCOPED:
            parts.append('/namespaces/' + namespace)
        parts.append('/' + plural)
        parts += ['/' + part for part in (name, subresource) if part]
        return ''.join(parts)

    def must(self, answer, what):
        status, body = answer
        if status >= 300:
            raise ApiError(f'{what}: {status} {body.get("message")}')
        return body

    def get(self, kind, namespace, name):
        """The object, or None when there is none."""
        status, body = self.request('GET', self.path(kind, namespace, name))
        return None if status == 404 else self.must((status, body), f'get {kind} {namespace}/{name}')

    def list(self, kind, namespace=None, query=''):
        body = self.must(self.request('GET', self.path(kind, namespace) + query), f'list {kind}')
        items = body.get('items') or []
        for item in items:
            item.setdefault('kind', kind)
        return items

    def apply(self, document, manager='tests'):
        meta = document['metadata']
        path = self.path(document['kind'], meta.get('namespace'), meta['name'])
        answer = self.request('PATCH', f'{path}?fieldManager={manager}&force=true', document,
                              'application/apply-patch+yaml')
        return self.must(answer, f'apply {document["kind"]} {meta["name"]}')

    def merge(self, kind, namespace, name, patch, subresource=None):
        path = self.path(kind, namespace, name, subresource)
        answer = self.request('PATCH', path + '?fieldManager=tests', patch, 'application/merge-patch+json')
        return self.must(answer, f'patch {kind} {namespace}/{name}')

    def delete(self, kind, namespace, name):
        status, body = self.request('DELETE', self.path(kind, namespace, name), {
            'kind': 'DeleteOptions', 'apiVersion': 'v1', 'propagationPolicy': 'Background'})
        if status >= 300 and status != 404:
            raise ApiError(f'delete {kind} {namespace}/{name}: {status} {body.get("message")}')


def decode_release(secret):
    """The release in one of Helm's storage Secrets."""
    raw = base64.b64decode(base64.b64decode(secret['data']['release']))
    return json.loads(gzip.decompress(raw) if raw[:2] == b'\x1f\x8b' else raw)


def wait_until(check, seconds, what):
    """Repeats `check` until it returns True; anything else it returns says in the error what was found."""
    deadline = time.monotonic() + seconds
    while True:
        found = check()
        if found is True:
            return
        if time.monotonic() > deadline:
            raise AssertionError(f'not within {seconds} s: {what}: {found}')
        time.sleep(0.2)
