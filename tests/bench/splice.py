#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes files of two others: the first bytes of one, the last of another.

Lines on standard input: bytes, bytes, path, path, output, between tabs.
"""
import sys

for line in sys.stdin:
    head, tail, first, second, output = line.rstrip("\n").split("\t")
    try:
        with open(first, "rb") as f:
            data = f.read(int(head))
        with open(second, "rb") as f:
            f.seek(-min(int(tail), f.seek(0, 2)), 2)
            data += f.read()
    except OSError as error:
        print(error, file=sys.stderr)
        continue
    with open(output, "wb") as f:
        f.write(data)
