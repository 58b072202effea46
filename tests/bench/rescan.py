#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures re-scans of a running Loep against yara over the same files, and
compares every match.

usage: rescan.py   (b04-rescan.sh sets the environment)

Prints "KEY NUMBER" lines; everything else goes to standard error.
"""
import json
import os
import random
import statistics

from plant import often, plant
from rescan_exact import Exact, digests_of
from rescan_service import (STATE, activate, activate_version, call, changes,
                            loep, peaks_mib, say, sources, submit, units_of,
                            wait_idle)

CORPUS = os.environ["CORPUS"]
RULES = int(os.environ.get("RULES", "100"))
# Of those, so many are also timed with yara, which takes seconds for each.
TIMED = int(os.environ.get("TIMED", "25"))
# The community's rules are many and short: with all of them yara would take an
# hour over 100,000 files.  Of them, and of their signatures of packers, one of
# so many is in the whole set; single rules are drawn out of all.
COMMUNITY = int(os.environ.get("COMMUNITY", "5"))
PACKERS = int(os.environ.get("PACKERS", "20"))
# Matches that rules made of the files' own bytes are to have, per file.
OFTEN = 0.4
NOTHING = {"file": "nothing.yar", "text": "rule nothing { condition: false }"}


def result(key, number):
    print(key, number, flush=True)


def kept(name, make):
    """What was made before in this corpus, else what make() returns."""
    path = f"{CORPUS}/{name}.json"
    try:
        with open(path, encoding="utf-8") as f:
            return json.load(f)
    except FileNotFoundError:
        made = make()
        with open(path + ".new", "w", encoding="utf-8") as f:
            json.dump(made, f)
        os.rename(path + ".new", path)
        return made


def all_rules():
    say("reading the rules")
    rules = units_of(os.environ["SETS"].split(":"))
    random.Random(12).shuffle(rules)
    for i, rule in enumerate(rules):
        rule["file"] = f"{i:05}.yar"
    return rules


def whole_set(rules):
    chosen, seen = [], {}
    for rule in rules:
        share = 1
        if rule["source"] == "yara-rules-community":
            share = PACKERS if rule["path"].startswith("packers/") else \
                COMMUNITY
        seen[share] = seen.get(share, 0) + 1
        if seen[share] % share == 0:
            chosen.append(rule)
    return chosen


def all_paths(rules):
    """The corpus; files with strings of rules for the smallest of it."""
    with open(f"{CORPUS}/list", encoding="utf-8",
              errors="surrogateescape") as f:
        paths = f.read().splitlines()
    with_strings = plant(rules, f"{CORPUS}/planted", len(paths) // 25, paths)
    kept_paths = paths[:len(paths) - len(with_strings)] + with_strings
    random.shuffle(kept_paths)
    say(f"{len(kept_paths)} files, {len(with_strings)} of them with strings "
        "of rules")
    return kept_paths


def one_rule(chosen, others=()):
    """One changed rule after another beside others; their re-scans."""
    done = []
    for rule in chosen:
        rescan = activate([*others, rule])
        rescan["rule"] = rule
        rescan["found"] = {f for f in changes(rescan) if f[0] == rule["file"]}
        done.append(rescan)
        wait_idle(1)
    return done


def median_of(rescans, key="seconds"):
    return statistics.median(r[key] for r in rescans)


def fill(rules, paths):
    """The store, first with a tenth of the files; one-rule re-scans of it."""
    if os.path.exists(f"{CORPUS}/growth.json"):
        say("the store is filled already")
        # Warm, as after filling it, and as yara's files are.
        for folder, _, names in os.walk(f"{STATE}/vault"):
            for name in names:
                with open(f"{folder}/{name}", "rb") as f:
                    while f.read(1 << 20):
                        pass
        say("its files were read once")
    for item in call("GET", "/rules/versions")["items"]:
        if item["state"] == "active":
            sources.update(s["name"] for s in
                           loep("rules", "show", str(item["version"]))[
                               "sources"])

    def small():
        tenth = len(paths) // 10
        activate([NOTHING])
        submit(paths[:tenth])
        wait_idle()
        seconds = [r["seconds"] for r in one_rule(rules[:10])]
        submit(paths[tenth:])
        wait_idle()
        return seconds
    seconds = kept("growth", small)
    for source in sorted(sources - {"bench"}):
        activate_version(loep("rules", "remove", source, "--wait")["version"])
        sources.discard(source)
    activate([NOTHING])
    wait_idle()
    return statistics.median(seconds)


def tell_slow(done):
    """The slowest tenth, each with its reason."""
    for rescan in sorted(done, key=lambda r: -r["seconds"])[
            :max(1, len(done) // 10)]:
        why = rescan["rule"].get("class") or "?"
        reason = {"runs": "its strings are in many files",
                  "header": "only size and first bytes exclude files",
                  "anything": "nothing excludes a file"}.get(why, why)
        if rescan["scanned"] == 0:
            reason = "no file was scanned: it is what any re-scan costs"
        say(f"  slow: {rescan['rule']['name']} ({rescan['rule']['source']}): "
            f"{rescan['seconds']:.3f} s, {rescan['scanned']} units, "
            f"{rescan['bytes'] / 1e6:.1f} MB scanned: {reason}")


def one_at_a_time(rules, exact):
    chosen = rules[:RULES]
    done = one_rule(chosen)
    say(f"{RULES} rules, one at a time: done; now yara")
    exact.yara([{"file": "warm.yar",
                 "text": "rule warm { condition: false }"}], "warm")
    timed = []
    for i, rescan in enumerate(done[:TIMED]):
        seconds, _ = exact.yara([rescan["rule"]], "one")
        timed.append(seconds)
        if i % 5 == 4:
            say(f"yara: {i + 1} of {min(TIMED, RULES)} rules")
    usual = statistics.median(timed)
    # One scan with all of them says what each finds.
    _, pairs = exact.yara(chosen, "chosen")
    exact.compare("one rule at a time", pairs,
                  set().union(*(r["found"] for r in done)))
    theirs = timed + [usual] * (len(done) - len(timed))
    result("rescan_one_seconds", median_of(done))
    result("rescan_one_mean_seconds", statistics.mean(
        r["seconds"] for r in done))
    result("rescan_one_yara_seconds", usual)
    result("rescan_one_vs_yara", statistics.median(
        t / r["seconds"] for t, r in zip(theirs, done)))
    result("rescan_one_mean_vs_yara", statistics.mean(theirs) /
           statistics.mean(r["seconds"] for r in done))
    result("rescan_query_vs_yara", statistics.median(
        t / max(r["query"], 1e-6) for t, r in zip(theirs, done)))
    tell_slow(done)


def several(rules, count, exact):
    """count changed rules together; the median of three draws."""
    times, found, drawn = [], set(), []
    for turn in range(3):
        draw = rules[turn * count:(turn + 1) * count]
        activate([NOTHING])
        rescan = activate(draw)
        times.append(rescan["seconds"])
        found |= changes(rescan)
        drawn += draw
        say(f"{count} rules: {rescan['seconds']:.3f} s, "
            f"{rescan['scanned']} units scanned, {rescan['new']} new")
        wait_idle(1)
    _, pairs = exact.yara(drawn, "drawn")
    exact.compare(f"{count} rules together", pairs, found)
    return statistics.median(times)


def meta_only():
    text = 'rule same { meta: a = "1" strings: $a = "GLIBC_2.2.5" ' \
        'condition: $a }'
    activate([{"file": "same.yar", "text": text}])
    wait_idle(1)
    rescan = activate([{"file": "same.yar", "text": text.replace(
        '"1"', '"2" b = "x"').replace("strings", "/* why */\nstrings")}])
    result("rescan_meta_reads", rescan["scanned"])


def against_yara(text, name, exact):
    """How many times faster than yara a rule is that has no string."""
    rule = {"file": f"{name}.yar", "text": text}
    wait_idle()
    rescan = activate([rule])
    found = changes(rescan)
    wait_idle()
    seconds, pairs = exact.yara([rule], "worst")
    exact.compare(name, pairs, found)
    say(f"{name}: {rescan['seconds']:.2f} s, yara {seconds:.2f} s, "
        f"{rescan['scanned']} units scanned, "
        f"{rescan['bytes'] / 1e6:.1f} MB")
    return seconds / rescan["seconds"]


def worst(exact):
    """Only a size and a module; and what reads all of every file."""
    result("rescan_worst_vs_yara", min(
        against_yara('import "math"\nrule worst { condition: filesize > 3 '
                     'and math.entropy(0, 64) > 5.99 }', "worst0", exact),
        against_yara('import "elf"\nrule worst { condition: filesize > 3 '
                     'and not elf.number_of_sections == 7 and '
                     'uint8(filesize - 1) == 3 }', "worst1", exact)))
    result("rescan_last_byte_vs_yara", against_yara(
        "rule worst { condition: uint8(filesize - 1) == 3 }", "worst2",
        exact))


def rules_growth(rules):
    """One changed rule beside all the others, and beside a tenth of them."""
    changing, others = rules[:5], rules[5:]
    medians = []
    for beside in (others[:len(others) // 10], others):
        activate(beside)
        wait_idle()
        medians.append(median_of(one_rule(changing, beside)))
        say(f"one rule beside {len(beside)}: {medians[-1]:.3f} s")
    result("rescan_rules_growth", medians[1] / medians[0])


def every_match(whole, whole_pairs, paths, exact):
    """All stored matches with strings and offsets, against yara's."""
    rules = often(paths, OFTEN * len(paths))
    say(f"{len(rules)} rules of the files' own bytes")
    rescan = activate(rules, "often")
    say(f"they match {rescan['new']} times, {rescan['seconds']:.1f} s")
    wait_idle()
    _, pairs = exact.yara(rules, "often")
    pairs |= whole_pairs
    want = set(exact.wanted(whole + rules, pairs))
    exact.count("places of each match", want,
                set(exact.stored({"bench", "often"})))
    exact.pairs += len(want)


def main():
    random.seed(12)
    rules = kept("rules", all_rules)
    whole = whole_set(rules)
    paths = kept("paths", lambda: all_paths(whole))
    digests = kept("digests", lambda: digests_of(paths))
    exact = Exact(paths, digests, os.path.getmtime(f"{CORPUS}/digests.json"))
    say(f"{len(rules)} rules, {len(whole)} in the whole set")
    small = fill(rules, paths)
    say(f"stored, triaged, indexed in {STATE}")
    result("rescan_files", len(paths))
    # The first questions check each page of the index that they meet.
    first = median_of(one_rule(rules[:10]))
    result("rescan_growth_cold", first / small)
    result("rescan_growth", median_of(one_rule(rules[:10])) / small)
    one_at_a_time(rules, exact)

    say("yara with the whole set")
    set_seconds, set_pairs = exact.yara(whole, "whole")
    result("rescan_set_yara_seconds", set_seconds)
    result("rescan_4_vs_set", set_seconds / several(rules, 4, exact))
    result("rescan_42_vs_set", set_seconds / several(rules, 42, exact))
    meta_only()
    worst(exact)

    say("the whole set, new at once")
    rescan = activate(whole)
    result("rescan_all_seconds", rescan["seconds"])
    result("rescan_all_vs_yara", set_seconds / rescan["seconds"])
    exact.compare("the whole set", set_pairs, changes(rescan))
    every_match(whole, set_pairs, paths, exact)
    rules_growth(whole)
    peaks = peaks_mib()
    for name, mib in sorted(peaks.items()):
        say(f"  peak memory of {name}: {mib:.0f} MiB")
    result("rescan_peak_mib", max(peaks.values()))
    result("rescan_pairs", exact.pairs)
    result("rescan_places", exact.places)
    result("rescan_lost", exact.lost)
    result("rescan_invented", exact.invented)


if __name__ == "__main__":
    main()
