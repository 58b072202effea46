/* SPDX-License-Identifier: Apache-2.0 */
/* facts.c - what identify found out, taken over into the artefact's row. */
#include "store/facts.h"

#include "lib/digest.h"
#include "lib/json.h"
#include "lib/limits.h"

#define SHA1_BYTES   20
#define MD5_BYTES    16
#define SHA512_BYTES 64
#define WORD_BYTES   1024

struct facts {
	char mime[WORD_BYTES];
	char magic[WORD_BYTES];
	char tlsh[WORD_BYTES];
	uint8_t sha1[SHA1_BYTES];
	uint8_t md5[MD5_BYTES];
	uint8_t sha512[SHA512_BYTES];
	bool has_sha1, has_md5, has_sha512, has_entropy;
	int64_t entropy_milli;
};

static void
take_text(char *dst, const char *text)
{
	/* Cut in the middle of a character it would be no UTF-8. */
	if (text != NULL && strlen(text) < WORD_BYTES)
		(void)snprintf(dst, WORD_BYTES, "%s", text);
}

static bool
take_hex(uint8_t *dst, size_t len, const char *hex)
{
	return hex != NULL && hex_decode(hex, dst, len) == ERR_OK;
}

static void
take(struct facts *f, const char *key, const json_t *value)
{
	const char *text = json_string_value(value);
	double number = json_number_value(value);

	if (strcmp(key, "mime") == 0)
		take_text(f->mime, text);
	else if (strcmp(key, "magic") == 0)
		take_text(f->magic, text);
	else if (strcmp(key, "tlsh") == 0)
		take_text(f->tlsh, text);
	else if (strcmp(key, "sha1") == 0)
		f->has_sha1 = take_hex(f->sha1, SHA1_BYTES, text);
	else if (strcmp(key, "md5") == 0)
		f->has_md5 = take_hex(f->md5, MD5_BYTES, text);
	else if (strcmp(key, "sha512") == 0)
		f->has_sha512 = take_hex(f->sha512, SHA512_BYTES, text);
	else if (strcmp(key, "entropy") == 0 && json_is_number(value) &&
		 number >= 0 && number <= 8) {
		f->has_entropy = true;
		f->entropy_milli = (int64_t)(number * 1000 + 0.5);
	}
}

static int
collect(struct store *store, const struct attempt *a, struct facts *f)
{
	AUTO(query) q = {0};
	int err = query_start(&q, store->db, STMT_FACT_LIST,
	    ARGS(val_text(a->job_id), val_int(a->number)));

	while (err == ERR_OK && (err = query_next(&q)) == ERR_OK) {
		auto_json json_t *body = NULL;
		const char *text = query_text(&q, 1);

		if (json_parse(text, strlen(text), LIMIT_RECORD_BYTES,
			LIMIT_RECORD_DEPTH, &body) == ERR_OK)
			take(f, query_text(&q, 0),
			    json_object_get(body, "value"));
	}
	return err == ERR_EOF ? (int)ERR_OK : err;
}

static struct value
bytes_or_null(bool has, const uint8_t *p, size_t len)
{
	return has ? val_bytes(p, len) : val_null();
}

int
facts_apply(struct store *store, const struct attempt *a)
{
	struct facts f = {.has_sha1 = false};
	int err = collect(store, a, &f);

	if (err != ERR_OK)
		return err;
	return db_do(store->db, STMT_ARTEFACT_FACTS,
	    ARGS(val_text(a->artefact_id), val_text(f.mime), val_text(f.magic),
		f.tlsh[0] == '\0' ? val_null() : val_text(f.tlsh),
		bytes_or_null(f.has_sha1, f.sha1, SHA1_BYTES),
		bytes_or_null(f.has_md5, f.md5, MD5_BYTES),
		bytes_or_null(f.has_sha512, f.sha512, SHA512_BYTES),
		f.has_entropy ? val_int(f.entropy_milli) : val_null()),
	    NULL);
}
