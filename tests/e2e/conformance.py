#!/usr/bin/env python3
"""The simulated API server against a real one without controllers: generated sequences of requests, the same each time.

Sequences that are known to differ are listed; others that do, and listed ones that do not any more, fail.
"""
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(HERE, '..', 'conformance')
SEQUENCES = 800


def main():
    ran = subprocess.run(
        [os.path.join(FOLDER, 'run.sh'), os.environ['PILOTHOUSE_CONFORMANCE'], '--seed', '1', '--sequences', str(SEQUENCES),
         '--known', os.path.join(FOLDER, 'known.txt')], stdout=subprocess.PIPE, text=True, timeout=600, check=False)
    print(ran.stdout, end='')
    found = re.search(r'^(\d+) sequences .* compared, (\d+) differ as known, (\d+) otherwise.* (\d+) are settled$',
                      ran.stdout, re.MULTILINE)
    if not found:
        print('0 passed, 1 failed')
        return 1
    compared, known, different, settled = map(int, found.groups())
    print(f'{compared - known - different} passed, {different + settled} failed')
    return 0 if ran.returncode == 0 and compared == SEQUENCES else 1


if __name__ == '__main__':
    sys.exit(main())
