#!/usr/bin/env python3
"""Makes io-kube/command/layout.txt: which functions of the command are run, so that the linker puts them beside each other.

    bench/layout.py --binary BINARY --map MAP [--every N] [--operator CALLGRIND...]

BINARY and MAP are of one build that keeps its symbols:

    cargo rustc --release -p pilothouse --config profile.release.strip=false -- -C link-arg=-Wl,-Map=pilothouse.map

`pilothouse template` is run under callgrind with every Nth chart of the folder `shared` beside the checkout. What an
operator runs is taken from files that `valgrind --tool=callgrind --dump-instr=yes BINARY run ...` has written.

After a group (`template`, `both` or `operator`) and a crate, a line is a pattern of names, without what compilers add to
them; after an archive, it is a member and its sections. A module stands for all of its functions when most of its code is
run. Lines that match nothing do no harm; a list that is old makes starts a little slower and an operator a little larger,
nothing else.
"""

import argparse
import bisect
import collections
import importlib.util
import itertools
import re
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "io-kube" / "command" / "layout.txt"
# A module is named as a whole when at least this part of its code is run.
DENSE = 0.75
# .. of a map of the linker: address, ., size, ., file:(section), where a file may be a member of an archive
SECTION = re.compile(r"\s*([0-9a-f]+)\s+[0-9a-f]+\s+([0-9a-f]+)\s+\d+\s+(\S+):\((\.text[^)]*)\)$")
OBJECT = re.compile(r"/[^/]*-[0-9a-f]{16}\.([A-Za-z0-9_]+)-[0-9a-f]{16}\.[^/]*\.rcgu\.o$")
MEMBER = re.compile(r"/([^/(]+\.(?:a|rlib))\(([^)]+)\)$")
INSTRUCTIONS = re.compile(r"(\+\d+|-\d+|\*|0x[0-9a-f]+) \S+ \d+$")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--map", required=True)
    parser.add_argument("--every", type=int, default=8)
    parser.add_argument("--operator", nargs="*", default=[])
    options = parser.parse_args()
    sections = Sections(options.map)
    operator = set().union(*(sections.run_in(output) for output in options.operator))
    print(f"operator: {len(operator)} functions", flush=True)
    template = set()
    for number, output in enumerate(template_runs(options.binary, options.every)):
        template |= sections.run_in(output)
        print(f"{number + 1} charts, {len(template)} functions", flush=True)
    lines = []
    # What a group does not take is left to those that follow.
    for group, run, following in (("template", template - operator, operator),
                                  ("both", template & operator, operator - template),
                                  ("operator", operator - template, set())):
        patterns = dense(sections, run, following)
        for crate, of_crate in itertools.groupby(patterns, key=lambda found: found[0]):
            lines += [f"[{group} {crate}]", *(pattern for _, pattern in of_crate)]
        print(f"{group}: {len(run)} functions, {sections.size(run)} bytes, {len(patterns)} patterns")
    LIST.write_text("\n".join(lines) + "\n")


class Sections:
    """The functions of a binary: where they lie, of which crate or archive they are."""

    def __init__(self, path):
        self.found = []
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                section = SECTION.match(line.rstrip())
                owner = section and owner_of(section[3], section[4])
                if owner:
                    self.found.append((int(section[1], 16), int(section[2], 16), *owner))
        self.found.sort()
        self.starts = [function[0] for function in self.found]

    def at(self, address):
        index = bisect.bisect_right(self.starts, address) - 1
        if index >= 0 and address < self.starts[index] + self.found[index][1]:
            return index
        return None

    def run_in(self, output):
        """The functions in the output of callgrind: their crates and patterns."""
        address, is_call, run = 0, False, set()
        with open(output, encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("calls="):
                    is_call = True
                    continue
                counted = INSTRUCTIONS.match(line)
                if not counted:
                    continue
                word = counted[1]
                if word[0] in "+-":
                    address += int(word)
                elif word != "*":
                    address = int(word, 16)
                if not is_call:
                    run.add(self.at(address))
                is_call = False
        return {self.found[index][2:] for index in run - {None}}

    def size(self, functions):
        return sum(size for _, size, *function in self.found if tuple(function) in functions)


def owner_of(file, section):
    """The crate and the pattern of a function, or the archive, and the member with the section."""
    crate, member = OBJECT.search(file), MEMBER.search(file)
    name = re.sub(r"^\.text\.(unlikely\.)?", "", section)
    if crate and name != section:
        return crate[1], pattern_of(name)
    if member:
        archive = re.sub(r"-[0-9a-f]{16}\.rlib$", "-*.rlib", member[1])
        name = re.sub(r"^[0-9a-f]{16}-", "*-", member[2])
        return archive, f"{name} {re.sub(r'(?<=aws_lc_)[0-9_]+', '*_', section)}"
    return None


def template_runs(binary, every):
    spec = importlib.util.spec_from_file_location("template", ROOT / "bench" / "template.py")
    bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    index = bench.json.loads((bench.CHARTS / "index.json").read_text())
    for chart, case in bench.first_cases(index)[::every]:
        with tempfile.NamedTemporaryFile(suffix=".callgrind") as output:
            words = ["valgrind", "--tool=callgrind", "--dump-instr=yes", f"--callgrind-out-file={output.name}", binary]
            subprocess.run([*words, *bench.command(case)], cwd=bench.CHARTS / "charts" / chart, check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            yield output.name


def pattern_of(name):
    """A mangled name with stars for the sums that compilers make of what they compile."""
    name = re.sub(r"\.llvm\.\d+$", "", name)
    name = re.sub(r"17h[0-9a-f]{16}E$", "17h*", name)
    return re.sub(r"Cs[0-9A-Za-z]+_", "Cs*_", name)


def parts(pattern):
    """The parts of a path, outermost first."""
    if " " in pattern:
        member, section = pattern.split(" ")
        return [f"{member} ", section]
    if not pattern.startswith("_ZN"):
        return [pattern]
    found, at = ["_ZN"], 3
    while number := re.match(r"\d+", pattern[at:]):
        end = at + len(number[0]) + int(number[0])
        if pattern[at:].startswith("17h*"):
            break
        found.append(pattern[at:end])
        at = end
    return found + [pattern[at:]] * bool(pattern[at:])


def dense(sections, run, following):
    """The shortest patterns most of whose code is run, and none of it in what follows."""
    total, used, taken = (collections.Counter() for _ in range(3))
    below = collections.defaultdict(set)
    for _, size, crate, pattern in sections.found:
        path, function = (crate,), (crate, pattern)
        for part in [*parts(pattern), None]:
            total[path] += size
            used[path] += size * (function in run)
            taken[path] += size * (function in following)
            if part is not None:
                below[path].add((*path, part))
                path = (*path, part)
    found = []

    def walk(path):
        if not used[path]:
            return
        if len(path) > 1 and (not below[path] or (used[path] >= DENSE * total[path] and not taken[path])):
            found.append((path[0], pattern_text("".join(path[1:]))))
            return
        for deeper in sorted(below[path]):
            walk(deeper)

    for crate in sorted({path[0] for path in total}):
        walk((crate,))
    return found


def pattern_text(path):
    if " " in path:
        return path + ".text*" * path.endswith(" ")
    return path if path.endswith("*") else path + "*"


if __name__ == "__main__":
    main()
