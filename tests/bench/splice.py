#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Chooses the files of a corpus and makes what is missing.

usage: splice.py COUNT BYTES FOLDER <"SIZE PATH" lines, largest first >paths

COUNT files that are no archives, evenly out of all.  Should they hold less than
BYTES, files that are the first bytes of one large file and the last of
another, cut at odd places, are written to FOLDER and take the places of the
smallest: whole programs and libraries, whose strings stand elsewhere now.
"""
import sys

# Archives by another name, whatever their ending says.
PACKED = (b"PK\3\4", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd",
          b"!<arch>\n", b"7z\xbc\xaf", b"Rar!", b"MSCF", b"hsqs", b"0707",
          b"\xed\xab\xee\xdb", b"%PDF", b"\xd0\xcf\x11\xe0")
# Of so many large files pairs are made.
LARGE = 4000


def is_packed(path):
    try:
        with open(path, "rb") as f:
            head = f.read(264)
    except OSError:
        return True
    return head.startswith(PACKED) or head[257:262] == b"ustar"


def splice(first, second, output):
    """The first 5/8 of one file, the last 3/8 of another; its size."""
    with open(first[1], "rb") as f:
        data = f.read(first[0] * 5 // 8)
    with open(second[1], "rb") as f:
        f.seek(second[0] - second[0] * 3 // 8)
        data += f.read()
    with open(output, "wb") as f:
        f.write(data)
    return len(data)


def main():
    count, need, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    chosen = []
    lines = sys.stdin.read().splitlines()
    # A tenth is left for what turns out to be an archive.
    step = max(1, len(lines) * 9 // (10 * count))
    for line in lines[::step]:
        size, path = line.split(" ", 1)
        if len(chosen) == count:
            break
        if not is_packed(path):
            chosen.append((int(size), path))
    have = sum(size for size, _ in chosen)
    made, large = [], chosen[:LARGE]
    step = 1  # between the two of a pair
    while have < need and len(made) < count // 2 and step < len(large):
        for i in range(len(large) - step):
            if have >= need or len(made) >= count // 2:
                break
            name = f"{folder}/{len(made):06}"
            have += splice(large[i], large[i + step], name)
            made.append(name)
            if len(chosen) + len(made) > count:
                have -= chosen.pop()[0]
        # The same again, each with a neighbour further away.
        step += 7
    print(f"corpus: {len(chosen)} files of this machine, {len(made)} made of "
          f"them, {have / 1e9:.2f} GB", file=sys.stderr)
    for path in [p for _, p in chosen] + made:
        print(path)


main()
