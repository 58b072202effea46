/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hunt.c - loep hunt: one file of rules over all that is stored, and loep
 * rules preview: what a version would change.
 *
 * The file becomes a version that is never active: it is read in the same cage
 * as all rules.  What it finds is printed as it comes; then the version is
 * rejected, so that only the record stays that somebody looked.
 */
#include "cli/bundle.h"
#include "cli/rescan.h"
#include "cli/rules.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define POLL_US	    50000
#define SOURCE_NAME "hunt"

/* What goes on while its rules are read and run. */
struct hunt {
	struct cli *cli;
	json_int_t version;
	json_int_t rescan;
	char *cursor;
	json_int_t found;
};

static char *
read_file(const char *path, size_t *ret_len)
{
	auto_close int fd = strcmp(path, "-") == 0
				? dup(STDIN_FILENO)
				: open(path, O_RDONLY | O_CLOEXEC);
	char *text = xmalloc(BUNDLE_FILE_BYTES_MAX + 1);
	size_t len = 0;
	ssize_t n = 0;

	while (fd != -1 && len <= BUNDLE_FILE_BYTES_MAX &&
	       (n = read(fd, text + len, BUNDLE_FILE_BYTES_MAX + 1 - len)) > 0)
		len += (size_t)n;
	if (fd == -1 || n == -1)
		fail(
		    EXIT_NO_INPUT, "cannot read %s: %s", path, strerror(errno));
	if (len > BUNDLE_FILE_BYTES_MAX)
		fail(EXIT_DATA, "%s is too long for a file of rules", path);
	*ret_len = len;
	return text;
}

static void
create(struct hunt *hunt, const char *path)
{
	auto_json json_t *body =
	    json_pack("{s:i,s:s,s:b,s:[{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:i,s:b}]}",
		"parent", 0, "comment", "a hunt, never to be active", "ad_hoc",
		1, "sources", "name", SOURCE_NAME, "kind", "text", "location",
		path, "namespace", "", "licence", "", "tlp", "", "owner", "",
		"priority", 0, "fetch_allowed", 0);
	auto_json json_t *made = NULL;

	if (body == NULL)
		fail(EXIT_USAGE, "the file's name is not UTF-8");
	made = api_post(hunt->cli->api, body, "/rules/versions");
	hunt->version = json_member_int(made, "version", 0);
}

static void
send_rules(struct hunt *hunt, const char *path)
{
	static const struct bundle_source source = {
	    .name = SOURCE_NAME,
	    .namespace = "",
	    .licence = "",
	    .tlp = "",
	    .owner = "",
	};
	const char *base = strrchr(path, '/');
	auto_close int fd = memfd_create("hunt", MFD_CLOEXEC);
	auto_free char *api_path =
	    xasprintf("/rules/versions/%lld/bundle", (long long)hunt->version);
	struct api_upload upload = {.name = "bundle", .fd = fd};
	struct bundle bundle;
	size_t len;
	auto_free char *text = read_file(path, &len);

	base = base == NULL ? path : base + 1;
	if (fd == -1 || bundle_begin(&bundle, fd) != ERR_OK ||
	    bundle_add(&bundle, &source,
		strcmp(base, "-") == 0 ? "stdin" : base, text, len) != ERR_OK ||
	    lseek(fd, 0, SEEK_SET) == -1)
		fail(EXIT_DATA, "%s cannot be sent as a file of rules", path);
	upload.path = api_path;
	upload.size = (int64_t)bundle.bytes;
	json_decref(api_upload(hunt->cli->api, &upload));
}

static json_t *
get_version(const struct hunt *hunt)
{
	char number[32];

	(void)snprintf(
	    number, sizeof(number), "%lld", (long long)hunt->version);
	return api_get(hunt->cli->api, "/rules/versions/%s", number);
}

/* Rules that are set aside are named: their silence says nothing. */
static void
name_rejected(const struct hunt *hunt)
{
	char number[32], name[256], why[512];
	auto_json json_t *rules = NULL;
	const json_t *rule;
	size_t i;

	(void)snprintf(
	    number, sizeof(number), "%lld", (long long)hunt->version);
	rules = api_list(hunt->cli->api, 100,
	    "/rules/versions/%s/rules?state=rejected", number);
	json_array_foreach(rules, i, rule)
	{
		(void)fprintf(stderr, "loep: rule %s cannot be used: %s\n",
		    text_clean(
			name, sizeof(name), json_member_text(rule, "name", "")),
		    text_clean(why, sizeof(why),
			json_member_text(rule, "reason", "")));
	}
}

/* Nothing of it is kept but that somebody looked, for what. */
static void
forget(const struct hunt *hunt)
{
	auto_json json_t *body = json_pack("{s:s}", "order", "forget");
	char number[32];

	(void)snprintf(number, sizeof(number), "%lld", (long long)hunt->rescan);
	json_decref(
	    api_post(hunt->cli->api, body, "/rescans/%s/orders", number));
}

static void
reject(const struct hunt *hunt)
{
	auto_json json_t *body = json_pack("{s:s}", "reason", "a hunt");
	char number[32];

	(void)snprintf(
	    number, sizeof(number), "%lld", (long long)hunt->version);
	json_decref(api_post(
	    hunt->cli->api, body, "/rules/versions/%s/reject", number));
}

/* Waits until the rules are read; how many can be used. */
static json_int_t
wait_for_rules(const struct hunt *hunt)
{
	double away_s = 0;

	for (;;) {
		auto_json json_t *version = get_version(hunt);
		const char *state = json_member_text(version, "state", "");

		if (strcmp(state, "draft") == 0) {
			rules_pause(hunt->cli, hunt->version, &away_s);
			continue;
		}
		name_rejected(hunt);
		if (strcmp(state, "rejected") == 0)
			fail(EXIT_DATA, "%s",
			    json_member_text(version, "reason", "rejected"));
		return json_member_int(version, "rules", 0);
	}
}

static void
start(struct hunt *hunt, const char *kind)
{
	auto_json json_t *body =
	    json_pack("{s:s,s:I}", "kind", kind, "version", hunt->version);
	auto_json json_t *made = api_post(hunt->cli->api, body, "/rescans");

	hunt->rescan = json_member_int(made, "id", 0);
}

static void
print_change(const struct hunt *hunt, const json_t *change)
{
	char name[256], rule[256], number[64];
	auto_free char *text = NULL;

	if (hunt->cli->is_json) {
		text = json_dumps(change, JSON_COMPACT);
		(void)puts(text == NULL ? "{}" : text);
	} else {
		printf("%-8s %-32s %s  %s  %s\n",
		    json_member_text(change, "what", ""),
		    text_clean(rule, sizeof(rule),
			json_member_text(change, "name", "")),
		    text_clean(number, sizeof(number),
			json_member_text(change, "case_number", "")),
		    json_member_text(change, "artefact", ""),
		    text_clean(name, sizeof(name),
			json_member_text(change, "artefact_name", "")));
	}
	(void)fflush(stdout);
}

/* What has come since the last time. */
static void
print_new(struct hunt *hunt)
{
	char number[32];
	json_t *next;

	(void)snprintf(number, sizeof(number), "%lld", (long long)hunt->rescan);
	do {
		auto_json json_t *page = api_get(hunt->cli->api,
		    "/rescans/%s/changes?limit=500&cursor=%s", number,
		    hunt->cursor);
		const json_t *items = json_object_get(page, "items");
		const json_t *change;
		size_t i;

		progress_clear();
		json_array_foreach(items, i, change)
		{
			print_change(hunt, change);
			free(hunt->cursor);
			hunt->cursor = xasprintf("%lld",
			    (long long)json_member_int(change, "id", 0));
			hunt->found++;
		}
		next = json_object_get(page, "next");
		if (!json_is_string(next))
			break;
	} while (true);
}

/* Until it is over; its last state. */
static json_t *
follow(struct hunt *hunt)
{
	char number[32];

	(void)snprintf(number, sizeof(number), "%lld", (long long)hunt->rescan);
	for (;;) {
		json_t *rescan = api_get(hunt->cli->api, "/rescans/%s", number);
		const char *state = json_member_text(rescan, "state", "");
		bool is_over = strcmp(state, "queued") != 0 &&
			       strcmp(state, "running") != 0;
		char left[48];

		print_new(hunt);
		if (is_over)
			return rescan;
		rescan_time_left(rescan, left, sizeof(left));
		if (!hunt->cli->is_quiet)
			progress_line("%lld %%%s, %lld found",
			    (long long)json_member_int(rescan, "progress", 0),
			    left, (long long)hunt->found);
		json_decref(rescan);
		(void)usleep(POLL_US);
	}
}

/* Prints how it went; the exit status. */
static int
conclude(const struct hunt *hunt, const json_t *rescan)
{
	json_int_t gaps = json_member_int(rescan, "gaps", 0);
	const char *state = json_member_text(rescan, "state", "");

	if (!hunt->cli->is_quiet && !hunt->cli->is_json)
		printf("%lld found. ", (long long)hunt->found);
	if (!hunt->cli->is_quiet && !hunt->cli->is_json)
		printf("`loep rescan show %lld` says what was looked at.\n",
		    (long long)hunt->rescan);
	if (gaps > 0)
		(void)fprintf(stderr,
		    "loep: %lld artefacts or rules could not be told of; see "
		    "`loep rescan gaps %lld`\n",
		    (long long)gaps, (long long)hunt->rescan);
	return strcmp(state, "done") == 0 && gaps == 0 ? 0 : EXIT_FAILED;
}

int
cmd_hunt(struct cli *cli, int argc, char **argv)
{
	struct hunt hunt = {.cli = cli, .cursor = xstrdup("")};
	auto_json json_t *rescan = NULL;
	int status;

	bool is_kept = argc == 3 && strcmp(argv[2], "--keep") == 0;

	if (argc != 2 && !is_kept)
		command_usage("hunt", EXIT_USAGE);
	create(&hunt, argv[1]);
	send_rules(&hunt, argv[1]);
	if (wait_for_rules(&hunt) == 0) {
		reject(&hunt);
		fail(EXIT_DATA, "there is no rule in %s that can be used",
		    argv[1]);
	}
	start(&hunt, "hunt");
	rescan = follow(&hunt);
	reject(&hunt);
	if (!is_kept)
		forget(&hunt);
	status = conclude(&hunt, rescan);
	free(hunt.cursor);
	return status;
}

int
rules_preview(struct cli *cli, int argc, char **argv)
{
	struct hunt hunt = {.cli = cli, .cursor = xstrdup("")};
	auto_json json_t *rescan = NULL;
	int status;

	if (argc != 3)
		command_usage("rules", EXIT_USAGE);
	hunt.version = rules_version(argv[2]);
	start(&hunt, "preview");
	rescan = follow(&hunt);
	status = conclude(&hunt, rescan);
	free(hunt.cursor);
	return status;
}
