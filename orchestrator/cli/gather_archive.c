/* SPDX-License-Identifier: Apache-2.0 */
/* gather_archive.c - rules out of an archive, unpacked by caged loep-archive. */
#include "cli/api.h"
#include "cli/gather.h"
#include "cli/process.h"
#include "lib/digest.h"
#include "lib/json.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <stdlib.h>
#include <string.h>

#define LINE_BYTES_MAX (MIB)
#define DEPTH_MAX      ((size_t)16)

struct member {
	char *path; /* NULL = none is open, or it is not wanted */
	uint8_t *bytes;
	size_t len;
	size_t size;
	bool is_too_long;
};

static void
member_begin(struct member *m, const json_t *line)
{
	const char *path = json_member_text(line, "path", NULL);

	if (path == NULL)
		path = json_member_text(line, "name", "");
	m->len = 0;
	m->is_too_long = false;
	free(m->path);
	m->path = gather_is_wanted(path) ? xstrdup(path) : NULL;
}

static void
member_data(struct member *m, const json_t *line)
{
	const char *hex = json_member_text(line, "bytes", "");
	size_t len = strlen(hex) / 2;

	if (m->path == NULL || m->is_too_long)
		return;
	/* One byte too many is enough to know. */
	if (len > BUNDLE_FILE_BYTES_MAX - m->len) {
		m->is_too_long = true;
		return;
	}
	if (len > m->size - m->len) {
		m->size = 2 * (m->len + len);
		m->bytes = xrealloc(m->bytes, m->size);
	}
	if (hex_decode(hex, m->bytes + m->len, len) == ERR_OK)
		m->len += len;
}

static void
member_end(struct gather *g, struct member *m)
{
	if (m->path == NULL)
		return;
	if (m->is_too_long)
		gather_leave_out(g, m->path, "it is longer than 32 MiB");
	else
		gather_add(g, m->path,
		    m->bytes == NULL ? (const uint8_t *)"" : m->bytes, m->len);
	free(m->path);
	m->path = NULL;
}

static void
take_line(struct gather *g, struct member *m, const char *text, size_t len)
{
	auto_json json_t *line = NULL;
	const char *type;

	if (json_parse(text, len, LINE_BYTES_MAX, DEPTH_MAX, &line) != ERR_OK)
		return;
	type = json_member_text(line, "type", "");
	if (strcmp(type, "child") == 0)
		member_begin(m, line);
	else if (strcmp(type, "data") == 0)
		member_data(m, line);
	else if (strcmp(type, "child_end") == 0)
		member_end(g, m);
	else if (strcmp(type, "limit") == 0 || strcmp(type, "error") == 0)
		gather_leave_out(g, "the rest of the archive",
		    json_member_text(line, "text", "it cannot be read"));
}

void
gather_archive(struct gather *g, const char *path)
{
	auto_free char *program = xasprintf("%s/loep-archive", g->programs_dir);
	auto_free char *file = xstrdup(path);
	char *args[] = {program, (char[]){"--file"}, file, (char[]){"--data"},
	    (char[]){"--seconds"}, (char[]){"600"}, NULL};
	const struct process_spec spec = {.path = program, .args = args};
	struct member m = {.path = NULL};
	size_t before = g->bundle->files;
	struct process process;
	auto_free char *line = NULL;
	size_t size = 0;
	ssize_t n;
	int status;

	if (process_start(&process, &spec) != ERR_OK)
		fail(EXIT_FAILED, "cannot start %s", program);
	while ((n = getline(&line, &size, process.out)) > 0)
		take_line(g, &m, line, (size_t)n);
	status = process_end(&process);
	free(m.path);
	free(m.bytes);
	if (g->bundle->files == before)
		fail(EXIT_DATA,
		    "%s holds no files of rules (.yar, .yara, .rule, .rules)%s",
		    path, status == 0 ? "" : ", or is no archive");
	if (status != 0)
		gather_leave_out(g, path, "it could not be read to its end");
}
