#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The description of the API says what the program does.
cd "$(dirname "$0")/../.." || exit 1
if ! python3 -c 'import yaml' 2>/dev/null; then
	echo '1..0 # SKIP python3-yaml is not installed'
	exit 0
fi
exec python3 tests/integration/check_openapi.py orchestrator/web \
    orchestrator/lib
