# SPDX-License-Identifier: Apache-2.0
"""What `yara -e -s` prints, as matches."""
import collections

# As many as Loep keeps of a match.
PLACES_PER_STRING = 10
PLACES_PER_RULE = 60


def matches_of(lines):
    """(namespace, rule, path, {string: [offsets]}) of the bytes lines."""
    match = None
    for line in lines:
        line = line.decode("utf-8", "surrogateescape").rstrip("\n")
        if line.startswith("0x") and match is not None:
            offset, string = line.split(":")[:2]
            match[3][string].append(int(offset, 16))
        elif ":" in line.split(" ")[0]:
            if match is not None:
                yield match
            name, path = line.split(" ", 1)
            space, rule = name.split(":", 1)
            match = (space, rule, path, collections.defaultdict(list))
    if match is not None:
        yield match


def places_of(strings):
    """(string, offset) of a match, those that Loep keeps, sorted."""
    places = [(string, offset) for string, offsets in strings.items()
              for offset in sorted(offsets)[:PLACES_PER_STRING]]
    return sorted(places[:PLACES_PER_RULE])
