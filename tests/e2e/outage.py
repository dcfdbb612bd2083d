#!/usr/bin/env python3
"""The API server, or the definition of HelmRelease, is not there when the operator starts, or goes away later.

The operator reaches the API server through a forwarder of this test, which can be closed and opened.
"""
import os
import re
import socket
import sys
import threading
import time

from api import wait_until
from bench import Bench, equal, run_tests
from operator_process import free_port

DEFINITION = 'helmreleases.helm.toolkit.fluxcd.io'


class Forwarder:
    """Bytes between a port of its own and the API server. The server's certificate is valid for any port."""

    def __init__(self, target):
        self.port, self.target, self.listener, self.open_sockets = free_port(), target, None, []

    def open(self):
        self.listener = socket.create_server(('127.0.0.1', self.port))
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for one in self.open_sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.open_sockets.clear()

    def accept(self, listener):
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.create_connection(self.target)
            self.open_sockets += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=copy, args=(one, other), daemon=True).start()


def copy(one, other):
    try:
        while data := one.recv(65536):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def forwarded(bench):
    """A closed forwarder, and the operator of the bench pointed at it."""
    with open(bench.kubeconfig, encoding='utf-8') as file:
        text = file.read()
    host, port = re.search(r'server: https://([^:]+):(\d+)', text).groups()
    forwarder = Forwarder((host, int(port)))
    path = os.path.join(bench.logs, 'forwarded.kubeconfig')
    with open(path, 'w', encoding='utf-8', opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(text.replace(f'https://{host}:{port}', f'https://127.0.0.1:{forwarder.port}'))
    bench.operator.environment['KUBECONFIG'] = path
    return forwarder


def logged(bench, *words):
    """Waits for a log line with these words."""
    def check():
        return any(all(word in line for word in words) for line in bench.operator.read_log().splitlines()) or \
            bench.operator.tail(3)
    wait_until(check, 20, f'log line with {words}')


def server_away(bench):
    """Started without an API server: the operator lives, says so, and works once the server is there. Then the server
    goes away in the middle of an install, and the install still comes to its end."""
    forwarder = forwarded(bench)
    place = bench.namespace('away')
    place.source()
    place.apply()
    bench.operator.start(wait=False)
    logged(bench, '"level":"error"', f'127.0.0.1:{forwarder.port}')
    time.sleep(2)
    equal(bench.operator.process.poll(), None, 'exit code')
    forwarder.open()
    place.ready(seconds=60)
    place.apply('second', values={'replicaCount': 3})
    time.sleep(0.3)
    forwarder.close()
    time.sleep(3)
    forwarder.open()
    place.ready('second', seconds=60)
    equal(list(place.statuses('second').values()).count('deployed'), 1, 'deployed revisions')


def definition_missing(bench):
    """Started on a cluster without the definition of HelmRelease: the operator names it, and works once it is there."""
    definition = bench.api.get('CustomResourceDefinition', None, DEFINITION)
    bench.api.delete('CustomResourceDefinition', None, DEFINITION)
    wait_until(lambda: bench.api.get('CustomResourceDefinition', None, DEFINITION) is None, 30, 'definition removed')
    try:
        bench.operator.start()
        logged(bench, '"level":"error"', 'helmreleases', 'HelmRelease')
    finally:
        kept = {key: definition['metadata'][key] for key in ('name', 'labels', 'annotations')
                if key in definition['metadata']}
        bench.api.apply({**definition, 'metadata': kept, 'status': None})
    served = bench.api.path('HelmRelease')
    wait_until(lambda: bench.api.request('GET', served)[0] == 200, 20, 'definition served')
    place = bench.namespace('definition')
    place.source()
    place.apply()
    place.ready(seconds=60)


TESTS = [server_away, definition_missing]


def main(names):
    failed = 0
    for test in TESTS:
        if not names or test.__name__ in names:
            with Bench('outage') as bench:
                failed += run_tests(bench, [test])
    print(f'{len(names or TESTS) - failed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
