/* SPDX-License-Identifier: Apache-2.0 */
/* unseal_keep.c - what may be kept of what an opened seal's analysis says. */
#include "store/unseal_keep.h"

#include "lib/digest.h"
#include "lib/record.h"

#include <string.h>

#define WORD_MAX   128
#define PLACES_MAX 256

static const char identifier[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "abcdefghijklmnopqrstuvwxyz0123456789_.$-/";
/* RFC 6838, without what nobody registers. */
static const char mime[] = "abcdefghijklmnopqrstuvwxyz0123456789.+-/_";
static const char lower[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

/* A word of some letters; NULL where it is none: content may hide in any. */
static const char *
word(const json_t *record, const char *name, const char *letters)
{
	const char *text = json_member_text(record, name, "");
	size_t len = strspn(text, letters);

	return len > 0 && len <= WORD_MAX && text[len] == '\0' ? text : NULL;
}

static void
put_int(json_t *kept, const json_t *record, const char *name)
{
	const json_t *value = json_object_get(record, name);

	if (json_is_integer(value) && json_integer_value(value) >= 0)
		(void)json_object_set_new(
		    kept, name, json_integer(json_integer_value(value)));
}

static void
put_word(
    json_t *kept, const json_t *record, const char *name, const char *letters)
{
	const char *text = word(record, name, letters);

	if (text != NULL)
		(void)json_object_set_new(kept, name, json_string(text));
}

static json_t *
keep_places(const json_t *record)
{
	json_t *kept = json_array();
	const json_t *place;
	size_t i;

	json_array_foreach(json_object_get(record, "strings"), i, place)
	{
		json_t *one;

		if (i == PLACES_MAX)
			break;
		one = json_object();
		put_word(one, place, "id", identifier);
		put_int(one, place, "offset");
		put_int(one, place, "length");
		(void)json_array_append_new(kept, one);
	}
	return kept;
}

static json_t *
keep_match(const json_t *record)
{
	json_t *kept;

	if (word(record, "rule", identifier) == NULL)
		return NULL;
	kept = json_object();
	put_word(kept, record, "rule", identifier);
	put_word(kept, record, "namespace", identifier);
	put_word(kept, record, "closure", lower);
	put_word(kept, record, "text_sha256", lower);
	put_int(kept, record, "score");
	put_int(kept, record, "strings_total");
	(void)json_object_set_new(kept, "strings", keep_places(record));
	(void)json_object_set_new(kept, "is_sealed", json_true());
	return kept;
}

static json_t *
fact(const char *key, json_t *value)
{
	return json_pack(
	    "{s:s, s:o, s:b}", "key", key, "value", value, "is_sealed", 1);
}

/*
 * Under a key that neither the database nor a submitter holds: equal contents
 * are seen to be equal, here alone.
 */
static json_t *
keep_digest(const struct store *store, const json_t *record)
{
	static const char purpose[] = "loep: digest of what was sealed, v1";
	uint8_t key[SHA256_BYTES], digest[SHA256_BYTES], mac[SHA256_BYTES];
	char hex[SHA256_HEX_BYTES];

	if (!store->has_second_key ||
	    hex_decode(json_member_text(record, "value", ""), digest,
		sizeof(digest)) != ERR_OK)
		return NULL;
	hmac_sha256(store->second_key, purpose, sizeof(purpose) - 1, key);
	hmac_sha256(key, digest, sizeof(digest), mac);
	hex_encode(hex, mac, sizeof(mac));
	explicit_bzero(key, sizeof(key));
	explicit_bzero(digest, sizeof(digest));
	return fact("hmac_sha256", json_string(hex));
}

static json_t *
keep_fact(const struct store *store, const json_t *record)
{
	const char *key = json_member_text(record, "key", "");
	const json_t *value = json_object_get(record, "value");

	if (strcmp(key, "sha256") == 0)
		return keep_digest(store, record);
	if (strcmp(key, "size") == 0 && json_is_integer(value))
		return fact("size", json_integer(json_integer_value(value)));
	if (strcmp(key, "mime") == 0 && word(record, "value", mime) != NULL)
		return fact("mime", json_string(json_string_value(value)));
	return NULL;
}

static json_t *
keep_word(const json_t *record, const char *name)
{
	const char *text = word(record, name, lower);

	return json_pack(
	    "{s:s, s:b}", name, text == NULL ? "other" : text, "is_sealed", 1);
}

json_t *
unseal_keep(const struct store *store, unsigned int type, const json_t *record)
{
	switch (type) {
	case RECORD_MATCH:
		return keep_match(record);
	case RECORD_FACT:
		return keep_fact(store, record);
	case RECORD_LIMIT:
		return keep_word(record, "limit");
	case RECORD_ERROR:
		return keep_word(record, "what");
	default:
		return NULL;
	}
}
