#!/usr/bin/env python3
"""All scenarios on the real API server: the recorded ones against their recordings, then our own, which record nothing and
only have to go through their steps. A recorded outcome that a row of docs/differences.md changes is replaced by
tests/expectations/<name>.json."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

from operator_process import free_port

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
RECORDED = os.path.join(TESTS, '..', '..', 'shared', 'acceptance')


def place(container, pointer):
    """The parent of what a JSON pointer names, and its last key."""
    *parents, last = [part.replace('~1', '/').replace('~0', '~') for part in pointer.split('/')[1:]]
    for part in parents:
        container = container[part]
    return container, last


def expect(folder, expectation):
    """Changes the recording in `folder` as the expectation says; what it names has to be there."""
    path = os.path.join(folder, 'golden.json')
    with open(path) as file:
        golden = json.load(file)
    for pointer, value in expectation['replace'].items():
        parent, key = place(golden, pointer)
        parent[key]
        parent[key] = value
    for pointer in expectation['remove']:
        parent, key = place(golden, pointer)
        del parent[key]
    with open(path, 'w') as file:
        json.dump(golden, file)


def prepare(work):
    """Copies of the recorded scenarios and of our own, since recordings are changed and results written beside them."""
    recorded, own = os.path.join(work, 'recorded'), os.path.join(work, 'own')
    shutil.copytree(os.path.join(RECORDED, 'scenarios'), recorded, copy_function=shutil.copyfile)
    shutil.copytree(os.path.join(TESTS, 'scenarios'), own)
    expectations = os.path.join(TESTS, 'expectations')
    for name in sorted(os.listdir(expectations)):
        folder = os.path.join(recorded, name.removesuffix('.json'))
        os.chmod(folder, 0o755)
        with open(os.path.join(expectations, name)) as file:
            expect(folder, json.load(file))
    return recorded, own


def play(scenarios, label, *options):
    """Runs the runner of the recordings; returns how many scenarios passed and failed."""
    metrics, health, charts = free_port(), free_port(), free_port()
    logs = os.environ['PILOTHOUSE_E2E_LOGS']
    operator = (f"{os.environ['PILOTHOUSE']} run --metrics-addr=127.0.0.1:{metrics} --health-addr=127.0.0.1:{health} "
                '--enable-leader-election=false --concurrent=10 --events-addr= --requeue-dependency=5s')
    command = [sys.executable, os.path.join(RECORDED, 'run.py'), '--scenarios', scenarios, '--parallel', '6',
               '--port', str(charts), '--ready', f'127.0.0.1:{health}', '--controller-cmd', operator,
               '--controller-log', os.path.join(logs, f'acceptance.{label}.operator.log'),
               '--charts', os.path.join(RECORDED, 'charts'), *options]
    only = os.environ.get('PILOTHOUSE_SCENARIOS', '').split()
    command += [part for name in only for part in ('--only', name)]
    runner = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    result = None
    for line in runner.stdout:
        result = re.match(r'(\d+) passed, (\d+) failed', line) or result
        print(line, end='', flush=True)
    if runner.wait() not in (0, 1) or not result:
        return 0, 1
    return int(result[1]), int(result[2])


def main():
    logs = os.environ['PILOTHOUSE_E2E_LOGS']
    with tempfile.TemporaryDirectory(prefix='pilothouse-scenarios.') as work:
        recorded, own = prepare(work)
        results = [play(recorded, 'recorded', '--results', os.path.join(logs, 'acceptance')),
                   play(own, 'own', '--record', '--results', os.path.join(logs, 'acceptance.own'))]
    passed, failed = (sum(column) for column in zip(*results))
    print(f'{passed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
