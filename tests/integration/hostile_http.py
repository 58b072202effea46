#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Requests that no honest client sends; speaks TAP lines, numbered from FIRST.

usage: hostile_http.py FIRST unix PATH | hostile_http.py FIRST tls PORT CERT

Each must end in a 4xx or 5xx answer or a closed connection, soon, and a good
request behind it must be served: nothing of a bad one may reach the next.
"""
import json
import re
import socket
import ssl
import sys
import time

number = int(sys.argv[1])
failed = False


def connect():
    if sys.argv[2] == "unix":
        s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        s.settimeout(20)
        s.connect(sys.argv[3])
        return s
    context = ssl.create_default_context(cafile=sys.argv[4])
    s = socket.create_connection(("127.0.0.1", int(sys.argv[3])), 20)
    return context.wrap_socket(s, server_hostname="localhost")


def ok(name, is_ok, why=""):
    global number, failed
    print(f"{'ok' if is_ok else 'not ok'} {number} - {sys.argv[2]}: {name}",
          flush=True)
    if not is_ok:
        print(f"# {why}")
        failed = True
    number += 1


def talk(chunks, wait=10.0):
    """Sends, reads until the end or `wait`; (answer, bytes sent, seconds)."""
    began = time.monotonic()
    sent = 0
    answer = b""
    try:
        with connect() as s:
            try:
                for chunk in chunks:
                    s.sendall(chunk)
                    sent += len(chunk)
            except (OSError, ssl.SSLError):
                pass
            s.settimeout(wait)
            try:
                while len(answer) < 1 << 20:
                    got = s.recv(65536)
                    if not got:
                        break
                    answer += got
            except (OSError, ssl.SSLError):
                pass
    except (OSError, ssl.SSLError):
        pass
    return answer, sent, time.monotonic() - began


def statuses(answer):
    return [int(m) for m in re.findall(rb"HTTP/1\.[01] (\d{3}) ", answer)]


HEAD = b"Host: localhost\r\nConnection: close\r\n"
JSON = b"Content-Type: application/json\r\n"


def get(path=b"/api/v1/openapi.yaml", more=b""):
    return b"GET " + path + b" HTTP/1.1\r\n" + HEAD + more + b"\r\n"


def post(body, path=b"/api/v1/login", more=b""):
    return (b"POST " + path + b" HTTP/1.1\r\n" + HEAD + JSON + more +
            b"Content-Length: %d\r\n\r\n" % len(body) + body)


# Name, bytes.  What is refused may be refused by a closed connection.
BAD = [
    ("no request line", b"\r\n\r\n\r\nnonsense\r\n\r\n"),
    ("binary", bytes(range(256)) * 40 + b"\r\n\r\n"),
    ("another protocol", b"SSH-2.0-OpenSSH_9.2\r\n"),
    ("HTTP/2's preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ("a version of the future", b"GET / HTTP/9.9\r\n" + HEAD + b"\r\n"),
    ("a line without version", b"GET /api/v1/openapi.yaml\r\n\r\n"),
    ("no Host", b"GET /api/v1/cases HTTP/1.1\r\nConnection: close\r\n\r\n"),
    ("a header without a colon", get(b"/api/v1/cases", b"Nonsense\r\n")),
    ("a space before the colon", get(b"/api/v1/cases", b"Cookie : a=b\r\n")),
    ("a NUL in a header", get(b"/api/v1/cases", b"Cookie: a\0b\r\n")),
    ("a NUL in the path", get(b"/api/v1/cases%00/x")),
    ("a raw NUL in the path", get(b"/api/v1/\0cases")),
    ("a climbing path", get(b"/../../etc/passwd")),
    ("an escaped climb", get(b"/%2e%2e/%2e%2e/etc/passwd")),
    ("a climb behind the app", get(b"/assets/..%2f..%2f..%2fetc/passwd")),
    ("a bad escape", get(b"/api/v1/cases?q=%zz")),
    ("another site's address", get(b"http://evil.example/api/v1/cases")),
    ("a method of its own", b"BREW /api/v1/cases HTTP/1.1\r\n" + HEAD +
     b"\r\n"),
    ("a method of 10^5 letters", b"G" * 100000 + b" / HTTP/1.1\r\n" + HEAD +
     b"\r\n"),
    ("a path of a megabyte", get(b"/" + b"a" * (1 << 20))),
    ("a header of a megabyte", get(more=b"X-A: " + b"a" * (1 << 20) +
                                   b"\r\n")),
    ("10^5 headers", get(more=b"".join(b"X-%d: y\r\n" % i
                                       for i in range(100000)))),
    ("two lengths", b"POST /api/v1/login HTTP/1.1\r\n" + HEAD + JSON +
     b"Content-Length: 2\r\nContent-Length: 40\r\n\r\n{}"),
    ("length and chunks", b"POST /api/v1/login HTTP/1.1\r\n" + HEAD + JSON +
     b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
     b"GET /api/v1/openapi.yaml HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    ("a negative length", b"POST /api/v1/login HTTP/1.1\r\n" + HEAD + JSON +
     b"Content-Length: -1\r\n\r\n{}"),
    ("a length that overflows", b"POST /api/v1/login HTTP/1.1\r\n" + HEAD +
     JSON + b"Content-Length: 99999999999999999999999\r\n\r\n{}"),
    ("a length in words", b"POST /api/v1/login HTTP/1.1\r\n" + HEAD + JSON +
     b"Content-Length: two\r\n\r\n{}"),
    ("an encoding of its own", b"POST /api/v1/login HTTP/1.1\r\n" + HEAD +
     JSON + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    ("a chunk that overflows", b"POST /api/v1/login HTTP/1.1\r\n" + HEAD +
     JSON + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}"),
    ("a chunk of no size", b"POST /api/v1/login HTTP/1.1\r\n" + HEAD + JSON +
     b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n"),
    ("JSON of 10^6 nestings", post(b"[" * 1000000)),
    ("JSON of 10^5 nestings", post(b'{"a":' * 50000)),
    ("JSON that nests within its bound", post(
        b'{"login":' + b"[" * 100000 + b"]" * 100000 + b"}")),
    ("JSON that ends early", post(b'{"login": "a')),
    ("JSON twice over", post(b'{"login": "a", "login": "b", "password": "c"}')),
    ("JSON with a number of 10^5 digits", post(
        b'{"login": ' + b"9" * 100000 + b"}")),
    ("JSON that is no UTF-8", post(b'{"login": "\xff\xfe", "password": "x"}')),
    ("a lone surrogate", post(b'{"login": "\\ud800", "password": "x"}')),
    ("an object where a text belongs", post(
        b'{"login": {"a": 1}, "password": []}')),
    ("members that do not exist", post(b'{"__proto__": {}, "login": "a"}')),
    ("an upload of another type", b"POST /api/v1/login HTTP/1.1\r\n" + HEAD +
     b"Content-Type: multipart/form-data; boundary=x\r\n"
     b"Content-Length: 5\r\n\r\n--x--"),
    ("a forged token", get(b"/api/v1/cases",
                           b"Authorization: Bearer loep_" + b"A" * 43 +
                           b"\r\n")),
    ("a token of 10^5 letters", get(
        b"/api/v1/cases", b"Authorization: Bearer " + b"A" * 100000 +
        b"\r\n")),
    ("a scheme that nobody knows", get(
        b"/api/v1/cases", b"Authorization: Basic YTpi\r\n")),
    ("a cookie of 10^5 letters", get(
        b"/api/v1/cases", b"Cookie: __Host-loep=" + b"A" * 100000 + b"\r\n")),
    ("1,000 cookies", get(b"/api/v1/cases", b"Cookie: " + b"; ".join(
        b"__Host-loep=%d" % i for i in range(1000)) + b"\r\n")),
]
# Over the Unix socket one is who one is: these are good requests there.  The
# first three are what libmicrohttpd lets pass: a header whose name ends in a
# space is one that nobody reads, a NUL ends a value, and the host of an
# absolute address counts for nothing (RFC 9112, 3.2.2, wants it taken).
ONLY_TLS = {"a space before the colon", "a NUL in a header",
            "another site's address",
            "a forged token", "a token of 10^5 letters",
            "a scheme that nobody knows", "a cookie of 10^5 letters",
            "1,000 cookies"}


def is_alive():
    answer, _, _ = talk([get()])
    return statuses(answer)[:1] == [200]


def endless_head():
    """A head that never ends: 1 GiB of it, or as far as it is let."""
    yield b"GET /api/v1/openapi.yaml HTTP/1.1\r\nHost: localhost\r\n"
    line = b"".join(b"X-%d: %s\r\n" % (i, b"a" * 1000) for i in range(1000))
    for _ in range(1024):
        yield line


ok("serves at all", is_alive())
for name, sent in BAD:
    if name in ONLY_TLS and sys.argv[2] == "unix":
        continue
    answer, _, seconds = talk([sent])
    got = statuses(answer)
    ok(name, all(400 <= s < 600 for s in got) and seconds < 15,
       f"statuses {got} in {seconds:.1f} s: {answer[:200]!r}")
    for s, body in re.findall(rb"HTTP/1\.1 (4\d\d).*?\r\n\r\n(\{.*\})",
                              answer, re.S):
        try:
            json.loads(body)
        except ValueError:
            ok(f"{name}: its problem is JSON", False, body[:200])
answer, sent, seconds = talk(endless_head())
ok("a head of a gigabyte is cut short",
   sent < 64 << 20 and all(s >= 400 for s in statuses(answer)),
   f"{sent} bytes were taken, statuses {statuses(answer)}")

# Two in one connection: the bad one takes nothing of the good one, nor the
# other way round.
answer, _, _ = talk([b"GET /api/v1/openapi.yaml HTTP/1.1\r\nHost: localhost"
                     b"\r\n\r\n" + get(b"/api/v1/nowhere")])
ok("a bad one behind a good one", statuses(answer) in ([200, 404], [200, 401]),
   statuses(answer))
ok("serves as before", is_alive())
print(f"# next {number}")
sys.exit(failed)
