# SPDX-License-Identifier: Apache-2.0
"""Make small ELF files for the rule tests.  None of them is of any use."""

import random
import struct

TYPES = {"rel": 1, "exec": 2, "dyn": 3}
BASE = 0x400000


def noise(size):
    """Return size bytes that look compressed, the same ones every time."""
    return random.Random(size).randbytes(size)


def program_header(bits, kind, flags, offset, size):
    """Return one program header."""
    addr = BASE + offset
    if bits == 64:
        return struct.pack("<IIQQQQQQ", kind, flags, offset, addr, addr,
                           size, size, 0x1000)
    return struct.pack("<IIIIIIII", kind, offset, addr, addr, size, size,
                       flags, 0x1000)


def header(bits, kind, machine, counts):
    """Return the ELF header; counts is (segments, sections, shoff)."""
    segments, sections, shoff = counts
    ident = b"\x7fELF" + bytes([2 if bits == 64 else 1, 1, 1]) + bytes(9)
    ehsize, phsize, shsize = (64, 56, 64) if bits == 64 else (52, 32, 40)
    entry = 0 if kind == 1 else BASE + ehsize + segments * phsize
    form = "<HHIQQQIHHHHHH" if bits == 64 else "<HHIIIIIHHHHHH"
    return ident + struct.pack(form, kind, machine, 1, entry,
                               ehsize if segments else 0, shoff, 0, ehsize,
                               phsize, segments, shsize, sections,
                               1 if sections else 0)


def section_table(bits, names_offset, names):
    """Return a table of two sections: the empty one and .shstrtab."""
    form = "<IIQQQQIIQQ" if bits == 64 else "<IIIIIIIIII"
    empty = struct.pack(form, *([0] * 10))
    return empty + struct.pack(form, 1, 3, 0, 0, names_offset, len(names),
                               0, 0, 1, 0)


def build(data, **args):
    """Return an ELF file that holds data.

    kind      rel, exec or dyn
    bits      32 or 64
    machine   e_machine
    flags     flags of the one PT_LOAD segment
    interp    path of the PT_INTERP, if any
    sections  whether there is a section table
    gap       zero bytes in front of data
    noise     bytes of high entropy to append
    """
    bits = args.get("bits", 64)
    kind = TYPES[args.get("kind", "exec")]
    interp = args.get("interp", "").encode()
    segments = 0 if kind == 1 else 2 if interp else 1
    head = 64 + segments * 56 if bits == 64 else 52 + segments * 32
    path = interp + b"\0" if interp else b""
    body = path + bytes(args.get("gap", 0)) + data + noise(args.get("noise", 0))
    end = head + len(body)
    table = b""
    names = b""
    if args.get("sections", True):
        names = b"\0.shstrtab\0"
        table = section_table(bits, end, names)
    counts = (segments, 2 if table else 0, end + len(names) if table else 0)
    out = header(bits, kind, args.get("machine", 62), counts)
    if interp:
        out += program_header(bits, 3, 4, head, len(path))
    if segments:
        out += program_header(bits, 1, args.get("flags", 5), 0, end)
    return out + body + names + table
