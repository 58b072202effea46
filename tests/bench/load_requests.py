#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What analysts look at: lines "NAME PATH" for bench_load.

usage: load_requests.py SOCKET [CASE]
Up to 200 cases of all that there are, spread over the list, each with every
page that the app makes of it, and as often the pages that are of no case; or
those of one case alone, artefacts from all over it.
"""
import http.client
import json
import random
import socket
import sys

CASES = 200
OF_CASE = {
    "case": "/cases/{0}", "top": "/cases/{0}/artefacts?limit=100",
    "artefacts": "/cases/{0}/artefacts?parent=*&limit=100",
    "findings": "/cases/{0}/findings?limit=100",
    "progress": "/cases/{0}/progress", "jobs": "/cases/{0}/jobs?limit=100",
    "history": "/cases/{0}/history?limit=50",
    "messages": "/cases/{0}/messages", "tasks": "/cases/{0}/tasks",
    "clocks": "/cases/{0}/clocks", "reports": "/cases/{0}/reports",
    "access": "/cases/{0}/access", "submissions": "/cases/{0}/submissions",
}
OF_NONE = {
    "queue": "/queue?limit=50", "cases": "/cases?limit=50",
    "whoami": "/whoami", "status": "/status", "audit": "/audit?limit=50",
    "statistics": "/statistics?days=30",
}


class Service(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)

    def get(self, path):
        self.request("GET", "/api/v1" + path)
        answer = self.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}")
        return json.loads(body)

    def every(self, path):
        items, cursor = [], ""
        while cursor is not None:
            page = self.get(f"{path}limit=500&cursor={cursor}")
            items += page["items"]
            cursor = page["next"]
        return items


def pages_of(service, chance, number, artefacts):
    for name, path in OF_CASE.items():
        print(name, "/api/v1" + path.format(number))
    for name, path in OF_NONE.items():
        print(name, "/api/v1" + path)
    artefact = chance.choice(artefacts)
    word = artefact["name"].split("/")[-1].split("-")[0]
    print("artefact", "/api/v1/artefacts/" + artefact["id"])
    print("search_hash", "/api/v1/search?q=" + artefact["sha256"])
    print("search_words", f"/api/v1/search?kind=text&q={word}")


def main():
    service = Service(sys.argv[1])
    chance = random.Random(5)
    if len(sys.argv) > 2:
        number = sys.argv[2]
        artefacts = service.every(f"/cases/{number}/artefacts?parent=*&")
        for page in range(CASES):
            at = len(artefacts) * page // CASES
            after = artefacts[max(0, at - 1)]["id"]
            print("artefacts", f"/api/v1/cases/{number}/artefacts?parent=*"
                  f"&limit=100&cursor={after}")
            pages_of(service, chance, number, artefacts)
        return
    cases = [c["number"] for c in service.every("/cases?")
             if 0 < c["artefacts"] <= 10 * CASES]
    for number in chance.sample(cases, min(CASES, len(cases))):
        pages_of(service, chance, number, service.get(
            f"/cases/{number}/artefacts?parent=*&limit=100")["items"])
        if service.get(f"/cases/{number}/reports")["items"]:
            print("report", f"/api/v1/cases/{number}/report?format=json")


if __name__ == "__main__":
    main()
