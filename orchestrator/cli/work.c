/* SPDX-License-Identifier: Apache-2.0 */
/* work.c - loep queue, and what people do with a case. */
#include "cli/command.h"
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"

static const struct table_column queue_columns[] = {
    {"number", "number", 's'},
    {"title", "title", 's'},
    {"organisation", "org_name", 's'},
    {"class", "class", 's'},
    {"severity", "severity", 's'},
    {"stage", "stage", 's'},
    {"who", "owner_name", 's'},
    {"due (UTC)", "due_at", 't'},
    {"for", "due_name", 's'},
    {"late", "is_overdue", 'f'},
    {"score", "max_score", 'c'},
    {"unread", "unread", 'c'},
    {"tasks", "tasks_open", 'c'},
    {NULL, NULL, 0},
};

static const struct table_column times_columns[] = {
    {"month", "month", 's'},
    {"class", "class", 's'},
    {"what", "what", 's'},
    {"cases", "count", 'd'},
    {"late", "late", 'd'},
    {"half within", "half_s", 'u'},
    {"9 of 10", "most_s", 'u'},
    {"longest", "max_s", 'u'},
    {"mean", "mean_s", 'u'},
    {NULL, NULL, 0},
};

static const struct table_column class_columns[] = {
    {"class", "class", 's'},
    {"open", "open", 'd'},
    {"waiting", "waiting", 'd'},
    {"late triage", "late_triage", 'd'},
    {"late report", "late_report", 'd'},
    {NULL, NULL, 0},
};

static const struct table_column day_columns[] = {
    {"day (UTC)", "day", 's'},
    {"opened", "opened", 'd'},
    {"reported", "reported", 'd'},
    {"closed", "closed", 'd'},
    {"artefacts", "artefacts", 'd'},
    {"runs", "runs", 'd'},
    {"waiting", "queue", 'd'},
    {NULL, NULL, 0},
};

static const struct table_column staff_columns[] = {
    {"id", "id", 's'},
    {"name", "name", 's'},
    {NULL, NULL, 0},
};

static const struct table_column message_columns[] = {
    {"at (UTC)", "at", 't'},
    {"from", "from", 's'},
    {"", "direction", 's'},
    {"read (UTC)", "read_at", 't'},
    {"text", "text", 's'},
    {NULL, NULL, 0},
};

static const struct table_column note_columns[] = {
    {"at (UTC)", "at", 't'},
    {"by", "by_name", 's'},
    {"text", "text", 's'},
    {NULL, NULL, 0},
};

static const struct table_column task_columns[] = {
    {"id", "id", 'd'},
    {"kind", "kind", 's'},
    {"state", "state", 's'},
    {"who", "assignee_name", 's'},
    {"due (UTC)", "due_at", 't'},
    {"text", "text", 's'},
    {NULL, NULL, 0},
};

static const struct table_column handover_columns[] = {
    {"at (UTC)", "at", 't'},
    {"from", "from_name", 's'},
    {"to", "to_name", 's'},
    {"by", "by_name", 's'},
    {"note", "note", 's'},
    {NULL, NULL, 0},
};

static const struct table_column clock_columns[] = {
    {"clock", "name", 's'},
    {"state", "state", 's'},
    {"due (UTC)", "due_at", 't'},
    {"met (UTC)", "met_at", 't'},
    {NULL, NULL, 0},
};

static const struct table_column event_columns[] = {
    {"at (UTC)", "at", 't'},
    {"who", "actor_role", 's'},
    {"name", "actor_name", 's'},
    {"what", "action", 's'},
    {"", "text", 's'},
    {NULL, NULL, 0},
};

/* What a change of a case answers. */
static const struct table_column brief_object[] = {
    {"case", "number", 's'},
    {"stage", "stage", 's'},
    {"who", "owner_name", 's'},
    {NULL, NULL, 0},
};

static const struct table_column created_object[] = {
    {"case", "number", 's'},
    {"id", "id", 's'},
    {NULL, NULL, 0},
};

/* What `loep case set` takes: the option, the member, how it is given. */
static const struct {
	const char *option;
	const char *member;
	bool is_yes_no;
} said[] = {
    {"--title", "title", false},
    {"--severity", "severity", false},
    {"--rsit-class", "rsit_class", false},
    {"--rsit-type", "rsit_type", false},
    {"--root-cause", "root_cause_category", false},
    {"--notification", "notification_kind", false},
    {"--aware", "aware_at", false},
    {"--malicious", "suspected_malicious", true},
    {"--cross-border", "cross_border", true},
    {"--scope", "scope_basis", false},
    {"--scope-value", "scope_value", false},
    {"--context", "incident_context", false},
    {"--nis2-stage", "nis2_stage", false},
};

/* A member of a request; the program ends where the text is not UTF-8. */
static void
put(json_t *body, const char *name, const char *text)
{
	if (text != NULL &&
	    json_object_set_new(body, name, json_string(text)) == -1)
		fail(EXIT_USAGE, "the text of \"%s\" is not UTF-8", name);
}

/* The text behind the case, or standard input for "-". */
static char *
text_of(const char *command, int argc, char **argv)
{
	char buf[LIMIT_TEXT_BYTES + 1];
	size_t len;

	if (argc < 4)
		command_usage(command, EXIT_USAGE);
	if (strcmp(argv[3], "-") != 0)
		return xstrdup(argv[3]);
	len = fread(buf, 1, sizeof(buf), stdin);
	if (len == sizeof(buf) || memchr(buf, '\0', len) != NULL)
		fail(EXIT_DATA, "that is no text of at most %zu bytes",
		    LIMIT_TEXT_BYTES);
	return xstrndup(buf, len);
}

int
cmd_queue(struct cli *cli, int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "statistics") == 0)
		print_rows(cli,
		    api_list(cli->api, 0, "/statistics?days=%s",
			command_option(argc, argv, "--days", "30")),
		    day_columns, "No days.");
	else if (argc > 1 && strcmp(argv[1], "times") == 0)
		print_rows(cli,
		    api_list(cli->api, 0, "/statistics/times?months=%s",
			command_option(argc, argv, "--months", "12")),
		    times_columns, "Nothing is done yet.");
	else if (argc > 1 && strcmp(argv[1], "classes") == 0)
		print_rows(cli, api_list(cli->api, 0, "/statistics/classes"),
		    class_columns, "No case is open.");
	else if (argc > 1 && strcmp(argv[1], "staff") == 0)
		print_rows(cli, api_list(cli->api, 0, "/staff"), staff_columns,
		    "Nobody may work on cases: give somebody \"claim\".");
	else if (argc > 1 && strcmp(argv[1], "list") != 0)
		command_usage("queue", EXIT_USAGE);
	else
		print_rows(cli,
		    api_list(cli->api, 0, "/queue?owner=%s&stage=%s",
			command_option(argc, argv, "--owner", "any"),
			command_option(argc, argv, "--stage", "")),
		    queue_columns, "Nothing waits.");
	return 0;
}

static void
post_brief(
    struct cli *cli, const json_t *body, const char *number, const char *what)
{
	print_object(cli,
	    api_post(cli->api, body, "/cases/%s/%s", number, what),
	    brief_object);
}

static void
hand_over(struct cli *cli, int argc, char **argv)
{
	auto_json json_t *body = json_object();
	const char *to = command_option(argc, argv, "--to", NULL);
	const char *note = command_option(argc, argv, "--note", NULL);

	if (to == NULL || note == NULL)
		command_usage("case", EXIT_USAGE);
	put(body, "to", to);
	put(body, "note", note);
	post_brief(cli, body, argv[2], "handover");
}

/* For good: said twice. */
static void
merge(struct cli *cli, int argc, char **argv)
{
	auto_json json_t *body = json_object();
	const char *reason = command_option(argc, argv, "--reason", NULL);
	bool is_meant = false;

	if (argc < 4 || argv[3][0] == '-' || reason == NULL)
		command_usage("case", EXIT_USAGE);
	for (int i = 4; i < argc; i++)
		is_meant = is_meant || strcmp(argv[i], "--yes") == 0;
	if (!is_meant)
		fail(EXIT_USAGE,
		    "all of case %s would become part of case %s, and cannot "
		    "be taken back; if you mean it, say --yes",
		    argv[2], argv[3]);
	put(body, "into", argv[3]);
	put(body, "reason", reason);
	post_brief(cli, body, argv[2], "merge");
}

static void
split(struct cli *cli, int argc, char **argv)
{
	auto_json json_t *body = json_object();
	json_t *artefacts = json_array();
	const char *reason = command_option(argc, argv, "--reason", NULL);

	(void)json_object_set_new(body, "artefacts", artefacts);
	for (int i = 3; i < argc && strncmp(argv[i], "--", 2) != 0; i++)
		(void)json_array_append_new(artefacts, json_string(argv[i]));
	if (json_array_size(artefacts) == 0 || reason == NULL)
		command_usage("case", EXIT_USAGE);
	put(body, "title", command_option(argc, argv, "--title", NULL));
	put(body, "reason", reason);
	print_object(cli, api_post(cli->api, body, "/cases/%s/split", argv[2]),
	    created_object);
}

static void
set_stage(struct cli *cli, int argc, char **argv)
{
	auto_json json_t *body = json_object();

	if (argc < 4)
		command_usage("case", EXIT_USAGE);
	put(body, "stage", argv[3]);
	put(body, "reason", command_option(argc, argv, "--reason", NULL));
	post_brief(cli, body, argv[2], "stage");
}

/* From what is there now: an edit in between is refused, not undone. */
static void
set_case(struct cli *cli, int argc, char **argv)
{
	auto_json json_t *now = api_get(cli->api, "/cases/%s", argv[2]);
	auto_json json_t *body = json_object();

	(void)json_object_set_new(
	    body, "version", json_integer(json_member_int(now, "version", 0)));
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		const char *text =
		    command_option(argc, argv, said[i].option, NULL);

		if (text == NULL)
			continue;
		if (!said[i].is_yes_no)
			put(body, said[i].member, text);
		else if (strcmp(text, "yes") == 0 || strcmp(text, "no") == 0)
			(void)json_object_set_new(
			    body, said[i].member, json_boolean(text[0] == 'y'));
		else
			fail(EXIT_USAGE, "%s is yes or no", said[i].option);
	}
	if (json_object_size(body) == 1)
		command_usage("case", EXIT_USAGE);
	print_object(
	    cli, api_post(cli->api, body, "/cases/%s", argv[2]), brief_object);
}

/* A message, note or task: what was written is shown as the list shows it. */
static void
add_text(struct cli *cli, int argc, char **argv, const char *what)
{
	auto_free char *text = text_of("case", argc, argv);
	auto_json json_t *body = json_object();
	auto_json json_t *made = NULL;

	put(body, "text", text);
	if (strcmp(what, "tasks") == 0) {
		put(body, "assignee",
		    command_option(argc, argv, "--assignee", NULL));
		put(body, "due_at", command_option(argc, argv, "--due", NULL));
	}
	made = api_post(cli->api, body, "/cases/%s/%s", argv[2], what);
	if (cli->is_json)
		print_json(made);
	else if (strcmp(what, "tasks") == 0)
		printf(
		    "Task %lld\n", (long long)json_member_int(made, "id", 0));
}

static void
end_task(struct cli *cli, const char *id, const char *state)
{
	auto_json json_t *body = json_pack("{s:s}", "state", state);
	auto_json json_t *made = api_post(cli->api, body, "/tasks/%s", id);

	if (cli->is_json)
		print_json(made);
}

/* What there is of a case, as a list. */
static bool
list_of_case(struct cli *cli, const char *verb, const char *number)
{
	static const struct {
		const char *verb;
		const struct table_column *columns;
		const char *none;
	} lists[] = {
	    {"messages", message_columns, "No messages."},
	    {"notes", note_columns, "No notes."},
	    {"tasks", task_columns, "No tasks."},
	    {"handovers", handover_columns, "It was never handed over."},
	    {"clocks", clock_columns, "No clocks."},
	    {"history", event_columns, "Nothing happened."},
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (strcmp(verb, lists[i].verb) != 0)
			continue;
		print_rows(cli,
		    api_list(cli->api, 0, "/cases/%s/%s", number, verb),
		    lists[i].columns, lists[i].none);
		return true;
	}
	return false;
}

bool
work_on_case(struct cli *cli, int argc, char **argv)
{
	const char *verb = argv[1];
	const char *object = command_object(argc, argv);

	if (list_of_case(cli, verb, object))
		return true;
	if (strcmp(verb, "claim") == 0 || strcmp(verb, "unclaim") == 0)
		post_brief(cli, NULL, object, verb);
	else if (strcmp(verb, "handover") == 0)
		hand_over(cli, argc, argv);
	else if (strcmp(verb, "stage") == 0)
		set_stage(cli, argc, argv);
	else if (strcmp(verb, "merge") == 0)
		merge(cli, argc, argv);
	else if (strcmp(verb, "split") == 0)
		split(cli, argc, argv);
	else if (strcmp(verb, "set") == 0)
		set_case(cli, argc, argv);
	else if (strcmp(verb, "message") == 0)
		add_text(cli, argc, argv, "messages");
	else if (strcmp(verb, "note") == 0)
		add_text(cli, argc, argv, "notes");
	else if (strcmp(verb, "task") == 0)
		add_text(cli, argc, argv, "tasks");
	else if (strcmp(verb, "read") == 0)
		json_decref(api_post(
		    cli->api, NULL, "/cases/%s/messages/read", object));
	else if (strcmp(verb, "done") == 0 || strcmp(verb, "undone") == 0)
		end_task(cli, object, verb[0] == 'd' ? "done" : "open");
	else
		return false;
	return true;
}

/* --- verdicts --- */

static const struct table_column verdict_columns[] = {
    {"id", "id", 's'},
    {"at (UTC)", "at", 't'},
    {"verdict", "value", 's'},
    {"confidence", "confidence", 's'},
    {"by", "by_name", 's'},
    {"confirmed by", "confirmed_by_name", 's'},
    {"reason", "reason", 's'},
    {NULL, NULL, 0},
};

static const struct table_column verdict_object[] = {
    {"verdict", "id", 's'},
    {"value", "value", 's'},
    {"confidence", "confidence", 's'},
    {"by", "by_name", 's'},
    {"confirmed by", "confirmed_by_name", 's'},
    {"one person alone", "is_single_person", 'f'},
    {NULL, NULL, 0},
};

bool
work_on_artefact(struct cli *cli, int argc, char **argv)
{
	const char *verb = argv[1];
	const char *object = command_object(argc, argv);
	auto_json json_t *body = json_object();

	if (strcmp(verb, "verdicts") == 0) {
		print_rows(cli,
		    api_list(cli->api, 0, "/artefacts/%s/verdicts", object),
		    verdict_columns, "No verdict.");
	} else if (strcmp(verb, "confirm") == 0) {
		print_object(cli,
		    api_post(cli->api, NULL, "/verdicts/%s/confirm", object),
		    verdict_object);
	} else if (strcmp(verb, "verdict") == 0) {
		const char *reason =
		    command_option(argc, argv, "--reason", NULL);

		if (argc < 4 || reason == NULL)
			command_usage("artefact", EXIT_USAGE);
		put(body, "value", argv[3]);
		put(body, "confidence",
		    command_option(argc, argv, "--confidence", "moderate"));
		put(body, "reason", reason);
		print_object(cli,
		    api_post(cli->api, body, "/artefacts/%s/verdicts", object),
		    verdict_object);
	} else {
		return false;
	}
	return true;
}
