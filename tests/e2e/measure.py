#!/usr/bin/env python3
"""Figures: time and API requests of a release, resident memory, size of the binary. Prints a table."""
import os
import statistics
import sys
import time

from bench import Bench

RELEASES = 20


def measured(bench, place, step):
    """Seconds and API requests, by method, of something the operator does."""
    before, began = bench.operator.requests(), time.monotonic()
    step()
    seconds = time.monotonic() - began
    time.sleep(1)  # events are written a little later
    after = bench.operator.requests()
    counted = {method: after[method] - before.get(method, 0) for method in after if after[method] != before.get(method, 0)}
    return seconds, counted


def row(name, value):
    print(f'| {name:<44} | {value:<40} |', flush=True)


def requests(counted):
    by_method = ', '.join(f'{method} {count}' for method, count in sorted(counted.items()))
    return f'{sum(counted.values())} ({by_method})'


def one_release(bench):
    """Install, no-op, upgrade and deletion, each the median of three releases one after another."""
    found = {}
    for number in range(3):
        place = bench.namespace(f'one{number}')
        place.source()

        def install():
            place.apply()
            place.ready()

        def no_operation():
            place.annotate('reconcile.fluxcd.io/requestedAt', 'now')
            while place.release()['status'].get('lastHandledReconcileAt') != 'now':
                time.sleep(0.05)

        def upgrade():
            place.apply(values={'ui': {'message': 'two'}})
            place.ready()

        def delete():
            bench.api.delete('HelmRelease', place.namespace, 'podinfo')
            place.gone()
        for step in (install, no_operation, upgrade, delete):
            found.setdefault(step.__name__, []).append(measured(bench, place, step))
    for name, results in found.items():
        row(f'{name.replace("_", "-")}: seconds', f'{statistics.median(r[0] for r in results):.2f}')
        row(f'{name.replace("_", "-")}: API requests', requests(sorted(results, key=lambda r: sum(r[1].values()))[1][1]))


def helm_install(bench):
    place = bench.namespace('helm')
    archive = os.path.join(bench.logs, 'podinfo.tgz')
    with open(archive, 'wb') as file:
        file.write(bench.files['podinfo.tgz'])
    began = time.monotonic()
    place.helm('install', 'podinfo', archive, '--wait')
    row('for comparison, helm install --wait: seconds', f'{time.monotonic() - began:.2f}')


def many_releases(bench):
    place = bench.namespace('many')
    place.source()
    began = time.monotonic()
    for number in range(RELEASES):
        place.apply(f'r{number}')
    for number in range(RELEASES):
        place.ready(f'r{number}', seconds=120)
    row(f'{RELEASES} installs at once: seconds', f'{time.monotonic() - began:.2f}')
    row(f'resident memory after {RELEASES} releases', megabytes(bench))


def megabytes(bench):
    return f'{bench.operator.resident_bytes() / 1e6:.1f} MB'


def main():
    with Bench('measure') as bench:
        row('Figure', 'Value')
        row('---', '---')
        row('size of the binary', f'{os.path.getsize(os.environ["PILOTHOUSE"]) / 1e6:.1f} MB')
        began = time.monotonic()
        bench.operator.start()
        row('start until healthy: seconds', f'{time.monotonic() - began:.2f}')
        time.sleep(5)
        row('resident memory, idle', megabytes(bench))
        one_release(bench)
        row('resident memory after those', megabytes(bench))
        many_releases(bench)
        helm_install(bench)
    return 0


if __name__ == '__main__':
    sys.exit(main())
