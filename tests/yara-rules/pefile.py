# SPDX-License-Identifier: Apache-2.0
"""Make small PE files for the rule tests.  None of them is of any use."""

import random
import struct

ALIGN = 0x200
PAGE = 0x1000
HEAD = 0x400
FLAGS = {"r": 0x40000000, "w": 0x80000000, "x": 0x20000000}


def noise(size):
    """Return size bytes that look compressed, the same ones every time."""
    return random.Random(size).randbytes(size)


def up(size, unit):
    """Round size up to a multiple of unit."""
    return -(-size // unit) * unit


def imports_blob(imports, base, wide_ptr):
    """Return an import directory for {dll: [functions]} at RVA base."""
    ptr = 8 if wide_ptr else 4
    form = "<Q" if wide_ptr else "<I"
    descriptors = 20 * (len(imports) + 1)
    thunks = {}
    offset = descriptors
    for dll, functions in imports.items():
        thunks[dll] = offset
        offset += ptr * (len(functions) + 1) * 2
    names = b""
    table = b""
    arrays = b""
    for dll, functions in imports.items():
        array = b""
        for function in functions:
            array += struct.pack(form, base + offset + len(names))
            name = b"\0\0" + function.encode() + b"\0"
            names += name + b"\0" * (len(name) % 2)
        array += bytes(ptr)
        dll_rva = base + offset + len(names)
        names += dll.encode() + b"\0"
        names += b"\0" * (len(names) % 2)
        table += struct.pack("<IIIII", base + thunks[dll], 0, 0, dll_rva,
                             base + thunks[dll] + len(array))
        arrays += array + array
    return table + bytes(20) + arrays + names


def resource_blob(data, base):
    """Return a resource tree with data as RT_RCDATA 1, at RVA base."""
    def directory(ident, target):
        return struct.pack("<IIHHHHII", 0, 0, 0, 0, 0, 1, ident, target)
    top = directory(10, 0x80000000 | 24)
    top += directory(1, 0x80000000 | 48)
    top += directory(1033, 72)
    return top + struct.pack("<IIII", base + 88, len(data), 0, 0) + data


def optional_header(args, layout):
    """Return the optional header; layout has what the sections fixed."""
    bits64 = args.get("bits", 32) == 64
    size = layout["image"]
    out = struct.pack("<HBBIIIII", 0x20b if bits64 else 0x10b, 14, 0,
                      PAGE, PAGE, 0, layout["entry"], PAGE)
    if bits64:
        out += struct.pack("<Q", 0x140000000)
    else:
        out += struct.pack("<II", PAGE, 0x400000)
    out += struct.pack("<IIHHHHHHIIIIHH", PAGE, ALIGN, 6, 0, 0, 0, 6, 0, 0,
                       size, HEAD, 0, args.get("subsystem", 3), 0x8140)
    out += struct.pack("<QQQQII" if bits64 else "<IIIIII", 0x100000, PAGE,
                       0x100000, PAGE, 0, 16)
    directories = [(0, 0)] * 16
    directories[1] = layout["imports"]
    directories[2] = layout["resources"]
    directories[4] = tuple(args.get("certificate", (0, 0)))
    directories[6] = tuple(args.get("debug", (0, 0)))
    return out + b"".join(struct.pack("<II", *d) for d in directories)


def section_list(data, args):
    """Return [(name, flags, raw bytes, virtual size)] in file order."""
    sections = []
    for spec in args.get("sections", [{"name": ".text", "flags": "rx"}]):
        raw = noise(spec.get("noise", 0))
        raw += bytes.fromhex(spec.get("hex", ""))
        if not raw and not spec.get("empty"):
            raw = b"\xcc" * 64
        sections.append((spec["name"], spec["flags"], raw,
                         spec.get("virtual", len(raw))))
    if data:
        sections.append((".data", "rw", data, len(data)))
    return sections


def build(data, **args):
    """Return a PE file that holds data in a section of its own.

    bits        32 or 64
    dll         whether it is a DLL
    timestamp   of the COFF header
    subsystem   2 GUI, 3 console, 10 EFI
    sections    list of {name, flags, noise, hex, empty, virtual}
    entry       index of the section with the entry point
    entry_rva   the entry point itself, instead
    imports     {dll: [function, ...]}
    resource    hex of an RT_RCDATA resource
    overlay     bytes of high entropy after the last section
    debug       the debug directory's entry, [rva, size]
    """
    bits64 = args.get("bits", 32) == 64
    sections = section_list(data, args)
    rva = PAGE
    rvas = []
    for _name, _flags, raw, virtual in sections:
        rvas.append(rva)
        rva += up(max(len(raw), virtual, 1), PAGE)
    layout = {"imports": (0, 0), "resources": (0, 0)}
    if "imports" in args:
        blob = imports_blob(args["imports"], rva, bits64)
        layout["imports"] = (rva, len(blob))
        sections.append((".idata", "r", blob, len(blob)))
        rvas.append(rva)
        rva += up(len(blob), PAGE)
    if "resource" in args:
        blob = resource_blob(bytes.fromhex(args["resource"]), rva)
        layout["resources"] = (rva, len(blob))
        sections.append((".rsrc", "r", blob, len(blob)))
        rvas.append(rva)
        rva += up(len(blob), PAGE)
    layout["entry"] = args.get("entry_rva", rvas[args.get("entry", 0)])
    layout["image"] = rva
    optional = optional_header(args, layout)
    out = b"MZ".ljust(0x3c, b"\0") + struct.pack("<I", 0x80) + bytes(0x40)
    characteristics = 0x2102 if args.get("dll") else 0x0102
    out += b"PE\0\0" + struct.pack(
        "<HHIIIHH", 0x8664 if bits64 else 0x14c, len(sections),
        args.get("timestamp", 1700000000), 0, 0, len(optional),
        characteristics) + optional
    body = b""
    for (name, flags, raw, virtual), where in zip(sections, rvas):
        size = up(len(raw), ALIGN)
        mask = sum(FLAGS[f] for f in flags) | (0x20 if "x" in flags else 0x40)
        out += struct.pack("<8sIIIIIIHHI", name.encode(), virtual, where,
                           size, HEAD + len(body) if size else 0, 0, 0, 0, 0,
                           mask)
        body += raw.ljust(size, b"\0")
    assert len(out) <= HEAD
    return out.ljust(HEAD, b"\0") + body + noise(args.get("overlay", 0))
