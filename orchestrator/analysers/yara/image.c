/* SPDX-License-Identifier: Apache-2.0 */
/* image.c - a compiled rule set as bytes. */
#include "analysers/yara/image.h"

#include "lib/fileio.h"
#include "lib/own.h"
#include "lib/sealed.h"
#include "lib/unitset.h"
#include "lib/xalloc.h"

#include <sys/stat.h>

#define MAGIC	      "LOEPYIMG"
#define MAGIC_BYTES   ((size_t)8)
#define IMAGE_VERSION 1
#define ENGINE	      "libyara " YR_VERSION " loep " LOEP_VERSION
#define BUFFER_BYTES  (256 * KIB)
#define ASIDE_BYTES   (4 * MIB)

/* Of a unit. */
#define KNOWN_NEED  0x0f
#define KNOWN_PLAIN 0x10
#define KNOWN_ASIDE 0x20

static int
digest_units(int fd, uint8_t ret[SHA256_BYTES])
{
	const uint8_t *map;
	size_t len;
	int err = sealed_map(fd, UNITSET_BYTES_MAX, &map, &len);

	if (err != ERR_OK)
		return err;
	sha256_once(map, len, ret);
	sealed_unmap(map, len);
	return ERR_OK;
}

/* --- writing --- */

struct out {
	int fd;
	struct sha256 *sha256;
	uint8_t *buf;
	size_t len;
	int err;
};

static void
put_all(struct out *out, const uint8_t *p, size_t len)
{
	if (out->err == ERR_OK)
		out->err = file_write(out->fd, p, len);
}

static void
flush(struct out *out)
{
	sha256_update(out->sha256, out->buf, out->len);
	put_all(out, out->buf, out->len);
	out->len = 0;
}

static void
put(struct out *out, const void *p, size_t len)
{
	if (len > BUFFER_BYTES - out->len)
		flush(out);
	if (len > BUFFER_BYTES) {
		sha256_update(out->sha256, p, len);
		put_all(out, p, len);
		return;
	}
	memcpy(out->buf + out->len, p, len);
	out->len += len;
}

static void
put_number(struct out *out, uint64_t number, size_t bytes)
{
	uint8_t p[8];

	for (size_t i = 0; i < bytes; i++)
		p[i] = (uint8_t)(number >> (8 * i));
	put(out, p, bytes);
}

static void
put_text(struct out *out, const char *text)
{
	put_number(out, strlen(text), 4);
	put(out, text, strlen(text));
}

/* libyara's stream does not say where it ends: its length comes first. */
static size_t
on_count(const void *p, size_t size, size_t count, void *arg)
{
	uint64_t *bytes = arg;

	(void)p;
	*bytes += size * count;
	return count;
}

static size_t
on_write(const void *p, size_t size, size_t count, void *arg)
{
	struct out *out = arg;

	put(out, p, size * count);
	return out->err == ERR_OK ? count : 0;
}

static void
put_class(struct out *out, const struct ruleset *ruleset, size_t class)
{
	uint64_t bytes = 0;
	YR_STREAM counted = {.user_data = &bytes, .write = on_count};
	YR_STREAM stream = {.user_data = out, .write = on_write};
	YR_RULES *rules = ruleset->rules[class];

	put_number(out, ruleset->rule_counts[class], 8);
	if (rules != NULL &&
	    yr_rules_save_stream(rules, &counted) != ERROR_SUCCESS)
		out->err = ERR_SYS;
	put_number(out, bytes, 8);
	if (rules != NULL &&
	    yr_rules_save_stream(rules, &stream) != ERROR_SUCCESS)
		out->err = ERR_SYS;
}

static void
put_part(struct out *out, const struct ruleset *ruleset)
{
	const struct unit_rules *units = ruleset->units;
	auto_free char *aside = json_canonical(units->set_aside);

	put_number(out, units->count, 4);
	for (size_t i = 0; i < units->count; i++) {
		const struct unit_rule *rule = &units->list[i];

		put_number(out,
		    (unsigned int)rule->need |
			(rule->is_plain ? KNOWN_PLAIN : 0) |
			(rule->is_aside ? KNOWN_ASIDE : 0),
		    1);
	}
	put_text(out, aside);
	for (size_t i = 0; i < CLASS_COUNT; i++)
		put_class(out, ruleset, i);
}

int
image_write(const struct ruleset *ruleset, int units_fd, int image_fd)
{
	uint8_t digest[SHA256_BYTES];
	struct out out = {.fd = image_fd};
	int err = digest_units(units_fd, digest);

	if (err != ERR_OK)
		return err;
	out.sha256 = sha256_new();
	out.buf = xmalloc(BUFFER_BYTES);
	put(&out, MAGIC, MAGIC_BYTES);
	put_number(&out, IMAGE_VERSION, 4);
	put_text(&out, ENGINE);
	put(&out, digest, sizeof(digest));
	put_part(&out, ruleset);
	flush(&out);
	sha256_final(out.sha256, digest);
	put_all(&out, digest, sizeof(digest));
	sha256_free(out.sha256);
	free(out.buf);
	return out.err;
}

/* --- reading --- */

struct in {
	const uint8_t *p;
	size_t len;
	size_t pos;
	bool is_short;
};

static const uint8_t *
get(struct in *in, size_t len)
{
	const uint8_t *p = in->p + in->pos;

	if (in->is_short || len > in->len - in->pos) {
		in->is_short = true;
		return NULL;
	}
	in->pos += len;
	return p;
}

static uint64_t
get_number(struct in *in, size_t bytes)
{
	const uint8_t *p = get(in, bytes);
	uint64_t number = 0;

	for (size_t i = bytes; p != NULL && i > 0; i--)
		number = number << 8 | p[i - 1];
	return number;
}

static bool
is_next(struct in *in, const void *wanted, size_t len)
{
	const uint8_t *p = get(in, len);

	return p != NULL && memcmp(p, wanted, len) == 0;
}

static size_t
on_read(void *dst, size_t size, size_t count, void *arg)
{
	const uint8_t *p = get(arg, size * count);

	if (p == NULL)
		return 0;
	memcpy(dst, p, size * count);
	return count;
}

static int
get_class(struct in *in, struct ruleset *ruleset, size_t class)
{
	struct in part = {.pos = 0};
	YR_STREAM stream = {.user_data = &part, .read = on_read};

	ruleset->rule_counts[class] = (size_t)get_number(in, 8);
	part.len = (size_t)get_number(in, 8);
	part.p = get(in, part.len);
	if (in->is_short)
		return ERR_FORMAT;
	if (part.len == 0)
		return ERR_OK;
	return yr_rules_load_stream(&stream, &ruleset->rules[class]) ==
		       ERROR_SUCCESS
		   ? ERR_OK
		   : ERR_FORMAT;
}

/* What was told of each unit when it was compiled. */
static int
get_units(struct in *in, struct unit_rules *units)
{
	size_t count = (size_t)get_number(in, 4);
	const uint8_t *known = get(in, count);
	size_t len = (size_t)get_number(in, 4);
	const uint8_t *aside = get(in, len);

	if (in->is_short || count != units->count || len > ASIDE_BYTES)
		return ERR_FORMAT;
	for (size_t i = 0; i < count; i++) {
		struct unit_rule *rule = &units->list[i];

		if ((known[i] & KNOWN_NEED) >= NEED_COUNT)
			return ERR_FORMAT;
		rule->need = (enum rule_need)(known[i] & KNOWN_NEED);
		rule->is_plain = (known[i] & KNOWN_PLAIN) != 0;
		rule->is_aside = (known[i] & KNOWN_ASIDE) != 0;
		units->aside_count += rule->is_aside;
	}
	json_decref(units->set_aside);
	units->set_aside = NULL;
	if (json_parse((const char *)aside, len, ASIDE_BYTES, 8,
		&units->set_aside) != ERR_OK ||
	    !json_is_array(units->set_aside))
		return ERR_FORMAT;
	unitrules_place(units);
	return ERR_OK;
}

static int
get_part(struct in *in, int units_fd, struct ruleset **ret_ruleset)
{
	struct ruleset *ruleset = xcalloc(1, sizeof(*ruleset));
	char why[256];
	int err = unitrules_list(units_fd, false, &ruleset->units);

	ruleset->set_aside = json_array();
	if (err == ERR_OK)
		err = get_units(in, ruleset->units);
	for (size_t i = 0; err == ERR_OK && i < CLASS_COUNT; i++)
		err = get_class(in, ruleset, i);
	if (err == ERR_OK && (in->is_short || in->pos != in->len))
		err = ERR_FORMAT;
	if (err == ERR_OK)
		err = ruleset_complete(ruleset);
	if (err == ERR_OK)
		err = ruleset_add_slow(ruleset, units_fd, why, sizeof(why));
	if (err != ERR_OK) {
		ruleset_free(ruleset);
		return err;
	}
	*ret_ruleset = ruleset;
	return ERR_OK;
}

static int
get_set(struct in *in, int units_fd, struct ruleset **ret_ruleset)
{
	uint8_t digest[SHA256_BYTES];
	int err = digest_units(units_fd, digest);

	if (err != ERR_OK)
		return err;
	if (!is_next(in, MAGIC, MAGIC_BYTES) ||
	    get_number(in, 4) != IMAGE_VERSION ||
	    get_number(in, 4) != strlen(ENGINE) ||
	    !is_next(in, ENGINE, strlen(ENGINE)) ||
	    !is_next(in, digest, sizeof(digest)))
		return ERR_FORMAT;
	return get_part(in, units_fd, ret_ruleset);
}

/* Into memory of our own: a file could be cut while it is mapped. */
static int
read_whole(int fd, uint8_t **ret_p, size_t *ret_len)
{
	auto_free uint8_t *p = NULL;
	struct stat st;

	if (fstat(fd, &st) == -1 || st.st_size <= (off_t)SHA256_BYTES ||
	    (uintmax_t)st.st_size > IMAGE_BYTES_MAX)
		return ERR_FORMAT;
	p = malloc((size_t)st.st_size);
	if (p == NULL)
		return ERR_LIMIT;
	if (file_read_at(fd, 0, p, (size_t)st.st_size) != ERR_OK)
		return ERR_FORMAT;
	*ret_p = take_ptr(p);
	*ret_len = (size_t)st.st_size;
	return ERR_OK;
}

int
image_read(int image_fd, int units_fd, struct ruleset **ret_ruleset)
{
	auto_free uint8_t *p = NULL;
	uint8_t digest[SHA256_BYTES];
	struct in in = {.pos = 0};
	size_t len;
	int err = read_whole(image_fd, &p, &len);

	if (err != ERR_OK)
		return err;
	sha256_once(p, len - SHA256_BYTES, digest);
	if (memcmp(digest, p + len - SHA256_BYTES, SHA256_BYTES) != 0)
		return ERR_FORMAT;
	in.p = p;
	in.len = len - SHA256_BYTES;
	return get_set(&in, units_fd, ret_ruleset);
}
