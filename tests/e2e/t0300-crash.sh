#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The crash test with real virtual machines: 100 times SIGKILL of a random
# process of Loep under a steady load of submissions and runs.
VM=auto
. "$(dirname "$0")/../integration/lib.sh"
. "$(dirname "$0")/../integration/crash.sh"
loep_start
crash_test "${KILLS:-100}"
is "no QEMU is left over" "$(pgrep -f "qemu.*$STATE" | wc -l)" 0
finish
