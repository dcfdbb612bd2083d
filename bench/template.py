#!/usr/bin/env python3
"""Measures `pilothouse template` against `helm template` on real charts: time with hyperfine, and peak memory.

    bench/template.py [--pilothouse BINARY] [--helm BINARY] [--runs N] [--charts N] [--json FILE] [--guard RATIO]

The two commands are measured in turns on each chart, so that both see the same machine. Two tables are printed:

all      one case of every chart, the first that renders, one after the other; the sum of the medians
largest  the ten cases with the largest output, one by one

Charts whose templates make keys are summed up apart: their time is that of finding prime numbers. On a busy machine
look at processor time. With --guard the exit code is 1 when `all` takes more than 1/RATIO of helm's processor time.
Needs hyperfine, GNU time and the folder `shared` beside the checkout; the binaries default to
target/release/pilothouse and `helm` on PATH or in the cache of .ci/run.
"""

import argparse
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHARTS = ROOT.parent / "shared" / "charts"
MAKES_KEYS = re.compile(rb"\b(genCA|genCAWithKey|genSelfSignedCert|genSelfSignedCertWithKey|genSignedCert|"
                        rb"genSignedCertWithKey|genPrivateKey)\b")
LARGEST = 10


def main():
    options = arguments()
    index = json.loads((CHARTS / "index.json").read_text())
    tools = {"helm": options.helm, "pilothouse": options.pilothouse}
    cases = first_cases(index)[: options.charts]
    results = {"all": [measured(case, tools, options.runs) for case in cases]}
    if not options.charts:
        results["largest"] = [measured(case, tools, options.runs, memory=True) for case in largest_cases(index)]
    ratio = report_all(results["all"])
    if "largest" in results:
        report_largest(results["largest"])
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=1))
    if options.guard and ratio < options.guard:
        sys.exit(f"helm takes {ratio:.1f} times the processor time of pilothouse; at least {options.guard} is wanted")


def arguments():
    cache = os.environ.get("PILOTHOUSE_CACHE") or Path.home() / ".cache" / "pilothouse"
    built = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target") / "release" / "pilothouse"
    helm = shutil.which("helm") or str(Path(cache) / "tools" / "bin" / "helm")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pilothouse", default=str(built))
    parser.add_argument("--helm", default=helm)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--charts", type=int, help="only the first N charts, and not the largest outputs")
    parser.add_argument("--json", help="write all figures to this file")
    parser.add_argument("--guard", type=float, help="fail below this ratio")
    options = parser.parse_args()
    for tool in (options.helm, options.pilothouse):
        if not os.access(tool, os.X_OK):
            sys.exit(f"{tool} is no program")
    for program in ["hyperfine"] + ["/usr/bin/time"] * (not options.charts):
        if not shutil.which(program):
            sys.exit(f"{program} is missing")
    return options


def first_cases(index):
    cases = []
    for chart in index["charts"]:
        rendering = [case for case in chart["cases"] if case["exitCode"] == 0 and case["kind"] != "install-json"]
        if rendering:
            cases.append((chart["id"], rendering[0]))
    return cases


def largest_cases(index):
    every = [(chart["id"], case) for chart in index["charts"] for case in chart["cases"]
             if case["exitCode"] == 0 and case["kind"] != "install-json"]
    seen, largest = set(), []
    for chart, case in sorted(every, key=lambda entry: -entry[1]["bytes"]):
        if chart not in seen:
            seen.add(chart)
            largest.append((chart, case))
    return largest[:LARGEST]


def command(case):
    words = ["template", case["release"], "chart.tgz", "-n", case["namespace"]]
    for field, flag in (("kubeVersion", "--kube-version"), ("valuesFile", "-f")):
        if case.get(field):
            words += [flag, f"cases/{case[field]}" if field == "valuesFile" else case[field]]
    for field, flag in (("set", "--set"), ("setString", "--set-string"), ("setJSON", "--set-json"),
                        ("apiVersions", "--api-versions")):
        for value in case.get(field) or []:
            words += [flag, value]
    words += ["--is-upgrade"] * bool(case.get("isUpgrade")) + ["--include-crds"] * bool(case.get("includeCRDs"))
    return words + list(case.get("extraArgs") or [])


def measured(entry, tools, runs, memory=False):
    chart, case = entry
    folder = CHARTS / "charts" / chart
    words = command(case)
    result = {"chart": chart, "case": case["case"], "bytes": case["bytes"], "keys": makes_keys(folder / "chart.tgz")}
    with tempfile.NamedTemporaryFile(suffix=".json") as figures:
        lines = [" ".join(map(quoted, [tool, *words])) for tool in tools.values()]
        subprocess.run(["hyperfine", "-N", "--warmup", "1", "--runs", str(runs), "--style", "none", "--export-json",
                        figures.name, *lines], cwd=folder, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        times = json.load(figures)["results"]
    for tool, figure in zip(tools, times):
        result[tool] = figure["median"]
        result[f"{tool}_cpu"] = figure["user"] + figure["system"]
    if memory:
        for tool, path in tools.items():
            result[f"{tool}_kb"] = peak_memory([path, *words], folder)
    return result


def quoted(word):
    return "'" + word.replace("'", "'\\''") + "'"


def peak_memory(words, folder):
    """Largest resident size in KiB. A child begins with the size of its parent, so a small program has to be between."""
    ran = subprocess.run(["/usr/bin/time", "-f", "%M", *words], cwd=folder, stdout=subprocess.DEVNULL,
                         stderr=subprocess.PIPE, text=True, check=True)
    return int(ran.stderr.splitlines()[-1])


def makes_keys(archive):
    return any(MAKES_KEYS.search(data) for data in templates(archive.read_bytes()))


def templates(archive):
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as files:
        for member in files:
            if not member.isfile():
                continue
            data = files.extractfile(member).read()
            if member.name.endswith(".tgz"):
                yield from templates(data)
            elif "/templates/" in member.name:
                yield data


def report_all(results):
    ratio = 0.0
    for name, chosen in (("all charts that make no keys", [r for r in results if not r["keys"]]),
                         ("charts that make keys", [r for r in results if r["keys"]])):
        if not chosen:
            continue
        for what, suffix in (("elapsed", ""), ("processor", "_cpu")):
            helm, ours = (sum(r[tool + suffix] for r in chosen) for tool in ("helm", "pilothouse"))
            print(f"{name}, {len(chosen)} charts, {what} time: helm {helm:.2f} s, pilothouse {ours:.3f} s, "
                  f"{helm / ours:.1f} times")
        ratio = ratio or helm / ours
        for r in sorted(chosen, key=lambda r: r["helm"] / r["pilothouse"])[:5]:
            print(f"    least: {r['chart']} {r['case']} helm {r['helm'] * 1000:.0f} ms, pilothouse "
                  f"{r['pilothouse'] * 1000:.1f} ms, {r['helm'] / r['pilothouse']:.1f} times")
    return ratio


def report_largest(results):
    print("| chart | case | output MB | helm ms | pilothouse ms | times | helm MB | pilothouse MB | of it |")
    print("|---|---|---|---|---|---|---|---|---|")
    for r in results:
        keys = " (keys)" if r["keys"] else ""
        print(f"| {r['chart']}{keys} | {r['case']} | {r['bytes'] / 1e6:.2f} | {r['helm'] * 1000:.0f} | "
              f"{r['pilothouse'] * 1000:.1f} | {r['helm'] / r['pilothouse']:.1f} | {r['helm_kb'] / 1024:.0f} | "
              f"{r['pilothouse_kb'] / 1024:.0f} | {r['pilothouse_kb'] / r['helm_kb'] * 100:.0f} % |")


if __name__ == "__main__":
    main()
