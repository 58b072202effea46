/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit.h - the audit chain: its canonical rows, its export, its check.
 *
 * Every event is one row; hash = SHA-256(prev_hash || canonical row), where
 * the first row's prev_hash is 32 zero bytes and rows count 1, 2, 3 ...  The
 * canonical row is JSON without spaces, names sorted, texts escaped only where
 * JSON demands it (\" \\ and \u00xx for control characters):
 *
 *	{"action":..,"actor":..,"actor_kind":..,"at":N,"detail":{..},
 *	"object":..,"object_kind":..,"org":..,"outcome":..,"seq":N}
 *
 * An export is text, a line each.  First the head, then every event:
 *
 *	{"head":HEAD,"signature":"128 hex","public_key":"64 hex"}
 *	{"event":ROW,"hash":"64 hex"}
 *
 * HEAD is {"at":N,"format":"loep-audit","head_hash":"64 hex","head_seq":N,
 * "version":1}; the signature (Ed25519) is over exactly its bytes.  So a check
 * needs no JSON parser: it hashes the bytes that stand between fixed texts.
 */
#ifndef LIB_AUDIT_H
#define LIB_AUDIT_H

#include "lib/digest.h"
#include "lib/err.h"
#include "lib/wire.h"

#include <stdint.h>

#define AUDIT_VERSION 1
/* One canonical row; what a person typed is bounded far below. */
#define AUDIT_ROW_BYTES_MAX ((size_t)128 * 1024)

struct audit_row {
	int64_t seq;
	int64_t at; /* microseconds since 1970 UTC */
	const char *actor;
	const char *actor_kind;
	const char *action;
	const char *object_kind;
	const char *object;
	const char *org;
	const char *outcome;
	const char *detail; /* canonical JSON object */
};

/* Appends the canonical row to out (text, not terminated). */
void audit_row_put(const struct audit_row *row, struct wire_out *out);
/* The hash of a canonical row after prev. */
void audit_row_hash(const uint8_t prev[SHA256_BYTES], const void *row,
    size_t len, uint8_t ret_hash[SHA256_BYTES]);

/* Appends HEAD to out: these bytes are what is signed. */
void audit_head_put(int64_t at, int64_t head_seq,
    const uint8_t head_hash[SHA256_BYTES], struct wire_out *out);
/* Appends the export's first line, newline included. */
void audit_head_line_put(const void *head, size_t head_len,
    const uint8_t signature[SIGN_BYTES],
    const uint8_t public_key[SIGN_PUBLIC_BYTES], struct wire_out *out);
/* Appends an event's line, newline included. */
void audit_event_line_put(const void *row, size_t row_len,
    const uint8_t hash[SHA256_BYTES], struct wire_out *out);

/* A check of an export, line by line. */
struct audit_check {
	int64_t seq;	  /* of the last sound event */
	int64_t head_seq; /* as the head says */
	int64_t head_at;
	uint8_t hash[SHA256_BYTES];
	uint8_t head_hash[SHA256_BYTES];
	uint8_t public_key[SIGN_PUBLIC_BYTES];
	bool has_head;
	/* After a failure: what is wrong with which entry. */
	char why[256];
};

void audit_check_init(struct audit_check *check);
/*
 * Takes the next line, without its newline.  ERR_FORMAT at the first entry
 * that is broken; check->why names it; do not go on then.
 */
int must_check audit_check_line(
    struct audit_check *check, const char *line, size_t len);
/* After the last line: nothing is missing at the end. */
int must_check audit_check_end(struct audit_check *check);

#endif
