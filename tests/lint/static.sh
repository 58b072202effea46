#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Static analysis: cppcheck over everything, clang-tidy over what changed since
# a commit (cppcheck 2.10 does not follow results by pointer: its uninitvar is
# off; compilers have it on) (BASE, default the last one; BASE=all for every file).
set -u
cd "$(dirname "$0")/../.." || exit 1
failed=0
flags=(-std=gnu17 -D_GNU_SOURCE '-DLOEP_VERSION="x"' '-DLOEP_PREFIX="/usr/local"'
	-Iorchestrator -I. -include lib/banned.h)
cppcheck --quiet --error-exitcode=1 --std=c11 --inline-suppr \
	--enable=warning,portability --suppress=missingIncludeSystem \
	-D_GNU_SOURCE '-DLOEP_VERSION="x"' -Iorchestrator -I. \
	--library=tests/lint/cppcheck.cfg \
	--suppress=uninitvar --suppress=ctuuninitvar --suppress=internalAstError \
	orchestrator agents/wire.c agents/wire_names.c || failed=1
base=${BASE:-HEAD~1}
if [ "$base" = all ]; then
	files=$(git ls-files 'orchestrator/*.c' 'agents/wire*.c')
else
	files=$(git diff --name-only --diff-filter=d "$base" -- 'orchestrator/*.c' 'agents/wire*.c')
fi
for file in $files; do
	clang-tidy --quiet "$file" -- "${flags[@]}" 2>/dev/null || failed=1
done
exit $failed
