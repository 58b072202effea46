/* SPDX-License-Identifier: Apache-2.0 */
/* describe.c - what a key says of itself. */
#include "pgp/describe.h"

#include "lib/openpgp.h"
#include "lib/utf8.h"
#include "lib/xalloc.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

/* Below that, integers can be factored by those who care to (ENISA, BSI). */
#define BITS_MIN 2048
/* Self-signatures that are looked at; more are an attack. */
#define SIGNATURES_MAX 4096

static void
set_text(json_t *object, const char *name, char *text)
{
	json_object_set_new(
	    object, name, json_string(text == NULL ? "" : text));
	rnp_buffer_destroy(text);
}

/* What is shown to people: UTF-8 without what controls a terminal. */
static json_t *
clean_user_id(const char *text)
{
	char clean[DESCRIBE_USER_ID_BYTES_MAX + 1];
	const uint8_t *p = (const uint8_t *)text;
	size_t len = strlen(text), n = 0;

	for (size_t at = 0; at < len;) {
		uint32_t code;
		size_t bytes = utf8_sequence(p + at, len - at, &code);
		bool is_good = bytes != 0 && code >= ' ' &&
			       (code < 0x7f || code > 0x9f) &&
			       /* Marks that turn the direction of writing. */
			       !(code >= 0x200e && code <= 0x200f) &&
			       !(code >= 0x2028 && code <= 0x202e) &&
			       !(code >= 0x2066 && code <= 0x2069);
		size_t put = is_good ? bytes : 1;

		if (put > sizeof(clean) - 1 - n)
			break;
		if (is_good)
			memcpy(clean + n, p + at, bytes);
		else
			clean[n] = '?';
		n += put;
		at += bytes == 0 ? 1 : bytes;
	}
	return json_stringn(clean, n);
}

static json_t *
user_ids_of(rnp_key_handle_t key)
{
	json_t *ids = json_array();
	size_t count = 0;

	(void)rnp_key_get_uid_count(key, &count);
	for (size_t i = 0;
	     i < count && json_array_size(ids) < DESCRIBE_USER_IDS_MAX; i++) {
		rnp_uid_handle_t uid = NULL;
		bool is_valid = false, is_revoked = false;
		uint32_t type = 0;
		char *text = NULL;

		if (rnp_key_get_uid_handle_at(key, i, &uid) != RNP_SUCCESS)
			continue;
		(void)rnp_uid_get_type(uid, &type);
		(void)rnp_uid_is_valid(uid, &is_valid);
		(void)rnp_uid_is_revoked(uid, &is_revoked);
		(void)rnp_uid_handle_destroy(uid);
		if (type != RNP_USER_ID || is_revoked || !is_valid ||
		    rnp_key_get_uid_at(key, i, &text) != RNP_SUCCESS)
			continue;
		if (text[0] != '\0')
			json_array_append_new(ids, clean_user_id(text));
		rnp_buffer_destroy(text);
	}
	return ids;
}

/* Seconds since 1970 at which it ends; 0 = never. */
static uint64_t
end_of(rnp_key_handle_t key)
{
	uint32_t created = 0, lasts = 0;

	(void)rnp_key_get_creation(key, &created);
	(void)rnp_key_get_expiration(key, &lasts);
	return lasts == 0 ? 0 : (uint64_t)created + lasts;
}

static uint64_t
earlier(uint64_t a, uint64_t b)
{
	return a == 0 ? b : b == 0 || a < b ? a : b;
}

static bool
can(rnp_key_handle_t key, const char *usage)
{
	bool can_it = false;

	(void)rnp_key_allows_usage(key, usage, &can_it);
	return can_it;
}

static bool
is_revoked(rnp_key_handle_t key)
{
	bool is_so = false;

	(void)rnp_key_is_revoked(key, &is_so);
	return is_so;
}

/* What of a key can decrypt, and until when one may encrypt to it. */
struct reach {
	json_t *ids;
	uint64_t end; /* 0 = never */
	bool has_any;
};

static void
reach_add(struct reach *reach, rnp_key_handle_t key, uint64_t primary_end)
{
	uint64_t end = earlier(end_of(key), primary_end);
	char *id = NULL;

	if (!can(key, "encrypt"))
		return;
	if (rnp_key_get_keyid(key, &id) == RNP_SUCCESS)
		json_array_append_new(reach->ids, json_string(id));
	rnp_buffer_destroy(id);
	if (is_revoked(key))
		return;
	/* The longest-lived of them counts. */
	if (!reach->has_any || end == 0 ||
	    (reach->end != 0 && end > reach->end))
		reach->end = end;
	reach->has_any = true;
}

static struct reach
reach_of(rnp_key_handle_t key)
{
	struct reach reach = {.ids = json_array(), .end = end_of(key)};
	uint64_t primary_end = reach.end;
	size_t count = 0;

	reach_add(&reach, key, primary_end);
	(void)rnp_key_get_subkey_count(key, &count);
	for (size_t i = 0; i < count && i < DESCRIBE_SUBKEYS_MAX; i++) {
		rnp_key_handle_t sub = NULL;

		if (rnp_key_get_subkey_at(key, i, &sub) != RNP_SUCCESS)
			continue;
		reach_add(&reach, sub, primary_end);
		(void)rnp_key_handle_destroy(sub);
	}
	return reach;
}

rnp_key_handle_t
describe_subkey(rnp_key_handle_t key, const char *usage)
{
	rnp_key_handle_t found = NULL;

	if (rnp_key_get_default_key(key, usage, 0, &found) != RNP_SUCCESS)
		return NULL;
	return found;
}

static bool
is_weak(rnp_key_handle_t key)
{
	char *algorithm = NULL;
	uint32_t bits = 0;
	bool is_so;

	if (rnp_key_get_alg(key, &algorithm) != RNP_SUCCESS)
		return true;
	(void)rnp_key_get_bits(key, &bits);
	is_so =
	    (strcmp(algorithm, "RSA") == 0 || strcmp(algorithm, "DSA") == 0 ||
		strcmp(algorithm, "ELGAMAL") == 0) &&
	    bits < BITS_MIN;
	rnp_buffer_destroy(algorithm);
	return is_so;
}

/* Signatures of the key by itself: how many, and how many with a weak hash. */
struct hashes {
	const char *keyid;
	size_t seen;
	size_t own;
	size_t weak;
};

static void
hashes_add(struct hashes *hashes, rnp_signature_handle_t signature)
{
	char *id = NULL, *hash = NULL;

	hashes->seen++;
	if (rnp_signature_get_keyid(signature, &id) == RNP_SUCCESS &&
	    id != NULL && strcmp(id, hashes->keyid) == 0 &&
	    rnp_signature_get_hash_alg(signature, &hash) == RNP_SUCCESS) {
		hashes->own++;
		if (strcmp(hash, "SHA1") == 0 || strcmp(hash, "MD5") == 0 ||
		    strcmp(hash, "RIPEMD160") == 0)
			hashes->weak++;
	}
	rnp_buffer_destroy(id);
	rnp_buffer_destroy(hash);
	(void)rnp_signature_handle_destroy(signature);
}

static void
hashes_of_user_id(struct hashes *hashes, rnp_uid_handle_t uid)
{
	rnp_signature_handle_t signature;
	size_t count = 0;

	(void)rnp_uid_get_signature_count(uid, &count);
	for (size_t i = 0; i < count && hashes->seen < SIGNATURES_MAX; i++) {
		if (rnp_uid_get_signature_at(uid, i, &signature) == RNP_SUCCESS)
			hashes_add(hashes, signature);
	}
}

static bool
has_weak_hashes(rnp_key_handle_t key)
{
	rnp_signature_handle_t signature;
	struct hashes hashes = {0};
	char *keyid = NULL;
	size_t count = 0;

	if (rnp_key_get_keyid(key, &keyid) != RNP_SUCCESS)
		return true;
	hashes.keyid = keyid;
	(void)rnp_key_get_signature_count(key, &count);
	for (size_t i = 0; i < count && hashes.seen < SIGNATURES_MAX; i++) {
		if (rnp_key_get_signature_at(key, i, &signature) == RNP_SUCCESS)
			hashes_add(&hashes, signature);
	}
	(void)rnp_key_get_uid_count(key, &count);
	for (size_t i = 0; i < count && hashes.seen < SIGNATURES_MAX; i++) {
		rnp_uid_handle_t uid = NULL;

		if (rnp_key_get_uid_handle_at(key, i, &uid) != RNP_SUCCESS)
			continue;
		hashes_of_user_id(&hashes, uid);
		(void)rnp_uid_handle_destroy(uid);
	}
	rnp_buffer_destroy(keyid);
	return hashes.own > 0 && hashes.weak == hashes.own;
}

static void
add_problem(json_t *problems, bool is_there, const char *word)
{
	if (is_there)
		json_array_append_new(problems, json_string(word));
}

static json_t *
problems_of(rnp_key_handle_t key, const struct reach *reach, bool has_user_id)
{
	rnp_key_handle_t sub = describe_subkey(key, "encrypt");
	json_t *problems = json_array();
	bool is_over = reach->end != 0 && reach->end <= (uint64_t)time(NULL);
	bool is_valid = false;

	(void)rnp_key_is_valid(key, &is_valid);
	add_problem(problems, is_weak(key) || (sub != NULL && is_weak(sub)),
	    "weak_algorithm");
	add_problem(problems, has_weak_hashes(key), "weak_hash");
	add_problem(problems, is_revoked(key), "revoked");
	add_problem(problems, is_over, "expired");
	add_problem(problems, !reach->has_any, "no_encryption");
	/* Where none of its signatures holds, no name does. */
	add_problem(problems, json_array_size(problems) == 0 && !has_user_id,
	    "no_user_id");
	add_problem(problems,
	    json_array_size(problems) == 0 && (!is_valid || sub == NULL),
	    "invalid");
	(void)rnp_key_handle_destroy(sub);
	return problems;
}

json_t *
describe_key(rnp_key_handle_t key)
{
	json_t *detail = json_object();
	struct reach reach;
	char *fpr = NULL, *algorithm = NULL, *curve = NULL;
	uint32_t bits = 0, created = 0;
	json_t *ids;

	if (rnp_key_get_fprint(key, &fpr) != RNP_SUCCESS ||
	    strlen(fpr) >= PGP_FPR_BYTES) {
		rnp_buffer_destroy(fpr);
		json_decref(detail);
		return NULL;
	}
	reach = reach_of(key);
	ids = user_ids_of(key);
	(void)rnp_key_get_alg(key, &algorithm);
	(void)rnp_key_get_curve(key, &curve);
	(void)rnp_key_get_bits(key, &bits);
	(void)rnp_key_get_creation(key, &created);
	set_text(detail, "fpr", fpr);
	set_text(detail, "algorithm", algorithm);
	set_text(detail, "curve", curve);
	json_object_set_new(detail, "bits", json_integer(bits));
	json_object_set_new(detail, "created", json_integer(created));
	json_object_set_new(
	    detail, "expires", json_integer((json_int_t)reach.end));
	json_object_set_new(
	    detail, "is_revoked", json_boolean(is_revoked(key)));
	json_object_set_new(detail, "problems",
	    problems_of(key, &reach, json_array_size(ids) > 0));
	json_object_set_new(detail, "user_ids", ids);
	json_object_set_new(detail, "ids", reach.ids);
	return detail;
}

/* Pictures serve nobody here, nor do names that the key did not sign. */
static void
remove_attributes(rnp_key_handle_t key)
{
	size_t count = 0;

	(void)rnp_key_get_uid_count(key, &count);
	for (size_t i = count; i > 0; i--) {
		rnp_uid_handle_t uid = NULL;
		bool is_valid = false;
		uint32_t type = 0;

		if (rnp_key_get_uid_handle_at(key, i - 1, &uid) != RNP_SUCCESS)
			continue;
		(void)rnp_uid_get_type(uid, &type);
		(void)rnp_uid_is_valid(uid, &is_valid);
		if (type == RNP_USER_ATTR || !is_valid)
			(void)rnp_uid_remove(key, uid);
		(void)rnp_uid_handle_destroy(uid);
	}
}

/* Lines end as files here do. */
static size_t
drop_returns(uint8_t *buf, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (buf[i] != '\r')
			buf[n++] = buf[i];
	}
	return n;
}

char *
describe_armor(rnp_key_handle_t key, size_t *ret_len)
{
	rnp_output_t output = NULL;
	uint8_t *buf = NULL;
	size_t len = 0;

	(void)rnp_key_remove_signatures(key,
	    RNP_KEY_SIGNATURE_INVALID | RNP_KEY_SIGNATURE_NON_SELF_SIG, NULL,
	    NULL);
	remove_attributes(key);
	if (rnp_output_to_memory(&output, PGP_CLEAN_BYTES_MAX) != RNP_SUCCESS)
		return NULL;
	if (rnp_key_export(key, output,
		RNP_KEY_EXPORT_ARMORED | RNP_KEY_EXPORT_PUBLIC |
		    RNP_KEY_EXPORT_SUBKEYS) != RNP_SUCCESS ||
	    rnp_output_memory_get_buf(output, &buf, &len, true) != RNP_SUCCESS)
		buf = NULL;
	(void)rnp_output_destroy(output);
	*ret_len = buf == NULL ? 0 : drop_returns(buf, len);
	return (char *)buf;
}
