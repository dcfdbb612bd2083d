#!/usr/bin/env python3
"""What many releases cost: time, processor, memory and API requests of the operator beside plain `kubectl apply`.

    bench/releases.sh [BINARY]      starts a cluster and runs this

The chart is the one that `helm create` makes: a Deployment, a Service and a ServiceAccount. RELEASES says how many of it,
CONCURRENT how many at once. Prints a table.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'tests', 'e2e'))
from api import ApiError, wait_until  # noqa: E402
from bench import Bench  # noqa: E402

RELEASES = int(os.environ.get('RELEASES', '100'))
CONCURRENT = int(os.environ.get('CONCURRENT', '10'))
# Of one step; a step that takes longer ends the run.
SECONDS_MAX = int(os.environ.get('SECONDS_MAX', '900'))
IDLE_SECONDS = int(os.environ.get('IDLE_SECONDS', '20'))
REQUESTED = 'reconcile.fluxcd.io/requestedAt'
TICKS = os.sysconf('SC_CLK_TCK')


def row(name, *values):
    print('| ' + ' | '.join([f'{name:<44}'] + [f'{value:>22}' for value in values]) + ' |', flush=True)


def names():
    return [f'r{number:04}' for number in range(RELEASES)]


class Meter:
    """What the operator has used since the meter was set."""

    def __init__(self, bench):
        self.bench, self.pid = bench, bench.operator.process.pid
        # Requests first, and last at the end: the page of metrics is not what is measured.
        self.requests, self.cpu, self.began = bench.operator.requests(), self.processor(), time.monotonic()

    def processor(self):
        with open(f'/proc/{self.pid}/stat', encoding='ascii') as stat:
            fields = stat.read().rsplit(')', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self, field):
        with open(f'/proc/{self.pid}/status', encoding='ascii') as status:
            return next(int(line.split()[1]) / 1024 for line in status if line.startswith(field))

    def resident(self):
        anonymous, of_files = self.memory('RssAnon'), self.memory('RssFile')
        return f'{anonymous + of_files:.1f} MiB ({anonymous:.1f} + {of_files:.1f})'

    def read(self):
        """Seconds, processor seconds, requests by method."""
        seconds = time.monotonic() - self.began
        time.sleep(1)  # events are written a little later
        processor = self.processor() - self.cpu
        after = self.bench.operator.requests()
        counted = {method: count - self.requests.get(method, 0) for method, count in after.items()}
        return seconds, processor, {method: count for method, count in counted.items() if count}


def show(name, reading):
    seconds, processor, counted = reading
    by_method = ', '.join(f'{method} {count}' for method, count in sorted(counted.items()))
    row(name, f'{seconds:.1f} s', f'{processor:.2f} CPU s', by_method or 'no requests')


def watch_ready(place, wanted, seconds):
    """Waits until as many HelmReleases are Ready."""
    def check():
        releases = place.api.list('HelmRelease', place.namespace)
        ready = [release for release in releases if is_ready(release)]
        return len(ready) >= wanted or f'{len(ready)} of {wanted} ready'
    wait_until(check, seconds, 'releases ready')


def is_ready(release):
    status = release.get('status') or {}
    conditions = {c['type']: c['status'] for c in status.get('conditions') or []}
    settled = status.get('observedGeneration') == release['metadata']['generation']
    return settled and conditions.get('Ready') == 'True' and 'Reconciling' not in conditions


def plain_apply(bench, chart):
    """`kubectl apply` of what the chart renders to, as many at once as the operator may work on."""
    place = bench.namespace('plain')
    folder = tempfile.mkdtemp()
    rendered = subprocess.run([bench.helm_binary, 'template', 'release-name', chart, '--skip-tests'],
                              capture_output=True, text=True, check=True).stdout
    for name in names():
        with open(os.path.join(folder, name), 'w', encoding='utf-8') as file:
            file.write(rendered.replace('release-name', name))

    def apply(name):
        subprocess.run(['kubectl', '--kubeconfig', bench.kubeconfig, '--namespace', place.namespace, 'apply', '-f',
                        os.path.join(folder, name)], check=True, stdout=subprocess.DEVNULL)

    def available():
        deployments = bench.api.list('Deployment', place.namespace)
        good = [d for d in deployments if (d.get('status') or {}).get('availableReplicas', 0) >= 1]
        return len(good) == RELEASES or f'{len(good)} of {RELEASES} available'
    began = time.monotonic()
    with ThreadPoolExecutor(CONCURRENT) as pool:
        list(pool.map(apply, names()))
    applied = time.monotonic() - began
    wait_until(available, SECONDS_MAX, 'deployments available')
    seconds = time.monotonic() - began
    shutil.rmtree(folder)
    bench.api.delete('Namespace', None, place.namespace)
    wait_until(lambda: not bench.api.list('Pod', place.namespace), SECONDS_MAX, 'plain objects gone')
    row('plain kubectl apply until available', f'{seconds:.1f} s', f'applied after {applied:.1f} s', '')
    return seconds


def releases(bench, chart, plain):
    place = bench.namespace('many')
    with open(chart, 'rb') as file:
        bench.files['created.tgz'] = file.read()
    place.source(name='created', file='created.tgz', revision='0.1.0')
    meter = Meter(bench)
    row('resident memory at the start', meter.resident(), '', '')
    with ThreadPoolExecutor(CONCURRENT) as pool:
        list(pool.map(lambda name: place.apply(
            name, chartRef={'kind': 'HelmChart', 'name': 'created'}, timeout='10m'), names()))
    watch_ready(place, RELEASES, SECONDS_MAX)
    reading = meter.read()
    show(f'{RELEASES} installs until all are Ready', reading)
    row('times plain apply', f'{reading[0] / plain:.2f}' if plain else '-', '', '')
    row('peak memory', f'{meter.memory("VmHWM"):.1f} MiB', '', '')
    time.sleep(IDLE_SECONDS)
    meter = Meter(bench)
    time.sleep(IDLE_SECONDS)
    row('idle memory', meter.resident(), '', '')
    show(f'idle for {IDLE_SECONDS} s', meter.read())
    forced(bench, place, 't1')
    forced(bench, place, 't2')
    deleted(bench, place)
    row('idle memory afterwards', Meter(bench).resident(), '', '')
    row('peak memory of all', f'{Meter(bench).memory("VmHWM"):.1f} MiB', '', '')


def forced(bench, place, token):
    meter = Meter(bench)
    with ThreadPoolExecutor(CONCURRENT) as pool:
        list(pool.map(lambda name: place.annotate(REQUESTED, token, name), names()))

    def check():
        found = place.api.list('HelmRelease', place.namespace)
        handled = [r for r in found if r['status'].get('lastHandledReconcileAt') == token and is_ready(r)]
        return len(handled) == RELEASES or f'{len(handled)} of {RELEASES} handled'
    wait_until(check, SECONDS_MAX, 'requests handled')
    show(f'{RELEASES} forced no-ops ({token})', meter.read())


def deleted(bench, place):
    meter = Meter(bench)
    with ThreadPoolExecutor(CONCURRENT) as pool:
        list(pool.map(lambda name: bench.api.delete('HelmRelease', place.namespace, name), names()))

    def check():
        left = len(place.api.list('HelmRelease', place.namespace))
        return left == 0 or f'{left} left'
    wait_until(check, SECONDS_MAX, 'releases gone')
    show(f'{RELEASES} deletions', meter.read())


def served(bench):
    """Whether the API server serves HelmReleases by now."""
    try:
        return bench.api.list('HelmRelease') is not None
    except ApiError as error:
        return str(error)


def created_chart(bench, folder):
    subprocess.run([bench.helm_binary, 'create', 'created'], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    # The test Pod would need a kubelet that ends it; tests are not run here.
    subprocess.run([bench.helm_binary, 'package', 'created'], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return os.path.join(folder, 'created-0.1.0.tgz')


def main():
    flags = [f'--concurrent={CONCURRENT}', '--kube-api-qps=500', '--kube-api-burst=1000', '--requeue-dependency=5s']
    with Bench('releases', flags) as bench, tempfile.TemporaryDirectory() as folder:
        wait_until(lambda: served(bench), 60, 'HelmReleases served')
        chart = created_chart(bench, folder)
        row('Step', 'Time', 'Operator', 'API requests')
        row('---', '---', '---', '---')
        plain = None if os.environ.get('PLAIN') == 'no' else plain_apply(bench, chart)
        bench.operator.start()
        time.sleep(2)
        releases(bench, chart, plain)
    # All steps have come to their end within SECONDS_MAX; the figures are for people to judge.
    print('1 passed, 0 failed')
    return 0


if __name__ == '__main__':
    sys.exit(main())
