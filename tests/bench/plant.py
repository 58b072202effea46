# SPDX-License-Identifier: Apache-2.0
"""Matches for a corpus of good files, in which public rules find little:
files that hold the strings of rules, and rules that match many files."""
import base64
import os
import random
import re

TEXT = re.compile(rb'\$\w*\s*=\s*"((?:[^"\\]|\\.)*)"([^\n/]*)')
HEX = re.compile(rb"\$\w*\s*=\s*\{([^}]*)\}")
ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|.)")
HEADERS = (
    (rb"0x5A4D", b"MZ" + bytes(58) + b"\x40\0\0\0PE\0\0\x4c\1\0\0"),
    (rb"0x464c457f", b"\x7fELF\2\1\1" + bytes(57)),
    (rb"0x4b50", b"PK\5\6" + bytes(18)),
)


def unescape(text):
    simple = {b"n": b"\n", b"t": b"\t", b"r": b"\r"}

    def one(match):
        what = match.group(1)
        if what[:1] == b"x" and len(what) == 3:
            return bytes([int(what[1:], 16)])
        return simple.get(what, what)
    return ESCAPE.sub(one, text)


def with_modifiers(text, modifiers):
    if b"base64" in modifiers:
        text = base64.b64encode(text)
    if b"xor" in modifiers:
        text = bytes(c ^ 1 for c in text)
    if b"wide" in modifiers and b"ascii" not in modifiers:
        text = b"".join(bytes([c, 0]) for c in text)
    return text


def hex_bytes(text):
    """Bytes that a hexadecimal string matches: the first alternatives, the
    shortest jumps, 0 for what may be anything."""
    text = re.sub(rb"//[^\n]*|/\*.*?\*/", b"", text, flags=re.S)
    text = re.sub(rb"\(([^()|]*)\|[^()]*\)", rb"\1", text)
    out = b""
    for token in re.findall(rb"\[[^\]]*\]|~?[0-9a-fA-F?]{2}", text):
        if token.startswith(b"["):
            out += bytes(int(re.match(rb"\[(\d*)", token).group(1) or 0))
        elif not token.startswith(b"~"):
            out += bytes([int(token.replace(b"?", b"0"), 16)])
        else:
            out += b"\xfe"
    return out


def plant(rules, folder, count, paths):
    """Files with all strings of one rule each, behind a header where the
    condition asks for one, and a piece of a file; returns their paths."""
    os.makedirs(folder, exist_ok=True)
    made = []
    for rule in rules:
        if len(made) == count:
            break
        text = rule["text"].encode("latin-1")
        strings = [with_modifiers(unescape(t), m) for t, m in
                   TEXT.findall(text)] + [hex_bytes(h) for h in
                                          HEX.findall(text)]
        if not strings:
            continue
        data = b"".join(head for mark, head in HEADERS
                        if mark.lower() in text.lower())
        with open(random.choice(paths), "rb") as f:
            tail = f.read(random.randrange(6000))
        data += b"\n".join(strings) + b"\n" + tail
        name = f"{folder}/{len(made):06}"
        with open(name, "wb") as f:
            f.write(data)
        made.append(name)
    return made


def as_hex(data):
    return " ".join(f"{c:02X}" for c in data)


FORMS = (
    lambda a, b: ("{ %s }" % as_hex(a), "{ %s }" % as_hex(b), "any of them"),
    lambda a, b: ("{ %s ?? %s }" % (as_hex(a[:2]), as_hex(a[3:])),
                  "{ %s [0-40] %s }" % (as_hex(b[:3]), as_hex(b[-2:])),
                  "$a or #b > 2"),
    lambda a, b: ("{ %s }" % as_hex(a), "{ ( %s | %s ) }" % (
        as_hex(a), as_hex(b)), "#b > 1 and not $a at 0"),
    lambda a, b: ("{ %s }" % as_hex(a), "{ %s }" % as_hex(b),
                  "for any i in (1..#a): (@a[i] < 9000) or $b in (0..999)"),
    lambda a, b: ("{ %s }" % as_hex(a), "{ %s }" % as_hex(b),
                  "1 of them and filesize > 100"),
)
WORDS = (
    ('"copyright" nocase', '"license" nocase fullword', "all of them"),
    ('"GLIBC_2." ascii', '/GLIBC_2\\.[0-9]{1,2}/', "$a and #b > 3"),
    ('"import "', '/def [a-z_]{3,12}\\(self/', "#a > 1 and $b"),
    ('"version" wide ascii nocase', '"error" xor(0-1)', "any of them"),
    ('/[a-z]{4}@[a-z]{4,20}\\.org/', '"http://"', "$a or #b > 4"),
    ('"#!/" ', '/bin\\/(ba|da|z)?sh/', "$a at 0 or #b > 2"),
    ('"return"', '"cmV0dXJu"', "#a > 20 and not $b"),
    ('"return" base64', '{ 72 65 74 ?? ?? 6E [1-3] ( 30 | 2D ) }',
     "any of them"),
)


def often(paths, matches):
    """Rules of bytes of the files themselves, that are to match about so
    many times; each matches between one and twenty percent of the files."""
    sample = []
    for path in random.sample(paths, min(600, len(paths))):
        with open(path, "rb") as f:
            sample.append(f.read(1 << 20))
    rules = [(a, b, c) for a, b, c in WORDS]
    expected = 0
    for _ in range(4000):
        if expected >= matches or len(rules) >= 60:
            break
        pieces = []
        for data in random.sample(sample, 2):
            at = random.randrange(max(1, min(len(data) - 6, 4096)))
            pieces.append(data[at:at + random.randrange(4, 7)])
        a, b = pieces
        if len(set(a)) < 3 or len(set(b)) < 3 or min(len(a), len(b)) < 4:
            continue
        share = sum(a in d or b in d for d in sample) / len(sample)
        if 0.01 <= share <= 0.2:
            rules.append(FORMS[len(rules) % len(FORMS)](a, b))
            expected += share * len(paths)
    return [{"name": f"often_{i}", "file": f"often{i:03}.yar", "source": "often",
             "text": f"rule often_{i} {{\n  strings:\n    $a = {a}\n    $b = "
                     f"{b}\n  condition:\n    {c}\n}}\n"}
            for i, (a, b, c) in enumerate(rules)]
