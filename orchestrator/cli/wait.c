/* SPDX-License-Identifier: Apache-2.0 */
/* wait.c - following a case or a run until nothing is left to do. */
#include "cli/command.h"
#include "lib/loop.h"
#include "lib/own.h"

#include <unistd.h>

#define POLL_US	   250000
#define LINE_BYTES 400

/*
 * "identify 4/4  yara 3/4  detonate 0/1 (running 45%)": done of all, by kind.
 * Returns what is open; *ret_failed counts what failed.
 */
static json_int_t
describe(const json_t *rows, char *line, json_int_t *ret_failed)
{
	static const char *const kinds[] = {
	    "identify", "yara", "archive", "detonate", "behaviour", "report"};
	json_int_t open = 0;
	size_t at_line = 0;

	*ret_failed = 0;
	line[0] = '\0';
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		json_int_t all = 0, done = 0;
		const char *detail = "";
		size_t at;
		json_t *row;
		char clean[64];

		json_array_foreach(rows, at, row)
		{
			const char *state = json_member_text(row, "state", "");
			json_int_t n = json_member_int(row, "count", 0);

			if (strcmp(json_member_text(row, "kind", ""),
				kinds[k]) != 0)
				continue;
			all += n;
			if (strcmp(state, "queued") == 0) {
				open += n;
			} else if (strcmp(state, "running") == 0) {
				open += n;
				detail = json_member_text(row, "detail", "");
			} else {
				done += n;
			}
			if (strcmp(state, "failed") == 0)
				*ret_failed += n;
		}
		if (all == 0 || at_line > LINE_BYTES - 120)
			continue;
		(void)text_clean(clean, sizeof(clean), detail);
		at_line +=
		    (size_t)snprintf(line + at_line, LINE_BYTES - at_line,
			"%s%s %lld/%lld%s%s%s", at_line ? "  " : "", kinds[k],
			(long long)done, (long long)all, clean[0] ? " (" : "",
			clean, clean[0] ? ")" : "");
	}
	return open;
}

bool
wait_for_case(struct cli *cli, const char *number)
{
	uint64_t started_ms = loop_now_ms();
	char line[LINE_BYTES], last[LINE_BYTES] = "";
	json_int_t failed;

	for (;;) {
		auto_json json_t *progress =
		    api_get(cli->api, "/cases/%s/progress", number);
		json_int_t open =
		    describe(json_object_get(progress, "items"), line, &failed);
		unsigned long long spent = (loop_now_ms() - started_ms) / 1000;

		if (!cli->is_quiet && text_is_error_terminal())
			progress_line("%4llus  %s", spent, line);
		else if (!cli->is_quiet && strcmp(line, last) != 0)
			fprintf(stderr, "%4llus  %s\n", spent, line);
		(void)snprintf(last, sizeof(last), "%s", line);
		if (open == 0)
			break;
		(void)usleep(POLL_US);
	}
	progress_clear();
	return failed == 0;
}

void
wait_for_run(struct cli *cli, const char *id)
{
	char last[LINE_BYTES] = "";

	for (;;) {
		auto_json json_t *run = api_get(cli->api, "/runs/%s", id);
		const char *state = json_member_text(run, "state", "");
		char line[LINE_BYTES], phase[64];

		(void)text_clean(
		    phase, sizeof(phase), json_member_text(run, "phase", ""));
		(void)snprintf(line, sizeof(line), "%s  %s  %lld%%", state,
		    phase, (long long)json_member_int(run, "progress", 0));
		if (!cli->is_quiet && text_is_error_terminal())
			progress_line("%s", line);
		else if (!cli->is_quiet && strcmp(line, last) != 0)
			fprintf(stderr, "%s\n", line);
		(void)snprintf(last, sizeof(last), "%s", line);
		if (strcmp(state, "queued") != 0 &&
		    strcmp(state, "running") != 0) {
			char outcome[64];

			progress_clear();
			if (!cli->is_json)
				printf("Outcome: %s\n",
				    text_clean(outcome, sizeof(outcome),
					json_member_text(
					    run, "outcome", state)));
			return;
		}
		(void)usleep(POLL_US);
	}
}
