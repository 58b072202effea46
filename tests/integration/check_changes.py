#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks every route of openapi.yaml that changes something as another site's
page would, with the cookie of somebody who may do anything, and with bodies
that nest without end; speaks TAP.

usage: check_changes.py OPENAPI SETTING.json

SETTING: {"port", "ca", "cookie", "csrf"}
"""
import http.client
import json
import re
import ssl
import sys

import yaml

# Without a session, or none of a browser's: each has tests of its own.
OPEN = {"/api/v1/login", "/api/v1/invitations/accept",
        "/api/v1/invitations/oidc", "/api/v1/oidc/code",
        "/api/v1/oidc/backchannel-logout"}
SITES = {
    "another site": {"Origin": "https://evil.example"},
    "this host, another port": {"Origin": "https://localhost:1"},
    "this host, without TLS": {"Origin": "http://localhost:%d"},
    "no site at all": {"Origin": "null"},
    "a page that the browser calls foreign": {"Sec-Fetch-Site": "cross-site"},
    "a neighbour": {"Sec-Fetch-Site": "same-site"},
}
DEEP = {"10^6 arrays": b"[" * 10**6, "10^5 arrays": b"[" * 10**5,
        "5 * 10^4 objects": b'{"a":' * 50000}
points = 0
is_bad = False


def point(is_good, name, why=()):
    global points, is_bad
    points += 1
    is_bad = is_bad or not is_good
    print(f"{'ok' if is_good else 'not ok'} {points} - {name}")
    for line in list(why)[:20]:
        print(f"# {line}")


class Client:
    def __init__(self, setting):
        self.setting = setting
        self.context = ssl.create_default_context(cafile=setting["ca"])
        self.conn = None

    def ask(self, method, path, headers, body):
        for attempt in range(2):
            if self.conn is None:
                self.conn = http.client.HTTPSConnection(
                    "localhost", self.setting["port"], timeout=60,
                    context=self.context)
            try:
                self.conn.request(method, path, body=body, headers=headers)
                response = self.conn.getresponse()
                text = response.read()
            except (OSError, http.client.HTTPException):
                self.conn.close()
                self.conn = None
                if attempt:
                    return 0, ""
                continue
            try:
                kind = json.loads(text).get("type", "")
            except (ValueError, AttributeError):
                kind = ""
            if response.getheader("Connection") == "close":
                self.conn.close()
                self.conn = None
            return response.status, kind
        return 0, ""


def resolve(doc, node):
    while "$ref" in node:
        target = doc
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def make_value(doc, schema):
    schema = resolve(doc, schema)
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if "enum" in schema:
        return schema["enum"][0]
    return {"string": "2026-01-01T00:00:00Z"
            if schema.get("format") == "date-time" else "11",
            "integer": 1, "number": 1, "boolean": False, "array": []}.get(
                kind, {})


def make_body(doc, content):
    """Well formed, so that it is not refused for its form."""
    if "application/json" not in content:
        return b"x" if content else b"{}"
    schema = resolve(doc, content["application/json"].get("schema", {}))
    members = schema.get("properties", {})
    return json.dumps({name: make_value(doc, members[name])
                       for name in schema.get("required", [])
                       if name in members}).encode()


def make_headers(path, content):
    """What a request of that kind needs; of tus where it is one."""
    kind = next(iter(content), "application/json")
    if "upload" not in path:
        return {"Content-Type": kind}
    return {"Content-Type": "application/offset+octet-stream",
            "Tus-Resumable": "1.0.0", "Upload-Length": "1",
            "Upload-Offset": "0", "Upload-Metadata": "filename YQ=="}


def make_path(doc, path, operation, item):
    """With an id that may be anybody's, and the query that is needed."""
    listed = [resolve(doc, p) for p in
              item.get("parameters", []) + operation.get("parameters", [])]
    needed = [f"{p['name']}=1" for p in listed
              if p["in"] == "query" and p.get("required")]
    return re.sub(r"\{\w+\}", "1", path) + (
        "?" + "&".join(needed) if needed else "")


def changes(doc):
    for path, item in sorted(doc["paths"].items()):
        for method, operation in item.items():
            if method in ("post", "patch", "delete", "put"):
                content = operation.get("requestBody", {}).get("content", {})
                is_empty = "upload" in path and method != "patch"
                yield (method.upper(), make_path(doc, path, operation, item),
                       path in OPEN, make_headers(path, content),
                       None if is_empty else make_body(doc, content))


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        doc = yaml.safe_load(f)
    with open(sys.argv[2], encoding="utf-8") as f:
        setting = json.load(f)
    client = Client(setting)
    routes = list(changes(doc))
    point(len(routes) > 60, f"{len(routes)} routes change something")
    own = {"Cookie": f"__Host-loep={setting['cookie']}"}
    for name, site in SITES.items():
        headers = own | {"X-CSRF-Token": setting["csrf"]} | {
            k: v.replace("%d", str(setting["port"])) for k, v in site.items()}
        wrong = []
        for method, path, is_open, kind, body in routes:
            got = client.ask(method, path, headers | kind, body)
            if not is_open and got != (403, "urn:loep:problem:foreign-page"):
                wrong.append(f"{method} {path}: {got}")
        point(not wrong, f"{name} changes nothing, by any route", wrong)
    wrong = []
    for method, path, is_open, kind, body in routes:
        got = client.ask(method, path, own | kind, body)
        if not is_open and got != (403, "urn:loep:problem:foreign-page"):
            wrong.append(f"{method} {path}: {got}")
    point(not wrong, "nor does a page that lacks the token", wrong)
    for name, body in DEEP.items():
        wrong = []
        for method, path, _, kind, _ in routes:
            got = client.ask(method, path, own | kind | {
                "X-CSRF-Token": setting["csrf"]}, body)
            if kind["Content-Type"] == "application/json" and (
                    got[0] not in (400, 413) or
                    not got[1].startswith("urn:loep:problem:")):
                wrong.append(f"{method} {path}: {got}")
        point(not wrong, f"{name}: refused as a problem by every route that "
              "takes JSON", wrong)
    got = client.ask("GET", "/api/v1/whoami", own, None)
    point(got[0] == 200, "and the session goes on", [str(got)])
    print(f"1..{points}")
    return is_bad


sys.exit(main())
