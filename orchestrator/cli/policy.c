/* SPDX-License-Identifier: Apache-2.0 */
/* policy.c - loep policy, exception, mode, outbox. */
#include "cli/command.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define DOCUMENT_BYTES_MAX ((size_t)65536)

static const struct table_column policy_columns[] = {
    {"version", "version", 'd'},
    {"state", "state", 's'},
    {"regime", "regime", 's'},
    {"from", "effective_from", 't'},
    {"review", "review_due", 't'},
    {"overdue", "is_overdue", 'f'},
    {"proposed by", "proposed_by_name", 's'},
    {"approved by", "approved_by_name", 's'},
    {"comment", "comment", 's'},
    {NULL, NULL, 0},
};

static const struct table_column diff_columns[] = {
    {"where", "path", 's'},
    {"before", "before_text", 's'},
    {"after", "after_text", 's'},
    {NULL, NULL, 0},
};

static const struct table_column exception_columns[] = {
    {"id", "id", 's'},
    {"organisation", "org_name", 's'},
    {"class", "class", 's'},
    {"case", "case", 's'},
    {"state", "state", 's'},
    {"until", "expires_at", 't'},
    {"proposed by", "proposed_by_name", 's'},
    {"approved by", "approved_by_name", 's'},
    {"reason", "reason", 's'},
    {NULL, NULL, 0},
};

static const struct table_column mode_columns[] = {
    {"mode", "mode", 's'},
    {"exercise", "exercise", 'f'},
    {"since", "entered_at", 't'},
    {"reason", "reason", 's'},
    {"plan", "plan_reference", 's'},
    {"proposed by", "entered_by", 's'},
    {"approved by", "approved_by", 's'},
    {"waiting", "proposal.mode", 's'},
    {"its reason", "proposal.reason", 's'},
    {"from", "proposal.proposed_by_name", 's'},
    {NULL, NULL, 0},
};

static const struct table_column log_columns[] = {
    {"at", "at", 't'},
    {"who", "actor", 's'},
    {"action", "action", 's'},
    {"kind", "object_kind", 's'},
    {"object", "object", 's'},
    {NULL, NULL, 0},
};

static const struct table_column outbox_columns[] = {
    {"id", "id", 's'},
    {"kind", "kind", 's'},
    {"number", "number", 's'},
    {"to", "address", 's'},
    {"state", "state", 's'},
    {"attempts", "attempts", 'd'},
    {"created", "created_at", 't'},
    {"reason", "reason", 's'},
    {NULL, NULL, 0},
};

static const char *
verb_of(int argc, char **argv)
{
	if (argc < 2)
		command_usage(argv[0], EXIT_USAGE);
	return argv[1];
}

static bool
has_flag(int argc, char **argv, const char *name)
{
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], name) == 0)
			return true;
	}
	return false;
}

static void
put_text(json_t *body, const char *name, const char *text)
{
	if (json_object_set_new(body, name, json_string(text)) == -1)
		fail(EXIT_USAGE, "the text of %s is not UTF-8", name);
}

/* All values of an option that may be repeated, as a list. */
static void
put_list(
    json_t *body, const char *name, int argc, char **argv, const char *option)
{
	json_t *list = json_array();

	for (int i = 2; i + 1 < argc; i++) {
		if (strcmp(argv[i], option) != 0)
			continue;
		if (json_array_append_new(list, json_string(argv[i + 1])) == -1)
			fail(EXIT_USAGE, "the text of %s is not UTF-8", option);
	}
	(void)json_object_set_new(body, name, list);
}

/* What the service said about a decision, in a few words. */
static int
show_decision(const struct cli *cli, const char *what, json_t *made)
{
	if (cli->is_json)
		print_json(made);
	else
		printf("%s: %s%s\n", what, json_member_text(made, "state", ""),
		    json_is_true(json_object_get(made, "is_single_person"))
			? " (by one person alone, as configured)"
			: "");
	json_decref(made);
	return 0;
}

/* --- policy --- */

static json_t *
read_document(const char *path)
{
	auto_close int fd = strcmp(path, "-") == 0
				? dup(STDIN_FILENO)
				: open(path, O_RDONLY | O_CLOEXEC);
	auto_free char *text = xmalloc(DOCUMENT_BYTES_MAX + 1);
	json_t *json = NULL;
	size_t len = 0;
	ssize_t n = 0;

	if (fd == -1)
		fail(
		    EXIT_NO_INPUT, "cannot read %s: %s", path, strerror(errno));
	while (len <= DOCUMENT_BYTES_MAX &&
	       (n = read(fd, text + len, DOCUMENT_BYTES_MAX + 1 - len)) > 0)
		len += (size_t)n;
	if (n == -1)
		fail(
		    EXIT_NO_INPUT, "cannot read %s: %s", path, strerror(errno));
	if (len > DOCUMENT_BYTES_MAX ||
	    json_parse(text, len, DOCUMENT_BYTES_MAX, 16, &json) != ERR_OK)
		fail(EXIT_DATA, "%s is no JSON document that could be a policy",
		    path);
	return json;
}

static int
policy_propose(struct cli *cli, int argc, char **argv)
{
	auto_json json_t *body = json_object();
	const char *from = command_option(argc, argv, "--from", NULL);
	auto_json json_t *made = NULL;

	(void)json_object_set_new(
	    body, "document", read_document(command_object(argc, argv)));
	put_text(body, "comment", command_option(argc, argv, "--comment", ""));
	if (from != NULL)
		put_text(body, "effective_from", from);
	made = api_post(cli->api, body, "/policies");
	if (cli->is_json)
		print_json(made);
	else
		printf("Version %lld waits for somebody else's approval: loep "
		       "policy diff, then approve\n",
		    (long long)json_member_int(made, "version", 0));
	return 0;
}

/* A table shows texts: what differs may be anything. */
static int
policy_diff(struct cli *cli, int argc, char **argv)
{
	json_t *rows = api_list(cli->api, 0, "/policies/%s/diff?base=%s",
	    command_object(argc, argv),
	    command_option(argc, argv, "--base", "0"));
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		const json_t *before = json_object_get(row, "before");
		const json_t *after = json_object_get(row, "after");
		auto_free char *old = json_canonical(before);
		auto_free char *new = json_canonical(after);

		if (cli->is_json)
			break;
		put_text(row, "before_text", json_is_null(before) ? "" : old);
		put_text(row, "after_text", json_is_null(after) ? "" : new);
	}
	print_rows(cli, rows, diff_columns, "No difference.");
	return 0;
}

static int
policy_show(struct cli *cli, const char *version)
{
	auto_json json_t *policy = api_get(cli->api, "/policies/%s", version);

	if (cli->is_json)
		print_json(policy);
	else
		print_json(json_object_get(policy, "document"));
	return 0;
}

int
cmd_policy(struct cli *cli, int argc, char **argv)
{
	const char *verb = verb_of(argc, argv);
	auto_json json_t *body = json_object();

	if (strcmp(verb, "list") == 0) {
		print_rows(cli, api_list(cli->api, 0, "/policies"),
		    policy_columns, "No policies.");
		return 0;
	}
	if (strcmp(verb, "propose") == 0)
		return policy_propose(cli, argc, argv);
	if (strcmp(verb, "show") == 0)
		return policy_show(cli, command_object(argc, argv));
	if (strcmp(verb, "diff") == 0)
		return policy_diff(cli, argc, argv);
	if (strcmp(verb, "approve") == 0)
		return show_decision(cli, "Policy",
		    api_post(cli->api, NULL, "/policies/%s/approve",
			command_object(argc, argv)));
	if (strcmp(verb, "reject") != 0)
		command_usage("policy", EXIT_USAGE);
	put_text(body, "reason", command_option(argc, argv, "--reason", ""));
	return show_decision(cli, "Policy",
	    api_post(cli->api, body, "/policies/%s/reject",
		command_object(argc, argv)));
}

int
cmd_exception(struct cli *cli, int argc, char **argv)
{
	const char *verb = verb_of(argc, argv);
	auto_json json_t *body = json_object();
	const char *number = command_option(argc, argv, "--case", NULL);

	if (strcmp(verb, "list") == 0) {
		print_rows(cli, api_list(cli->api, 0, "/exceptions"),
		    exception_columns, "No exceptions.");
		return 0;
	}
	if (strcmp(verb, "approve") == 0)
		return show_decision(cli, "Exception",
		    api_post(cli->api, NULL, "/exceptions/%s/approve",
			command_object(argc, argv)));
	if (strcmp(verb, "propose") != 0)
		command_usage("exception", EXIT_USAGE);
	put_text(body, "org", command_object(argc, argv));
	put_text(body, "reason", command_option(argc, argv, "--reason", ""));
	if (number != NULL)
		put_text(body, "case", number);
	return show_decision(
	    cli, "Exception", api_post(cli->api, body, "/exceptions"));
}

/* --- mode --- */

static int
mode_propose(struct cli *cli, const char *mode, int argc, char **argv)
{
	auto_json json_t *body = json_object();

	put_text(body, "mode", mode);
	put_text(body, "reason", command_option(argc, argv, "--reason", ""));
	put_text(
	    body, "plan_reference", command_option(argc, argv, "--plan", ""));
	(void)json_object_set_new(
	    body, "exercise", json_boolean(has_flag(argc, argv, "--exercise")));
	put_list(body, "cases", argc, argv, "--case");
	put_list(body, "classes", argc, argv, "--class");
	put_list(body, "outbound", argc, argv, "--outbound");
	return show_decision(cli, mode, api_post(cli->api, body, "/mode"));
}

int
cmd_mode(struct cli *cli, int argc, char **argv)
{
	const char *verb = argc < 2 ? "show" : argv[1];
	auto_json json_t *body = json_object();

	if (strcmp(verb, "show") == 0)
		print_object(cli, api_get(cli->api, "/mode"), mode_columns);
	else if (strcmp(verb, "propose") == 0)
		return mode_propose(
		    cli, command_object(argc, argv), argc, argv);
	else if (strcmp(verb, "leave") == 0)
		return mode_propose(cli, "normal", argc, argv);
	else if (strcmp(verb, "approve") == 0)
		return show_decision(
		    cli, "Mode", api_post(cli->api, NULL, "/mode/approve"));
	else if (strcmp(verb, "log") == 0)
		print_rows(cli,
		    api_list(cli->api, 0, "/mode/log?seq=%s",
			argc > 2 ? argv[2] : "0"),
		    log_columns, "Nothing was decided in a mode yet.");
	else if (strcmp(verb, "reject") == 0) {
		put_text(
		    body, "reason", command_option(argc, argv, "--reason", ""));
		return show_decision(
		    cli, "Mode", api_post(cli->api, body, "/mode/reject"));
	} else
		command_usage("mode", EXIT_USAGE);
	return 0;
}

/* --- outbox --- */

int
cmd_outbox(struct cli *cli, int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "retry") == 0) {
		json_decref(api_post(cli->api, NULL, "/outbox/%s/retry",
		    command_object(argc, argv)));
		return 0;
	}
	if (argc > 1 && strcmp(argv[1], "--status") != 0 &&
	    strcmp(argv[1], "list") != 0)
		command_usage("outbox", EXIT_USAGE);
	if (argc > 1 && strcmp(argv[1], "list") != 0 && argc < 3)
		command_usage("outbox", EXIT_USAGE);
	print_rows(cli,
	    api_list(cli->api, 0, "/outbox?state=%s",
		argc > 2 && strcmp(argv[1], "--status") == 0
		    ? argv[2]
		    : command_option(argc, argv, "--status", "")),
	    outbox_columns, "No mails.");
	return 0;
}
