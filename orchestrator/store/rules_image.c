/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules_image.c - rule sets as loep-yara compiled them, kept for its next
 * start and for a roll-back: a few files beside the database.
 *
 * libyara believes what it loads.  So what comes back is what was kept, or
 * nothing: the vault signs which rules an image is of and its SHA-256, with the
 * site's key, which is not where the files are.  Ed25519 is deterministic (RFC
 * 8032): asked once more for what was read, the vault gives the same signature.
 * A set that is not here, or not as it was, is compiled again.
 */
#include "store/rules_image.h"

#include "lib/fileio.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/record.h"
#include "lib/xalloc.h"
#include "store/rescan.h"
#include "store/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* What is copied at a time, so that others are not kept waiting. */
#define SLICE_BYTES ((size_t)MIB)
#define IMAGE_MAX   (2 * GIB)

/* A copy, into a file or out of it. */
struct rules_image {
	LIST_ENTRY(rules_image) entry;
	struct store *store;
	struct request *r;
	struct loop_timer *timer; /* NULL while the vault is asked */
	struct sha256 *sha256;
	uint8_t *buf;
	off_t at;
	int64_t slot;
	int from;
	int to;
	bool is_put;
	bool is_dropped; /* another one takes its slot */
	uint8_t signature[SIGN_BYTES];
};

static char *
slot_path(const struct store *store, int64_t slot)
{
	return xasprintf("%s/rules-%d.img", store->folder, (int)slot);
}

static struct rules_image *
image_new(struct request *r, int64_t slot, bool is_put)
{
	struct rules_image *image = xcalloc(1, sizeof(*image));

	image->store = r->store;
	image->r = r;
	image->slot = slot;
	image->is_put = is_put;
	image->from = image->to = -1;
	image->sha256 = sha256_new();
	image->buf = xmalloc(SLICE_BYTES);
	LIST_INSERT_HEAD(&r->store->images, image, entry);
	return image;
}

static void
image_free(struct rules_image *image)
{
	if (image->timer != NULL)
		loop_timer_cancel(image->timer);
	if (image->from != -1)
		(void)close(image->from);
	if (image->to != -1)
		(void)close(image->to);
	sha256_free(image->sha256);
	free(image->buf);
	LIST_REMOVE(image, entry);
	free(image);
}

void
rules_image_stop(struct store *store)
{
	while (!LIST_EMPTY(&store->images))
		image_free(LIST_FIRST(&store->images));
}

static void
give_up(struct rules_image *image, int err, const char *why)
{
	auto_free char *path = slot_path(image->store, image->slot);
	struct request *r = image->r;

	log_line(LOG_WARN, "msg=\"compiled rules not %s\" reason=\"%s\"",
	    image->is_put ? "kept" : "taken", why);
	if (image->is_put && !image->is_dropped)
		(void)unlink(path);
	request_end(r, (enum err)err, why, -1);
	image_free(image);
}

/* The file is whole and signed: from now on it is found. */
static int
keep(struct rules_image *image, const uint8_t signature[SIGN_BYTES])
{
	int err = db_do(image->store->db, STMT_IMAGE_ADD,
	    ARGS(val_int(image->slot), val_text(param_text(image->r, 0)),
		val_int(loop_wall_us()), val_bytes(signature, SIGN_BYTES)),
	    NULL);

	if (err == ERR_OK)
		log_line(LOG_INFO, "msg=\"compiled rules kept\" bytes=%lld",
		    (long long)image->at);
	return err;
}

/* What was kept is what was read; else it is forgotten. */
static int
compare(struct rules_image *image, const uint8_t signature[SIGN_BYTES])
{
	if (memcmp(image->signature, signature, SIGN_BYTES) == 0)
		return db_do(image->store->db, STMT_IMAGE_USED,
		    ARGS(val_text(param_text(image->r, 0)),
			val_int(loop_wall_us())),
		    NULL);
	log_line(LOG_WARN,
	    "msg=\"compiled rules not taken\" reason=\"rules-%d.img is not "
	    "what was written\"",
	    (int)image->slot);
	return ERR_NOT_FOUND;
}

static void
on_signed(void *arg, struct vault_answer *answer)
{
	struct rules_image *image = arg;
	struct request *r = image->r;
	int err = (int)answer->err;

	if (err != ERR_OK || image->is_dropped) {
		give_up(image, err != ERR_OK ? err : (int)ERR_CONFLICT,
		    err != ERR_OK ? answer->why : "there are others");
		return;
	}
	err = request_begin(r);
	if (err != ERR_OK) {
		give_up(image, err, "the database is not to be had");
		return;
	}
	err = image->is_put ? keep(image, answer->signature)
			    : compare(image, answer->signature);
	request_finish(
	    r, err, err == ERR_OK && !image->is_put ? take_fd(image->to) : -1);
	image_free(image);
}

/* All is copied: what it is, for the vault to sign. */
static void
ask_signature(struct rules_image *image)
{
	auto_json json_t *what = json_object();
	auto_free char *text = NULL;
	uint8_t digest[SHA256_BYTES];
	int err;

	sha256_final(image->sha256, digest);
	(void)json_object_set_new(
	    what, "compiled_rules", json_string(param_text(image->r, 0)));
	(void)json_object_set_new(
	    what, "sha256", record_hex(digest, sizeof(digest)));
	(void)json_object_set_new(
	    what, "bytes", json_integer((json_int_t)image->at));
	text = json_canonical(what);
	err = vault_sign(
	    image->store->vault, text, strlen(text), on_signed, image);
	if (err != ERR_OK)
		give_up(image, err, vault_is_away);
}

static void
on_slice(void *arg)
{
	struct rules_image *image = arg;
	ssize_t len = pread(image->from, image->buf, SLICE_BYTES, image->at);

	image->timer = NULL;
	if (len == -1 || (len > 0 && file_write(image->to, image->buf,
					 (size_t)len) != ERR_OK)) {
		give_up(image, ERR_SYS, strerror(errno));
		return;
	}
	sha256_update(image->sha256, image->buf, (size_t)len);
	image->at += len;
	if (image->at > (off_t)IMAGE_MAX)
		give_up(image, ERR_LIMIT, "too large");
	else if (len > 0)
		image->timer =
		    loop_timer(image->store->loop, 1, on_slice, image);
	else if (!image->is_put && fcntl(image->to, F_ADD_SEALS,
				       F_SEAL_SHRINK | F_SEAL_GROW |
					   F_SEAL_WRITE | F_SEAL_SEAL) == -1)
		give_up(image, ERR_SYS, strerror(errno));
	else
		ask_signature(image);
}

/* What is being written to the slot is of rules from before. */
static void
drop_writers(struct store *store, int64_t slot)
{
	struct rules_image *image, *next;

	for (image = LIST_FIRST(&store->images); image != NULL; image = next) {
		next = LIST_NEXT(image, entry);
		if (!image->is_put || image->slot != slot)
			continue;
		image->is_dropped = true;
		if (image->timer != NULL)
			give_up(image, ERR_CONFLICT, "there are others");
	}
}

int
ruleset_image_put(struct request *r)
{
	struct store *store = r->store;
	struct rules_image *image;
	auto_free char *path = NULL;
	AUTO(query) q = {0};
	int64_t slot;
	int err = query_one(
	    &q, store->db, STMT_IMAGE_SLOT, ARGS(val_text(param_text(r, 0))));

	if (err != ERR_OK || r->fd == -1)
		return err == ERR_OK ? (int)ERR_FORMAT : err;
	slot = query_int(&q, 0);
	query_release(&q);
	/* Until it is whole the slot holds nothing. */
	err = db_do(store->db, STMT_IMAGE_DROP, ARGS(val_int(slot)), NULL);
	if (err != ERR_OK)
		return err;
	drop_writers(store, slot);
	path = slot_path(store, slot);
	/* A new file: whoever reads the old one goes on reading that. */
	(void)unlink(path);
	image = image_new(r, slot, true);
	image->from = take_fd(r->fd);
	image->to = open(
	    path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (image->to == -1) {
		image_free(image);
		return request_why(
		    r, ERR_SYS, "cannot write %s: %s", path, strerror(errno));
	}
	image->timer = loop_timer(store->loop, 1, on_slice, image);
	return ERR_AGAIN;
}

int
ruleset_image_get(struct request *r)
{
	auto_free char *path = NULL;
	auto_close int from = -1;
	struct rules_image *image;
	AUTO(query) q = {0};
	const uint8_t *signature;
	size_t len;
	int err = query_one(&q, r->store->db, STMT_IMAGE_FIND,
	    ARGS(val_text(param_text(r, 0))));

	if (err != ERR_OK)
		return err;
	signature = query_bytes(&q, 1, &len);
	path = slot_path(r->store, query_int(&q, 0));
	from = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (from == -1 || len != SIGN_BYTES)
		return ERR_NOT_FOUND;
	image = image_new(r, query_int(&q, 0), false);
	memcpy(image->signature, signature, SIGN_BYTES);
	image->from = take_fd(from);
	/* A copy: nobody changes it once it is compared. */
	image->to = memfd_create("loep-image", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (image->to == -1) {
		image_free(image);
		return ERR_SYS;
	}
	image->timer = loop_timer(r->store->loop, 1, on_slice, image);
	return ERR_AGAIN;
}
