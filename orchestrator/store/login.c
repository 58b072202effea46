/* SPDX-License-Identifier: Apache-2.0 */
/* login.c - a name, a password and a code become a session. */
#include "store/login.h"

#include "lib/log.h"
#include "lib/secret.h"
#include "lib/xalloc.h"
#include "store/audit.h"
#include "store/handlers.h"
#include "store/oidc.h"
#include "store/second.h"
#include "store/throttle.h"

#define TIDY_MS ((uint64_t)60 * 1000)

const char login_is_over[] =
    "there is no such session, or it has ended; log in again";

struct login {
	struct request *r;
	struct throttle_who who;
	char name[LOGIN_NAME_BYTES];
	char address[LOGIN_ADDRESS_BYTES];
	struct credential credential; /* account "" = there is none */
	struct password_hash hash;    /* what the password is compared with */
};

int
login_name(struct request *r, const char *text, char ret_name[LOGIN_NAME_BYTES])
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len && i < LOGIN_NAME_BYTES; i++)
		ret_name[i] = text[i] >= 'A' && text[i] <= 'Z'
				  ? (char)(text[i] - 'A' + 'a')
				  : text[i];
	if (len >= 2 && len < LOGIN_NAME_BYTES) {
		ret_name[len] = '\0';
		if (strspn(ret_name,
			"abcdefghijklmnopqrstuvwxyz0123456789._@+-") == len &&
		    strchr("._@+-", ret_name[0]) == NULL)
			return ERR_OK;
	}
	ret_name[0] = '\0';
	return request_why(r, ERR_FORMAT,
	    "a login name has 2 to 128 of a-z 0-9 . _ @ + - and begins with a "
	    "letter or digit");
}

static void
copy_text(char *dst, size_t size, const struct query *q, int column)
{
	(void)snprintf(dst, size, "%s", query_text(q, column));
}

/* False: there is none.  One that cannot be opened is still one. */
static bool
copy_secret(struct request *r, struct credential *c, const struct query *q,
    int column, uint8_t dst[TOTP_SECRET_BYTES])
{
	size_t len;
	const uint8_t *p = query_bytes(q, column, &len);
	int err;

	if (len == 0)
		return false;
	err = second_open(r->store, c->account, p, len, dst);
	if (err == ERR_FORMAT)
		log_line(LOG_WARN,
		    "msg=\"a second factor cannot be opened\" account=%s "
		    "reason=\"it is of other keys than the vault's\"",
		    c->account);
	c->is_locked |= err != ERR_OK;
	return true;
}

int
credential_load(
    struct request *r, enum stmt id, const char *key, struct credential *c)
{
	AUTO(query) q = {0};
	int err = query_one(&q, r->store->db, id, ARGS(val_text(key)));

	*c = (struct credential){.has_totp = false};
	if (err != ERR_OK)
		return err;
	copy_text(c->account, sizeof(c->account), &q, 0);
	copy_text(c->org, sizeof(c->org), &q, 1);
	copy_text(c->login, sizeof(c->login), &q, 2);
	copy_text(c->password, sizeof(c->password), &q, 3);
	c->has_totp = copy_secret(r, c, &q, 4, c->totp);
	c->totp_step = query_int(&q, 5);
	c->has_pending = copy_secret(r, c, &q, 6, c->pending);
	copy_text(c->name, sizeof(c->name), &q, 7);
	copy_text(c->org_name, sizeof(c->org_name), &q, 8);
	return ERR_OK;
}

static void
answer(struct request *r, const char *state, uint64_t wait_ms)
{
	struct values row;

	values_init(&row);
	values_add_text(&row, state);
	values_add_int(&row, (int64_t)wait_ms);
	values_add_null(&row);
	values_add_null(&row);
	request_row(r, &row);
}

static int
audit_login(struct login *l, const char *action, const char *reason)
{
	struct audit_object object = {
	    "account", l->credential.account, l->credential.org};

	return audit_own(l->r->store, action, &object,
	    json_pack("{s:s,s:s}", "address", l->address, "how", reason));
}

static int
refuse(struct login *l, const char *reason)
{
	answer(l->r, "refused", 0);
	if (l->credential.account[0] == '\0')
		return ERR_OK;
	return audit_login(l, "login.failed", reason);
}

static int
remember_address(
    struct request *r, const struct session_start *start, int64_t now)
{
	struct db *db = r->store->db;
	int err = db_do(db, STMT_ADDRESS_KNOW,
	    ARGS(val_text(start->account), val_text(start->address),
		val_int(now)),
	    NULL);

	if (err == ERR_OK)
		err = db_do(db, STMT_ADDRESS_FORGET,
		    ARGS(val_text(start->account)), NULL);
	return err;
}

static struct value
text_or_null(const char *text)
{
	return text == NULL || text[0] == '\0' ? val_null() : val_text(text);
}

/* A session always has a new secret: none that somebody else chose. */
int
session_start(struct request *r, const struct session_start *start,
    uint8_t ret_secret[SECRET_BYTES], int64_t *ret_expires)
{
	struct audit_object object = {"account", start->account, start->org};
	uint8_t digest[SHA256_BYTES];
	int64_t now = loop_wall_us();
	int64_t expires = now + r->store->session_max_us;
	char id[UUID_BYTES];
	int err;

	random_bytes(ret_secret, SECRET_BYTES);
	login_digest("session", ret_secret, SECRET_BYTES, digest);
	uuid7(id);
	err = db_do(r->store->db, STMT_SESSION_ADD,
	    ARGS(val_bytes(digest, sizeof(digest)), val_text(id),
		val_text(start->account), val_text(start->address),
		val_int(now), val_int(expires), val_int(start->has_second),
		text_or_null(start->subject), text_or_null(start->sid),
		val_int(start->proved_at), text_or_null(start->issuer)),
	    NULL);
	if (err == ERR_OK)
		err = remember_address(r, start, now);
	if (err == ERR_OK)
		err = audit_own(r->store, "login.succeeded", &object,
		    json_pack("{s:s,s:s}", "address", start->address, "how",
			start->how));
	if (err == ERR_OK)
		*ret_expires = expires;
	return err;
}

static int
begin_session(struct login *l)
{
	const struct session_start start = {
	    .account = l->credential.account,
	    .org = l->credential.org,
	    .address = l->address,
	    .how = l->credential.has_totp ? "password and code" : "password",
	    .proved_at = loop_wall_us(),
	};
	uint8_t secret[SECRET_BYTES];
	struct values row;
	int64_t expires;
	int err = session_start(l->r, &start, secret, &expires);

	if (err != ERR_OK)
		return err;
	values_init(&row);
	values_add_text(&row, "ok");
	values_add_int(&row, 0);
	values_add_bytes(&row, secret, sizeof(secret));
	values_add_int(&row, expires);
	request_row(l->r, &row);
	return ERR_OK;
}

static int
decide(struct login *l, const uint8_t key[PASSWORD_KEY_BYTES])
{
	struct request *r = l->r;
	char expected[PASSWORD_TEXT_BYTES];
	bool is_same = password_is_same(key, l->hash.key, PASSWORD_KEY_BYTES);
	int err;

	if (l->credential.account[0] == '\0' || !is_same)
		return refuse(l, "password");
	/* It may have changed, or been disabled, while we waited. */
	memcpy(expected, l->credential.password, sizeof(expected));
	err = credential_load(r, STMT_CREDENTIAL_BY_ACCOUNT,
	    l->credential.account, &l->credential);
	if (err == ERR_NOT_FOUND ||
	    (err == ERR_OK && strcmp(expected, l->credential.password) != 0))
		return refuse(l, "changed meanwhile");
	if (err != ERR_OK)
		return err;
	if (l->credential.has_totp) {
		err = totp_second(r, &l->credential, param_text(r, 2));
		if (err == ERR_DENIED)
			return refuse(l, "code");
		if (err == ERR_AGAIN)
			answer(r, "code", 0);
		if (err != ERR_OK)
			return err == ERR_AGAIN ? ERR_OK : err;
	}
	throttle_success(r->store->throttle, &l->who);
	return begin_session(l);
}

static void
on_hashed(void *arg, enum err hash_err, const uint8_t key[PASSWORD_KEY_BYTES])
{
	struct login *l = arg;
	struct request *r = l->r;
	int err = (int)hash_err;

	if (err == ERR_OK)
		err = request_begin(r);
	if (err != ERR_OK) {
		request_end(r, (enum err)err, "log-in does not work now", -1);
	} else {
		err = r->is_cancelled ? ERR_OK : decide(l, key);
		request_finish(r, err, -1);
	}
	free(l);
}

static int
find(struct login *l)
{
	struct request *r = l->r;
	AUTO(query) q = {0};
	int err = credential_load(
	    r, STMT_CREDENTIAL_BY_LOGIN, l->name, &l->credential);

	/* A name that is not there costs as much as one that is. */
	password_new(r->store, &l->hash);
	if (err == ERR_NOT_FOUND)
		return ERR_OK;
	if (err != ERR_OK)
		return err;
	if (l->credential.password[0] == '\0' ||
	    password_get(l->credential.password, &l->hash) != ERR_OK) {
		l->credential.account[0] = '\0';
		return ERR_OK;
	}
	err = query_one(&q, r->store->db, STMT_ADDRESS_IS_KNOWN,
	    ARGS(val_text(l->credential.account), val_text(l->address)));
	l->who.is_known = err == ERR_OK;
	return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static int
begin(struct login *l)
{
	struct request *r = l->r;
	const char *password = param_text(r, 1);
	const struct hasher_job job = {
	    .hash = &l->hash,
	    .password = password,
	    .len = strlen(password),
	    .source = l->address,
	};
	uint64_t now_ms = loop_now_ms();
	uint64_t wait_ms;
	int err = find(l);

	if (err != ERR_OK)
		return err;
	wait_ms = throttle_wait(r->store->throttle, &l->who, now_ms);
	if (wait_ms > 0) {
		answer(r, "wait", wait_ms);
		return ERR_OK;
	}
	/* Counted before it is tried: many at once are many. */
	err = password_start(r, &job, on_hashed, l);
	if (err == ERR_LIMIT) {
		answer(r, "wait", 1000);
		return ERR_OK;
	}
	if (err == ERR_AGAIN)
		throttle_attempt(r->store->throttle, &l->who, now_ms);
	return err;
}

int
login(struct request *r)
{
	struct login *l = xcalloc(1, sizeof(*l));
	int err;

	l->r = r;
	(void)snprintf(l->address, sizeof(l->address), "%s", param_text(r, 3));
	l->who = (struct throttle_who){.address = l->address, .name = l->name};
	err = login_name(r, param_text(r, 0), l->name);
	if (err == ERR_OK)
		err = begin(l);
	if (err != ERR_AGAIN)
		free(l);
	return err;
}

void
login_tidy(struct store *store)
{
	uint64_t now_ms = loop_now_ms();
	int err;

	if (now_ms < store->login_tidy_ms)
		return;
	store->login_tidy_ms = now_ms + TIDY_MS;
	err = tx_begin(store, ROLE_STORE);
	if (err != ERR_OK)
		return;
	err = db_do(
	    store->db, STMT_SESSION_SWEEP, ARGS(val_int(loop_wall_us())), NULL);
	if (err == ERR_OK)
		err = oidc_sweep(store);
	tx_end(store, err == ERR_OK);
}
