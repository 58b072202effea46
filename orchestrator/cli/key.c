/* SPDX-License-Identifier: Apache-2.0 */
/* key.c - loep key, pgp-key: OpenPGP keys of organisations and the service. */
#include "cli/command.h"
#include "cli/process.h"
#include "lib/fileio.h"
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sys/stat.h>

#define KEY_BYTES_MAX	 (64 * KIB)
#define SECRET_BYTES_MAX ((size_t)MIB)

static const struct table_column list_columns[] = {
    {"id", "id", 's'},
    {"of", "org_name", 's'},
    {"fingerprint", "fpr", 's'},
    {"state", "state", 's'},
    {"verified", "verified", 'f'},
    {"until", "expires_at", 't'},
    {NULL, NULL, 0},
};

static const struct table_column show_columns[] = {
    {"id", "id", 's'},
    {"owner", "owner", 's'},
    {"of", "org_name", 's'},
    {"fingerprint", "fpr", 's'},
    {"state", "state", 's'},
    {"says it is of", "user_ids_text", 's'},
    {"algorithm", "algorithm", 's'},
    {"bits", "bits", 'd'},
    {"made", "made_at", 't'},
    {"until", "expires_at", 't'},
    {"added by", "added_by_name", 's'},
    {"added", "added_at", 't'},
    {"verified by", "verified_by_name", 's'},
    {"verified", "verified_at", 't'},
    {"how", "verified_how", 's'},
    {"retired", "retired_at", 't'},
    {"why", "retired_why", 's'},
    {NULL, NULL, 0},
};

static void
put_text(json_t *body, const char *name, const char *text)
{
	if (json_object_set_new(body, name, json_string(text)) == -1)
		fail(EXIT_USAGE, "the text of %s is not UTF-8", name);
}

static char *
read_path(const char *path, size_t max, size_t *ret_len)
{
	auto_close int fd = strcmp(path, "-") == 0
				? dup(STDIN_FILENO)
				: open(path, O_RDONLY | O_CLOEXEC);

	*ret_len = 0;
	return fd == -1 ? NULL : file_read_text(fd, max + 1, ret_len);
}

/* --- those of organisations --- */

static int
key_add(struct cli *cli, int argc, char **argv)
{
	const char *path = command_object(argc, argv);
	const char *org = command_option(argc, argv, "--org", NULL);
	size_t len;
	auto_free char *text = read_path(path, KEY_BYTES_MAX, &len);
	auto_json json_t *body = json_object();
	auto_json json_t *made = NULL;

	if (text == NULL)
		fail(
		    EXIT_NO_INPUT, "cannot read %s: %s", path, strerror(errno));
	if (len == 0 || len > KEY_BYTES_MAX || strlen(text) != len)
		fail(EXIT_DATA,
		    "%s is no armored public key (gpg --armor "
		    "--export --export-options export-minimal)",
		    path);
	put_text(body, "key", text);
	if (org != NULL)
		put_text(body, "org", org);
	made = api_post(cli->api, body, "/keys");
	if (cli->is_json)
		print_json(made);
	else
		printf("%s %s: somebody else verifies its fingerprint now\n",
		    json_member_text(made, "id", ""),
		    json_member_text(made, "fpr", ""));
	return 0;
}

static int
key_show(struct cli *cli, const char *id)
{
	auto_json json_t *key = api_get(cli->api, "/keys/%s", id);
	auto_free char *names = xstrdup("");
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(key, "user_ids"), i, item)
	{
		char *more = xasprintf("%s%s%s", names, i == 0 ? "" : ", ",
		    json_string_value(item) == NULL ? ""
						    : json_string_value(item));

		free(names);
		names = more;
	}
	if (cli->is_json) {
		print_json(key);
		return 0;
	}
	put_text(key, "user_ids_text", names);
	object_print(key, show_columns);
	printf("\n%s", json_member_text(key, "armor", ""));
	return 0;
}

static int
decide(struct cli *cli, const json_t *body, const char *id, const char *what)
{
	auto_json json_t *made =
	    api_post(cli->api, body, "/keys/%s/%s", id, what);

	if (cli->is_json)
		print_json(made);
	else
		printf("%s: %s%s\n", id,
		    strcmp(what, "verify") == 0 ? "verified" : "retired",
		    json_is_true(json_object_get(made, "is_single_person"))
			? " (by one person alone, as configured)"
			: "");
	return 0;
}

int
cmd_key(struct cli *cli, int argc, char **argv)
{
	const char *verb = argc < 2 ? "list" : argv[1];
	auto_json json_t *body = json_object();

	if (strcmp(verb, "list") == 0) {
		print_rows(cli, api_list(cli->api, 0, "/keys"), list_columns,
		    "No OpenPGP keys.");
		return 0;
	}
	if (strcmp(verb, "show") == 0)
		return key_show(cli, command_object(argc, argv));
	if (strcmp(verb, "add") == 0)
		return key_add(cli, argc, argv);
	if (strcmp(verb, "verify") == 0) {
		put_text(body, "fpr",
		    command_option(argc, argv, "--fingerprint", ""));
		put_text(body, "how", command_option(argc, argv, "--how", ""));
		return decide(cli, body, command_object(argc, argv), verb);
	}
	if (strcmp(verb, "retire") == 0) {
		put_text(
		    body, "reason", command_option(argc, argv, "--reason", ""));
		return decide(cli, body, command_object(argc, argv), verb);
	}
	command_usage("key", EXIT_USAGE);
}

/* --- the service's own --- */

/* What loep-pgp prints; the caller frees. */
static char *
ask_program(const struct cli *cli, char *const *args, size_t *ret_len)
{
	auto_free char *path = xasprintf("%s/loep-pgp", cli->programs_dir);
	struct process_spec spec = {.path = path, .args = args};
	struct process process;
	char *text;
	int status;

	if (process_start(&process, &spec) != ERR_OK)
		fail(EXIT_UNREACHABLE, "cannot run %s: %s", path,
		    strerror(errno));
	text = file_read_text(fileno(process.out), SECRET_BYTES_MAX, ret_len);
	status = process_end(&process);
	if (status != 0 || text == NULL || *ret_len == 0)
		fail(EXIT_FAILED, "loep-pgp could not do that");
	return text;
}

/* Behind what is there, in a file that only we read; never half of it. */
static void
append(const char *path, const char *old, size_t old_len, const char *text)
{
	auto_free char *draft = xasprintf("%s.new", path);
	auto_close int fd = -1;

	(void)unlink(draft);
	fd = open(
	    draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1 || file_write(fd, old, old_len) != ERR_OK ||
	    file_write(fd, text, strlen(text)) != ERR_OK || fsync(fd) == -1 ||
	    rename(draft, path) == -1)
		fail(EXIT_CANNOT_WRITE, "cannot write %s: %s", path,
		    strerror(errno));
}

static int
show_own(const struct cli *cli, char *path)
{
	char *args[] = {(char[]){"loep-pgp"}, (char[]){"--show"}, path, NULL};
	size_t len, i;
	auto_free char *text = ask_program(cli, args, &len);
	auto_json json_t *said = NULL;
	const json_t *key;

	if (json_parse(text, strlen(text), SECRET_BYTES_MAX, 5, &said) !=
	    ERR_OK)
		fail(EXIT_FAILED, "loep-pgp could not read %s", path);
	if (cli->is_json) {
		print_json(said);
		return 0;
	}
	json_array_foreach(json_object_get(said, "keys"), i, key)
	{
		printf("fingerprint %s\n%s", json_member_text(key, "fpr", ""),
		    json_member_text(key, "armor", ""));
	}
	return 0;
}

static int
make_own(const struct cli *cli, char *path, char *user_id, char *days)
{
	char *args[] = {(char[]){"loep-pgp"}, (char[]){"--make-key"}, user_id,
	    (char[]){"--days"}, days, NULL};
	auto_free char *folder = xasprintf("%s/pgp", cli->state_dir);
	size_t len, old_len;
	auto_free char *old = read_path(path, SECRET_BYTES_MAX, &old_len);
	auto_free char *made = ask_program(cli, args, &len);

	if (mkdir(folder, 0700) == -1 && errno != EEXIST)
		fail(EXIT_CANNOT_WRITE, "cannot make %s: %s", folder,
		    strerror(errno));
	append(path, old == NULL ? "" : old, old_len, made);
	explicit_bzero(made, len);
	if (old != NULL)
		explicit_bzero(old, old_len);
	if (!cli->is_quiet)
		(void)fprintf(stderr,
		    "loep: the key counts from the next start of the service "
		    "on\n");
	return show_own(cli, path);
}

int
cmd_pgp_key(struct cli *cli, int argc, char **argv)
{
	static const struct option options[] = {
	    {"user-id", required_argument, NULL, 'u'},
	    {"days", required_argument, NULL, 'd'},
	    {"add", no_argument, NULL, 'a'},
	    {"show", no_argument, NULL, 's'},
	    {NULL, 0, NULL, 0},
	};
	auto_free char *path = xasprintf("%s/pgp/secret.asc", cli->state_dir);
	char *user_id = NULL, *days = (char[]){"730"};
	bool is_added = false, is_shown = false;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'u')
			user_id = optarg;
		else if (c == 'd')
			days = optarg;
		else if (c == 'a')
			is_added = true;
		else if (c == 's')
			is_shown = true;
		else
			command_usage("pgp-key", EXIT_USAGE);
	}
	if (is_shown)
		return show_own(cli, path);
	if (user_id == NULL)
		command_usage("pgp-key", EXIT_USAGE);
	if (!is_added && access(path, F_OK) == 0)
		fail(EXIT_FAILED,
		    "%s is there; --add makes a newer key beside it, which is "
		    "used from then on, and the old one opens what came "
		    "before",
		    path);
	return make_own(cli, path, user_id, days);
}
