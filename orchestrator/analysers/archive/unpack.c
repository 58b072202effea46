/* SPDX-License-Identifier: Apache-2.0 */
/* unpack.c - the data of one member. */
#include "analysers/archive/unpack.h"

#include "analysers/archive/archive.h"
#include "lib/loop.h"
#include "lib/xalloc.h"

#include <errno.h>

/* How often the clock is read while data flows. */
#define BYTES_PER_LOOK (4 * MIB)

/* Blocks without a byte in a row: damaged data can make libarchive give
 * them for ever. */
#define IDLE_MAX 1000

/* One member on its way out. */
struct output {
	struct unpack *unpack;
	struct archive_entry *entry;
	bool is_held;  /* bytes go to unpack->hold first */
	bool is_begun; /* its CHILD record is written */
	uint64_t size; /* bytes given, holes included */
	uint64_t looked;
	const char *limit; /* the bound that cut it, or NULL */
};

void
unpack_error(
    struct unpack *unpack, const char *what, const char *path, const char *why)
{
	unpack->errors++;
	if (unpack->errors > ARCHIVE_ERRORS_MAX)
		return;
	record_error(unpack->analysis->out, what, "member %llu%s%.500s: %s",
	    (unsigned long long)unpack->budget.members,
	    path[0] == '\0' ? "" : ", ", path, why);
}

static void
begin(struct output *output)
{
	struct unpack *unpack = output->unpack;
	json_t *body;

	if (output->is_begun)
		return;
	output->is_begun = true;
	unpack->budget.children++;
	body = member_child(output->entry, unpack->relation, unpack->fallback);
	if (unpack->is_unlocking)
		(void)json_object_set_new(body, "password",
		    passwords_name(&unpack->passwords, unpack->password));
	record_put(unpack->analysis->out, RECORD_CHILD, body);
}

/* Writes what was held back; from now on bytes go straight out. */
static void
let_go(struct output *output)
{
	begin(output);
	if (output->is_held && output->size > 0)
		record_data(output->unpack->analysis->out, output->unpack->hold,
		    (size_t)output->size);
	output->is_held = false;
}

static void
give_bytes(struct output *output, const void *p, size_t len)
{
	if (output->is_held &&
	    len > ARCHIVE_HOLD_BYTES_MAX - (size_t)output->size)
		let_go(output);
	if (output->is_held) {
		memcpy(output->unpack->hold + output->size, p, len);
	} else {
		begin(output);
		record_data(output->unpack->analysis->out, p, len);
	}
	output->size += len;
	output->unpack->budget.bytes += len;
}

/* False when a bound cut the member. */
static bool
give(struct output *output, const void *p, uint64_t len)
{
	static const uint8_t zeros[64 * KIB];
	const uint8_t *at = p;
	uint64_t granted = budget_grant(
	    &output->unpack->budget, output->size, len, &output->limit);
	bool is_whole = granted == len;

	while (granted > 0) {
		size_t n = p == NULL && granted > sizeof(zeros)
			       ? sizeof(zeros)
			       : (size_t)granted;

		give_bytes(output, p == NULL ? zeros : at, n);
		if (p != NULL)
			at += n;
		granted -= n;
	}
	if (is_whole && output->size - output->looked > BYTES_PER_LOOK) {
		output->looked = output->size;
		if (loop_now_ms() >= output->unpack->budget.deadline_ms) {
			output->limit = "seconds";
			return false;
		}
	}
	return is_whole;
}

/* Copies all blocks; holes become zeros.  libarchive's last result. */
static int
copy(struct output *output)
{
	struct archive *archive = reader_archive(output->unpack->reader);
	const void *p;
	size_t len;
	la_int64_t offset;
	int result;

	for (int idle = 0; idle < IDLE_MAX;) {
		uint64_t before = output->size;

		result = archive_read_data_block(archive, &p, &len, &offset);
		if (result != ARCHIVE_OK && result != ARCHIVE_WARN &&
		    result != ARCHIVE_RETRY)
			return result;
		if (result == ARCHIVE_RETRY) {
			idle++;
			continue;
		}
		if (offset < 0 || (uint64_t)offset < output->size)
			offset = (la_int64_t)output->size;
		if ((uint64_t)offset > output->size &&
		    !give(output, NULL, (uint64_t)offset - output->size))
			return ARCHIVE_OK;
		if (len > 0 && !give(output, p, len))
			return ARCHIVE_OK;
		idle = output->size == before ? idle + 1 : 0;
	}
	archive_set_error(
	    archive, EIO, "the data does not go on, and does not end either");
	return ARCHIVE_FAILED;
}

static void
put_limit(struct output *output)
{
	struct unpack *unpack = output->unpack;
	struct record_out *out = unpack->analysis->out;
	const char *path = member_path(output->entry);

	unpack->is_limited = true;
	if (strcmp(output->limit, "seconds") == 0)
		record_limit(out, "seconds",
		    "member %llu, %.500s, was cut after %llu bytes: the time "
		    "for one archive was up",
		    (unsigned long long)unpack->budget.members, path,
		    (unsigned long long)output->size);
	else
		record_limit(out, output->limit,
		    "member %llu, %.500s, was cut after %llu bytes: one "
		    "member may have %llu, all members %llu",
		    (unsigned long long)unpack->budget.members, path,
		    (unsigned long long)output->size,
		    (unsigned long long)unpack->budget.member_bytes_max,
		    (unsigned long long)unpack->budget.bytes_max);
}

/* A trailing hole of a sparse file has no block of its own. */
static void
fill_end(struct output *output)
{
	int64_t size = archive_entry_size(output->entry);

	if (archive_entry_sparse_count(output->entry) > 0 && size > 0 &&
	    (uint64_t)size > output->size)
		(void)give(output, NULL, (uint64_t)size - output->size);
}

static void
end(struct output *output, bool is_partial)
{
	json_t *body;

	let_go(output);
	body = json_pack("{s:I}", "size", (json_int_t)output->size);
	if (is_partial)
		(void)json_object_set_new(body, "is_partial", json_true());
	record_put(output->unpack->analysis->out, RECORD_CHILD_END, body);
}

/* libarchive gave up inside the member. */
static enum unpacked
give_up(struct output *output, int result)
{
	struct unpack *unpack = output->unpack;

	if (output->is_held) {
		/* Most likely the password: nothing of it is let out. */
		unpack->budget.bytes -= output->size;
		return result == ARCHIVE_FATAL && !unpack->is_unlocking
			   ? UNPACKED_STOP
			   : UNPACKED_LOCKED;
	}
	unpack->is_damaged = true;
	unpack_error(unpack, "damaged", member_path(output->entry),
	    reader_why(unpack->reader));
	if (output->is_begun)
		end(output, true);
	return result == ARCHIVE_FATAL ? UNPACKED_STOP : UNPACKED_DONE;
}

enum unpacked
unpack_member(struct unpack *unpack, struct archive_entry *entry)
{
	struct output output = {
	    .unpack = unpack,
	    .entry = entry,
	    .is_held = unpack->is_unlocking,
	};
	int result;

	if (unpack->is_unlocking && unpack->hold == NULL)
		unpack->hold = xmalloc(ARCHIVE_HOLD_BYTES_MAX);
	result = copy(&output);
	if (result == ARCHIVE_EOF && output.limit == NULL) {
		fill_end(&output);
		result = ARCHIVE_OK;
	}
	if (output.limit != NULL) {
		put_limit(&output);
		end(&output, true);
		if (strcmp(output.limit, "expansion") == 0)
			return UNPACKED_DONE;
		return UNPACKED_STOP;
	}
	if (result != ARCHIVE_OK)
		return give_up(&output, result);
	end(&output, false);
	return UNPACKED_DONE;
}
