/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openpgp.h - questions to loep-pgp, and their answers (RFC 4880, RFC 9580).
 *
 * Used by those who are wired to it: the store, the scheduler, loep-mail.
 * Each question is worked on in a caged process of its own that ends with it.
 *
 *	asks = pgp_asks_new(loop);
 *	pgp_asks_set_chan(asks, chan);		when the peer comes
 *	pgp_asks_start(asks, &order, on_done, arg);
 */
#ifndef LIB_OPENPGP_H
#define LIB_OPENPGP_H

#include "lib/chan.h"
#include "lib/json.h"

/* Public keys that one message is encrypted to, besides the service's own. */
#define PGP_TO_MAX ((size_t)16)
/* A fingerprint in upper-case hexadecimal: version 4 (40) to 6 (64), and NUL. */
#define PGP_FPR_BYTES 65
/* A public key as it comes in. */
#define PGP_KEY_BYTES_MAX ((size_t)65536)
/* The same once everything is left out that is not needed of it. */
#define PGP_CLEAN_BYTES_MAX ((size_t)32768)
/* A result that comes in memory. */
#define PGP_MEMORY_BYTES_MAX ((size_t)256 << 20)
/* For a BLOB_STREAM that is read to its end. */
#define PGP_SIZE_UNKNOWN UINT64_MAX
#define PGP_SECONDS_MAX	 7200
#define PGP_WHY_BYTES	 64

enum pgp_what {
	/*
	 * Is it an encrypted message, and for whom?  Reads no more than the
	 * head.  Detail: is_armored, recipients (key ids; sixteen zeros: not
	 * said), passwords (how many it can be opened with), is_ours.
	 */
	PGP_INSPECT = 1,
	/*
	 * The plain bytes of an encrypted message.  Options: bytes_max.
	 * Detail: key (the fingerprint of ours that opened it), recipients,
	 * cipher, integrity ("mdc" or "aead"), bytes, name (of the file
	 * within, foreign).  What came out counts only once ERR_OK is there.
	 */
	PGP_DECRYPT,
	/*
	 * Options: to_self (true: to the service's current key), sign, armor
	 * (both false), name (of the file within, ""); others by pgp_to.
	 * Detail: keys (fingerprints of the primary keys), bytes.
	 */
	PGP_ENCRYPT,
	/*
	 * Reads one public key (armored or not, up to PGP_KEY_BYTES_MAX).
	 * The result is the key without what others added to it, armored, of
	 * at most PGP_CLEAN_BYTES_MAX.  Detail: fpr, algorithm, bits, curve,
	 * created, expires (seconds since 1970; 0 = never; the end of its use
	 * for encryption), is_revoked, user_ids, ids (key ids of what it
	 * decrypts with), problems (words: see keyread.h; none = good).
	 */
	PGP_READ_KEY,
	PGP_WHAT_END_
};

/*
 * Words of `why`: "no_message" (ERR_FORMAT: it is none, or a broken one),
 * "integrity" (ERR_FORMAT: it was altered or cut), "unprotected" (ERR_FORMAT:
 * it has no protection of its integrity), "no_key" (ERR_NOT_FOUND: for none of
 * our keys), "password" (ERR_NOT_FOUND: for a password only), "limit", "time",
 * "memory" (ERR_LIMIT), "own_key" (ERR_CONFLICT: no key of ours can do that
 * now), "recipient" (ERR_CONFLICT: detail.fpr cannot be encrypted to, and
 * detail.problem says why), "input" (ERR_SYS: it could not be read),
 * "output" (ERR_EOF: nobody reads the result), "crashed" (ERR_SYS),
 * "away" (ERR_UNAVAILABLE: there is no loep-pgp now), "cancelled".
 */
struct pgp_answer {
	enum err err;
	const char *why; /* a word, "" where all is well */
	/* JSON, never NULL; the words of a process that met hostile bytes. */
	const json_t *detail;
	int fd; /* the result in memory, else -1; take_fd() to keep it */
};

/* Exactly once per question that was taken, from the event loop. */
typedef void pgp_done_fn(void *arg, struct pgp_answer *answer);
/* Its own keys became known: {"keys": [...]}, as PGP_READ_KEY, and armor. */
typedef void pgp_keys_fn(void *arg, const json_t *keys);

/* Whom to encrypt to: the key's bytes must be of that fingerprint. */
struct pgp_to {
	const char *fpr;
	const void *key;
	size_t key_len;
};

struct pgp_order {
	enum pgp_what what;
	enum blob_open how; /* of the input */
	uint64_t size;
	int input_fd; /* taken */
	int out_fd;   /* taken; a pipe, or -1: the result comes in memory */
	const json_t *options; /* may be NULL */
	const struct pgp_to *to;
	size_t to_count;
	uint32_t seconds; /* until it is ended; 0 = 60 */
};

struct pgp_asks;

struct pgp_asks *pgp_asks_new(struct loop *loop);
/* Ends all questions with ERR_UNAVAILABLE. */
void pgp_asks_free(struct pgp_asks *asks);
/* Whom to tell about the keys, now (where they are known) and later. */
void pgp_asks_on_keys(struct pgp_asks *asks, pgp_keys_fn *fn, void *arg);
/*
 * The channel to loep-pgp is there, or gone (NULL): open questions then end
 * with ERR_UNAVAILABLE.  Takes no ownership; PGP_DONE and PGP_KEYS of that
 * channel must be given to pgp_asks_handle().
 */
void pgp_asks_set_chan(struct pgp_asks *asks, struct chan *chan);
bool pgp_asks_is_connected(const struct pgp_asks *asks);
/* {"keys": [...]}; NULL until they are known. */
const json_t *pgp_asks_keys(const struct pgp_asks *asks);
/*
 * Asks; takes the order's descriptors also on failure.  The id for
 * pgp_asks_cancel().  What cannot be asked is answered from the loop.
 */
uint32_t pgp_asks_start(struct pgp_asks *asks, const struct pgp_order *order,
    pgp_done_fn *fn, void *arg);
/* The same for an input that lies in memory (copied). */
uint32_t pgp_asks_start_bytes(struct pgp_asks *asks, struct pgp_order *order,
    const void *p, size_t len, pgp_done_fn *fn, void *arg);
/* Forgets the question: its callback is not called any more. */
void pgp_asks_cancel(struct pgp_asks *asks, uint32_t id);
/* Handles PGP_DONE and PGP_KEYS; the result is a chan handler's. */
int pgp_asks_handle(struct pgp_asks *asks, struct msg *msg);

#endif
