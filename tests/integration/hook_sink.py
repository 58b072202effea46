#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A receiver of webhooks, which keeps what it gets and answers as it is told.

usage: hook_sink.py ADDRESS PORT FOLDER CERT KEY

Each request is a line of JSON in FOLDER/got: path, id, at, body, signatures,
headers, and whether it was verified by one of the secrets in FOLDER/secrets
(their numbers, in the order of the signatures; tolerance five minutes).  How
a path NAME is answered stands in FOLDER/NAME: a status, with words behind it:

  retry N    Retry-After: N
  to URL     Location: URL
  wait S     only after S seconds
  slow       a byte of the answer's head each second
  drip       the head at once, then a byte of the body each second
  huge       a gigabyte of body
  head       a header without an end
  die        the connection is cut before the answer
"""
import base64
import hashlib
import hmac
import http.server
import json
import os
import socketserver
import ssl
import sys
import threading
import time

ADDRESS, PORT, FOLDER, CERT, KEY = sys.argv[1:]
LOCK = threading.Lock()


def verify(ident, at, body, header):
    """By the specification's words; nothing of Loep is used."""
    if abs(time.time() - int(at)) > 300:
        return []
    with open(f"{FOLDER}/secrets", encoding="ascii") as f:
        secrets = f.read().split()
    found = []
    for signature in header.split(" "):
        version, _, code = signature.partition(",")
        for n, secret in enumerate(secrets):
            key = base64.b64decode(secret.removeprefix("whsec_"))
            mac = hmac.new(key, f"{ident}.{at}.".encode() + body,
                           hashlib.sha256).digest()
            if version == "v1" and hmac.compare_digest(
                    mac, base64.b64decode(code)):
                found.append(n)
    return found


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        name = self.path.strip("/").split("?")[0]
        ident, at = self.headers["webhook-id"], self.headers["webhook-timestamp"]
        header = self.headers["webhook-signature"]
        try:
            with open(f"{FOLDER}/{name}", encoding="ascii") as f:
                words = f.read().split()
        except FileNotFoundError:
            words = ["204"]
        line = {"path": self.path, "id": ident, "at": int(at),
                "body": json.loads(body), "raw": body.decode(),
                "header": header, "status": int(words[0]),
                "verified": verify(ident, at, body, header),
                "headers": dict(self.headers), "time": time.time()}
        with LOCK, open(f"{FOLDER}/got", "a", encoding="ascii") as f:
            f.write(json.dumps(line) + "\n")
        self.answer(words)
        self.close_connection = True

    def answer(self, words):
        options = dict(zip(words[1:], words[2:] + [""]))
        if "die" in options:
            self.connection.close()
            return
        if "wait" in options:
            time.sleep(float(options["wait"]))
        head = f"HTTP/1.1 {words[0]} x\r\n"
        if "retry" in options:
            head += f"Retry-After: {options['retry']}\r\n"
        if "to" in options:
            head += f"Location: {options['to']}\r\n"
        if "slow" in options:
            for c in head + "X: " + 100 * "y":
                self.wfile.write(c.encode())
                time.sleep(1)
        if "head" in options:
            self.wfile.write(head.encode())
            while True:
                self.wfile.write(b"X-More: " + 1000 * b"y" + b"\r\n")
        size = 1 << 30 if "huge" in options else 60 if "drip" in options else 0
        self.wfile.write(f"{head}Content-Length: {size}\r\n\r\n".encode())
        if "huge" in options:
            sent = 0
            while sent < size:
                sent += self.wfile.write(bytes(1 << 16))
                with open(f"{FOLDER}/sent", "w", encoding="ascii") as f:
                    f.write(str(sent))
        for _ in range(size if "drip" in options else 0):
            self.wfile.write(b"z")
            time.sleep(1)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request, client_address):
        pass

    def finish_request(self, request, client_address):
        # In its thread: a client that says nothing holds up no other.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERT, KEY)
        with context.wrap_socket(request, server_side=True) as connection:
            super().finish_request(connection, client_address)


server = Server((ADDRESS, int(PORT)), Handler)
with open(f"{FOLDER}/ready.new", "w", encoding="ascii") as f:
    f.write(str(server.server_address[1]))
os.rename(f"{FOLDER}/ready.new", f"{FOLDER}/ready")
server.serve_forever()
