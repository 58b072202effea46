/* SPDX-License-Identifier: Apache-2.0 */
/* artefact.c - loep artefact, run, report: one thing in detail. */
#include "cli/command.h"
#include "cli/release.h"
#include "cli/share.h"
#include "lib/digest.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>

static const struct table_column artefact_columns[] = {
    {"id", "id", 's'},
    {"name", "name", 's'},
    {"type", "mime", 's'},
    {"size", "size", 'z'},
    {"score", "score", 'c'},
    {"state", "state", 's'},
    {"from", "relation", 's'},
    {"sha256", "sha256", 's'},
    {NULL, NULL, 0},
};

static const struct table_column artefact_object[] = {
    {"artefact", "id", 's'},
    {"case", "case_number", 's'},
    {"name", "name", 's'},
    {"name, bytes", "name_hex", 's'},
    {"type", "magic", 's'},
    {"MIME", "mime", 's'},
    {"size", "size", 'z'},
    {"SHA-256", "sha256", 's'},
    {"SHA-1", "sha1", 's'},
    {"MD5", "md5", 's'},
    {"SHA-512", "sha512", 's'},
    {"TLSH", "tlsh", 's'},
    {"entropy/1000", "entropy_milli", 'd'},
    {"declared hash", "hash_state", 's'},
    {"relation", "relation", 's'},
    {"parent", "parent", 's'},
    {"children", "children", 'd'},
    {"TLP", "tlp", 's'},
    {"PAP", "pap", 's'},
    {"state", "state", 's'},
    {"score", "score", 'd'},
    {"restriction", "restriction", 's'},
    {"seal", "seal", 's'},
    {"created (UTC)", "created", 't'},
    {NULL, NULL, 0},
};

static const struct table_column restriction_object[] = {
    {"artefact", "id", 's'},
    {"restriction", "restriction", 's'},
    {"artefacts", "artefacts", 'd'},
    {NULL, NULL, 0},
};

static const struct table_column run_columns[] = {
    {"id", "id", 's'},
    {"artefact", "artefact_name", 's'},
    {"profile", "profile", 's'},
    {"state", "state", 's'},
    {"outcome", "outcome", 's'},
    {"%", "progress", 'd'},
    {"phase", "phase", 's'},
    {"started (UTC)", "started", 't'},
    {"ended (UTC)", "ended", 't'},
    {NULL, NULL, 0},
};

static const struct table_column run_object[] = {
    {"run", "id", 's'},
    {"artefact", "artefact_name", 's'},
    {"profile", "profile", 's'},
    {"state", "state", 's'},
    {"outcome", "outcome", 's'},
    {"reason", "reason", 's'},
    {"attempt", "attempt", 'd'},
    {"started (UTC)", "started", 't'},
    {"ended (UTC)", "ended", 't'},
    {"options", "options", 's'},
    {"environment", "environment", 's'},
    {"trace", "trace", 's'},
    {"capture", "pcap", 's'},
    {"console", "console", 's'},
    {"events", "events", 's'},
    {NULL, NULL, 0},
};

static const struct table_column report_columns[] = {
    {"rev", "rev", 'd'},
    {"id", "id", 's'},
    {"state", "state", 's'},
    {"created (UTC)", "created", 't'},
    {"sha256 of the JSON", "json_sha256", 's'},
    {NULL, NULL, 0},
};

static int
open_output(const char *path)
{
	int fd;

	if (path == NULL || strcmp(path, "-") == 0)
		return dup(STDOUT_FILENO);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd == -1)
		fail(EXIT_CANNOT_WRITE, "cannot write %s: %s", path,
		    strerror(errno));
	return fd;
}

static void
download(struct cli *cli, int argc, char **argv)
{
	static const struct option options[] = {
	    {"reason", required_argument, NULL, 'r'},
	    {"output", required_argument, NULL, 'o'},
	    {NULL, 0, NULL, 0},
	};
	const char *reason = NULL;
	const char *output = NULL;
	auto_json json_t *body = NULL;
	auto_close int fd = -1;
	int c;

	while ((c = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
		if (c == 'r')
			reason = optarg;
		else if (c == 'o')
			output = optarg;
		else
			command_usage("artefact", EXIT_USAGE);
	}
	if (optind + 2 != argc)
		command_usage("artefact", EXIT_USAGE);
	if (reason == NULL)
		fail(EXIT_USAGE, "say what for with --reason: it is kept in "
				 "the custody record");
	if (output == NULL)
		fail(EXIT_USAGE,
		    "name a file with -o (- is standard output): a ZIP under "
		    "AES-256, password \"infected\"");
	body = json_pack("{s:s}", "reason", reason);
	if (body == NULL)
		fail(EXIT_USAGE, "the reason is not UTF-8");
	fd = open_output(output);
	(void)api_download_post(
	    cli->api, fd, body, "/artefacts/%s/download", argv[optind + 1]);
}

/* Rows of offset, digits and characters, as others show bytes. */
static void
print_bytes(uint64_t offset, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i += 16) {
		size_t n = len - i < 16 ? len - i : 16;

		printf("%08llx ", (unsigned long long)(offset + i));
		for (size_t j = 0; j < 16; j++) {
			if (j < n)
				printf(" %02x", p[i + j]);
			else
				printf("   ");
		}
		printf("  ");
		for (size_t j = 0; j < n; j++)
			putchar(p[i + j] >= ' ' && p[i + j] < 0x7f ? p[i + j]
								   : '.');
		printf("\n");
	}
}

static void
look(struct cli *cli, int argc, char **argv)
{
	const char *offset = command_option(argc, argv, "--offset", "0");
	const char *length = command_option(argc, argv, "--length", "256");
	auto_json json_t *answer =
	    api_get(cli->api, "/artefacts/%s/bytes?offset=%s&length=%s",
		command_object(argc, argv), offset, length);
	const char *hex = json_member_text(answer, "hex", "");
	size_t len = strlen(hex) / 2;
	auto_free uint8_t *bytes = xcalloc(1, len + 1);

	if (cli->is_json) {
		print_json(answer);
		return;
	}
	if (hex_decode(hex, bytes, len) != ERR_OK)
		fail(EXIT_FAILED, "the service answered no digits");
	print_bytes((uint64_t)json_member_int(answer, "offset", 0), bytes, len);
}

/* Seals, quarantines, or decides that nothing stands against looking. */
static void
restrict_it(struct cli *cli, int argc, char **argv)
{
	const char *reason = command_option(argc, argv, "--reason", NULL);
	auto_json json_t *body = NULL;

	if (argc < 4 || reason == NULL)
		command_usage("artefact", EXIT_USAGE);
	body = json_pack("{s:s,s:s}", "restriction", argv[3], "reason", reason);
	if (body == NULL)
		fail(EXIT_USAGE, "the reason is not UTF-8");
	print_object(cli,
	    api_post(cli->api, body, "/artefacts/%s/restriction", argv[2]),
	    restriction_object);
}

int
cmd_artefact(struct cli *cli, int argc, char **argv)
{
	const char *verb;

	if (argc < 2)
		command_usage("artefact", EXIT_USAGE);
	verb = argv[1];
	if (strcmp(verb, "list") == 0) {
		print_rows(cli,
		    api_list(cli->api, 0, "/cases/%s/artefacts?parent=*",
			command_object(argc, argv)),
		    artefact_columns, "No artefacts.");
	} else if (strcmp(verb, "tree") == 0) {
		summary_print(cli, command_object(argc, argv));
	} else if (strcmp(verb, "show") == 0) {
		print_object(cli,
		    api_get(
			cli->api, "/artefacts/%s", command_object(argc, argv)),
		    artefact_object);
	} else if (strcmp(verb, "receipt") == 0) {
		auto_json json_t *receipt = api_get(cli->api,
		    "/artefacts/%s/receipt", command_object(argc, argv));

		print_json(receipt);
	} else if (strcmp(verb, "download") == 0) {
		download(cli, argc, argv);
	} else if (strcmp(verb, "bytes") == 0) {
		look(cli, argc, argv);
	} else if (strcmp(verb, "restrict") == 0) {
		restrict_it(cli, argc, argv);
	} else if (!unseal_artefact(cli, argc, argv) &&
		   !work_on_artefact(cli, argc, argv)) {
		command_usage("artefact", EXIT_USAGE);
	}
	return 0;
}

/* "--env" and the like come as the API's options object. */
static void
new_run(struct cli *cli, int argc, char **argv)
{
	static const struct option options[] = {
	    {"profile", required_argument, NULL, 'p'},
	    {"seconds", required_argument, NULL, 's'},
	    {"arg", required_argument, NULL, 'a'},
	    {"wait", no_argument, NULL, 'w'},
	    {NULL, 0, NULL, 0},
	};
	auto_json json_t *body = json_object();
	auto_json json_t *made = NULL;
	json_t *args = json_array();
	bool is_wait = false;
	int c;

	while ((c = getopt_long(argc, argv, "w", options, NULL)) != -1) {
		if (c == 'p')
			(void)json_object_set_new(
			    body, "profile", json_string(optarg));
		else if (c == 's')
			(void)json_object_set_new(body, "seconds",
			    json_integer(strtoll(optarg, NULL, 10)));
		else if (c == 'a')
			(void)json_array_append_new(args, json_string(optarg));
		else if (c == 'w')
			is_wait = true;
		else
			command_usage("run", EXIT_USAGE);
	}
	if (optind + 2 != argc)
		command_usage("run", EXIT_USAGE);
	if (json_array_size(args) > 0)
		(void)json_object_set(body, "args", args);
	json_decref(args);
	made = api_post(cli->api, body, "/artefacts/%s/runs", argv[optind + 1]);
	if (cli->is_json)
		print_json(made);
	else
		printf("Run %s\n", json_member_text(made, "id", ""));
	if (is_wait)
		wait_for_run(cli, json_member_text(made, "id", ""));
}

int
cmd_run(struct cli *cli, int argc, char **argv)
{
	const char *verb;

	if (argc < 2)
		command_usage("run", EXIT_USAGE);
	verb = argv[1];
	if (strcmp(verb, "list") == 0) {
		print_rows(cli,
		    api_list(cli->api, 0, "/cases/%s/runs",
			command_object(argc, argv)),
		    run_columns, "No runs.");
	} else if (strcmp(verb, "show") == 0) {
		print_object(cli,
		    api_get(cli->api, "/runs/%s", command_object(argc, argv)),
		    run_object);
	} else if (strcmp(verb, "events") == 0) {
		(void)api_download(cli->api, STDOUT_FILENO, "/runs/%s/events",
		    command_object(argc, argv));
	} else if (strcmp(verb, "cancel") == 0) {
		json_decref(api_post(cli->api, NULL, "/jobs/%s/cancel",
		    command_object(argc, argv)));
	} else if (strcmp(verb, "new") == 0) {
		new_run(cli, argc, argv);
	} else {
		command_usage("run", EXIT_USAGE);
	}
	return 0;
}

struct report_options {
	const char *format;
	const char *output;
	const char *rev;
	bool is_new;
};

static void
parse_report(struct report_options *o, int argc, char **argv)
{
	static const struct option options[] = {
	    {"format", required_argument, NULL, 'f'},
	    {"output", required_argument, NULL, 'o'},
	    {"rev", required_argument, NULL, 'r'},
	    {"new", no_argument, NULL, 'n'},
	    {NULL, 0, NULL, 0},
	};
	static const char *const formats[] = {
	    "html", "json", "stix", "misp", "csv", "indicators", "root_cause"};
	int c;

	while ((c = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
		if (c == 'f')
			o->format = optarg;
		else if (c == 'o')
			o->output = optarg;
		else if (c == 'r')
			o->rev = optarg;
		else if (c == 'n')
			o->is_new = true;
		else
			command_usage("report", EXIT_USAGE);
	}
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(o->format, formats[i]) == 0)
			return;
	}
	fail(EXIT_USAGE, "--format is html, json, stix, misp, csv, indicators "
			 "or root_cause");
}

int
cmd_report(struct cli *cli, int argc, char **argv)
{
	struct report_options o = {.format = "json"};
	auto_close int fd = -1;
	const char *number;

	if (argc >= 2 && strcmp(argv[1], "list") == 0) {
		print_rows(cli,
		    api_list(cli->api, 0, "/cases/%s/reports",
			command_object(argc, argv)),
		    report_columns, "No report yet.");
		return 0;
	}
	if (release_report(cli, argc, argv) || share_report(cli, argc, argv))
		return 0;
	parse_report(&o, argc, argv);
	if (optind + 1 != argc)
		command_usage("report", EXIT_USAGE);
	number = argv[optind];
	if (o.is_new) {
		json_decref(
		    api_post(cli->api, NULL, "/cases/%s/reports", number));
		(void)wait_for_case(cli, number);
	}
	fd = open_output(o.output);
	if (o.rev != NULL)
		(void)api_download(cli->api, fd,
		    "/cases/%s/reports/%s?format=%s", number, o.rev, o.format);
	else
		(void)api_download(cli->api, fd, "/cases/%s/report?format=%s",
		    number, o.format);
	return 0;
}
