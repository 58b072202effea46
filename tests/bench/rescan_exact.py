# SPDX-License-Identifier: Apache-2.0
"""What yara(1) says of a list of files, and what Loep has stored of them."""
import hashlib
import os
import re
import subprocess
import sys
import time

from rescan_service import WORK, pages, rejected, say

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../integration"))
from yara_says import matches_of, places_of  # noqa: E402

EXTERNALS = ("filename", "filepath", "extension", "filetype", "owner")
DEFINES = [x for name in EXTERNALS for x in ("-d", name + "=")]
RULE = re.compile(r"^[ \t]*((?:(?:private|global)\s+)*)rule\s+(\w+)", re.M)
# libyara takes names with "_" at their beginning as used.
ANONYMOUS = "_loep_"
YARA = ["yara", "-w", "-N", "-p", "2", *DEFINES]


class Exact:
    """Counts what Loep lost or invented."""

    def __init__(self, paths, digests, since=None):
        self.paths, self.digests = paths, digests
        self.since = time.time() if since is None else since
        self.changed = set()
        self.given = set(digests.values())
        self.by_digest = {digest: path for path, digest in digests.items()}
        self.pairs = self.places = self.lost = self.invented = 0

    def count(self, label, want, got):
        # Files that somebody changed meanwhile say nothing: Loep has the bytes
        # that were handed in.
        seen = {m[2] for m in want ^ got}
        self.changed |= {d for d in seen if self.is_changed(d)}
        want = {m for m in want if m[2] not in self.changed}
        got = {m for m in got if m[2] not in self.changed}
        if self.changed:
            say(f"{label}: without {len(self.changed)} files that changed")
        # What the trial of a version set aside is told, and not active.
        aside = {m for m in want if (m[0], m[1]) in rejected}
        want = want - aside
        if aside:
            say(f"{label}: without {len(aside)} matches of rules that the "
                f"trial set aside: {sorted({m[1] for m in aside})[:5]}")
        lost, invented = want - got, got - want
        self.lost += len(lost)
        self.invented += len(invented)
        say(f"{label}: {len(want)} matches, {len(lost)} lost, "
            f"{len(invented)} invented")
        for word, what in (("lost", lost), ("invented", invented)):
            for match in sorted(what)[:3]:
                say(f"  {word}: {match[:3]} {self.by_digest.get(match[2])}")

    def is_changed(self, digest):
        try:
            return os.path.getmtime(self.by_digest[digest]) > self.since
        except FileNotFoundError:
            return True

    def compare(self, label, pairs, found):
        """(file, rule, digest) of both."""
        # What was inside of one of the files is not for yara to find.
        found = {f for f in found if f[2] in self.given}
        self.pairs += len(pairs)
        self.count(label, pairs, found)

    def yara(self, rules, label):
        """Seconds of a scan, and (file of the rule, rule, digest)."""
        args, names = compiled(rules, label)
        start = time.monotonic()
        done = subprocess.run(
            YARA + ["-e", *args, "--scan-list", self.list_of(self.paths)],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        seconds = time.monotonic() - start
        pairs = set()
        for line in done.stdout.decode("utf-8", "surrogateescape").split("\n"):
            match = re.match(r"([^: ]+):(\S+) (/.*)", line)
            if match:
                space, rule, path = match.groups()
                if (space, rule) in names:
                    pairs.add((names[space, rule], rule, self.digests[path]))
        return seconds, pairs

    @staticmethod
    def list_of(paths):
        name = f"{WORK}/scan.list"
        with open(name, "wb") as f:
            f.write(b"".join(os.fsencode(p) + b"\n" for p in paths))
        return name

    def wanted(self, rules, pairs):
        """All matches with their places.  Only files in which yara found
        something are read again: the others have no place to tell."""
        args, names = compiled(rules, "places")
        matching = {digest for _, _, digest in pairs}
        paths = [self.by_digest[digest] for digest in matching]
        with subprocess.Popen(
                YARA + ["-e", "-s", *args, "--scan-list", self.list_of(paths)],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as scan:
            for space, rule, path, strings in matches_of(scan.stdout):
                if (space, rule) not in names:
                    continue
                places = sorted(
                    ("$" if name.startswith(f"${ANONYMOUS}") else name, at)
                    for name, at in places_of(strings))
                self.places += len(places)
                yield (names[space, rule], rule, self.digests[path],
                       digest_of(places))

    def stored(self, sources):
        """The same of what is stored, by artefact: equal bytes have the same
        matches, however often they were handed in."""
        for case in pages("/cases"):
            number = case["id"]
            shas = {a["id"]: a["sha256"]
                    for a in pages(f"/cases/{number}/artefacts")}
            for f in pages(f"/cases/{number}/findings?type=match"):
                source, _, name = f["namespace"].rpartition("/")
                if shas[f["artefact"]] in self.given and source in sources:
                    yield name, f["name"], shas[f["artefact"]], digest_of(
                        sorted((s["id"], s["offset"])
                               for s in f["detail"]["strings"]))


def named(text):
    """Strings without a name have one of their own: Loep keeps places of each
    of them, and yara(1) does not tell them apart."""
    count = iter(range(1000000))
    return re.sub(r"^([ \t]*)\$([ \t]*=)",
                  lambda m: f"{m[1]}${ANONYMOUS}{next(count)}{m[2]}", text,
                  flags=re.M)


def spaces_of(rules):
    """Lists of rules that may share a namespace: each import costs yara a
    tree of objects in every one, for each file.  A rule that brings others
    along has one of its own."""
    spaces, names, alone = [], [], []
    for rule in rules:
        if len(RULE.findall(rule["text"])) != 1:
            alone.append([rule])
            continue
        name = RULE.search(rule["text"]).group(2)
        for i, taken in enumerate(names):
            if name not in taken:
                break
        else:
            i = len(names)
            names.append(set())
            spaces.append([])
        names[i].add(name)
        spaces[i].append(rule)
    return spaces + alone


def compiled(rules, label):
    """Arguments for one compiled file, as a user would have it, and the
    files of the rules by namespace and name."""
    out = f"{WORK}/{label}.yac"
    args, names = [], {}
    for i, space in enumerate(spaces_of(rules)):
        path = f"{WORK}/{label}.{i}.yar"
        with open(path, "wb") as f:
            for rule in space:
                f.write(named(rule["text"]).encode("latin-1") + b"\n")
                for kind, name in RULE.findall(rule["text"]):
                    if "private" not in kind:
                        names[f"n{i}", name] = rule["file"]
        args.append(f"n{i}:{path}")
    subprocess.run(["yarac", "-w", *DEFINES, *args, out], check=True)
    return ["-C", out], names


def digest_of(places):
    return hashlib.sha256(repr(places).encode()).hexdigest()[:20]


def digests_of(paths):
    found = {}
    for path in paths:
        with open(path, "rb") as f:
            found[path] = hashlib.file_digest(f, "sha256").hexdigest()
    return found
