/* SPDX-License-Identifier: Apache-2.0 */
/* facts.h - what identify found out, taken over into the artefact's row. */
#ifndef STORE_FACTS_H
#define STORE_FACTS_H

#include "lib/json.h"
#include "lib/json_scan.h"
#include "store/job.h"

#define FACTS_SHA1_BYTES   20
#define FACTS_MD5_BYTES	   16
#define FACTS_SHA512_BYTES 64
#define FACTS_WORD_BYTES   1024

struct facts {
	char mime[FACTS_WORD_BYTES];
	char magic[FACTS_WORD_BYTES];
	char tlsh[FACTS_WORD_BYTES];
	uint8_t sha1[FACTS_SHA1_BYTES];
	uint8_t md5[FACTS_MD5_BYTES];
	uint8_t sha512[FACTS_SHA512_BYTES];
	bool has_sha1, has_md5, has_sha512, has_entropy;
	bool is_openpgp; /* an encrypted message: it is to be sealed */
	int64_t entropy_milli;
};

/* Begins with nothing known. */
void facts_init(struct facts *facts);
/* Takes one fact's value over, where its key is one of a column. */
void facts_take(struct facts *facts, const char *key, const json_t *value);
/*
 * The same, from a record that is plain; false where it has to be read as a
 * tree.
 */
bool must_check facts_take_plain(struct facts *facts,
    const struct json_scan_member *key, const struct json_scan_member *value);
/* Writes what is known; the rest stays as it was. */
int must_check facts_write(
    struct store *store, const struct attempt *a, const struct facts *facts);
/* The same with the facts that the attempt has in the database. */
int must_check facts_apply(struct store *store, const struct attempt *a);

#endif
