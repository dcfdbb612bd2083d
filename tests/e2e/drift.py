#!/usr/bin/env python3
"""Drift on a real API server: a change by somebody else is put right when it happens, and nothing else wakes a release."""
import json
import sys
import time

from api import wait_until
from bench import Bench, equal, run_tests, summary

INTERVAL = '1h'


def passes(place, name):
    """How often a release was looked at, by its log lines."""
    return len({json.loads(line).get('reconcileID') for line in place.log_lines(name)} - {None})


def settled(place, names):
    """Releases with what follows from their installation, and how often each was looked at until then."""
    for name in names:
        place.ready(name)
    time.sleep(3)
    return {name: passes(place, name) for name in names}


def replicas(place, name):
    return place.objects()[('Deployment', f'{name}-podinfo')]['spec']['replicas']


def edited_and_deleted(bench):
    """An edit and a deletion are put right within seconds, by the release concerned only, once."""
    place, names = bench.namespace('drift'), ['one', 'other']
    place.source()
    for name in names:
        place.apply(name, interval=INTERVAL, driftDetection={'mode': 'enabled'}, values={'replicaCount': 1})
    before = settled(place, names)
    place.api.merge('Deployment', place.namespace, 'one-podinfo', {'spec': {'replicas': 2}})
    wait_until(lambda: replicas(place, 'one') == 1 or 'still two', 6, 'the replicas are put right')
    # The Deployment's controller says what has become of it meanwhile: that is no change.
    time.sleep(8)
    after = {name: passes(place, name) for name in names}
    equal(after, {'one': before['one'] + 1, 'other': before['other']}, 'looks')
    place.api.delete('Service', place.namespace, 'other-podinfo')
    wait_until(lambda: ('Service', 'other-podinfo') in place.objects() or 'gone', 6, 'the Service is there again')
    time.sleep(8)
    equal(passes(place, 'other'), before['other'] + 1, 'looks after the deletion')
    assert 'Drifted=False/NoDriftDetected' in summary(place.release('other')), summary(place.release('other'))


def fought_over(bench):
    """Who changes an object again and again is answered ever more rarely.

    An edit that comes while a pass still corrects makes that pass fail, and it is made again after a back-off that doubles;
    any other edit waits for as long as the watch has been told to. Neither makes more than eight looks in forty seconds.
    """
    place = bench.namespace('fight')
    place.source()
    place.apply(interval=INTERVAL, driftDetection={'mode': 'enabled'}, values={'replicaCount': 1})
    before = settled(place, ['podinfo'])['podinfo']
    end = time.monotonic() + 40
    while time.monotonic() < end:
        if place.objects()[('Deployment', 'podinfo')]['spec']['replicas'] == 1:
            place.api.merge('Deployment', place.namespace, 'podinfo', {'spec': {'replicas': 2}})
        time.sleep(0.2)
    looks = passes(place, 'podinfo') - before
    assert 2 <= looks <= 8, f'{looks} looks'


def left_alone(bench):
    """Without drift detection no edit is looked at."""
    place = bench.namespace('alone')
    place.source()
    place.apply(interval=INTERVAL, values={'replicaCount': 1})
    before = settled(place, ['podinfo'])
    place.api.merge('Deployment', place.namespace, 'podinfo', {'spec': {'replicas': 2}})
    time.sleep(8)
    equal({'podinfo': passes(place, 'podinfo')}, before, 'looks')
    equal(place.objects()[('Deployment', 'podinfo')]['spec']['replicas'], 2, 'replicas')


TESTS = [edited_and_deleted, fought_over, left_alone]


def main(names):
    with Bench('drift') as bench:
        bench.operator.start()
        return run_tests(bench, [test for test in TESTS if not names or test.__name__ in names], parallel=3)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
