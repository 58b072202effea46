# SPDX-License-Identifier: Apache-2.0
"""What the tests know of a rule file: its rules and their meta."""

import os
import re
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
RULES = os.path.join(TOP, "yara-rules")
CASES = os.path.join(HERE, "cases")
EXTERNALS = ("filename", "filepath", "extension", "filetype", "owner")

RULE = re.compile(r"^rule (\w+)([^\n]*)\n\{\n(.*?)^\}\n", re.M | re.S)
META = re.compile(r"^\t\t(\w+) = (?:\"(.*)\"|(\d+))$", re.M)


class Rule:
    """One rule as its file spells it."""

    def __init__(self, path, match):
        self.path = path
        self.name = match.group(1)
        self.tags = match.group(2).replace(":", " ").split()
        self.body = match.group(3)
        head = self.body.split("\n\tmeta:\n", 1)[-1]
        head = re.split(r"^\t(?:strings|condition):\n", head, maxsplit=1,
                        flags=re.M)[0]
        self.meta = {}
        for key, text, number in META.findall(head):
            self.meta[key] = int(number) if number else text

    def stem(self):
        """Return what the rule's name has to begin with."""
        folder, file = self.path.split(os.sep)[-2:]
        return f"{folder}_{file[:-len('.yar')]}".replace("-", "_")


def rule_files():
    """Return the paths of all rule files, sorted."""
    found = []
    for folder, _dirs, files in os.walk(RULES):
        found += [os.path.join(folder, f) for f in files
                  if f.endswith(".yar")]
    return sorted(found)


def read_rules(path):
    """Return the rules of one file."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    return [Rule(path, match) for match in RULE.finditer(text)]


def all_rules():
    """Return the rules of all files."""
    return [rule for path in rule_files() for rule in read_rules(path)]


def defines(values=None):
    """Return yara's options that define the external variables."""
    values = values or {}
    return [word for name in EXTERNALS
            for word in ("-d", f"{name}={values.get(name, '')}")]


def compile_rules(output):
    """Compile all rule files into output; returns yarac's messages.

    Each file is a namespace of its own, as in the yara analyser.
    """
    names = [f"{os.path.relpath(p, RULES)[:-4].replace(os.sep, '/')}:{p}"
             for p in rule_files()]
    run = subprocess.run(["yarac", *defines(), *names, output], text=True,
                         capture_output=True, check=False)
    return run.returncode, run.stderr


class Tap:
    """Count and print test results in TAP."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def ok(self, good, what, why=()):
        """Report one test; why is a list of lines shown when it failed."""
        self.count += 1
        print(f"{'ok' if good else 'not ok'} {self.count} - {what}")
        if not good:
            self.failed += 1
            for line in why:
                print(f"# {line}")

    def end(self):
        """Print the plan and return the exit status."""
        print(f"1..{self.count}")
        return 1 if self.failed or not self.count else 0
