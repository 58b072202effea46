#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Serves git repositories over https on loopback, by git http-backend.

usage: git_https.py FOLDER CERTIFICATE KEY PORT_FILE LOG

Writes its port to PORT_FILE and a line to LOG for each connection and for each
request, with its Authorization header.  /moved/ leads to plain http.
"""
import http.server
import os
import ssl
import subprocess
import sys

FOLDER, CERTIFICATE, KEY, PORT_FILE, LOG = sys.argv[1:6]
BACKEND = "/usr/lib/git-core/git-http-backend"


def log(text):
    with open(LOG, "a", encoding="utf-8") as f:
        f.write(text + "\n")


class Git(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self):
        path, _, query = self.path.partition("?")
        log(f"{self.command} {path} {self.headers.get('Authorization', '-')}")
        if path.startswith("/moved/"):
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}"
                             + self.path.replace("/moved/", "/"))
            self.end_headers()
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        env = {"GIT_PROJECT_ROOT": FOLDER, "GIT_HTTP_EXPORT_ALL": "1",
               "REQUEST_METHOD": self.command, "PATH_INFO": path,
               "QUERY_STRING": query, "PATH": "/usr/bin:/bin",
               "CONTENT_TYPE": self.headers.get("Content-Type", ""),
               "CONTENT_LENGTH": str(len(body)),
               "HTTP_CONTENT_ENCODING":
                   self.headers.get("Content-Encoding", ""),
               "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
               "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory",
               "GIT_CONFIG_VALUE_0": "*"}
        out = subprocess.run([BACKEND], input=body, env=env, check=False,
                             capture_output=True).stdout
        head, _, rest = out.partition(b"\r\n\r\n")
        status, headers = 200, []
        for line in head.decode().split("\r\n"):
            name, _, value = line.partition(": ")
            if name.lower() == "status":
                status = int(value.split()[0])
            else:
                headers.append((name, value))
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        self.wfile.write(rest)

    do_GET = do_POST = answer


class Server(http.server.ThreadingHTTPServer):
    def get_request(self):
        pair = super().get_request()
        log("connection")
        return pair


server = Server(("127.0.0.1", 0), Git)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(CERTIFICATE, KEY)
server.socket = context.wrap_socket(server.socket, server_side=True,
                                    do_handshake_on_connect=False)
with open(PORT_FILE + ".new", "w", encoding="ascii") as out:
    out.write(str(server.server_port))
os.rename(PORT_FILE + ".new", PORT_FILE)
server.serve_forever()
