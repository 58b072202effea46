/* SPDX-License-Identifier: Apache-2.0 */
/* profile.c - reading and verifying guest images. */
#include "vm/profile.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define CONF_BYTES     (64 * KIB)
#define MANIFEST_BYTES (4 * MIB)
#define MEMORY_MIB_MAX 65536
#define VCPUS_MAX      64
#define BOOT_S_MAX     1800

static int
complain(char *why, const char *what, const char *object)
{
	(void)snprintf(why, PROFILE_WHY_BYTES, "%s: %s", object, what);
	return ERR_FORMAT;
}

/* The whole file; the caller frees. */
static int
read_file(const char *path, size_t size_max, char **ret_text, size_t *ret_len)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	auto_free char *text = NULL;
	struct stat st;
	size_t len = 0;

	if (fd == -1 || fstat(fd, &st) == -1)
		return ERR_SYS;
	if (!S_ISREG(st.st_mode) || st.st_size > (off_t)size_max)
		return ERR_LIMIT;
	text = xmalloc((size_t)st.st_size + 1);
	while (len < (size_t)st.st_size) {
		ssize_t n = read(fd, text + len, (size_t)st.st_size - len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return ERR_SYS;
		len += (size_t)n;
	}
	text[len] = '\0';
	*ret_text = take_ptr(text);
	*ret_len = len;
	return ERR_OK;
}

/* --- profile.conf --- */

enum key_kind {
	KEY_TEXT,
	KEY_NUMBER,
	KEY_FILE
};

struct key {
	const char *name;
	enum key_kind kind;
	size_t offset;
	size_t size; /* of a text; the largest number */
};

#define TEXT(field)                                  \
 {                                                   \
#  field, KEY_TEXT, offsetof(struct profile, field), \
      sizeof(((struct profile *)NULL)->field)        \
 }
#define FILE_KEY(field)                                                 \
 {                                                                      \
#  field, KEY_FILE, offsetof(struct profile, field), PROFILE_PATH_BYTES \
 }
#define NUMBER(field, max)                                 \
 {                                                         \
#  field, KEY_NUMBER, offsetof(struct profile, field), max \
 }

static const struct key keys[] = {
    TEXT(name),
    TEXT(title),
    TEXT(os),
    TEXT(arch),
    TEXT(machine),
    TEXT(cpu),
    TEXT(cmdline),
    TEXT(channel),
    TEXT(accepts),
    FILE_KEY(disk),
    FILE_KEY(kernel),
    FILE_KEY(initrd),
    NUMBER(memory_mib, MEMORY_MIB_MAX),
    NUMBER(vcpus, VCPUS_MAX),
    NUMBER(boot_timeout_s, BOOT_S_MAX),
};

static int
set_number(const struct key *key, const char *value, void *at, char *why)
{
	unsigned int n = 0;
	char *end;
	unsigned long v;

	errno = 0;
	v = strtoul(value, &end, 10);
	if (errno != 0 || end == value || *end != '\0' || v == 0 ||
	    v > key->size)
		return complain(why, "is no number in its range", key->name);
	n = (unsigned int)v;
	memcpy(at, &n, sizeof(n));
	return ERR_OK;
}

static int
set_key(struct profile *p, const struct key *key, const char *value,
    const char *folder, char *why)
{
	char *at = (char *)p + key->offset;
	int n;

	/* What goes into XML and command lines is plain text. */
	for (const char *c = value; *c != '\0'; c++) {
		if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7e)
			return complain(
			    why, "holds other than printable ASCII", key->name);
	}
	switch (key->kind) {
	case KEY_NUMBER:
		return set_number(key, value, at, why);
	case KEY_TEXT:
		n = snprintf(at, key->size, "%s", value);
		break;
	case KEY_FILE:
	default:
		if (strchr(value, '/') != NULL || value[0] == '.')
			return complain(
			    why, "must be a file of its folder", key->name);
		n = snprintf(at, key->size, "%s/%s", folder, value);
		break;
	}
	if (n < 0 || (size_t)n >= key->size)
		return complain(why, "is too long", key->name);
	return ERR_OK;
}

static char *
trim(char *s)
{
	size_t len;

	while (isspace((unsigned char)*s))
		s++;
	len = strlen(s);
	while (len > 0 && isspace((unsigned char)s[len - 1]))
		s[--len] = '\0';
	return s;
}

static int
parse_line(struct profile *p, char *line, const char *folder, char *why)
{
	char *value = strchr(line, '=');
	const char *name;

	if (value == NULL)
		return complain(why, "is not \"key = value\"", line);
	*value++ = '\0';
	name = trim(line);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(keys[i].name, name) == 0)
			return set_key(p, &keys[i], trim(value), folder, why);
	}
	/* Keys for the image's builder and for later versions. */
	return ERR_OK;
}

int
profile_parse(const char *text, size_t len, const char *folder, char *why,
    struct profile *ret_profile)
{
	auto_free char *copy = xstrndup(text, len);
	struct profile p = {
	    .machine = "q35",
	    .arch = "x86_64",
	    .os = "linux",
	    .cpu = "Nehalem",
	    .channel = "org.loep.agent",
	    .memory_mib = 512,
	    .vcpus = 1,
	    .boot_timeout_s = 120,
	};
	char *rest = copy;
	char *line;

	while ((line = strsep(&rest, "\n")) != NULL) {
		int err;

		line = trim(line);
		if (*line == '\0' || *line == '#')
			continue;
		err = parse_line(&p, line, folder, why);
		if (err != ERR_OK)
			return err;
	}
	if (p.name[0] == '\0' || p.disk[0] == '\0')
		return complain(
		    why, "needs the keys name and disk", "profile.conf");
	*ret_profile = p;
	return ERR_OK;
}

/* --- manifest.json --- */

static int
take_digest(const json_t *manifest, const char *member, const char *path,
    char ret_hex[SHA256_HEX_BYTES], char *why)
{
	const char *hex =
	    json_member_text(json_object_get(manifest, member), "sha256", "");
	uint8_t digest[SHA256_BYTES];

	if (path[0] == '\0')
		return ERR_OK;
	if (hex_decode(hex, digest, sizeof(digest)) != ERR_OK)
		return complain(
		    why, "names no SHA-256 in manifest.json", member);
	hex_encode(ret_hex, digest, sizeof(digest));
	return ERR_OK;
}

static void
digest_all(struct profile *p, const char *manifest, size_t manifest_len,
    const char *conf, size_t conf_len)
{
	struct sha256 *ctx = sha256_new();
	uint8_t digest[SHA256_BYTES];

	sha256_update(ctx, manifest, manifest_len);
	sha256_update(ctx, conf, conf_len);
	sha256_final(ctx, digest);
	sha256_free(ctx);
	hex_encode(p->digest, digest, sizeof(digest));
}

static int
read_both(const char *folder, struct profile *p, char *why)
{
	auto_free char *path = xasprintf("%s/profile.conf", folder);
	auto_free char *path2 = xasprintf("%s/manifest.json", folder);
	auto_free char *conf = NULL;
	auto_free char *text = NULL;
	auto_json json_t *manifest = NULL;
	size_t conf_len, text_len;
	int err;

	if (read_file(path, CONF_BYTES, &conf, &conf_len) != ERR_OK)
		return complain(why, "cannot be read", path);
	if (read_file(path2, MANIFEST_BYTES, &text, &text_len) != ERR_OK)
		return complain(
		    why, "cannot be read; is the image built?", path2);
	err = profile_parse(conf, conf_len, folder, why, p);
	if (err != ERR_OK)
		return err;
	if (json_parse(text, text_len, MANIFEST_BYTES, 8, &manifest) != ERR_OK)
		return complain(why, "is no JSON", path2);
	err = take_digest(manifest, "image", p->disk, p->image_digest, why);
	if (err == ERR_OK)
		err = take_digest(
		    manifest, "kernel", p->kernel, p->kernel_digest, why);
	if (err == ERR_OK)
		err = take_digest(
		    manifest, "initrd", p->initrd, p->initrd_digest, why);
	digest_all(p, text, text_len, conf, conf_len);
	return err;
}

static void
identify_disk(const char *path, char id[static 96])
{
	struct stat st = {0};

	(void)stat(path, &st);
	(void)snprintf(id, 96, "%llu:%lld:%lld.%09ld",
	    (unsigned long long)st.st_ino, (long long)st.st_size,
	    (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

bool
profile_is_current(const struct profile *profile)
{
	char id[sizeof(profile->disk_id)];

	identify_disk(profile->disk, id);
	return strcmp(id, profile->disk_id) == 0;
}

int
profile_load(
    const char *dir, const char *name, char *why, struct profile *ret_profile)
{
	/* An overlay names its backing file by a path that holds anywhere. */
	auto_free char *real = realpath(dir, NULL);
	auto_free char *folder =
	    xasprintf("%s/%s", real == NULL ? dir : real, name);
	struct profile p;
	int err;

	if (strchr(name, '/') != NULL || name[0] == '.' || name[0] == '\0')
		return complain(why, "is no name of a profile", name);
	err = read_both(folder, &p, why);
	if (err != ERR_OK)
		return err;
	if (strcmp(p.name, name) != 0)
		return complain(why, "has another name in profile.conf", name);
	identify_disk(p.disk, p.disk_id);
	*ret_profile = p;
	return ERR_OK;
}

static int
verify_file(const char *path, const char *want, char *why)
{
	auto_close int fd = -1;
	auto_free uint8_t *buf = NULL;
	uint8_t digest[SHA256_BYTES];
	char hex[SHA256_HEX_BYTES];
	struct sha256 *ctx;
	ssize_t n;

	if (path[0] == '\0')
		return ERR_OK;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return complain(why, strerror(errno), path);
	buf = xmalloc(MIB);
	ctx = sha256_new();
	while ((n = read(fd, buf, MIB)) > 0)
		sha256_update(ctx, buf, (size_t)n);
	sha256_final(ctx, digest);
	sha256_free(ctx);
	if (n == -1)
		return complain(why, strerror(errno), path);
	hex_encode(hex, digest, sizeof(digest));
	if (strcmp(hex, want) != 0)
		return complain(
		    why, "differs from its manifest: build it again", path);
	return ERR_OK;
}

int
profile_verify(const struct profile *profile, char *why)
{
	int err;

	err = verify_file(profile->kernel, profile->kernel_digest, why);
	if (err == ERR_OK)
		err = verify_file(profile->initrd, profile->initrd_digest, why);
	if (err == ERR_OK)
		err = verify_file(profile->disk, profile->image_digest, why);
	return err;
}

static int
by_name(const void *a, const void *b)
{
	const struct profile *x = a, *y = b;

	return strcmp(x->name, y->name);
}

size_t
profile_list(const char *dir, struct profile *profiles, size_t profiles_max,
    void (*on_bad)(const char *name, const char *why))
{
	char why[PROFILE_WHY_BYTES];
	DIR *d = opendir(dir);
	struct dirent *e;
	size_t count = 0;

	if (d == NULL) {
		on_bad(dir, strerror(errno));
		return 0;
	}
	while ((e = readdir(d)) != NULL && count < profiles_max) {
		if (e->d_name[0] == '.' ||
		    (e->d_type != DT_DIR && e->d_type != DT_UNKNOWN &&
			e->d_type != DT_LNK))
			continue;
		if (profile_load(dir, e->d_name, why, &profiles[count]) !=
		    ERR_OK)
			on_bad(e->d_name, why);
		else
			count++;
	}
	(void)closedir(d);
	qsort(profiles, count, sizeof(*profiles), by_name);
	return count;
}

json_t *
profile_summary(const struct profile *p)
{
	return json_pack("{ss ss ss ss ss ss sI sI ss}", "name", p->name,
	    "title", p->title, "os", p->os, "arch", p->arch, "digest",
	    p->digest, "image_sha256", p->image_digest, "memory_mib",
	    (json_int_t)p->memory_mib, "vcpus", (json_int_t)p->vcpus, "accepts",
	    p->accepts);
}
