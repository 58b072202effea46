/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules_image.c - rule sets as loep-yara compiled them, kept for its next
 * start and for a roll-back: a few files beside the database.
 *
 * What is in them is loep-yara's alone, and it looks whether a file is whole
 * and of its own engine.  A set that is not here is compiled again.
 */
#include "store/rules_image.h"

#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "store/rescan.h"

#include <errno.h>
#include <fcntl.h>

/* What is written at a time, so that others are not kept waiting. */
#define SLICE_BYTES (4 * MIB)

struct rules_image {
	struct store *store;
	struct loop_timer *timer;
	int from; /* sealed memory */
	int to;
	off_t at;
	int64_t slot;
	char digest[SHA256_HEX_BYTES];
};

static char *
slot_path(const struct store *store, int64_t slot)
{
	return xasprintf("%s/rules-%d.img", store->folder, (int)slot);
}

static void
image_free(struct rules_image *image)
{
	if (image == NULL)
		return;
	if (image->timer != NULL)
		loop_timer_cancel(image->timer);
	if (image->from != -1)
		(void)close(image->from);
	if (image->to != -1)
		(void)close(image->to);
	image->store->image = NULL;
	free(image);
}

void
rules_image_stop(struct store *store)
{
	image_free(store->image);
}

/* The file is whole: from now on it is found. */
static void
keep(struct rules_image *image)
{
	struct store *store = image->store;
	int err = tx_begin(store, ROLE_STORE);

	if (err == ERR_OK) {
		err = db_do(store->db, STMT_IMAGE_ADD,
		    ARGS(val_int(image->slot), val_text(image->digest),
			val_int(loop_wall_us())),
		    NULL);
		tx_end(store, err == ERR_OK);
	}
	image_free(image);
}

static void
give_up(struct rules_image *image)
{
	auto_free char *path = slot_path(image->store, image->slot);

	log_line(LOG_WARN, "msg=\"compiled rules not kept\" reason=\"%s\"",
	    strerror(errno));
	(void)unlink(path);
	image_free(image);
}

/* True once all of it is written; errno says what went wrong. */
static bool
write_slice(struct rules_image *image, bool *ret_failed)
{
	auto_free uint8_t *buf = xmalloc(SLICE_BYTES);
	ssize_t len = pread(image->from, buf, SLICE_BYTES, image->at);
	ssize_t n = len > 0 ? write(image->to, buf, (size_t)len) : 0;

	*ret_failed = len == -1 || n == -1;
	if (len <= 0)
		return len == 0;
	if (n > 0)
		image->at += n;
	return false;
}

static void
on_slice(void *arg)
{
	struct rules_image *image = arg;
	bool is_failed;
	bool is_done = write_slice(image, &is_failed);

	image->timer = NULL;
	if (is_failed)
		give_up(image);
	else if (is_done)
		keep(image);
	else
		image->timer =
		    loop_timer(image->store->loop, 1, on_slice, image);
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
	/* What was being written is of rules from before. */
	rules_image_stop(store);
	path = slot_path(store, slot);
	image = xcalloc(1, sizeof(*image));
	image->store = store;
	image->slot = slot;
	image->from = take_fd(r->fd);
	(void)snprintf(
	    image->digest, sizeof(image->digest), "%s", param_text(r, 0));
	store->image = image;
	/* A new file: whoever has the old one open goes on reading that. */
	(void)unlink(path);
	image->to = open(
	    path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (image->to == -1)
		give_up(image);
	else
		image->timer = loop_timer(store->loop, 1, on_slice, image);
	return ERR_OK;
}

int
ruleset_image_get(struct request *r)
{
	const struct value digest = val_text(param_text(r, 0));
	auto_free char *path = NULL;
	AUTO(query) q = {0};
	int err = query_one(&q, r->store->db, STMT_IMAGE_FIND, ARGS(digest));

	if (err != ERR_OK)
		return err;
	path = slot_path(r->store, query_int(&q, 0));
	query_release(&q);
	r->end_fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (r->end_fd == -1)
		return ERR_NOT_FOUND;
	return db_do(r->store->db, STMT_IMAGE_USED,
	    ARGS(digest, val_int(loop_wall_us())), NULL);
}
