#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A report's page of a large case, made by loep-report from a dump, and what
its printed form is: a label in header and footer of each page, at the right,
12 pt or larger, in the colours of TLP 2.0, and nothing cut.  Speaks TAP.

usage: report_page.py LOEP_REPORT FOLDER
"""
import json
import pathlib
import re
import subprocess
import sys

LABEL = "TLP:AMBER+STRICT"
RESTRICTION = "not to the supplier"
SHA = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd"
HEADINGS = {"nl": "Hoofdoorzaak", "fr": "Cause première",
            "de": "Hauptursache", "en": "Root cause"}
MM = 72 / 25.4


def dump(language):
    """A case with long tables, long digests and long words."""
    yield {"table": "meta", "created": "2026-01-02T03:04:05.000000Z"}
    yield {"table": "producer", "name": "Test CSIRT"}
    yield {"table": "case", "number": "BE-2026-AAAA-BBBB-C", "title": "Turbine",
           "org_name": "Aqua NV", "tlp": LABEL, "pap": "PAP:AMBER",
           "created": "2026-01-01T00:00:00.000000Z"}
    yield {"table": "report", "rev": 1, "version": 1, "kind": "postmortem",
           "language": language, "author_role": "analyst", "tlp": LABEL,
           "tlp_restriction": RESTRICTION, "pap": "PAP:AMBER",
           "sections": {"summary": "word " * 900, "scope": "one host",
                        "damage": "none", "root_cause": "a macro",
                        "recommendations": "x" * 400}}
    for i in range(60):
        yield {"table": "artefact", "id": f"a{i}", "name": f"file-{i}.bin",
               "sha256": f"{SHA}{i:02x}", "size": i, "tlp": LABEL,
               "pap": "PAP:AMBER", "kind": "file", "state": "done"}
        yield {"table": "finding", "id": i, "artefact": f"a{i}",
               "type": "match", "name": f"rule_{i}", "score": 50 + i % 50,
               "analyser": "yara", "detail": {"meta": {
                   "description": f"row {i} begins " + "text " * 30 +
                   f"row {i} ends"}}}
        yield {"table": "custody", "seq": i, "at": "2026-01-01T00:00:00Z",
               "actor": "staff", "action": "custody.received",
               "object": f"a{i}", "outcome": "ok"}
        yield {"table": "verdict", "artefact": f"a{i}", "value": "benign",
               "confidence": "high", "is_confirmed": True,
               "reason": f"verdict {i} begins " + "because " * 20 +
               f"verdict {i} ends"}


def render(program, folder, language):
    """The page, from the children that the program writes."""
    source = folder / f"{language}.dump"
    source.write_text("".join(json.dumps(row) + "\n" for row in dump(language)))
    said = subprocess.run([program, "--file", str(source), "--data"],
                          check=True, capture_output=True, text=True).stdout
    child, page = None, b""
    for line in said.splitlines():
        record = json.loads(line)
        if record["type"] == "child":
            child = record["relation"]
        elif record["type"] == "data" and child == "report_html":
            page += bytes.fromhex(record["bytes"])
    path = folder / f"{language}.html"
    path.write_bytes(page)
    return path


def printed(page):
    """The page as a browser prints it to a file."""
    pdf = page.with_suffix(".pdf")
    subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu",
         f"--user-data-dir={page.parent}/chromium", "--no-pdf-header-footer",
         f"--print-to-pdf={pdf}", page.as_uri()],
        check=True, capture_output=True, timeout=120)
    return pdf


def words(pdf):
    """Each page as (width, height, [(x0, y0, x1, y1, word)])."""
    text = subprocess.run(["pdftotext", "-bbox", str(pdf), "-"], check=True,
                          capture_output=True, text=True).stdout
    for part in text.split("<page ")[1:]:
        size = [float(v) for v in re.findall(r'(?:width|height)="([\d.]+)"',
                                             part)[:2]]
        yield (*size, [(*map(float, found[:4]), found[4]) for found in
                       re.findall(r'<word xMin="([\d.-]+)" yMin="([\d.-]+)" '
                                  r'xMax="([\d.-]+)" yMax="([\d.-]+)">'
                                  r'(.*?)</word>', part)])


def faults_of(pdf):
    """What is wrong with the labels of a printed report."""
    count = 0
    for number, (width, height, found) in enumerate(words(pdf), 1):
        count += 1
        labels = [w for w in found if w[4] == LABEL and
                  (w[1] < 20 * MM or w[3] > height - 20 * MM)]
        places = sorted("top" if w[1] < height / 2 else "bottom"
                        for w in labels)
        if places != ["bottom", "top"]:
            yield f"page {number}: labels at {places}"
        ends = {round(max(w[2] for w in found if abs(w[1] - l[1]) < 3))
                for l in labels}
        for label in labels:
            # The box of a line is what its font takes: 12 pt at least.
            if label[3] - label[1] < 12:
                yield f"page {number}: a label of {label[3] - label[1]:.1f} pt"
        for end in ends:
            if end < width - 40 * MM or end > width:
                yield f"page {number}: a label ends at {end} of {width:.0f}"
        inside = [w for w in found if w not in labels]
        for label in labels:
            for word in inside:
                if (word[4] not in RESTRICTION.split() and
                        word[1] < label[3] - 1 and word[3] > label[1] + 1):
                    yield f"page {number}: \"{word[4]}\" is under a label"
        if any(w[2] > width - 5 * MM or w[0] < 5 * MM for w in inside):
            yield f"page {number}: something is cut at the side"
    if count < 4:
        yield f"{count} pages are too few to prove anything"


def torn(pdf):
    """Rows of tables that begin on one page and end on another."""
    pages = subprocess.run(["pdftotext", "-raw", str(pdf), "-"], check=True,
                           capture_output=True, text=True).stdout.split("\f")
    pages = [" ".join(page.split()) for page in pages]
    for kind in ("row", "verdict"):
        for i in range(60):
            at = [(n for n, page in enumerate(pages)
                   if f"{kind} {i} {end}" in page) for end in ("begins", "ends")]
            first, last = (next(found, None) for found in at)
            if first != last:
                yield f"{kind} {i}: on pages {first} and {last}"


def digests(pdf):
    """Digests that are not whole on paper."""
    text = subprocess.run(["pdftotext", "-raw", str(pdf), "-"], check=True,
                          capture_output=True, text=True).stdout
    text = "".join(text.split())
    return [i for i in range(60) if f"{SHA}{i:02x}" not in text]


def main():
    """One test a property and language."""
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    number, is_failed = 0, False
    for language, heading in HEADINGS.items():
        pdf = printed(render(program, folder, language))
        text = subprocess.run(["pdftotext", str(pdf), "-"], check=True,
                              capture_output=True, text=True).stdout
        for name, faults in (
                ("a label in header and footer of each page", faults_of(pdf)),
                ("no row of a table is torn", torn(pdf)),
                ("each digest is whole", digests(pdf)),
                ("its headings", [] if heading in text else [heading])):
            faults = list(faults)
            number += 1
            is_failed = is_failed or bool(faults)
            print(f"{'not ' if faults else ''}ok {number} - {language}: {name}")
            for fault in faults[:10]:
                print(f"#   {fault}")
    print(f"1..{number}")
    sys.exit(1 if is_failed else 0)


if __name__ == "__main__":
    main()
