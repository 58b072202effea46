# SPDX-License-Identifier: Apache-2.0
"""Each rule file compiles alone, silently, and says all it has to say."""

import datetime
import re
import subprocess
import sys

import rulefile

META = ("id", "author", "date", "description", "reference", "tlp", "score",
        "attack")
TECHNIQUES = re.compile(r"T\d{4}(\.\d{3})?(,T\d{4}(\.\d{3})?)*")
SPDX = "// SPDX-License-Identifier: Apache-2.0\n"


def compile_alone(path):
    """Return what is wrong when path is compiled with nothing else."""
    run = subprocess.run(["yara", "--fail-on-warnings",
                          *rulefile.defines(), path, "/dev/null"],
                         text=True, capture_output=True, check=False)
    said = run.stderr.splitlines()
    return said if run.returncode or said else []


def is_date(text):
    """Tell whether text is a day of the calendar."""
    try:
        return str(datetime.date.fromisoformat(text)) == text
    except ValueError:
        return False


def wrong_meta(rule):
    """Return what is wrong with the meta of a rule."""
    meta = rule.meta
    wrong = [f"no {key}" for key in META if key not in meta]
    wrong += [f"unknown {key}" for key in meta if key not in META]
    if wrong:
        return wrong
    if tuple(meta) != META:
        wrong.append("order is not " + " ".join(META))
    if not re.fullmatch(r"LOEP-\d{4}", meta["id"]):
        wrong.append("id is not LOEP-nnnn")
    if meta["author"] != "Loep":
        wrong.append("author is not Loep")
    if not is_date(meta["date"]):
        wrong.append("date is not YYYY-MM-DD")
    if not meta["description"].endswith(".") or len(meta["description"]) < 20:
        wrong.append("description is not a sentence")
    if not meta["reference"].startswith("https://"):
        wrong.append("reference is not a URL")
    if meta["tlp"] != "TLP:CLEAR":
        wrong.append("tlp is not TLP:CLEAR")
    if not isinstance(meta["score"], int) or meta["score"] > 100:
        wrong.append("score is not a number up to 100")
    if meta["attack"] and not TECHNIQUES.fullmatch(meta["attack"]):
        wrong.append("attack is not a list of technique ids")
    return wrong


def wrong_shape(rule):
    """Return what is wrong with the name and tags of a rule."""
    wrong = []
    if not rule.name.startswith(rule.stem() + "_"):
        wrong.append(f"name does not begin with {rule.stem()}_")
    if not rule.tags:
        wrong.append("no tags")
    return wrong


def wrong_file(path, rules):
    """Return what is wrong with a file as a whole."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    wrong = compile_alone(path)
    if not text.startswith(SPDX):
        wrong.append("does not begin with the SPDX line")
    if len(rules) != len(re.findall(r"^\s*(?:private |global )*rule\b", text,
                                    re.M)):
        wrong.append("a rule is not laid out as README.md says")
    if not rules:
        wrong.append("holds no rule")
    return wrong


def main():
    """Run the tests."""
    tap = rulefile.Tap()
    ids = {}
    names = {}
    for path in rulefile.rule_files():
        rules = rulefile.read_rules(path)
        short = path[len(rulefile.RULES) + 1:]
        wrong = wrong_file(path, rules)
        tap.ok(not wrong, f"{short} compiles alone without a warning", wrong)
        for rule in rules:
            wrong = wrong_meta(rule) + wrong_shape(rule)
            for table, key in ((ids, rule.meta.get("id")),
                               (names, rule.name)):
                if key in table:
                    wrong.append(f"{key} is also in {table[key]}")
                table[key] = short
            tap.ok(not wrong, f"{rule.name} has its meta", wrong)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
