#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks an answer of the running server against openapi.yaml.

usage: check_schema.py OPENAPI METHOD PATH_TEMPLATE STATUS <answer.json
"""
import json
import sys

import jsonschema
import yaml


def closed(node):
    """A copy in which objects have no properties but those described."""
    if isinstance(node, list):
        return [closed(n) for n in node]
    if not isinstance(node, dict):
        return node
    copy = {key: closed(value) for key, value in node.items()}
    if copy.get("type") == "object" and "properties" in copy:
        copy.setdefault("additionalProperties", False)
    return copy


def main():
    path, method, template, status = sys.argv[1:]
    with open(path, encoding="utf-8") as f:
        doc = yaml.safe_load(f)
    answers = doc["paths"][template][method.lower()]["responses"]
    answer = answers.get(status) or answers["default"]
    if "$ref" in answer:
        answer = doc["components"]["responses"][
            answer["$ref"].rsplit("/", 1)[1]]
    content = answer["content"]
    kind = "application/json" if "application/json" in content \
        else "application/problem+json"
    # The schemas refer to each other inside the document.
    schema = {"components": closed(doc["components"]),
              "allOf": [closed(content[kind]["schema"])]}
    jsonschema.Draft202012Validator(schema).validate(json.load(sys.stdin))


if __name__ == "__main__":
    try:
        main()
    except jsonschema.ValidationError as error:
        print(f"{list(error.absolute_path)}: {error.message}")
        sys.exit(1)
