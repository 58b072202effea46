#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# SIGKILL of random processes under load, without virtual machines (the same
# with them is tests/e2e/t0300-crash.sh).
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/crash.sh"
loep_start
crash_test 25
finish
