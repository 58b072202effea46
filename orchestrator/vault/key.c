/* SPDX-License-Identifier: Apache-2.0 */
/* key.c - files of keys, and the keys in use. */
#include "vault/key.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/queue.h>
#include <sys/stat.h>

#define MAGIC_BYTES	   8
#define WRAPPED_FILE_BYTES (MAGIC_BYTES + SEAL_WRAPPED_BYTES)

static const char site_head[] = "loep-site-key-1 ";
static const char org_magic[] = "LOEPORG1";
static const char sign_magic[] = "LOEPSIG1";

#define SITE_HEAD_BYTES (sizeof(site_head) - 1)
#define SITE_FILE_BYTES (SITE_HEAD_BYTES + 2 * SEAL_KEY_BYTES + 1)

struct entry {
	TAILQ_ENTRY(entry) entry;
	struct org_key *key;
};

TAILQ_HEAD(entry_list, entry);

struct keys {
	const struct place *place;
	pthread_mutex_t mutex;
	struct entry_list loaded;
	uint8_t site[SEAL_KEY_BYTES];
	uint8_t sign_secret[SIGN_SECRET_BYTES];
	uint8_t sign_public[SIGN_PUBLIC_BYTES];
};

/* Writes a new file durably; an existing one is never touched. */
static int
write_file(
    const struct place *place, const char *name, const void *p, size_t len)
{
	char tmp[PLACE_NAME_BYTES];
	auto_close int fd = -1;
	auto_free struct place_dirs *dirs = xcalloc(1, sizeof(*dirs));
	bool is_new = false;
	uint64_t number;
	int err = ERR_SYS;

	random_bytes(&number, sizeof(number));
	place_tmp_name(tmp, number);
	fd = openat(
	    place->fd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1)
		return ERR_SYS;
	if (write(fd, p, len) == (ssize_t)len && fsync(fd) == 0 &&
	    place_link(place, tmp, name, dirs, &is_new) == ERR_OK &&
	    place_sync_all(place, dirs) == ERR_OK)
		err = is_new ? ERR_OK : ERR_CONFLICT;
	if (err != ERR_OK) {
		int saved = errno;

		(void)unlinkat(place->fd, tmp, 0);
		errno = saved;
	}
	return err;
}

/* Reads a file that must have exactly len bytes. */
static int
read_file(const struct place *place, const char *name, void *p, size_t len)
{
	auto_close int fd =
	    openat(place->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	ssize_t n;

	if (fd == -1 || fstat(fd, &st) == -1)
		return ERR_SYS;
	if (!S_ISREG(st.st_mode) || st.st_size != (off_t)len)
		return ERR_FORMAT;
	n = pread(fd, p, len, 0);
	if (n == -1)
		return ERR_SYS;
	return (size_t)n == len ? ERR_OK : ERR_FORMAT;
}

/* ret_file holds WRAPPED_FILE_BYTES. */
static void
wrap_file(const uint8_t site[SEAL_KEY_BYTES], const char *magic,
    const char *bound_to, const uint8_t key[SEAL_KEY_BYTES], uint8_t *ret_file)
{
	auto_free char *aad = xasprintf("%s %s", magic, bound_to);

	memcpy(ret_file, magic, MAGIC_BYTES);
	seal_wrap(site, aad, strlen(aad), key, ret_file + MAGIC_BYTES);
}

static int
unwrap_file(const uint8_t site[SEAL_KEY_BYTES], const char *magic,
    const char *bound_to, const uint8_t *file, uint8_t ret_key[SEAL_KEY_BYTES])
{
	auto_free char *aad = xasprintf("%s %s", magic, bound_to);

	if (memcmp(file, magic, MAGIC_BYTES) != 0)
		return ERR_FORMAT;
	return seal_unwrap(site, aad, strlen(aad), file + MAGIC_BYTES, ret_key);
}

int
keys_make(const struct place *place, struct fault *fault)
{
	uint8_t site[SEAL_KEY_BYTES];
	uint8_t secret[SIGN_SECRET_BYTES];
	uint8_t public[SIGN_PUBLIC_BYTES];
	uint8_t file[WRAPPED_FILE_BYTES];
	char text[SITE_FILE_BYTES + 1];
	int err;

	random_bytes(site, sizeof(site));
	memcpy(text, site_head, SITE_HEAD_BYTES);
	hex_encode(text + SITE_HEAD_BYTES, site, sizeof(site));
	text[SITE_FILE_BYTES - 1] = '\n';
	err = sign_key_new(secret, public);
	if (err == ERR_OK) {
		wrap_file(site, sign_magic, "signing key", secret, file);
		err = write_file(place, "keys/site.key", text, SITE_FILE_BYTES);
	}
	if (err == ERR_OK)
		err = write_file(place, "keys/sign.key", file, sizeof(file));
	seal_forget(site, sizeof(site));
	seal_forget(secret, sizeof(secret));
	seal_forget(text, sizeof(text));
	if (err == ERR_CONFLICT)
		return fault_set(fault, err,
		    "the vault has keys already: not overwriting them");
	return err == ERR_OK ? ERR_OK : fault_sys(fault, "writing keys");
}

static int
load_site(struct keys *keys, struct fault *fault)
{
	char text[SITE_FILE_BYTES + 1] = "";
	int err =
	    read_file(keys->place, "keys/site.key", text, SITE_FILE_BYTES);

	if (err == ERR_SYS)
		return fault_sys(fault, "reading keys/site.key");
	if (err == ERR_OK && text[SITE_FILE_BYTES - 1] == '\n' &&
	    memcmp(text, site_head, SITE_HEAD_BYTES) == 0) {
		text[SITE_FILE_BYTES - 1] = '\0';
		err = hex_decode(
		    text + SITE_HEAD_BYTES, keys->site, sizeof(keys->site));
	} else {
		err = ERR_FORMAT;
	}
	seal_forget(text, sizeof(text));
	if (err != ERR_OK)
		return fault_set(fault, ERR_FORMAT,
		    "keys/site.key is damaged: restore it from its backup");
	return ERR_OK;
}

static int
load_sign(struct keys *keys, struct fault *fault)
{
	uint8_t file[WRAPPED_FILE_BYTES];
	int err = read_file(keys->place, "keys/sign.key", file, sizeof(file));

	if (err == ERR_SYS)
		return fault_sys(fault, "reading keys/sign.key");
	if (err != ERR_OK ||
	    unwrap_file(keys->site, sign_magic, "signing key", file,
		keys->sign_secret) != ERR_OK ||
	    sign_public(keys->sign_secret, keys->sign_public) != ERR_OK)
		return fault_set(fault, ERR_FORMAT,
		    "keys/sign.key is damaged, or not of this site.key");
	return ERR_OK;
}

int
keys_open(
    const struct place *place, struct fault *fault, struct keys **ret_keys)
{
	struct keys *keys = xcalloc(1, sizeof(*keys));
	int err;

	keys->place = place;
	TAILQ_INIT(&keys->loaded);
	(void)pthread_mutex_init(&keys->mutex, NULL);
	err = load_site(keys, fault);
	if (err == ERR_OK)
		err = load_sign(keys, fault);
	if (err != ERR_OK) {
		keys_free(keys);
		return err;
	}
	*ret_keys = keys;
	return ERR_OK;
}

void
keys_free(struct keys *keys)
{
	struct entry *entry;

	if (keys == NULL)
		return;
	while ((entry = TAILQ_FIRST(&keys->loaded)) != NULL) {
		TAILQ_REMOVE(&keys->loaded, entry, entry);
		org_key_unref(entry->key);
		free(entry);
	}
	(void)pthread_mutex_destroy(&keys->mutex);
	seal_forget(keys, sizeof(*keys));
	free(keys);
}

struct org_key *
org_key_ref(struct org_key *key)
{
	atomic_fetch_add(&key->refs, 1);
	return key;
}

void
org_key_unref(struct org_key *key)
{
	if (key == NULL || atomic_fetch_sub(&key->refs, 1) != 1)
		return;
	seal_forget(key->key, sizeof(key->key));
	free(key);
}

static void
key_name(char dst[PLACE_NAME_BYTES], const char *org)
{
	(void)snprintf(dst, PLACE_NAME_BYTES, "keys/org-%.36s.key", org);
}

/* Loads a key from its file; the mutex is held. */
static int
load_org(struct keys *keys, const char *org, struct fault *fault,
    struct org_key **ret_key)
{
	uint8_t file[WRAPPED_FILE_BYTES];
	char name[PLACE_NAME_BYTES];
	struct org_key *key;
	int err;

	key_name(name, org);
	err = read_file(keys->place, name, file, sizeof(file));
	if (err == ERR_SYS && errno == ENOENT &&
	    faccessat(keys->place->fd, "keys/site.key", F_OK, 0) == 0)
		return fault_set(
		    fault, ERR_NOT_FOUND, "the organisation has no key");
	if (err == ERR_SYS)
		return fault_sys(fault, "reading an organisation's key");
	key = xcalloc(1, sizeof(*key));
	if (err != ERR_OK ||
	    unwrap_file(keys->site, org_magic, org, file, key->key) != ERR_OK) {
		free(key);
		return fault_set(fault, ERR_FORMAT,
		    "the key of organisation %s is damaged: restore it from "
		    "its backup",
		    org);
	}
	memcpy(key->org, org, sizeof(key->org));
	atomic_init(&key->refs, 1);
	*ret_key = key;
	return ERR_OK;
}

int
keys_get(struct keys *keys, const char *org, struct fault *fault,
    struct org_key **ret_key)
{
	struct org_key *key = NULL;
	struct entry *entry;
	int err = ERR_OK;

	if (!place_org_is_valid(org))
		return fault_set(
		    fault, ERR_FORMAT, "that is not the id of an organisation");
	(void)pthread_mutex_lock(&keys->mutex);
	TAILQ_FOREACH (entry, &keys->loaded, entry) {
		if (strcmp(entry->key->org, org) == 0)
			break;
	}
	if (entry == NULL)
		err = load_org(keys, org, fault, &key);
	if (key != NULL) {
		entry = xcalloc(1, sizeof(*entry));
		entry->key = key;
		TAILQ_INSERT_HEAD(&keys->loaded, entry, entry);
	}
	if (entry != NULL)
		*ret_key = org_key_ref(entry->key);
	(void)pthread_mutex_unlock(&keys->mutex);
	return err;
}

int
keys_create(struct keys *keys, const char *org, struct fault *fault)
{
	uint8_t key[SEAL_KEY_BYTES];
	uint8_t file[WRAPPED_FILE_BYTES];
	char name[PLACE_NAME_BYTES];
	int err;

	if (!place_org_is_valid(org))
		return fault_set(
		    fault, ERR_FORMAT, "that is not the id of an organisation");
	random_bytes(key, sizeof(key));
	wrap_file(keys->site, org_magic, org, key, file);
	seal_forget(key, sizeof(key));
	key_name(name, org);
	err = write_file(keys->place, name, file, sizeof(file));
	/* Asked again after a crash: the first key counts. */
	if (err == ERR_OK || err == ERR_CONFLICT)
		return ERR_OK;
	return fault_sys(fault, "writing an organisation's key");
}

/* Overwrites the file before its name goes; the mutex is held. */
static int
shred(const struct place *place, const char *name)
{
	auto_close int fd =
	    openat(place->fd, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	auto_free struct place_dirs *dirs = xcalloc(1, sizeof(*dirs));
	uint8_t noise[WRAPPED_FILE_BYTES];

	if (fd == -1)
		return errno == ENOENT ? ERR_OK : ERR_SYS;
	random_bytes(noise, sizeof(noise));
	if (pwrite(fd, noise, sizeof(noise), 0) != (ssize_t)sizeof(noise) ||
	    fsync(fd) == -1 || unlinkat(place->fd, name, 0) == -1)
		return ERR_SYS;
	place_dirs_add(dirs, "keys");
	return place_sync_all(place, dirs);
}

int
keys_destroy(struct keys *keys, const char *org, struct fault *fault)
{
	char name[PLACE_NAME_BYTES];
	struct entry *entry;
	int err;

	if (!place_org_is_valid(org))
		return fault_set(
		    fault, ERR_FORMAT, "that is not the id of an organisation");
	key_name(name, org);
	(void)pthread_mutex_lock(&keys->mutex);
	err = shred(keys->place, name);
	TAILQ_FOREACH (entry, &keys->loaded, entry) {
		if (strcmp(entry->key->org, org) == 0)
			break;
	}
	if (err == ERR_OK && entry != NULL) {
		TAILQ_REMOVE(&keys->loaded, entry, entry);
		/* What still reads or writes with it stops at its next step. */
		atomic_store(&entry->key->is_destroyed, true);
		org_key_unref(entry->key);
		free(entry);
	}
	(void)pthread_mutex_unlock(&keys->mutex);
	return err == ERR_OK ? ERR_OK : fault_sys(fault, "destroying a key");
}

int
keys_sign(const struct keys *keys, const void *p, size_t len,
    uint8_t ret_signature[SIGN_BYTES])
{
	return sign_make(keys->sign_secret, p, len, ret_signature);
}

const uint8_t *
keys_public(const struct keys *keys)
{
	return keys->sign_public;
}
