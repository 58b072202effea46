/* SPDX-License-Identifier: Apache-2.0 */
/* unseal.c - loep unseal, loep artefact unseal: what opens sealed artefacts. */
#include "cli/command.h"
#include "lib/own.h"

static const struct table_column columns[] = {
    {"id", "id", 's'},
    {"artefact", "artefact_name", 's'},
    {"state", "state", 's'},
    {"asked by", "requested_by_name", 's'},
    {"asked (UTC)", "requested_at", 't'},
    {"decided by", "decided_by_name", 's'},
    {"gone (UTC)", "destroyed_at", 't'},
    {"matches", "matches", 'd'},
    {"necessity", "necessity", 's'},
    {NULL, NULL, 0},
};

static const struct table_column object[] = {
    {"unseal", "id", 's'},
    {"artefact", "artefact", 's'},
    {"name", "artefact_name", 's'},
    {"state", "state", 's'},
    {"necessity", "necessity", 's'},
    {"asked by", "requested_by_name", 's'},
    {"asked (UTC)", "requested_at", 't'},
    {"second person", "is_second_needed", 'f'},
    {"decided by", "decided_by_name", 's'},
    {"decided (UTC)", "decided_at", 't'},
    {"by one person", "is_single_person", 'f'},
    {"answer", "answer", 's'},
    {"analyses open", "jobs_open", 'd'},
    {"matches", "matches", 'd'},
    {"gone (UTC)", "destroyed_at", 't'},
    {NULL, NULL, 0},
};

/* A text that goes along, as the member of that name. */
static json_t *
body_of(const char *name, const char *text)
{
	json_t *body = json_pack("{s:s}", name, text);

	if (body == NULL)
		fail(EXIT_USAGE, "the %s is not UTF-8", name);
	return body;
}

bool
unseal_artefact(struct cli *cli, int argc, char **argv)
{
	const char *text = command_option(argc, argv, "--necessity", NULL);

	if (strcmp(argv[1], "unseals") == 0) {
		print_rows(cli,
		    api_list(cli->api, 0, "/artefacts/%s/unseals",
			command_object(argc, argv)),
		    columns, "Nobody opened it.");
		return true;
	}
	if (strcmp(argv[1], "unseal") != 0)
		return false;
	if (argc < 3 || text == NULL)
		fail(EXIT_USAGE,
		    "say with --necessity why the incident cannot be resolved "
		    "without opening it: its submitter reads that");
	{
		auto_json json_t *body = body_of("necessity", text);

		print_object(cli,
		    api_post(cli->api, body, "/artefacts/%s/unseal", argv[2]),
		    object);
	}
	return true;
}

int
cmd_unseal(struct cli *cli, int argc, char **argv)
{
	const char *verb = argc > 2 ? argv[1] : "";

	if (strcmp(verb, "list") == 0) {
		print_rows(cli,
		    api_list(cli->api, 0, "/cases/%s/unseals", argv[2]),
		    columns, "Nothing was opened.");
	} else if (strcmp(verb, "approve") == 0) {
		print_object(cli,
		    api_post(cli->api, NULL, "/unseals/%s/approve", argv[2]),
		    object);
	} else if (strcmp(verb, "refuse") == 0) {
		auto_json json_t *body = body_of(
		    "reason", command_option(argc, argv, "--reason", ""));

		print_object(cli,
		    api_post(cli->api, body, "/unseals/%s/refuse", argv[2]),
		    object);
	} else {
		command_usage("unseal", EXIT_USAGE);
	}
	return 0;
}
