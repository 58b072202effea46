/* SPDX-License-Identifier: Apache-2.0 */
/* rescan.c - loep rescan: what changed rules mean for what is stored. */
#include "cli/rescan.h"
#include "lib/own.h"

#include <time.h>

static const struct table_column rescan_columns[] = {
    {"number", "id", 'd'},
    {"kind", "kind", 's'},
    {"state", "state", 's'},
    {"from", "version_from", 'd'},
    {"to", "version_to", 'd'},
    {"done %", "progress", 'd'},
    {"rules", "rules_scan", 'd'},
    {"new", "new", 'd'},
    {"lost", "lost", 'd'},
    {"changed", "changed", 'd'},
    {"gaps", "gaps", 'd'},
    {"created (UTC)", "created", 't'},
    {NULL, NULL, 0},
};

static const struct table_column rescan_object[] = {
    {"re-scan", "id", 'd'},
    {"kind", "kind", 's'},
    {"state", "state", 's'},
    {"because", "reason", 's'},
    {"rule set before", "version_from", 'd'},
    {"rule set", "version_to", 'd'},
    {"rules with new meaning", "rules_scan", 'd'},
    {"rules withdrawn", "rules_withdraw", 'd'},
    {"rules relabelled", "rules_relabel", 'd'},
    {"artefacts", "scope", 'd'},
    {"candidates", "candidates", 'd'},
    {"index asked", "is_indexed", 'f'},
    {"scanned", "scanned", 'd'},
    {"bytes", "bytes", 'z'},
    {"done %", "progress", 'd'},
    {"seconds left", "seconds_left", 'd'},
    {"new matches", "new", 'd'},
    {"lost matches", "lost", 'd'},
    {"changed matches", "changed", 'd'},
    {"unchanged matches", "same", 'd'},
    {"gaps", "gaps", 'd'},
    {"engine", "engine", 's'},
    {"created (UTC)", "created", 't'},
    {"started (UTC)", "started", 't'},
    {"ended (UTC)", "ended", 't'},
    {NULL, NULL, 0},
};

static const struct table_column change_columns[] = {
    {"what", "what", 's'},
    {"score", "score", 'c'},
    {"rule", "name", 's'},
    {"rule file", "namespace", 's'},
    {"case", "case_number", 's'},
    {"file", "artefact_name", 's'},
    {"artefact", "artefact", 's'},
    {NULL, NULL, 0},
};

static const struct table_column gap_columns[] = {
    {"why", "reason", 's'},
    {"state", "state", 's'},
    {"rule", "name", 's'},
    {"case", "case_number", 's'},
    {"file", "artefact_name", 's'},
    {"artefact", "artefact", 's'},
    {"in words", "text", 's'},
    {NULL, NULL, 0},
};

static bool
is_over(const json_t *rescan)
{
	const char *state = json_member_text(rescan, "state", "");

	return strcmp(state, "queued") != 0 && strcmp(state, "running") != 0;
}

/* Follows one until it is over; 0 where it is done. */
void
rescan_time_left(const json_t *rescan, char *dst, size_t size)
{
	json_int_t left = json_member_int(rescan, "seconds_left", -1);

	dst[0] = '\0';
	if (left >= 0)
		(void)snprintf(
		    dst, size, ", about %lld s left", (long long)left);
}

static int
wait_for(struct cli *cli, const char *number)
{
	static const struct timespec pause = {.tv_nsec = 200000000};

	for (;;) {
		auto_json json_t *rescan =
		    api_get(cli->api, "/rescans/%s", number);
		char left[48];

		if (is_over(rescan)) {
			progress_clear();
			print_object(cli, json_incref(rescan), rescan_object);
			return strcmp(json_member_text(rescan, "state", ""),
				   "done") == 0
				   ? 0
				   : EXIT_FAILED;
		}
		rescan_time_left(rescan, left, sizeof(left));
		if (!cli->is_quiet)
			progress_line("re-scan %s: %lld %%%s, %lld new, %lld "
				      "changed",
			    number,
			    (long long)json_member_int(rescan, "progress", 0),
			    left, (long long)json_member_int(rescan, "new", 0),
			    (long long)json_member_int(rescan, "changed", 0));
		(void)nanosleep(&pause, NULL);
	}
}

static void
order(struct cli *cli, const char *word, const char *number)
{
	auto_json json_t *body = json_pack("{s:s}", "order", word);

	json_decref(api_post(cli->api, body, "/rescans/%s/orders", number));
}

/* rescan changes NUMBER [--by WORD] */
static void
changes(struct cli *cli, int argc, char **argv)
{
	bool is_by = argc == 5 && strcmp(argv[3], "--by") == 0;
	json_t *list;

	if (argc != 3 && !is_by)
		command_usage("rescan", EXIT_USAGE);
	list = api_list(cli->api, 0, "/rescans/%s/changes", argv[2]);
	if (is_by)
		rescan_print_by(cli, list, argv[4]);
	else
		print_rows(cli, list, change_columns, "Nothing changed.");
}

int
cmd_rescan(struct cli *cli, int argc, char **argv)
{
	const char *verb = argc < 2 ? "list" : argv[1];

	if (strcmp(verb, "list") == 0)
		print_rows(cli, api_list(cli->api, 0, "/rescans"),
		    rescan_columns, "No re-scans: no rule set was activated.");
	else if (strcmp(verb, "show") == 0)
		print_object(cli,
		    api_get(
			cli->api, "/rescans/%s", command_object(argc, argv)),
		    rescan_object);
	else if (strcmp(verb, "changes") == 0)
		changes(cli, argc, argv);
	else if (strcmp(verb, "gaps") == 0)
		print_rows(cli,
		    api_list(cli->api, 0, "/rescans/%s/gaps",
			command_object(argc, argv)),
		    gap_columns, "No gaps: every artefact is told of.");
	else if (strcmp(verb, "wait") == 0)
		return wait_for(cli, command_object(argc, argv));
	else if (strcmp(verb, "pause") == 0 || strcmp(verb, "resume") == 0 ||
		 strcmp(verb, "cancel") == 0 || strcmp(verb, "retry") == 0)
		order(cli, verb, command_object(argc, argv));
	else if (strcmp(verb, "proof") == 0 && argc == 4)
		rescan_print_proof(
		    cli, api_get(cli->api, "/artefacts/%s/proof?rule=%s",
			     argv[2], argv[3]));
	else
		command_usage("rescan", EXIT_USAGE);
	return 0;
}
