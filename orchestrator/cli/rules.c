/* SPDX-License-Identifier: Apache-2.0 */
/* rules.c - loep rules: versions of the rule set, seen and decided about. */
#include "cli/rules.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <getopt.h>
#include <unistd.h>

#define POLL_US 200000
/* How long the program that reads rules may be away while somebody waits. */
#define AWAY_SECONDS_MAX 30
/* Rules that are named one by one. */
#define SHOWN_MAX ((size_t)20)

static const struct table_column version_columns[] = {
    {"version", "version", 'd'},
    {"state", "state", 's'},
    {"from", "parent", 'd'},
    {"rules", "rules", 'd'},
    {"rejected", "counts.rejected", 'd'},
    {"quarantined", "counts.quarantined", 'd'},
    {"noisy", "counts.noisy", 'd'},
    {"disabled", "counts.disabled", 'd'},
    {"author", "author_name", 's'},
    {"approver", "approver_name", 's'},
    {"made (UTC)", "created", 't'},
    {"comment", "comment", 's'},
    {NULL, NULL, 0},
};

static const struct table_column version_object[] = {
    {"version", "version", 'd'},
    {"state", "state", 's'},
    {"reason", "reason", 's'},
    {"comment", "comment", 's'},
    {"made from", "parent", 'd'},
    {"rules", "rules", 'd'},
    {"rejected", "counts.rejected", 'd'},
    {"quarantined", "counts.quarantined", 'd'},
    {"noisy", "counts.noisy", 'd'},
    {"disabled", "counts.disabled", 'd'},
    {"failing samples", "counts.tests_failed", 'd'},
    {"digest", "digest", 's'},
    {"engine", "engine", 's'},
    {"author", "author_name", 's'},
    {"approver", "approver_name", 's'},
    {"one person alone", "is_single_person", 'f'},
    {"made (UTC)", "created", 't'},
    {"tested (UTC)", "tested", 't'},
    {"approved (UTC)", "approved", 't'},
    {"activated (UTC)", "activated", 't'},
    {"retired (UTC)", "retired", 't'},
    {"job", "job", 's'},
    {NULL, NULL, 0},
};

static const struct table_column source_columns[] = {
    {"source", "name", 's'},
    {"kind", "kind", 's'},
    {"rules", "rules", 'd'},
    {"licence", "licence", 's'},
    {"tlp", "tlp", 's'},
    {"owner", "owner", 's'},
    {"revision", "revision", 's'},
    {"location", "location", 's'},
    {NULL, NULL, 0},
};

static const struct table_column rule_columns[] = {
    {"rule", "name", 's'},
    {"state", "state", 's'},
    {"namespace", "namespace", 's'},
    {"line", "line", 'd'},
    {"reason", "reason", 's'},
    {NULL, NULL, 0},
};

static const struct table_column note_columns[] = {
    {"not read as it stands", "path", 's'},
    {"source", "source", 's'},
    {"why", "text", 's'},
    {NULL, NULL, 0},
};

static const struct table_column rule_object[] = {
    {"rule", "name", 's'},
    {"namespace", "namespace", 's'},
    {"version", "version", 'd'},
    {"state", "state", 's'},
    {"reason", "reason", 's'},
    {"source", "source", 's'},
    {"file", "path", 's'},
    {"line", "line", 'd'},
    {"score", "score", 'd'},
    {"cost in ms", "cost_ms", 'd'},
    {"slow string", "cost_string", 's'},
    {"samples passed", "samples_passed", 'd'},
    {"samples failed", "samples_failed", 'd'},
    {"private", "is_private", 'f'},
    {"global", "is_global", 'f'},
    {"externals", "has_externals", 'f'},
    {"volatile", "is_volatile", 'f'},
    {"modules", "modules", 's'},
    {"closure", "closure", 's'},
    {"condition", "condition", 's'},
    {"selectivity", "selectivity", 's'},
    {NULL, NULL, 0},
};

static const struct table_column diff_columns[] = {
    {"change", "change", 's'},
    {"rule", "name", 's'},
    {"namespace", "namespace", 's'},
    {"was", "base_state", 's'},
    {"is", "state", 's'},
    {"reason", "reason", 's'},
    {NULL, NULL, 0},
};

json_int_t
rules_version(const char *text)
{
	char *end;
	long long n;

	if (strcmp(text, "active") == 0)
		return 0;
	errno = 0;
	n = strtoll(text, &end, 10);
	if (errno != 0 || text[0] == '\0' || *end != '\0' || n < 0)
		fail(EXIT_USAGE,
		    "\"%s\" is no version: give its number, or \"active\"",
		    text);
	return n;
}

static bool
is_version(const char *text)
{
	return text[0] != '\0' && (strcmp(text, "active") == 0 ||
				      text[strspn(text, "0123456789")] == '\0');
}

/* A version as a part of a path. */
static const char *
place(char dst[32], json_int_t version)
{
	(void)snprintf(dst, 32, "%lld", (long long)version);
	return dst;
}

static json_t *
get_version(struct cli *cli, json_int_t version)
{
	char text[32];

	return api_get(cli->api, "/rules/versions/%s", place(text, version));
}

static void
warn_single(const json_t *answer)
{
	if (json_is_true(json_object_get(answer, "is_single_person")))
		(void)fprintf(stderr,
		    "loep: approved by its author alone, as the "
		    "configuration allows\n");
}

/* --- seeing --- */

static int
list(struct cli *cli, int argc, char **argv)
{
	const char *state =
	    argc > 3 && strcmp(argv[2], "--state") == 0 ? argv[3] : "";

	print_rows(cli,
	    api_list(cli->api, 0, "/rules/versions?state=%s", state),
	    version_columns,
	    "No versions. Begin with: loep rules init, or: loep rules "
	    "add FOLDER");
	return 0;
}

static void
print_aside(struct cli *cli, json_int_t version)
{
	static const char *const states[] = {
	    "rejected", "quarantined", "disabled", "noisy"};
	char text[32];

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		auto_json json_t *rules = api_list(cli->api, SHOWN_MAX,
		    "/rules/versions/%s/rules?state=%s", place(text, version),
		    states[i]);

		if (json_array_size(rules) == 0)
			continue;
		printf("\n%s%s%s\n", text_style("\033[1m"), states[i],
		    text_style("\033[0m"));
		while (json_array_size(rules) > SHOWN_MAX)
			(void)json_array_remove(
			    rules, json_array_size(rules) - 1);
		table_print(rules, rule_columns, NULL);
	}
}

static void
print_notes(struct cli *cli, json_int_t version)
{
	char text[32];
	auto_json json_t *notes = api_list(cli->api, SHOWN_MAX,
	    "/rules/versions/%s/notes", place(text, version));

	if (json_array_size(notes) == 0)
		return;
	printf("\n");
	while (json_array_size(notes) > SHOWN_MAX)
		(void)json_array_remove(notes, json_array_size(notes) - 1);
	table_print(notes, note_columns, NULL);
}

static int
show_version(struct cli *cli, json_int_t version)
{
	auto_json json_t *object = get_version(cli, version);
	char text[32];
	auto_json json_t *sources = NULL;

	/* What is active may change while we ask. */
	version = json_member_int(object, "version", version);
	sources = api_list(
	    cli->api, 0, "/rules/versions/%s/sources", place(text, version));
	if (cli->is_json) {
		(void)json_object_set(object, "sources", sources);
		print_json(object);
		return 0;
	}
	object_print(object, version_object);
	printf("\n");
	table_print(sources, source_columns, NULL);
	if (strcmp(json_member_text(object, "state", ""), "draft") != 0) {
		print_notes(cli, version);
		print_aside(cli, version);
	}
	return 0;
}

/* What stands in objects of its own, as columns. */
static void
flatten(json_t *rule)
{
	const json_t *tests = json_object_get(rule, "tests");
	const json_t *list =
	    json_object_get(json_object_get(rule, "needs"), "modules");
	auto_free char *modules = xstrdup("");
	const json_t *module;
	size_t i;

	json_array_foreach(list, i, module)
	{
		char *longer = xasprintf("%s%s%s", modules, i > 0 ? " " : "",
		    json_is_string(module) ? json_string_value(module) : "?");

		free(modules);
		modules = longer;
	}
	if (modules[0] != '\0')
		(void)json_object_set_new(
		    rule, "modules", json_string(modules));
	if (json_object_get(tests, "passed") == NULL)
		return;
	(void)json_object_set_new(rule, "samples_passed",
	    json_integer(json_member_int(tests, "passed", 0)));
	(void)json_object_set_new(rule, "samples_failed",
	    json_integer(json_member_int(tests, "failed", 0)));
}

/* What a re-scan of the rule would have to read, as the index knows it. */
static char *
selectivity(struct cli *cli, json_int_t version, const char *rule)
{
	char text[32];
	auto_json json_t *object =
	    api_get(cli->api, "/rules/versions/%s/selectivity?rule=%s",
		place(text, version), rule);
	json_int_t units = json_member_int(object, "units", 0);
	json_int_t candidates = json_member_int(object, "candidates", -1);
	json_int_t unindexed = json_member_int(object, "unindexed", 0);

	if (units == 0)
		return xstrdup("nothing is stored yet");
	if (candidates < 0)
		return xstrdup("not known: the index does not answer");
	candidates += unindexed;
	return xasprintf("%lld of %lld stored artefacts may match (%.3g %%)%s",
	    (long long)candidates, (long long)units,
	    100.0 * (double)candidates / (double)units,
	    unindexed > 0 ? ", as not all are indexed yet" : "");
}

static int
show_rule(struct cli *cli, json_int_t version, const char *rule)
{
	char text[32];
	auto_json json_t *object = api_get(cli->api,
	    "/rules/versions/%s/rule?rule=%s", place(text, version), rule);
	const char *p = json_member_text(object, "text", "");

	if (cli->is_json) {
		print_json(object);
		return 0;
	}
	if (strcmp(json_member_text(object, "state", ""), "rejected") != 0) {
		auto_free char *share = selectivity(cli, version, rule);

		(void)json_object_set_new(
		    object, "selectivity", json_string(share));
	}
	flatten(object);
	object_print(object, rule_object);
	printf("\n");
	/* Line by line: each is foreign text. */
	while (*p != '\0') {
		size_t len = strcspn(p, "\n");
		auto_free char *line = xstrndup(p, len);
		char clean[4096];

		for (char *tab = line; (tab = strchr(tab, '\t')) != NULL;)
			*tab = ' ';
		printf("    %s\n", text_clean(clean, sizeof(clean), line));
		p += len + (p[len] == '\n');
	}
	return 0;
}

static int
show(struct cli *cli, int argc, char **argv)
{
	json_int_t version = 0;
	int at = 2;

	if (argc > at && is_version(argv[at]))
		version = rules_version(argv[at++]);
	if (argc > at + 1)
		command_usage("rules", EXIT_USAGE);
	return argc > at ? show_rule(cli, version, argv[at])
			 : show_version(cli, version);
}

static int
diff(struct cli *cli, int argc, char **argv)
{
	char from[32], to[32];

	if (argc != 4)
		command_usage("rules", EXIT_USAGE);
	print_rows(cli,
	    api_list(cli->api, 0, "/rules/versions/%s/diff?base=%s",
		place(to, rules_version(argv[3])),
		place(from, rules_version(argv[2]))),
	    diff_columns, "The two versions have the same rules.");
	return 0;
}

/* --- deciding --- */

static int
approve(struct cli *cli, int argc, char **argv)
{
	auto_json json_t *answer = NULL;

	if (argc != 3)
		command_usage("rules", EXIT_USAGE);
	answer =
	    api_post(cli->api, NULL, "/rules/versions/%s/approve", argv[2]);
	if (cli->is_json)
		print_json(answer);
	else
		printf("Version %s is approved. Next: loep rules activate "
		       "%s\n",
		    argv[2], argv[2]);
	warn_single(answer);
	return 0;
}

/* The number of the active version; 0 = none. */
static json_int_t
active_now(struct cli *cli)
{
	auto_json json_t *versions =
	    api_list(cli->api, 1, "/rules/versions?state=active");

	return json_member_int(json_array_get(versions, 0), "version", 0);
}

static int
activate(struct cli *cli, json_int_t version)
{
	auto_json json_t *body = json_pack("{s:I}", "active", active_now(cli));
	auto_json json_t *answer = NULL;
	char text[32];

	answer = api_post(cli->api, body, "/rules/versions/%s/activate",
	    place(text, version));
	if (cli->is_json)
		print_json(answer);
	else
		printf("Version %lld is active (before: %lld).\n",
		    (long long)version,
		    (long long)json_member_int(answer, "previous", 0));
	warn_single(answer);
	return 0;
}

static json_int_t
last_retired(struct cli *cli)
{
	auto_json json_t *versions =
	    api_list(cli->api, 0, "/rules/versions?state=retired");
	const char *newest = "";
	json_int_t version = 0;
	json_t *v;
	size_t i;

	/* RFC 3339 in UTC: later is greater. */
	json_array_foreach(versions, i, v)
	{
		const char *at = json_member_text(v, "retired", "");

		if (strcmp(at, newest) > 0) {
			newest = at;
			version = json_member_int(v, "version", 0);
		}
	}
	if (version == 0)
		fail(EXIT_FAILED, "there is no version to go back to: none "
				  "was active before");
	return version;
}

static int
reject(struct cli *cli, int argc, char **argv)
{
	auto_json json_t *body = NULL;

	if (argc != 5 || strcmp(argv[3], "--reason") != 0)
		command_usage("rules", EXIT_USAGE);
	body = json_pack("{s:s}", "reason", argv[4]);
	if (body == NULL)
		fail(EXIT_USAGE, "the reason is not UTF-8");
	json_decref(
	    api_post(cli->api, body, "/rules/versions/%s/reject", argv[2]));
	return 0;
}

/* quarantine, noisy, disable, enable. */
static int
set_states(struct cli *cli, int argc, char **argv, const char *state)
{
	static const struct option options[] = {
	    {"reason", required_argument, NULL, 'r'},
	    {"on", required_argument, NULL, 'o'},
	    {NULL, 0, NULL, 0},
	};
	auto_json json_t *rules = json_array();
	auto_json json_t *body = NULL;
	auto_json json_t *made = NULL;
	const char *reason = "";
	json_int_t parent = -1;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'r')
			reason = optarg;
		else if (c == 'o')
			parent = rules_version(optarg);
		else
			command_usage("rules", EXIT_USAGE);
	}
	/* argv[optind] is the verb. */
	if (optind + 1 >= argc)
		command_usage("rules", EXIT_USAGE);
	if (strcmp(state, "active") != 0 && reason[0] == '\0')
		fail(EXIT_USAGE, "say why with --reason: it is kept with the "
				 "rule");
	for (int i = optind + 1; i < argc; i++)
		(void)json_array_append_new(
		    rules, json_pack("{s:s,s:s,s:s}", "rule", argv[i], "state",
			       state, "reason", reason));
	body = json_pack("{s:I,s:s,s:O}", "parent", parent, "comment", reason,
	    "rules", rules);
	if (body == NULL ||
	    json_array_size(rules) != (size_t)(argc - optind - 1))
		fail(EXIT_USAGE, "a rule's name or the reason is not UTF-8");
	made = api_post(cli->api, body, "/rules/states");
	if (cli->is_json)
		print_json(made);
	else
		printf("Version %lld, made from %lld, %lld rules differ. "
		       "Next: loep rules approve %lld (somebody else)\n",
		    (long long)json_member_int(made, "version", 0),
		    (long long)json_member_int(made, "parent", 0),
		    (long long)json_member_int(made, "changed", 0),
		    (long long)json_member_int(made, "version", 0));
	return 0;
}

static bool
is_reader_there(struct cli *cli)
{
	auto_json json_t *status = api_get(cli->api, "/status");
	const json_t *analyser;
	size_t i;

	json_array_foreach(json_object_get(status, "analysers"), i, analyser)
	{
		if (strcmp(json_member_text(analyser, "name", ""), "rules") ==
			0 &&
		    strcmp(json_member_text(analyser, "state", ""), "ready") ==
			0)
			return true;
	}
	return false;
}

void
rules_pause(struct cli *cli, json_int_t version, double *away_s)
{
	(void)usleep(POLL_US);
	*away_s += (double)POLL_US / 1000000;
	if (*away_s < AWAY_SECONDS_MAX)
		return;
	if (!is_reader_there(cli))
		fail(EXIT_FAILED,
		    "version %lld is not read: loep-rules, which does that, "
		    "does not run (see loep status); it will be once it does",
		    (long long)version);
	*away_s = 0;
}

int
rules_wait(struct cli *cli, json_int_t version)
{
	double away_s = 0;

	for (;;) {
		auto_json json_t *v = get_version(cli, version);
		const char *state = json_member_text(v, "state", "");

		if (strcmp(state, "draft") == 0) {
			if (!cli->is_quiet)
				progress_line("version %lld is being read",
				    (long long)version);
			rules_pause(cli, version, &away_s);
			continue;
		}
		progress_clear();
		if (cli->is_json)
			print_json(v);
		else
			(void)show_version(cli, version);
		return strcmp(state, "rejected") == 0 ? EXIT_FAILED : 0;
	}
}

/* The first version: the rules that come with Loep. */
static int
init(struct cli *cli, int argc, char **argv)
{
	auto_free char *installed =
	    xasprintf("%s/../../share/loep/yara-rules", cli->programs_dir);
	auto_free char *built =
	    xasprintf("%s/../yara-rules", cli->programs_dir);
	char *folder = access(installed, R_OK) == 0 ? installed : built;
	char *args[] = {argv[0], (char[]){"add"}, folder, (char[]){"--kind"},
	    (char[]){"folder"}, (char[]){"--source"}, (char[]){"loep"},
	    (char[]){"--licence"}, (char[]){"Apache-2.0"}, (char[]){"--tlp"},
	    (char[]){"CLEAR"}, (char[]){"--comment"},
	    (char[]){"the rules that come with Loep"}, (char[]){"--wait"},
	    NULL};
	auto_json json_t *versions = api_list(cli->api, 1, "/rules/versions");
	auto_json json_t *status = NULL;
	const json_t *rules;
	int result;

	if (argc != 2)
		command_usage("rules", EXIT_USAGE);
	if (json_array_size(versions) > 0)
		fail(EXIT_FAILED, "there are versions already: loep rules "
				  "list");
	result =
	    rules_add(cli, (int)(sizeof(args) / sizeof(args[0])) - 1, args);
	status = api_get(cli->api, "/status");
	rules = json_object_get(status, "rules");
	if (result != 0 ||
	    !json_is_true(json_object_get(rules, "single_person"))) {
		if (result == 0 && !cli->is_json)
			printf("\nNext: somebody else runs `loep rules approve "
			       "1`, then: loep rules activate 1\n");
		return result;
	}
	json_decref(
	    api_post(cli->api, NULL, "/rules/versions/%s/approve", "1"));
	return activate(cli, 1);
}

int
cmd_rules(struct cli *cli, int argc, char **argv)
{
	static const struct {
		const char *verb;
		const char *state;
	} states[] = {
	    {"quarantine", "quarantined"},
	    {"noisy", "noisy"},
	    {"disable", "disabled"},
	    {"enable", "active"},
	};
	const char *verb = argc < 2 ? "" : argv[1];

	if (strcmp(verb, "init") == 0)
		return init(cli, argc, argv);
	if (strcmp(verb, "add") == 0 || strcmp(verb, "remove") == 0)
		return rules_add(cli, argc, argv);
	if (strcmp(verb, "preview") == 0)
		return rules_preview(cli, argc, argv);
	if (strcmp(verb, "test") == 0)
		return rules_test(cli, argc, argv);
	if (strcmp(verb, "list") == 0)
		return list(cli, argc, argv);
	if (strcmp(verb, "show") == 0)
		return show(cli, argc, argv);
	if (strcmp(verb, "diff") == 0)
		return diff(cli, argc, argv);
	if (strcmp(verb, "approve") == 0)
		return approve(cli, argc, argv);
	if (strcmp(verb, "reject") == 0)
		return reject(cli, argc, argv);
	if (strcmp(verb, "activate") == 0)
		return activate(cli, rules_version(command_object(argc, argv)));
	if (strcmp(verb, "rollback") == 0)
		return activate(
		    cli, argc > 2 ? rules_version(argv[2]) : last_retired(cli));
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (strcmp(verb, states[i].verb) == 0)
			return set_states(cli, argc, argv, states[i].state);
	}
	command_usage("rules", EXIT_USAGE);
}
