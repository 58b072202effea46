/* SPDX-License-Identifier: Apache-2.0 */
/* totp.c - the second factor of an account: codes, recovery codes. */
#include "lib/totp.h"

#include "lib/own.h"
#include "lib/uri.h"
#include "lib/xalloc.h"
#include "store/audit.h"
#include "store/handlers.h"
#include "store/login.h"
#include "store/second.h"
#include "store/throttle.h"

#define RECOVERY_CODES 10
/* 80 bits: not to be guessed, and still to be typed. */
#define RECOVERY_BYTES	10
#define RECOVERY_LENGTH 16

static void
recovery_digest(const char *account, const uint8_t code[RECOVERY_BYTES],
    uint8_t ret_digest[SHA256_BYTES])
{
	uint8_t bytes[UUID_BYTES + RECOVERY_BYTES] = {0};

	memcpy(bytes, account, strnlen(account, UUID_BYTES - 1));
	memcpy(bytes + UUID_BYTES, code, RECOVERY_BYTES);
	login_digest("recovery", bytes, sizeof(bytes), ret_digest);
}

static int
use_recovery(struct request *r, const struct credential *c, const char *text)
{
	uint8_t code[RECOVERY_BYTES], digest[SHA256_BYTES];
	int64_t changes = 0;
	int err;

	if (base32_decode(text, code, sizeof(code)) != ERR_OK)
		return ERR_DENIED;
	recovery_digest(c->account, code, digest);
	err = db_do(r->store->db, STMT_RECOVERY_USE,
	    ARGS(val_text(c->account), val_bytes(digest, sizeof(digest)),
		val_int(loop_wall_us())),
	    &changes);
	if (err == ERR_OK && changes == 0)
		return ERR_DENIED;
	return err;
}

/* Not the user's fault where it cannot be looked at: said, and not counted. */
static int
without_secret(struct request *r, const struct credential *c, const char *code)
{
	int err = use_recovery(r, c, code);

	if (err == ERR_DENIED && c->is_locked && !r->store->has_second_key)
		return request_why(r, ERR_UNAVAILABLE, "%s", vault_is_away);
	return err;
}

int
totp_second(struct request *r, const struct credential *c, const char *code)
{
	int64_t step;

	if (code[0] == '\0')
		return ERR_AGAIN;
	if (c->is_locked || totp_check(c->totp, code, loop_wall_us(),
				c->totp_step, &step) != ERR_OK)
		return without_secret(r, c, code);
	return db_do(r->store->db, STMT_TOTP_STEP,
	    ARGS(val_text(c->account), val_int(step)), NULL);
}

static int
load_own(struct request *r, struct credential *c)
{
	int err = credential_load(
	    r, STMT_CREDENTIAL_BY_ACCOUNT, r->principal.account_id, c);

	if (err == ERR_NOT_FOUND)
		return request_why(r, ERR_CONFLICT,
		    "this account has no login name; who manages accounts can "
		    "give it one");
	return err;
}

/* For an authenticator app (the "Key Uri Format"); percent-encoded. */
static char *
make_uri(const struct credential *c, const char *secret)
{
	auto_free char *label = uri_encode(c->login);

	return xasprintf("otpauth://totp/Loep:%s?secret=%s&issuer=Loep&"
			 "algorithm=SHA1&digits=%d&period=%d",
	    label, secret, TOTP_DIGITS, TOTP_PERIOD_S);
}

int
totp_begin(struct request *r)
{
	uint8_t secret[TOTP_SECRET_BYTES], box[SECOND_BOX_BYTES];
	char text[TOTP_SECRET_LENGTH + 1];
	auto_free char *uri = NULL;
	struct credential c;
	struct values row;
	int err = load_own(r, &c);

	if (err != ERR_OK)
		return err;
	if (c.has_totp)
		return request_why(r, ERR_CONFLICT,
		    "there is a second factor; remove it first");
	random_bytes(secret, sizeof(secret));
	err = second_seal(r->store, c.account, secret, box);
	if (err == ERR_UNAVAILABLE)
		return request_why(r, err, "%s", vault_is_away);
	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_TOTP_PENDING,
		    ARGS(val_text(c.account), val_bytes(box, sizeof(box))),
		    NULL);
	if (err != ERR_OK)
		return err;
	base32_encode(text, secret, sizeof(secret));
	uri = make_uri(&c, text);
	values_init(&row);
	values_add_text(&row, text);
	values_add_text(&row, uri);
	request_row(r, &row);
	return ERR_OK;
}

/* New recovery codes in the place of all others, as a JSON array. */
static int
make_recovery(struct request *r, const char *account, char **ret_json)
{
	auto_json json_t *list = json_array();
	int err = db_do(
	    r->store->db, STMT_RECOVERY_CLEAR, ARGS(val_text(account)), NULL);

	for (int i = 0; err == ERR_OK && i < RECOVERY_CODES; i++) {
		uint8_t code[RECOVERY_BYTES], digest[SHA256_BYTES];
		char text[RECOVERY_LENGTH + 1];
		auto_free char *shown = NULL;

		random_bytes(code, sizeof(code));
		base32_encode(text, code, sizeof(code));
		shown = xasprintf(
		    "%.4s-%.4s-%.4s-%.4s", text, text + 4, text + 8, text + 12);
		(void)json_array_append_new(list, json_string(shown));
		recovery_digest(account, code, digest);
		err = db_do(r->store->db, STMT_RECOVERY_ADD,
		    ARGS(val_text(account), val_bytes(digest, sizeof(digest))),
		    NULL);
	}
	if (err == ERR_OK)
		*ret_json = json_canonical(list);
	return err;
}

int
totp_confirm(struct request *r)
{
	auto_free char *codes = NULL;
	struct audit_object object;
	struct credential c;
	struct values row;
	int64_t step = 0;
	int err = load_own(r, &c);

	if (err != ERR_OK)
		return err;
	if (!c.has_pending)
		return request_why(
		    r, ERR_CONFLICT, "there is no second factor to confirm");
	if (c.is_locked)
		return request_why(r, ERR_UNAVAILABLE, "%s", vault_is_away);
	if (totp_check(c.pending, param_text(r, 0), loop_wall_us(), 0, &step) !=
	    ERR_OK)
		return request_why(r, ERR_FORMAT,
		    "the code is not right; is the clock of the device?");
	object = (struct audit_object){"account", c.account, c.org};
	err = db_do(r->store->db, STMT_TOTP_CONFIRM,
	    ARGS(val_text(c.account), val_int(step)), NULL);
	if (err == ERR_OK)
		err = make_recovery(r, c.account, &codes);
	if (err == ERR_OK)
		err = sessions_close(r, c.account,
		    r->principal.via == VIA_SESSION ? r->principal.digest
						    : NULL);
	if (err == ERR_OK)
		err = audit_by(r, "totp.added", &object, NULL);
	if (err != ERR_OK)
		return err;
	values_init(&row);
	values_add_text(&row, codes);
	request_row(r, &row);
	return ERR_OK;
}

/* A stolen session must not become a place to guess from. */
static int
check_code(struct request *r, const struct credential *c, const char *code)
{
	const struct throttle_who who = {
	    .address = "confirm", .name = c->login};
	uint64_t now_ms = loop_now_ms();
	int err;

	if (throttle_wait(r->store->throttle, &who, now_ms) > 0)
		return request_why(r, ERR_LIMIT,
		    "the code was wrong too often; try again later");
	throttle_attempt(r->store->throttle, &who, now_ms);
	err = totp_second(r, c, code);
	if (err == ERR_DENIED || err == ERR_AGAIN)
		return request_why(r, ERR_DENIED, "the code is not right");
	if (err == ERR_OK)
		throttle_success(r->store->throttle, &who);
	return err;
}

int
login_confirm(struct request *r, const char *code, bool is_needed)
{
	struct credential c;
	int err = credential_load(
	    r, STMT_CREDENTIAL_BY_ACCOUNT, r->principal.account_id, &c);

	if (err == ERR_OK && c.has_totp)
		return check_code(r, &c, code);
	if (err != ERR_OK && err != ERR_NOT_FOUND)
		return err;
	return is_needed ? request_why(r, ERR_CONFLICT,
			       "set up a second factor first (/api/v1/totp): "
			       "its code shows that it is you")
			 : ERR_OK;
}

int
totp_remove(struct request *r)
{
	struct audit_object object;
	struct credential c;
	int err = load_own(r, &c);

	if (err != ERR_OK)
		return err;
	if (!c.has_totp)
		return request_why(
		    r, ERR_CONFLICT, "there is no second factor");
	err = check_code(r, &c, param_text(r, 0));
	if (err != ERR_OK)
		return err;
	object = (struct audit_object){"account", c.account, c.org};
	err = db_do(
	    r->store->db, STMT_TOTP_REMOVE, ARGS(val_text(c.account)), NULL);
	if (err == ERR_OK)
		err = db_do(r->store->db, STMT_RECOVERY_CLEAR,
		    ARGS(val_text(c.account)), NULL);
	return err == ERR_OK ? audit_by(r, "totp.removed", &object, NULL) : err;
}
