/* SPDX-License-Identifier: Apache-2.0 */
/* target.c - the target of a request taken apart. */
#include "web/target.h"

#include "lib/own.h"
#include "lib/xalloc.h"

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/*
 * Decodes [p, end) to where the writer stands and terminates it.  The writer
 * never overtakes the reader: decoding shrinks, and each border that is
 * dropped leaves a byte for the NUL.  space is what stands for one: + in a
 * query (application/x-www-form-urlencoded, as browsers write it).
 */
static int
decode(const char *p, const char *end, char space, char **writer,
    struct target_text *ret_text)
{
	char *start = *writer;
	char *to = start;

	while (p < end) {
		int high, low;

		if (*p != '%') {
			*to++ = *p == space ? ' ' : *p;
			p++;
			continue;
		}
		if (end - p < 3)
			return ERR_FORMAT;
		high = hex_digit(p[1]);
		low = hex_digit(p[2]);
		if (high < 0 || low < 0)
			return ERR_FORMAT;
		*to++ = (char)(high * 16 + low);
		p += 3;
	}
	*ret_text = (struct target_text){start, (size_t)(to - start)};
	*to++ = '\0';
	*writer = to;
	return ERR_OK;
}

static const char *
find(const char *p, const char *end, char c)
{
	const char *at = p < end ? memchr(p, c, (size_t)(end - p)) : NULL;

	return at == NULL ? end : at;
}

static int
split_path(struct target *t, const char *p, const char *end, char **writer,
    const char **ret_why)
{
	while (p < end) {
		const char *next = find(++p, end, '/');

		if (t->segment_count == TARGET_SEGMENTS) {
			*ret_why = "the path has too many parts";
			return ERR_LIMIT;
		}
		if (decode(p, next, '\0', writer,
			&t->segments[t->segment_count]) != ERR_OK) {
			*ret_why = "the path has a bad percent escape";
			return ERR_FORMAT;
		}
		t->segment_count++;
		p = next;
	}
	return ERR_OK;
}

static bool
is_same(const struct target_text *a, const struct target_text *b)
{
	return a->len == b->len && memcmp(a->p, b->p, a->len) == 0;
}

static int
add_parameter(struct target *t, const char *p, const char *end, char **writer,
    const char **ret_why)
{
	struct target_parameter *parameter;
	const char *equals = find(p, end, '=');

	if (t->parameter_count == TARGET_PARAMETERS) {
		*ret_why = "the query has too many parameters";
		return ERR_LIMIT;
	}
	parameter = &t->parameters[t->parameter_count];
	if (decode(p, equals, '+', writer, &parameter->name) != ERR_OK ||
	    decode(equals == end ? end : equals + 1, end, '+', writer,
		&parameter->value) != ERR_OK) {
		*ret_why = "the query has a bad percent escape";
		return ERR_FORMAT;
	}
	for (size_t i = 0; i < t->parameter_count; i++) {
		if (is_same(&t->parameters[i].name, &parameter->name)) {
			*ret_why = "a query parameter is there twice";
			return ERR_FORMAT;
		}
	}
	t->parameter_count++;
	return ERR_OK;
}

static int
split_query(struct target *t, const char *p, const char *end, char **writer,
    const char **ret_why)
{
	while (p < end) {
		const char *next = find(p, end, '&');
		int err = ERR_OK;

		if (next > p)
			err = add_parameter(t, p, next, writer, ret_why);
		if (err != ERR_OK)
			return err;
		p = next == end ? end : next + 1;
	}
	return ERR_OK;
}

/* Where the path begins: behind scheme and authority, if they are there. */
static const char *
path_of(const char *text)
{
	static const char *const schemes[] = {"http://", "https://"};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t len = strlen(schemes[i]);

		if (strncasecmp(text, schemes[i], len) == 0)
			return text + len + strcspn(text + len, "/?#");
	}
	return text;
}

int
target_parse(struct target *t, const char *text, const char **ret_why)
{
	const char *path = path_of(text);
	size_t len = strlen(path);
	const char *end, *query;
	char *writer;
	int err;

	*t = (struct target){0};
	*ret_why = "the target is not a path";
	if (len > TARGET_BYTES_MAX) {
		*ret_why = "the target is too long";
		return ERR_LIMIT;
	}
	if (path[0] != '/')
		return ERR_FORMAT;
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)path[i] <= ' ' || path[i] == '#' ||
		    path[i] == 0x7f)
			return ERR_FORMAT;
	}
	/* A parameter without "=" still gets an empty value's NUL. */
	t->buf = xmalloc(len + TARGET_PARAMETERS + 2);
	writer = t->buf;
	end = path + len;
	query = find(path, end, '?');
	err = split_path(t, path, query, &writer, ret_why);
	if (err == ERR_OK && query < end)
		err = split_query(t, query + 1, end, &writer, ret_why);
	if (err != ERR_OK)
		target_release(t);
	return err;
}

void
target_release(struct target *t)
{
	free(t->buf);
	*t = (struct target){0};
}

const struct target_text *
target_parameter(const struct target *t, const char *name)
{
	for (size_t i = 0; i < t->parameter_count; i++) {
		if (target_text_is(&t->parameters[i].name, name))
			return &t->parameters[i].value;
	}
	return NULL;
}

bool
target_text_is(const struct target_text *text, const char *other)
{
	return text->len == strlen(other) &&
	       memcmp(text->p, other, text->len) == 0;
}
