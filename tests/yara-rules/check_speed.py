# SPDX-License-Identifier: Apache-2.0
"""No rule is slow on text that is made to keep it busy.

A regular expression costs most on text that almost matches, over and over.
Such texts are made here from the cases: each sample that is text, cut short,
and its first half, repeated without a line end.  None may cost more
processor time than a noise of RATIO_MAX times its size: so neither a slow
nor a busy machine fails the test.
"""

import glob
import os
import random
import resource
import subprocess
import sys
import tempfile

import casefile
import rulefile

PIECE_BYTES = 32 << 10
NOISE_BYTES = 16 << 20
RATIO_MAX = 1500
SINGLES = (b"A", b"0", b"\n", b" ", b"\0", b"/", b'"', b"\\x41", b"0x41, ",
           b"curl ", b"* * * * ", b"a.b@c.d ", b"A" * 76 + b"\n")


def repeated(data):
    """Return PIECE_BYTES of data again and again."""
    return (data * (PIECE_BYTES // len(data) + 1))[:PIECE_BYTES]


def busy_text(case):
    """Return the text made from one case."""
    line = case.make().replace(b"\n", b" ")
    return (repeated(line[:max(8, len(line) - 6)]) + b"\n" +
            repeated(line[:max(8, len(line) // 2)]))


def busy_texts():
    """Return [(what it is made of, text)]."""
    out = [(str(word), repeated(word) * 2) for word in SINGLES]
    for path in sorted(glob.glob(rulefile.CASES + "/*.case")):
        for case in casefile.parse(path):
            if case.kind == "hit" and case.head.get("as", "text") == "text":
                what = f"{case.rule} at {os.path.basename(case.where)}"
                out.append((what, busy_text(case)))
    return out


def noise():
    """Return printable noise, the same each time."""
    block = random.Random(1).randbytes(1 << 20)
    letters = bytes(32 + b % 95 for b in range(256))
    return block.translate(letters) * (NOISE_BYTES >> 20)


class Scanner:
    """A scan of bytes, and the processor time that it takes."""

    def __init__(self, folder):
        self.rules = os.path.join(folder, "rules.yac")
        self.path = os.path.join(folder, "sample")
        self.status, self.said = rulefile.compile_rules(self.rules)

    def seconds(self, data):
        """Return the processor time of a scan; None where it failed."""
        with open(self.path, "wb") as file:
            file.write(data)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run = subprocess.run(["yara", "-w", "-C", "-a", "300",
                              *rulefile.defines(), self.rules, self.path],
                             capture_output=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if run.returncode:
            return None
        return (after.ru_utime + after.ru_stime -
                before.ru_utime - before.ru_stime)


def main():
    """Run the tests."""
    tap = rulefile.Tap()
    with tempfile.TemporaryDirectory() as folder:
        scanner = Scanner(folder)
        tap.ok(scanner.status == 0, "all rule files compile",
               scanner.said.splitlines())
        if scanner.status:
            return tap.end()
        start = min(scanner.seconds(b"x") for _ in range(5))
        unit = (min(scanner.seconds(noise()) for _ in range(3)) - start) / (
            NOISE_BYTES / (2 * PIECE_BYTES))
        slow = []
        worst = (0, "")
        texts = busy_texts()
        for what, data in texts:
            # What is only due to a busy machine goes away the next time.
            for _ in range(3):
                took = scanner.seconds(data)
                if took is None or took - start <= unit * RATIO_MAX:
                    break
            ratio = 1e9 if took is None else (took - start) / unit
            worst = max(worst, (ratio, what))
            if ratio > RATIO_MAX:
                slow.append(f"{ratio:.0f} times the time: {what}")
        print(f"# the worst of {len(texts)}: {worst[0]:.0f} times the time "
              f"of noise, {worst[1]}")
        tap.ok(len(texts) > 100, "there are texts to scan")
        tap.ok(not slow, "no text keeps a rule busy for long", slow)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
