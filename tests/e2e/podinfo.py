#!/usr/bin/env python3
"""The life of a podinfo release on a real API server, with the real Helm binary as second client.

Helm applies as another field manager than the operator, so whatever changes a field of ours needs --force-conflicts, as
it does with the original. Helm 4 lists releases of every status without being asked to.
"""
import copy
import sys
import time

from bench import Bench, NEVER, condition, equal, run_tests
from api import wait_until

FULL = 'podinfo@6.14.1'


def history(release):
    """The snapshots of a release, newest first: revision, status and action."""
    return [(s['version'], s['status'], s.get('action')) for s in release['status'].get('history') or []]


def versions(objects):
    """Changes when anybody writes; of a Deployment, whose status others write, only when its spec is written."""
    return {key: (item['metadata']['uid'], item['metadata']['generation' if key[0] == 'Deployment' else 'resourceVersion'])
            for key, item in objects.items()}


def message(release, kind):
    return condition(release, kind)['message']


def install(bench):
    """Install: status, storage, objects, and what the real Helm reads of it."""
    place = bench.namespace('install')
    place.source()
    place.apply(values={'replicaCount': 2, 'ui': {'message': 'hello'}})
    release = place.ready()
    wanted = f'Helm install succeeded for release {place.namespace}/podinfo.v1 with chart {FULL}'
    equal(message(release, 'Ready'), wanted, 'message of Ready')
    equal(message(release, 'Released'), wanted, 'message of Released')
    equal(condition(release, 'Ready')['reason'], 'InstallSucceeded', 'reason')
    equal(history(release), [(1, 'deployed', 'install')], 'history')
    status = release['status']
    equal(status['storageNamespace'], place.namespace, 'storage namespace')
    equal(status['lastAttemptedRevision'], '6.14.1', 'attempted revision')
    equal(status['lastAttemptedReleaseAction'], 'install', 'attempted action')
    equal(release['metadata']['finalizers'], ['finalizers.fluxcd.io'], 'finalizers')
    equal(place.statuses(), {1: 'deployed'}, 'storage')
    deployment = place.objects()[('Deployment', 'podinfo')]
    equal(deployment['spec']['replicas'], 2, 'replicas')
    equal(deployment['status']['readyReplicas'], 2, 'ready replicas')
    equal(deployment['metadata']['annotations']['meta.helm.sh/release-name'], 'podinfo', 'owner')
    helm_reads(place, {'replicaCount': 2, 'ui': {'message': 'hello'}})


def helm_reads(place, values):
    """`helm list`, `history`, `status` and `get` agree with what the operator stored."""
    listed = place.helm_json('list')
    equal([(r['name'], r['revision'], r['status'], r['chart'], r['app_version']) for r in listed],
          [('podinfo', '1', 'deployed', 'podinfo-6.14.1', '6.14.1')], 'helm list')
    equal([(r['revision'], r['status'], r['description']) for r in place.helm_json('history', 'podinfo')],
          [(1, 'deployed', 'Install complete')], 'helm history')
    status = place.helm_json('status', 'podinfo')
    equal(status['info']['status'], 'deployed', 'helm status')
    assert 'podinfo' in status['info']['notes'], 'helm status has no notes'
    stored = place.storage()[1]
    equal(place.helm_json('get', 'values', 'podinfo'), values, 'helm get values')
    equal(place.helm('get', 'manifest', 'podinfo').strip(), stored['manifest'].strip(), 'helm get manifest')
    hooks = place.helm('get', 'hooks', 'podinfo')
    equal(hooks.count('# Source: podinfo/templates/tests/'), len(stored['hooks']), 'helm get hooks')


def no_operation(bench):
    """A request to reconcile an in-sync release writes nothing but the handled token."""
    place = bench.namespace('noop')
    place.source()
    place.apply()
    before = place.ready()
    objects = versions(place.objects())
    secrets = {s['metadata']['name']: s['metadata']['resourceVersion'] for s in bench.api.list('Secret', place.namespace)}
    place.annotate('reconcile.fluxcd.io/requestedAt', 'now')

    def handled():
        return place.release()['status'].get('lastHandledReconcileAt') == 'now' or 'token not handled'
    wait_until(handled, 20, 'token')
    after = place.ready()
    time.sleep(1)
    equal(versions(place.objects()), objects, 'objects')
    equal({s['metadata']['name']: s['metadata']['resourceVersion'] for s in bench.api.list('Secret', place.namespace)},
          secrets, 'storage')
    equal(history(after), [(1, 'deployed', 'install')], 'history')
    equal(after['status']['history'], before['status']['history'], 'whole history')
    for kind in ('Ready', 'Released'):
        equal(condition(after, kind), condition(before, kind), kind)


def upgrade(bench):
    """Changed values become revision 2; objects that stay keep their identity."""
    place = bench.namespace('upgrade')
    place.source()
    place.apply(values={'ui': {'message': 'one'}})
    place.ready()
    uids = {key: item['metadata']['uid'] for key, item in place.objects().items()}
    place.apply(values={'ui': {'message': 'two'}, 'serviceAccount': {'enabled': True}})
    release = place.ready()
    equal(message(release, 'Ready'),
          f'Helm upgrade succeeded for release {place.namespace}/podinfo.v2 with chart {FULL}', 'message')
    equal(history(release), [(2, 'deployed', 'upgrade'), (1, 'superseded', None)], 'history')
    equal(place.statuses(), {1: 'superseded', 2: 'deployed'}, 'storage')
    objects = place.objects()
    equal({key: objects[key]['metadata']['uid'] for key in uids}, uids, 'identities')
    assert ('ServiceAccount', 'podinfo') in objects, 'the new object is missing'
    place.apply(values={'ui': {'message': 'two'}})
    release = place.wait(Ready='True/UpgradeSucceeded', Reconciling=None)
    wait_until(lambda: ('ServiceAccount', 'podinfo') not in place.objects() or 'still there', 10, 'removed object')
    equal(place.statuses(), {1: 'superseded', 2: 'superseded', 3: 'deployed'}, 'storage')
    equal([int(r['revision']) for r in place.helm_json('history', 'podinfo')], [1, 2, 3], 'helm history')


def failing_upgrade(bench):
    """An upgrade that never becomes ready is rolled back; the release stalls on the old state."""
    place = bench.namespace('rollback')
    place.source()
    place.apply(values={'ui': {'message': 'good'}})
    place.ready()
    place.apply(timeout='4s', values={'ui': {'message': 'bad'}, **NEVER},
                upgrade={'remediation': {'remediateLastFailure': True}})
    release = place.wait(Stalled='True/RetriesExceeded', Remediated='True/RollbackSucceeded',
                         Released='False/UpgradeFailed', Ready='False/RollbackSucceeded')
    equal(history(release)[:2], [(3, 'deployed', 'rollback'), (2, 'failed', 'upgrade')], 'history')
    equal(place.statuses(), {1: 'superseded', 2: 'failed', 3: 'deployed'}, 'storage')
    equal(release['status']['upgradeFailures'], 1, 'upgrade failures')
    spec = place.objects()[('Deployment', 'podinfo')]['spec']['template']['spec']
    assert 'nodeSelector' not in spec, 'the Deployment was not rolled back'
    assert 'timeout waiting for' in message(release, 'Released'), message(release, 'Released')
    place.apply(timeout='20s', values={'ui': {'message': 'better'}})
    release = place.ready()
    equal(history(release)[0], (4, 'deployed', 'upgrade'), 'history after the repair')
    assert condition(release, 'Remediated') is None and condition(release, 'Stalled') is None


def failing_install(bench):
    """A failing install is uninstalled and tried again; a repair in between succeeds."""
    place = bench.namespace('retry')
    place.source()
    place.apply(timeout='3s', values=NEVER, install={'remediation': {'retries': 1}})
    release = place.wait(Stalled='True/RetriesExceeded', Released='False/InstallFailed')
    equal(message(release, 'Stalled'), 'Failed to install after 2 attempt(s)', 'message')
    equal(release['status']['installFailures'], 2, 'install failures')
    equal(place.statuses(), {1: 'failed'}, 'storage')
    events = {e['reason'] for e in bench.api.list('Event', place.namespace)
              if e['involvedObject']['kind'] == 'HelmRelease'}
    assert {'InstallFailed', 'UninstallSucceeded'} <= events, events
    place.apply(timeout='20s', values={}, install={'remediation': {'retries': 1}})
    release = place.ready()
    equal(list(place.statuses().values())[-1], 'deployed', 'storage after the repair')


def tests_pass(bench):
    """The chart's test Pods run one after another; their results stand in status and storage."""
    place = bench.namespace('tests')
    place.source()
    place.apply(test={'enable': True})
    release = place.wait(Ready='True/TestSucceeded', TestSuccess='True/TestSucceeded')
    hooks = release['status']['history'][0]['testHooks']
    assert hooks and all(hook['phase'] == 'Succeeded' for hook in hooks.values()), hooks
    stored = place.storage()[1]['hooks']
    equal(sorted(hooks), sorted(hook['name'] for hook in stored), 'names of the hooks')
    equal(message(release, 'Ready'), f'Helm test succeeded for release {place.namespace}/podinfo.v1 with chart '
          f'{FULL}: {len(hooks)} test hooks completed successfully', 'message')
    assert not bench.api.list('Pod', place.namespace, '?labelSelector=%21pod-template-hash'), 'test Pods are left'


def tests_fail(bench):
    """A failing test stalls the release and leaves it deployed."""
    place = bench.namespace('testfail')
    place.source()
    place.apply(test={'enable': True}, values={'faults': {'testFail': True}})
    release = place.wait(Stalled='True/RetriesExceeded', TestSuccess='False/TestFailed', Ready='False/TestFailed',
                         Released='True/InstallSucceeded')
    equal(place.statuses(), {1: 'deployed'}, 'storage')
    phases = [hook.get('phase') for hook in release['status']['history'][0]['testHooks'].values()]
    assert 'Failed' in phases, phases


def deletion(bench):
    """Deleting the object uninstalls the release, with its hooks, and leaves nothing."""
    place = bench.namespace('delete')
    place.source()
    place.apply(values={'hooks': {'preDelete': {'job': {'enabled': True}}}})
    place.ready()
    bench.api.delete('HelmRelease', place.namespace, 'podinfo')
    place.gone()
    equal(place.storage(), {}, 'storage')
    equal(place.objects(), {}, 'objects')
    equal(place.helm_json('list'), [], 'helm list')
    reasons = {e['reason'] for e in bench.api.list('Event', place.namespace)}
    assert 'UninstallSucceeded' in reasons, reasons


def chart_template(bench):
    """`spec.chart`: the operator makes the HelmChart and waits for its artifact."""
    place = bench.namespace('chart')
    place.apply(chartRef=None, chart={'spec': {
        'chart': 'podinfo', 'version': '6.x', 'sourceRef': {'kind': 'HelmRepository', 'name': 'charts'}}})
    name = place.namespace + '-podinfo'
    place.wait(settled=False, Ready='False/SourceNotReady')
    place.publish(name, 'podinfo.tgz', '6.14.1')
    place.ready()
    bench.api.delete('HelmRelease', place.namespace, 'podinfo')
    place.gone()
    equal(bench.api.get('HelmChart', place.namespace, name), None, 'HelmChart')


def helm_rolls_back(bench):
    """`helm rollback` works on our revisions; the operator then upgrades to what the object asks for."""
    place = bench.namespace('clirollback')
    place.source()
    place.apply(values={'ui': {'message': 'one'}})
    place.ready()
    place.apply(values={'ui': {'message': 'two'}})
    place.ready()
    place.helm('rollback', 'podinfo', '1', '--wait', '--force-conflicts')
    equal(place.statuses(), {1: 'superseded', 2: 'superseded', 3: 'deployed'}, 'storage after helm rollback')
    equal(place.helm_json('get', 'values', 'podinfo'), {'ui': {'message': 'one'}}, 'values after helm rollback')
    place.annotate('reconcile.fluxcd.io/requestedAt', 'now')
    wait_until(lambda: place.statuses().get(4) == 'deployed' or place.statuses(), 30, 'upgrade over it')
    release = place.ready()
    equal(history(release)[0], (4, 'deployed', 'upgrade'), 'history')
    equal(place.helm_json('get', 'values', 'podinfo'), {'ui': {'message': 'two'}}, 'values')


def helm_uninstalls(bench):
    """`helm uninstall` removes what we installed; the operator installs it again."""
    place = bench.namespace('cliuninstall')
    place.source()
    place.apply()
    place.ready()
    place.helm('uninstall', 'podinfo', '--wait')
    equal(place.storage(), {}, 'storage')
    equal(place.objects(), {}, 'objects')
    place.annotate('reconcile.fluxcd.io/requestedAt', 'now')
    wait_until(lambda: place.statuses() == {1: 'deployed'} or place.statuses(), 30, 'installed again')
    equal(history(place.ready()), [(1, 'deployed', 'install')], 'history')


def helm_upgrades(bench):
    """`helm upgrade` writes a revision the operator did not make: it is taken over by an upgrade."""
    place = bench.namespace('cliupgrade')
    place.source()
    place.apply(values={'replicaCount': 1})
    place.ready()
    place.helm('upgrade', 'podinfo', chart_file(bench), '--set', 'replicaCount=2', '--wait',
               '--force-conflicts')
    equal(place.statuses(), {1: 'superseded', 2: 'deployed'}, 'storage after helm upgrade')
    place.annotate('reconcile.fluxcd.io/requestedAt', 'now')
    wait_until(lambda: place.statuses().get(3) == 'deployed' or place.statuses(), 30, 'upgrade over it')
    place.ready()
    equal(place.objects()[('Deployment', 'podinfo')]['spec']['replicas'], 1, 'replicas')


def takeover(bench):
    """A release that the real Helm installed is upgraded in place, its objects keep their identity."""
    place = bench.namespace('takeover')
    place.helm('install', 'podinfo', chart_file(bench), '--set', 'ui.message=cli', '--wait')
    before = copy.deepcopy(place.objects())
    place.source()
    place.apply(values={'ui': {'message': 'operator'}})
    release = place.ready()
    equal(history(release), [(2, 'deployed', 'upgrade')], 'history')
    equal(place.statuses(), {1: 'superseded', 2: 'deployed'}, 'storage')
    equal({key: item['metadata']['uid'] for key, item in place.objects().items()},
          {key: item['metadata']['uid'] for key, item in before.items()}, 'identities')
    equal([r['description'] for r in place.helm_json('history', 'podinfo')],
          ['Install complete', 'Upgrade complete'], 'helm history')


def chart_file(bench):
    path = f'{bench.logs}/podinfo.tgz'
    with open(path, 'wb') as file:
        file.write(bench.files['podinfo.tgz'])
    return path


TESTS = [install, no_operation, upgrade, failing_upgrade, failing_install, tests_pass, tests_fail, deletion,
         chart_template, helm_rolls_back, helm_uninstalls, helm_upgrades, takeover]


def main(names):
    with Bench('podinfo') as bench:
        bench.operator.start()
        return run_tests(bench, [test for test in TESTS if not names or test.__name__ in names])


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
