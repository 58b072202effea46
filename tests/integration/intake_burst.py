#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Opens cases and hands a file in to each, several at a time.

usage: intake_burst.py SOCKET COUNT

Prints {"numbers": [...], "slowest_ms", "p99_ms"}: from the request for a number
to the number.
"""
import concurrent.futures
import http.client
import json
import socket
import sys
import threading
import time

HERE = threading.local()


class Local(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(120)
        self.sock.connect(sys.argv[1])


def ask(path, body, kind="application/json"):
    if not hasattr(HERE, "conn"):
        HERE.conn = Local("localhost")
    HERE.conn.request("POST", "/api/v1" + path, body, {"Content-Type": kind})
    answer = HERE.conn.getresponse()
    text = answer.read()
    if answer.status != 201:
        raise SystemExit(f"{path}: {answer.status} {text[:300]}")
    return json.loads(text)


def hand_in(i):
    begin = time.monotonic()
    number = ask("/cases", json.dumps({"title": f"report {i}"}))["number"]
    ms = (time.monotonic() - begin) * 1000
    submission = ask(f"/cases/{number}/submissions", "{}")["id"]
    ask(f"/submissions/{submission}/files?filename=f{i}", f"file {i}\n",
        "application/octet-stream")
    return number, ms


def main():
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        done = list(pool.map(hand_in, range(int(sys.argv[2]))))
    times = sorted(ms for _, ms in done)
    print(json.dumps({"numbers": [number for number, _ in done],
                      "slowest_ms": round(times[-1]),
                      "p99_ms": round(times[len(times) * 99 // 100])}))


main()
