/* SPDX-License-Identifier: Apache-2.0 */
/* key.c - what people do with OpenPGP keys. */
#include "store/key.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/sealed.h"
#include "lib/xalloc.h"
#include "store/audit.h"
#include "store/handlers.h"

#include <ctype.h>

#define SECOND_US  ((int64_t)1000000)
#define ALGO_BYTES 64

static bool
manages_keys(const struct request *r)
{
	return principal_may(&r->principal, "manage_keys");
}

/* Those of the one's own organisation, or of all. */
static bool
may_change(const struct request *r, const char *org)
{
	return manages_keys(r) ||
	       (strcmp(org, r->principal.org_id) == 0 &&
		   principal_may(&r->principal, "manage_org_users"));
}

static int
refuse_change(struct request *r)
{
	return request_why(r, ERR_DENIED,
	    "keys of an organisation are changed by those who manage its "
	    "accounts (\"manage_org_users\") or all keys (\"manage_keys\")");
}

int
key_list(struct request *r)
{
	r->principal.sees_all |= manages_keys(r);
	return request_rows(r, STMT_KEY_LIST,
	    ARGS(WHO(r), val_int(param_limit(r, 0)), val_text(param_text(r, 1)),
		val_int(loop_wall_us())),
	    false);
}

int
key_get(struct request *r)
{
	r->principal.sees_all |= manages_keys(r);
	return request_rows(r, STMT_KEY_GET,
	    ARGS(WHO(r), val_text(param_text(r, 0)), val_null(),
		val_int(loop_wall_us())),
	    true);
}

int
key_service(struct request *r)
{
	return request_rows(
	    r, STMT_KEY_SERVICE, ARGS(val_int(loop_wall_us())), true);
}

/* --- adding --- */

/* What each of loep-pgp's words means to the one who sent the key. */
static const struct {
	const char *word;
	const char *sentence;
} refusals[] = {
    {"secret_key", "this is a secret key: it must never leave its owner; as it "
		   "was shown to others now, make a new one"},
    {"no_key_block", "this is no OpenPGP public key"},
    {"several_keys", "there is more than one key in it; send one"},
    {"limit", "the key is too large; export it without what others signed "
	      "(gpg --export-options export-minimal)"},
    {"weak_algorithm", "it is too weak: RSA, DSA and ElGamal need 2048 bits"},
    {"weak_hash", "it is signed with SHA-1 or MD5 only: renew it with a "
		  "program of today"},
    {"no_encryption", "nothing of it can be encrypted to"},
    {"no_user_id", "nobody's name is on it"},
    {"revoked", "it is revoked"},
    {"expired", "it has expired"},
    {"invalid", "its own signatures do not hold"},
};

static int
refuse_key(struct request *r, const char *word)
{
	const char *sentence = "it could not be read";

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		if (strcmp(refusals[i].word, word) == 0)
			sentence = refusals[i].sentence;
	}
	return request_refuse(r, ERR_FORMAT, "key-refused",
	    json_pack("{s:s}", "problem", word), "the key is refused: %s",
	    sentence);
}

int
key_put(struct store *store, const char *org, const char *by,
    const struct key_row *row, char ret_id[UUID_BYTES], bool *ret_is_new)
{
	const json_t *d = row->detail;
	auto_free char *user_ids =
	    json_canonical(json_object_get(d, "user_ids"));
	auto_free char *algorithm =
	    xasprintf("%.20s %.30s", json_member_text(d, "algorithm", ""),
		json_member_text(d, "curve", ""));
	json_int_t expires = json_member_int(d, "expires", 0);
	struct value args[] = {val_text(ret_id), val_text(org),
	    val_text(row->fpr), val_text(row->armor), val_text(algorithm),
	    val_int(json_member_int(d, "bits", 0)), val_text(user_ids),
	    val_int(json_member_int(d, "created", 0) * SECOND_US),
	    expires == 0 ? val_null() : val_int(expires * SECOND_US),
	    val_int(json_is_true(json_object_get(d, "is_revoked"))),
	    val_text(by), val_int(loop_wall_us())};
	int err;

	algorithm[strcspn(algorithm, "\n")] = '\0';
	{
		AUTO(query) q = {0};

		err = query_one(&q, store->db, STMT_KEY_FIND,
		    ARGS(val_text(org), val_text(row->fpr)));
		*ret_is_new = err == ERR_NOT_FOUND;
		if (err == ERR_OK)
			(void)snprintf(
			    ret_id, UUID_BYTES, "%s", query_text(&q, 0));
		else if (err == ERR_NOT_FOUND)
			uuid7(ret_id);
		else
			return err;
	}
	args[0] = val_text(ret_id);
	return db_do(store->db, *ret_is_new ? STMT_KEY_ADD : STMT_KEY_RENEW,
	    args, sizeof(args) / sizeof(args[0]), NULL);
}

/* Of a key that is known already, its own revocation is welcome. */
static int
check_problems(struct request *r, const json_t *detail, bool is_known)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(detail, "problems"), i, item)
	{
		const char *word = json_string_value(item);

		if (word == NULL)
			return refuse_key(r, "invalid");
		if (is_known && strcmp(word, "revoked") == 0)
			return ERR_OK;
		return refuse_key(r, word);
	}
	return ERR_OK;
}

/* Is it there, and still in use? */
static int
look_up(struct request *r, const char *org, const char *fpr, bool *ret_is_known)
{
	AUTO(query) q = {0};
	int err = query_one(&q, r->store->db, STMT_KEY_FIND,
	    ARGS(val_text(org), val_text(fpr)));

	*ret_is_known = err == ERR_OK;
	if (err == ERR_NOT_FOUND)
		return ERR_OK;
	if (err == ERR_OK && query_int(&q, 2) != 0)
		return request_why(r, ERR_CONFLICT,
		    "this key was retired; it does not come back");
	return err;
}

static int
answer(struct request *r, const char *id, const char *fpr, const char *state)
{
	struct values row;

	values_init(&row);
	values_add_text(&row, id);
	values_add_text(&row, fpr);
	values_add_text(&row, state);
	request_row(r, &row);
	return ERR_OK;
}

static int
put(struct request *r, const char *org, const struct key_row *row)
{
	bool is_revoked =
	    json_is_true(json_object_get(row->detail, "is_revoked"));
	char id[UUID_BYTES] = "";
	struct audit_object object = {"key", id, org};
	bool is_known, is_new;
	int err = look_up(r, org, row->fpr, &is_known);

	if (err == ERR_OK)
		err = check_problems(r, row->detail, is_known);
	if (err == ERR_OK)
		err = key_put(
		    r->store, org, r->principal.account_id, row, id, &is_new);
	if (err == ERR_OK)
		err = audit_by(r, is_new ? "key.added" : "key.renewed", &object,
		    json_pack(
			"{s:s,s:b}", "fpr", row->fpr, "revoked", is_revoked));
	return err == ERR_OK
		   ? answer(r, id, row->fpr, is_revoked ? "revoked" : "active")
		   : err;
}

static bool
fpr_is_valid(const char *fpr)
{
	size_t len = strlen(fpr);

	return (len == 40 || len == 64) &&
	       strspn(fpr, "0123456789ABCDEF") == len;
}

/* Printable ASCII in lines, and nothing behind a NUL. */
static bool
is_armor(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] != '\n' && (text[i] < ' ' || text[i] > '~'))
			return false;
	}
	return true;
}

static int
take_answer(struct request *r, struct pgp_answer *a)
{
	const char *org = param_text(r, 0);
	const char *fpr = json_member_text(a->detail, "fpr", "");
	auto_free char *armor = NULL;
	const uint8_t *map;
	size_t len;
	int err;

	if (a->err == ERR_FORMAT ||
	    (a->err == ERR_LIMIT && strcmp(a->why, "limit") == 0))
		return refuse_key(r, a->why);
	if (a->err != ERR_OK || a->fd == -1)
		return request_why(r, ERR_UNAVAILABLE,
		    "the key could not be read (%s); try again shortly",
		    a->why);
	/* What read it has met hostile bytes: its words are checked. */
	if (!fpr_is_valid(fpr) ||
	    sealed_map(a->fd, PGP_CLEAN_BYTES_MAX, &map, &len) != ERR_OK)
		return refuse_key(r, "invalid");
	armor = xstrndup((const char *)map, len);
	sealed_unmap(map, len);
	if (!is_armor(armor, len) ||
	    !json_is_array(json_object_get(a->detail, "user_ids")))
		return refuse_key(r, "invalid");
	err = put(r, org[0] == '\0' ? r->principal.org_id : org,
	    &(struct key_row){fpr, armor, a->detail});
	return err;
}

static void
on_read(void *arg, struct pgp_answer *a)
{
	struct request *r = arg;
	int err = r->is_cancelled ? (int)ERR_UNAVAILABLE : request_begin(r);

	if (err != ERR_OK) {
		request_end(r, (enum err)err, NULL, -1);
		return;
	}
	err = take_answer(r, a);
	request_finish(r, err, -1);
}

/* The one's own, or one that exists for who manages all keys. */
static int
check_org(struct request *r, const char *org)
{
	AUTO(query) q = {0};
	int err;

	if (org[0] == '\0')
		return may_change(r, r->principal.org_id) ? (int)ERR_OK
							  : refuse_change(r);
	r->principal.sees_all |= manages_keys(r);
	err = query_one(
	    &q, r->store->db, STMT_KEY_ORG, ARGS(WHO(r), val_text(org)));
	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such organisation");
	if (err == ERR_OK && !may_change(r, org))
		return refuse_change(r);
	return err;
}

int
key_add(struct request *r)
{
	auto_free char *list = xasprintf("[%s]", param_text(r, 1));
	auto_json json_t *json = NULL;
	struct pgp_order order = {.what = PGP_READ_KEY, .out_fd = -1};
	const json_t *key;
	int err = check_org(r, param_text(r, 0));

	if (err != ERR_OK)
		return err;
	if (json_parse(list, strlen(list), LIMIT_DOCUMENT_BYTES + 2, 2,
		&json) != ERR_OK ||
	    !json_is_string(key = json_array_get(json, 0)) ||
	    json_string_length(key) == 0)
		return request_why(
		    r, ERR_FORMAT, "\"key\" is an armored public key");
	if (!pgp_asks_is_connected(keys_asks(r->store->keys)))
		return request_why(r, ERR_UNAVAILABLE,
		    "this service does no OpenPGP now (loep.conf: [pgp])");
	(void)pgp_asks_start_bytes(keys_asks(r->store->keys), &order,
	    json_string_value(key), json_string_length(key), on_read, r);
	return ERR_AGAIN;
}

/* --- deciding --- */

struct key {
	bool is_service;
	char org[UUID_BYTES];
	char fpr[PGP_FPR_BYTES];
	char author[UUID_BYTES];
	bool is_verified;
	bool is_retired;
};

static int
load(struct request *r, struct key *ret_key)
{
	AUTO(query) q = {0};
	int err;

	r->principal.sees_all |= manages_keys(r);
	err = query_one(&q, r->store->db, STMT_KEY_LOAD,
	    ARGS(WHO(r), val_text(param_text(r, 0))));
	if (err == ERR_NOT_FOUND)
		return request_why(r, err, "there is no such key");
	if (err != ERR_OK)
		return err;
	*ret_key = (struct key){
	    .is_service = strcmp(query_text(&q, 0), "service") == 0,
	    .is_verified = query_int(&q, 4) != 0,
	    .is_retired = query_int(&q, 5) != 0,
	};
	(void)snprintf(ret_key->org, UUID_BYTES, "%s", query_text(&q, 1));
	(void)snprintf(
	    ret_key->fpr, sizeof(ret_key->fpr), "%s", query_text(&q, 2));
	(void)snprintf(ret_key->author, UUID_BYTES, "%s", query_text(&q, 3));
	if (ret_key->is_retired)
		return request_why(r, ERR_CONFLICT, "it is retired already");
	return ERR_OK;
}

/* Fingerprints are read out in groups, in any case. */
static bool
fpr_is_same(const char *said, const char *fpr)
{
	for (; *said != '\0'; said++) {
		if (*said == ' ' || *said == ':')
			continue;
		if (toupper((unsigned char)*said) != *fpr)
			return false;
		fpr++;
	}
	return *fpr == '\0';
}

int
key_verify(struct request *r)
{
	const char *id = param_text(r, 0), *how = param_text(r, 2);
	struct audit_object object = {"key", id, NULL};
	struct values row;
	struct key key = {0};
	bool is_single;
	int err = load(r, &key);

	if (err != ERR_OK)
		return err;
	if (key.is_service || key.is_verified)
		return request_why(r, ERR_CONFLICT, "it is verified already");
	if (how[0] == '\0')
		return request_why(r, ERR_FORMAT,
		    "\"how\" says where the fingerprint was heard");
	if (!fpr_is_same(param_text(r, 1), key.fpr))
		return request_why(r, ERR_CONFLICT,
		    "that is not the key's fingerprint: do not use this key");
	is_single = strcmp(key.author, r->principal.account_id) == 0;
	if (is_single && !r->store->is_single_review)
		return principal_is_other(r, key.author, "verify this key");
	object.org = key.org;
	err = db_do(r->store->db, STMT_KEY_VERIFY,
	    ARGS(val_text(id), val_text(r->principal.account_id),
		val_int(loop_wall_us()), val_text(how), val_int(is_single)),
	    NULL);
	if (err == ERR_OK)
		err = audit_by(r, "key.verified", &object,
		    json_pack("{s:s,s:s,s:b}", "fpr", key.fpr, "how", how,
			"single_person", is_single));
	if (err != ERR_OK)
		return err;
	values_init(&row);
	values_add_text(&row, id);
	values_add_int(&row, 1);
	values_add_int(&row, is_single);
	request_row(r, &row);
	return ERR_OK;
}

int
key_retire(struct request *r)
{
	const char *id = param_text(r, 0), *why = param_text(r, 1);
	struct audit_object object = {"key", id, NULL};
	struct values row;
	struct key key = {0};
	int err = load(r, &key);

	if (err != ERR_OK)
		return err;
	if (key.is_service)
		return request_why(r, ERR_CONFLICT,
		    "the service's keys are those of its file (loep.conf: "
		    "[pgp] secret_key_file)");
	if (!may_change(r, key.org))
		return refuse_change(r);
	if (why[0] == '\0')
		return request_why(r, ERR_FORMAT, "\"reason\" says why");
	object.org = key.org;
	err = db_do(r->store->db, STMT_KEY_RETIRE,
	    ARGS(val_text(id), val_text(r->principal.account_id),
		val_int(loop_wall_us()), val_text(why)),
	    NULL);
	if (err == ERR_OK)
		err = audit_by(r, "key.retired", &object,
		    json_pack("{s:s,s:s}", "fpr", key.fpr, "reason", why));
	if (err != ERR_OK)
		return err;
	values_init(&row);
	values_add_text(&row, id);
	values_add_text(&row, "retired");
	request_row(r, &row);
	return ERR_OK;
}
