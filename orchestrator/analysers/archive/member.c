/* SPDX-License-Identifier: Apache-2.0 */
/* member.c - one member of an archive as it is told of. */
#include "analysers/archive/member.h"

#include "analysers/archive/names.h"
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/utf8.h"
#include "lib/xalloc.h"

#include <sys/stat.h>

/*
 * A CHILD record holds up to four forms of a name, which JSON may make six
 * times as long; together they must fit.
 */
#define PATH_BYTES_MAX LIMIT_NAME_BYTES
#define BASE_BYTES_MAX ((size_t)1024)
/* One name among many in a list. */
#define LISTED_BYTES_MAX ((size_t)512)

void
notes_init(struct notes *notes)
{
	*notes = (struct notes){
	    .path_evidence = json_array(),
	    .name_evidence = json_array(),
	    .links = json_array(),
	    .specials = json_array(),
	};
}

void
notes_release(struct notes *notes)
{
	json_decref(notes->path_evidence);
	json_decref(notes->name_evidence);
	json_decref(notes->links);
	json_decref(notes->specials);
}

const char *
member_path(struct archive_entry *entry)
{
	const char *path = archive_entry_pathname(entry);

	/* What cannot be said in this locale can always be said in UTF-8. */
	if (path == NULL)
		path = archive_entry_pathname_utf8(entry);
	return path == NULL ? "" : path;
}

static const char *
link_target(struct archive_entry *entry, const char **ret_kind)
{
	const char *target = archive_entry_hardlink(entry);

	*ret_kind = "hard";
	if (target == NULL)
		target = archive_entry_hardlink_utf8(entry);
	if (target != NULL)
		return target;
	*ret_kind = "symbolic";
	target = archive_entry_symlink(entry);
	return target == NULL ? archive_entry_symlink_utf8(entry) : target;
}

void
member_set_name(json_t *object, const char *key, const char *name, size_t len)
{
	char hex_key[64];

	if (len > PATH_BYTES_MAX)
		len = PATH_BYTES_MAX;
	(void)json_object_set_new(object, key, record_text(name, len));
	if (utf8_is_valid(name, len))
		return;
	(void)snprintf(hex_key, sizeof(hex_key), "%s_hex", key);
	(void)json_object_set_new(object, hex_key, record_hex(name, len));
}

static json_t *
listed(const char *name)
{
	size_t len = strlen(name);

	return record_text(
	    name, len < LISTED_BYTES_MAX ? len : LISTED_BYTES_MAX);
}

static json_t *
trick_words(unsigned int tricks)
{
	json_t *words = json_array();

	for (unsigned int i = 0; i < TRICK_COUNT; i++) {
		if (tricks & 1u << i)
			(void)json_array_append_new(
			    words, json_string(name_trick_word(1u << i)));
	}
	return words;
}

static void
add_evidence(json_t *list, const char *path, unsigned int tricks)
{
	if (json_array_size(list) < NOTES_EVIDENCE_MAX)
		(void)json_array_append_new(
		    list, json_pack("{s:o, s:o}", "path", listed(path),
			      "tricks", trick_words(tricks)));
}

static void
note_link(
    struct notes *notes, const char *path, const char *target, const char *kind)
{
	notes->links_count++;
	if (json_array_size(notes->links) < NOTES_LINKS_MAX)
		(void)json_array_append_new(notes->links,
		    json_pack("{s:o, s:o, s:s}", "path", listed(path), "target",
			listed(target), "kind", kind));
}

static const char *
special_kind(mode_t type)
{
	switch (type) {
	case AE_IFCHR:
		return "character device";
	case AE_IFBLK:
		return "block device";
	case AE_IFIFO:
		return "pipe";
	case AE_IFSOCK:
		return "socket";
	default:
		return NULL;
	}
}

static void
count_kind(struct notes *notes, struct archive_entry *entry, const char *path)
{
	mode_t type = archive_entry_filetype(entry);
	const char *special = special_kind(type);

	if (type == AE_IFDIR)
		notes->directories++;
	else if (type == AE_IFREG || type == 0)
		notes->files++;
	if (archive_entry_is_encrypted(entry) > 0)
		notes->encrypted++;
	if (special == NULL)
		return;
	notes->specials_count++;
	if (json_array_size(notes->specials) < NOTES_LINKS_MAX)
		(void)json_array_append_new(
		    notes->specials, json_pack("{s:o, s:s}", "path",
					 listed(path), "kind", special));
}

void
notes_add(struct notes *notes, struct archive_entry *entry)
{
	const char *path = member_path(entry);
	const char *kind;
	const char *target = link_target(entry, &kind);
	unsigned int tricks = name_tricks(path, strlen(path));

	if (target != NULL) {
		note_link(notes, path, target, kind);
		tricks |= name_target_tricks(target, strlen(target));
	} else {
		count_kind(notes, entry, path);
	}
	notes->tricks |= tricks;
	if (tricks & TRICKS_PATH) {
		notes->path_tricks++;
		add_evidence(notes->path_evidence, path, tricks & TRICKS_PATH);
	}
	if (tricks & ~(unsigned int)TRICKS_PATH) {
		notes->name_tricks++;
		add_evidence(notes->name_evidence, path,
		    tricks & ~(unsigned int)TRICKS_PATH);
	}
}

static void
put_tricks(const struct notes *notes, struct record_out *out)
{
	if (notes->path_tricks > 0)
		record_put(out, RECORD_FINDING,
		    json_pack("{s:s, s:i, s:s, s:I, s:O}", "name", "path_trick",
			"score", 40, "title",
			"Member names that would leave the folder they are "
			"unpacked into, or that no file system takes",
			"count", (json_int_t)notes->path_tricks, "evidence",
			notes->path_evidence));
	if (notes->name_tricks > 0)
		record_put(out, RECORD_FINDING,
		    json_pack("{s:s, s:i, s:s, s:[s], s:I, s:O}", "name",
			"name_trick", "score", 50, "title",
			"Member names that hide what the file is", "attack",
			notes->tricks & TRICK_BIDI ? "T1036.002" : "T1036.007",
			"count", (json_int_t)notes->name_tricks, "evidence",
			notes->name_evidence));
}

void
notes_put(const struct notes *notes, struct record_out *out)
{
	if (notes->links_count > 0)
		record_fact(out, "archive_links",
		    json_pack("{s:I, s:O}", "count",
			(json_int_t)notes->links_count, "links", notes->links));
	if (notes->specials_count > 0)
		record_fact(out, "archive_specials",
		    json_pack("{s:I, s:O}", "count",
			(json_int_t)notes->specials_count, "files",
			notes->specials));
	put_tricks(notes, out);
}

static void
set_times(json_t *body, struct archive_entry *entry)
{
	int64_t us;

	if (!archive_entry_mtime_is_set(entry) ||
	    __builtin_mul_overflow(
		(int64_t)archive_entry_mtime(entry), (int64_t)1000000, &us) ||
	    __builtin_add_overflow(
		us, (int64_t)archive_entry_mtime_nsec(entry) / 1000, &us))
		return;
	(void)json_object_set_new(body, "mtime_us", json_integer(us));
}

static void
set_owner(json_t *body, struct archive_entry *entry)
{
	const char *user = archive_entry_uname(entry);
	const char *group = archive_entry_gname(entry);

	if (user != NULL && user[0] != '\0')
		(void)json_object_set_new(body, "user", listed(user));
	if (group != NULL && group[0] != '\0')
		(void)json_object_set_new(body, "group", listed(group));
}

json_t *
member_child(
    struct archive_entry *entry, const char *relation, const char *fallback)
{
	const char *path = member_path(entry);
	json_t *body = json_object();
	size_t len;
	const char *base = name_base(path, strlen(path), &len);

	if (len == 0) {
		base = fallback;
		len = strlen(fallback);
	}
	member_set_name(
	    body, "name", base, len < BASE_BYTES_MAX ? len : BASE_BYTES_MAX);
	(void)json_object_set_new(body, "relation", json_string(relation));
	(void)json_object_set_new(body, "kind", json_string("file"));
	if (path[0] != '\0')
		member_set_name(body, "path", path, strlen(path));
	(void)json_object_set_new(body, "mode",
	    json_integer((json_int_t)(archive_entry_mode(entry) & 07777)));
	if (archive_entry_size_is_set(entry))
		(void)json_object_set_new(body, "declared_size",
		    json_integer(archive_entry_size(entry)));
	set_times(body, entry);
	set_owner(body, entry);
	if (archive_entry_is_encrypted(entry) > 0)
		(void)json_object_set_new(body, "is_encrypted", json_true());
	return body;
}
