#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random changes of a random rule set over random files: after each one the
stored matches must be those of yara(1) with the active rules.

usage: rescan_property.py STATE FOLDER SEED ROUNDS   (FOLDER is ours)

Prints one line a round: "ROUND lost N invented N of N: what was done".  The
rules and files are those of generate_rules; everything else is drawn here,
from the same seed.
"""
import hashlib
import http.client
import json
import os
import random
import socket
import subprocess
import sys

from yara_says import matches_of, places_of

BIN = os.environ["BIN"]
STATE, WORK, SEED, ROUNDS = (sys.argv[1], sys.argv[2], int(sys.argv[3]),
                             int(sys.argv[4]))
NAMES = ("sample.bin", "x.exe", "notes", "axb.txt")
EXTERNALS = ("filename", "filepath", "extension", "filetype", "owner")
# Files of rules in the set, at the beginning.
FILES = 10
draw = random.Random(SEED)
stock = f"{WORK}/stock"
rules_dir = f"{WORK}/own"
files = {}        # (name, SHA-256): path
uploads = []
activated = []    # versions that were active


class Local(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(STATE + "/run/loep.sock")


def pages(path):
    api, cursor = Local("localhost"), ""
    while cursor is not None:
        mark = "&" if "?" in path else "?"
        api.request("GET", f"/api/v1{path}{mark}limit=500&cursor={cursor}")
        answer = api.getresponse()
        page = json.loads(answer.read())
        if answer.status != 200:
            raise RuntimeError(f"{path}: {page}")
        yield from page["items"]
        cursor = page["next"]


def loep(*args, check=True):
    done = subprocess.run([BIN + "/loep", "--json", "--quiet", *args],
                          capture_output=True, check=False)
    if check and done.returncode:
        raise RuntimeError(f"loep {' '.join(args)}: {done.returncode} "
                           f"{done.stderr.decode()}{done.stdout.decode()}")
    try:
        return json.loads(done.stdout)
    except ValueError:
        return {}


# --- the world ---

def generate(count):
    """Files of rules that compile as they are, and files for them."""
    os.makedirs(stock, exist_ok=True)
    subprocess.run([f"{BIN}/tests/tools/generate_rules", str(SEED),
                    str(count), "3", stock], check=True)
    sound = []
    for i in range(count):
        path = f"{stock}/{i}.yar"
        done = subprocess.run(
            ["yarac", "-w"] + [x for e in EXTERNALS for x in ("-d", e + "=")]
            + [path, "/dev/null"], capture_output=True, check=False)
        if done.returncode == 0:
            sound.append(i)
    return sound


def new_files(count):
    """Writes files below names that rules ask for; returns their paths."""
    paths = []
    for _ in range(count):
        source = f"{stock}/{draw.randrange(STOCK)}.{draw.randrange(3)}"
        with open(source, "rb") as f:
            data = f.read()
        name = draw.choice(NAMES)
        folder = f"{WORK}/in/{len(files)}.{draw.randrange(1 << 30)}"
        os.makedirs(folder)
        path = f"{folder}/{name}"
        with open(path, "wb") as f:
            f.write(data)
        files[name, hashlib.sha256(data).hexdigest()] = path
        paths.append(path)
    return paths


def rule_text(name):
    with open(f"{rules_dir}/{name}", encoding="latin-1") as f:
        return f.read()


def put_rules(name, text):
    with open(f"{rules_dir}/{name}", "w", encoding="latin-1") as f:
        f.write(text)


def random_rules():
    with open(f"{stock}/{draw.choice(SOUND)}.yar", encoding="latin-1") as f:
        return f.read()


# --- changes of the set; each returns what it did ---

def some_file():
    return draw.choice(sorted(os.listdir(rules_dir)))


def add_file():
    name = f"f{draw.randrange(100000)}.yar"
    put_rules(name, random_rules())
    return f"add {name}"


def change_file():
    name = some_file()
    put_rules(name, random_rules())
    return f"change {name}"


def change_a_bit():
    """One number or word of one rule: most of its meaning stays."""
    name = some_file()
    text = rule_text(name)
    old, new = draw.choice((("any", "all"), (" and ", " or "), ("> ", "<= "),
                            ("wide", "ascii"), ("1", "2"), ("nocase", ""),
                            ("fullword", ""), ("61", "62"), ("not ", "")))
    at = text.find(old, draw.randrange(len(text)))
    if at == -1:
        return change_file()
    changed = text[:at] + new + text[at + len(old):]
    put_rules(name, changed)
    done = subprocess.run(
        ["yarac", "-w"] + [x for e in EXTERNALS for x in ("-d", e + "=")] +
        [f"{rules_dir}/{name}", "/dev/null"], capture_output=True, check=False)
    if done.returncode:
        put_rules(name, text)
        return change_file()
    return f"change {old!r} to {new!r} in {name}"


def remove_file():
    if len(os.listdir(rules_dir)) < 3:
        return add_file()
    name = some_file()
    os.unlink(f"{rules_dir}/{name}")
    return f"remove {name}"


def change_meta():
    name = some_file()
    put_rules(name, "// once more\n" + rule_text(name).replace(
        'a = "b"', f'a = "b" score = {draw.randrange(100)}'))
    return f"comments and meta of {name}"


def make_version(first):
    made = loep("rules", "add", rules_dir, "--source" if first else
                "--replace", "own", "--wait")
    return made["version"]


def set_state(version):
    """Some rule is set aside, or taken back."""
    rules = [r for r in pages(f"/rules/versions/{version}/rules")
             if r["state"] != "rejected"]
    rule = draw.choice(rules)
    word = draw.choice(("quarantine", "noisy", "disable", "enable"))
    if (rule["state"] == "active") == (word == "enable"):
        word = "noisy" if word == "enable" else "enable"
    name = f"{rule['namespace']}:{rule['name']}"
    reason = [] if word == "enable" else ["--reason", "the test says so"]
    before = max(v["version"] for v in loep("rules", "list"))
    loep("rules", word, name, "--on", str(version), *reason)
    made = max(v["version"] for v in loep("rules", "list"))
    if made == before:
        raise RuntimeError("no version was made")
    return made, f"{word} {name}"


def activate(version):
    loep("rules", "approve", str(version))
    loep("rules", "activate", str(version))


def wait():
    newest = loep("rescan", "list")[0]["id"]
    done = loep("rescan", "wait", str(newest))
    for case in loep("case", "list"):
        if case["jobs_open"]:
            loep("case", "wait", case["id"])
    if done["state"] != "done" or done["gaps"]:
        raise RuntimeError(f"re-scan {done}")
    return done


# --- what is stored, what yara says ---

def stored():
    found = {}
    for case in pages("/cases"):
        wanted = {}
        for a in pages(f"/cases/{case['id']}/artefacts"):
            if (a["name"], a["sha256"]) in files and a["parent"] is None:
                wanted[a["id"]] = (a["name"], a["sha256"])
                found[a["id"], *wanted[a["id"]]] = set()
        for f in pages(f"/cases/{case['id']}/findings?type=match"):
            if f["artefact"] in wanted:
                found[f["artefact"], *wanted[f["artefact"]]].add((
                    f["namespace"], f["name"],
                    str(sorted((s["id"], s["offset"])
                               for s in f["detail"]["strings"]))))
    return found


def folder_of(version):
    return f"{WORK}/versions/{version}"


def keep(version):
    """What the version consists of, for a roll-back."""
    os.makedirs(f"{WORK}/versions", exist_ok=True)
    subprocess.run(["cp", "-r", rules_dir, folder_of(version)], check=True)


def yara(version):
    """(name, SHA-256): matches of the rules that count."""
    counted = {(r["namespace"], r["name"]) for r in
               pages(f"/rules/versions/{version}/rules")
               if r["state"] in ("active", "noisy")}
    folder = folder_of(version)
    args = [f"own/{name}:{folder}/{name}"
            for name in sorted(os.listdir(folder))]
    found = {}
    for name in NAMES:
        listed = {path: key for key, path in files.items() if key[0] == name}
        with open(f"{WORK}/list", "w", encoding="ascii") as f:
            f.write("".join(path + "\n" for path in listed))
        define = []
        for external in EXTERNALS:
            define += ["-d", external + "=" + (
                name if external == "filename" else "")]
        found.update((key, set()) for key in listed.values())
        out = subprocess.run(
            ["yara", "-w", "-s", "-e", "-N", *define, *args, "--scan-list",
             f"{WORK}/list"], capture_output=True, check=True).stdout
        for space, rule, path, strings in matches_of(out.split(b"\n")):
            if (space, rule) in counted:
                found[listed[path]].add(
                    (space, rule, str(places_of(strings))))
    return found


def compare(number, version, what):
    lost = invented = total = 0
    want, got = yara(version), stored()
    seen = set()
    for (artefact, *key), matches in got.items():
        key = tuple(key)
        seen.add(key)
        total += len(want[key])
        for word, differ in (("lost", want[key] - matches),
                             ("invented", matches - want[key])):
            for match in sorted(differ)[:2]:
                print("#", word, artefact, *key, *match, files[key])
        lost += len(want[key] - matches)
        invented += len(matches - want[key])
    print(f"{number} lost {lost} invented {invented} of {total} missing "
          f"{len(set(files) - seen)}: {what}", flush=True)
    return not lost and not invented


def one_round(number, active):
    did = []
    if draw.random() < 0.15 and len(activated) > 2:
        older = str(draw.choice([v for v in activated if v != active]))
        loep("rules", "rollback", older)
        subprocess.run(["rm", "-rf", rules_dir], check=True)
        subprocess.run(["cp", "-r", folder_of(older), rules_dir], check=True)
        return int(older), [f"roll back to {older}"]
    for _ in range(draw.randrange(1, 5)):
        did.append(draw.choice((add_file, change_file, change_a_bit,
                                change_a_bit, change_a_bit, remove_file,
                                change_meta))())
    version = make_version(number == 0)
    keep(version)
    if draw.random() < 0.4:
        version, words = set_state(version)
        did.append(words)
        keep(version)
    late = draw.random()
    if late < 0.5:
        # Before, after, or while the rules become active.
        paths = new_files(draw.randrange(1, 8))
        uploads.append(subprocess.Popen(
            [BIN + "/loep", "--quiet", "submit", *paths],
            stdout=subprocess.DEVNULL))
        did.append(f"{len(paths)} files come")
        if late < 0.2:
            uploads[-1].wait()
    activate(version)
    activated.append(version)
    return version, did


def rejected(version):
    return [r for r in pages(f"/rules/versions/{version}/rules")
            if r["state"] == "rejected"]


STOCK = 60 + 4 * ROUNDS
SOUND = generate(STOCK)


def main():
    os.makedirs(rules_dir)
    for _ in range(FILES):
        add_file()
    loep("submit", "--wait", *new_files(60))
    active = 0
    sound = True
    for number in range(ROUNDS):
        active, did = one_round(number, active)
        for upload in uploads:
            upload.wait()
        uploads.clear()
        wait()
        aside = rejected(active)
        if aside:
            print("# set aside:", aside[0]["name"], aside[0]["reason"])
        sound = compare(number, active, "; ".join(did)) and sound
    sys.exit(0 if sound else 1)


main()
