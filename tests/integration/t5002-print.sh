#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A report on paper, in each language: a label in header and footer of each
# page (TLP 2.0), no row torn, no digest cut.
. "$(dirname "$0")/lib.sh"
command -v chromium >/dev/null || skip_all "chromium is not installed"
command -v pdftotext >/dev/null || skip_all "poppler-utils is not installed"
export HOME=$WORK
python3 tests/integration/report_page.py "$BIN/loep-report" "$WORK"
status=$?
rm -rf "$WORK"
exit $status
