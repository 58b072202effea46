#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rounds of load on two services that are up at once; prints "KEY NUMBER".

usage: load_rounds.py PLAN

PLAN is JSON: "load" (bench_load), "rounds", "seconds", "rate" (null = a fifth
of what the large store can do, at most 300 a second), "work" (a folder),
"submission" (its id, for uploads), "big" (a case's number), "tokens",
"details" (a file that gets all that was seen), and "stores": for "small" and
"large" the "port", "cert", "loepd" (its process), "socket", and the files of
requests "pages" (and "big", "static" of the large one).

A round asks every condition once, each for so many seconds at the same rate
(open loop: bench_load.c counts from when a request was due), in another order
each time: small, large, large with 200 slow uploads, large while its largest
case is written out for reports, and the pages of that case.  A figure is the
median of the ratios of the same round, so that what else the machine does in
that minute meets both sides; the least and the greatest ratio stand beside it,
and nothing is left out.
"""
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import threading
import time

TICK = os.sysconf("SC_CLK_TCK")
RATE_MAX = 300
UPLOADS = 200


def say(*words):
    print(*words, file=sys.stderr, flush=True)


class Socket(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=120)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


def call(path, method, target, body=None):
    service = Socket(path)
    head = {"Content-Type": "application/json"} if body is not None else {}
    service.request(method, "/api/v1" + target, body, head)
    answer = service.getresponse()
    text = answer.read()
    service.close()
    if answer.status >= 300:
        raise RuntimeError(f"{method} {target}: {answer.status} {text[:300]}")
    return json.loads(text)


def cpu_of(pid):
    """Seconds of processor time that a process has taken."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            fields = f.read().rsplit(") ", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICK


def busy():
    """Seconds that all processors together were at work."""
    with open("/proc/stat") as f:
        n = [int(x) for x in f.readline().split()[1:9]]
    return (sum(n) - n[3] - n[4]) / TICK


class Store:
    def __init__(self, name, plan):
        self.name = name
        self.__dict__.update(plan)
        self.children = {}
        out = subprocess.run(["pgrep", "-P", str(self.loepd), "-a"],
                             capture_output=True, text=True, check=True)
        for line in out.stdout.splitlines():
            pid, program = line.split()[:2]
            self.children[os.path.basename(program)] = int(pid)

    def cpu(self):
        return sum(cpu_of(self.children[p]) for p in ("loep-web", "loep-store"))

    def all_cpu(self):
        return sum(cpu_of(p) for p in self.children.values())

    def settle(self):
        """Waits until nothing is left to be analysed, nor to be learnt by the
        search, which comes from behind."""
        for _ in range(3000):
            jobs = call(self.socket, "GET", "/status").get("jobs", {})
            before = self.all_cpu()
            time.sleep(0.4)
            if (jobs.get("queued", 0) + jobs.get("running", 0) == 0
                    and self.all_cpu() - before <= 2 / TICK):
                return
        raise RuntimeError("the service does not come to rest")


class Dumps(threading.Thread):
    """Asks for the report of the largest case, over and over."""

    def __init__(self, store, number):
        super().__init__()
        self.store, self.number = store, number
        self.over = threading.Event()
        self.count = 0

    def run(self):
        path = self.store.socket
        while not self.over.is_set():
            job = call(path, "POST", f"/cases/{self.number}/reports",
                       '{"kind":"triage","language":"en"}')["job"]
            while call(path, "GET", f"/jobs/{job}")["state"] in (
                    "queued", "running"):
                time.sleep(0.1)
            self.count += 1


class Rounds:
    def __init__(self, plan):
        self.plan = plan
        self.stores = {n: Store(n, s) for n, s in plan["stores"].items()}
        self.seen = []

    def ask(self, condition, store, requests, *options):
        """One condition of one round."""
        both = self.stores.values()
        for each in both:
            each.settle()
        before, own = store.cpu(), sum(s.all_cpu() for s in both)
        begin, work = time.monotonic(), busy()
        out = subprocess.run(
            [self.plan["load"], "-s", str(self.plan["seconds"]), *options,
             str(store.port), store.cert, self.plan["tokens"], requests],
            stdout=subprocess.PIPE, text=True, check=False)
        took, work = time.monotonic() - begin, busy() - work
        if out.returncode != 0:
            raise RuntimeError(f"wrong answers: {out.stdout[:600]}")
        seen = json.loads(out.stdout)
        seen["condition"] = condition
        seen["cpu_ms"] = 1000 * (store.cpu() - before) / max(1, seen["count"])
        own = sum(s.all_cpu() for s in both) - own + seen["own_cpu_seconds"]
        seen["others"] = max(0.0, work - own) / took / os.cpu_count()
        self.seen.append(seen)
        say(f"load: {condition:8} {seen['rps']:7.0f}/s  p50 {seen['p50_ms']:.2f}"
            f"  p99 {seen['p99_ms']:.2f}  worst {seen['worst_ms']:.1f} ms"
            f"  cpu {seen['cpu_ms']:.3f} ms"
            f"  others {100 * seen['others']:.0f} % of the machine")
        return seen

    def dumped(self, rate):
        dumps = Dumps(self.stores["large"], self.plan["big"])
        dumps.store.settle()
        dumps.start()
        try:
            seen = self.ask_now("dump", rate)
        finally:
            dumps.over.set()
            dumps.join()
        seen["dumps"] = dumps.count
        return seen

    def ask_now(self, condition, rate):
        """Without waiting: something goes on, and is meant to."""
        large = self.stores["large"]
        large.settle = lambda: None
        try:
            return self.ask(condition, large, large.pages, "-r", str(rate))
        finally:
            del large.settle

    def conditions(self, rate):
        small, large = self.stores["small"], self.stores["large"]
        paced = ("-r", str(rate))
        yield "small", lambda: self.ask("small", small, small.pages, *paced)
        yield "large", lambda: self.ask("large", large, large.pages, *paced)
        yield "uploads", lambda: self.ask(
            "uploads", large, large.pages, *paced, "-u", str(UPLOADS), "-i",
            self.plan["submission"])
        if self.plan["big"]:
            yield "dump", lambda: self.dumped(rate)
            yield "big", lambda: self.ask("big", large, large.big, *paced)

    def go(self):
        """Full speed, pages and a static file in turn; then the rounds."""
        large = self.stores["large"]
        full = []
        for _ in range(3):
            full.append({
                "pages": self.ask("full", large, large.pages),
                "static": self.ask("static", large, large.static)})
        rate = self.plan["rate"] or min(
            RATE_MAX, statistics.median(f["pages"]["rps"] for f in full) / 5)
        say(f"load: {rate:.0f} pages a second from now on")
        rounds = []
        for i in range(self.plan["rounds"]):
            conditions = list(self.conditions(rate))
            turn = i // 2 % len(conditions)
            conditions = conditions[turn:] + conditions[:turn]
            if i % 2 == 1:
                conditions.reverse()
            rounds.append({name: ask() for name, ask in conditions})
        return full, rate, rounds


def figure(key, ratios):
    print(key, statistics.median(ratios))
    print(key + "_min", min(ratios))
    print(key + "_max", max(ratios))


def compare(key, rounds, what, base, metric):
    figure(key, [r[what][metric] / r[base][metric] for r in rounds])


def median_of(rounds, condition, metric, route=None):
    return statistics.median(
        (r[condition]["routes"].get(route, {}) if route else r[condition]).get(
            metric, 0) for r in rounds)


def table(rounds, what, base):
    """Each route's ratio of medians; returns the worst p50 ratio."""
    say(f"load: {'route':14} {base + ' p50':>11} {what + ' p50':>11} ratio  "
        f"{base + ' p99':>11} {what + ' p99':>11}  ms")
    worst = 0
    for route in sorted(rounds[0][base]["routes"]):
        a, b, c, d = (median_of(rounds, x, m, route)
                      for m in ("p50_ms", "p99_ms") for x in (base, what))
        if a == 0 or b == 0:
            continue
        worst = max(worst, b / a)
        say(f"load: {route:14} {a:11.2f} {b:11.2f} {b / a:5.2f}  {c:11.2f} "
            f"{d:11.2f}")
    return worst


def report(full, rate, rounds):
    figure("load_page_rps", [f["pages"]["rps"] for f in full])
    figure("load_page_rps_vs_static",
           [f["pages"]["rps"] / f["static"]["rps"] for f in full])
    print("load_rate", rate)
    print("load_page_p50_ms", median_of(rounds, "large", "p50_ms"))
    figure("load_page_p99_ms", [r["large"]["p99_ms"] for r in rounds])
    print("load_worst_page_p99_ms", max(
        median_of(rounds, "large", "p99_ms", x)
        for x in rounds[0]["large"]["routes"]))
    print("load_page_cpu_ms", median_of(rounds, "large", "cpu_ms"))
    for metric in ("p50", "p99", "cpu"):
        compare("load_growth_" + metric, rounds, "large", "small",
                metric + "_ms")
    print("load_growth_p99_of_medians", median_of(rounds, "large", "p99_ms") /
          median_of(rounds, "small", "p99_ms"))
    print("load_growth_worst_route", table(rounds, "large", "small"))
    for name in ("uploads", "dump", "big"):
        if name not in rounds[0]:
            continue
        key = {"uploads": "load_slow_upload_p99_ratio",
               "dump": "load_dump_p99_ratio",
               "big": "load_big_case_p99_ratio"}[name]
        compare(key, rounds, name, "large", "p99_ms")
        compare(key.replace("p99", "p50"), rounds, name, "large", "p50_ms")
    if "dump" in rounds[0]:
        print("load_dump_worst_ms", max(r["dump"]["worst_ms"] for r in rounds))
        print("load_dump_count", sum(r["dump"]["dumps"] for r in rounds))
        table(rounds, "big", "large")
    print("load_others", statistics.median(
        s["others"] for r in rounds for s in r.values()))


def main():
    with open(sys.argv[1]) as f:
        plan = json.load(f)
    rounds = Rounds(plan)
    result = rounds.go()
    with open(plan["details"], "w") as f:
        json.dump(rounds.seen, f)
    report(*result)


if __name__ == "__main__":
    main()
