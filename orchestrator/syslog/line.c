/* SPDX-License-Identifier: Apache-2.0 */
/* line.c - one entry of the audit chain as a message of syslog. */
#include "syslog/line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define FACILITY      13 /* log audit */
#define INFORMATIONAL 6
#define WARNING	      4
#define SECOND_US     ((int64_t)1000000)
#define HOST_MAX      255
#define MSGID_MAX     32
#define VALUE_MAX     64

static void
put(struct wire_out *out, const char *text)
{
	wire_put_raw(out, text, strlen(text));
}

/* A name of the header: printable ASCII without blanks; "-" for nothing. */
static void
put_name(struct wire_out *out, const char *text, size_t max)
{
	char name[HOST_MAX + 1];
	size_t n = 0;

	for (; *text != '\0' && n < max; text++)
		name[n++] = (char)(*text > ' ' && *text < 0x7f ? *text : '?');
	name[n] = '\0';
	put(out, n == 0 ? "-" : name);
}

/* name="value", of ASCII; ", \ and ] escaped (RFC 5424 section 6.3.3). */
static void
put_param(struct wire_out *out, const char *name, const char *value)
{
	if (*value == '\0')
		return;
	put(out, " ");
	put(out, name);
	put(out, "=\"");
	for (size_t n = 0; *value != '\0' && n < VALUE_MAX; value++, n++) {
		char c = (char)(*value >= ' ' && *value < 0x7f ? *value : '?');

		if (c == '"' || c == '\\' || c == ']')
			wire_put_raw(out, "\\", 1);
		wire_put_raw(out, &c, 1);
	}
	put(out, "\"");
}

static void
put_time(struct wire_out *out, int64_t at)
{
	time_t s = (time_t)(at / SECOND_US);
	struct tm tm;
	char text[40], micros[16];

	(void)gmtime_r(&s, &tm);
	(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(micros, sizeof(micros), ".%06dZ", (int)(at % SECOND_US));
	put(out, text);
	put(out, micros);
}

bool
line_sd_id_is_valid(const char *text)
{
	static const char digits[] = "0123456789";
	const char *at = strchr(text, '@');

	if (at == NULL || at == text || at[1] == '\0' || strlen(text) > 32 ||
	    at[1 + strspn(at + 1, digits)] != '\0')
		return false;
	for (const char *p = text; p < at; p++) {
		if (*p <= ' ' || *p >= 0x7f || strchr("=]\"", *p) != NULL)
			return false;
	}
	return true;
}

void
line_put(struct wire_out *out, const struct line_from *from,
    const struct line_row *row, bool is_framed)
{
	struct wire_out line;
	char text[64], hash[SHA256_HEX_BYTES];

	wire_out_init(&line, LINE_BYTES_MAX);
	(void)snprintf(text, sizeof(text), "<%d>1 ",
	    FACILITY * 8 +
		(strcmp(row->outcome, "ok") == 0 ? INFORMATIONAL : WARNING));
	put(&line, text);
	put_time(&line, row->at);
	put(&line, " ");
	put_name(&line, from->host, HOST_MAX);
	put(&line, " loep - ");
	put_name(&line, row->action, MSGID_MAX);
	put(&line, " [");
	put(&line, from->sd_id);
	(void)snprintf(text, sizeof(text), "%" PRId64, row->seq);
	put_param(&line, "seq", text);
	put_param(&line, "outcome", row->outcome);
	put_param(&line, "actor", row->actor_kind);
	put_param(&line, "account", row->account);
	put_param(&line, "kind", row->object_kind);
	put_param(&line, "object", row->object);
	put_param(&line, "org", row->org);
	hex_encode(hash, row->hash, sizeof(row->hash));
	put_param(&line, "hash", hash);
	put(&line, "]");
	if (is_framed) {
		(void)snprintf(text, sizeof(text), "%zu ", line.len);
		put(out, text);
	}
	wire_put_raw(out, line.buf, line.len);
	wire_out_release(&line);
}
