#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# No rule hits a file of a stock Debian; TAP for prove.

PYTHONDONTWRITEBYTECODE=1 exec python3 "$(dirname "$0")/check_stock.py" "$@"
