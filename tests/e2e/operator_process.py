"""The operator under test as a process: start, stop, kill, its log and its metrics."""
import http.client
import os
import random
import re
import signal
import socket
import subprocess
import time


# Below those that outgoing connections take, which could come between the choice of a port and its use.
PORTS = range(12000, 30000)
given = set()


def free_port():
    """A port that nobody listens on, another one each time."""
    while True:
        port = random.choice(PORTS)
        with socket.socket() as listener:
            try:
                listener.bind(('127.0.0.1', port))
            except OSError:
                continue
        if port not in given:
            given.add(port)
            return port


class OperatorProcess:
    """`pilothouse run` on a cluster. All starts append to the same log file."""

    def __init__(self, binary, kubeconfig, log, flags=(), namespace='flux-system'):
        self.metrics_port, self.health_port = free_port(), free_port()
        self.command = [binary, 'run', f'--metrics-addr=127.0.0.1:{self.metrics_port}',
                        f'--health-addr=127.0.0.1:{self.health_port}', '--enable-leader-election=false',
                        '--concurrent=10', '--events-addr=', '--requeue-dependency=2s', *flags]
        self.environment = dict(os.environ, KUBECONFIG=kubeconfig, RUNTIME_NAMESPACE=namespace)
        self.log, self.process = log, None

    def start(self, wait=True):
        with open(self.log, 'ab') as log:
            self.process = subprocess.Popen(self.command, env=self.environment, stdout=log, stderr=log,
                                            start_new_session=True)
        deadline = time.monotonic() + 20
        while wait and not self.is_healthy():
            if self.process.poll() is not None:
                raise AssertionError(f'the operator ended with {self.process.returncode}: {self.tail()}')
            if time.monotonic() > deadline:
                raise AssertionError('the operator did not become healthy')
            time.sleep(0.05)
        return self

    def is_healthy(self):
        try:
            return self.http(self.health_port, '/readyz')[0] == 200
        except OSError:
            return False

    def http(self, port, path):
        connection = http.client.HTTPConnection('127.0.0.1', port, timeout=5)
        try:
            connection.request('GET', path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def kill(self):
        """SIGKILL: no chance to finish anything."""
        self.end(signal.SIGKILL)

    def stop(self):
        """SIGTERM, and SIGKILL when the operator takes longer than 15 s."""
        return self.end(signal.SIGTERM)

    def end(self, number):
        if self.process is None or self.process.poll() is not None:
            return self.process and self.process.returncode
        self.process.send_signal(number)
        try:
            return self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def requests(self):
        """API requests so far, by method."""
        counted = {}
        for method, count in re.findall(r'^rest_client_requests_total\{.*method="(\w+)"\} (\d+)$',
                                        self.http(self.metrics_port, '/metrics')[1], re.M):
            counted[method] = counted.get(method, 0) + int(count)
        return counted

    def resident_bytes(self):
        with open(f'/proc/{self.process.pid}/statm', encoding='ascii') as statm:
            return int(statm.read().split()[1]) * os.sysconf('SC_PAGE_SIZE')

    def read_log(self):
        with open(self.log, encoding='utf-8', errors='replace') as log:
            return log.read()

    def tail(self, lines=15):
        return '\n'.join(self.read_log().splitlines()[-lines:])
