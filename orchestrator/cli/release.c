/* SPDX-License-Identifier: Apache-2.0 */
/* release.c - loep report draft ... recall, loep case labels ... delete. */
#include "cli/release.h"

#include "lib/own.h"

static const struct table_column access_columns[] = {{"at (UTC)", "at", 't'},
    {"what", "event", 's'}, {"role", "role", 's'},
    {"organisation", "org_name", 's'}, {"what for", "purpose", 's'},
    {"artefact", "artefact_name", 's'}, {NULL, NULL, 0}};

static const struct table_column disclosure_columns[] = {
    {"at (UTC)", "sent_at", 't'}, {"what", "object_kind", 's'},
    {"id", "object", 's'}, {"to", "recipient_name", 's'}, {"tlp", "tlp", 's'},
    {"state", "state", 's'}, {NULL, NULL, 0}};

static const struct table_column deletion_columns[] = {{"id", "id", 's'},
    {"kind", "kind", 's'}, {"state", "state", 's'},
    {"asked (UTC)", "requested_at", 't'}, {"done (UTC)", "executed_at", 't'},
    {"reason", "reason", 's'}, {"answer", "answer", 's'}, {NULL, NULL, 0}};

static const struct table_column answer_object[] = {{"id", "id", 's'},
    {"number", "number", 's'}, {"state", "state", 's'},
    {"version", "version", 'd'}, {"TLP", "tlp", 's'},
    {"restriction", "tlp_restriction", 's'}, {"PAP", "pap", 's'},
    {"job", "job", 's'}, {"disclosure", "disclosure", 's'},
    {"legal hold", "legal_hold", 'f'}, {NULL, NULL, 0}};

/* "--name VALUE" becomes a member, where it is given. */
static void
take(
    json_t *body, int argc, char **argv, const char *option, const char *member)
{
	const char *value = command_option(argc, argv, option, NULL);

	if (value != NULL &&
	    json_object_set_new(body, member, json_string(value)) != 0)
		fail(EXIT_USAGE, "%s is not UTF-8", option);
}

/* The texts of a report, a JSON object in a file. */
static void
take_sections(json_t *body, int argc, char **argv)
{
	const char *path = command_option(argc, argv, "--sections", NULL);
	json_error_t error;
	json_t *sections;

	if (path == NULL)
		return;
	sections = strcmp(path, "-") == 0 ? json_loadf(stdin, 0, &error)
					  : json_load_file(path, 0, &error);
	if (!json_is_object(sections))
		fail(EXIT_DATA,
		    "%s holds no JSON object of texts (summary, scope, damage, "
		    "root_cause, recommendations, methods, limitations)",
		    path);
	(void)json_object_set_new(body, "sections", sections);
}

static void
take_version(json_t *body, int argc, char **argv)
{
	const char *version = command_option(argc, argv, "--version", NULL);

	if (version == NULL)
		fail(EXIT_USAGE, "say which version you edited with --version");
	(void)json_object_set_new(
	    body, "version", json_integer(strtoll(version, NULL, 10)));
}

bool
release_report(struct cli *cli, int argc, char **argv)
{
	static const char *const verbs[] = {
	    "draft", "edit", "submit", "approve", "return", "issue", "recall"};
	auto_json json_t *body = json_object();
	const char *verb = argc > 2 ? argv[1] : "";
	bool is_ours = false;

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		is_ours = is_ours || strcmp(verb, verbs[i]) == 0;
	if (!is_ours)
		return false;
	take(body, argc, argv, "--kind", "kind");
	take(body, argc, argv, "--language", "language");
	take(body, argc, argv, "--comment", "comment");
	take(body, argc, argv, "--reason", "reason");
	take(body, argc, argv, "--tlp", "tlp");
	take(body, argc, argv, "--restriction", "tlp_restriction");
	take(body, argc, argv, "--pap", "pap");
	take_sections(body, argc, argv);
	if (strcmp(verb, "draft") == 0) {
		print_object(cli,
		    api_post(cli->api, body, "/cases/%s/reports", argv[2]),
		    answer_object);
	} else if (strcmp(verb, "edit") == 0) {
		take_version(body, argc, argv);
		print_object(cli,
		    api_post(cli->api, body, "/reports/%s", argv[2]),
		    answer_object);
	} else {
		print_object(cli,
		    api_post(cli->api, body, "/reports/%s/%s", argv[2], verb),
		    answer_object);
	}
	return true;
}

static void
hold(struct cli *cli, int argc, char **argv)
{
	auto_json json_t *body = json_object();
	const char *word = argc > 3 ? argv[3] : "";

	if (strcmp(word, "on") != 0 && strcmp(word, "off") != 0)
		command_usage("case", EXIT_USAGE);
	(void)json_object_set_new(
	    body, "on", json_boolean(strcmp(word, "on") == 0));
	take(body, argc, argv, "--reason", "reason");
	print_object(cli, api_post(cli->api, body, "/cases/%s/hold", argv[2]),
	    answer_object);
}

/* What is a list; false where the verb is none of these. */
static bool
list(struct cli *cli, const char *verb, const char *number)
{
	if (strcmp(verb, "access") == 0)
		print_rows(cli,
		    api_list(cli->api, 0, "/cases/%s/access", number),
		    access_columns, "Nobody yet.");
	else if (strcmp(verb, "disclosures") == 0)
		print_rows(cli,
		    api_list(cli->api, 0, "/cases/%s/disclosures", number),
		    disclosure_columns, "Nothing left.");
	else if (strcmp(verb, "deletions") == 0)
		print_rows(cli,
		    api_list(cli->api, 0, "/cases/%s/deletions", number),
		    deletion_columns, "None.");
	else
		return false;
	return true;
}

bool
release_case(struct cli *cli, int argc, char **argv)
{
	auto_json json_t *body = json_object();
	const char *verb = argc > 2 ? argv[1] : "";

	if (argc < 3)
		return false;
	if (list(cli, verb, argv[2]))
		return true;
	if (strcmp(verb, "hold") == 0) {
		hold(cli, argc, argv);
	} else if (strcmp(verb, "certificate") == 0) {
		auto_json json_t *c =
		    api_get(cli->api, "/deletions/%s/certificate", argv[2]);

		print_json(c);
	} else if (strcmp(verb, "labels") == 0) {
		take(body, argc, argv, "--tlp", "tlp");
		take(body, argc, argv, "--restriction", "tlp_restriction");
		take(body, argc, argv, "--pap", "pap");
		take(body, argc, argv, "--permission", "permission");
		print_object(cli,
		    api_post(cli->api, body, "/cases/%s/labels", argv[2]),
		    answer_object);
	} else if (strcmp(verb, "withdraw") == 0) {
		take(body, argc, argv, "--reason", "reason");
		print_object(cli,
		    api_post(
			cli->api, body, "/submissions/%s/withdraw", argv[2]),
		    answer_object);
	} else if (strcmp(verb, "delete") == 0) {
		take(body, argc, argv, "--reason", "reason");
		print_object(cli,
		    api_post(cli->api, body, "/cases/%s/deletion", argv[2]),
		    answer_object);
	} else if (strcmp(verb, "refuse") == 0) {
		take(body, argc, argv, "--reason", "reason");
		print_object(cli,
		    api_post(cli->api, body, "/deletions/%s/refuse", argv[2]),
		    answer_object);
	} else if (strcmp(verb, "approve") == 0) {
		print_object(cli,
		    api_post(cli->api, body, "/deletions/%s/approve", argv[2]),
		    answer_object);
	} else {
		return false;
	}
	return true;
}
