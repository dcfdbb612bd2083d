#!/usr/bin/env python3
"""The operator is killed at random moments of installs, upgrades, rollbacks, tests and uninstalls, and always converges.

Several releases live at the same time, each repeating a flow of its own; one thread kills the operator and starts it
again. A seed makes the moments repeatable, as far as a real cluster allows.

  PILOTHOUSE_KILLS   how many kills, default 50
  PILOTHOUSE_SEED    default: from the clock, printed
"""
import os
import random
import sys
import threading
import time
import traceback

from api import wait_until
from bench import Bench, HOOK, NEVER, condition, equal, summary

# How long a step of a flow may take while the operator keeps being killed, and after the last kill.
STEP_SECONDS = 180


class Flow:
    """One release that goes through its steps again and again until the kills are over."""

    def __init__(self, bench, kills):
        self.kills, self.rounds, self.error, self.uids = kills, 0, None, {}
        self.place = bench.namespace(type(self).__name__.lower())
        self.place.source()

    def run(self):
        try:
            while self.rounds == 0 or not self.kills.over.is_set():
                self.round(self.rounds)
                self.rounds += 1
            self.check_storage()
        except Exception as error:
            release = self.place.release()
            self.error = f'{error}\n    object: {release and summary(release)}\n    storage: {self.place.statuses()}'
            if not isinstance(error, AssertionError):
                self.error += '\n' + traceback.format_exc()

    def round(self, number):
        raise NotImplementedError

    def ready(self):
        release = self.place.ready(seconds=STEP_SECONDS)
        self.check_ready(release)
        return release

    def check_ready(self, release):
        """Ready=True only when the newest stored revision is deployed and has the values asked for."""
        storage = self.place.storage()
        newest = storage[max(storage)]
        equal(newest['info']['status'], 'deployed', 'newest revision of a ready release')
        equal(newest.get('config') or {}, release['spec'].get('values') or {}, 'values of a ready release')
        equal(release['status']['history'][0]['version'], max(storage), 'newest snapshot')
        self.check_storage()

    def check_storage(self):
        statuses = self.place.statuses()
        assert list(statuses.values()).count('deployed') <= 1, f'several deployed revisions: {statuses}'

    def same_objects(self):
        """No object of a flow without remediation is ever replaced."""
        uids = {key: item['metadata']['uid'] for key, item in self.place.objects(('Service', 'Deployment')).items()}
        assert len(uids) == 2, f'objects: {sorted(uids)}'
        equal(uids, self.uids or uids, 'identities of the objects')
        self.uids = uids

    def delete(self):
        self.place.api.delete('HelmRelease', self.place.namespace, 'podinfo')
        self.place.gone(seconds=STEP_SECONDS)
        equal(self.place.storage(), {}, 'storage after deletion')
        # A hook's object belongs to no release: that of an interrupted install stays, as with Helm.
        left = [key for key, item in self.place.objects().items()
                if HOOK not in item['metadata'].get('annotations', {})]
        equal(left, [], 'objects after deletion')


class Upgrades(Flow):
    """Upgrade after upgrade of one release. An interrupted one may fail; it is retried without remediation."""

    def round(self, number):
        retry = {'strategy': {'name': 'RetryOnFailure', 'retryInterval': '1s'}}
        self.place.apply(values={'ui': {'message': f'round {number}'}}, install=retry, upgrade=retry, maxHistory=5)
        self.ready()
        self.same_objects()


class Lives(Flow):
    """Install with hooks, then deletion."""

    def round(self, number):
        job = {'job': {'enabled': True}}
        retry = {'strategy': {'name': 'RetryOnFailure', 'retryInterval': '1s'}}
        self.place.apply(values={'hooks': {'preInstall': job, 'preDelete': job}}, install=retry, upgrade=retry)
        self.ready()
        self.delete()


class Rollbacks(Flow):
    """An upgrade that fails and is rolled back, then one that succeeds."""

    def round(self, number):
        good = {'ui': {'message': f'good {number}'}}
        remediation = {'remediation': {'retries': 3}}
        self.place.apply(values=good, install=remediation, upgrade=remediation)
        self.ready()
        self.place.apply(timeout='2s', values={**good, **NEVER},
                         upgrade={'remediation': {'retries': 0, 'remediateLastFailure': True}})

        def settled():
            release = self.place.release()
            stalled, ready = condition(release, 'Stalled'), condition(release, 'Ready')
            assert not (ready and ready['status'] == 'True' and
                        ready['observedGeneration'] == release['metadata']['generation']), 'Ready with a failing release'
            return bool(stalled and stalled['status'] == 'True') or summary(release)
        wait_until(settled, STEP_SECONDS, 'stalled')
        self.check_storage()


class Reinstalls(Flow):
    """An install that fails and is uninstalled, tried again, repaired, and deleted."""

    def round(self, number):
        self.place.apply(timeout='2s', values=NEVER, install={'remediation': {'retries': 1}},
                         upgrade={'remediation': {'retries': 1, 'strategy': 'uninstall'}})
        self.place.wait(settled=False, seconds=STEP_SECONDS, Stalled='True')
        self.check_storage()
        self.place.apply(values={'ui': {'message': 'repaired'}}, install={'remediation': {'retries': 3}},
                         upgrade={'remediation': {'retries': 3, 'strategy': 'uninstall'}})
        self.ready()
        self.delete()


class Tests(Flow):
    """Upgrades with the chart's tests."""

    def round(self, number):
        retry = {'strategy': {'name': 'RetryOnFailure', 'retryInterval': '1s'}}
        self.place.apply(values={'ui': {'message': f'round {number}'}}, install=retry, upgrade=retry,
                         test={'enable': True})
        release = self.place.wait(seconds=STEP_SECONDS, Ready='True', TestSuccess='True', Reconciling=None)
        self.check_ready(release)
        self.same_objects()


class Watchman:
    """Looks at all releases all the time: whatever a moment shows has to be true at that moment."""

    def __init__(self, flows):
        self.flows, self.looks, self.errors, self.over = flows, 0, [], threading.Event()

    def run(self):
        while not self.over.wait(0.2):
            for flow in self.flows:
                try:
                    self.look(flow)
                except AssertionError as error:
                    self.errors.append(f'{flow.place.namespace}: {error}')

    def look(self, flow):
        before = flow.place.release()
        storage = flow.place.statuses()
        after = flow.place.release()
        assert list(storage.values()).count('deployed') <= 1, f'several deployed revisions: {storage}'
        if not before or not after or before['metadata']['resourceVersion'] != after['metadata']['resourceVersion']:
            return
        self.looks += 1
        ready = 'status' in after and condition(after, 'Ready')
        current = ready and ready['observedGeneration'] == after['metadata']['generation']
        if current and ready['status'] == 'True' and not after['metadata'].get('deletionTimestamp'):
            assert storage and storage[max(storage)] == 'deployed', f'Ready with {storage}'


class Kills:
    """Kills the operator `count` times, each after a random time of life."""

    def __init__(self, operator, count, seed):
        self.operator, self.count, self.random = operator, count, random.Random(seed)
        self.over, self.ages = threading.Event(), []

    def run(self):
        for _ in range(self.count):
            # Most kills hit the first seconds after a start, where recovery itself is cut off; some come later.
            age = self.random.choice((self.random.uniform(0.05, 1), self.random.uniform(0.5, 5)))
            time.sleep(age)
            self.operator.kill()
            self.ages.append(round(age, 2))
            self.operator.start()
        self.over.set()


def main():
    seed = int(os.environ.get('PILOTHOUSE_SEED') or time.time())
    count = int(os.environ.get('PILOTHOUSE_KILLS') or 50)
    print(f'seed {seed}, {count} kills', flush=True)
    with Bench('killed') as bench:
        kills = Kills(bench.operator.start(), count, seed)
        flows = [kind(bench, kills) for kind in (Upgrades, Lives, Rollbacks, Reinstalls, Tests)]
        watchman = Watchman(flows)
        threads = [threading.Thread(target=flow.run) for flow in flows]
        watching = threading.Thread(target=watchman.run)
        for thread in (*threads, watching):
            thread.start()
        try:
            kills.run()
        finally:
            kills.over.set()
            for thread in threads:
                thread.join()
            watchman.over.set()
            watching.join()
        failed = report(bench, flows, watchman)
    print(f'{len(flows) + 2 - failed} passed, {failed} failed')
    return 1 if failed else 0


def report(bench, flows, watchman):
    failed = 0
    for flow in flows:
        failed += flow.error is not None
        outcome = 'ok  ' if flow.error is None else 'FAIL'
        print(f'{outcome} {type(flow).__name__}, {flow.rounds} rounds{": " + flow.error if flow.error else ""}')
    panics = [line for line in bench.operator.read_log().splitlines() if 'panicked' in line]
    print('\n'.join(['FAIL panics:', *panics]) if panics else 'ok   no panic')
    wrong = watchman.errors or ([] if watchman.looks else ['nothing was looked at'])
    print('\n'.join(['FAIL what moments showed:', *wrong]) if wrong else f'ok   {watchman.looks} moments were consistent')
    return failed + bool(panics) + bool(wrong)


if __name__ == '__main__':
    sys.exit(main())
