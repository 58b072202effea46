/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login.h - passwords, second factors and what they begin: what the files
 * about getting in share.
 */
#ifndef STORE_LOGIN_H
#define STORE_LOGIN_H

#include "lib/password.h"
#include "lib/secret.h"
#include "lib/totp.h"
#include "store/hasher.h"
#include "store/request.h"

#define LOGIN_NAME_BYTES    129
#define LOGIN_ADDRESS_BYTES 48

/* What an account's credential row says. */
struct credential {
	char account[UUID_BYTES];
	char org[UUID_BYTES];
	char login[LOGIN_NAME_BYTES];
	char name[SESSION_NAME_BYTES];
	char org_name[SESSION_NAME_BYTES];
	char password[PASSWORD_TEXT_BYTES]; /* "" = none yet */
	bool has_totp;
	bool has_pending;
	/* There is one, and it cannot be opened now: only recovery codes do. */
	bool is_locked;
	uint8_t totp[TOTP_SECRET_BYTES];
	uint8_t pending[TOTP_SECRET_BYTES];
	int64_t totp_step;
};

/* "there is no such session ..." */
extern const char login_is_over[];

/*
 * A login name in its one form: lower case, 2 to 128 of a-z 0-9 . _ @ + -,
 * beginning with a letter or digit.  ERR_FORMAT with the reason in r.
 */
int must_check login_name(
    struct request *r, const char *text, char ret_name[LOGIN_NAME_BYTES]);
/* By login name or by account; ERR_NOT_FOUND. */
int must_check credential_load(struct request *r, enum stmt id, const char *key,
    struct credential *ret_credential);
/* A fresh salt, and the cost that new hashes get. */
void password_new(const struct store *store, struct password_hash *ret_hash);
/* ERR_FORMAT with the reason where a password is too easy (NIST SP 800-63B
 * section 3.1.1): short, or little more than names and common words. */
int must_check password_check(struct request *r, const char *password,
    const struct credential *credential);
/* Hashes; continues with fn.  ERR_AGAIN, or an error with a reason. */
int must_check password_start(
    struct request *r, const struct hasher_job *job, hasher_fn *fn, void *arg);
/* Writes it, and ends all sessions of the account but `but` (may be NULL). */
int must_check password_store(struct request *r, const char *account,
    const struct password_hash *hash, const uint8_t *but);
/*
 * The second factor of an account that has one: ERR_OK, ERR_DENIED, or
 * ERR_AGAIN where code is "".  What was used is written down as used.
 */
int must_check totp_second(
    struct request *r, const struct credential *credential, const char *code);
/* SHA-256 of kind and secret: what the database keeps. */
void login_digest(
    const char *kind, const void *secret, size_t len, uint8_t *ret_digest);
/*
 * A session of somebody who showed who they are; its secret, and when it runs
 * out.  Written down in the audit chain.
 */
struct session_start {
	const char *account;
	const char *org;
	const char *address;
	const char *how;
	bool has_second; /* somebody else vouched for a second factor */
	/* At the identity provider; NULL or "" = not there. */
	const char *issuer;
	const char *subject;
	const char *sid;
	int64_t proved_at; /* when they showed it; 0 = that is not known */
};
int must_check session_start(struct request *r,
    const struct session_start *start, uint8_t ret_secret[SECRET_BYTES],
    int64_t *ret_expires);
/*
 * Is it really the account's owner who asks?  A code of their second factor;
 * is_needed: an account without one is refused, else it needs none.
 * ERR_DENIED, ERR_CONFLICT, or ERR_LIMIT with the reason.
 */
int must_check login_confirm(
    struct request *r, const char *code, bool is_needed);
/* Ends the account's sessions; those of `but` (a digest, NULL = none) stay. */
int must_check sessions_close(
    struct request *r, const char *account, const uint8_t *but);
/* Now and then: forgets sessions that ran out. */
void login_tidy(struct store *store);

#endif
