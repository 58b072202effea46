#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks every route of openapi.yaml for another organisation's things, and for
things that do not exist; both answers must be the same.  Speaks TAP.

What of openapi.yaml names a thing of a kind that is not asked for fails, too.

usage: check_isolation.py OPENAPI SETTING.json

SETTING: {"port", "ca", "cookie", "csrf", "own": IDS, "foreign": IDS}; IDS by
kind: number, submission, artefact, job, run, report, account, token, upload,
org, verdict, task, deletion, exception, mail.
"""
import http.client
import json
import random
import re
import ssl
import statistics
import sys
import time

import yaml

# What the first part of a path names; "id" of it, or the part's own name.
KINDS = {"cases": "number", "submissions": "submission",
         "artefacts": "artefact", "jobs": "job", "runs": "run",
         "reports": "report", "organisations": "org", "accounts": "account",
         "tokens": "token", "uploads": "upload", "tasks": "task",
         "verdicts": "verdict", "deletions": "deletion",
         "exceptions": "exception", "outbox": "mail"}
# The site's own, by number: nobody's and everybody's.
SITE = {"policies", "versions", "rescans"}
# Members of a body, and of a query, that name things.
MEMBERS = {"org": "org", "account": "account", "artefact": "artefact",
           "parent": "artefact", "case": "number", "submission": "submission",
           "into": "number", "artefacts": "artefact", "to": "account",
           "assignee": "account"}
# Those that hold several, and words that look like names of things.
LISTS = {"artefacts"}
NAMES_A_THING = re.compile(r"\b[Ii]ds? of\b|\bnumber or id\b|^Account\b",
                           re.IGNORECASE)
# Of the site (rule sets, machines, mode), or one's own.
NOT_FOREIGN = {"id"}
# Its own number in the answer, and the time: they differ in any case.
NOISE = {"x-request-id", "date", "content-length"}
UNKNOWN = "01900000-0000-7000-8000-000000000000"


class Client:
    def __init__(self, setting):
        self.setting = setting
        self.context = ssl.create_default_context(cafile=setting["ca"])
        self.conn = None

    def connect(self):
        self.conn = http.client.HTTPSConnection(
            "localhost", self.setting["port"], context=self.context,
            timeout=60)

    def ask(self, method, path, body, kind):
        if self.conn is None:
            self.connect()
        headers = {"Cookie": self.setting["cookie"],
                   "X-CSRF-Token": self.setting["csrf"],
                   "Tus-Resumable": "1.0.0", "Upload-Length": "5",
                   "Upload-Offset": "0"}
        if body is not None:
            headers["Content-Type"] = kind
        try:
            self.conn.request(method, path, body, headers)
            answer = self.conn.getresponse()
            text = b"" if method == "HEAD" else answer.read(1 << 20)
        except (http.client.HTTPException, OSError):
            self.conn.close()
            self.connect()
            raise
        if answer.will_close or not answer.isclosed():
            self.conn.close()
            self.conn = None
        return answer.status, answer.getheaders(), text


def seen(answer):
    """An answer without what is never the same twice."""
    status, headers, text = answer
    kept = sorted((n.lower(), v) for n, v in headers
                  if n.lower() not in NOISE)
    body = re.sub(rb"urn:loep:request:[0-9a-f]+-[0-9]+", b"", text)
    return status, kept, body


def sample(schema):
    kind = schema.get("type")
    if "enum" in schema:
        return schema["enum"][0]
    if kind == "integer":
        return 1
    if kind == "boolean":
        return False
    if kind == "array":
        return []
    if kind == "object":
        return {}
    return "x"


def resolve(doc, node):
    while "$ref" in node:
        target = doc
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def variables(path):
    """The variables of a path and what kind of thing each names."""
    parts = path.split("/")
    for i, part in enumerate(parts):
        if part.startswith("{"):
            yield part[1:-1], KINDS.get(parts[i - 1])


def is_site(path, name):
    parts = path.split("/")
    return parts[parts.index("{" + name + "}") - 1] in SITE


def looks_like_one(name, member):
    """A new member that names things, and is not asked for yet?"""
    return name not in NOT_FOREIGN and \
        NAMES_A_THING.search(member.get("description", "")) is not None


class Request:
    """One operation with everything that it needs, of one's own things."""

    def __init__(self, doc, method, path, operation, shared, own):
        self.method = method.upper()
        self.template = path
        self.own = own
        self.values = {name: own.get(kind, UNKNOWN) if kind else "1"
                       for name, kind in variables(path)}
        self.missing = [f"path {name}" for name, kind in variables(path)
                        if kind is None and not is_site(path, name)]
        self.query = {}
        self.members = {}
        self.kind = "application/json"
        self.has_body = "requestBody" in operation
        self.named = [("path", name, kind) for name, kind in variables(path)
                      if kind]
        for parameter in shared + operation.get("parameters", []):
            self.take_parameter(resolve(doc, parameter))
        if self.has_body:
            self.take_body(doc, operation["requestBody"]["content"])

    def take_parameter(self, parameter):
        if parameter["in"] != "query":
            return
        name = parameter["name"]
        if parameter.get("required"):
            self.query[name] = str(sample(parameter.get("schema", {})))
        if name in MEMBERS:
            self.named.append(("query", name, MEMBERS[name]))
        elif looks_like_one(name, parameter):
            self.missing.append(f"query {name}")

    def take_body(self, doc, content):
        if "application/json" not in content:
            self.kind = next(iter(content))
            return
        schema = resolve(doc, content["application/json"].get("schema", {}))
        for name, member in schema.get("properties", {}).items():
            if name in schema.get("required", []):
                self.members[name] = sample(resolve(doc, member))
            if name in MEMBERS:
                self.named.append(("body", name, MEMBERS[name]))
            elif looks_like_one(name, resolve(doc, member)):
                self.missing.append(f"body {name}")

    def send(self, client, place=None, name=None, value=None):
        values, query = dict(self.values), dict(self.query)
        members = dict(self.members)
        if place is not None:
            {"path": values, "query": query, "body": members}[place][name] = \
                [value] if name in LISTS else value
        path = re.sub(r"\{(\w+)\}", lambda m: values[m[1]], self.template)
        if query:
            path += "?" + "&".join(f"{k}={v}" for k, v in query.items())
        body = None
        if self.has_body:
            body = json.dumps(members) if self.kind == "application/json" \
                else b"bytes"
        elif self.method == "POST":
            body = "{}"
        return client.ask(self.method, path, body, self.kind)


def requests(doc, own):
    for path, item in doc["paths"].items():
        for method, operation in item.items():
            # What never ends is asked for a thing that is not there only.
            if method in ("get", "post", "patch", "delete", "head"):
                yield Request(doc, method, path, operation,
                              item.get("parameters", []), own)


def compare(client, request, place, name, foreign, unknown):
    """What is wrong, and the status that both got."""
    theirs = seen(request.send(client, place, name, foreign))
    nothing = seen(request.send(client, place, name, unknown))
    what = f"{request.method} {request.template} ({place} {name})"
    # The id that was asked for may be named in the answer.
    strip = [(status, headers, body.replace(value.encode(), b""))
             for (status, headers, body), value
             in ((theirs, foreign), (nothing, unknown))]
    if strip[0] != strip[1]:
        return f"{what}: foreign {theirs}, unknown {nothing}", None
    if place == "path" and theirs[0] < 300:
        return f"{what}: answers {theirs[0]}", None
    return None, theirs[0]


def time_it(client, path):
    begin = time.perf_counter_ns()
    client.ask("GET", path, None, None)
    return (time.perf_counter_ns() - begin) / 1000


def report_times(client, foreign, unknown):
    """Says how long both take; judges nothing: machines are noisy."""
    times = {foreign: [], unknown: []}
    order = [foreign, unknown] * 300
    random.shuffle(order)
    for number in order:
        times[number].append(time_it(client, f"/api/v1/cases/{number}"))
    a, b = (sorted(times[n])[:225] for n in (foreign, unknown))
    spread = (statistics.variance(a) / len(a) +
              statistics.variance(b) / len(b)) ** 0.5
    difference = statistics.mean(a) - statistics.mean(b)
    print(f"# time of a foreign case {statistics.median(a):.0f} us, of an "
          f"unknown one {statistics.median(b):.0f} us; difference "
          f"{difference:+.1f} us, standard error {spread:.1f} us")


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        doc = yaml.safe_load(f)
    with open(sys.argv[2], encoding="utf-8") as f:
        setting = json.load(f)
    client = Client(setting)
    own, foreign = setting["own"], setting["foreign"]
    unknown = {kind: UNKNOWN for kind in own}
    unknown["number"] = setting["unknown_number"]
    unknown["task"] = "987654321"
    wrong = [f"the setting has no {kind}"
             for kind in sorted(set(KINDS.values()))
             if not own.get(kind) or not foreign.get(kind)]
    statuses, reached = {}, 0
    for request in requests(doc, own):
        wrong += [f"{request.method} {request.template}: {what} is not asked "
                  "for" for what in request.missing]
        for place, name, kind in request.named:
            text, status = compare(client, request, place, name,
                                   foreign[kind], unknown[kind])
            if text is not None:
                wrong.append(text)
            statuses[status] = statuses.get(status, 0) + 1
        # The generator reaches what it may: else it would prove nothing.
        if request.method == "GET" and request.named and \
                "stream" not in request.template:
            reached += request.send(client)[0] == 200
    for text in wrong:
        print(f"# {text[:700]}")
    print("1..3")
    print(f"# answers: {statuses}; own things reached: {reached}")
    print(("not ok" if wrong else "ok") +
          " 1 - foreign things and unknown things answer alike")
    is_enough = statuses.get(404, 0) >= 25
    print(("ok" if is_enough else "not ok") +
          " 2 - most of them are not found")
    print(("ok" if reached >= 12 else "not ok") +
          " 3 - one's own things are found by the same requests")
    report_times(client, foreign["number"], unknown["number"])
    return 1 if wrong or not is_enough or reached < 12 else 0


if __name__ == "__main__":
    sys.exit(main())
