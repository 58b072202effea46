/* SPDX-License-Identifier: Apache-2.0 */
/* identify.c - everything about an artefact that one pass tells. */
#include "analysers/identify/identify.h"

#include "analysers/identify/extent.h"
#include "analysers/identify/openpgp.h"
#include "analysers/identify/tlsh.h"
#include "analysers/identify/types.h"
#include "lib/digests.h"
#include "lib/limits.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <inttypes.h>
#include <math.h>

/* One read of an input that is not in memory. */
#define PIECE_BYTES TYPES_HEAD_BYTES

struct pass {
	struct digests *digests;
	bool has_tlsh;	  /* the input is not too large */
	struct tlsh tlsh; /* MD5 and the bytes' counts beside it in any case */
	uint64_t counts[256];
	uint64_t total;
};

void *
identify_load(struct program *program)
{
	char why[256];

	(void)program;
	digests_load();
	if (types_load(why, sizeof(why)) != ERR_OK) {
		log_line(
		    LOG_ERROR, "msg=\"cannot identify files\" why=\"%s\"", why);
		exit(1);
	}
	return NULL;
}

void
identify_info(void *data, char *engine, size_t engine_size, json_t **ret_detail)
{
	int version = types_version();

	(void)data;
	(void)snprintf(engine, engine_size, "libmagic %d.%02d", version / 100,
	    version % 100);
	*ret_detail =
	    json_pack("{s:i, s:I}", "head_bytes", (int)TYPES_HEAD_BYTES,
		"tlsh_bytes_max", (json_int_t)IDENTIFY_TLSH_BYTES_MAX);
}

double
identify_entropy(const uint64_t counts[256], uint64_t total)
{
	double sum = 0;

	for (size_t i = 0; i < 256; i++) {
		double part = (double)counts[i] / (double)total;

		if (counts[i] > 0)
			sum -= part * log2(part);
	}
	/* One value only: -0 and rounding would look odd in a report. */
	return sum > 0 ? sum : 0;
}

/* So often that the counters' 32 bits never overflow. */
static void
take_counts(struct pass *pass)
{
	for (size_t lane = 0; lane < TLSH_LANES; lane++) {
		for (size_t value = 0; value < 256; value++)
			pass->counts[value] += pass->tlsh.bytes[lane][value];
	}
	memset(pass->tlsh.bytes, 0, sizeof(pass->tlsh.bytes));
}

static void
take(struct pass *pass, const uint8_t *p, size_t len)
{
	digests_update(pass->digests, p, len);
	if (pass->has_tlsh)
		tlsh_update(&pass->tlsh, p, len);
	else
		tlsh_update_beside(&pass->tlsh, p, len);
	take_counts(pass);
	pass->total += len;
}

static void
put_type(struct analysis *analysis, const uint8_t *p, size_t len,
    const struct openpgp *seal)
{
	int fd = types_need_fd(p, len) ? input_fd(analysis->input) : -1;
	struct types types;

	if (!types_of(p, len, fd, &types)) {
		record_error(analysis->out, "magic", "libmagic gave up: %s",
		    types.magic);
		types.magic[0] = '\0';
	}
	/* libmagic knows few forms of them; the type's name is RFC 3156's. */
	if (seal != NULL && strcmp(seal->form, "mail") != 0) {
		record_fact_text(
		    analysis->out, "mime", "application/pgp-encrypted");
		record_fact_text(
		    analysis->out, "magic", "OpenPGP message, encrypted");
	} else {
		record_fact_text(analysis->out, "mime", types.mime);
		record_fact_text(analysis->out, "magic", types.magic);
	}
	record_fact_text(analysis->out, "encoding", types.encoding);
}

/* What is encrypted for us is sealed by the store, which takes "seal". */
static void
put_seal(struct analysis *analysis, const struct openpgp *seal)
{
	char keys[OPENPGP_KEYS_MAX * 17 + 1] = "";

	for (size_t i = 0; i < seal->keys_count; i++)
		(void)snprintf(keys + strlen(keys), sizeof(keys) - strlen(keys),
		    "%s%016" PRIX64, i == 0 ? "" : " ", seal->keys[i]);
	record_fact_text(analysis->out, "seal", "openpgp");
	record_fact_text(analysis->out, "openpgp_form", seal->form);
	record_fact_text(analysis->out, "openpgp_keys", keys);
	record_fact_int(
	    analysis->out, "openpgp_passwords", (int64_t)seal->passwords);
}

static void
put_kind(struct analysis *analysis, const uint8_t *p, size_t len)
{
	struct openpgp seal;
	bool is_sealed = openpgp_is_encrypted(p, len, &seal);

	put_type(analysis, p, len, is_sealed ? &seal : NULL);
	if (is_sealed)
		put_seal(analysis, &seal);
}

/* Reads all; the first piece also decides about the type. */
static int
run(struct analysis *analysis, struct pass *pass)
{
	uint64_t size = input_size(analysis->input);
	const uint8_t *map = input_map(analysis->input);
	auto_free uint8_t *buf = map == NULL ? xmalloc(PIECE_BYTES) : NULL;
	uint64_t at = 0;

	if (size == 0)
		put_kind(analysis, (const uint8_t *)"", 0);
	while (at < size) {
		const uint8_t *piece = map == NULL ? buf : map + at;
		size_t len =
		    size - at < PIECE_BYTES ? (size_t)(size - at) : PIECE_BYTES;
		int err = map != NULL ? ERR_OK
				      : input_read_at(analysis->input, at, buf,
					    len, &len);

		if (err != ERR_OK || len == 0) {
			record_error(analysis->out, "read",
			    "the input could be read up to byte %llu only",
			    (unsigned long long)at);
			return err == ERR_OK ? ERR_EOF : err;
		}
		if (at == 0)
			put_kind(analysis, piece, len);
		take(pass, piece, len);
		at += len;
	}
	return ERR_OK;
}

static void
put_digests(struct analysis *analysis, struct pass *pass)
{
	struct digests_hex digests;
	char text[TLSH_TEXT_BYTES];

	digests_final(pass->digests, &digests);
	md5_final(&pass->tlsh.md5, digests.hex[DIGEST_MD5]);
	for (enum digest_kind kind = 0; kind < DIGEST_COUNT; kind++)
		record_fact_text(
		    analysis->out, digests_name(kind), digests.hex[kind]);
	if (!pass->has_tlsh) {
		record_limit(analysis->out, "tlsh_bytes",
		    "no TLSH: the input has more than %zu bytes",
		    IDENTIFY_TLSH_BYTES_MAX);
		return;
	}
	tlsh_final(&pass->tlsh, text);
	if (text[0] != '\0')
		record_fact_text(analysis->out, "tlsh", text);
}

int
identify_analyse(struct analysis *analysis)
{
	uint64_t size = input_size(analysis->input);
	struct pass pass = {.digests = digests_new_but(DIGEST_MD5)};
	double entropy;
	int err;

	pass.has_tlsh = size <= IDENTIFY_TLSH_BYTES_MAX;
	tlsh_init(&pass.tlsh);
	record_fact_int(analysis->out, "size", (int64_t)size);
	err = run(analysis, &pass);
	if (err == ERR_OK) {
		entropy = pass.total == 0
			      ? 0
			      : identify_entropy(pass.counts, pass.total);
		put_digests(analysis, &pass);
		extent_check(analysis);
		record_fact(analysis->out, "entropy", json_real(entropy));
		record_fact_int(analysis->out, "entropy_milli",
		    (int64_t)(entropy * 1000 + 0.5));
	}
	digests_free(pass.digests);
	return err;
}
