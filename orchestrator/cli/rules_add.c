/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules_add.c - loep rules add, remove: a new version of the rule set.
 *
 * Its bundle is the parent's with one source put in the place of what was
 * there under its name.
 */
#include "cli/gather.h"
#include "cli/rules.h"
#include "lib/loop.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sys/mman.h>

struct add {
	struct cli *cli;
	const char *source;
	const char *replaced; /* --replace: must be there */
	const char *namespace;
	const char *licence;
	const char *tlp;
	const char *owner;
	const char *comment;
	json_int_t priority;
	json_int_t parent;
	enum gather_kind kind;
	bool is_wait;
	bool is_removal;
	/* what was gathered */
	struct gather gather;
	struct bundle fresh; /* the source's files alone */
	json_int_t version;
};

enum option_code {
	OPT_SOURCE = 256,
	OPT_REPLACE,
	OPT_NAMESPACE,
	OPT_LICENCE,
	OPT_TLP,
	OPT_OWNER,
	OPT_PRIORITY,
	OPT_COMMENT,
	OPT_KIND,
	OPT_ON
};

static const struct option options[] = {
    {"source", required_argument, NULL, OPT_SOURCE},
    {"replace", required_argument, NULL, OPT_REPLACE},
    {"namespace", required_argument, NULL, OPT_NAMESPACE},
    {"licence", required_argument, NULL, OPT_LICENCE},
    {"tlp", required_argument, NULL, OPT_TLP},
    {"owner", required_argument, NULL, OPT_OWNER},
    {"priority", required_argument, NULL, OPT_PRIORITY},
    {"comment", required_argument, NULL, OPT_COMMENT},
    {"kind", required_argument, NULL, OPT_KIND},
    {"on", required_argument, NULL, OPT_ON},
    {"wait", no_argument, NULL, 'w'},
    {NULL, 0, NULL, 0},
};

static json_int_t
number_of(const char *text)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0')
		fail(EXIT_USAGE, "--priority takes a number, not \"%s\"", text);
	return n;
}

static void
take_option(struct add *a, int c)
{
	switch (c) {
	case OPT_SOURCE:
		a->source = optarg;
		break;
	case OPT_REPLACE:
		a->source = a->replaced = optarg;
		break;
	case OPT_NAMESPACE:
		a->namespace = optarg;
		break;
	case OPT_LICENCE:
		a->licence = optarg;
		break;
	case OPT_TLP:
		a->tlp = optarg;
		break;
	case OPT_OWNER:
		a->owner = optarg;
		break;
	case OPT_PRIORITY:
		a->priority = number_of(optarg);
		break;
	case OPT_COMMENT:
		a->comment = optarg;
		break;
	case OPT_KIND:
		if (!gather_kind_of(optarg, &a->kind))
			fail(EXIT_USAGE, "--kind is folder, archive, git, "
					 "misp or text");
		break;
	case OPT_ON:
		a->parent = rules_version(optarg);
		break;
	case 'w':
		a->is_wait = true;
		break;
	default:
		command_usage("rules", EXIT_USAGE);
	}
}

/* A source is called like its first path, without what is behind a dot. */
static char *
name_of(const char *path)
{
	auto_free char *copy = xstrdup(path);
	size_t len = strlen(copy);
	char *name;

	while (len > 1 && copy[len - 1] == '/')
		copy[--len] = '\0';
	name = strrchr(copy, '/');
	name = name == NULL ? copy : name + 1;
	if (name[0] != '.' && strchr(name, '.') != NULL)
		*strchr(name, '.') = '\0';
	return xstrdup(
	    name[0] == '\0' || strcmp(name, "-") == 0 || name[0] == '.'
		? "rules"
		: name);
}

static int
memory_file(const char *what)
{
	int fd = memfd_create(what, MFD_CLOEXEC);

	if (fd == -1)
		fail(EXIT_FAILED, "cannot get memory: %s", strerror(errno));
	return fd;
}

/* All paths, before anything is made in the service. */
static void
gather_all(struct add *a, char *const *paths, int count)
{
	auto_json json_t *status = api_get(a->cli->api, "/status");
	const json_t *rules = json_object_get(status, "rules");

	a->gather = (struct gather){
	    .bundle = &a->fresh,
	    .source =
		{
		    .name = a->source,
		    .namespace = a->namespace,
		    .licence = a->licence,
		    .tlp = a->tlp,
		    .owner = a->owner,
		    .priority = a->priority,
		},
	    .programs_dir = a->cli->programs_dir,
	    .may_fetch = json_is_true(json_object_get(rules, "fetch")),
	    .is_quiet = a->cli->is_quiet,
	};
	for (int i = 0; i < count; i++)
		gather_path(&a->gather, paths[i], a->kind);
	if (count > 0 && a->fresh.files == 0)
		fail(EXIT_DATA, "there are no files of rules (.yar, .yara, "
				".rule, .rules) in what you named");
}

static json_t *
describe_source(const struct add *a, char *const *paths)
{
	auto_free char *location =
	    a->is_removal ? NULL : gather_shown(paths[0]);
	json_t *source;

	if (a->is_removal)
		return json_pack(
		    "[{s:s,s:b}]", "name", a->source, "removed", 1);
	source = json_pack("[{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:b}]",
	    "name", a->source, "kind", gather_kind_name(a->gather.kind),
	    "location", location, "revision", a->gather.revision, "namespace",
	    a->namespace, "licence", a->licence, "tlp", a->tlp, "owner",
	    a->owner, "priority", a->priority, "fetch_allowed",
	    a->gather.may_fetch && gather_is_remote(paths[0]));
	if (source == NULL)
		fail(EXIT_USAGE, "an option's text or a path is not UTF-8");
	return source;
}

static void
create(struct add *a, char *const *paths)
{
	auto_json json_t *sources = describe_source(a, paths);
	auto_json json_t *body = NULL;
	auto_json json_t *made = NULL;

	body = json_pack("{s:I,s:s,s:O}", "parent", a->parent, "comment",
	    a->comment, "sources", sources);
	if (body == NULL)
		fail(EXIT_USAGE, "the comment is not UTF-8");
	made = api_post(a->cli->api, body, "/rules/versions");
	a->version = json_member_int(made, "version", 0);
	a->parent = json_member_int(made, "parent", 0);
}

/* Ends with a sentence; the draft says it, too. */
__attribute__((noreturn)) static void
give_up(struct add *a, enum exit_status status, const char *why)
{
	auto_json json_t *body = json_pack("{s:s}", "reason", why);
	char text[32];

	(void)snprintf(text, sizeof(text), "%lld", (long long)a->version);
	json_decref(
	    api_post(a->cli->api, body, "/rules/versions/%s/reject", text));
	fail(status, "%s", why);
}

/* The files of the parent, but for those of our source. */
static void
copy_parent(struct add *a, struct bundle *whole)
{
	auto_close int fd = memory_file("parent");
	char text[32];
	size_t left_out = 0;
	int err;

	if (a->parent != 0) {
		(void)snprintf(
		    text, sizeof(text), "%lld", (long long)a->parent);
		(void)api_download(a->cli->api, fd,
		    "/rules/versions/%s/bundle?purpose=%s", text,
		    "for the next version");
		err = bundle_copy(whole, fd, a->source, &left_out);
		if (err == ERR_LIMIT)
			give_up(a, EXIT_DATA,
			    "the rules are more than a version may hold");
		if (err != ERR_OK)
			give_up(a, EXIT_FAILED,
			    "the parent's bundle cannot be read");
	}
	if (left_out == 0 && (a->replaced != NULL || a->is_removal))
		give_up(a, EXIT_FAILED,
		    "the parent has no source of that name; `loep rules "
		    "show` lists them");
}

static void
on_progress(void *arg, uint64_t sent, int64_t total)
{
	const struct add *a = arg;

	if (!a->cli->is_quiet)
		progress_bar("rules", sent, total, 0);
}

static void
send_bundle(struct add *a, int fresh_fd)
{
	auto_close int fd = memory_file("bundle");
	struct bundle whole;
	struct api_upload upload = {
	    .name = "bundle",
	    .fd = fd,
	    .progress = on_progress,
	    .arg = a,
	};
	auto_free char *path =
	    xasprintf("/rules/versions/%lld/bundle", (long long)a->version);
	size_t none;

	if (bundle_begin(&whole, fd) != ERR_OK)
		fail(EXIT_FAILED, "cannot write: %s", strerror(errno));
	copy_parent(a, &whole);
	if (!a->is_removal &&
	    bundle_copy(&whole, fresh_fd, "", &none) != ERR_OK)
		give_up(
		    a, EXIT_DATA, "the rules are more than a version may hold");
	if (lseek(fd, 0, SEEK_SET) == -1)
		fail(EXIT_FAILED, "cannot read: %s", strerror(errno));
	upload.path = path;
	upload.size = (int64_t)whole.bytes;
	json_decref(api_upload(a->cli->api, &upload));
	progress_clear();
}

static void
say(const struct add *a)
{
	if (a->cli->is_json || a->cli->is_quiet)
		return;
	if (a->is_removal)
		printf("Version %lld: as %lld, without source %s.\n",
		    (long long)a->version, (long long)a->parent, a->source);
	else
		printf("Version %lld: %zu files as source %s%s%s",
		    (long long)a->version, a->fresh.files, a->source,
		    a->gather.revision[0] != '\0' ? " at " : "",
		    a->gather.revision);
	if (!a->is_removal && a->parent != 0)
		printf(", on version %lld", (long long)a->parent);
	if (!a->is_removal)
		printf(".\n");
	if (a->gather.left_out > 0)
		printf("%zu files were not taken.\n", a->gather.left_out);
	if (!a->is_wait)
		printf("It is being read: loep rules show %lld\n",
		    (long long)a->version);
}

int
rules_add(struct cli *cli, int argc, char **argv)
{
	struct add a = {
	    .cli = cli,
	    .namespace = "",
	    .licence = "",
	    .tlp = "",
	    .owner = "",
	    .comment = "",
	    .parent = -1,
	    .is_removal = strcmp(argv[1], "remove") == 0,
	};
	auto_free char *guessed = NULL;
	auto_close int fresh_fd = memory_file("source");
	char **paths;
	int c, count;

	while ((c = getopt_long(argc, argv, "w", options, NULL)) != -1)
		take_option(&a, c);
	/* argv[optind] is the verb. */
	paths = argv + optind + 1;
	count = argc - optind - 1;
	if (count < 1 || (a.is_removal && count != 1))
		command_usage("rules", EXIT_USAGE);
	if (a.is_removal) {
		a.source = paths[0];
		count = 0;
	}
	if (a.source == NULL)
		a.source = guessed = name_of(paths[0]);
	if (bundle_begin(&a.fresh, fresh_fd) != ERR_OK)
		fail(EXIT_FAILED, "cannot write: %s", strerror(errno));
	gather_all(&a, paths, count);
	create(&a, paths);
	send_bundle(&a, fresh_fd);
	say(&a);
	if (a.is_wait)
		return rules_wait(cli, a.version);
	if (cli->is_json) {
		auto_json json_t *made =
		    json_pack("{s:I,s:I,s:I,s:I}", "version", a.version,
			"parent", a.parent, "files", (json_int_t)a.fresh.files,
			"left_out", (json_int_t)a.gather.left_out);

		print_json(made);
	}
	return 0;
}
