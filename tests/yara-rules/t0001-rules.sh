#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each rule file compiles alone and has its meta; TAP for prove.

PYTHONDONTWRITEBYTECODE=1 exec python3 "$(dirname "$0")/check_rules.py" "$@"
