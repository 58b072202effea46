/* SPDX-License-Identifier: Apache-2.0 */
/* session_secret.c - principals from the secret of a session or a token. */
#include "lib/secret.h"
#include "lib/xalloc.h"
#include "store/login.h"
#include "store/request.h"
#include "store/text.h"

/* When something was used last is kept to the minute. */
#define TOUCH_US ((int64_t)60 * 1000000)

void
login_digest(
    const char *kind, const void *secret, size_t len, uint8_t *ret_digest)
{
	struct sha256 *ctx = sha256_new();

	sha256_update(ctx, kind, strlen(kind) + 1);
	sha256_update(ctx, secret, len);
	sha256_final(ctx, ret_digest);
	sha256_free(ctx);
}

/* The digest of parameter 0; ERR_DENIED, as for any that is not known. */
static int
take_secret(struct request *r, const char *kind, struct principal *p)
{
	size_t len;
	const uint8_t *secret = param_bytes(r, 0, &len);

	if (len != SECRET_BYTES)
		return request_refuse(r, ERR_DENIED,
		    strcmp(kind, "token") == 0 ? "token-over" : "session-over",
		    NULL, "%s", login_is_over);
	login_digest(kind, secret, len, p->digest);
	return ERR_OK;
}

static int
touch(struct request *r, enum stmt id, const struct principal *p,
    int64_t used_at, int64_t now)
{
	if (now - used_at < TOUCH_US)
		return ERR_OK;
	return db_do(r->store->db, id,
	    ARGS(val_bytes(p->digest, SHA256_BYTES), val_int(now)), NULL);
}

/* What an account must show more than a password for. */
static bool
must_have_second(const struct store *store, const struct principal *p)
{
	return store->second_factor == SECOND_FACTOR_ALL ||
	       (store->second_factor == SECOND_FACTOR_STAFF &&
		   (p->is_staff || p->sees_all));
}

int
session_cookie(struct request *r)
{
	struct principal p = {.via = VIA_SESSION};
	int64_t now = loop_wall_us();
	int64_t used_at = 0;
	int err = take_secret(r, "session", &p);

	if (err != ERR_OK)
		return err;
	{
		AUTO(query) q = {0};

		err = query_one(&q, r->store->db, STMT_SESSION_BY_DIGEST,
		    ARGS(val_bytes(p.digest, SHA256_BYTES), val_int(now),
			val_int(now - r->store->session_idle_us)));
		if (err == ERR_NOT_FOUND)
			return request_refuse(r, ERR_DENIED, "session-over",
			    NULL, "%s", login_is_over);
		if (err != ERR_OK)
			return err;
		principal_fill(&p, &q);
		used_at = query_int(&q, 6);
		p.is_half =
		    query_int(&q, 7) == 0 && must_have_second(r->store, &p);
		p.proved_at = query_int(&q, 8);
	}
	err = touch(r, STMT_SESSION_TOUCH, &p, used_at, now);
	return err == ERR_OK ? session_answer(r, &p) : err;
}

/* What the token says, of what its account has now. */
static void
narrow(struct principal *p, const char *list)
{
	auto_free char *copy = xstrdup(list);
	char kept[SESSION_CAPABILITIES_BYTES] = "";
	char *rest = copy;
	char *word;

	while ((word = strsep(&rest, " ")) != NULL) {
		size_t len = strlen(kept);

		if (word[0] != '\0' && principal_may(p, word))
			(void)snprintf(kept + len, sizeof(kept) - len, "%s%s",
			    len > 0 ? " " : "", word);
	}
	memcpy(p->capabilities, kept, sizeof(kept));
	p->sees_all = principal_may(p, "read_all_orgs");
}

int
session_token(struct request *r)
{
	struct principal p = {.via = VIA_TOKEN};
	int64_t now = loop_wall_us();
	int64_t used_at = 0;
	int err = take_secret(r, "token", &p);

	if (err != ERR_OK)
		return err;
	{
		AUTO(query) q = {0};

		err = query_one(&q, r->store->db, STMT_TOKEN_BY_DIGEST,
		    ARGS(val_bytes(p.digest, SHA256_BYTES), val_int(now)));
		if (err == ERR_NOT_FOUND)
			return request_refuse(r, ERR_DENIED, "token-over", NULL,
			    "there is no such token, or it ran out or was "
			    "taken back");
		if (err != ERR_OK)
			return err;
		principal_fill(&p, &q);
		narrow(&p, query_text(&q, 6));
		used_at = query_int(&q, 7);
		p.proved_at = query_int(&q, 8);
	}
	err = touch(r, STMT_TOKEN_TOUCH, &p, used_at, now);
	return err == ERR_OK ? session_answer(r, &p) : err;
}

int
session_cert(struct request *r)
{
	struct principal p = {.via = VIA_CERTIFICATE};
	size_t len;
	const uint8_t *spki = param_bytes(r, 0, &len);
	int err = ERR_NOT_FOUND;

	if (len == SHA256_BYTES) {
		AUTO(query) q = {0};

		err = query_one(&q, r->store->db, STMT_CLIENT_KEY_FIND,
		    ARGS(val_bytes(spki, len)));
		if (err == ERR_OK)
			principal_fill(&p, &q);
	}
	if (err == ERR_NOT_FOUND)
		return request_refuse(r, ERR_DENIED, "certificate-refused",
		    NULL, "no account has the key of this certificate");
	if (err != ERR_OK)
		return err;
	memcpy(p.digest, spki, SHA256_BYTES);
	return session_answer(r, &p);
}
