/* SPDX-License-Identifier: Apache-2.0 */
/* vault.c - questions to the vault, and their answers. */
#include "store/vault.h"

#include "lib/limits.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "store/child.h"
#include "store/resume.h"
#include "store/store.h"
#include "store/upload.h"

/* Open questions are found by request id through a small hash of lists. */
#define BUCKETS 256

const char vault_is_away[] =
    "the evidence vault is not running; try again shortly";

struct question {
	TAILQ_ENTRY(question) entry;
	uint32_t id;
	enum msg_type want;
	vault_fn *fn;
	void *arg;
};

TAILQ_HEAD(question_list, question);

/* A question that waits for its organisation's key; none where fn is NULL. */
struct creation {
	struct vault *vault;
	char org[UUID_BYTES];
	enum msg_type type;
	struct wire_out body;
	vault_fn *fn;
	void *arg;
};

struct vault {
	struct store *store;
	struct chan *chan;
	/* Organisations whose key this vault said it has. */
	char (*ready)[UUID_BYTES];
	size_t ready_count;
	size_t ready_size;
	struct question_list buckets[BUCKETS];
};

static int on_answer(void *arg, struct chan *chan, struct msg *msg);
static void on_gone(void *arg, struct chan *chan, int err);

static const struct chan_handler handlers[] = {
    {MSG_VAULT_DONE, on_answer},
    {MSG_SIGNED, on_answer},
    {MSG_BLOB_PIPE, on_answer},
    {MSG_BLOB_STORED, on_answer},
    {MSG_PART_SIZE, on_answer},
    {MSG_BLOB_OPENED, on_answer},
    {MSG_BLOB_PACKED, on_answer},
    {MSG_BLOB_LISTED, on_answer},
    {MSG_NONE_, NULL},
};

static const struct chan_ops vault_ops = {
    .handlers = handlers,
    .gone = on_gone,
};

struct vault *
vault_new(struct store *store)
{
	struct vault *vault = xcalloc(1, sizeof(*vault));

	vault->store = store;
	for (size_t i = 0; i < BUCKETS; i++)
		TAILQ_INIT(&vault->buckets[i]);
	return vault;
}

/* Every open question ends: whoever asked must not wait for ever. */
static void
fail_all(struct vault *vault)
{
	struct question_list ending = TAILQ_HEAD_INITIALIZER(ending);
	struct question *q;

	for (size_t i = 0; i < BUCKETS; i++)
		TAILQ_CONCAT(&ending, &vault->buckets[i], entry);
	while ((q = TAILQ_FIRST(&ending)) != NULL) {
		struct vault_answer answer = {
		    .type = MSG_VAULT_DONE,
		    .err = ERR_UNAVAILABLE,
		    .fd = -1,
		};

		TAILQ_REMOVE(&ending, q, entry);
		(void)snprintf(
		    answer.why, sizeof(answer.why), "%s", vault_is_away);
		if (q->fn != NULL)
			q->fn(q->arg, &answer);
		free(q);
	}
}

void
vault_free(struct vault *vault)
{
	if (vault == NULL)
		return;
	vault_set_chan(vault, NULL);
	free(vault->ready);
	free(vault);
}

void
vault_set_chan(struct vault *vault, struct chan *chan)
{
	struct chan *old = vault->chan;

	vault->chan = chan;
	vault->ready_count = 0;
	if (old != NULL) {
		chan_free(old);
		fail_all(vault);
		/* The writers went with it. */
		uploads_drop(vault->store,
		    "the evidence vault was restarted "
		    "while the file came in; send it again");
		resume_drop(vault->store, true);
		children_drop(vault->store, false);
	}
	if (chan != NULL)
		chan_set_ops(chan, &vault_ops, vault);
}

struct chan *
vault_chan(const struct vault *vault)
{
	return vault->chan;
}

static void
on_gone(void *arg, struct chan *chan, int err)
{
	struct vault *vault = arg;
	struct store *store = vault->store;

	if (err == ERR_PEER && store->blame != NULL)
		store->blame(
		    store->blame_arg, chan, "the vault broke the protocol");
	if (vault->chan == chan)
		vault_set_chan(vault, NULL);
	else
		chan_free(chan);
}

static bool
get_exactly(struct wire_in *in, uint8_t *dst, size_t len)
{
	size_t have;
	const uint8_t *p = wire_get_bytes(in, &have);

	if (p == NULL || have != len)
		return false;
	memcpy(dst, p, len);
	return true;
}

static bool
decode(struct msg *msg, struct vault_answer *a)
{
	struct wire_in *in = &msg->in;
	bool is_fine = true;
	uint8_t err;

	*a = (struct vault_answer){.type = msg->type, .fd = -1};
	switch ((int)msg->type) {
	case MSG_VAULT_DONE:
		err = wire_get_u8(in);
		wire_get_str(in, a->why, sizeof(a->why));
		a->err = err < ERR_COUNT ? (enum err)err : ERR_SYS;
		/* A reason that is too long for us is no crime. */
		return true;
	case MSG_SIGNED:
		is_fine = get_exactly(in, a->signature, SIGN_BYTES) &&
			  get_exactly(in, a->public_key, SIGN_PUBLIC_BYTES);
		break;
	case MSG_BLOB_PIPE:
		a->writer = wire_get_u64(in);
		break;
	case MSG_PART_SIZE:
		a->size = wire_get_u64(in);
		a->is_open = wire_get_u8(in) != 0;
		is_fine = a->size <= INT64_MAX;
		break;
	case MSG_BLOB_STORED:
		is_fine = get_exactly(in, a->sha256, SHA256_BYTES);
		a->size = wire_get_u64(in);
		a->stored_size = wire_get_u64(in);
		a->is_new = wire_get_u8(in) != 0;
		is_fine = is_fine && a->size <= INT64_MAX &&
			  a->stored_size <= INT64_MAX;
		break;
	case MSG_BLOB_PACKED:
		a->size = wire_get_u64(in);
		a->faults = wire_get_bytes(in, &a->faults_len);
		break;
	case MSG_BLOB_LISTED:
		a->listed = wire_get_bytes(in, &a->listed_count);
		is_fine = a->listed_count % SHA256_BYTES == 0 &&
			  get_exactly(in, a->sha256, SHA256_BYTES);
		a->listed_count /= SHA256_BYTES;
		a->is_end = wire_get_u8(in) != 0;
		break;
	default:
		a->size = wire_get_u64(in);
		a->how = wire_get_u8(in);
	}
	a->fd = take_fd(msg->fd);
	return is_fine && !in->is_failed;
}

static int
on_answer(void *arg, struct chan *chan, struct msg *msg)
{
	struct vault *vault = arg;
	struct question_list *bucket = &vault->buckets[msg->request % BUCKETS];
	struct vault_answer answer;
	struct question *q;
	bool is_fine;

	(void)chan;
	TAILQ_FOREACH (q, bucket, entry) {
		if (q->id == msg->request)
			break;
	}
	is_fine = q != NULL && decode(msg, &answer) &&
		  (answer.type == q->want ||
		      (answer.type == MSG_VAULT_DONE && answer.err != ERR_OK));
	if (!is_fine)
		return ERR_PEER;
	TAILQ_REMOVE(bucket, q, entry);
	if (q->fn != NULL)
		q->fn(q->arg, &answer);
	if (answer.fd != -1)
		(void)close(answer.fd);
	free(q);
	return ERR_OK;
}

static enum msg_type
answer_to(enum msg_type type)
{
	switch ((int)type) {
	case MSG_SIGN:
		return MSG_SIGNED;
	case MSG_BLOB_CREATE:
	case MSG_PART_OPEN:
		return MSG_BLOB_PIPE;
	case MSG_PART_SAVE:
	case MSG_PART_STAT:
		return MSG_PART_SIZE;
	case MSG_PART_COMMIT:
	case MSG_BLOB_COMMIT:
		return MSG_BLOB_STORED;
	case MSG_BLOB_OPEN:
		return MSG_BLOB_OPENED;
	case MSG_BLOB_PACK:
	case MSG_BLOB_HEADS:
		return MSG_BLOB_PACKED;
	case MSG_BLOB_LIST:
		return MSG_BLOB_LISTED;
	default:
		return MSG_VAULT_DONE;
	}
}

int
vault_ask(struct vault *vault, enum msg_type type, const struct wire_out *body,
    vault_fn *fn, void *arg)
{
	struct question *q;
	uint32_t id;
	int err;

	if (vault->chan == NULL)
		return ERR_UNAVAILABLE;
	id = chan_next_request(vault->chan);
	err = chan_send(vault->chan, type, id, body, -1);
	if (err == ERR_LIMIT)
		return ERR_LIMIT;
	if (err != ERR_OK)
		return ERR_UNAVAILABLE;
	q = xcalloc(1, sizeof(*q));
	q->id = id;
	q->want = answer_to(type);
	q->fn = fn;
	q->arg = arg;
	TAILQ_INSERT_TAIL(&vault->buckets[id % BUCKETS], q, entry);
	return ERR_OK;
}

static int
ask_for_org(struct vault *vault, enum msg_type type, const char *org,
    vault_fn *fn, void *arg)
{
	struct wire_out body;
	int err;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_str(&body, org);
	err = vault_ask(vault, type, &body, fn, arg);
	wire_out_release(&body);
	return err;
}

static bool
is_ready(const struct vault *vault, const char *org)
{
	for (size_t i = 0; i < vault->ready_count; i++) {
		if (strcmp(vault->ready[i], org) == 0)
			return true;
	}
	return false;
}

static void
set_ready(struct vault *vault, const char *org)
{
	if (is_ready(vault, org))
		return;
	if (vault->ready_count == vault->ready_size) {
		vault->ready_size =
		    vault->ready_size ? 2 * vault->ready_size : 16;
		vault->ready = xreallocarray(
		    vault->ready, vault->ready_size, sizeof(*vault->ready));
	}
	(void)snprintf(
	    vault->ready[vault->ready_count++], UUID_BYTES, "%s", org);
}

static void
on_key(void *arg, struct vault_answer *answer)
{
	struct creation *c = arg;
	int err;

	if (answer->err == ERR_OK) {
		set_ready(c->vault, c->org);
		err = c->fn == NULL ? ERR_OK
				    : vault_ask(c->vault, c->type, &c->body,
					  c->fn, c->arg);
		if (err != ERR_OK) {
			answer->err = (enum err)err;
			(void)snprintf(answer->why, sizeof(answer->why), "%s",
			    vault_is_away);
		}
	} else {
		err = (int)answer->err;
	}
	if (err != ERR_OK && c->fn != NULL)
		c->fn(c->arg, answer);
	wire_out_release(&c->body);
	free(c);
}

/* Makes sure of the key, then asks; takes body's memory. */
static int
create_key(struct vault *vault, const char *org, struct creation *what)
{
	struct creation *c = xmemdup(what, sizeof(*what));
	int err;

	c->vault = vault;
	(void)snprintf(c->org, sizeof(c->org), "%s", org);
	err = ask_for_org(vault, MSG_KEY_CREATE, org, on_key, c);
	if (err != ERR_OK) {
		wire_out_release(&c->body);
		free(c);
	}
	return err;
}

/* A question that needs the organisation's key; takes body's memory. */
static int
ask_with_key(struct vault *vault, const char *org, struct creation *what)
{
	int err;

	/* The vault makes keys beside its other work: asking for a blob right
	 * behind a key could come too early. */
	if (!is_ready(vault, org))
		return create_key(vault, org, what);
	err = vault_ask(vault, what->type, &what->body, what->fn, what->arg);
	wire_out_release(&what->body);
	return err;
}

int
vault_create(struct vault *vault, const char *org, vault_fn *fn, void *arg)
{
	struct creation what = {.type = MSG_BLOB_CREATE, .fn = fn, .arg = arg};

	wire_out_init(&what.body, LIMIT_MSG_BYTES);
	wire_put_str(&what.body, org);
	return ask_with_key(vault, org, &what);
}

int
vault_part_open(struct vault *vault, const struct part_ref *part,
    uint64_t offset, bool is_atomic, vault_fn *fn, void *arg)
{
	struct creation what = {.type = MSG_PART_OPEN, .fn = fn, .arg = arg};

	wire_out_init(&what.body, LIMIT_MSG_BYTES);
	wire_put_str(&what.body, part->org);
	wire_put_str(&what.body, part->upload);
	wire_put_u64(&what.body, offset);
	wire_put_u8(&what.body, is_atomic);
	return ask_with_key(vault, part->org, &what);
}

static int
ask_numbers(struct vault *vault, enum msg_type type, const uint64_t numbers[2],
    vault_fn *fn, void *arg)
{
	struct wire_out body;
	int err;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u64(&body, numbers[0]);
	wire_put_u64(&body, numbers[1]);
	err = vault_ask(vault, type, &body, fn, arg);
	wire_out_release(&body);
	return err;
}

int
vault_part_save(struct vault *vault, uint64_t writer, uint64_t bytes,
    vault_fn *fn, void *arg)
{
	return ask_numbers(
	    vault, MSG_PART_SAVE, (uint64_t[2]){writer, bytes}, fn, arg);
}

/* size: NULL where the question has none. */
static int
ask_about_part(struct vault *vault, const struct part_ref *part,
    struct creation *what, const uint64_t *size)
{
	int err;

	wire_out_init(&what->body, LIMIT_MSG_BYTES);
	wire_put_str(&what->body, part->org);
	wire_put_str(&what->body, part->upload);
	if (size != NULL)
		wire_put_u64(&what->body, *size);
	err = vault_ask(vault, what->type, &what->body, what->fn, what->arg);
	wire_out_release(&what->body);
	return err;
}

int
vault_part_stat(
    struct vault *vault, const struct part_ref *part, vault_fn *fn, void *arg)
{
	struct creation what = {.type = MSG_PART_STAT, .fn = fn, .arg = arg};

	return ask_about_part(vault, part, &what, NULL);
}

int
vault_part_commit(struct vault *vault, const struct part_ref *part,
    uint64_t size, vault_fn *fn, void *arg)
{
	struct creation what = {.type = MSG_PART_COMMIT, .fn = fn, .arg = arg};

	return ask_about_part(vault, part, &what, &size);
}

int
vault_part_drop(
    struct vault *vault, const struct part_ref *part, vault_fn *fn, void *arg)
{
	struct creation what = {.type = MSG_PART_DROP, .fn = fn, .arg = arg};

	return ask_about_part(vault, part, &what, NULL);
}

int
vault_commit(struct vault *vault, uint64_t writer, uint64_t size, vault_fn *fn,
    void *arg)
{
	return ask_numbers(
	    vault, MSG_BLOB_COMMIT, (uint64_t[2]){writer, size}, fn, arg);
}

void
vault_abort(struct vault *vault, uint64_t writer)
{
	struct wire_out body;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u64(&body, writer);
	/* A vault that is away has no writer left to abort. */
	(void)!vault_ask(vault, MSG_BLOB_ABORT, &body, NULL, NULL);
	wire_out_release(&body);
}

int
vault_open(struct vault *vault, const struct blob_ref *blob, enum blob_open how,
    vault_fn *fn, void *arg)
{
	struct wire_out body;
	int err;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_str(&body, blob->org);
	wire_put_bytes(&body, blob->sha256, SHA256_BYTES);
	wire_put_u8(&body, (uint8_t)how);
	err = vault_ask(vault, MSG_BLOB_OPEN, &body, fn, arg);
	wire_out_release(&body);
	return err;
}

int
vault_pack(
    struct vault *vault, const struct pack_ask *ask, vault_fn *fn, void *arg)
{
	struct wire_out body;
	int err;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_str(&body, ask->org);
	wire_put_bytes(&body, ask->digests->buf, ask->digests->len);
	if (ask->head != 0)
		wire_put_u32(&body, ask->head);
	err = vault_ask(vault, ask->head == 0 ? MSG_BLOB_PACK : MSG_BLOB_HEADS,
	    &body, fn, arg);
	wire_out_release(&body);
	return err;
}

static int
ask_about(struct vault *vault, enum msg_type type, const struct blob_ref *blob,
    vault_fn *fn, void *arg)
{
	struct wire_out body;
	int err;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_str(&body, blob->org);
	wire_put_bytes(&body, blob->sha256, SHA256_BYTES);
	err = vault_ask(vault, type, &body, fn, arg);
	wire_out_release(&body);
	return err;
}

int
vault_verify(
    struct vault *vault, const struct blob_ref *blob, vault_fn *fn, void *arg)
{
	return ask_about(vault, MSG_BLOB_VERIFY, blob, fn, arg);
}

int
vault_delete(
    struct vault *vault, const struct blob_ref *blob, vault_fn *fn, void *arg)
{
	return ask_about(vault, MSG_BLOB_DELETE, blob, fn, arg);
}

int
vault_list(struct vault *vault, const struct blob_ref *blob, int64_t age_s,
    vault_fn *fn, void *arg)
{
	struct wire_out body;
	int err;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_str(&body, blob->org);
	wire_put_bytes(&body, blob->sha256, SHA256_BYTES);
	wire_put_u64(&body, age_s > 0 ? (uint64_t)age_s : 0);
	err = vault_ask(vault, MSG_BLOB_LIST, &body, fn, arg);
	wire_out_release(&body);
	return err;
}

int
vault_sign(
    struct vault *vault, const void *p, size_t len, vault_fn *fn, void *arg)
{
	struct wire_out body;
	int err;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_bytes(&body, p, len);
	err = vault_ask(vault, MSG_SIGN, &body, fn, arg);
	wire_out_release(&body);
	return err;
}

void
vault_create_key(struct vault *vault, const char *org)
{
	struct creation what = {.fn = NULL};

	wire_out_init(&what.body, 0);
	/* Asked again when a blob needs it. */
	(void)!create_key(vault, org, &what);
}
