/* SPDX-License-Identifier: Apache-2.0 */
/* archive.c - passes over an archive: one open, one for each password. */
#include "analysers/archive/archive.h"

#include "analysers/archive/names.h"
#include "analysers/archive/unpack.h"
#include "lib/limits.h"
#include "lib/loop.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ARCHIVE_RETRY in a row before a reader counts as stuck. */
#define RETRIES_MAX 100

/* What is an archive, but none that is read here. */
static const struct {
	const char *name;
	size_t offset;
	const char *bytes;
} unsupported[] = {
    {"lzop", 0, "\x89LZO"},
    {"lrzip", 0, "LRZI"},
    {"grzip", 0, "GRZipII"},
    {"ARJ", 0, "\x60\xea"},
    {"ACE", 7, "**ACE**"},
    {"StuffIt", 0, "StuffIt"},
    {"ALZip", 0, "ALZ\x01"},
    {"EGG", 0, "EGGA"},
    {"KGB", 0, "KGB_arch"},
};

void *
archive_load(struct program *program)
{
	(void)program;
	reader_load();
	return NULL;
}

void
archive_info(void *data, char *engine, size_t engine_size, json_t **ret_detail)
{
	(void)data;
	(void)snprintf(engine, engine_size, "%s", archive_version_string());
	*ret_detail = reader_info();
}

static void
put_limit(
    struct unpack *unpack, const char *limit, const char *what, uint64_t count)
{
	unpack->is_limited = true;
	record_limit(unpack->analysis->out, limit,
	    "stopped before member %llu: %s (%llu)",
	    (unsigned long long)unpack->budget.members, what,
	    (unsigned long long)count);
}

/* True where a bound on all members is met; then it has been told. */
static bool
is_over(struct unpack *unpack)
{
	struct budget *budget = &unpack->budget;

	if (budget->children >= budget->children_max)
		put_limit(unpack, "children",
		    "no more children of one artefact are kept",
		    budget->children_max);
	else if (budget->members > budget->members_max)
		put_limit(unpack, "members",
		    "no more members of one archive are looked at",
		    budget->members_max);
	else if (budget_is_spent(budget))
		put_limit(unpack, "expansion_all",
		    "no more bytes are unpacked from one archive",
		    budget->bytes_max);
	else if (loop_now_ms() >= budget->deadline_ms)
		put_limit(unpack, "seconds",
		    "the time for one archive was up, children so far",
		    budget->children);
	else
		return false;
	return true;
}

/*
 * The next header.  ARCHIVE_OK also where libarchive only warns; otherwise
 * ARCHIVE_EOF, or ARCHIVE_FATAL after an ERROR record was written.
 */
static int
next_header(struct unpack *unpack, struct archive_entry **ret_entry)
{
	struct archive *archive = reader_archive(unpack->reader);

	for (int tries = 0; tries < RETRIES_MAX; tries++) {
		int result = archive_read_next_header(archive, ret_entry);

		if (result == ARCHIVE_OK || result == ARCHIVE_WARN ||
		    result == ARCHIVE_EOF)
			return result == ARCHIVE_EOF ? ARCHIVE_EOF : ARCHIVE_OK;
		if (result == ARCHIVE_FATAL)
			break;
	}
	return ARCHIVE_FATAL;
}

static bool
has_data(struct archive_entry *entry)
{
	mode_t type = archive_entry_filetype(entry);

	/* Some formats have no types: what is no link then is a file. */
	return (type == AE_IFREG || type == 0) &&
	       archive_entry_hardlink(entry) == NULL;
}

static void
lock(struct unpack *unpack, uint64_t member)
{
	unpack->locked[member / 8] |= (uint8_t)(1u << member % 8);
	unpack->locked_count++;
}

static void
unlock(struct unpack *unpack, uint64_t member)
{
	unpack->locked[member / 8] &= (uint8_t) ~(1u << member % 8);
	unpack->locked_count--;
	unpack->unlocked++;
}

static bool
is_locked(const struct unpack *unpack, uint64_t member)
{
	return (unpack->locked[member / 8] >> member % 8 & 1) != 0;
}

/* One member of a pass; UNPACKED_STOP ends the pass. */
static enum unpacked
visit(struct unpack *unpack, struct archive_entry *entry)
{
	uint64_t member = unpack->budget.members - 1;
	enum unpacked end;

	/* What the raw reader calls a stream that has no name of its own. */
	if (unpack->is_stream && strcmp(member_path(entry), "data") == 0)
		archive_entry_set_pathname(entry, unpack->fallback);
	if (!unpack->is_unlocking) {
		notes_add(&unpack->notes, entry);
		if (!has_data(entry))
			return UNPACKED_DONE;
		if (archive_entry_is_data_encrypted(entry) > 0) {
			lock(unpack, member);
			return UNPACKED_DONE;
		}
	} else if (!is_locked(unpack, member)) {
		return UNPACKED_DONE;
	}
	if (is_over(unpack))
		return UNPACKED_STOP;
	end = unpack_member(unpack, entry);
	if (unpack->is_unlocking && end == UNPACKED_DONE)
		unlock(unpack, member);
	return end == UNPACKED_LOCKED ? UNPACKED_DONE : end;
}

/* Goes over all members once, with the reader that is open. */
static void
pass(struct unpack *unpack)
{
	struct archive_entry *entry;
	int result;

	unpack->budget.members = 0;
	while ((result = next_header(unpack, &entry)) == ARCHIVE_OK) {
		unpack->budget.members++;
		if (unpack->budget.members > unpack->budget.members_max) {
			(void)is_over(unpack);
			return;
		}
		if (visit(unpack, entry) == UNPACKED_STOP)
			return;
	}
	if (result == ARCHIVE_FATAL && !unpack->is_unlocking) {
		bool is_encrypted =
		    archive_read_has_encrypted_entries(
			reader_archive(unpack->reader)) > 0 ||
		    strstr(reader_why(unpack->reader), "ncrypt") != NULL;

		unpack->is_damaged |= !is_encrypted;
		record_error(unpack->analysis->out,
		    is_encrypted ? "encrypted" : "damaged",
		    "%s after %llu members, near byte %llu: %s",
		    is_encrypted ? "its list of members cannot be opened"
				 : "the archive could not be read on",
		    (unsigned long long)unpack->budget.members,
		    (unsigned long long)reader_position(unpack->reader),
		    reader_why(unpack->reader));
	}
}

/* libarchive can open encrypted members of ZIP only. */
static bool
takes_passwords(struct unpack *unpack)
{
	return (archive_format(reader_archive(unpack->reader)) &
		   ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_ZIP;
}

static void
put_locked(struct unpack *unpack, bool is_tried)
{
	if (unpack->locked_count == 0)
		return;
	if (!is_tried)
		record_error(unpack->analysis->out, "encrypted",
		    "%llu members are encrypted in a format whose encryption "
		    "is not supported",
		    (unsigned long long)unpack->locked_count);
	else
		record_error(unpack->analysis->out, "encrypted",
		    "%llu members are encrypted, and none of the %zu "
		    "passwords given nor the usual ones (infected, malware, "
		    "virus, novirus) opens them",
		    (unsigned long long)unpack->locked_count,
		    unpack->passwords.given);
}

/* Tries each password on what is still locked. */
static void
unlock_all(struct unpack *unpack)
{
	struct input *input = unpack->analysis->input;
	json_t *used = json_array();
	uint64_t before;

	unpack->is_unlocking = true;
	for (size_t i = 0; i < unpack->passwords.count &&
			   unpack->locked_count > 0 && !unpack->is_limited;
	     i++) {
		reader_free(unpack->reader);
		before = unpack->unlocked;
		unpack->password = i;
		if (reader_open(input, READER_ARCHIVE,
			unpack->passwords.text[i], &unpack->reader) == ERR_OK)
			pass(unpack);
		if (unpack->unlocked > before)
			(void)json_array_append_new(
			    used, passwords_name(&unpack->passwords, i));
	}
	if (json_array_size(used) > 0)
		record_fact(unpack->analysis->out, "archive_password",
		    json_incref(used));
	json_decref(used);
	if (!unpack->is_limited)
		put_locked(unpack, true);
}

static void
put_facts(struct unpack *unpack, json_t *format, uint64_t members)
{
	struct notes *notes = &unpack->notes;

	(void)json_object_update_new(
	    format, json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
			"members", (json_int_t)members, "files",
			(json_int_t)notes->files, "directories",
			(json_int_t)notes->directories, "links",
			(json_int_t)notes->links_count, "specials",
			(json_int_t)notes->specials_count, "encrypted",
			(json_int_t)notes->encrypted, "children",
			(json_int_t)unpack->budget.children, "unpacked_bytes",
			(json_int_t)unpack->budget.bytes, "errors",
			(json_int_t)unpack->errors));
	record_fact(unpack->analysis->out, "archive", format);
	notes_put(notes, unpack->analysis->out);
	if (unpack->passwords.left_out > 0)
		record_limit(unpack->analysis->out, "passwords",
		    "%zu of the passwords given were not tried: %zu are",
		    unpack->passwords.left_out, PASSWORDS_GIVEN_MAX);
	if (unpack->errors > ARCHIVE_ERRORS_MAX)
		record_limit(unpack->analysis->out, "errors",
		    "%llu members are damaged; the first %d are told of",
		    (unsigned long long)unpack->errors, ARCHIVE_ERRORS_MAX);
}

/* Known once the first header was read. */
static json_t *
describe(struct archive *archive)
{
	const char *name = archive_format_name(archive);
	json_t *filters = json_array();

	for (int i = 0; i < archive_filter_count(archive) - 1; i++)
		(void)json_array_append_new(
		    filters, json_string(archive_filter_name(archive, i)));
	return json_pack("{s:s, s:o}", "format", name == NULL ? "" : name,
	    "filters", filters);
}

/*
 * Behind a compression filter only formats that are read from front to back
 * make sense: what else is there becomes a child, and an archive of its own.
 */
static bool
is_stream_of_other(struct archive *archive)
{
	int format = archive_format(archive) & ARCHIVE_FORMAT_BASE_MASK;

	return archive_filter_count(archive) > 1 &&
	       format != ARCHIVE_FORMAT_TAR && format != ARCHIVE_FORMAT_CPIO;
}

/*
 * Looks at the first header only: which way the input is to be read.  Where
 * it is compressed but cannot be, ret_why says why; it stays as it is else.
 */
static int
choose(struct analysis *analysis, enum reader_kind *ret_kind, char *ret_why,
    size_t why_size)
{
	struct reader *reader;
	struct archive_entry *entry;
	bool is_archive, is_stream;

	is_archive = reader_open(analysis->input, READER_ARCHIVE, NULL,
			 &reader) == ERR_OK;
	if (is_archive) {
		int r =
		    archive_read_next_header(reader_archive(reader), &entry);

		is_archive = archive_format(reader_archive(reader)) != 0;
		/* Compressed zeros look like a tar without members: a bomb
		 * must not pass as an empty archive. */
		if (r == ARCHIVE_EOF &&
		    archive_filter_count(reader_archive(reader)) > 1)
			is_archive = false;
	}
	is_stream = is_archive && is_stream_of_other(reader_archive(reader));
	reader_free(reader);
	if (is_archive && !is_stream) {
		*ret_kind = READER_ARCHIVE;
		return ERR_OK;
	}
	is_stream = reader_open(analysis->input, READER_STREAM, NULL,
			&reader) == ERR_OK &&
		    archive_filter_count(reader_archive(reader)) > 1;
	/* Compressed, but damaged before the first piece was whole. */
	if (!is_stream && reader_archive(reader) != NULL &&
	    archive_error_string(reader_archive(reader)) != NULL &&
	    strncmp(reader_why(reader), "Unrecognized", 12) != 0)
		(void)snprintf(ret_why, why_size, "%s", reader_why(reader));
	reader_free(reader);
	*ret_kind = READER_STREAM;
	if (is_stream || strstr(ret_why, "too many filters") == NULL)
		return is_stream ? ERR_OK : ERR_FORMAT;
	/* A gzip in a gzip in a gzip ..., perhaps without an end: what is in
	 * the outermost becomes a child, and the bound of depth meets it. */
	is_stream =
	    reader_open(analysis->input, READER_LAYER, NULL, &reader) == ERR_OK;
	reader_free(reader);
	*ret_kind = READER_LAYER;
	return is_stream ? ERR_OK : ERR_FORMAT;
}

/* A compressed file of nothing has no header to visit, but is one file. */
static void
put_empty(struct unpack *unpack)
{
	struct archive_entry *entry = archive_entry_new();

	archive_entry_set_pathname(entry, unpack->fallback);
	archive_entry_set_filetype(entry, AE_IFREG);
	notes_add(&unpack->notes, entry);
	record_put(unpack->analysis->out, RECORD_CHILD,
	    member_child(entry, unpack->relation, unpack->fallback));
	record_put(unpack->analysis->out, RECORD_CHILD_END,
	    json_pack("{s:i}", "size", 0));
	unpack->budget.children++;
	archive_entry_free(entry);
}

static int
run(struct unpack *unpack, enum reader_kind kind)
{
	struct analysis *analysis = unpack->analysis;
	json_t *format;
	uint64_t members;
	bool is_tried;

	if (reader_open(analysis->input, kind, NULL, &unpack->reader) !=
	    ERR_OK) {
		record_error(analysis->out, "damaged", "cannot be opened: %s",
		    reader_why(unpack->reader));
		return ERR_FORMAT;
	}
	pass(unpack);
	if (unpack->is_stream && unpack->budget.members == 0 &&
	    !unpack->is_damaged)
		put_empty(unpack);
	members = unpack->budget.members;
	format = describe(reader_archive(unpack->reader));
	is_tried = takes_passwords(unpack);
	if (unpack->locked_count > 0 && is_tried)
		unlock_all(unpack);
	else
		put_locked(unpack, false);
	put_facts(unpack, format, members);
	if (reader_input_error(unpack->reader) != ERR_OK)
		return ERR_SYS;
	if (unpack->is_limited)
		return ERR_LIMIT;
	return unpack->is_damaged ? ERR_FORMAT : ERR_OK;
}

static void
name_members(struct unpack *unpack, enum reader_kind kind)
{
	const char *name =
	    json_member_text(unpack->analysis->context, "name", "");

	unpack->is_stream = kind != READER_ARCHIVE;
	(void)snprintf(unpack->relation, sizeof(unpack->relation), "%s",
	    unpack->is_stream ? "decompressed" : "archive_member");
	if (unpack->is_stream)
		name_unpacked(name, unpack->fallback, sizeof(unpack->fallback));
	else
		(void)snprintf(
		    unpack->fallback, sizeof(unpack->fallback), "unnamed");
}

static void
put_unknown(struct analysis *analysis)
{
	uint8_t head[32];
	size_t len = 0;

	if (input_read_at(analysis->input, 0, head, sizeof(head), &len) !=
	    ERR_OK) {
		record_error(
		    analysis->out, "read", "the input could not be read");
		return;
	}
	for (size_t i = 0; i < COUNT(unsupported); i++) {
		size_t n = strlen(unsupported[i].bytes);

		if (len < unsupported[i].offset + n ||
		    memcmp(head + unsupported[i].offset, unsupported[i].bytes,
			n) != 0)
			continue;
		record_error(analysis->out, "unsupported",
		    "%s files are not unpacked here", unsupported[i].name);
		return;
	}
	record_error(analysis->out, "not_archive",
	    "no archive or compressed file of a kind that is known");
}

int
archive_analyse(struct analysis *analysis)
{
	const json_t *limits = json_object_get(analysis->context, "limits");
	json_int_t depth = json_member_int(analysis->context, "depth", 0);
	struct unpack unpack = {.analysis = analysis};
	enum reader_kind kind;
	char why[256] = "";
	int err;

	budget_init(
	    &unpack.budget, limits, input_size(analysis->input), loop_now_ms());
	if (depth >= (json_int_t)unpack.budget.depth_max) {
		record_limit(analysis->out, "depth",
		    "not unpacked: it lies %lld levels deep, and at most %llu "
		    "are followed",
		    (long long)depth,
		    (unsigned long long)unpack.budget.depth_max);
		return ERR_LIMIT;
	}
	if (choose(analysis, &kind, why, sizeof(why)) != ERR_OK) {
		if (why[0] != '\0')
			record_error(analysis->out, "damaged",
			    "nothing could be unpacked: %s", why);
		else
			put_unknown(analysis);
		return ERR_FORMAT;
	}
	passwords_init(
	    &unpack.passwords, json_object_get(analysis->context, "passwords"));
	name_members(&unpack, kind);
	notes_init(&unpack.notes);
	unpack.locked = xcalloc(unpack.budget.members_max / 8 + 1, 1);
	err = run(&unpack, kind);
	reader_free(unpack.reader);
	notes_release(&unpack.notes);
	free(unpack.locked);
	free(unpack.hold);
	return err;
}
