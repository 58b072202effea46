/* SPDX-License-Identifier: Apache-2.0 */
/* reader.c - libarchive over an artefact. */
#include "analysers/archive/reader.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <locale.h>
#include <stdbool.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* One read of an input that is not in memory. */
#define PIECE_BYTES (256 * KIB)

struct reader {
	struct archive *archive;
	struct input *input;
	const uint8_t *map;
	uint8_t *buf;
	uint64_t pos;
	int input_error;
};

struct support {
	const char *name;
	int (*enable)(struct archive *);
};

/*
 * archive_read_support_filter_all() is no option: lrzip and grzip always
 * start a program, lzop does where the library was built without it.  mtree
 * has no bytes of its own, and would match nearly any text.
 */
static const struct support filters[] = {
    {"gzip", archive_read_support_filter_gzip},
    {"bzip2", archive_read_support_filter_bzip2},
    {"xz", archive_read_support_filter_xz},
    {"lzma", archive_read_support_filter_lzma},
    {"lzip", archive_read_support_filter_lzip},
    {"zstd", archive_read_support_filter_zstd},
    {"lz4", archive_read_support_filter_lz4},
    {"lzop", archive_read_support_filter_lzop},
    {"compress", archive_read_support_filter_compress},
    {"uu", archive_read_support_filter_uu},
    {"rpm", archive_read_support_filter_rpm},
};

static const struct support formats[] = {
    {"zip", archive_read_support_format_zip},
    {"7zip", archive_read_support_format_7zip},
    {"rar", archive_read_support_format_rar},
    {"rar5", archive_read_support_format_rar5},
    {"tar", archive_read_support_format_tar},
    {"cpio", archive_read_support_format_cpio},
    {"cab", archive_read_support_format_cab},
    {"iso9660", archive_read_support_format_iso9660},
    {"lha", archive_read_support_format_lha},
    {"xar", archive_read_support_format_xar},
    {"ar", archive_read_support_format_ar},
    {"warc", archive_read_support_format_warc},
};

/* Layers that can be taken off one by one, and how they begin. */
static const struct {
	int code;
	size_t len;
	const char *bytes;
} layers[] = {
    {ARCHIVE_FILTER_GZIP, 2, "\x1f\x8b"},
    {ARCHIVE_FILTER_BZIP2, 3, "BZh"},
    {ARCHIVE_FILTER_XZ, 6,
	"\xfd"
	"7zXZ\0"},
    {ARCHIVE_FILTER_LZIP, 4, "LZIP"},
    {ARCHIVE_FILTER_COMPRESS, 2, "\x1f\x9d"},
};

static bool has_filter[COUNT(filters)];
static bool has_format[COUNT(formats)];

/* Anything but ARCHIVE_OK means "by another program" or "not at all". */
static bool
is_own(const struct support *support)
{
	struct archive *archive = archive_read_new();
	bool is_ok;

	if (archive == NULL)
		return false;
	is_ok = support->enable(archive) == ARCHIVE_OK;
	(void)archive_read_free(archive);
	return is_ok;
}

void
reader_load(void)
{
	/* Names are kept as UTF-8; nothing else of the locale is wanted. */
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		(void)setlocale(LC_CTYPE, "en_US.UTF-8");
	for (size_t i = 0; i < COUNT(filters); i++)
		has_filter[i] = is_own(&filters[i]);
	for (size_t i = 0; i < COUNT(formats); i++)
		has_format[i] = is_own(&formats[i]);
}

json_t *
reader_info(void)
{
	json_t *info = json_pack("{s:[], s:[]}", "filters", "formats");

	for (size_t i = 0; i < COUNT(filters); i++) {
		if (has_filter[i])
			(void)json_array_append_new(
			    json_object_get(info, "filters"),
			    json_string(filters[i].name));
	}
	for (size_t i = 0; i < COUNT(formats); i++) {
		if (has_format[i])
			(void)json_array_append_new(
			    json_object_get(info, "formats"),
			    json_string(formats[i].name));
	}
	return info;
}

static la_ssize_t
on_read(struct archive *archive, void *arg, const void **ret_buf)
{
	struct reader *reader = arg;
	uint64_t size = input_size(reader->input);
	size_t len = 0;

	if (reader->pos >= size)
		return 0;
	if (reader->map != NULL) {
		len = (size_t)(size - reader->pos);
		*ret_buf = reader->map + reader->pos;
	} else {
		reader->input_error = input_read_at(
		    reader->input, reader->pos, reader->buf, PIECE_BYTES, &len);
		if (reader->input_error != ERR_OK) {
			archive_set_error(
			    archive, EIO, "the input could not be read");
			return -1;
		}
		*ret_buf = reader->buf;
	}
	reader->pos += len;
	return (la_ssize_t)len;
}

static la_int64_t
on_skip(struct archive *archive, void *arg, la_int64_t request)
{
	struct reader *reader = arg;
	uint64_t left = input_size(reader->input) - reader->pos;
	uint64_t len = request < 0 ? 0 : (uint64_t)request;

	(void)archive;
	if (len > left)
		len = left;
	reader->pos += len;
	return (la_int64_t)len;
}

static la_int64_t
on_seek(struct archive *archive, void *arg, la_int64_t offset, int whence)
{
	struct reader *reader = arg;
	int64_t size = (int64_t)input_size(reader->input);
	int64_t base = whence == SEEK_SET   ? 0
		       : whence == SEEK_CUR ? (int64_t)reader->pos
					    : size;
	int64_t to;

	(void)archive;
	if (__builtin_add_overflow(base, (int64_t)offset, &to) || to < 0 ||
	    to > size)
		return ARCHIVE_FATAL;
	reader->pos = (uint64_t)to;
	return (la_int64_t)to;
}

static int
enable_layer(struct reader *reader)
{
	uint8_t head[8];
	size_t len = 0;

	reader->input_error =
	    input_read_at(reader->input, 0, head, sizeof(head), &len);
	if (reader->input_error != ERR_OK)
		return ERR_FORMAT;
	(void)archive_read_support_format_raw(reader->archive);
	(void)archive_read_support_format_empty(reader->archive);
	for (size_t i = 0; i < COUNT(layers); i++) {
		if (len >= layers[i].len &&
		    memcmp(head, layers[i].bytes, layers[i].len) == 0)
			return archive_read_append_filter(reader->archive,
				   layers[i].code) == ARCHIVE_OK
				   ? ERR_OK
				   : ERR_FORMAT;
	}
	return ERR_FORMAT;
}

static void
enable(struct reader *reader, enum reader_kind kind)
{
	for (size_t i = 0; i < COUNT(filters); i++) {
		if (has_filter[i])
			(void)filters[i].enable(reader->archive);
	}
	if (kind == READER_STREAM) {
		(void)archive_read_support_format_raw(reader->archive);
		(void)archive_read_support_format_empty(reader->archive);
		return;
	}
	for (size_t i = 0; i < COUNT(formats); i++) {
		if (has_format[i])
			(void)formats[i].enable(reader->archive);
	}
}

int
reader_open(struct input *input, enum reader_kind kind, const char *password,
    struct reader **ret_reader)
{
	struct reader *reader = xcalloc(1, sizeof(*reader));

	*ret_reader = reader;
	reader->input = input;
	reader->map = input_map(input);
	if (reader->map == NULL)
		reader->buf = xmalloc(PIECE_BYTES);
	reader->archive = archive_read_new();
	if (reader->archive == NULL)
		return ERR_FORMAT;
	if (kind != READER_LAYER)
		enable(reader, kind);
	else if (enable_layer(reader) != ERR_OK)
		return ERR_FORMAT;
	if (password != NULL)
		(void)archive_read_add_passphrase(reader->archive, password);
	(void)archive_read_set_read_callback(reader->archive, on_read);
	(void)archive_read_set_skip_callback(reader->archive, on_skip);
	(void)archive_read_set_seek_callback(reader->archive, on_seek);
	(void)archive_read_set_callback_data(reader->archive, reader);
	return archive_read_open1(reader->archive) == ARCHIVE_OK ? ERR_OK
								 : ERR_FORMAT;
}

void
reader_free(struct reader *reader)
{
	if (reader == NULL)
		return;
	if (reader->archive != NULL)
		(void)archive_read_free(reader->archive);
	free(reader->buf);
	free(reader);
}

struct archive *
reader_archive(struct reader *reader)
{
	return reader->archive;
}

const char *
reader_why(const struct reader *reader)
{
	const char *why = reader->archive == NULL
			      ? NULL
			      : archive_error_string(reader->archive);

	return why == NULL ? "no reason given" : why;
}

uint64_t
reader_position(const struct reader *reader)
{
	return reader->pos;
}

int
reader_input_error(const struct reader *reader)
{
	return reader->input_error;
}
