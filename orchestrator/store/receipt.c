/* SPDX-License-Identifier: Apache-2.0 */
/* receipt.c - the signed receipt of a submitted file. */
#include "store/receipt.h"

#include "lib/json.h"
#include "lib/own.h"
#include "lib/record.h"
#include "lib/xalloc.h"
#include "store/row_json.h"
#include "store/text.h"

static void
set_text(json_t *object, const char *name, const char *text)
{
	(void)json_object_set_new(object, name, json_string(text));
}

static void
set_hex(json_t *object, const char *name, const uint8_t *p, size_t len)
{
	(void)json_object_set_new(object, name, record_hex(p, len));
}

char *
receipt_text(const struct receipt *receipt)
{
	auto_json json_t *object = json_object();
	char at[ROW_JSON_TIME_BYTES];

	set_text(object, "number", receipt->number);
	set_text(object, "case", receipt->case_id);
	set_text(object, "submission", receipt->submission);
	set_text(object, "artefact", receipt->artefact);
	set_text(object, "organisation", receipt->org);
	(void)json_object_set_new(
	    object, "name", record_text(receipt->name, receipt->name_len));
	if (!text_is_utf8(receipt->name, receipt->name_len))
		set_hex(object, "name_hex", receipt->name, receipt->name_len);
	set_hex(object, "sha256", receipt->sha256, SHA256_BYTES);
	if (receipt->declared != NULL)
		set_hex(
		    object, "declared_sha256", receipt->declared, SHA256_BYTES);
	(void)json_object_set_new(object, "size", json_integer(receipt->size));
	row_json_time(receipt->received_at, at);
	set_text(object, "received_at", at);
	set_text(object, "hash_state", receipt->hash_state);
	set_text(object, "tlp", receipt->tlp);
	set_text(object, "pap", receipt->pap);
	set_text(object, "service", "loep " LOEP_VERSION);
	return json_canonical(object);
}

char *
receipt_seal(const char *text, const uint8_t signature[SIGN_BYTES],
    const uint8_t public_key[SIGN_PUBLIC_BYTES])
{
	return receipt_seal_as("receipt", text, signature, public_key);
}

char *
receipt_seal_as(const char *name, const char *text,
    const uint8_t signature[SIGN_BYTES],
    const uint8_t public_key[SIGN_PUBLIC_BYTES])
{
	char signature_hex[2 * SIGN_BYTES + 1];
	char key_hex[2 * SIGN_PUBLIC_BYTES + 1];

	hex_encode(signature_hex, signature, SIGN_BYTES);
	hex_encode(key_hex, public_key, SIGN_PUBLIC_BYTES);
	return xasprintf("{\"algorithm\":\"Ed25519\",\"public_key\":\"%s\","
			 "\"%s\":%s,\"signature\":\"%s\"}",
	    key_hex, name, text, signature_hex);
}
