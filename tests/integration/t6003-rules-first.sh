#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The first day of a site that one person runs: our own rules as version 1.
. "$(dirname "$0")/lib.sh"

[ -x "$BIN/loep-rules" ] || skip_all "loep-rules is not built"
CONF='[rules]\nsingle_person = yes'
loep_start

like "before, the rules of the folder are used" "$("$LOEP" --json status |
	jq -c '[.analysers[] | select(.name == "yara") | .detail.rules]')" '[1-9]'
FOLDER=$("$LOEP" --json status |
	jq '[.analysers[] | select(.name == "yara") | .detail.rules] | first')
ok "our own rules become a version" "$LOEP" rules init
is "which is active" "$("$LOEP" --json rules show | jq -r \
	'"\(.version) \(.state)"')" "1 active"
is "approved by one person, which it says" "$("$LOEP" --json rules show |
	jq .is_single_person)" true
is "and the chain, too" "$("$LOEP" --json audit list |
	jq -c '[.[] | select(.action == "rules.approved") | .detail.single_person]')" \
	'[true]'
is "none of our own rules is set aside" "$("$LOEP" --json rules show |
	jq .counts.rejected)" null
is "all of those that match for themselves are there" "$("$LOEP" --json rules \
	show | jq '.rules - .counts.private')" "$FOLDER"
printf 'X5O!P%%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*' \
	>"$WORK/eicar.com"
ok "a file is submitted" submit "$WORK/eicar.com"
like "and found by a rule of the version" "$(findings \
	'[.[] | select(.type == "match") | .name] | join(" ")')" '[Ee][Ii][Cc][Aa][Rr]'
fails "there is one first day" 1 "$LOEP" rules init
like "which is said" "$(cat "$WORK/said")" "rules list"
finish
