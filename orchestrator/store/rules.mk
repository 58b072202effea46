# SPDX-License-Identifier: Apache-2.0
# The migrations are part of the program's text.
$O/orchestrator/store/migrate.o: $(wildcard orchestrator/store/schema/*.sql)
# So is the first policy.
$O/orchestrator/store/policy_version.o: orchestrator/store/policy/charter.json
