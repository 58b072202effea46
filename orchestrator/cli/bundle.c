/* SPDX-License-Identifier: Apache-2.0 */
/* bundle.c - writing and copying bundles. */
#include "cli/bundle.h"

#include "lib/base64.h"
#include "lib/fileio.h"
#include "lib/json.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define JSON_DEPTH 4
/* Base64 of the longest file, and what stands around it. */
#define LINE_BYTES_MAX (BUNDLE_FILE_BYTES_MAX / 3 * 8 + MIB)
#define PATH_BYTES_MAX ((size_t)900)

static int
put_line(struct bundle *bundle, const char *line, size_t len)
{
	int err;

	if (len + 1 > BUNDLE_BYTES_MAX - bundle->bytes)
		return ERR_LIMIT;
	err = file_write(bundle->fd, line, len);
	if (err == ERR_OK)
		err = file_write(bundle->fd, "\n", 1);
	bundle->bytes += len + 1;
	return err;
}

int
bundle_begin(struct bundle *bundle, int fd)
{
	static const char first[] = "{\"loep_bundle\":1}";

	*bundle = (struct bundle){.fd = fd};
	return put_line(bundle, first, sizeof(first) - 1);
}

char *
bundle_path(const char *path)
{
	auto_free char *clean = xmalloc(strlen(path) + 1);
	size_t len = 0;

	if (path[0] == '/' || strlen(path) > PATH_BYTES_MAX)
		return NULL;
	while (*path != '\0') {
		size_t n = strcspn(path, "/");
		bool is_nothing = n == 0 || (n == 1 && path[0] == '.');

		if (n == 2 && path[0] == '.' && path[1] == '.')
			return NULL;
		if (!is_nothing) {
			if (len > 0)
				clean[len++] = '/';
			memcpy(clean + len, path, n);
			len += n;
		}
		path += n + (path[n] == '/');
	}
	clean[len] = '\0';
	return len == 0 ? NULL : take_ptr(clean);
}

/* A JSON text of bytes that may be anything. */
static json_t *
lossy_text(const char *s)
{
	json_t *json = json_string(s);
	char *clean;

	if (json != NULL)
		return json;
	clean = xstrdup(s);
	for (char *p = clean; *p != '\0'; p++) {
		if ((*p & 0x80) != 0)
			*p = '_';
	}
	json = json_string(clean);
	free(clean);
	return json;
}

static json_t *
describe(const struct bundle_source *source, const char *path)
{
	auto_free char *own = xasprintf("%s/%s", source->name, path);
	json_t *line = json_object();

	(void)json_object_set_new(line, "source", lossy_text(source->name));
	(void)json_object_set_new(line, "path", lossy_text(path));
	(void)json_object_set_new(line, "namespace",
	    lossy_text(source->namespace[0] != '\0' ? source->namespace : own));
	(void)json_object_set_new(line, "licence", lossy_text(source->licence));
	(void)json_object_set_new(line, "tlp", lossy_text(source->tlp));
	(void)json_object_set_new(line, "owner", lossy_text(source->owner));
	(void)json_object_set_new(
	    line, "priority", json_integer(source->priority));
	return line;
}

/* A file by this name is there for others. */
static bool
is_include(const char *path)
{
	size_t len = strlen(path);

	return len > 4 && strcasecmp(path + len - 4, ".inc") == 0;
}

/* Behind white space and comments. */
static size_t
skip_blank(const char *text, size_t len, size_t at)
{
	for (;;) {
		const char *end;

		while (at < len && strchr(" \t\r\n", text[at]) != NULL &&
		       text[at] != '\0')
			at++;
		if (len - at < 2 || text[at] != '/')
			return at;
		if (text[at + 1] == '/')
			end = memchr(text + at, '\n', len - at);
		else if (text[at + 1] == '*')
			end = memmem(text + at + 2, len - at - 2, "*/", 2);
		else
			return at;
		if (end == NULL)
			return len;
		at = (size_t)(end - text) + (*end == '*' ? 2 : 1);
	}
}

bool
bundle_is_index(const char *text, size_t len)
{
	static const char word[] = "include";
	size_t at = skip_blank(text, len, 0);
	size_t count = 0;

	while (at < len) {
		const char *end;

		if (len - at < sizeof(word) ||
		    memcmp(text + at, word, sizeof(word) - 1) != 0)
			return false;
		at = skip_blank(text, len, at + sizeof(word) - 1);
		if (at == len || text[at] != '"')
			return false;
		end = memchr(text + at + 1, '"', len - at - 1);
		if (end == NULL)
			return false;
		at = skip_blank(text, len, (size_t)(end - text) + 1);
		count++;
	}
	return count > 0;
}

int
bundle_add(struct bundle *bundle, const struct bundle_source *source,
    const char *path, const void *text, size_t len)
{
	auto_free char *clean = bundle_path(path);
	auto_json json_t *line = NULL;
	auto_free char *dumped = NULL;
	json_t *value = NULL;
	int err;

	if (clean == NULL)
		return ERR_FORMAT;
	if (len > BUNDLE_FILE_BYTES_MAX || bundle->files >= BUNDLE_FILES_MAX)
		return ERR_LIMIT;
	line = describe(source, clean);
	if (is_include(clean) || bundle_is_index(text, len))
		(void)json_object_set_new(line, "include_only", json_true());
	if (memchr(text, '\0', len) == NULL)
		value = json_stringn(text, len);
	if (value != NULL) {
		(void)json_object_set_new(line, "text", value);
	} else {
		auto_free char *encoded = base64_encode(text, len);

		(void)json_object_set_new(
		    line, "text_base64", json_string(encoded));
	}
	dumped = json_canonical(line);
	err = put_line(bundle, dumped, strlen(dumped));
	if (err == ERR_OK)
		bundle->files++;
	return err;
}

/* Where the parts of a sample's path end: file, rule, what is expected. */
struct sample_path {
	size_t file_len; /* of the file of rules */
	const char *rule;
	size_t rule_len;
	bool is_match;
	const char *name;
};

static bool
split_sample(const char *path, struct sample_path *ret)
{
	static const char folder[] = ".tests/";
	const char *at = strstr(path, folder);
	const char *expect;

	if (at == NULL || at == path)
		return false;
	ret->file_len = (size_t)(at - path);
	ret->rule = at + sizeof(folder) - 1;
	ret->rule_len = strcspn(ret->rule, "/");
	expect = ret->rule + ret->rule_len;
	ret->is_match = strncmp(expect, "/match/", 7) == 0;
	if (ret->rule_len == 0 ||
	    (!ret->is_match && strncmp(expect, "/miss/", 6) != 0))
		return false;
	ret->name = expect + (ret->is_match ? 7 : 6);
	return ret->name[0] != '\0' && strchr(ret->name, '/') == NULL;
}

bool
bundle_is_sample(const char *path)
{
	struct sample_path parts;

	return split_sample(path, &parts);
}

int
bundle_add_sample(struct bundle *bundle, const struct bundle_source *source,
    const char *path, const void *data, size_t len)
{
	auto_free char *clean = bundle_path(path);
	auto_json json_t *line = NULL;
	auto_free char *encoded = NULL;
	auto_free char *rule = NULL;
	auto_free char *dumped = NULL;
	struct sample_path parts;
	int err;

	if (clean == NULL || !split_sample(clean, &parts))
		return ERR_FORMAT;
	if (len > BUNDLE_SAMPLE_BYTES_MAX || bundle->files >= BUNDLE_FILES_MAX)
		return ERR_LIMIT;
	if (source->namespace[0] != '\0')
		rule = xasprintf("%s:%.*s", source->namespace,
		    (int)parts.rule_len, parts.rule);
	else
		rule =
		    xasprintf("%s/%.*s:%.*s", source->name, (int)parts.file_len,
			clean, (int)parts.rule_len, parts.rule);
	encoded = base64_encode(data, len);
	line = json_object();
	(void)json_object_set_new(line, "source", lossy_text(source->name));
	(void)json_object_set_new(line, "sample", lossy_text(parts.name));
	(void)json_object_set_new(line, "rule", lossy_text(rule));
	(void)json_object_set_new(
	    line, "expect", json_string(parts.is_match ? "match" : "miss"));
	(void)json_object_set_new(line, "data_base64", json_string(encoded));
	dumped = json_canonical(line);
	err = put_line(bundle, dumped, strlen(dumped));
	if (err == ERR_OK)
		bundle->files++;
	return err;
}

/* The first line, which says what it is. */
static bool
is_head(const char *line, size_t len)
{
	auto_json json_t *json = NULL;

	return json_parse(line, len, KIB, JSON_DEPTH, &json) == ERR_OK &&
	       json_member_int(json, "loep_bundle", 0) == 1;
}

static int
copy_line(struct bundle *bundle, const char *line, size_t len,
    const char *but_source, size_t *left_out)
{
	auto_json json_t *json = NULL;
	const char *source;
	int err = json_parse(line, len, LINE_BYTES_MAX, JSON_DEPTH, &json);

	if (err != ERR_OK)
		return ERR_FORMAT;
	source = json_member_text(json, "source", NULL);
	if (source == NULL)
		return ERR_FORMAT;
	if (but_source[0] != '\0' && strcmp(source, but_source) == 0) {
		++*left_out;
		return ERR_OK;
	}
	if (bundle->files >= BUNDLE_FILES_MAX)
		return ERR_LIMIT;
	err = put_line(bundle, line, len);
	if (err == ERR_OK)
		bundle->files++;
	return err;
}

/* Closes its own copy of the descriptor. */
static void
close_file(FILE **f)
{
	if (*f != NULL)
		(void)fclose(*f);
}

int
bundle_copy(struct bundle *bundle, int from_fd, const char *but_source,
    size_t *ret_left_out)
{
	int fd = dup(from_fd);
	FILE *f __attribute__((cleanup(close_file))) =
	    fd == -1 ? NULL : fdopen(fd, "r");
	auto_free char *line = NULL;
	size_t size = 0;
	bool has_head = false;
	ssize_t n;
	int err = ERR_OK;

	*ret_left_out = 0;
	if (f == NULL || fseek(f, 0, SEEK_SET) != 0)
		return ERR_SYS;
	while (err == ERR_OK && (n = getline(&line, &size, f)) > 0) {
		size_t len = (size_t)n - (line[n - 1] == '\n');

		if (!has_head) {
			has_head = is_head(line, len);
			err = has_head ? ERR_OK : ERR_FORMAT;
		} else {
			err = copy_line(
			    bundle, line, len, but_source, ret_left_out);
		}
	}
	if (err == ERR_OK && ferror(f))
		return ERR_SYS;
	return err == ERR_OK && !has_head ? ERR_FORMAT : err;
}
