#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Many slow uploads at once, and how long a page takes meanwhile.

usage: slow_uploads.py SOCKET SUBMISSION UPLOADS SECONDS
Prints JSON: the latencies of a GET in ms, alone and under the uploads, and how
many of the uploads are evidence.
"""
import base64
import http.client
import json
import os
import socket
import sys
import time


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self.path)


def get(connection, path):
    started = time.monotonic()
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status}")
    return (time.monotonic() - started) * 1000


def describe(times):
    times = sorted(times)
    return {"count": len(times), "median": round(times[len(times) // 2], 2),
            "p99": round(times[len(times) * 99 // 100], 2),
            "worst": round(times[-1], 2)}


class Upload:
    def __init__(self, path, submission, size):
        self.connection = Connection(path)
        self.size = size
        name = base64.b64encode(b"slow").decode()
        self.connection.request(
            "POST", f"/api/v1/submissions/{submission}/uploads", body=b"",
            headers={"Tus-Resumable": "1.0.0", "Upload-Length": str(size),
                     "Upload-Metadata": f"filename {name}"})
        answer = self.connection.getresponse()
        answer.read()
        if answer.status != 201:
            raise RuntimeError(f"create: {answer.status}")
        self.connection.putrequest("PATCH", answer.headers["Location"])
        for key, value in (("Tus-Resumable", "1.0.0"), ("Upload-Offset", "0"),
                           ("Content-Type", "application/offset+octet-stream"),
                           ("Content-Length", str(size))):
            self.connection.putheader(key, value)
        self.connection.endheaders()
        self.sent = 0

    def send(self, count):
        count = min(count, self.size - self.sent)
        self.connection.send(os.urandom(count))
        self.sent += count

    def finish(self):
        self.send(self.size - self.sent)
        answer = self.connection.getresponse()
        answer.read()
        return answer.status == 204 and \
            answer.headers["Upload-Offset"] == str(self.size)


def main():
    path, submission = sys.argv[1], sys.argv[2]
    count, seconds = int(sys.argv[3]), float(sys.argv[4])
    page = Connection(path)
    get(page, "/api/v1/status")
    alone = [get(page, "/api/v1/cases?limit=50") for _ in range(300)]
    uploads = [Upload(path, submission, 64000) for _ in range(count)]
    busy = []
    ends = time.monotonic() + seconds
    turn = 0
    while time.monotonic() < ends:
        # Each gets a little in its turn, as from a bad line.
        for i in range(turn % 10, count, 10):
            uploads[i].send(500)
        turn += 1
        busy += [get(page, "/api/v1/cases?limit=50") for _ in range(10)]
        time.sleep(0.02)
    finished = sum(upload.finish() for upload in uploads)
    print(json.dumps({"alone": describe(alone), "busy": describe(busy),
                      "finished": finished}))


if __name__ == "__main__":
    main()
