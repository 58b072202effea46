#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares openapi.yaml with route.def and call.def; speaks TAP.

usage: check_openapi.py WEB_FOLDER LIB_FOLDER
"""
import re
import sys

import yaml

STATUS = {"ROUTE_CREATED": "201", "ROUTE_UPLOAD": "201",
          "ROUTE_ACCEPTED": "202", "ROUTE_EMPTY": "204",
          "ROUTE_LOGOUT": "204", "ROUTE_SECRET": "201",
          "ROUTE_OIDC_START": "302", "ROUTE_OIDC_LEAVE": "302"}
COLUMN_TYPES = {"i": "integer", "s": "string", "b": "string", "t": "string",
                "f": "boolean", "h": "string", "n": "string", "j": None}
failures = []


def fail(text):
    failures.append(text)


def strip_comments(text):
    return re.sub(r"/\*.*?\*/", "", text, flags=re.S)


def read_calls(path):
    with open(path, encoding="ascii") as f:
        text = strip_comments(f.read())
    calls = {}
    string = r'"([^"]*)"'
    for m in re.finditer(
            rf"CALL_OP\((\w+),\s*([\w| ]+),\s*{string},\s*{string},"
            rf"\s*{string}\)", text):
        calls[m[1]] = {"capability": m[3].removesuffix("!"),
                       "is_proved": m[3].endswith("!"),
                       "params": m[4].split(), "columns": m[5].split()}
    if len(calls) != text.count("CALL_OP("):
        fail(f"{path}: not every line was understood")
    return calls


def read_routes(path):
    with open(path, encoding="ascii") as f:
        text = strip_comments(f.read())
    text = text.replace("ROUTE_PAGE", '"limit=50 cursor="')
    routes = []
    for m in re.finditer(
            r'ROUTE\((\w+),\s*"([^"]*)",\s*(\w+),\s*((?:"[^"]*"\s*)+),'
            r'\s*(\w+),\s*"([^"]*)"\)', text):
        spec = "".join(re.findall(r'"([^"]*)"', m[4]))
        routes.append({"method": m[1].lower(), "path": m[2], "op": m[3],
                       "spec": spec, "kind": m[5], "location": m[6]})
    if len(routes) != text.count("ROUTE("):
        fail(f"{path}: not every line was understood")
    return routes


def source(spec, name):
    """How a parameter comes: its name in the API, flags, fixed, default."""
    for item in spec.split():
        m = re.fullmatch(r"(\w+)(?:<(\w+))?([!#@]*)(:?)(?:=(.*))?", item)
        if m is None:
            fail(f"cannot read {item!r}")
        elif m[1] == name:
            return m[2] or m[1], m[3], m[4] == ":", m[5]
    return name, "", False, None


def resolve(doc, node):
    while "$ref" in node:
        target = doc
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def check_columns(where, columns, schema):
    """Every column is a property of the right type, and nothing else is."""
    expected = {}
    for column in columns:
        name, kind = column.split(":")
        if name == "cursor":
            continue
        expected[name] = kind
        if kind[0] == "n":
            expected[name + "_hex"] = "h"
    properties = schema.get("properties", {})
    for name in sorted(expected.keys() ^ properties.keys()):
        fail(f"{where}: property {name} is only in one of the two")
    for name, kind in expected.items():
        if name not in properties:
            continue
        kinds = properties[name].get("type")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if COLUMN_TYPES[kind[0]] not in kinds:
            fail(f"{where}: {name} should be {COLUMN_TYPES[kind[0]]}")
        if kind[0] != "j" and kind.endswith("?") != ("null" in kinds):
            fail(f"{where}: {name} is nullable in one of the two")
        if "description" not in properties[name]:
            fail(f"{where}: {name} has no description")


def check_params(doc, route, params, item, operation):
    where = f"{route['method']} {route['path']}"
    # They come as headers, by the names of the protocol.
    if route["kind"] == "ROUTE_TUS":
        params = []
    in_path = re.findall(r"\{(\w+)\}", route["path"])
    listed = [resolve(doc, p) for p in
              item.get("parameters", []) + operation.get("parameters", [])]
    named = {p["name"]: p for p in listed if p["in"] == "query"}
    if sorted(p["name"] for p in listed if p["in"] == "path") != \
            sorted(in_path):
        fail(f"{where}: path parameters differ")
    body = operation.get("requestBody", {}).get("content", {})
    is_form = route["kind"] == "ROUTE_OIDC_OVER"
    kind = "application/x-www-form-urlencoded" if is_form else "application/json"
    schema = resolve(doc, body.get(kind, {}).get("schema", {}))
    members = schema.get("properties", {})
    is_query = route["method"] == "get" or route["kind"] == "ROUTE_UPLOAD"
    expected = {}
    is_free = False
    for param in params:
        name, kind = param.split(":")
        api, flags, is_fixed, default = source(route["spec"], name)
        is_free = is_free or "@" in flags
        if not is_fixed and api not in in_path and "@" not in flags:
            expected[api] = default is None and not kind.endswith("?")
    # What is cut without a cursor has one page, and takes none.
    if route["kind"] == "ROUTE_LIST" and "limit" not in expected:
        expected |= {"limit": False, "cursor": False}
    given = named if is_query else members
    if is_free:
        return
    for name in sorted(expected.keys() ^ given.keys()):
        fail(f"{where}: parameter {name} is only in one of the two")
    for name, is_needed in expected.items():
        if is_query:
            is_said = named.get(name, {}).get("required", False)
        else:
            is_said = name in schema.get("required", [])
        if is_said != is_needed:
            fail(f"{where}: is {name} required?")
    if expected and not is_query and not is_form and \
            schema.get("additionalProperties") is not False:
        fail(f"{where}: the body must say additionalProperties: false")


def check_answer(doc, calls, route, operation):
    where = f"{route['method']} {route['path']}"
    status = STATUS.get(route["kind"], "200")
    if route["kind"] == "ROUTE_TUS":
        status = {"post": "201", "head": "200"}.get(route["method"], "204")
    if status not in operation["responses"]:
        fail(f"{where}: answers {status}")
        return
    answer = operation["responses"][status]
    has_location = "Location" in answer.get("headers", {})
    # To the identity provider: the store says where that is.
    if has_location != (route["location"] != "" or status == "302"):
        fail(f"{where}: has it a Location?")
    if route["kind"] not in ("ROUTE_OBJECT", "ROUTE_LIST", "ROUTE_CREATED", "ROUTE_HEALTH",
                             "ROUTE_ACCEPTED", "ROUTE_SECRET", "ROUTE_UPLOAD"):
        return
    op = "UPLOAD_FINISH" if route["kind"] == "ROUTE_UPLOAD" else route["op"]
    schema = resolve(doc, answer["content"]["application/json"]["schema"])
    if route["kind"] == "ROUTE_LIST":
        schema = resolve(doc, schema["properties"]["items"]["items"])
    check_columns(where, calls[op]["columns"], schema)


def check_others(doc, calls):
    schemas = doc["components"]["schemas"]
    check_columns("Whoami", [c for c in calls["SESSION_PEER"]["columns"]
                             if not c.startswith("principal:")],
                  schemas["Whoami"])
    check_columns("Verified", calls["VERIFY"]["columns"],
                  resolve(doc, schemas["Verification"]["properties"]["items"]
                          ["items"]))
    check_columns("ProgressItem", calls["CASE_PROGRESS"]["columns"],
                  schemas["ProgressItem"])
    used = set(re.findall(r"#/components/schemas/(\w+)", yaml.dump(doc)))
    for name in schemas.keys() - used:
        fail(f"schema {name} is not used")


def check(web, lib):
    with open(f"{web}/openapi.yaml", encoding="utf-8") as f:
        doc = yaml.safe_load(f)
    calls = read_calls(f"{lib}/call.def")
    routes = read_routes(f"{web}/route.def")
    if len(routes) < 30:
        fail("too few routes to be true")
    described = {(method, path) for path, item in doc["paths"].items()
                 for method in item if method != "parameters"}
    for method, path in described ^ {(r["method"], r["path"])
                                     for r in routes}:
        fail(f"{method} {path} is only in one of the two")
    ids = [item[m]["operationId"] for item in doc["paths"].values()
           for m in item if m != "parameters"]
    if len(ids) != len(set(ids)):
        fail("an operationId is there twice")
    for route in routes:
        item = doc["paths"].get(route["path"], {})
        operation = item.get(route["method"])
        if operation is None:
            continue
        call = calls.get(route["op"], {"params": [], "capability": "",
                                       "is_proved": False})
        check_params(doc, route, call["params"], item, operation)
        check_answer(doc, calls, route, operation)
        if operation.get("x-step-up", False) != call["is_proved"]:
            fail(f"{route['method']} {route['path']}: x-step-up is in one of "
                 "the two")
        if call["capability"] not in ("", "-", "=") and \
                f'"{call["capability"]}"' not in operation.get(
                    "description", ""):
            fail(f"{route['method']} {route['path']}: does not say which "
                 "capability it needs")
    # What only a person or the API may ask must be reachable.
    for name, call in calls.items():
        if call["capability"] != "-" and name not in (
                "UPLOAD_FINISH", "UPLOAD_ABORT", "UPLOAD_SAVE",
                "UPLOAD_DISCARD") and \
                name not in {r["op"] for r in routes}:
            fail(f"no route leads to {name}")
    check_others(doc, calls)


def main():
    check(sys.argv[1], sys.argv[2])
    for text in failures:
        print(f"# {text}")
    print("1..1")
    print("not ok 1 - openapi.yaml says what the program does" if failures
          else "ok 1 - openapi.yaml says what the program does")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
