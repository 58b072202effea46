/* SPDX-License-Identifier: Apache-2.0 */
/* setup.c - making a vault, and checking one that is not in service. */
#include "vault/setup.h"

#include "vault/blob_read.h"

#include "lib/cage.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

struct check {
	const struct place *place;
	struct keys *keys;
	struct kit *kit;
	char org[NAME_MAX + 1];
	struct org_key *org_key; /* NULL: it has none */
	uint64_t blobs;
	uint64_t bytes;
	uint64_t damaged;
};

static int
refuse(const struct fault *fault, int status)
{
	(void)fprintf(stderr, "loep-vault: %s\n", fault->why);
	return status;
}

int
setup_init(const char *state_dir)
{
	struct place *place = NULL;
	struct keys *keys = NULL;
	char hex[2 * SIGN_PUBLIC_BYTES + 1];
	struct fault fault;

	(void)umask(077);
	if (place_make(state_dir, &fault) != ERR_OK ||
	    place_open(state_dir, &fault, &place) != ERR_OK)
		return refuse(&fault, 1);
	if (keys_make(place, &fault) != ERR_OK ||
	    keys_open(place, &fault, &keys) != ERR_OK) {
		place_free(place);
		return refuse(&fault, 1);
	}
	hex_encode(hex, keys_public(keys), SIGN_PUBLIC_BYTES);
	(void)printf("vault made in %s\nsigning key (Ed25519): %s\n"
		     "keep a copy of keys/site.key in a safe place: nothing "
		     "can be read without it\n",
	    place->path, hex);
	keys_free(keys);
	place_free(place);
	return 0;
}

static void
report(struct check *check, const char *name, const char *why)
{
	char quoted[256];

	check->damaged++;
	(void)printf("damaged %s/%s: %s\n", check->org,
	    log_quote(quoted, sizeof(quoted), name, strlen(name)), why);
}

static void
check_file(struct check *check, int folder, const char *name)
{
	auto_close int fd =
	    openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct blob_reader *reader = NULL;
	uint8_t sha256[SHA256_BYTES];
	struct fault fault = {0};

	check->blobs++;
	if (hex_decode(name, sha256, sizeof(sha256)) != ERR_OK) {
		report(check, name, "its name is no SHA-256");
		return;
	}
	if (check->org_key == NULL) {
		report(check, name, "its organisation has no key");
		return;
	}
	if (fd == -1) {
		report(check, name, "it cannot be opened");
		return;
	}
	if (blob_reader_new(take_fd(fd), check->org_key, sha256, &fault,
		&reader) != ERR_OK ||
	    blob_reader_verify(reader, check->kit, NULL, &fault) != ERR_OK)
		report(check, name, fault.why);
	else
		check->bytes += blob_reader_size(reader);
	blob_reader_free(reader);
}

static DIR *
open_folder(int at, const char *name)
{
	auto_close int fd =
	    openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);

	if (dir != NULL)
		(void)take_fd(fd);
	return dir;
}

/* The next entry but for "." and ".."; NULL at the end. */
static const char *
next_name(DIR *dir)
{
	const struct dirent *entry;

	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			return entry->d_name;
	}
	return NULL;
}

static void
check_folder(struct check *check, int at, const char *name)
{
	DIR *dir = open_folder(at, name);
	const char *file;

	if (dir == NULL) {
		report(check, name, "a folder cannot be opened");
		return;
	}
	while ((file = next_name(dir)) != NULL)
		check_file(check, dirfd(dir), file);
	(void)closedir(dir);
}

static void
check_org(struct check *check, int at)
{
	DIR *dir = open_folder(at, check->org);
	const char *first, *second;
	struct fault fault;
	DIR *sub;

	check->org_key = NULL;
	if (keys_get(check->keys, check->org, &fault, &check->org_key) !=
	    ERR_OK)
		(void)fprintf(
		    stderr, "loep-vault: %s: %s\n", check->org, fault.why);
	while (dir != NULL && (first = next_name(dir)) != NULL) {
		sub = open_folder(dirfd(dir), first);
		if (sub == NULL) {
			report(check, first, "a folder cannot be opened");
			continue;
		}
		while ((second = next_name(sub)) != NULL)
			check_folder(check, dirfd(sub), second);
		(void)closedir(sub);
	}
	if (dir == NULL)
		report(check, "", "its folder cannot be opened");
	else
		(void)closedir(dir);
	org_key_unref(check->org_key);
}

static int
check_all(struct check *check)
{
	DIR *dir = open_folder(check->place->fd, "blobs");
	const char *name;

	if (dir == NULL) {
		perror("loep-vault: opening blobs");
		return 2;
	}
	while ((name = next_name(dir)) != NULL) {
		(void)snprintf(check->org, sizeof(check->org), "%s", name);
		if (place_org_is_valid(check->org))
			check_org(check, dirfd(dir));
		else
			(void)fprintf(stderr,
			    "loep-vault: blobs holds something that is no "
			    "organisation\n");
	}
	(void)closedir(dir);
	(void)printf("%llu blobs, %llu bytes, %llu damaged\n",
	    (unsigned long long)check->blobs, (unsigned long long)check->bytes,
	    (unsigned long long)check->damaged);
	return check->damaged > 0 ? 1 : 0;
}

int
setup_check(const char *state_dir)
{
	auto_free char *path = xasprintf("%s/vault", state_dir);
	const struct cage_path paths[] = {
	    {path, CAGE_READ},
	    {NULL, CAGE_READ},
	};
	const struct cage cage = {
	    .name = "vault-check",
	    .groups = CAGE_FILES,
	    .paths = paths,
	    .memory_bytes_max = GIB,
	};
	struct cage_report cage_report;
	struct check check = {0};
	struct place *place = NULL;
	struct fault fault;
	int status;

	if (place_open(state_dir, &fault, &place) != ERR_OK)
		return refuse(&fault, 2);
	check.place = place;
	if (keys_open(place, &fault, &check.keys) != ERR_OK) {
		place_free(place);
		return refuse(&fault, 2);
	}
	check.kit = kit_new();
	if (cage_enter(&cage, &cage_report) != ERR_OK) {
		(void)fprintf(stderr, "loep-vault: cannot enter the cage: %s\n",
		    cage_report.json);
		status = 2;
	} else {
		status = check_all(&check);
	}
	kit_free(check.kit);
	keys_free(check.keys);
	place_free(place);
	return status;
}
