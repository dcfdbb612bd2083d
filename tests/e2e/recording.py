#!/usr/bin/env python3
"""The operator with --record: an upgrade that fails and is rolled back is replayed offline to the same actions, and no secret
is in the recording."""
import base64
import gzip
import os
import re
import stat
import subprocess
import sys
import urllib.parse

from api import wait_until
from bench import Bench, ROOT, equal, run_tests

VALUES, BINARY, INLINE, COPY = 'Canary-values-7f3a9c', 'Canary/binary+902b', 'Canary-inline-41xy', 'Canary-copied-3c7d'
FOLDER = 'recordings'


def replay(bench, *arguments):
    return subprocess.run([os.environ['PILOTHOUSE'], 'replay', *arguments], capture_output=True, text=True, timeout=300,
                          check=False, env={**os.environ, 'KUBECONFIG': '/nonexistent'})


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def parts(data):
    """What is sure to appear in the base64 of anything that holds the data, for each of its three positions."""
    for offset, first in ((0, 0), (1, 2), (2, 3)):
        whole = (offset + len(data)) * 8 // 6
        yield base64.b64encode(b'\0' * offset + data)[first:whole]


def patterns(canaries):
    found = set()
    for canary in canaries:
        for text in (canary.encode(), urllib.parse.quote(canary, safe='').encode()):
            found.add(text)
            for once in parts(text):
                found.add(once)
                found.update(parts(once))
    return found


def search(data, wanted, place):
    """Looks into base64 and gzip, too. Returns how many gzips were looked into."""
    for pattern in wanted:
        at = data.find(pattern)
        assert at < 0, f'{place}: {pattern} after {data[max(0, at - 120):at]}'
    looked_into = 0
    for word in re.findall(rb'[A-Za-z0-9+/]{16,}={0,2}', data):
        try:
            inner = base64.b64decode(word + b'=' * (-len(word) % 4))
        except ValueError:
            continue
        if inner[:2] == b'\x1f\x8b':
            inner = gzip.decompress(inner)
            looked_into += 1
        if b'\0' not in inner[:64]:
            looked_into += search(inner, wanted, f'{place} > base64')
    return looked_into


def failed_upgrade(bench):
    place = bench.namespace('incident')
    folder = os.path.join(bench.logs, 'chart-secrets')
    place.helm('package', os.path.join(ROOT, 'tests', 'charts', 'secrets'), '--destination', folder)
    with open(os.path.join(folder, 'secrets-0.1.0.tgz'), 'rb') as file:
        bench.files['secrets.tgz'] = file.read()
    with open(bench.kubeconfig, encoding='utf-8') as file:
        kubeconfig = file.read()
    token = re.search(r'token: (\S+?)\}?\s*$', kubeconfig, re.M).group(1)
    values = f'password: {VALUES}\nnested:\n  url: postgres://app:{VALUES}@db:5432/app\n  list: [{COPY}]\n'
    for name, data in (('values', {'values.yaml': encoded(values), 'double': encoded(encoded(BINARY))}),
                       ('kubeconfig', {'value': encoded(kubeconfig)})):
        place.api.apply({'apiVersion': 'v1', 'kind': 'Secret', 'data': data,
                         'metadata': {'name': name, 'namespace': place.namespace}})
    place.source('secrets', 'secrets.tgz', '0.1.0')
    spec = {'chartRef': {'kind': 'HelmChart', 'name': 'secrets'}, 'valuesFrom': [{'kind': 'Secret', 'name': 'values'}],
            'timeout': '8s', 'upgrade': {'remediation': {'retries': 0, 'strategy': 'rollback', 'remediateLastFailure': True}}}
    place.apply('app', values={'adminPassword': INLINE}, **spec)
    place.apply('remote', kubeConfig={'secretRef': {'name': 'kubeconfig'}}, **spec)
    place.ready('app')
    place.ready('remote')
    generated = base64.b64decode(place.api.get('Secret', place.namespace, 'app-auth')['data']['generated']).decode()
    place.apply('app', values={'adminPassword': INLINE, 'fault': 'unready'}, **spec)
    wait_until(lambda: place.statuses('app') == {1: 'superseded', 2: 'failed', 3: 'deployed'} or place.statuses('app'), 60,
               'rolled back')
    place.api.delete('HelmRelease', place.namespace, 'remote')
    place.gone('remote')
    equal(bench.operator.stop(), 0, 'exit code')

    recordings = os.path.join(bench.logs, FOLDER)
    ran = replay(bench, recordings, '--release', f'{place.namespace}/app')
    with open(os.path.join(bench.logs, 'recording.trace'), 'w', encoding='utf-8') as file:
        file.write(ran.stdout + ran.stderr)
    equal(ran.returncode, 0, f'exit code of the replay: {ran.stdout[-2000:]}{ran.stderr}')
    notes = [line for line in ran.stdout.splitlines() if line.startswith('note: ')]
    equal(notes, [], 'notes of the recorder')
    for part in ('app.v2 updated: failed', 'app.v3 created: pending-rollback', 'Ready=False'):
        assert part in ran.stdout, f'{part}: {ran.stdout[-3000:]}'

    wanted, looked_into = patterns([VALUES, BINARY, INLINE, COPY, token, generated]), 0
    for parent, _, files in os.walk(recordings):
        equal(stat.S_IMODE(os.stat(parent).st_mode), 0o700, parent)
        for name in files:
            path = os.path.join(parent, name)
            equal(stat.S_IMODE(os.stat(path).st_mode), 0o600, path)
            with open(path, 'rb') as file:
                looked_into += search(file.read(), wanted, name)
    assert looked_into >= 3, 'no stored release was found in the recording'


def broken_files(bench):
    """What cannot be read is named with its line, and a changed recording is no longer equal."""
    recordings = os.path.join(bench.logs, FOLDER)
    name = max(one for one in os.listdir(recordings) if one.endswith('.jsonl'))
    with open(os.path.join(recordings, name), encoding='utf-8') as file:
        lines = file.readlines()
    folder = os.path.join(bench.logs, 'changed')
    os.makedirs(folder, exist_ok=True)
    artifacts = os.path.join(folder, 'artifacts')
    if not os.path.exists(artifacts):
        os.symlink(os.path.join(recordings, 'artifacts'), artifacts)

    def changed(text):
        path = os.path.join(folder, name)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        return replay(bench, path, '--quiet')
    cut = changed(''.join(lines)[:-len(lines[-1]) - 10])
    equal((cut.returncode, 'cut off' in cut.stdout), (0, True), f'a recording that was cut off: {cut.stdout}{cut.stderr}')
    broken = changed(''.join([*lines[:5], '{"now": 1\n', *lines[5:]]))
    equal((broken.returncode, ':6: not a line of a recording' in broken.stderr), (2, True), broken.stderr)
    at = next(at for at, line in enumerate(lines) if '"reason":"UpgradeFailed"' in line)
    other = changed(''.join([*lines[:at], lines[at].replace('"reason":"UpgradeFailed"', '"reason":"UpgradeFallen"'), *lines[at + 1:]]))
    equal(other.returncode, 1, other.stdout)
    assert '- "UpgradeFallen"' in other.stdout and '+ "UpgradeFailed"' in other.stdout, other.stdout


TESTS = [failed_upgrade, broken_files]


def main(names):
    folder = os.path.join(os.environ.get('PILOTHOUSE_E2E_LOGS', '.'), FOLDER)
    with Bench('recording', [f'--record={folder}']) as bench:
        bench.operator.start()
        return run_tests(bench, [test for test in TESTS if not names or test.__name__ in names], parallel=1)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
