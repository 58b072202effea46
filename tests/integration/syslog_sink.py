#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A receiver of syslog, over TLS (RFC 5425) or a local socket of datagrams.

usage: syslog_sink.py PORT FILE READY CERT KEY
       syslog_sink.py PATH FILE READY

Each message is checked by the grammar of RFC 5424 and becomes a line of JSON in
FILE; what is no message becomes {"bad": ...}.
"""
import json
import os
import re
import socket
import ssl
import sys

MESSAGE = re.compile(
    r'<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) '
    r'([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) '
    r'\[([^ =\]"]{1,32}@\d+)((?: [^ =\]"]{1,32}="(?:[^"\\\]]|\\["\\\]])*")+)\]'
    r'(?: (.*))?')
PARAM = re.compile(r' ([^ =\]"]+)="((?:[^"\\\]]|\\["\\\]])*)"')


def keep(out, data):
    m = MESSAGE.fullmatch(data.decode("ascii", "replace"))
    if m is None:
        line = {"bad": repr(data[:300])}
    else:
        line = dict(zip(("pri", "at", "host", "app", "proc", "msgid", "sd"),
                        m.groups()))
        line["pri"] = int(line["pri"])
        line["params"] = {k: re.sub(r"\\(.)", r"\1", v)
                          for k, v in PARAM.findall(m[8])}
        line["raw"] = data.decode("ascii", "replace")
    out.write(json.dumps(line) + "\n")
    out.flush()


def frames(out, connection):
    """LEN SP MSG, again and again."""
    left = b""
    while True:
        try:
            data = connection.recv(65536)
        except OSError:
            return
        if not data:
            if left:
                keep(out, b"left over: " + left)
            return
        left += data
        while b" " in left:
            digits, rest = left.split(b" ", 1)
            if not re.fullmatch(rb"[1-9]\d{0,4}", digits):
                keep(out, b"no length: " + left)
                return
            if len(rest) < int(digits):
                break
            keep(out, rest[:int(digits)])
            left = rest[int(digits):]


def ready(path, text):
    with open(path + ".new", "w", encoding="ascii") as f:
        f.write(text)
    os.rename(path + ".new", path)


def main():
    where, file, flag = sys.argv[1:4]
    with open(file, "a", encoding="ascii") as out:
        if where.startswith("/"):
            box = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            box.bind(where)
            ready(flag, where)
            while True:
                keep(out, box.recv(65536))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*sys.argv[4:6])
        server = socket.create_server(("127.0.0.1", int(where)))
        ready(flag, str(server.getsockname()[1]))
        while True:
            raw, _ = server.accept()
            try:
                with context.wrap_socket(raw, server_side=True) as connection:
                    frames(out, connection)
            except OSError:
                pass


main()
