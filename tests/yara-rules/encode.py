# SPDX-License-Identifier: Apache-2.0
"""Break up case files in place, or show them as they are meant.

    encode.py FILE...          break up; what is broken up already stays
    encode.py --show FILE...   print the plain text
"""

import sys

import casefile


def main():
    """Encode or show the files named."""
    show = sys.argv[1:2] == ["--show"]
    for path in sys.argv[2 if show else 1:]:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if show:
            sys.stdout.write(casefile.decode(text))
            continue
        with open(path, "w", encoding="utf-8") as file:
            file.write(casefile.encode_file(text))
    return 0


if __name__ == "__main__":
    sys.exit(main())
