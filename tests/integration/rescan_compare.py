#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the stored matches of a case with what yara(1) says of its files.

usage: rescan_compare.py STATE CASE FOLDER RULES...

Every file of FOLDER was submitted to CASE; RULES are the files of the active
version, NAMESPACE=PATH each.  Prints "lost N invented N of N" and, on standard
error, the first differences.  A match is its rule file, rule, string
identifiers and offsets, as many of them as Loep keeps.
"""
import collections
import http.client
import json
import os
import socket
import subprocess
import sys
import urllib.parse

from yara_says import matches_of, places_of


class Local(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


def pages(api, path):
    cursor = ""
    while cursor is not None:
        mark = "&" if "?" in path else "?"
        api.request("GET", f"/api/v1{path}{mark}limit=500&cursor="
                    + urllib.parse.quote(str(cursor)))
        page = json.loads(api.getresponse().read())
        yield from page["items"]
        cursor = page["next"]


def stored(state, case):
    api = Local(state + "/run/loep.sock")
    case = urllib.parse.quote(case, safe="")
    names = {a["id"]: a["name"] for a in pages(api, f"/cases/{case}/artefacts")}
    found = collections.Counter()
    for f in pages(api, f"/cases/{case}/findings?type=match"):
        # Children have no file of their own in the folder.
        if f["artefact"] in names:
            places = sorted((s["id"], s["offset"])
                            for s in f["detail"]["strings"])
            found[names[f["artefact"]], f["namespace"], f["name"],
                  tuple(places)] += 1
    return found


def scan(folder, name, rules):
    args = ["yara", "-w", "-s", "-e"]
    for key, value in (("filename", name), ("filepath", name),
                       ("extension", os.path.splitext(name)[1]),
                       ("filetype", ""), ("owner", "")):
        args += ["-d", f"{key}={value}"]
    for rule in rules:
        namespace, path = rule.split("=", 1)
        args.append(f"{namespace}:{path}")
    out = subprocess.run(args + [os.path.join(folder, name)], check=False,
                         capture_output=True).stdout
    return matches_of(out.split(b"\n"))


def wanted(folder, rules):
    found = collections.Counter()
    for name in sorted(os.listdir(folder)):
        for space, rule, _, strings in scan(folder, name, rules):
            found[name, space, rule, tuple(places_of(strings))] += 1
    return found


def main():
    state, case, folder = sys.argv[1:4]
    got = stored(state, case)
    want = wanted(folder, sys.argv[4:])
    lost, invented = want - got, got - want
    for title, what in (("lost", lost), ("invented", invented)):
        for match in list(what)[:5]:
            print(title, str(match)[:300], file=sys.stderr)
    print(f"lost {lost.total()} invented {invented.total()} "
          f"of {'some' if want.total() else 'none'}")


main()
