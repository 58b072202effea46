# SPDX-License-Identifier: Apache-2.0
"""Each rule hits what it has to, and nothing else hits.

Options: --keep DIR leaves the samples in DIR, one file per case.
"""

import argparse
import glob
import os
import subprocess
import sys
import tempfile

import casefile
import rulefile


def scan(compiled, path, name):
    """Return the set of rules that hit the file, or a message."""
    stem, dot, extension = name.rpartition(".")
    values = {
        "filename": name,
        "filepath": "/in/" + name,
        "extension": dot + extension if stem else "",
    }
    run = subprocess.run(["yara", "-C", *rulefile.defines(values), compiled,
                          path], text=True, capture_output=True, check=False)
    if run.returncode or run.stderr:
        return run.stderr
    return {line.split(" ", 1)[0] for line in run.stdout.splitlines()}


def check(tap, case, compiled, folder):
    """Make the sample of one case, scan it, and compare."""
    path = os.path.join(folder, f"{tap.count + 1:03}.sample")
    where = os.path.relpath(case.where, rulefile.HERE)
    data = case.make()
    with open(path, "wb") as file:
        file.write(data)
    got = scan(compiled, path, case.name())
    want = case.expected()
    why = [f"at {where}, {len(data)} bytes"]
    if isinstance(got, str):
        why.append(got)
    else:
        why += [f"should hit {rule}" for rule in sorted(want - got)]
        why += [f"should not hit {rule}" for rule in sorted(got - want)]
    tap.ok(got == want, f"{case.kind} {case.rule}", why)


def check_complete(tap, cases, rules):
    """Each rule has a hit and a miss, each case a rule."""
    known = {rule.name for rule in rules}
    for rule in rules:
        kinds = {c.kind for c in cases if c.rule == rule.name}
        tap.ok(kinds == {"hit", "miss"},
               f"{rule.name} has a hit and a miss",
               [f"only {sorted(kinds)}"])
    lost = [f"{c.where}: no rule {name}" for c in cases
            for name in [c.rule, *c.head.get("also", "").split()]
            if name not in known]
    tap.ok(not lost, "each case is about a rule that exists", lost)


def main():
    """Run the tests."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep")
    keep = parser.parse_args().keep
    tap = rulefile.Tap()
    with tempfile.TemporaryDirectory() as temporary:
        folder = keep or temporary
        os.makedirs(folder, exist_ok=True)
        compiled = os.path.join(temporary, "rules.yac")
        status, said = rulefile.compile_rules(compiled)
        tap.ok(status == 0 and not said, "all rule files compile together",
               said.splitlines())
        if status:
            return tap.end()
        cases = []
        for path in sorted(glob.glob(rulefile.CASES + "/*.case")):
            cases += casefile.parse(path)
        check_complete(tap, cases, rulefile.all_rules())
        for case in cases:
            check(tap, case, compiled, folder)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
