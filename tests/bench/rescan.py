#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures re-scans of a running Loep against yara over the same files.

usage: rescan.py STAGE...   (b04-rescan.sh sets the environment)

Prints "KEY NUMBER" lines; everything else goes to standard error.
"""
import base64
import hashlib
import http.client
import json
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import time
from datetime import datetime

BIN = os.environ["BIN"]
WORK = os.environ["WORK"]
STATE = os.environ["STATE"]
LIST = os.environ["LIST"]
SETS = os.environ["SETS"].split(":")
RULES = int(os.environ.get("RULES", "100"))
EXTERNALS = ["filename", "filepath", "extension", "filetype", "owner"]
YARA = ["yara", "-w", "-N", "-p", "2"] + [
    x for name in EXTERNALS for x in ("-d", name + "=")]


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def result(key, number):
    print(key, number, flush=True)


class Unix(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(STATE + "/run/loep.sock")


def call(method, path, body=None):
    connection = Unix("localhost", timeout=3600)
    connection.request(method, "/api/v1" + path,
                       json.dumps(body) if body is not None else None,
                       {"Content-Type": "application/json"})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    if answer.status >= 400:
        raise RuntimeError(f"{method} {path}: {answer.status} {text[:400]}")
    return json.loads(text) if text else {}


def loep(*args):
    done = subprocess.run([BIN + "/loep", "--json", "--quiet", *args],
                          stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise RuntimeError(f"loep {args}: status {done.returncode}")
    return json.loads(done.stdout or b"{}")


def us(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def wait_idle():
    """Until every job is done and every unit is in the index."""
    quiet = 0
    while quiet < 3:
        status = call("GET", "/status")
        index = status["index"]
        jobs = status.get("jobs", {})
        waiting = jobs.get("queued", 0) + jobs.get("running", 0)
        quiet = quiet + 1 if not waiting and \
            index["indexed"] >= index["units"] else 0
        time.sleep(0.5)


def submit(paths, title):
    name = f"{WORK}/submit.list"
    with open(name, "wb") as f:
        f.write(b"".join(os.fsencode(p) + b"\0" for p in paths))
    subprocess.run([BIN + "/loep", "--json", "--quiet", "submit", "--title",
                    title, "--files0-from", name],
                   stdout=subprocess.DEVNULL, check=True)


def units_of(folders):
    """Every rule that compiles, each as a text that compiles by itself."""
    bundle = f"{WORK}/all.bundle"
    with open(bundle, "w", encoding="utf-8") as out:
        out.write(json.dumps({"loep_bundle": 1}) + "\n")
        for folder in folders:
            for top, _, names in sorted(os.walk(folder)):
                for name in sorted(names):
                    # Index files only include the others.
                    if not name.endswith((".yar", ".yara")) or \
                            "index" in name:
                        continue
                    path = os.path.join(top, name)
                    raw = open(path, "rb").read()
                    line = {"source": os.path.basename(folder), "path":
                            os.path.relpath(path, folder), "priority": 0,
                            "namespace": "n" + hashlib.sha256(
                                path.encode()).hexdigest()[:12],
                            "tlp": "TLP:CLEAR", "licence": "", "owner": ""}
                    try:
                        line["text"] = raw.decode()
                    except UnicodeDecodeError:
                        line["text_base64"] = base64.b64encode(raw).decode()
                    out.write(json.dumps(line) + "\n")
    done = subprocess.run([BIN + "/loep-rules", "--file", bundle, "--data",
                           "--seconds", "600", "--memory-mib", "4096"],
                          stdout=subprocess.PIPE, check=False)
    found, rule, text = [], None, b""
    for line in done.stdout.splitlines():
        record = json.loads(line)
        kind = record.get("type")
        if kind == "rule":
            rule, text = record, b""
        elif kind == "data" and rule:
            text += bytes.fromhex(record.get("bytes", ""))
        elif kind == "child_end" and rule:
            if rule["state"] == "ok" and not rule.get("is_private"):
                found.append((rule, text))
            rule = None
    return found


sources = set()


def activate(path, name="bench"):
    """A version in which this file is the source; returns its re-scan."""
    made = loep("rules", "add", path, "--replace" if name in sources else
                "--source", name, "--wait")
    sources.add(name)
    version = made["version"]
    loep("rules", "approve", str(version))
    loep("rules", "activate", str(version))
    while True:
        rescan = call("GET", "/rescans?limit=1")["items"][0]
        if rescan["version_to"] != version:
            raise RuntimeError(f"no re-scan for version {version}")
        if rescan["state"] not in ("queued", "running"):
            break
        time.sleep(0.05)
    if rescan["state"] != "done":
        raise RuntimeError(f"re-scan {rescan}")
    rescan["seconds"] = us(rescan["ended"]) - us(rescan["created"])
    rescan["query"] = us(rescan["ended"]) - us(
        rescan["started"] or rescan["created"])
    return rescan


def changes(rescan, what="new"):
    found, cursor = set(), ""
    while True:
        page = call("GET", f"/rescans/{rescan['id']}/changes?limit=500"
                    f"&cursor={cursor}")
        for item in page["items"]:
            if item["what"] == what:
                found.add((item["name"], item["sha256"]))
        cursor = page.get("next")
        if not cursor:
            return found


def yara(path, files=LIST):
    """Seconds, and (rule, path) pairs."""
    start = time.monotonic()
    compiled = ["-C"] if path.endswith(".yac") else []
    done = subprocess.run(YARA + compiled + ["--scan-list", path, files],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          check=False)
    seconds = time.monotonic() - start
    pairs = set()
    for line in done.stdout.decode("utf-8", "surrogateescape").splitlines():
        match = re.match(r"(\S+) (/.*)", line)
        if match:
            pairs.add(match.groups())
    return seconds, pairs


digests = {}
given = set()


def digest(path):
    if path not in digests:
        with open(path, "rb") as f:
            digests[path] = hashlib.sha256(f.read()).hexdigest()
    return digests[path]


lost = invented = pairs_seen = 0


def compare(pairs, found, name=None):
    """Counts what Loep lost or invented against yara's pairs."""
    global lost, invented, pairs_seen
    theirs = {(r, digest(p)) for r, p in pairs if name in (None, r)}
    # What was inside of one of the files is not for yara to find.
    found = {(r, d) for r, d in found if d in given}
    pairs_seen += len(theirs)
    lost += len(theirs - found)
    invented += len(found - theirs)
    if theirs ^ found:
        say("  differs:", list(theirs - found)[:3], list(found - theirs)[:3])


def write(name, text):
    path = f"{WORK}/{name}"
    with open(path, "wb") as f:
        f.write(text)
    return path


def peak_mib():
    peak = 0
    for entry in os.listdir("/proc"):
        try:
            with open(f"/proc/{entry}/status", encoding="ascii") as f:
                status = dict(line.split(":", 1) for line in f if ":" in line)
        except (OSError, ValueError):
            continue
        if status.get("Name", "").strip() in (
                "loep-index", "loep-hunt", "loep-store", "loep-sched",
                "loep-vault") and "VmHWM" in status:
            peak = max(peak, int(status["VmHWM"].split()[0]) / 1024)
    return peak


def one_rule(chosen):
    """One changed rule after another; their re-scans."""
    done = []
    for rule, text in chosen:
        rescan = activate(write("one.yar", text))
        rescan["rule"] = rule["name"]
        rescan["found"] = changes(rescan)
        done.append(rescan)
    return done


def many(chosen, count, label):
    """count changed rules together; the median of three draws."""
    times = []
    for turn in range(3):
        draw = chosen[turn * count:(turn + 1) * count]
        folder = f"{WORK}/many"
        subprocess.run(["rm", "-rf", folder], check=True)
        os.mkdir(folder)
        for i, (_, text) in enumerate(draw):
            write(f"many/{i}.yar", text)
        rescan = activate(folder)
        times.append(rescan["seconds"])
        say(f"{label}: {count} rules: {rescan['seconds']:.3f} s, "
            f"{rescan['scanned']} units scanned, {rescan['new']} new")
    return statistics.median(times)


def median_of(rescans, key="seconds"):
    return statistics.median(r[key] for r in rescans)


def main():
    with open(LIST, encoding="utf-8", errors="surrogateescape") as f:
        paths = f.read().splitlines()
    given.update(digest(p) for p in paths)
    random.seed(12)
    rules = [u for u in units_of(SETS)
             if not u[0].get("uses_externals") and
             not u[0].get("is_volatile")]
    random.shuffle(rules)
    say(f"rescan: {len(rules)} rules, {len(paths)} files")
    # Some of the community's rules take yara minutes over so many files.
    whole = f"{WORK}/whole"
    os.makedirs(whole, exist_ok=True)
    for i, (_, text) in enumerate(
            u for u in rules if u[0]["source"] != "yara-rules-community"):
        write(f"whole/{i:05}.yar", text)
    # yara wants namespaces, and one compiled file as a user would have it.
    subprocess.run(["yarac", "-w"] + [
        x for name in EXTERNALS for x in ("-d", name + "=")] + [
        f"n{name[:5]}:{whole}/{name}" for name in os.listdir(whole)] +
        [f"{WORK}/whole.yac"], check=True)

    few = random.sample(paths, max(1, len(paths) // 10))
    rest = sorted(set(paths) - set(few))
    say(f"rescan: submitting {len(few)} files")
    start = time.monotonic()
    activate(write("one.yar", b"rule first { condition: false }"))
    submit(few, "a tenth")
    wait_idle()
    small = one_rule(rules[:10])
    say(f"rescan: submitting {len(rest)} files")
    submit(rest, "the rest")
    wait_idle()
    say(f"rescan: stored, triaged, indexed in {time.monotonic() - start:.0f} s")
    result("rescan_files", len(paths))
    large = one_rule(rules[:10])
    result("rescan_growth", median_of(large) / median_of(small))

    # One changed rule at a time.
    yara(write("warm.yar", b"rule warm { condition: false }"))
    ratios, query, ours, theirs = [], [], [], []
    for rescan, (rule, text) in zip(one_rule(rules[:RULES]), rules):
        seconds, pairs = yara(write("one.yar", text))
        compare(pairs, rescan["found"], rule["name"])
        ours.append((rescan["seconds"], rule["name"], rescan["scanned"]))
        theirs.append(seconds)
        ratios.append(seconds / rescan["seconds"])
        query.append(seconds / max(rescan["query"], 1e-6))
    result("rescan_one_seconds", statistics.median(o[0] for o in ours))
    result("rescan_one_yara_seconds", statistics.median(theirs))
    result("rescan_one_vs_yara", statistics.median(ratios))
    result("rescan_one_mean_vs_yara",
           statistics.mean(theirs) / statistics.mean(o[0] for o in ours))
    result("rescan_query_vs_yara", statistics.median(query))
    for seconds, name, scanned in sorted(ours, reverse=True)[:RULES // 10]:
        say(f"  slow: {name}: {seconds:.3f} s, {scanned} units scanned")

    # Several at once, against the whole set.
    set_seconds, set_pairs = yara(f"{WORK}/whole.yac")
    result("rescan_set_yara_seconds", set_seconds)
    result("rescan_4_vs_set", set_seconds / many(rules, 4, "rescan"))
    result("rescan_42_vs_set", set_seconds / many(rules, 42, "rescan"))

    # Comments, meta and layout only.
    text = b'rule same { meta: a = "1" strings: $a = "GLIBC_2.2.5" ' \
        b'condition: $a }'
    activate(write("one.yar", text))
    rescan = activate(write("one.yar", text.replace(b'"1"', b'"2" b = "x"')
                            .replace(b"strings", b"/* why */\nstrings")))
    result("rescan_meta_reads", rescan["scanned"])

    # What no index can help with.
    worst = []
    for text in (b'import "math"\nrule worst { condition: filesize > 3 and '
                 b'math.entropy(0, 64) > 5.99 }',
                 b'import "elf"\nrule worst { condition: filesize > 3 and '
                 b'not elf.number_of_sections == 7 and '
                 b'uint8(filesize - 1) == 3 }'):
        rescan = activate(write("one.yar", text))
        seconds, pairs = yara(write("one.yar", text))
        compare(pairs, changes(rescan), "worst")
        worst.append(seconds / rescan["seconds"])
        say(f"rescan: worst: {rescan['seconds']:.2f} s, yara {seconds:.2f} s, "
            f"{rescan['scanned']} units scanned")
    result("rescan_worst_vs_yara", min(worst))

    # The whole set, new at once.
    rescan = activate(whole)
    result("rescan_all_seconds", rescan["seconds"])
    result("rescan_all_vs_yara", set_seconds / rescan["seconds"])
    compare(set_pairs, changes(rescan))
    # With ten times the rules in the version, one of them changed.
    many_rules = []
    for rule, text in rules[:10]:
        other = write("other.yar", text.replace(
            b"condition", b"/* again */ condition"))
        many_rules.append(activate(other, "other"))
    result("rescan_rules_growth", median_of(many_rules) / median_of(large))
    result("rescan_peak_mib", peak_mib())
    result("rescan_pairs", pairs_seen)
    result("rescan_lost", lost)
    result("rescan_invented", invented)


if __name__ == "__main__":
    main()
