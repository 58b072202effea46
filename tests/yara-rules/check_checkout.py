# SPDX-License-Identifier: Apache-2.0
"""Nothing in the checkout is a hostile sample as it lies there.

The cases are stored broken up; this is the proof.  Rule files hold the
strings that their rules look for and may hit those; they are scanned for
the EICAR test file alone.
"""

import os
import subprocess
import sys
import tempfile

import casefile
import rulefile


def files_under(folder):
    """Return the files of a folder; the build and git are no part of it."""
    out = []
    for place, folders, files in os.walk(folder):
        folders[:] = [f for f in folders
                      if f not in (".git", "__pycache__")
                      and not f.startswith("build")]
        out += [os.path.join(place, f) for f in files]
    return sorted(out)


def hits(paths, folder):
    """Return [(rule, path)]."""
    compiled = os.path.join(folder, "rules.yac")
    listing = os.path.join(folder, "list")
    status, said = rulefile.compile_rules(compiled)
    if status:
        return [(said, "yarac")]
    with open(listing, "w", encoding="utf-8") as file:
        file.writelines(p + "\n" for p in paths)
    run = subprocess.run(["yara", "-C", *rulefile.defines(), "--scan-list",
                          compiled, listing], text=True, capture_output=True,
                         check=False)
    return [tuple(line.split(" ", 1))
            for line in (run.stdout + run.stderr).splitlines()]


def is_broken(path):
    """Tell whether a case file is stored as the encoder writes it."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    return casefile.encode_file(text) == text


def main():
    """Run the tests."""
    tap = rulefile.Tap()
    with tempfile.TemporaryDirectory() as folder:
        found = hits(files_under(rulefile.TOP), folder)
    eicar = [f"{r} hits {p}" for r, p in found
             if r.startswith("test_eicar")]
    tap.ok(not eicar, "no file of the checkout hits the EICAR rules", eicar)
    mine = rulefile.HERE + os.sep
    own = [f"{r} hits {p}" for r, p in found if p.startswith(mine)]
    tap.ok(not own, "no stored case hits any rule", own)
    plain = [p for p in files_under(rulefile.CASES) if not is_broken(p)]
    tap.ok(not plain, "all stored cases are broken up", plain)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
