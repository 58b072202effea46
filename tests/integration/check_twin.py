#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hands in files that another organisation has, and files that nobody has; no
answer may tell which is which.  Speaks TAP.

usage: check_twin.py SETTING.json

SETTING: {"port", "ca", "known": HEADERS, "asker": HEADERS, "known_submission",
"submission", "org"}: whose files are known, who asks, and where they hand in.
"""
import base64
import hashlib
import json
import os
import re
import sys
import time

from check_isolation import Client, POINTS, differ, masked, point, seen, \
    show, time_pairs

SIZE = 60000
PAIRS, ROUNDS = 14, 3


class Sender(Client):
    """Hands in, each way that there is."""

    def __init__(self, setting, who, submission):
        super().__init__(setting, {"headers": who})
        self.place = f"/api/v1/submissions/{submission}"

    def send(self, method, path, body, headers):
        if self.conn is None:
            self.connect()
        self.conn.request(method, path, body, {**self.who, **headers})
        answer = self.conn.getresponse()
        text = answer.read()
        if answer.will_close:
            self.conn.close()
            self.conn = None
        return answer.status, answer.getheaders(), text

    def plain(self, data, declared=None):
        path = f"{self.place}/files?filename=lamp"
        if declared is not None:
            path += f"&sha256={declared}"
        return [self.send("POST", path, data,
                          {"Content-Type": "application/octet-stream"})]

    def declared(self, data):
        return self.plain(data, hashlib.sha256(data).hexdigest())

    def tus(self, data):
        """Creation, half, HEAD, the other half, HEAD; a digest is named."""
        digest = hashlib.sha256(data).hexdigest().encode()
        headers = {"Tus-Resumable": "1.0.0"}
        answers = [self.send("POST", f"{self.place}/uploads", b"", {
            **headers, "Upload-Length": str(len(data)),
            "Upload-Metadata": "filename bGFtcA==,sha256 " +
            base64.b64encode(digest).decode()})]
        path = dict((n.lower(), v) for n, v in answers[0][1])["location"]
        path = re.sub(r"^https?://[^/]*", "", path)
        headers["Content-Type"] = "application/offset+octet-stream"
        middle = len(data) // 2
        for part, offset in ((data[:middle], 0), (data[middle:], middle)):
            checksum = base64.b64encode(hashlib.sha256(part).digest()).decode()
            answers.append(self.send("PATCH", path, part, {
                **headers, "Upload-Offset": str(offset),
                "Upload-Checksum": f"sha256 {checksum}"}))
            answers.append(self.send("HEAD", path, None, headers))
        answers.append(self.send("GET", path, None, headers))
        return answers


def shapes(answers, data):
    """Answers without names, times, seals and the digest that was asked of."""
    digest = hashlib.sha256(data).hexdigest().encode()
    shaped = []
    for answer in answers:
        status, headers, body = masked(seen(answer))
        headers = [(n, re.sub(r"[A-Za-z0-9+/]{80,}={0,2}", "*", re.sub(
            r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT", "*", v)))
                   for n, v in headers]
        body = re.sub(r"[A-Za-z0-9+/_-]{80,}={0,2}", "*",
                      body.replace(digest.decode(), "*"))
        shaped.append((status, headers, body))
    return shaped


def usage(client, org):
    """What the organisation's numbers are."""
    body = json.loads(client.ask("GET", f"/api/v1/organisations/{org}", None,
                                 None)[2])
    return {n: v for n, v in body.items() if isinstance(v, int)}


def growth(before, after):
    return {name: after[name] - before[name] for name in before
            if name != "version"}


def settle(client, org):
    """Waits until nothing is made of earlier files: that counts, too."""
    same, last = 0, None
    for _ in range(200):
        now = usage(client, org)
        same = same + 1 if now == last else 0
        if same == 5:
            return
        last = now
        time.sleep(0.2)


def compare(known, asker, setting, way):
    """Whether a known file and a new one are told apart; what differs."""
    theirs, nobodys = os.urandom(SIZE), os.urandom(SIZE)
    known.plain(theirs)
    results = []
    for data in (theirs, nobodys):
        settle(asker, setting["org"])
        before = usage(asker, setting["org"])
        answers = getattr(asker, way)(data)
        results.append((shapes(answers, data),
                        growth(before, usage(asker, setting["org"]))))
    if results[0] == results[1]:
        return results[0][0][0][0] // 100 == 2
    for a, b in zip(*[r[0] for r in results]):
        if a != b:
            print(f"# {way}: known {a}"[:1500])
            print(f"# {way}: new {b}"[:1500])
    print(f"# {way}: known {results[0][1]}, new {results[1][1]}")
    return False


def time_way(known, asker, way):
    """Pairs of times of known files and of new ones, in microseconds."""
    def ask(is_known):
        data = os.urandom(SIZE)
        # Somebody hands in something in any case.
        known.plain(data if is_known else os.urandom(SIZE))
        begin = time.perf_counter_ns()
        getattr(asker, way)(data)
        return (time.perf_counter_ns() - begin) / 1000
    return time_pairs(PAIRS, ask)


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        setting = json.load(f)
    known = Sender(setting, setting["known"], setting["known_submission"])
    asker = Sender(setting, setting["asker"], setting["submission"])
    for way in ("plain", "declared", "tus"):
        # What is made of the file itself may come before we look.
        point(any(compare(known, asker, setting, way) for _ in range(4)),
              f"{way}: a file that others have is a new one, in every answer "
              "and number")
    for way in ("plain", "tus"):
        is_told = True
        for _ in range(ROUNDS):
            pairs = time_way(known, asker, way)
            is_told = differ(pairs)
            if not is_told:
                break
        show(way, pairs)
        point(not is_told, f"{way}: nor does time tell")
    print(f"1..{len(POINTS)}")
    return 0 if all(POINTS) else 1


if __name__ == "__main__":
    sys.exit(main())
