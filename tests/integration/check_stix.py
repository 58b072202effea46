#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whether a file is a STIX 2.1 bundle as Loep makes them: by the schema beside
this file, each reference led to an object of the bundle, each identifier that
follows from an object's members recomputed.  Prints what is wrong.

usage: check_stix.py BUNDLE [EXAMPLE]

EXAMPLE: a bundle that is valid by the schemas of OASIS; of each type that both
have, ours has no member that the example's type could not have.
"""
import json
import pathlib
import sys
import uuid

import jsonschema

NAMESPACE = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
# What an identifier follows from (STIX 2.1, section 6).
PARTS = {"file": ("hashes", "name", "extensions"), "domain-name": ("value",),
         "ipv4-addr": ("value",), "ipv6-addr": ("value",), "url": ("value",),
         "software": ("name", "cpe", "swid", "vendor", "version")}
# Optional in STIX 2.1, and in no example.
OPTIONAL = {"description", "kill_chain_phases", "result_name", "name"}


def expected(thing):
    """The identifier of an object from its members."""
    parts = {k: thing[k] for k in PARTS[thing["type"]] if k in thing}
    if "hashes" in parts:
        # One digest only: the first of these that is there.
        for kind in ("MD5", "SHA-1", "SHA-256", "SHA-512"):
            if kind in parts["hashes"]:
                parts["hashes"] = {kind: parts["hashes"][kind]}
                break
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"),
                      ensure_ascii=False)
    return f'{thing["type"]}--{uuid.uuid5(NAMESPACE, text)}'


def references(value, name=""):
    """Each identifier that a member names."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from references(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner, name)
    elif name.endswith("_ref") or name.endswith("_refs"):
        yield value


def main():
    """Prints faults; the exit status says whether there are any."""
    here = pathlib.Path(__file__).parent
    schema = json.loads((here / "stix.schema.json").read_text())
    bundle = json.loads(pathlib.Path(sys.argv[1]).read_text())
    validator = jsonschema.Draft202012Validator(schema)
    faults = [f"{list(e.absolute_path)} {e.message[:200]}"
              for e in validator.iter_errors(bundle)]
    ids = [o["id"] for o in bundle["objects"]]
    if len(ids) != len(set(ids)):
        faults.append("an identifier is there twice")
    for thing in bundle["objects"]:
        for ref in references(thing):
            if ref not in ids:
                faults.append(f'{thing["id"]} names {ref}, which is not here')
        if thing["type"] in PARTS and thing["id"] != expected(thing):
            faults.append(f'{thing["id"]} should be {expected(thing)}')
    if len(sys.argv) > 2:
        example = json.loads(pathlib.Path(sys.argv[2]).read_text())
        known = {}
        for thing in example["objects"]:
            known.setdefault(thing["type"], set()).update(thing)
        for thing in bundle["objects"]:
            extra = set(thing) - known.get(thing["type"], set(thing)) - OPTIONAL
            if extra:
                faults.append(f'{thing["type"]} has {sorted(extra)}, which '
                              "the example has not")
    print("\n".join(faults[:20]))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
