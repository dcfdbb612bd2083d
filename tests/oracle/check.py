#!/usr/bin/env python3
"""Compares the oracle with the real helm command: check.py ORACLE HELM CASES.jsonl [MOST]

Every case is rendered by `helm template`, and its notes by `helm install --dry-run=client -o json`. Exits with 1 when any
answer of the oracle is another one.
"""
import base64
import json
import os
import subprocess
import sys
import tempfile

PREFIXES = ("Error: INSTALLATION FAILED: ", "Error: ")
DEBUG = "\n\nUse --debug flag to render out invalid YAML"


def main():
    oracle, helm, path = sys.argv[1:4]
    most = int(sys.argv[4]) if len(sys.argv) > 4 else None
    lines = [line for line in open(path, encoding="utf-8").read().split("\n") if line][:most]
    environment = {**os.environ, "TZ": "UTC", "KUBECONFIG": "/nowhere"}
    different = 0
    for line in lines:
        case, answer = json.loads(line), ask(oracle, line, environment)
        got = command(helm, case, environment)
        wanted = {"rc": answer["rc"], "stdout": answer["stdout"], "error": answer["error"].rstrip("\n")}
        if answer["rc"] == 0:
            wanted["notes"] = answer["notes"]
        if not same(wanted, got):
            different += 1
            print(case.get("id"), "\n  oracle ", wanted, "\n  command", got)
    print(f"{len(lines)} cases, {different} differ")
    return 1 if different else 0


def ask(oracle, line, environment):
    """A process for each case: one that ends it, as endless recursion does, takes no other answer with it."""
    asked = (line + "\n").encode()
    done = subprocess.run([oracle], input=asked, capture_output=True, env=environment, check=False)
    if done.returncode:
        return {"rc": 2, "stdout": "", "error": "the process ended", "notes": ""}
    return json.loads(done.stdout)


def same(wanted, got):
    if wanted["rc"] == 0 or got["rc"] == 0:
        return wanted == got
    # Some orders are those of a Go map; a panic is printed with a trace.
    return wanted["rc"] == got["rc"] == 2 or words(wanted["error"]) == words(got["error"])


def words(error):
    return sorted(error.replace(",", " ").split())


def command(helm, case, environment):
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (case.get("binary") or {}).items():
            write(os.path.join(folder, "chart", name), base64.b64decode(content))
        for name, text in {f"chart/{n}": t for n, t in case["files"].items()}.items() | (case.get("cwdFiles") or {}).items():
            write(os.path.join(folder, name), text)
        values = [word for name in case.get("valuesFiles") or [] for word in ("-f", name)]
        common = ["-n", case["namespace"], *values]
        args = case.get("args") or []

        def run(*words):
            return subprocess.run([helm, *words], cwd=folder, capture_output=True, env=environment, check=False)

        done = run("template", case["release"], "./chart", *common, *args)
        error = done.stderr.decode(errors="replace") if done.returncode else ""
        result = {"rc": done.returncode, "stdout": done.stdout.decode(errors="replace"), "error": reason(error)}
        # The command that shows notes does not take all flags.
        only_template = ("--kube-version", "--api-versions", "--is-upgrade", "--include-crds", "--skip-tests")
        if done.returncode == 0 and not any(word.split("=")[0] in only_template for word in args):
            shown = run("install", case["release"], "./chart", "--dry-run=client", "-o", "json", *common, *args)
            result["notes"] = json.loads(shown.stdout)["info"].get("notes", "")
        return result


def reason(error):
    if "\nError: " in error:
        error = "Error: " + error.split("\nError: ", 1)[1]
    for prefix in PREFIXES:
        error = error.removeprefix(prefix)
    return error.rstrip("\n").removesuffix(DEBUG)


def write(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())


if __name__ == "__main__":
    sys.exit(main())
