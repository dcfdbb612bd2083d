#!/usr/bin/env python3
"""Compares `pilothouse template` with `helm template` on any charts, byte for byte: output, errors, warnings, exit code.

    bench/compare.py [--pilothouse BINARY] [--helm BINARY] [--jobs N] [--out DIR] FOLDER...

Every chart in the folders is rendered with its defaults, with the other values files that it brings along, with all of
its switches on, all off, and some of them flipped, as an upgrade with further API versions, and for an old Kubernetes.
Dependencies have to be in `charts/` already. What differs is printed; with --out both answers are written there. What
Helm itself renders differently from run to run (passwords, keys, dates) is compared apart from the lines that change.
Exit code 1 when anything differs. Needs PyYAML.
"""

import argparse
import concurrent.futures
import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
SWITCHES = ('enabled', 'create', 'install')
VALUES_FOLDERS = ('ci', 'test-values', 'tests/values', 'example', 'examples')
VALUES_NAME = re.compile(r'(values[-.].+|.+-values)\.ya?ml$')
API_VERSIONS = ('monitoring.coreos.com/v1', 'networking.k8s.io/v1/Ingress', 'cert-manager.io/v1')
TIMEOUT_SECONDS = 120
# How often Helm is asked again before an answer counts as always the same.
REPEATS = 3


def main():
    options = arguments()
    charts = sorted({path.parent for folder in options.folders for path in Path(folder).rglob('Chart.yaml')})
    charts = [chart for chart in charts if not any(parent in charts for parent in chart.parents)]
    different = count = 0
    with tempfile.TemporaryDirectory() as scratch, concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for chart, results in pool.map(lambda chart: (chart, compared(chart, options, Path(scratch))), charts):
            count += len(results)
            for name, answers in results:
                if answers:
                    different += 1
                    print(f'{chart} {name}: {summary(*answers)}', flush=True)
                    keep(options.out, chart, name, answers)
    print(f'{len(charts)} charts, {count} cases, {different} differ')
    return 1 if different else 0


def arguments():
    cache = os.environ.get('PILOTHOUSE_CACHE') or Path.home() / '.cache' / 'pilothouse'
    built = Path(os.environ.get('CARGO_TARGET_DIR') or ROOT / 'target') / 'release' / 'pilothouse'
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--pilothouse', default=str(built))
    parser.add_argument('--helm', default=str(Path(cache) / 'tools' / 'bin' / 'helm'))
    parser.add_argument('--jobs', type=int, default=os.cpu_count())
    parser.add_argument('--out', help='write what differs to this folder')
    parser.add_argument('folders', nargs='+', metavar='FOLDER')
    options = parser.parse_args()
    for tool in (options.pilothouse, options.helm):
        if not os.access(tool, os.X_OK):
            sys.exit(f'{tool} is no program')
    return options


def compared(chart, options, scratch):
    return [(name, difference(options, [str(chart), '-n', 'ns1', *flags])) for name, flags in cases(chart, scratch)]


def cases(chart, scratch):
    """Names and flags of the cases of a chart."""
    found = [('default', [])]
    files = [file for folder in VALUES_FOLDERS for file in sorted((chart / folder).glob('*.y*ml'))]
    files += [file for file in sorted(chart.iterdir()) if VALUES_NAME.match(file.name)]
    found += [(str(file.relative_to(chart)), ['-f', str(file)]) for file in files]
    for name, flip in flips(str(chart)):
        values = flipped(own_values(chart), flip)
        if values:
            file = scratch / f'{abs(hash((chart, name)))}.yaml'
            file.write_text(yaml.safe_dump(values))
            found.append((name, ['-f', str(file)]))
    versions = [word for version in API_VERSIONS for word in ('--api-versions', version)]
    found.append(('upgrade', ['--is-upgrade', '--include-crds', *versions]))
    found.append(('old Kubernetes', ['--kube-version', 'v1.20.15', '--no-hooks']))
    return found


def own_values(chart):
    try:
        values = yaml.safe_load((chart / 'values.yaml').read_text())
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return values if isinstance(values, dict) else {}


def flips(chart):
    """What becomes of a boolean, by key and value; nothing when it stays."""
    def to(wanted):
        return lambda key, _: wanted if key in SWITCHES else None
    yield 'all on', to(True)
    yield 'all off', to(False)
    for seed in (1, 2):
        draw = random.Random(f'{chart}{seed}')
        yield f'flipped {seed}', lambda key, value, draw=draw: (not value) if draw.random() < 0.3 else None


def flipped(values, flip):
    out = {}
    for key, value in values.items():
        if isinstance(value, dict):
            inner = flipped(value, flip)
            if inner:
                out[key] = inner
        elif isinstance(value, bool):
            wanted = flip(key, value)
            if wanted is not None:
                out[key] = wanted
    return out


def difference(options, flags):
    """Both answers when they differ in more than what Helm itself changes from run to run."""
    helm, ours = answer(options.helm, flags), answer(options.pilothouse, flags)
    if helm == ours:
        return None
    all_of_helm = [helm] + [answer(options.helm, flags) for _ in range(REPEATS)]
    if ours in all_of_helm:
        return None
    parts = zip(*(stable(texts, own) for texts, own in zip(zip(*all_of_helm), ours)))
    wanted, found = parts
    return None if wanted == found else (helm, ours)


def answer(binary, flags):
    """Exit code, standard output and standard error."""
    try:
        ran = subprocess.run([binary, 'template', 'rel', *flags], stdin=subprocess.DEVNULL, capture_output=True,
                             timeout=TIMEOUT_SECONDS, check=False, env={**os.environ, 'TZ': 'UTC'})
    except subprocess.TimeoutExpired:
        return ('no end', '', '')
    return (str(ran.returncode), *(text.decode(errors='replace').rstrip('\n') for text in (ran.stdout, ran.stderr)))


def stable(texts, own):
    """Of Helm's texts and of ours the lines that Helm always prints."""
    lines, own = [text.split('\n') for text in texts], own.split('\n')
    if len({len(each) for each in lines} | {len(own)}) > 1:
        # Lines that come in an order of their own each time are compared as a set.
        return (sorted(lines[0]), sorted(own)) if len(set(texts)) > 1 else (lines[0], own)
    always = [index for index in range(len(own)) if len({each[index] for each in lines}) == 1]
    return [lines[0][index] for index in always], [own[index] for index in always]


def summary(helm, ours):
    for name, wanted, found in zip(('exit code', 'output', 'errors'), helm, ours):
        if wanted != found:
            pairs = zip(wanted.split('\n') + [''], found.split('\n') + [''])
            line = next((pair for pair in pairs if pair[0] != pair[1]), ('', ''))
            return f'{name}: helm {line[0][:120]!r}, pilothouse {line[1][:120]!r}'
    return ''


def keep(out, chart, name, answers):
    if not out:
        return
    os.makedirs(out, exist_ok=True)
    base = re.sub(r'[^A-Za-z0-9.]+', '-', f'{chart} {name}').strip('-')
    for tool, (code, text, error) in zip(('helm', 'pilothouse'), answers):
        Path(out, f'{base}.{tool}').write_text(f'exit {code}\n{error}\n----\n{text}\n')


if __name__ == '__main__':
    sys.exit(main())
