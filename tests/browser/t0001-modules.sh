#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The parts of the browser app that have no page, by Node's own runner.
cd "$(dirname "$0")/../.." || exit 1
if [ ! -d build/ui/node_modules ] || ! command -v node >/dev/null; then
	echo "1..0 # SKIP the app's packages are not there: make ui"
	exit 0
fi
cd build/ui && exec npm test --silent
