#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Nothing in the checkout is a sample as it lies; TAP for prove.

PYTHONDONTWRITEBYTECODE=1 exec python3 "$(dirname "$0")/check_checkout.py" "$@"
