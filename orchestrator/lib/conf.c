/* SPDX-License-Identifier: Apache-2.0 */
/* conf.c - the configuration file: "key = value" lines in [sections]. */
#include "lib/conf.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>

#define NAME_BYTES 64

#define CONF(name, fallback, text) {name, fallback, text},
static const struct conf_key keys[] = {
#include "lib/conf.def"
};
#undef CONF
#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

/* Sections that there may be more of, by name; and how many. */
static const char named_section[] = "oidc";
#define NAMED_MAX 7 /* beside the one without a name */
/* What all of them share stands in [oidc] alone. */
static const char *const shared[] = {"oidc.sign_in_seconds", "oidc.strangers"};

struct settings {
	char *v[KEY_COUNT]; /* NULL = the default */
};

struct conf {
	struct settings values;
	size_t count;
	char names[NAMED_MAX][NAME_BYTES];
	struct settings named[NAMED_MAX];
};

/* One pass over the text. */
struct reader {
	struct conf *conf;
	struct settings *values;  /* of the section */
	char section[NAME_BYTES]; /* without its own name */
	size_t line;
	char *why;
	size_t why_size;
};

const struct conf_key *
conf_keys(size_t *ret_count)
{
	*ret_count = KEY_COUNT;
	return keys;
}

void
conf_free(struct conf *conf)
{
	if (conf == NULL)
		return;
	for (size_t i = 0; i < KEY_COUNT; i++) {
		free(conf->values.v[i]);
		for (size_t j = 0; j < conf->count; j++)
			free(conf->named[j].v[i]);
	}
	free(conf);
}

static void
release(struct conf **conf)
{
	conf_free(*conf);
}

/* The key's index, or KEY_COUNT. */
static size_t
find(const char *name)
{
	size_t i = 0;

	while (i < KEY_COUNT && strcmp(keys[i].name, name) != 0)
		i++;
	return i;
}

const char *
conf_get(const struct conf *conf, const char *name)
{
	size_t i = find(name);

	assert(i < KEY_COUNT);
	return conf->values.v[i] != NULL ? conf->values.v[i] : keys[i].fallback;
}

const char *
conf_name(const struct conf *conf, const char *section, size_t at)
{
	return strcmp(section, named_section) == 0 && at < conf->count
		   ? conf->names[at]
		   : NULL;
}

const char *
conf_get_of(const struct conf *conf, const char *section, const char *name,
    const char *key)
{
	char full[2 * NAME_BYTES];
	size_t i;

	(void)snprintf(full, sizeof(full), "%s.%s", section, key);
	i = find(full);
	assert(i < KEY_COUNT);
	for (size_t j = 0; j < conf->count; j++) {
		if (strcmp(conf->names[j], name) == 0 &&
		    conf->named[j].v[i] != NULL)
			return conf->named[j].v[i];
	}
	return keys[i].fallback;
}

/* name is empty, or was checked to be printable. */
static int
fail(struct reader *r, const char *what, const char *name)
{
	(void)snprintf(r->why, r->why_size, "line %zu: %s%s%s%s", r->line, what,
	    name[0] == '\0' ? "" : " \"", name, name[0] == '\0' ? "" : "\"");
	return ERR_FORMAT;
}

static bool
is_name(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!(p[i] >= 'a' && p[i] <= 'z') &&
		    !(p[i] >= '0' && p[i] <= '9') && p[i] != '_' && p[i] != '.')
			return false;
	}
	return len > 0 && len < NAME_BYTES;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Cuts blanks off both ends. */
static const char *
trim(const char *p, size_t *len)
{
	while (*len > 0 && is_blank(p[0])) {
		p++;
		(*len)--;
	}
	while (*len > 0 && is_blank(p[*len - 1]))
		(*len)--;
	return p;
}

static bool
has_section(const char *section)
{
	size_t len = strlen(section);

	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (strncmp(keys[i].name, section, len) == 0 &&
		    keys[i].name[len] == '.')
			return true;
	}
	return false;
}

/* "oidc.NAME": one more of them. */
static int
open_named(struct reader *r, const char *name)
{
	struct conf *conf = r->conf;
	size_t at = 0;

	if (name[0] == '\0' || strchr(name, '.') != NULL ||
	    strcmp(name, named_section) == 0)
		return fail(r, "that is no name for one more section", name);
	while (at < conf->count && strcmp(conf->names[at], name) != 0)
		at++;
	if (at == NAMED_MAX)
		return fail(r, "there are too many such sections", "");
	if (at == conf->count)
		(void)snprintf(
		    conf->names[conf->count++], NAME_BYTES, "%s", name);
	r->values = &conf->named[at];
	(void)snprintf(r->section, sizeof(r->section), "%s", named_section);
	return ERR_OK;
}

static int
read_section(struct reader *r, const char *p, size_t len)
{
	size_t prefix = strlen(named_section);

	if (p[len - 1] != ']')
		return fail(r, "a section is \"[name]\" on its own line", "");
	p++;
	len -= 2;
	p = trim(p, &len);
	if (!is_name(p, len))
		return fail(r,
		    "a section's name is lower-case letters, digits and _", "");
	(void)snprintf(r->section, sizeof(r->section), "%.*s", (int)len, p);
	r->values = &r->conf->values;
	if (strncmp(r->section, named_section, prefix) == 0 &&
	    r->section[prefix] == '.') {
		char name[NAME_BYTES];

		(void)snprintf(
		    name, sizeof(name), "%s", r->section + prefix + 1);
		return open_named(r, name);
	}
	if (!has_section(r->section))
		return fail(r, "there is no section", r->section);
	return ERR_OK;
}

/* What is wrong with a value's bytes, or NULL. */
static const char *
value_fault(const char *p, size_t len)
{
	if (len >= LIMIT_TEXT_BYTES)
		return "the value is too long";
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)p[i] < ' ' && p[i] != '\t')
			return "the value holds a control character";
	}
	return NULL;
}

static int
read_key(struct reader *r, const char *p, size_t len)
{
	const char *equals = memchr(p, '=', len);
	const char *value, *fault;
	char name[2 * NAME_BYTES];
	size_t key_len, value_len, at;

	if (equals == NULL)
		return fail(r, "expected \"key = value\"", "");
	key_len = (size_t)(equals - p);
	value = equals + 1;
	value_len = len - key_len - 1;
	value = trim(value, &value_len);
	(void)trim(p, &key_len);
	if (!is_name(p, key_len))
		return fail(r,
		    "a key is lower-case letters, digits and _ before the =",
		    "");
	if (r->section[0] == '\0')
		return fail(
		    r, "a [section] must come before the first key", "");
	(void)snprintf(
	    name, sizeof(name), "%s.%.*s", r->section, (int)key_len, p);
	at = find(name);
	if (at == KEY_COUNT)
		return fail(r, "there is no key", name);
	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++) {
		if (r->values != &r->conf->values &&
		    strcmp(shared[i], name) == 0)
			return fail(
			    r, "only the section without a name has", name);
	}
	if (r->values->v[at] != NULL)
		return fail(
		    r, "this key was set before; keep one line of", name);
	fault = value_fault(value, value_len);
	if (fault != NULL)
		return fail(r, fault, "");
	r->values->v[at] = xstrndup(value, value_len);
	return ERR_OK;
}

static int
read_line(struct reader *r, const char *p, size_t len)
{
	r->line++;
	p = trim(p, &len);
	if (len == 0 || p[0] == '#')
		return ERR_OK;
	if (p[0] == '[')
		return read_section(r, p, len);
	return read_key(r, p, len);
}

int
conf_parse(const void *bytes, size_t len, char *why, size_t why_size,
    struct conf **ret_conf)
{
	__attribute__((cleanup(release))) struct conf *conf =
	    xcalloc(1, sizeof(*conf));
	struct reader r = {.conf = conf, .why = why, .why_size = why_size};
	const char *p = bytes;

	if (len > LIMIT_CONF_BYTES) {
		(void)snprintf(why, why_size,
		    "line 1: the file is longer than %zu KiB",
		    LIMIT_CONF_BYTES / KIB);
		return ERR_LIMIT;
	}
	while (len > 0) {
		const char *end = memchr(p, '\n', len);
		size_t line_len = end == NULL ? len : (size_t)(end - p);
		int err = read_line(&r, p, line_len);

		if (err != ERR_OK)
			return err;
		if (end == NULL)
			break;
		p += line_len + 1;
		len -= line_len + 1;
	}
	*ret_conf = take_ptr(conf);
	return ERR_OK;
}

/* Reads up to size bytes; a file that has more gives size. */
static int
read_all(int fd, char *buf, size_t size, size_t *ret_len)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(fd, buf + len, size - len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return ERR_SYS;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	*ret_len = len;
	return ERR_OK;
}

int
conf_read(const char *path, bool is_optional, char *why, size_t why_size,
    struct conf **ret_conf)
{
	auto_free char *buf = NULL;
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t len = 0;

	if (fd == -1 && is_optional && errno == ENOENT)
		return conf_parse("", 0, why, why_size, ret_conf);
	buf = xmalloc(LIMIT_CONF_BYTES + 1);
	if (fd == -1 ||
	    read_all(fd, buf, LIMIT_CONF_BYTES + 1, &len) != ERR_OK) {
		(void)snprintf(
		    why, why_size, "cannot read %s: %s", path, strerror(errno));
		return ERR_SYS;
	}
	return conf_parse(buf, len, why, why_size, ret_conf);
}
