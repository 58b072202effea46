#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks every route of openapi.yaml for another organisation's things, and for
things that do not exist; both answers must be the same.  Speaks TAP.

What of openapi.yaml names a thing of a kind that is not asked for fails, too.

usage: check_isolation.py OPENAPI SETTING.json

SETTING: {"port", "ca", "askers": {NAME: WHO}, "owner": WHO, "foreign": IDS,
"all": all capabilities that there are, with spaces between them};
WHO: {"headers", "cert", "key", "own": IDS, "holds": all capabilities that one
of their kind may hold, "sees": kinds that are not foreign to them}; IDS by
kind: number, submission, artefact, job, run, report, account, token, upload,
org, verdict, task, deletion, exception, mail, hook, unseal, key, session, disclosure,
sha256 (of a file that nobody else has), name (of that file).  The first askers
are people, who are asked with cursors and for time, too; the owner has the
foreign things, and looks whether they are as before.

Who is refused (403) learns nothing, and so it would prove nothing: a refusal
must be for what the asker cannot hold, and each thing that a request names
must have been looked for, in vain, by one asker at least (NOBODY_ELSE: where
that cannot be).
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
         "unseals": "unseal", "disclosures": "disclosure",
         "hooks": "hook", "keys": "key",
         "exceptions": "exception", "outbox": "mail"}
# The site's own, by number: nobody's and everybody's.
SITE = {"policies", "versions", "rescans", "recipients"}
# Members of a body, and of a query, that name things.
MEMBERS = {"org": "org", "account": "account", "artefact": "artefact",
           "parent": "artefact", "case": "number", "submission": "submission",
           "into": "number", "artefacts": "artefact", "to": "account",
           "assignee": "account", "owner": "account", "cases": "number",
           "sha256": "sha256"}
# Words that are searched for are of any kind.
SEARCHED = {"q": ("number", "submission", "artefact", "sha256", "name")}
# A cursor is where to go on: behind a foreign id as behind one beside it.
CURSORS = ("submission", "artefact", "job", "run", "report", "org", "account",
           "token", "upload", "verdict", "deletion", "exception", "unseal",
           "key", "session")
# Where a member's name alone does not tell; versions of rules are the site's.
SPECIAL = {("/api/v1/logout", "id"): "session",
           ("/api/v1/rules/versions", "parent"): None,
           ("/api/v1/rules/states", "parent"): None}
# What a member must be, for the thing to be looked for.
WORDS = {"restriction": "sealed", "mode": "national_incident"}
# Those that hold several, and words that look like names of things.
LISTS = {"artefacts", "cases"}
NAMES_A_THING = re.compile(r"\b[Ii]ds? of\b|\bnumber or id\b|^Account\b",
                           re.IGNORECASE)
# Of the site (rule sets, machines, mode), or one's own.
NOT_FOREIGN = {"id", "recipient"}
# Its own number in the answer, and the time: they differ in any case.
NOISE = {"x-request-id", "date", "content-length"}
JSON = "application/json"
TUS = {"Tus-Resumable": "1.0.0", "Upload-Length": "5", "Upload-Offset": "0",
       "Upload-Metadata": "filename bGFtcA=="}
UNKNOWN = "01900000-0000-7000-8000-000000000000"


# Refusals that name no capability, of what somebody of that kind cannot do.
REFUSALS = (
    # What is about people is done by people.
    "a token or certificate cannot do that",
    # Who sees all organisations: nothing is foreign to them.
    "who works on a case is for the staff to know",
    # What people of the staff did, for those of them that look after it.
    "that is for staff with",
)
# Whose right is about cases of all organisations: who runs the crisis names
# those that come first by the numbers that they were told.
ABOVE = {("/api/v1/mode", "cases"): "activate_crisis"}
# What no asker can look for in vain: who may do that sees all organisations
# ("read_all_orgs"), or administers all of them ("manage_staff").
NOBODY_ELSE = {
    *(f"{method} /api/v1/{path}" for method in ("GET", "HEAD") for path in (
        "queue cursor cursor", "queue query owner", "staff cursor cursor",
        "outbox cursor cursor", "cases query owner",
        "oidc/strangers cursor cursor")),
    "POST /api/v1/exceptions body org", "POST /api/v1/exceptions body case",
    "POST /api/v1/exceptions/{id}/approve path id",
    "POST /api/v1/hooks/{id}/approve path id",
    "POST /api/v1/hooks/{id}/refuse path id",
    "POST /api/v1/organisations/{id} path id",
    "POST /api/v1/keys/{id}/verify path id",
    "POST /api/v1/outbox/{id}/retry path id", "POST /api/v1/mode body cases",
    *(f"{method} /api/v1/{path} cursor cursor" for method in ("GET", "HEAD")
      for path in (
          # Only administrators read it.
          "oidc/strangers",
          # Goes on behind a number, or what is the answer's own.
          "audit", "search", "artefacts/{artefact}/related")),
}


class Client:
    def __init__(self, setting, who):
        self.setting = setting
        self.who = who["headers"]
        self.context = ssl.create_default_context(cafile=setting["ca"])
        if "cert" in who:
            self.context.load_cert_chain(who["cert"], who["key"])
        self.conn = None

    def connect(self):
        self.conn = http.client.HTTPSConnection(
            "localhost", self.setting["port"], context=self.context,
            timeout=60)

    def ask(self, method, path, body, kind):
        if self.conn is None:
            self.connect()
        headers = {**self.who, **TUS}
        if body is not None:
            headers["Content-Type"] = kind
        try:
            self.conn.request(method, path, body, headers)
            answer = self.conn.getresponse()
            text = answer.read(1 << 20)
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


def without(answer, value):
    """An answer without what was asked for, where that is a word."""
    status, headers, body = answer
    return status, headers, \
        body.replace(value.encode(), b"") if len(value) > 7 else body


ID = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"
NEW = re.compile(ID + r"|[0-9]{4}-[0-9-]{5}T[0-9:]{8}(\.[0-9]+)?Z"
                 r"|[0-9a-f]{64,}")


def masked(answer):
    """An answer without ids, times and seals; ETags are made of them."""
    status, headers, body = answer
    return status, [(n, NEW.sub("*", v)) for n, v in headers if n != "etag"], \
        NEW.sub("*", body.decode())


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
        if name in SEARCHED:
            self.named += [("query", name, kind) for kind in SEARCHED[name]]
        elif name == "cursor":
            self.named += [("cursor", name, kind) for kind in CURSORS]
        elif name in MEMBERS:
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
                self.members[name] = WORDS.get(
                    name, sample(resolve(doc, member)))
            kind = SPECIAL.get((self.template, name), MEMBERS.get(name))
            if kind is not None:
                self.named.append(("body", name, kind))
            elif looks_like_one(name, resolve(doc, member)):
                self.missing.append(f"body {name}")

    def send(self, client, place=None, name=None, value=None):
        values, query = dict(self.values), dict(self.query)
        members = dict(self.members)
        if place is not None:
            {"path": values, "query": query, "cursor": query,
             "body": members}[place][name] = \
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
        methods = [m for m in item
                   if m in ("get", "post", "patch", "delete", "head")]
        # What may be read may be asked for without its body, too.
        if "get" in methods and "head" not in methods:
            methods.append("head")
        for method in methods:
            # What never ends is asked for a thing that is not there only.
            yield Request(doc, method, path, item.get(method, item.get("get")),
                          item.get("parameters", []), own)


def is_refused_by_nature(who, body):
    """Whether it names what nobody of their kind may hold, or is known."""
    detail = json.loads(body).get("detail", "") if body else ""
    words = set(re.findall(r"\w+", detail))
    return any(text in detail for text in REFUSALS) or \
        bool(words & who["lacks"]) and not words & set(who["holds"].split())


def compare(client, who, request, named):
    """What is wrong, and the status that both got; named: place, name, and
    the two values."""
    place, name, foreign, unknown = named
    theirs = seen(request.send(client, place, name, foreign))
    nothing = seen(request.send(client, place, name, unknown))
    what = f"{request.method} {request.template} ({place} {name})"
    # The id that was asked for may be named in the answer.
    strip = [without(answer, value) for answer, value
             in ((theirs, foreign), (nothing, unknown))]
    # Of one's own new things their names and seals are new each time.
    if request.method == "POST" and theirs[0] == 201 and place != "path":
        strip = [masked(answer) for answer in strip]
    if strip[0] != strip[1]:
        return f"{what}: foreign {theirs}, unknown {nothing}", None
    if place == "path" and theirs[0] < 300:
        return f"{what}: answers {theirs[0]}", None
    if theirs[0] == 403 and request.method != "HEAD" and \
            not is_refused_by_nature(who, theirs[2]):
        return f"{what}: proves nothing: {theirs[2].decode()}", None
    return None, theirs[0]


def beside(value):
    """An id that differs in its last digit: nobody's."""
    return value[:-1] + ("0" if value[-1] != "0" else "1")


def compare_all(doc, client, setting, who, looked):
    """Each route, each thing that it names, by one asker.

    Returns what is wrong, statuses, and own things that were reached; looked
    gets the statuses of each thing of each request.
    """
    own, foreign, unknown = who["own"], setting["foreign"], setting["unknown"]
    wrong, statuses, reached = [], {}, 0
    for request in requests(doc, own):
        wrong += [f"{request.method} {request.template}: {what} is not asked "
                  "for" for what in request.missing]
        for place, name, kind in request.named:
            if place == "cursor" and not who["is_person"] or \
                    kind in who.get("sees", ()) or \
                    ABOVE.get((request.template, name)) in \
                    who["holds"].split():
                continue
            text, status = compare(
                client, who, request,
                (place, name, foreign[kind],
                 beside(foreign[kind]) if place == "cursor"
                 else unknown[kind]))
            if text is not None:
                wrong.append(text)
            statuses[status] = statuses.get(status, 0) + 1
            looked.setdefault(
                f"{request.method} {request.template} {place} {name}",
                set()).add(status)
        # The generator reaches what it may: else it would prove nothing.
        if request.method == "GET" and request.named and \
                "stream" not in request.template:
            reached += request.send(client)[0] == 200
    return wrong, statuses, reached


# What its owner sees of a thing, but for what changes by itself.
LOOKED_AT = ("cases/{number}", "cases/{number}/submissions",
             "cases/{number}/artefacts", "cases/{number}/messages",
             "cases/{number}/reports", "cases/{number}/deletions",
             "artefacts/{artefact}", "uploads/{upload}",
             "organisations/{org}", "accounts", "tokens")


def look(client, foreign):
    """Looking at an upload keeps it: when it ends is not compared."""
    answers = {path: seen(client.ask(
        "GET", "/api/v1/" + path.format(**foreign), None, None))
               for path in LOOKED_AT}
    answers["uploads/{upload}"] = masked(answers["uploads/{upload}"])
    return answers


# --- time ------------------------------------------------------------------

# What asks for one thing each way that the service has.
TIMED = (("GET", "cases/{number}"), ("GET", "cases/{number}/artefacts"),
         ("GET", "cases/{number}/progress"),
         ("GET", "cases/{number}/progress/stream"),
         ("GET", "cases/{number}/findings"), ("HEAD", "cases/{number}"),
         ("GET", "artefacts/{artefact}"), ("GET", "artefacts/{artefact}/bytes"),
         ("GET", "artefacts/{artefact}/related"), ("GET", "jobs/{job}"),
         ("GET", "runs/{run}"), ("GET", "runs/{run}/events"),
         ("GET", "cases/{number}/reports/{report}"), ("GET", "reports/{report}"),
         ("GET", "search?q={sha256}"), ("GET", "search?q={name}"),
         ("HEAD", "uploads/{upload}"), ("PATCH", "uploads/{upload}"),
         ("DELETE", "uploads/{upload}"),
         ("POST", "submissions/{submission}/uploads"),
         ("POST", "submissions/{submission}/files?filename=x"),
         ("POST", "submissions/{submission}/withdraw"),
         ("POST", "artefacts/{artefact}/download"),
         ("POST", "artefacts/{artefact}/runs"))
# What only the staff asks for.
TIMED_STAFF = (("POST", "cases/{number}/claim"), ("POST", "cases/{number}/hold"),
               ("POST", "verdicts/{verdict}/confirm"),
               ("POST", "reports/{report}/approve"),
               ("POST", "deletions/{deletion}/approve"),
               ("POST", "tasks/{task}"), ("GET", "cases/{number}/notes"))
# Bodies that are good for all of these.
BODIES = {"uploads": ("bytes", "application/offset+octet-stream"),
          "files": ("bytes", "application/octet-stream"),
          "(runs|claim|confirm|approve)": ("{}", JSON),
          "tasks": ('{"state":"open"}', JSON),
          "hold": ('{"on":true,"reason":"r"}', JSON)}
PAIRS = 40
ROUNDS = 4


def differ(pairs):
    """Whether times of pairs (theirs, nobody's) tell which is which.

    On a busy machine medians say little, but of two that were asked one
    behind the other, in random order, each is as often the slower one.
    """
    a, b = (statistics.median(times) for times in zip(*pairs))
    slower = sum(x > y for x, y in pairs) / len(pairs)
    return abs(a - b) > max(40, 0.15 * b) and not 0.15 < slower < 0.85


def show(what, pairs):
    a, b = (statistics.median(times) for times in zip(*pairs))
    print(f"# {what}: median of a foreign one {a:.0f} us, of an unknown one "
          f"{b:.0f} us; slower in {sum(x > y for x, y in pairs)} of "
          f"{len(pairs)}")


def time_pairs(count, ask):
    """ask(is_foreign) gives microseconds."""
    pairs = []
    for _ in range(count):
        first = random.random() < 0.5
        times = {first: ask(first)}
        times[not first] = ask(not first)
        pairs.append((times[True], times[False]))
    return pairs


def time_one(client, method, path):
    body, kind = None, JSON
    if method in ("POST", "PATCH"):
        body, kind = next((what for word, what in BODIES.items()
                           if re.search(rf"/{word}\b", path)),
                          ('{"reason":"r"}', JSON))
    begin = time.perf_counter_ns()
    status = client.ask(method, path, body, kind)[0]
    spent = (time.perf_counter_ns() - begin) / 1000
    # Else it is the time of something else.
    if status != (200 if "search" in path else 404):
        raise ValueError(f"{method} {path}: answers {status}")
    return spent


def compare_times(client, setting, timed):
    """What told foreign things by their time, in every round."""
    wrong = []
    for method, path in timed:
        paths = {is_foreign: "/api/v1/" + path.format(
            **setting["foreign" if is_foreign else "unknown"])
                 for is_foreign in (True, False)}
        for _ in range(ROUNDS):
            pairs = time_pairs(PAIRS, lambda is_foreign, m=method, p=paths:
                               time_one(client, m, p[is_foreign]))
            if not differ(pairs):
                break
        else:
            wrong.append(f"{method} {path}")
        show(f"{method} {path}", pairs)
    return wrong


# --- points ----------------------------------------------------------------

POINTS = []


def point(is_ok, name):
    POINTS.append(is_ok)
    print(f"{'ok' if is_ok else 'not ok'} {len(POINTS)} - {name}")


def make_unknown(setting):
    unknown = {kind: UNKNOWN for kind in setting["foreign"]}
    unknown["number"] = setting["unknown_number"]
    unknown["task"] = "987654321"
    unknown["sha256"] = "5a" * 32
    unknown["name"] = "x" * len(setting["foreign"]["name"])
    return unknown


def check_asker(doc, setting, name, looked):
    who = setting["askers"][name]
    wrong, statuses, reached = compare_all(
        doc, Client(setting, who), setting, who, looked)
    print(f"# {name}: answers {statuses}; own things reached: {reached}")
    wrong += [f"{name}: the setting has no {kind}"
              for kind in sorted(set(KINDS.values()) | set(CURSORS))
              if not who["own"].get(kind) or not setting["foreign"].get(kind)]
    point(not wrong, f"{name}: foreign things and unknown things answer alike")
    for text in sorted(set(wrong)):
        print(f"# {text[:700]}")
    if who["is_person"]:
        point(statuses.get(404, 0) >= 25, f"{name}: most are not found")
        point(reached >= 12, f"{name}: one's own things are found by the same "
              "requests")


def check_looked(looked):
    """Each was looked for by somebody, but what cannot be."""
    never = {what for what, statuses in looked.items()
             if statuses <= {400, 401, 403}}
    wrong = [f"{what}: nobody looked for it"
             for what in sorted(never - NOBODY_ELSE)]
    wrong += [f"{what}: somebody did look for it"
              for what in sorted(NOBODY_ELSE - never)]
    for text in wrong:
        print(f"# {text}")
    point(not wrong, f"each of {len(looked)} things that requests name was "
          f"looked for by who may do that ({len(NOBODY_ELSE)} cannot be)")


def main():
    with open(sys.argv[1], encoding="utf-8") as f:
        doc = yaml.safe_load(f)
    with open(sys.argv[2], encoding="utf-8") as f:
        setting = json.load(f)
    setting["unknown"] = make_unknown(setting)
    people = list(setting["askers"])[:2]
    owner = Client(setting, setting["owner"])
    before = look(owner, setting["foreign"])
    looked = {}
    for name, who in setting["askers"].items():
        who["is_person"] = name in people
        who["lacks"] = set(setting["all"].split()) - set(who["holds"].split())
        check_asker(doc, setting, name, looked)
    check_looked(looked)
    after = look(owner, setting["foreign"])
    wrong = [path for path in LOOKED_AT
             if before[path] != after[path] or before[path][0] != 200]
    for path in wrong:
        print(f"# {path}: was {before[path]}, is {after[path]}")
    point(not wrong, "whose they are sees them as they were")
    for name, timed in zip(people, (TIMED, TIMED_STAFF)):
        wrong = compare_times(Client(setting, setting["askers"][name]),
                              setting, timed)
        point(not wrong, f"{name}: nor does time tell" +
              " of ".join([""] + wrong))
    print(f"1..{len(POINTS)}")
    return 0 if all(POINTS) else 1


if __name__ == "__main__":
    sys.exit(main())
