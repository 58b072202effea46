# SPDX-License-Identifier: Apache-2.0
"""A running Loep, as the benchmark of re-scans uses it."""
import base64
import hashlib
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from datetime import datetime

BIN = os.environ["BIN"]
WORK = os.environ["WORK"]
STATE = os.environ["STATE"]
# Artefacts of one case: what one incident brings.
CASE_FILES = 250
PROGRAMS = ("loep-store", "loep-sched", "loep-vault", "loep-index",
            "loep-hunt", "loep-yara", "loep-rules", "loep-grams")
sources = set()
# (file, rule) of rules that were set aside in some version, as too slow.
rejected = set()
START = time.monotonic()


def say(*words):
    print(f"[{time.monotonic() - START:6.0f} s]", *words, file=sys.stderr,
          flush=True)


class Unix(http.client.HTTPConnection):
    def __init__(self):
        super().__init__("localhost", timeout=3600)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(STATE + "/run/loep.sock")


def call(method, path, body=None):
    connection = Unix()
    connection.request(method, "/api/v1" + path,
                       json.dumps(body) if body is not None else None,
                       {"Content-Type": "application/json"})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    if answer.status >= 400:
        raise RuntimeError(f"{method} {path}: {answer.status} {text[:400]}")
    return json.loads(text) if text else {}


def pages(path):
    """Every item of a list, over one connection."""
    connection, cursor = Unix(), ""
    mark = "&" if "?" in path else "?"
    while cursor is not None:
        connection.request(
            "GET", f"/api/v1{path}{mark}limit=500&cursor={cursor}")
        page = json.loads(connection.getresponse().read())
        yield from page["items"]
        cursor = page["next"]
    connection.close()


def loep(*args):
    done = subprocess.run([BIN + "/loep", "--json", "--quiet", *args],
                          capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"loep {args}: status {done.returncode}: "
                           f"{done.stderr.decode()[-400:]}")
    return json.loads(done.stdout or b"{}")


def us(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def wait_idle(quiet_times=3):
    """Until every job is done and every unit is in the index."""
    quiet, told = 0, time.monotonic()
    while quiet < quiet_times:
        status = call("GET", "/status")
        index, jobs = status["index"], status["jobs"]
        waiting = jobs.get("queued", 0) + jobs.get("running", 0)
        quiet = quiet + 1 if not waiting and \
            index["indexed"] >= index["units"] else 0
        if time.monotonic() - told > 20:
            told = time.monotonic()
            say(f"waiting: {waiting} jobs, {index['indexed']} of "
                f"{index['units']} units in the index")
        time.sleep(0.3 if quiet_times > 1 else 0.05)


def submit(paths):
    """Cases of some hundred files each."""
    for at in range(0, len(paths), CASE_FILES):
        name = f"{WORK}/submit.list"
        with open(name, "wb") as f:
            f.write(b"".join(os.fsencode(p) + b"\0"
                             for p in paths[at:at + CASE_FILES]))
        subprocess.run([BIN + "/loep", "--json", "--quiet", "submit",
                        "--title", f"from {at}", "--files0-from", name],
                       stdout=subprocess.DEVNULL, check=True)
        if at % (20 * CASE_FILES) == 0:
            say(f"submitted {at} of {len(paths)} files")


def write_bundle(out, folders):
    out.write(json.dumps({"loep_bundle": 1}) + "\n")
    for folder in folders:
        for top, _, names in sorted(os.walk(folder)):
            for name in sorted(names):
                # Index files only include the others.
                if not name.endswith((".yar", ".yara")) or "index" in name:
                    continue
                path = os.path.join(top, name)
                with open(path, "rb") as f:
                    raw = f.read()
                line = {"source": os.path.basename(folder), "path":
                        os.path.relpath(path, folder), "priority": 0,
                        "namespace": "n" + hashlib.sha256(
                            path.encode()).hexdigest()[:12],
                        "tlp": "TLP:CLEAR", "licence": "", "owner": ""}
                try:
                    line["text"] = raw.decode()
                except UnicodeDecodeError:
                    line["text_base64"] = base64.b64encode(raw).decode()
                out.write(json.dumps(line) + "\n")


def units_of(folders):
    """Every rule that compiles, each as a text that compiles by itself:
    dictionaries with name, source and text."""
    bundle = f"{WORK}/all.bundle"
    with open(bundle, "w", encoding="utf-8") as out:
        write_bundle(out, folders)
    done = subprocess.run([BIN + "/loep-rules", "--file", bundle, "--data",
                           "--seconds", "600", "--memory-mib", "4096"],
                          stdout=subprocess.PIPE, check=False)
    found, rule, text = [], None, b""
    for line in done.stdout.splitlines():
        record = json.loads(line)
        kind = record.get("type")
        if kind == "rule":
            rule, text = record, b""
        elif kind == "data" and rule:
            text += bytes.fromhex(record.get("bytes", ""))
        elif kind == "child_end" and rule:
            if rule["state"] == "ok" and not rule.get("is_private") and \
                    not rule.get("uses_externals") and \
                    not rule.get("is_volatile"):
                found.append({"name": rule["name"], "source": rule["source"],
                              "path": rule["path"],
                              "class": rule.get("condition_class", ""),
                              "text": text.decode("latin-1")})
            rule = None
    return found


def write_rules(rules):
    """A folder with these rules, each in a file of its own, named by it."""
    folder = f"{WORK}/set"
    subprocess.run(["rm", "-rf", folder], check=True)
    os.mkdir(folder)
    for rule in rules:
        with open(f"{folder}/{rule['file']}", "wb") as f:
            f.write(rule["text"].encode("latin-1"))
    return folder


def activate(rules, source="bench"):
    """A version in which these rules are the source; its re-scan."""
    made = loep("rules", "add", write_rules(rules),
                "--replace" if source in sources else "--source", source,
                "--wait")
    sources.add(source)
    return activate_version(made["version"])


def rescans_of(version):
    """Its re-scan, and those that try gaps again; the oldest first."""
    return [r for r in reversed(call("GET", "/rescans?limit=20")["items"])
            if r["version_to"] == version]


def activate_version(version):
    """With all that follows, until nothing is unknown any more."""
    loep("rules", "approve", str(version))
    loep("rules", "activate", str(version))
    while True:
        parts = rescans_of(version)
        if not parts:
            raise RuntimeError(f"no re-scan for version {version}")
        if parts[-1]["state"] not in ("queued", "running"):
            break
        time.sleep(0.05)
    rescan, last = parts[0], parts[-1]
    if last["state"] != "done" or last["gaps"]:
        raise RuntimeError(f"re-scan {last}")
    rejected.update(
        (r["namespace"].rsplit("/", 1)[-1], r["name"]) for r in
        pages(f"/rules/versions/{version}/rules?state=rejected"))
    rescan["ids"] = [r["id"] for r in parts]
    rescan["seconds"] = us(last["ended"]) - us(rescan["created"])
    rescan["query"] = us(last["ended"]) - us(
        rescan["started"] or rescan["created"])
    for key in ("scanned", "bytes", "new"):
        rescan[key] = sum(r[key] for r in parts)
    return rescan


def changes(rescan, what="new"):
    """(file of the rule, rule, SHA-256) of what a re-scan found."""
    return {(item["namespace"].rsplit("/", 1)[-1], item["name"],
             item["sha256"])
            for number in rescan["ids"]
            for item in pages(f"/rescans/{number}/changes")
            if item["what"] == what}


def peaks_mib():
    """Peak memory of each program of this Loep, its children's apart."""
    found = {}
    for entry in os.listdir("/proc"):
        try:
            with open(f"/proc/{entry}/status", encoding="ascii") as f:
                status = dict(line.split(":", 1) for line in f if ":" in line)
        except (OSError, ValueError):
            continue
        name = status.get("Name", "").strip()
        if name in PROGRAMS and status.get("PPid", "").strip() == \
                os.environ["LOEPD"] and "VmHWM" in status:
            found[name] = int(status["VmHWM"].split()[0]) / 1024
    return found
