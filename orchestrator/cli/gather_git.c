/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gather_git.c - rules out of a git repository.
 *
 * git copies the repository into a folder of ours, in a cage: no network
 * unless fetching is configured, no hooks, no configuration but ours.  Files
 * are never checked out: they are read as objects, so that a path is only a
 * name and a symbolic link only an entry of another mode.
 */
#include "cli/api.h"
#include "cli/gather.h"
#include "cli/process.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define GIT "/usr/bin/git"
/* "MODE blob DIGEST SIZE\tPATH" of `git ls-tree -l`. */
#define DIGEST_CHARS_MAX 64

struct clone {
	struct gather *g;
	char folder[64]; /* ours, removed at the end */
	char *repository;
	char *env[24];
	size_t env_count;
};

struct entry {
	char digest[DIGEST_CHARS_MAX + 1];
	char *path;
};

static void
add_env(struct clone *c, const char *name, const char *value)
{
	c->env[c->env_count++] = xasprintf("%s=%s", name, value);
	c->env[c->env_count] = NULL;
}

/* What a site's way to remote places may need. */
static void
pass_env(struct clone *c)
{
	static const char *const names[] = {"https_proxy", "HTTPS_PROXY",
	    "no_proxy", "NO_PROXY", "GIT_SSL_CAINFO", "SSH_AUTH_SOCK"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		if (value != NULL)
			add_env(c, names[i], value);
	}
	/* Never a question; a host must be known, a key in the agent. */
	add_env(c, "GIT_SSH_COMMAND",
	    "ssh -o BatchMode=yes -o StrictHostKeyChecking=yes");
	/* A place that says nothing for a minute is given up. */
	add_env(c, "GIT_HTTP_LOW_SPEED_LIMIT", "1000");
	add_env(c, "GIT_HTTP_LOW_SPEED_TIME", "60");
}

static void
make_env(struct clone *c, bool is_remote)
{
	add_env(c, "PATH", "/usr/bin:/bin");
	add_env(c, "LC_ALL", "C");
	add_env(c, "HOME", c->folder);
	add_env(c, "TMPDIR", c->folder);
	add_env(c, "GIT_CONFIG_NOSYSTEM", "1");
	add_env(c, "GIT_CONFIG_GLOBAL", "/dev/null");
	add_env(c, "GIT_TERMINAL_PROMPT", "0");
	add_env(c, "GIT_ALLOW_PROTOCOL", is_remote ? "https:ssh" : "file");
	add_env(c, "GIT_NO_REPLACE_OBJECTS", "1");
	add_env(c, "GIT_ATTR_NOSYSTEM", "1");
	add_env(c, "GIT_OPTIONAL_LOCKS", "0");
	/* A repository may name programs that would fetch what it lacks. */
	add_env(c, "GIT_NO_LAZY_FETCH", "1");
	if (is_remote)
		pass_env(c);
}

/* Runs git on the copy; the arguments end with NULL. */
static int
start_git(struct clone *c, const struct process_cage *cage, char *const *args,
    struct process *process)
{
	const struct process_spec spec = {
	    .path = GIT,
	    .args = args,
	    .env = c->env,
	    .cage = cage,
	    .has_in = true,
	};

	return process_start(process, &spec);
}

/* ssh finds it by the account, whatever HOME says. */
static char *
known_hosts_path(void)
{
	const struct passwd *account = getpwuid(geteuid());

	return account == NULL
		   ? NULL
		   : xasprintf("%s/.ssh/known_hosts", account->pw_dir);
}

static void
copy_repository(struct clone *c, const char *from, bool is_remote)
{
	auto_free char *source = xstrdup(from);
	auto_free char *shown = gather_shown(from);
	auto_free char *known_hosts = known_hosts_path();
	const struct process_cage cage = {
	    .has_network = is_remote,
	    .readable = {is_remote ? getenv("GIT_SSL_CAINFO") : from,
		is_remote ? known_hosts : NULL},
	    .writable = c->folder,
	};
	char *args[] = {(char[]){"git"}, (char[]){"-c"},
	    (char[]){"core.hooksPath=/dev/null"}, (char[]){"-c"},
	    (char[]){"core.fsmonitor=false"}, (char[]){"clone"},
	    (char[]){"--quiet"}, (char[]){"--bare"}, (char[]){"--no-local"},
	    (char[]){"--depth=1"}, (char[]){"--no-tags"},
	    (char[]){"--template="}, (char[]){"--no-recurse-submodules"},
	    (char[]){"--"}, source, c->repository, NULL};
	struct process process;
	int status;

	if (start_git(c, &cage, args, &process) != ERR_OK)
		fail(EXIT_FAILED, "cannot start git: %s", strerror(errno));
	status = process_end(&process);
	if (status != 0)
		fail(EXIT_NO_INPUT,
		    "git cannot read %s (status %d); a plain folder of rules "
		    "is taken with --kind folder",
		    shown, status);
}

static void
read_revision(struct clone *c)
{
	const struct process_cage cage = {.writable = c->folder};
	char *args[] = {(char[]){"git"}, (char[]){"-C"}, c->repository,
	    (char[]){"rev-parse"}, (char[]){"--verify"},
	    (char[]){"HEAD^{commit}"}, NULL};
	char *text = c->g->revision;
	struct process process;

	if (start_git(c, &cage, args, &process) != ERR_OK ||
	    fgets(text, sizeof(c->g->revision), process.out) == NULL)
		text[0] = '\0';
	text[strspn(text, "0123456789abcdef")] = '\0';
	if (process_end(&process) != 0 || text[0] == '\0')
		fail(EXIT_DATA, "the repository has no commit");
}

/* Takes one line of ls-tree apart; false where it is not wanted. */
static bool
read_entry(struct gather *g, char *line, struct entry *ret_entry)
{
	char *path = strchr(line, '\t');
	char mode[8], type[8], size[24];

	if (path == NULL)
		return false;
	*path++ = '\0';
	if (sscanf(line, "%7s %7s %64s %23s", mode, type, ret_entry->digest,
		size) != 4 ||
	    !gather_is_wanted(path))
		return false;
	if (strcmp(mode, "100644") != 0 && strcmp(mode, "100755") != 0) {
		gather_leave_out(g, path,
		    strcmp(mode, "120000") == 0 ? "it is a symbolic link"
						: "it is no file");
		return false;
	}
	if (strtoull(size, NULL, 10) > BUNDLE_FILE_BYTES_MAX) {
		gather_leave_out(g, path, "it is longer than 32 MiB");
		return false;
	}
	ret_entry->path = xstrdup(path);
	return true;
}

static struct entry *
list_entries(struct clone *c, size_t *ret_count)
{
	const struct process_cage cage = {.writable = c->folder};
	char *args[] = {(char[]){"git"}, (char[]){"-C"}, c->repository,
	    (char[]){"ls-tree"}, (char[]){"-r"}, (char[]){"-l"}, (char[]){"-z"},
	    (char[]){"--full-tree"}, (char[]){"HEAD"}, NULL};
	struct entry *entries = NULL;
	struct process process;
	auto_free char *line = NULL;
	size_t size = 0;

	*ret_count = 0;
	if (start_git(c, &cage, args, &process) != ERR_OK)
		fail(EXIT_FAILED, "cannot start git: %s", strerror(errno));
	while (getdelim(&line, &size, '\0', process.out) > 0) {
		struct entry entry;

		if (*ret_count >= BUNDLE_FILES_MAX)
			fail(EXIT_DATA,
			    "the repository has more than %zu "
			    "files of rules",
			    (size_t)BUNDLE_FILES_MAX);
		if (!read_entry(c->g, line, &entry))
			continue;
		entries =
		    xreallocarray(entries, *ret_count + 1, sizeof(entries[0]));
		entries[(*ret_count)++] = entry;
	}
	if (process_end(&process) != 0)
		fail(EXIT_DATA, "git cannot list the repository's files");
	return entries;
}

/* One object out of `git cat-file --batch`. */
static bool
read_object(struct clone *c, struct process *process, const struct entry *e)
{
	auto_free char *head = NULL;
	auto_free char *bytes = NULL;
	unsigned long long len;
	char type[16];
	size_t size = 0;

	if (dprintf(process->in, "%s\n", e->digest) < 0 ||
	    getline(&head, &size, process->out) <= 0 ||
	    sscanf(head, "%*64s %15s %llu", type, &len) != 2 ||
	    strcmp(type, "blob") != 0 || len > BUNDLE_FILE_BYTES_MAX)
		return false;
	bytes = xmalloc((size_t)len + 1);
	/* A line feed ends it. */
	if (fread(bytes, 1, (size_t)len + 1, process->out) != len + 1)
		return false;
	gather_add(c->g, e->path, bytes, (size_t)len);
	return true;
}

static void
read_objects(struct clone *c, const struct entry *entries, size_t count)
{
	const struct process_cage cage = {.writable = c->folder};
	char *args[] = {(char[]){"git"}, (char[]){"-C"}, c->repository,
	    (char[]){"cat-file"}, (char[]){"--batch"}, NULL};
	struct process process;
	bool is_good = true;

	if (start_git(c, &cage, args, &process) != ERR_OK)
		fail(EXIT_FAILED, "cannot start git: %s", strerror(errno));
	for (size_t i = 0; i < count && is_good; i++)
		is_good = read_object(c, &process, &entries[i]);
	if (process_end(&process) != 0 || !is_good)
		fail(EXIT_DATA, "git cannot read the repository's files");
}

/* The folder is ours and has nothing but what git wrote. */
static void
remove_folder(const char *folder)
{
	char *args[] = {(char[]){"rm"}, (char[]){"-rf"}, (char[]){"--"},
	    (char *)(uintptr_t)folder, NULL};
	const struct process_spec spec = {.path = "/bin/rm", .args = args};
	struct process process;

	if (process_start(&process, &spec) == ERR_OK)
		(void)process_end(&process);
}

static char kept_folder[64];

static void
at_end(void)
{
	if (kept_folder[0] != '\0')
		remove_folder(kept_folder);
	kept_folder[0] = '\0';
}

static void
make_folder(struct clone *c)
{
	static bool is_registered;

	(void)snprintf(
	    c->folder, sizeof(c->folder), "%s", "/tmp/loep-git-XXXXXX");
	if (mkdtemp(c->folder) == NULL)
		fail(EXIT_CANNOT_WRITE, "cannot make a folder in /tmp: %s",
		    strerror(errno));
	/* fail() ends the program from anywhere. */
	(void)snprintf(kept_folder, sizeof(kept_folder), "%s", c->folder);
	if (!is_registered)
		(void)atexit(at_end);
	is_registered = true;
	c->repository = xasprintf("%s/repository.git", c->folder);
}

void
gather_git(struct gather *g, const char *path)
{
	bool is_remote = gather_is_remote(path);
	auto_free char *absolute = is_remote ? NULL : realpath(path, NULL);
	auto_free char *shown = gather_shown(path);
	struct clone c = {.g = g};
	struct entry *entries;
	size_t count;

	if (is_remote && !g->may_fetch)
		fail(EXIT_DENIED,
		    "%s is a remote place, and this site does not fetch: copy "
		    "the repository here, or set [rules] fetch = yes in "
		    "loep.conf",
		    shown);
	if (is_remote)
		gather_check_remote(path);
	if (!is_remote && absolute == NULL)
		fail(
		    EXIT_NO_INPUT, "cannot read %s: %s", path, strerror(errno));
	make_folder(&c);
	make_env(&c, is_remote);
	copy_repository(&c, is_remote ? path : absolute, is_remote);
	read_revision(&c);
	entries = list_entries(&c, &count);
	read_objects(&c, entries, count);
	for (size_t i = 0; i < count; i++)
		free(entries[i].path);
	free(entries);
	for (size_t i = 0; i < c.env_count; i++)
		free(c.env[i]);
	free(c.repository);
	at_end();
	if (count == 0)
		fail(EXIT_DATA, "the repository %s holds no files of rules",
		    shown);
}
