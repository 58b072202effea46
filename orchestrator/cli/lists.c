/* SPDX-License-Identifier: Apache-2.0 */
/* lists.c - loep case, job, vm, org, user: what there is, as tables. */
#include "cli/command.h"
#include "cli/release.h"
#include "lib/own.h"

#include <getopt.h>

static const struct table_column case_columns[] = {
    {"number", "number", 's'},
    {"title", "title", 's'},
    {"organisation", "org_name", 's'},
    {"stage", "stage", 's'},
    {"score", "score", 'c'},
    {"artefacts", "artefacts", 'd'},
    {"open jobs", "jobs_open", 'c'},
    {"tlp", "tlp", 's'},
    {"created (UTC)", "created", 't'},
    {NULL, NULL, 0},
};

static const struct table_column case_object[] = {
    {"case", "number", 's'},
    {"title", "title", 's'},
    {"organisation", "org_name", 's'},
    {"state", "state", 's'},
    {"stage", "stage", 's'},
    {"who", "owner_name", 's'},
    {"severity", "severity", 's'},
    {"class of incident", "rsit_class", 's'},
    {"type of incident", "rsit_type", 's'},
    {"verdict", "verdict", 's'},
    {"verdict confirmed", "verdict_confirmed", 'f'},
    {"unread messages", "unread", 'd'},
    {"open tasks", "tasks_open", 'd'},
    {"TLP", "tlp", 's'},
    {"PAP", "pap", 's'},
    {"created (UTC)", "created", 't'},
    {"submissions", "submissions", 'd'},
    {"artefacts", "artefacts", 'd'},
    {"open jobs", "jobs_open", 'd'},
    {"failed jobs", "jobs_failed", 'd'},
    {"highest score", "score", 'd'},
    {NULL, NULL, 0},
};

static const struct table_column finding_columns[] = {
    {"score", "score", 'c'},
    {"type", "type", 's'},
    {"name", "name", 's'},
    {"rule file", "namespace", 's'},
    {"by", "engine", 's'},
    {"artefact", "artefact", 's'},
    {NULL, NULL, 0},
};

static const struct table_column job_columns[] = {
    {"id", "id", 's'},
    {"kind", "kind", 's'},
    {"state", "state", 's'},
    {"attempt", "attempt", 'd'},
    {"created (UTC)", "created", 't'},
    {"ended (UTC)", "ended", 't'},
    {"reason", "reason", 's'},
    {NULL, NULL, 0},
};

static const struct table_column job_object[] = {
    {"job", "id", 's'},
    {"case", "case", 's'},
    {"artefact", "artefact", 's'},
    {"kind", "kind", 's'},
    {"state", "state", 's'},
    {"attempt", "attempt", 'd'},
    {"reason", "reason", 's'},
    {"engine", "engine", 's'},
    {"created (UTC)", "created", 't'},
    {"started (UTC)", "started", 't'},
    {"ended (UTC)", "ended", 't'},
    {"options", "options", 's'},
    {"result", "result", 's'},
    {NULL, NULL, 0},
};

static const struct table_column slot_columns[] = {
    {"slot", "name", 's'},
    {"profile", "profile", 's'},
    {"state", "state", 's'},
    {"reason", "reason", 's'},
    {"since (UTC)", "changed", 't'},
    {NULL, NULL, 0},
};

static const struct table_column profile_columns[] = {
    {"profile", "name", 's'},
    {"state", "state", 's'},
    {"image digest", "digest", 's'},
    {"changed (UTC)", "changed", 't'},
    {NULL, NULL, 0},
};

static const struct table_column org_columns[] = {
    {"id", "id", 's'},
    {"name", "name", 's'},
    {"class", "class", 's'},
    {"state", "state", 's'},
    {"cases", "cases", 'd'},
    {"created (UTC)", "created", 't'},
    {NULL, NULL, 0},
};

/* The word behind the command, or usage. */
static const char *
verb_of(int argc, char **argv)
{
	if (argc < 2)
		command_usage(argv[0], EXIT_USAGE);
	return argv[1];
}

int
cmd_case(struct cli *cli, int argc, char **argv)
{
	const char *verb = verb_of(argc, argv);

	if (strcmp(verb, "list") == 0) {
		print_rows(cli,
		    api_list(cli->api, 0,
			"/cases?state=%s&stage=%s&owner=%s&q=%s",
			command_option(argc, argv, "--status", ""),
			command_option(argc, argv, "--stage", ""),
			command_option(argc, argv, "--owner", ""),
			command_option(argc, argv, "--find", "")),
		    case_columns, "No cases. Make one with: loep submit FILE");
	} else if (strcmp(verb, "show") == 0) {
		print_object(cli,
		    api_get(cli->api, "/cases/%s", command_object(argc, argv)),
		    case_object);
		if (!cli->is_json)
			summary_print(cli, argv[2]);
	} else if (strcmp(verb, "findings") == 0) {
		print_rows(cli,
		    api_list(cli->api, 0, "/cases/%s/findings",
			command_object(argc, argv)),
		    finding_columns, "No findings.");
	} else if (strcmp(verb, "wait") == 0) {
		bool is_whole = wait_for_case(cli, command_object(argc, argv));

		if (!cli->is_json)
			summary_print(cli, argv[2]);
		return is_whole ? 0 : EXIT_FAILED;
	} else if (!release_case(cli, argc, argv) &&
		   !work_on_case(cli, argc, argv)) {
		command_usage("case", EXIT_USAGE);
	}
	return 0;
}

int
cmd_job(struct cli *cli, int argc, char **argv)
{
	const char *verb = verb_of(argc, argv);
	const char *object = command_object(argc, argv);

	if (strcmp(verb, "list") == 0)
		print_rows(cli,
		    api_list(cli->api, 0, "/cases/%s/jobs?state=%s", object,
			command_option(argc, argv, "--status", "")),
		    job_columns, "No jobs.");
	else if (strcmp(verb, "show") == 0)
		print_object(
		    cli, api_get(cli->api, "/jobs/%s", object), job_object);
	else if (strcmp(verb, "retry") == 0)
		json_decref(api_post(cli->api, NULL, "/jobs/%s/retry", object));
	else if (strcmp(verb, "cancel") == 0)
		json_decref(
		    api_post(cli->api, NULL, "/jobs/%s/cancel", object));
	else
		command_usage("job", EXIT_USAGE);
	return 0;
}

static void
order(struct cli *cli, const char *word, const char *object)
{
	auto_json json_t *body =
	    json_pack("{s:s, s:s}", "order", word, "object", object);

	json_decref(api_post(cli->api, body, "/vm/orders"));
	if (!cli->is_quiet)
		printf("Asked for. `loep vm list` shows how it goes.\n");
}

int
cmd_vm(struct cli *cli, int argc, char **argv)
{
	const char *verb = verb_of(argc, argv);

	if (strcmp(verb, "list") == 0)
		print_rows(cli, api_list(cli->api, 0, "/vm/slots"),
		    slot_columns,
		    "No slots: VMs are off, or no image is built. `loep "
		    "doctor` says what is missing.");
	else if (strcmp(verb, "profiles") == 0)
		print_rows(cli, api_list(cli->api, 0, "/vm/profiles"),
		    profile_columns,
		    "No profiles: build one with: loep vm image");
	else if (strcmp(verb, "build") == 0 || strcmp(verb, "rebuild") == 0)
		order(cli, verb, command_object(argc, argv));
	else if (strcmp(verb, "image") == 0)
		vm_image(cli, argc > 2 ? argv[2] : "debian-12");
	else if (strcmp(verb, "check") == 0)
		order(cli, verb, argc > 2 ? argv[2] : "");
	else
		command_usage("vm", EXIT_USAGE);
	return 0;
}

/* What is said of it; the version that it has now is the one that changes. */
static void
org_set(struct cli *cli, int argc, char **argv)
{
	static const struct {
		const char *option;
		const char *member;
		bool is_number;
	} members[] = {
	    {"--name", "name", false},
	    {"--class", "class", false},
	    {"--rank", "rank", true},
	    {"--sector", "sector", false},
	    {"--language", "languages", false},
	    {"--state", "state", false},
	    {"--quota-bytes", "quota_bytes", true},
	    {"--quota-uploads", "quota_uploads", true},
	};
	const char *id = command_object(argc, argv);
	auto_json json_t *org = api_get(cli->api, "/organisations/%s", id);
	auto_json json_t *body =
	    json_pack("{s:I}", "version", json_member_int(org, "version", 0));
	auto_json json_t *made = NULL;

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		const char *value =
		    command_option(argc, argv, members[i].option, NULL);

		if (value != NULL &&
		    json_object_set_new(body, members[i].member,
			members[i].is_number
			    ? json_integer(strtoll(value, NULL, 10))
			    : json_string(value)) == -1)
			fail(EXIT_USAGE, "the text of %s is not UTF-8",
			    members[i].option);
	}
	if (json_object_size(body) == 1)
		command_usage("org", EXIT_USAGE);
	made = api_post(cli->api, body, "/organisations/%s", id);
	if (cli->is_json)
		print_json(made);
	else
		printf("Organisation %s\n", id);
}

int
cmd_org(struct cli *cli, int argc, char **argv)
{
	const char *verb = verb_of(argc, argv);

	if (strcmp(verb, "list") == 0) {
		print_rows(cli, api_list(cli->api, 0, "/organisations"),
		    org_columns, "No organisations.");
	} else if (strcmp(verb, "show") == 0) {
		print_object(cli,
		    api_get(cli->api, "/organisations/%s",
			command_object(argc, argv)),
		    org_columns);
	} else if (strcmp(verb, "add") == 0) {
		auto_json json_t *body =
		    json_pack("{s:s, s:s}", "name", command_object(argc, argv),
			"class", command_option(argc, argv, "--class", "C1"));
		auto_json json_t *made = NULL;

		if (body == NULL)
			fail(EXIT_USAGE, "the name is not UTF-8");
		made = api_post(cli->api, body, "/organisations");
		if (cli->is_json)
			print_json(made);
		else
			printf("Organisation %s\n",
			    json_member_text(made, "id", ""));
	} else if (strcmp(verb, "set") == 0) {
		org_set(cli, argc, argv);
	} else {
		command_usage("org", EXIT_USAGE);
	}
	return 0;
}
