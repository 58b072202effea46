#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# No rule is slow on text that is made to keep it busy; TAP for prove.

PYTHONDONTWRITEBYTECODE=1 exec python3 "$(dirname "$0")/check_speed.py" "$@"
