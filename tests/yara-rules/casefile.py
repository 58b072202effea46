# SPDX-License-Identifier: Apache-2.0
"""Read the *.case files: what a rule must hit and what it must not.

A case file is text.  The bodies in it are broken up with the character
BREAK, so that no scanner that looks at the checkout sees a hostile string
in it; decode() takes the breaks out again.  yara-rules/README.md has the
format.
"""

import json
import re

import elffile
import pefile

BREAK = "\u00a6"
RUN = re.compile(r"\S{3,}")
KEYS = {"name", "as", "also", "args", "repeat", "pad", "why"}


class CaseError(Exception):
    """A case file that does not follow the format."""


def encode(text):
    """Return text with a BREAK in each word, each three characters."""
    def broken(match):
        word = match.group(0)
        step = 3 if len(word) > 3 else 2
        return BREAK.join(word[i:i + step]
                          for i in range(0, len(word), step))
    return RUN.sub(broken, decode(text))


def encode_file(text):
    """Return the text of a case file, bodies and arguments broken up."""
    out = []
    in_body = False
    for line in text.split("\n"):
        if line == "---":
            in_body = True
        elif line.startswith("=== "):
            in_body = False
        elif in_body:
            line = encode(line)
        elif line.startswith("args: "):
            line = "args: " + encode(line[len("args: "):])
        out.append(line)
    return "\n".join(out)


def decode(text):
    """Return text without its breaks."""
    return text.replace(BREAK, "")


def unescape(text):
    """Return the bytes that text with \\xNN and the like stands for."""
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")


def make_bytes(body, _args):
    """The body's escapes are bytes, its line ends are only for reading."""
    return unescape(body.replace("\n", ""))


def make_ole(body, _args):
    """An OLE2 header sector, then the body as bytes: enough for a rule."""
    magic = bytes.fromhex("d0cf11e0a1b11ae1")
    return magic.ljust(512, b"\0") + make_bytes(body, _args)


def make_utf16(body, _args):
    """Little-endian UTF-16 with a byte order mark."""
    return b"\xff\xfe" + body.encode("utf-16-le")


def strings_of(body):
    """One NUL-terminated string per line; escapes allowed."""
    return b"".join(unescape(line) + b"\0"
                    for line in body.splitlines() if line)


def make_wide_strings(body):
    """As strings_of(), each as UTF-16."""
    return b"".join(unescape(line).decode("latin-1").encode("utf-16-le") +
                    b"\0\0" for line in body.splitlines() if line)


def make_pe(body, args):
    """A PE file with the body's lines in its data section."""
    wide = args.pop("wide", False)
    data = make_wide_strings(body) if wide else strings_of(body)
    return pefile.build(data, **args)


def make_elf(body, args):
    """An ELF file with the body's lines in its segment."""
    return elffile.build(strings_of(body), **args)


MAKERS = {
    "text": lambda body, args: body.encode("utf-8"),
    "utf16": make_utf16,
    "bytes": make_bytes,
    "ole": make_ole,
    "pe": make_pe,
    "elf": make_elf,
}


class Case:
    """One sample: how it is made and which rules it has to hit."""

    def __init__(self, where, kind, rule):
        self.where = where
        self.kind = kind
        self.rule = rule
        self.head = {}
        self.body = ""

    def expected(self):
        """Return the set of rules that a scan of the sample reports."""
        also = set(self.head.get("also", "").split())
        return also | ({self.rule} if self.kind == "hit" else set())

    def name(self):
        """Return the file name that the scanner is told."""
        name = self.head.get("name", "sample")
        return name.encode("ascii").decode("unicode_escape")

    def make(self):
        """Return the sample's bytes."""
        how = self.head.get("as", "text")
        if how not in MAKERS:
            raise CaseError(f"{self.where}: unknown maker {how}")
        args = json.loads(self.head.get("args", "{}"))
        body = self.body * int(self.head.get("repeat", "1"))
        data = MAKERS[how](body, args)
        return data.ljust(int(self.head.get("pad", "0")), b"\n")


def head_line(case, line):
    """Take one "key: value" line into the case."""
    key, sep, value = line.partition(":")
    if not sep or key not in KEYS or key in case.head:
        raise CaseError(f"{case.where}: bad header line: {line}")
    case.head[key] = value.strip()


def parse(path):
    """Return the cases of a file, in order."""
    cases = []
    case = None
    in_head = False
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines(keepends=True)
    for number, raw in enumerate(lines, 1):
        start = re.fullmatch(r"=== (hit|miss) (\w+)\n", raw)
        if start:
            case = Case(f"{path}:{number}", start.group(1), start.group(2))
            cases.append(case)
            in_head = True
        elif case is None:
            if raw.strip() and not raw.startswith("#"):
                raise CaseError(f"{path}:{number}: text before first case")
        elif in_head and raw == "---\n":
            in_head = False
        elif in_head:
            head_line(case, decode(raw.rstrip("\n")))
        else:
            case.body += decode(raw)
    for case in cases:
        case.body = case.body.rstrip("\n") + "\n" if case.body else ""
    return cases
