#!/usr/bin/env python3
"""Leader election: two operators on one API server.

Each has a user of its own, so that the audit log of the API server says who has written what. The leader is stopped with
SIGSTOP in the middle of its work, and continued after the other one has taken over: from then on nothing is written by
it, and no release is acted on twice.
"""
import json
import os
import re
import signal
import subprocess
import sys
import time

from api import wait_until
from bench import Bench, equal, run_tests, summary
from operator_process import OperatorProcess

RELEASES = 12
TIMES = ('--leader-election-lease-duration=6s', '--leader-election-renew-deadline=4s',
         '--leader-election-retry-period=1s')
LEASE = 'helm-controller-leader-election'


class Replica(OperatorProcess):
    """One of several operators, as a user of its own."""

    def __init__(self, bench, user, namespace, *flags):
        path = os.path.join(bench.logs, f'{user}.kubeconfig')
        text = subprocess.run(['kubectl', '--kubeconfig', bench.kubeconfig, '--context', user, 'config', 'view', '--raw',
                               '--minify'], capture_output=True, text=True, check=True).stdout
        with open(path, 'w', encoding='utf-8', opener=lambda name, mode: os.open(name, mode, 0o600)) as file:
            file.write(text)
        log = os.path.join(bench.logs, f'leader.{namespace}.{user}.operator.log')
        super().__init__(os.environ['PILOTHOUSE'], path, log,
                         ('--enable-leader-election=true', '--concurrent=4', *TIMES, *flags), namespace)
        self.user = user

    def wait_for_log(self, words, seconds=30):
        wait_until(lambda: words in self.read_log() or self.tail(3), seconds, f'{self.user} logs "{words}"')


def writes(bench):
    """What the replicas have written, oldest first: time, user, verb, path, and the object."""
    path = os.path.join(os.path.dirname(bench.kubeconfig), 'logs', 'audit.log')
    found = []
    with open(path, encoding='utf-8') as log:
        for line in log:
            entry = json.loads(line)
            if entry.get('responseStatus', {}).get('code', 0) < 300:
                found.append((entry['requestReceivedTimestamp'], entry['user']['username'], entry['verb'],
                              entry['requestURI'].split('?')[0], entry.get('objectRef') or {}))
    return sorted(found, key=lambda one: one[0])


def lease(bench, namespace):
    return (bench.api.get('Lease', namespace, LEASE) or {}).get('spec') or {}


def stopped_leader(bench):
    """The leader stands still while it installs; the other one finishes; then the first one is continued."""
    place = bench.namespace('stopped')
    place.source()
    first, second = (Replica(bench, user, place.namespace) for user in ('replica-a', 'replica-b'))
    try:
        first.start()
        first.wait_for_log('successfully acquired lease')
        second.start()
        second.wait_for_log('attempting to acquire leader lease')
        names = [f'app-{number}' for number in range(RELEASES)]
        for name in names:
            place.apply(name, values={'replicaCount': 2})
        wait_until(lambda: len(ready(place, names)) >= 2 or ready(place, names), 60, 'two releases are installed')
        first.process.send_signal(signal.SIGSTOP)
        done = ready(place, names)
        assert len(done) < RELEASES, 'everything was installed before the leader was stopped'
        former = lease(bench, place.namespace)['holderIdentity']
        wait_until(lambda: lease(bench, place.namespace)['holderIdentity'] not in ('', former), 30, 'the lease moves')
        second.wait_for_log('successfully acquired lease')
        for name in names:
            place.ready(name, seconds=120)
        first.process.send_signal(signal.SIGCONT)
        equal(first.process.wait(20), 1, 'exit code of the former leader')
        first.wait_for_log('leader election lost')
        check_writes(bench, place, names, done)
    finally:
        for replica in (first, second):
            if replica.process and replica.process.poll() is None:
                replica.process.send_signal(signal.SIGCONT)
            replica.stop()


def ready(place, names):
    """The releases that are Ready."""
    return [name for name in names if 'Ready=True' in summary(place.release(name) or {})]


def check_writes(bench, place, names, done):
    all_writes = [one for one in writes(bench) if place.namespace in one[3]]
    taken = next(at for at, user, _, uri, _ in all_writes if user == 'replica-b' and '/leases' in uri)
    late = [one for one in all_writes if one[1] == 'replica-a' and one[0] >= taken]
    assert any(one[1] == 'replica-a' for one in all_writes), 'the audit log knows nothing of the former leader'
    assert not late, f'written by the former leader after {taken}: {late}'
    early = [one for one in all_writes if one[1] == 'replica-b' and one[0] < taken]
    assert not early, f'written before the lease was held: {early}'
    for name in names:
        revisions = place.statuses(name)
        equal(list(revisions.values()).count('deployed'), 1, f'deployed revisions of {name}')
        if name in done:
            equal(list(revisions), [1], f'revisions of {name}, which was finished')
            # A pass over a finished release writes its status and nothing else, as after a restart.
            own = [one[2:4] for one in all_writes if one[1] == 'replica-b' and not one[3].endswith('/status')
                   and re.search(rf'\b{name}\b', one[3] + ' ' + one[4].get('name', ''))]
            assert not own, f'{name} was finished and yet acted on: {own}'
    creations = [one[4]['name'] for one in all_writes
                 if one[2] == 'create' and one[4].get('resource') == 'secrets' and one[4].get('name')]
    equal(len(creations), len(set(creations)), 'each revision is created once')


def handed_over(bench):
    """A leader that is asked to end gives the lease back: the other one leads at once."""
    place = bench.namespace('handed')
    place.source()
    first, second = (Replica(bench, user, place.namespace, '--leader-election-lease-duration=60s')
                     for user in ('replica-a', 'replica-b'))
    try:
        first.start()
        first.wait_for_log('successfully acquired lease')
        second.start()
        place.apply('app')
        place.ready('app')
        former = lease(bench, place.namespace)['holderIdentity']
        history = place.release('app')['status']['history']
        equal(first.stop(), 0, 'exit code')
        wait_until(lambda: lease(bench, place.namespace)['holderIdentity'] not in ('', former), 10, 'the lease moves')
        place.apply('next')
        place.ready('next')
        place.ready('app')
        equal(place.release('app')['status']['history'], history, 'history of the finished release')
    finally:
        first.stop()
        second.stop()


def shards(bench):
    """Operators of different shards lead at the same time, each for its own releases."""
    place = bench.namespace('shards')
    place.source()
    first = Replica(bench, 'replica-a', place.namespace, '--watch-label-selector=sharding.fluxcd.io/key=one')
    second = Replica(bench, 'replica-b', place.namespace, '--watch-label-selector=!sharding.fluxcd.io/key')
    try:
        for replica in (first, second):
            replica.start()
            replica.wait_for_log('successfully acquired lease')
        for name, labels in (('mine', {'sharding.fluxcd.io/key': 'one'}), ('rest', {}),
                             ('nobodys', {'sharding.fluxcd.io/key': 'two'})):
            place.apply(name, labels=labels)
        for name, user in (('mine', 'replica-a'), ('rest', 'replica-b')):
            place.ready(name)
            writers = {one[1] for one in writes(bench) if one[3].endswith(f'/{name}/status')
                       and place.namespace in one[3]}
            equal(writers, {user}, f'who has written the status of {name}')
        equal(summary(place.release('nobodys')), 'no conditions', 'a release of another shard')
    finally:
        first.stop()
        second.stop()


TESTS = [stopped_leader, handed_over, shards]


def main(names):
    with Bench('leader') as bench:
        open(bench.operator.log, 'ab').close()
        return run_tests(bench, [test for test in TESTS if not names or test.__name__ in names], parallel=1)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
