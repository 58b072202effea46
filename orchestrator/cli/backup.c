/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backup.c - loep backup, restore: everything that cannot be made again.
 *
 * A backup is a folder: db/loep.db (a copy that the store made), vault/ (the
 * blobs, encrypted as they are, and the keys), pgp/ (what opens sealed
 * messages), tls/, loep.conf, and loep-backup.json, which is written last: without it there is no backup.
 * Index and guest images are not in it; they are made again.
 */
#include "cli/command.h"
#include "cli/copytree.h"
#include "lib/digest.h"
#include "lib/loop.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pwd.h>
#include <sys/stat.h>

#define MANIFEST "loep-backup.json"
/* While it is there, a restore was not finished. */
#define RESTORING  "restoring"
#define POLL_US	   100000
#define HASH_BYTES ((size_t)1 << 20)

static void
show(const struct copytree *t)
{
	char size[32];

	if (t->files % 64 == 0)
		progress_line("files: %llu, %s, of these new: %llu",
		    (unsigned long long)t->files,
		    text_size(size, sizeof(size), t->bytes),
		    (unsigned long long)t->copied);
}

static bool
exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static void
hash_file(const char *path, char hex[SHA256_HEX_BYTES])
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	auto_free char *buf = xmalloc(HASH_BYTES);
	struct sha256 *sha = sha256_new();
	uint8_t digest[SHA256_BYTES];
	ssize_t got = -1;

	while (fd != -1 && (got = read(fd, buf, HASH_BYTES)) > 0)
		sha256_update(sha, buf, (size_t)got);
	if (got == -1)
		fail(
		    EXIT_NO_INPUT, "cannot read %s: %s", path, strerror(errno));
	sha256_final(sha, digest);
	sha256_free(sha);
	hex_encode(hex, digest, sizeof(digest));
}

/* --- backup -------------------------------------------------------------- */

/* Ours, empty or new: a folder with anything else in it is a mistake. */
static void
check_target(const char *dir)
{
	auto_free char *manifest = xasprintf("%s/" MANIFEST, dir);
	auto_free char *db = xasprintf("%s/db", dir);

	if (mkdir(dir, 0700) == 0)
		return;
	if (errno != EEXIST)
		fail(EXIT_CANNOT_WRITE, "cannot make %s: %s", dir,
		    strerror(errno));
	if (exists(manifest) || exists(db) || rmdir(dir) == 0) {
		if (mkdir(dir, 0700) == -1 && errno != EEXIST)
			fail(EXIT_CANNOT_WRITE, "cannot make %s: %s", dir,
			    strerror(errno));
		return;
	}
	fail(EXIT_CANNOT_WRITE,
	    "%s is neither empty nor an earlier backup; choose another folder",
	    dir);
}

static void
copy_database(struct cli *cli)
{
	json_int_t done, total;

	json_decref(api_post(cli->api, NULL, "/backup"));
	for (;;) {
		auto_json json_t *now = api_get(cli->api, "/backup");
		const char *state = json_member_text(now, "state", "");

		if (strcmp(state, "ready") == 0)
			return;
		if (strcmp(state, "copying") != 0) {
			json_decref(api_post(cli->api, NULL, "/backup/end"));
			fail(EXIT_FAILED, "%s",
			    strcmp(state, "failed") == 0
				? json_member_text(now, "reason", "")
				: "the service was restarted meanwhile; try "
				  "again");
		}
		done = json_integer_value(json_object_get(now, "done"));
		total = json_integer_value(json_object_get(now, "total"));
		if (!cli->is_quiet && total > 0)
			progress_line("database: %lld %%",
			    (long long)(done * 100 / total));
		(void)usleep(POLL_US);
	}
}

static void
copy_optional(struct copytree *t, const char *from_dir, const char *to_dir,
    const char *name)
{
	auto_free char *from = xasprintf("%s/%s", from_dir, name);
	auto_free char *to = xasprintf("%s/%s", to_dir, name);
	auto_free char *real = realpath(from, NULL);
	struct stat st;

	/* A configuration in /etc is reached through a link. */
	if (real == NULL || stat(real, &st) == -1)
		return;
	if (S_ISDIR(st.st_mode))
		copytree_run(t, real, to, false);
	else
		copytree_file(t, real, to);
}

/* "" = there is none: keys of which installation they are. */
static void
hash_keys(const char *vault, char hex[SHA256_HEX_BYTES])
{
	auto_free char *path = xasprintf("%s/keys/site.key", vault);

	hex[0] = '\0';
	if (exists(path))
		hash_file(path, hex);
}

static void
write_manifest(
    const char *dir, const char *state, const struct copytree *t, bool has_keys)
{
	auto_free char *vault = xasprintf("%s/vault", state);
	auto_free char *path = xasprintf("%s/" MANIFEST, dir);
	auto_free char *draft = xasprintf("%s/" MANIFEST ".new", dir);
	auto_free char *db = xasprintf("%s/db/loep.db", dir);
	auto_json json_t *json = NULL;
	char hex[SHA256_HEX_BYTES], keys_hex[SHA256_HEX_BYTES], at[32];
	time_t now = (time_t)(loop_wall_us() / 1000000);
	struct tm tm;

	hash_file(db, hex);
	hash_keys(vault, keys_hex);
	(void)gmtime_r(&now, &tm);
	(void)strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%SZ", &tm);
	json = json_pack("{s:s,s:s,s:s,s:s,s:I,s:I,s:b}", "loep", LOEP_VERSION,
	    "made_at", at, "database_sha256", hex, "keys_sha256", keys_hex,
	    "files", (json_int_t)t->files, "bytes", (json_int_t)t->bytes,
	    "has_keys", has_keys);
	if (json_dump_file(json, draft, JSON_INDENT(2) | JSON_SORT_KEYS) ==
		-1 ||
	    rename(draft, path) == -1)
		fail(EXIT_CANNOT_WRITE, "cannot write %s: %s", path,
		    strerror(errno));
	sync();
}

static void
copy_vault(
    struct copytree *t, const char *state, const char *dir, bool has_keys)
{
	auto_free char *vault = xasprintf("%s/vault", dir);
	auto_free char *blobs = xasprintf("%s/vault/blobs", state);
	auto_free char *to_blobs = xasprintf("%s/vault/blobs", dir);
	auto_free char *keys = xasprintf("%s/vault/keys", state);
	auto_free char *to_keys = xasprintf("%s/vault/keys", dir);

	copytree_folder(t, vault);
	t->is_mirror = true;
	copytree_run(t, blobs, to_blobs, true);
	if (has_keys)
		copytree_run(t, keys, to_keys, false);
	t->is_mirror = false;
}

int
cmd_backup(struct cli *cli, int argc, char **argv)
{
	static const struct option options[] = {
	    {"without-keys", no_argument, NULL, 'k'},
	    {NULL, 0, NULL, 0},
	};
	struct copytree t = {
	    .uid = (uid_t)-1, .progress = cli->is_quiet ? NULL : show};
	auto_free char *from = xasprintf("%s/db/backup.db", cli->state_dir);
	auto_free char *db_dir = NULL;
	auto_free char *db = NULL;
	auto_free char *manifest = NULL;
	auto_json json_t *outcome = json_pack("{s:s}", "outcome", "done");
	bool has_keys = true;
	char size[32];
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 'k')
			command_usage("backup", EXIT_USAGE);
		has_keys = false;
	}
	if (optind != argc - 1)
		command_usage("backup", EXIT_USAGE);
	if (access(cli->state_dir, R_OK) == -1)
		fail(EXIT_NO_INPUT,
		    "a backup is made on the service's own machine, by root or "
		    "the service's owner: cannot read %s",
		    cli->state_dir);
	check_target(argv[optind]);
	db_dir = xasprintf("%s/db", argv[optind]);
	db = xasprintf("%s/loep.db", db_dir);
	manifest = xasprintf("%s/" MANIFEST, argv[optind]);
	/* From here until its end it is not a whole backup. */
	(void)unlink(manifest);
	copytree_folder(&t, argv[optind]);
	copytree_folder(&t, db_dir);
	copy_database(cli);
	copytree_file(&t, from, db);
	copy_vault(&t, cli->state_dir, argv[optind], has_keys);
	if (has_keys)
		copy_optional(&t, cli->state_dir, argv[optind], "pgp");
	copy_optional(&t, cli->state_dir, argv[optind], "tls");
	copy_optional(&t, cli->state_dir, argv[optind], "loep.conf");
	json_decref(api_post(cli->api, outcome, "/backup/end"));
	write_manifest(argv[optind], cli->state_dir, &t, has_keys);
	progress_clear();
	printf("%s: %llu files, %s; %llu were new or changed.%s\n"
	       "Restore it with: loep --state NEW restore %s\n",
	    argv[optind], (unsigned long long)t.files,
	    text_size(size, sizeof(size), t.bytes),
	    (unsigned long long)t.copied,
	    has_keys ? "\nIt holds the keys: keep it as safe as the service."
		     : "\nThe keys are not in it: without them it is useless.",
	    argv[optind]);
	return 0;
}

/* --- restore ------------------------------------------------------------- */

/* Whose the files of a program are, where root restores. */
static void
set_owner(struct copytree *t, const char *user)
{
	const struct passwd *pw;

	t->uid = (uid_t)-1;
	if (geteuid() != 0)
		return;
	pw = getpwnam(user);
	if (pw == NULL)
		pw = getpwnam("loep");
	if (pw == NULL)
		fail(EXIT_FAILED,
		    "there is no system user %s: install Loep's package "
		    "first, or restore as an ordinary user",
		    user);
	t->uid = pw->pw_uid;
	t->gid = pw->pw_gid;
}

static json_t *
read_manifest(const char *dir)
{
	auto_free char *path = xasprintf("%s/" MANIFEST, dir);
	auto_free char *db = xasprintf("%s/db/loep.db", dir);
	auto_free char *vault = xasprintf("%s/vault", dir);
	const char *keys_hex;
	char hex[SHA256_HEX_BYTES];
	json_error_t error;
	json_t *json = json_load_file(path, 0, &error);

	if (json == NULL)
		fail(EXIT_DATA,
		    "%s is not a whole backup (%s: %s); was it interrupted?",
		    dir, path, error.text);
	hash_file(db, hex);
	if (strcmp(hex, json_member_text(json, "database_sha256", "")) != 0)
		fail(EXIT_DATA, "%s is not what the backup says it is: damaged",
		    db);
	hash_keys(vault, hex);
	if (hex[0] == '\0')
		fail(EXIT_DATA,
		    "the backup has no keys: put them into %s/keys first",
		    vault);
	/* Evidence, second factors: other keys would open none of it. */
	keys_hex = json_member_text(json, "keys_sha256", "");
	if (keys_hex[0] != '\0' && strcmp(hex, keys_hex) != 0)
		fail(EXIT_DATA,
		    "%s/keys is not what this backup was made with: with keys "
		    "of another Loep it cannot be read",
		    vault);
	return json;
}

static void
check_state(const char *state)
{
	auto_free char *db = xasprintf("%s/db/loep.db", state);
	auto_free char *keys = xasprintf("%s/vault/keys", state);
	auto_free char *mark = xasprintf("%s/" RESTORING, state);
	int fd;

	if (!exists(mark) && (exists(db) || exists(keys)))
		fail(EXIT_FAILED,
		    "there is a Loep in %s already; it is not overwritten. "
		    "Name another folder with --state",
		    state);
	if (mkdir(state, 0755) == -1 && errno != EEXIST)
		fail(EXIT_CANNOT_WRITE, "cannot make %s: %s", state,
		    strerror(errno));
	fd = open(mark, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1)
		fail(EXIT_CANNOT_WRITE, "cannot write %s: %s", mark,
		    strerror(errno));
	(void)close(fd);
}

int
cmd_restore(struct cli *cli, int argc, char **argv)
{
	struct copytree t = {.progress = cli->is_quiet ? NULL : show};
	auto_free char *vault = NULL;
	auto_free char *to_vault = xasprintf("%s/vault", cli->state_dir);
	auto_free char *tmp = xasprintf("%s/vault/tmp", cli->state_dir);
	auto_free char *to_dir = xasprintf("%s/db", cli->state_dir);
	auto_free char *to_db = xasprintf("%s/db/loep.db", cli->state_dir);
	auto_free char *db = NULL;
	auto_free char *mark = xasprintf("%s/" RESTORING, cli->state_dir);
	auto_json json_t *manifest = NULL;
	char size[32];

	if (argc != 2 || argv[1][0] == '-')
		command_usage("restore", EXIT_USAGE);
	manifest = read_manifest(argv[1]);
	check_state(cli->state_dir);
	vault = xasprintf("%s/vault", argv[1]);
	db = xasprintf("%s/db/loep.db", argv[1]);
	set_owner(&t, "loep-vault");
	copytree_run(&t, vault, to_vault, false);
	copytree_folder(&t, tmp);
	t.uid = (uid_t)-1;
	copy_optional(&t, argv[1], cli->state_dir, "pgp");
	copy_optional(&t, argv[1], cli->state_dir, "tls");
	copy_optional(&t, argv[1], cli->state_dir, "loep.conf");
	/* The database comes last: without it nothing starts. */
	set_owner(&t, "loep-store");
	copytree_folder(&t, to_dir);
	copytree_file(&t, db, to_db);
	sync();
	(void)unlink(mark);
	progress_clear();
	printf("Restored to %s: %llu files, %s, as of %s.\n"
	       "Start it, then check it with: loep verify\n",
	    cli->state_dir, (unsigned long long)t.files,
	    text_size(size, sizeof(size), t.bytes),
	    json_member_text(manifest, "made_at", ""));
	return 0;
}
