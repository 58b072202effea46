/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dropped.c - files that the guest sent.
 *
 * A file is gathered before it is written: other frames may come in between,
 * but a CHILD record must be followed by its bytes alone.
 */
#include "analysers/behaviour/dropped.h"

#include "lib/limits.h"
#include "lib/xalloc.h"

struct dropped {
	json_t *child; /* CHILD body of the open file; NULL = none is open */
	uint8_t *bytes;
	size_t len;
	size_t size;
	size_t files;
	size_t damaged; /* frames that fit no open file */
	bool is_cut;
};

struct dropped *
dropped_new(void)
{
	return xcalloc(1, sizeof(struct dropped));
}

void
dropped_free(struct dropped *d)
{
	if (d == NULL)
		return;
	json_decref(d->child);
	free(d->bytes);
	free(d);
}

static void
begin(struct dropped *d, const struct gwire_frame *frame)
{
	size_t len;
	const uint8_t *path = gwire_bytes(frame, WIRE_K_PATH, &len);
	const char *reason = gwire_file_reason_name(
	    (unsigned int)gwire_number(frame, WIRE_K_REASON, 0));
	json_t *name = record_text(
	    path == NULL ? (const uint8_t *)"?" : path, path == NULL ? 1 : len);

	json_decref(d->child);
	d->child = json_pack("{s:o, s:s, s:s, s:s, s:I, s:I, s:I}", "name",
	    name, "relation", "dropped", "kind", "file", "reason",
	    reason == NULL ? "unknown" : reason, "mode",
	    (json_int_t)(gwire_number(frame, WIRE_K_MODE, 0) & 0177777), "uid",
	    (json_int_t)(gwire_number(frame, WIRE_K_UID, 0) & 0xffffffff),
	    "pid",
	    (json_int_t)(gwire_number(frame, WIRE_K_PID, 0) & 0xffffffff));
	/* Where the name's text lost something, its bytes are beside it. */
	if (path != NULL &&
	    (json_string_length(name) != len ||
		memcmp(json_string_value(name), path, len) != 0))
		(void)json_object_set_new(
		    d->child, "name_hex", record_hex(path, len));
	d->len = 0;
	d->is_cut = false;
}

static void
data(struct dropped *d, const struct gwire_frame *frame)
{
	size_t len;
	const uint8_t *p = gwire_bytes(frame, WIRE_K_DATA, &len);

	if (d->child == NULL || p == NULL) {
		d->damaged++;
		return;
	}
	if (len > DROPPED_BYTES_MAX - d->len) {
		d->is_cut = true;
		return;
	}
	if (len > d->size - d->len) {
		while (d->size - d->len < len)
			d->size = d->size == 0 ? 64 * KIB : d->size * 2;
		d->bytes = xrealloc(d->bytes, d->size);
	}
	memcpy(d->bytes + d->len, p, len);
	d->len += len;
}

static void
end(struct behaviour *b, bool is_whole)
{
	struct dropped *d = b->dropped;
	json_t *child = d->child;
	const char *name;

	if (child == NULL) {
		d->damaged++;
		return;
	}
	name = json_member_text(child, "name", "");
	if (!is_whole || d->is_cut)
		record_limit(b->out, "dropped_file",
		    "the file %.200s is cut after %zu bytes", name, d->len);
	d->files++;
	record_put(b->out, RECORD_CHILD, json_incref(child));
	for (size_t at = 0; at < d->len; at += LIMIT_DATA_BYTES)
		record_data(b->out, d->bytes + at,
		    d->len - at < LIMIT_DATA_BYTES ? d->len - at
						   : LIMIT_DATA_BYTES);
	record_put(b->out, RECORD_CHILD_END,
	    json_pack("{s:I}", "size", (json_int_t)d->len));
	json_decref(d->child);
	d->child = NULL;
}

void
dropped_frame(struct behaviour *b, const struct gwire_frame *frame)
{
	struct dropped *d = b->dropped;

	switch (frame->type) {
	case WIRE_FILE_BEGIN:
		if (d->child != NULL)
			end(b, false);
		begin(d, frame);
		break;
	case WIRE_FILE_DATA:
		data(d, frame);
		break;
	default:
		end(b, gwire_number(frame, WIRE_K_TRUNCATED, 0) == 0);
	}
}

void
dropped_finish(struct behaviour *b)
{
	if (b->dropped->child != NULL)
		end(b, false);
	if (b->dropped->damaged > 0)
		record_error(b->out, "trace", "%zu pieces of files fit no file",
		    b->dropped->damaged);
}
