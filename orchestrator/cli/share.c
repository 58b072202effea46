/* SPDX-License-Identifier: Apache-2.0 */
/*
 * share.c - what leaves for others than its source: loep recipient, loep
 * disclosure, loep report export and personal-data.
 */
#include "cli/share.h"

#include "lib/own.h"

#include <fcntl.h>

static const struct table_column recipient_columns[] = {{"id", "id", 's'},
    {"kind", "kind", 's'}, {"name", "name", 's'}, {"up to", "tlp_max", 's'},
    {"active", "is_active", 'f'}, {"contact", "contact", 's'},
    {"agreement", "agreement", 's'}, {"until (UTC)", "agreement_until", 't'},
    {"version", "version", 'd'}, {NULL, NULL, 0}};

static const struct table_column pii_columns[] = {{"section", "section", 's'},
    {"what", "type", 's'}, {"at", "offset", 'd'}, {"bytes", "length", 'd'},
    {NULL, NULL, 0}};

static const struct table_column answer_object[] = {{"id", "id", 's'},
    {"state", "state", 's'}, {"ceiling", "ceiling", 's'}, {"job", "job", 's'},
    {"version", "version", 'd'}, {"active", "is_active", 'f'},
    {"hits", "hits", 'd'}, {NULL, NULL, 0}};

static const struct table_column disclosure_object[] = {{"id", "id", 's'},
    {"case", "case_number", 's'}, {"report", "object", 's'},
    {"to", "recipient_name", 's'}, {"kind", "recipient_kind", 's'},
    {"what for", "purpose", 's'}, {"format", "format", 's'},
    {"nothing above", "tlp", 's'}, {"state", "state", 's'},
    {"rendered", "is_rendered", 'f'}, {"asked for", "is_submitted", 'f'},
    {"source must agree", "needs_consent", 'f'}, {"its word", "consent", 's'},
    {"until (UTC)", "consent_due", 't'}, {"reason", "reason", 's'},
    {"asked by", "requested_by_name", 's'},
    {"approved by", "approved_by_name", 's'},
    {"personal data seen by", "pii_reviewed_by_name", 's'},
    {"SHA-256", "payload_sha256", 's'}, {"sent (UTC)", "sent_at", 't'},
    {NULL, NULL, 0}};

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

/* The same of a number. */
static void
take_number(
    json_t *body, int argc, char **argv, const char *option, const char *member)
{
	const char *value = command_option(argc, argv, option, NULL);
	char *end;
	long long number;

	if (value == NULL)
		return;
	number = strtoll(value, &end, 10);
	if (*end != '\0' || end == value)
		fail(EXIT_USAGE, "%s is a number", option);
	(void)json_object_set_new(body, member, json_integer(number));
}

/* "yes" or "no". */
static void
take_flag(
    json_t *body, int argc, char **argv, const char *option, const char *member)
{
	const char *value = command_option(argc, argv, option, NULL);

	if (value == NULL)
		return;
	if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
		fail(EXIT_USAGE, "%s is yes or no", option);
	(void)json_object_set_new(
	    body, member, json_boolean(strcmp(value, "yes") == 0));
}

int
cmd_recipient(struct cli *cli, int argc, char **argv)
{
	auto_json json_t *body = json_object();
	const char *verb = argc > 1 ? argv[1] : "list";

	if (strcmp(verb, "list") == 0) {
		print_rows(cli, api_list(cli->api, 0, "/recipients"),
		    recipient_columns, "Nobody yet.");
		return 0;
	}
	if (argc < 3)
		command_usage(argv[0], EXIT_USAGE);
	take(body, argc, argv, "--contact", "contact");
	take(body, argc, argv, "--tlp-max", "tlp_max");
	take(body, argc, argv, "--sharing-group", "sharing_group");
	take(body, argc, argv, "--agreement", "agreement");
	take(body, argc, argv, "--until", "agreement_until");
	take_flag(body, argc, argv, "--lacks-strict", "lacks_strict");
	if (strcmp(verb, "add") == 0) {
		take(body, argc, argv, "--kind", "kind");
		(void)json_object_set_new(body, "name", json_string(argv[2]));
		print_object(cli, api_post(cli->api, body, "/recipients"),
		    answer_object);
	} else if (strcmp(verb, "set") == 0) {
		take(body, argc, argv, "--name", "name");
		take_number(body, argc, argv, "--version", "version");
		take_flag(body, argc, argv, "--active", "is_active");
		print_object(cli,
		    api_post(cli->api, body, "/recipients/%s", argv[2]),
		    answer_object);
	} else {
		command_usage(argv[0], EXIT_USAGE);
	}
	return 0;
}

static void
fetch(struct cli *cli, int argc, char **argv)
{
	const char *path = command_option(argc, argv, "-o", NULL);
	auto_close int fd = -1;

	fd = path == NULL || strcmp(path, "-") == 0
		 ? dup(STDOUT_FILENO)
		 : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd == -1)
		fail(EXIT_CANNOT_WRITE, "cannot write %s",
		    path == NULL ? "-" : path);
	(void)api_download(
	    cli->api, fd, "/disclosures/%s/%s", argv[2], argv[1]);
}

int
cmd_disclosure(struct cli *cli, int argc, char **argv)
{
	static const char *const verbs[] = {
	    "submit", "consent", "approve", "deny", "send"};
	static const char *const files[] = {"preview", "removed", "file"};
	auto_json json_t *body = json_object();
	const char *verb = argc > 2 ? argv[1] : "";

	if (strcmp(verb, "show") == 0) {
		print_object(cli, api_get(cli->api, "/disclosures/%s", argv[2]),
		    disclosure_object);
		return 0;
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (strcmp(verb, files[i]) != 0)
			continue;
		fetch(cli, argc, argv);
		return 0;
	}
	take(body, argc, argv, "--reason", "reason");
	take(body, argc, argv, "--answer", "answer");
	take_number(body, argc, argv, "--days", "days");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verb, verbs[i]) != 0)
			continue;
		print_object(cli,
		    api_post(
			cli->api, body, "/disclosures/%s/%s", argv[2], verb),
		    answer_object);
		return 0;
	}
	command_usage(argv[0], EXIT_USAGE);
}

bool
share_report(struct cli *cli, int argc, char **argv)
{
	auto_json json_t *body = json_object();
	const char *verb = argc > 2 ? argv[1] : "";

	if (strcmp(verb, "export") == 0) {
		take(body, argc, argv, "--to", "recipient");
		take(body, argc, argv, "--format", "format");
		take(body, argc, argv, "--ceiling", "ceiling");
		take(body, argc, argv, "--purpose", "purpose");
		print_object(cli,
		    api_post(cli->api, body, "/reports/%s/exports", argv[2]),
		    answer_object);
	} else if (strcmp(verb, "personal-data") == 0 &&
		   command_option(argc, argv, "--reviewed", NULL) != NULL) {
		take_number(body, argc, argv, "--reviewed", "version");
		print_object(cli,
		    api_post(
			cli->api, body, "/reports/%s/personal-data", argv[2]),
		    answer_object);
	} else if (strcmp(verb, "personal-data") == 0) {
		print_rows(cli,
		    api_list(cli->api, 0, "/reports/%s/personal-data", argv[2]),
		    pii_columns, "None that has a form.");
	} else {
		return false;
	}
	return true;
}
