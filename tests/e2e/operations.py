#!/usr/bin/env python3
"""The operator as a process among others: flags, probes, metrics, log lines, notifications, and its end."""
import json
import os
import re
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from api import wait_until
from bench import Bench, NEVER, ROOT, equal, run_tests, summary
from operator_process import OperatorProcess


class Receiver:
    """What notification-controller is for the operator; the first answers are those of `answers`."""

    def __init__(self, *answers):
        self.events, answers = [], list(answers)
        events = self.events

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers['Content-Length'])))
                code = answers.pop(0) if answers else 202
                events.append((code, self.headers['Content-Type'], body))
                self.send_response(code)
                self.send_header('Content-Length', '0')
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f'http://127.0.0.1:{self.server.server_port}/'


def another(bench, place, *flags):
    """An operator of its own, which sees the namespace of the place only."""
    return OperatorProcess(os.environ['PILOTHOUSE'], bench.kubeconfig,
                           os.path.join(bench.logs, f'operations.{place.namespace}.operator.log'),
                           ('--watch-all-namespaces=false', *flags), place.namespace)


def samples(text):
    """The series of a page of metrics: name with labels to value."""
    found = {}
    for line in text.splitlines():
        if not line.startswith('#'):
            series, value = line.rsplit(' ', 1)
            found[series] = float(value)
    return found


def notifications(bench):
    """Events arrive as notification-controller wants them, also when it has trouble at first."""
    place, receiver = bench.namespace('events'), Receiver(503, 500)
    operator = another(bench, place, f'--events-addr={receiver.url}').start()
    try:
        place.source()
        place.apply(values={'replicaCount': 1})
        place.ready()
        wait_until(lambda: any(code == 202 for code, _, _ in receiver.events) or receiver.events, 20, 'an event arrives')
        code, content_type, event = next(one for one in receiver.events if one[0] == 202)
        equal(content_type, 'application/json', 'content type')
        equal([one[0] for one in receiver.events][:3], [503, 500, 202], 'answers')
        equal({key: event['involvedObject'][key] for key in ('apiVersion', 'kind', 'namespace', 'name')},
              {'apiVersion': 'helm.toolkit.fluxcd.io/v2', 'kind': 'HelmRelease', 'namespace': place.namespace,
               'name': 'podinfo'}, 'object')
        equal((event['severity'], event['reason'], event['reportingController']),
              ('info', 'InstallSucceeded', 'helm-controller'), 'event')
        assert re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ', event['timestamp']), event['timestamp']
        assert event['metadata']['helm.toolkit.fluxcd.io/revision'] == '6.14.1', event['metadata']
    finally:
        operator.stop()
        receiver.server.shutdown()


def metrics_and_logs(bench):
    """Metrics have the names and labels of controller-runtime and Flux; log lines are JSON with the fields of both."""
    place = bench.namespace('metrics')
    operator = another(bench, place).start()
    try:
        place.source()
        place.apply()
        place.ready()
        labels = f'kind="HelmRelease",name="podinfo",namespace="{place.namespace}"'

        def page():
            return samples(operator.http(operator.metrics_port, '/metrics')[1])
        wait_until(lambda: page().get(f'gotk_reconcile_condition{{{labels},status="True",type="Ready"}}') == 1.0, 10,
                   'the condition is shown')
        found = page()
        for series in (f'gotk_suspend_status{{{labels}}}', 'controller_runtime_active_workers{controller="helmrelease"}'):
            equal(found[series], 0.0, series)
        equal(found['controller_runtime_max_concurrent_reconciles{controller="helmrelease"}'], 10.0, 'workers')
        assert found['controller_runtime_reconcile_total{controller="helmrelease",result="requeue_after"}'] >= 1, found
        assert found[f'gotk_reconcile_duration_seconds_count{{{labels}}}'] >= 1, found
        assert found['process_resident_memory_bytes'] > 0
        place.api.merge('HelmRelease', place.namespace, 'podinfo', {'spec': {'suspend': True}})
        wait_until(lambda: page()[f'gotk_suspend_status{{{labels}}}'] == 1.0, 10, 'suspension is shown')
        place.api.delete('HelmRelease', place.namespace, 'podinfo')
        place.gone()
        wait_until(lambda: not [one for one in page() if labels in one], 10, 'series of the object end')
        lines = [json.loads(line) for line in operator.read_log().splitlines()]
        equal(lines[0]['logger'], 'setup', 'first line')
        about = [line for line in lines if line.get('HelmRelease') == {'name': 'podinfo', 'namespace': place.namespace}]
        assert about, 'no line about the release'
        for key, value in (('controller', 'helmrelease'), ('controllerGroup', 'helm.toolkit.fluxcd.io'),
                           ('controllerKind', 'HelmRelease'), ('namespace', place.namespace), ('name', 'podinfo')):
            equal(about[0][key], value, key)
        assert all(re.fullmatch(r'[0-9a-f-]{36}', line['reconcileID']) for line in about), about
        for path, port in (('/healthz', operator.health_port), ('/readyz', operator.health_port)):
            equal(operator.http(port, path), (200, 'ok'), path)
    finally:
        operator.stop()


def ended_in_an_install(bench):
    """SIGTERM during the wait of an install: the operator ends soon, and leaves no pending release behind."""
    place = bench.namespace('ended')
    operator = another(bench, place).start()
    try:
        place.source()
        place.apply(timeout='10m', values=NEVER)
        wait_until(lambda: place.statuses() == {1: 'pending-install'} and len(place.objects()) >= 2, 20, 'it waits')
        time.sleep(1)
        began = time.monotonic()
        equal(operator.stop(), 0, 'exit code')
        assert time.monotonic() - began < 10, 'it took long'
        statuses = place.statuses()
        assert not [one for one in statuses.values() if one.startswith('pending')], statuses
        version = place.release()['metadata']['resourceVersion']
        place.apply(timeout='10m')
        operator.start()
        place.ready()
        assert place.release()['metadata']['resourceVersion'] != version
        equal(list(place.statuses().values()).count('deployed'), 1, 'deployed revisions')
    finally:
        operator.stop()


def near_the_memory_limit(bench):
    """The OOM watch ends the operator in order."""
    place = bench.namespace('memory')
    folder = os.path.join(bench.logs, 'cgroup')
    os.makedirs(folder, exist_ok=True)
    paths = {name: os.path.join(folder, name) for name in ('max', 'current')}
    for name, text in (('max', '1000000\n'), ('current', '1000\n')):
        with open(paths[name], 'w', encoding='ascii') as file:
            file.write(text)
    operator = another(bench, place, '--feature-gates=OOMWatch=true', '--oom-watch-interval=50ms',
                       f'--oom-watch-max-memory-path={paths["max"]}',
                       f'--oom-watch-current-memory-path={paths["current"]}').start()
    try:
        with open(paths['current'], 'w', encoding='ascii') as file:
            file.write('950000\n')
        equal(operator.process.wait(15), 0, 'exit code')
        assert 'Memory usage is near OOM (927.7 KiB/976.6 KiB), shutting down' in operator.read_log(), operator.tail()
    finally:
        operator.stop()


def wrong_flags(bench):
    """A flag that does not exist is a usage error, a configuration that cannot be is named in a log line."""
    for flags, code, text in (
            (['--nonsense'], 2, 'Usage:'),
            (['--feature-gates=Nonsense=true'], 1, 'unable to load feature gates'),
            (['--snapshot-digest-algo=md5'], 1, 'unable to configure canonical digest algorithm'),
            (['--interval-jitter-percentage=100'], 1, 'unable to set global jitter'),
            (['--watch-label-selector=a in'], 1, 'unable to configure watch label selector'),
            (['--default-kubeconfig-service-account=x'], 1, 'invalid configuration'),
            (['--feature-gates=OOMWatch=true', '--oom-watch-memory-threshold=0'], 1, 'must be between 1 and 100, got 0'),
            (['--enable-leader-election', '--leader-election-renew-deadline=40s'], 1,
             'leaseDuration must be greater than renewDeadline')):
        ran = subprocess.run([os.environ['PILOTHOUSE'], 'run', '--metrics-addr=0', '--health-addr=0', *flags],
                             capture_output=True, text=True, timeout=20, check=False,
                             env={**os.environ, 'RUNTIME_NAMESPACE': 'x'})
        equal((ran.returncode, text in ran.stderr), (code, True), f'{flags}: {ran.stderr}')


def watched_namespace(bench):
    """--watch-all-namespaces=false: releases elsewhere are not seen."""
    inside, outside = bench.namespace('inside'), bench.namespace('outside')
    operator = another(bench, inside).start()
    try:
        for place in (outside, inside):
            place.source()
            place.apply()
        inside.ready()
        equal(summary(outside.release()), 'no conditions', 'a release elsewhere')
    finally:
        operator.stop()


def kubectl(bench, *arguments):
    return subprocess.run(['kubectl', '--kubeconfig', bench.kubeconfig, *arguments], capture_output=True, text=True,
                          timeout=60, check=True).stdout


def least_privilege(bench):
    """The roles of deploy/multitenant are enough: the operator runs as the service account that has them, and installs
    in the name of the namespace's service account, as far as that one may."""
    kubectl(bench, 'apply', '--server-side', '--force-conflicts', '-k', os.path.join(ROOT, 'deploy', 'multitenant'))
    place, system = bench.namespace('tenant'), 'pilothouse-system'
    bench.namespaces.append(system)
    account = f'--as=system:serviceaccount:{system}:pilothouse'
    ran = subprocess.run(['kubectl', '--kubeconfig', bench.kubeconfig, 'auth', 'can-i', 'create', 'deployments', '-n',
                          place.namespace, account], capture_output=True, text=True, timeout=30, check=False)
    equal(ran.stdout.strip(), 'no', 'whether the operator itself may install')
    token = kubectl(bench, 'create', 'token', 'pilothouse', '--namespace', system).strip()
    with open(bench.kubeconfig, encoding='utf-8') as file:
        text = file.read()
    path = os.path.join(bench.logs, 'least-privilege.kubeconfig')
    with open(path, 'w', encoding='utf-8', opener=lambda name, mode: os.open(name, mode, 0o600)) as file:
        file.write(re.sub(r'(- name: admin\n  user: \{token: )\w+', lambda found: found.group(1) + token, text))
    operator = OperatorProcess(os.environ['PILOTHOUSE'], path,
                               os.path.join(bench.logs, 'operations.least-privilege.operator.log'),
                               ('--no-cross-namespace-refs', '--default-service-account=default',
                                '--watch-label-selector=e2e=tenant', '--enable-leader-election=true'), system).start()
    try:
        place.source()
        place.apply(labels={'e2e': 'tenant'})
        place.wait(Ready='False', settled=False)
        assert 'forbidden' in summary(place.release()), summary(place.release())
        kubectl(bench, 'create', 'rolebinding', 'admin', '--clusterrole=admin', f'--namespace={place.namespace}',
                f'--serviceaccount={place.namespace}:default')
        place.annotate('reconcile.fluxcd.io/requestedAt', 'now')
        place.ready(seconds=60)
        place.api.delete('HelmRelease', place.namespace, 'podinfo')
        place.gone()
        # A HelmChart of the operator's own, for spec.chart.
        place.apply('templated', labels={'e2e': 'tenant'}, chartRef=None, chart={'spec': {
            'chart': 'podinfo', 'sourceRef': {'kind': 'HelmRepository', 'name': 'charts'}}})
        name = f'{place.namespace}-templated'
        wait_until(lambda: place.api.get('HelmChart', place.namespace, name) is not None, 20, 'the HelmChart is made')
        place.api.delete('HelmRelease', place.namespace, 'templated')
        place.gone('templated')
        equal(place.api.get('HelmChart', place.namespace, name), None, 'the HelmChart afterwards')
        refused = [line for line in operator.read_log().splitlines()
                   if f'{system}:pilothouse' in line and 'cannot' in line]
        assert not refused, refused[:3]
    finally:
        operator.stop()


def installs_itself(bench):
    """The operator installs its own chart, which real Helm accepts too."""
    place = bench.namespace('itself')
    chart = os.path.join(ROOT, 'deploy', 'chart', 'pilothouse')
    place.helm('lint', chart)
    folder = os.path.join(bench.logs, 'chart')
    place.helm('package', chart, '--destination', folder)
    archive = next(name for name in os.listdir(folder) if name.endswith('.tgz'))
    with open(os.path.join(folder, archive), 'rb') as file:
        bench.files['pilothouse.tgz'] = file.read()
    operator = another(bench, place).start()
    try:
        place.source('pilothouse', 'pilothouse.tgz', '0.1.0')
        place.apply('itself', chartRef={'kind': 'HelmChart', 'name': 'pilothouse'})
        place.ready('itself', seconds=60)
        deployment = place.objects()[('Deployment', 'itself-pilothouse')]
        equal(deployment['status']['readyReplicas'], 1, 'ready replicas')
        place.api.delete('HelmRelease', place.namespace, 'itself')
        place.gone('itself')
    finally:
        operator.stop()


TESTS = [least_privilege, installs_itself, notifications, metrics_and_logs, ended_in_an_install, near_the_memory_limit, wrong_flags, watched_namespace]


def main(names):
    with Bench('operations') as bench:
        open(bench.operator.log, 'ab').close()
        return run_tests(bench, [test for test in TESTS if not names or test.__name__ in names], parallel=3)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
