#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each rule hits what it has to and nothing else; TAP for prove.

PYTHONDONTWRITEBYTECODE=1 exec python3 "$(dirname "$0")/check_cases.py" "$@"
