# SPDX-License-Identifier: Apache-2.0
"""No rule hits a file of /usr/bin or /usr/lib that Debian put there.

The files are those that the package database lists, so that what an
administrator installed beside Debian cannot fail the test; nor can packages
of somebody else.

LOEP_STOCK=sample scans every 12th file, nothing over 4 MiB: some seconds.
LOEP_STOCK=full (the default) scans all of them, up to FULL_BYTES_MAX.
"""

import glob
import os
import re
import stat
import subprocess
import sys
import tempfile
import time

import rulefile

PLACES = re.compile(r"(?:/usr)?(/(?:bin|lib)/.*)")
SAMPLE_STEP = 12
SAMPLE_SIZE_MAX = 4 << 20
# A minute's work; a machine with very much on it has its largest files left
# out.
FULL_BYTES_MAX = 6 << 30
# yara's time limit is one for the whole run.  When it is over, yara leaves
# the other files out, and says nothing; so it must never be reached.
SCAN_SECONDS_MAX = 900
EXCLUDE = os.path.join(rulefile.HERE, "stock-exclude")


def excluded():
    """Return [(package, regular expression)] of what is left out."""
    out = []
    with open(EXCLUDE, encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                package, pattern, _why = line.split(None, 2)
                out.append((package, re.compile(pattern)))
    return out


def foreign_packages(packages):
    """Return those packages that are not from Debian.

    apt says where each can be had from.  Where it knows that of no package
    at all, as in an image without lists, all count as Debian's.
    """
    run = subprocess.run(["apt-cache", "policy", *packages], text=True,
                         capture_output=True, check=False)
    foreign = set()
    for block in re.split(r"^(?=\S)", run.stdout, flags=re.M):
        if not re.search(r"^ {8,}-?\d+ \S*debian\S* ", block, re.M):
            foreign.add(block.split(":")[0])
    return set() if "dpkg" in foreign else foreign


def stock_files(lists):
    """Return {path: (package, size)}; each file is named once."""
    found = {}
    seen = set()
    leave = excluded()
    packages = {name: os.path.basename(name)[:-len(".list")].split(":")[0]
                for name in sorted(glob.glob(lists))}
    foreign = foreign_packages(packages.values())
    for name, package in packages.items():
        if package in foreign:
            continue
        without = [p for n, p in leave if n == package]
        with open(name, encoding="utf-8", errors="surrogateescape") as file:
            for line in file:
                place = PLACES.fullmatch(line.rstrip("\n"))
                if not place:
                    continue
                path = "/usr" + place.group(1)
                try:
                    status = os.lstat(path)
                except OSError:
                    continue
                key = (status.st_dev, status.st_ino)
                if not stat.S_ISREG(status.st_mode) or key in seen:
                    continue
                if not status.st_size or not os.access(path, os.R_OK):
                    continue
                if any(p.fullmatch(path) for p in without):
                    continue
                seen.add(key)
                found[path] = (package, status.st_size)
    return found


def sample(files):
    """Return every SAMPLE_STEP-th file of bearable size."""
    small = sorted(p for p, (_n, size) in files.items()
                   if size <= SAMPLE_SIZE_MAX)
    return small[::SAMPLE_STEP]


def everything(files):
    """Return the files, smallest first, up to FULL_BYTES_MAX."""
    out = []
    left = FULL_BYTES_MAX
    for path, (_package, size) in sorted(files.items(),
                                         key=lambda item: item[1][1]):
        if size > left:
            print(f"# {len(files) - len(out)} largest files are left out")
            break
        left -= size
        out.append(path)
    return out


def scan(paths, folder):
    """Return ([(rule, path)], complaints) of a scan with two threads."""
    compiled = os.path.join(folder, "rules.yac")
    listing = os.path.join(folder, "list")
    status, said = rulefile.compile_rules(compiled)
    if status:
        return [], said.splitlines()
    with open(listing, "w", encoding="utf-8",
              errors="surrogateescape") as file:
        file.writelines(p + "\n" for p in paths if "\n" not in p)
    start = time.monotonic()
    run = subprocess.run(["yara", "-w", "-C", "-p", "2",
                          "-a", str(SCAN_SECONDS_MAX),
                          *rulefile.defines(), "--scan-list", compiled,
                          listing], text=True, capture_output=True,
                         errors="surrogateescape", check=False)
    hits = [tuple(line.split(" ", 1)) for line in run.stdout.splitlines()]
    said = run.stderr.splitlines()
    if run.returncode:
        said.append(f"yara ended with {run.returncode}")
    if time.monotonic() - start >= SCAN_SECONDS_MAX:
        said.append(f"not all files in {SCAN_SECONDS_MAX} s")
    return hits, said


def main():
    """Run the tests."""
    tap = rulefile.Tap()
    files = stock_files("/var/lib/dpkg/info/*.list")
    if not files:
        print("1..0 # SKIP no dpkg database: not a Debian system")
        return 0
    full = os.environ.get("LOEP_STOCK", "full") != "sample"
    paths = everything(files) if full else sample(files)
    with tempfile.TemporaryDirectory() as folder:
        hits, said = scan(paths, folder)
    bad = [f"{rule} hits {path} of {files[path][0]}" for rule, path in hits]
    size = sum(files[path][1] for path in paths) >> 20
    tap.ok(len(paths) > 200, f"{len(paths)} files, {size} MiB to scan")
    tap.ok(not said, "the scan is complete", said[:20])
    tap.ok(not bad, "no rule hits a stock file", bad[:40])
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
