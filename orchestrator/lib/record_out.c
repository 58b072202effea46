/* SPDX-License-Identifier: Apache-2.0 */
/* record_out.c - writing records, in an analyser's child. */
#include "lib/record.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/utf8.h"
#include "lib/xalloc.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/uio.h>

/* Two of the largest records fit; DATA goes past the buffer. */
#define OUT_BYTES (128 * KIB)
/* Foreign texts are cut here, so that one does not fill a whole record. */
#define TEXT_BYTES_MAX LIMIT_TEXT_BYTES

struct record_out {
	int fd;
	/* A CHILD that was too large was not written: nor are its bytes. */
	bool is_skipping;
	/* Read by a handler of a fatal signal. */
	volatile sig_atomic_t is_writing;
	json_int_t counts[RECORD_TYPE_COUNT];
	json_int_t data_bytes;
	size_t len;
	uint8_t buf[OUT_BYTES];
};

struct record_out *
record_out_new(int fd)
{
	struct record_out *out = xmalloc(sizeof(*out));

	/* The buffer's pages are touched only once something is in them: a
	 * child's life may be shorter than their clearing. */
	memset(out, 0, offsetof(struct record_out, buf));
	out->fd = fd;
	return out;
}

void
record_out_free(struct record_out *out)
{
	if (out == NULL)
		return;
	record_flush(out);
	free(out);
}

/* The reader is gone: nobody is left to tell, so the analysis is over. */
static void
write_all(struct record_out *out, struct iovec *iov, int count)
{
	out->is_writing = 1;
	while (count > 0) {
		ssize_t n = writev(out->fd, iov, count);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			_exit(74);
		while (count > 0 && (size_t)n >= iov->iov_len) {
			n -= (ssize_t)iov->iov_len;
			iov++;
			count--;
		}
		if (count > 0) {
			iov->iov_base = (uint8_t *)iov->iov_base + n;
			iov->iov_len -= (size_t)n;
		}
	}
	out->len = 0;
	out->is_writing = 0;
}

void
record_flush(struct record_out *out)
{
	struct iovec iov = {.iov_base = out->buf, .iov_len = out->len};

	if (out->len > 0)
		write_all(out, &iov, 1);
}

void
record_flush_dying(struct record_out *out)
{
	if (!out->is_writing)
		record_flush(out);
}

static void
put_header(uint8_t *at, enum record_type type, size_t len)
{
	at[0] = (uint8_t)type;
	for (int i = 0; i < 4; i++)
		at[1 + i] = (uint8_t)(len >> (8 * i));
}

/* Writes body straight into the buffer; returns its size, 0 = unfit. */
static size_t
try_put(struct record_out *out, enum record_type type, const json_t *body)
{
	size_t len;
	uint8_t *at;

	if (OUT_BYTES - out->len < RECORD_HEADER_BYTES + LIMIT_RECORD_BYTES)
		record_flush(out);
	at = out->buf + out->len;
	len = json_dumpb(body, (char *)at + RECORD_HEADER_BYTES,
	    LIMIT_RECORD_BYTES, JSON_COMPACT);
	if (len == 0 || len > LIMIT_RECORD_BYTES ||
	    !json_is_shallow(at + RECORD_HEADER_BYTES, len, LIMIT_RECORD_DEPTH))
		return 0;
	put_header(at, type, len);
	out->counts[type]++;
	out->len += RECORD_HEADER_BYTES + len;
	return len;
}

void
record_put(struct record_out *out, enum record_type type, json_t *body)
{
	auto_json json_t *owned = body;
	const char *name = record_type_name(type);

	assert(name != NULL && type != RECORD_DATA);
	if (out->is_skipping && type == RECORD_CHILD_END) {
		out->is_skipping = false;
		return;
	}
	if (try_put(out, type, owned) > 0)
		return;
	if (type == RECORD_CHILD)
		out->is_skipping = true;
	record_limit(out, "record_bytes",
	    "a record of type %s was left out: it is larger than %zu bytes, "
	    "nested deeper than %zu levels, or no JSON",
	    name, LIMIT_RECORD_BYTES, LIMIT_RECORD_DEPTH);
}

void
record_fact(struct record_out *out, const char *key, json_t *value)
{
	record_put(out, RECORD_FACT,
	    json_pack("{s:s, s:o}", "key", key, "value", value));
}

/* Printable ASCII, and nothing that JSON escapes. */
static bool
is_plain(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		const uint8_t c = (uint8_t)text[i];

		if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
			return false;
	}
	return true;
}

/* As JSON_COMPACT writes it; value is JSON but for its quotes. */
static void
put_plain_fact(struct record_out *out, const char *key, const char *value,
    const char *quote)
{
	char *at;
	int len;

	if (OUT_BYTES - out->len < RECORD_HEADER_BYTES + LIMIT_RECORD_BYTES)
		record_flush(out);
	at = (char *)out->buf + out->len + RECORD_HEADER_BYTES;
	len = snprintf(at, LIMIT_RECORD_BYTES,
	    "{\"key\":\"%s\",\"value\":%s%s%s}", key, quote, value, quote);
	assert(len > 0 && (size_t)len < LIMIT_RECORD_BYTES);
	put_header(out->buf + out->len, RECORD_FACT, (size_t)len);
	out->counts[RECORD_FACT]++;
	out->len += RECORD_HEADER_BYTES + (size_t)len;
}

void
record_fact_text(struct record_out *out, const char *key, const char *text)
{
	size_t len = strlen(text);

	if (len <= TEXT_BYTES_MAX && is_plain(text, len))
		put_plain_fact(out, key, text, "\"");
	else
		record_fact(out, key, record_text(text, len));
}

void
record_fact_int(struct record_out *out, const char *key, int64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, value);
	put_plain_fact(out, key, text, "");
}

/* One of the two-text records, the second text made from fmt. */
__attribute__((format(printf, 5, 0))) static void
put_texts(struct record_out *out, enum record_type type, const char *what,
    va_list ap, const char *fmt)
{
	char text[LIMIT_TEXT_BYTES];
	json_t *body = json_object();

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	(void)json_object_set_new(
	    body, type == RECORD_LIMIT ? "limit" : "what", json_string(what));
	(void)json_object_set_new(
	    body, "text", record_text(text, strlen(text)));
	record_put(out, type, body);
}

void
record_limit(struct record_out *out, const char *limit, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_texts(out, RECORD_LIMIT, limit, ap, fmt);
	va_end(ap);
}

void
record_error(struct record_out *out, const char *what, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_texts(out, RECORD_ERROR, what, ap, fmt);
	va_end(ap);
}

void
record_done(struct record_out *out)
{
	json_t *counts = json_object();

	for (unsigned int i = 1; i < RECORD_TYPE_COUNT; i++) {
		if (out->counts[i] > 0)
			(void)json_object_set_new(counts, record_type_name(i),
			    json_integer(out->counts[i]));
	}
	if (out->data_bytes > 0)
		(void)json_object_set_new(
		    counts, "data_bytes", json_integer(out->data_bytes));
	record_put(out, RECORD_DONE, json_pack("{s:o}", "counts", counts));
}

void
record_data(struct record_out *out, const void *p, size_t len)
{
	const uint8_t *at = p;
	uint8_t header[RECORD_HEADER_BYTES];

	while (len > 0 && !out->is_skipping) {
		size_t take = len < LIMIT_DATA_BYTES ? len : LIMIT_DATA_BYTES;
		size_t room = OUT_BYTES - out->len;
		struct iovec iov[3] = {
		    {.iov_base = out->buf, .iov_len = out->len},
		    {.iov_base = header, .iov_len = sizeof(header)},
		    {.iov_base = (void *)(uintptr_t)at, .iov_len = take},
		};

		put_header(header, RECORD_DATA, take);
		out->data_bytes += (json_int_t)take;
		if (take < 4 * KIB && take + sizeof(header) <= room) {
			memcpy(out->buf + out->len, header, sizeof(header));
			memcpy(out->buf + out->len + sizeof(header), at, take);
			out->len += sizeof(header) + take;
		} else {
			write_all(out, iov, 3);
		}
		at += take;
		len -= take;
	}
}

static void
put_frame(struct record_out *out, const void *frame, size_t len)
{
	if (len > OUT_BYTES - out->len)
		record_flush(out);
	memcpy(out->buf + out->len, frame, len);
	out->len += len;
}

void
record_item_begin(struct record_out *out, const void *frame, size_t len)
{
	memset(out->counts, 0, sizeof(out->counts));
	out->data_bytes = 0;
	out->is_skipping = false;
	put_frame(out, frame, len);
}

void
record_item_end(struct record_out *out, const void *frame, size_t len)
{
	put_frame(out, frame, len);
}

json_t *
record_text(const void *p, size_t len)
{
	static const char replacement[] = "\xef\xbf\xbd";
	const uint8_t *at = p;
	auto_free char *text = NULL;
	size_t text_len = 0;

	if (len > TEXT_BYTES_MAX)
		len = TEXT_BYTES_MAX;
	text = xmalloc(len * 3 + 1);
	for (size_t i = 0; i < len;) {
		size_t n = utf8_sequence(at + i, len - i, NULL);

		/* jansson's readers take no NUL in a text; nor do we. */
		if (n == 0 || at[i] == '\0') {
			memcpy(text + text_len, replacement, 3);
			text_len += 3;
			i++;
			continue;
		}
		memcpy(text + text_len, at + i, n);
		text_len += n;
		i += n;
	}
	return json_stringn(text, text_len);
}

json_t *
record_hex(const void *p, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *at = p;
	auto_free char *text = NULL;

	if (len > TEXT_BYTES_MAX)
		len = TEXT_BYTES_MAX;
	text = xmalloc(2 * len + 1);
	for (size_t i = 0; i < len; i++) {
		text[2 * i] = digits[at[i] >> 4];
		text[2 * i + 1] = digits[at[i] & 15];
	}
	return json_stringn(text, 2 * len);
}
