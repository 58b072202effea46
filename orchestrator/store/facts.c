/* SPDX-License-Identifier: Apache-2.0 */
/* facts.c - what identify found out, taken over into the artefact's row. */
#include "store/facts.h"

#include "lib/digest.h"
#include "lib/json.h"
#include "lib/limits.h"
#include "store/unseal.h"

void
facts_init(struct facts *facts)
{
	/* Texts are ended by their first byte. */
	facts->mime[0] = facts->magic[0] = facts->tlsh[0] = '\0';
	facts->has_sha1 = facts->has_md5 = false;
	facts->has_sha512 = facts->has_entropy = false;
	facts->is_openpgp = false;
}

static void
take_text(char *dst, const char *text)
{
	/* Cut in the middle of a character it would be no UTF-8. */
	if (text != NULL && strlen(text) < FACTS_WORD_BYTES)
		(void)snprintf(dst, FACTS_WORD_BYTES, "%s", text);
}

static bool
take_hex(uint8_t *dst, size_t len, const char *hex)
{
	return hex != NULL && hex_decode(hex, dst, len) == ERR_OK;
}

void
facts_take(struct facts *f, const char *key, const json_t *value)
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
		f->has_sha1 = take_hex(f->sha1, FACTS_SHA1_BYTES, text);
	else if (strcmp(key, "md5") == 0)
		f->has_md5 = take_hex(f->md5, FACTS_MD5_BYTES, text);
	else if (strcmp(key, "sha512") == 0)
		f->has_sha512 = take_hex(f->sha512, FACTS_SHA512_BYTES, text);
	else if (strcmp(key, "seal") == 0)
		f->is_openpgp = text != NULL && strcmp(text, "openpgp") == 0;
	else if (strcmp(key, "entropy") == 0 && json_is_number(value) &&
		 number >= 0 && number <= 8) {
		f->has_entropy = true;
		f->entropy_milli = (int64_t)(number * 1000 + 0.5);
	}
}

bool
facts_take_plain(struct facts *f, const struct json_scan_member *key,
    const struct json_scan_member *value)
{
	static const char *const taken[] = {"mime", "magic", "tlsh", "sha1",
	    "md5", "sha512", "entropy", "seal"};
	char text[FACTS_WORD_BYTES];
	auto_json json_t *json = NULL;
	size_t i = 0;

	while (i < sizeof(taken) / sizeof(taken[0]) &&
	       !json_scan_is(key, taken[i]))
		i++;
	if (i == sizeof(taken) / sizeof(taken[0]))
		return true;
	if (value->kind == JSON_SCAN_REAL) {
		json = json_real(value->real);
	} else if (value->kind == JSON_SCAN_TEXT && value->len < sizeof(text)) {
		memcpy(text, value->p, value->len);
		text[value->len] = '\0';
		json = json_string(text);
	}
	if (json != NULL)
		facts_take(f, taken[i], json);
	return json != NULL;
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
			facts_take(f, query_text(&q, 0),
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
facts_write(struct store *store, const struct attempt *a, const struct facts *f)
{
	int err = f->is_openpgp ? unseal_seal(store, a) : (int)ERR_OK;

	if (err != ERR_OK)
		return err;
	return db_do(store->db, STMT_ARTEFACT_FACTS,
	    ARGS(val_text(a->artefact_id), val_text(f->mime),
		val_text(f->magic),
		f->tlsh[0] == '\0' ? val_null() : val_text(f->tlsh),
		bytes_or_null(f->has_sha1, f->sha1, FACTS_SHA1_BYTES),
		bytes_or_null(f->has_md5, f->md5, FACTS_MD5_BYTES),
		bytes_or_null(f->has_sha512, f->sha512, FACTS_SHA512_BYTES),
		f->has_entropy ? val_int(f->entropy_milli) : val_null()),
	    NULL);
}

int
facts_apply(struct store *store, const struct attempt *a)
{
	struct facts f;
	int err;

	facts_init(&f);
	err = collect(store, a, &f);
	return err == ERR_OK ? facts_write(store, a, &f) : err;
}
