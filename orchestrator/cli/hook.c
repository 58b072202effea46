/* SPDX-License-Identifier: Apache-2.0 */
/* hook.c - loep hook: endpoints that are told what happens. */
#include "cli/command.h"
#include "lib/own.h"
#include "lib/xalloc.h"

static const struct table_column hook_columns[] = {
    {"id", "id", 's'},
    {"organisation", "org_name", 's'},
    {"state", "state", 's'},
    {"address", "url", 's'},
    {"events", "events", 's'},
    {"waiting", "waiting", 'd'},
    {"failures", "failures", 'd'},
    {"last taken", "delivered_at", 't'},
    {"reason", "reason", 's'},
    {NULL, NULL, 0},
};

static const struct table_column delivery_columns[] = {
    {"id", "id", 's'},
    {"event", "event", 's'},
    {"case", "number", 's'},
    {"state", "state", 's'},
    {"attempts", "attempts", 'd'},
    {"answer", "code", 'd'},
    {"at", "occurred_at", 't'},
    {"next", "next_at", 't'},
    {"reason", "reason", 's'},
    {NULL, NULL, 0},
};

static const struct table_column secret_columns[] = {
    {"id", "id", 's'},
    {"state", "state", 's'},
    {"secret", "secret", 's'},
    {"old one until", "until", 't'},
    {NULL, NULL, 0},
};

static int
show(const struct cli *cli, json_t *made, const struct table_column *columns)
{
	if (cli->is_json)
		print_json(made);
	else
		object_print(made, columns);
	json_decref(made);
	return 0;
}

/* "a,b" as a list; --events all, or none given: all that there are. */
static json_t *
read_events(const char *text)
{
	static const char all[] =
	    "submission.acknowledged,submission.accepted,submission.deferred,"
	    "submission.declined,report.available,verdict.changed,key.expiring";
	auto_free char *copy =
	    xstrdup(text[0] == '\0' || strcmp(text, "all") == 0 ? all : text);
	json_t *list = json_array();
	char *rest = copy;
	const char *word;

	while ((word = strsep(&rest, ",")) != NULL) {
		if (word[0] != '\0' &&
		    json_array_append_new(list, json_string(word)) == -1)
			fail(EXIT_USAGE, "the text of --events is not UTF-8");
	}
	return list;
}

static int
propose(struct cli *cli, int argc, char **argv)
{
	auto_json json_t *body = json_object();

	if (json_object_set_new(
		body, "url", json_string(command_object(argc, argv))) == -1)
		fail(EXIT_USAGE, "the address is not UTF-8");
	(void)json_object_set_new(body, "events",
	    read_events(command_option(argc, argv, "--events", "")));
	if (!cli->is_json && !cli->is_quiet)
		(void)fprintf(stderr,
		    "The secret is shown this once; the CSIRT must approve "
		    "the endpoint.\n");
	return show(cli, api_post(cli->api, body, "/hooks"), secret_columns);
}

/* approve, refuse, disable, rotate: the endpoint as it is then. */
static int
change(struct cli *cli, int argc, char **argv)
{
	const char *reason = command_option(argc, argv, "--reason", NULL);
	auto_json json_t *body = json_object();
	auto_free char *path =
	    xasprintf("/hooks/%%s/%s", argv[1]); /* a word of ours */

	if (reason != NULL &&
	    json_object_set_new(body, "reason", json_string(reason)) == -1)
		fail(EXIT_USAGE, "the text of --reason is not UTF-8");
	return show(cli,
	    api_post(cli->api, body, path, command_object(argc, argv)),
	    secret_columns);
}

int
cmd_hook(struct cli *cli, int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "list";

	if (strcmp(verb, "list") == 0) {
		print_rows(cli, api_list(cli->api, 0, "/hooks"), hook_columns,
		    "No endpoints.");
		return 0;
	}
	if (strcmp(verb, "add") == 0)
		return propose(cli, argc, argv);
	if (strcmp(verb, "log") == 0) {
		print_rows(cli,
		    api_list(cli->api, 0, "/hooks/%s/deliveries",
			command_object(argc, argv)),
		    delivery_columns, "It was told nothing yet.");
		return 0;
	}
	if (strcmp(verb, "test") == 0 || strcmp(verb, "retry") == 0) {
		json_decref(strcmp(verb, "test") == 0
				? api_post(cli->api, NULL, "/hooks/%s/test",
				      command_object(argc, argv))
				: api_post(cli->api, NULL, "/hooks/%s/retry",
				      command_object(argc, argv)));
		return 0;
	}
	if (strcmp(verb, "approve") == 0 || strcmp(verb, "refuse") == 0 ||
	    strcmp(verb, "disable") == 0 || strcmp(verb, "rotate") == 0)
		return change(cli, argc, argv);
	command_usage("hook", EXIT_USAGE);
}
