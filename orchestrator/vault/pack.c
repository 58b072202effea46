/* SPDX-License-Identifier: Apache-2.0 */
/* pack.c - many blobs of one organisation, or their first bytes, as one sealed
 * memory. */
#include "vault/session.h"

#include "lib/fileio.h"
#include "lib/own.h"
#include "lib/pack.h"
#include "lib/xalloc.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

/* What may be said about items that could not be read. */
#define FAULTS_BYTES_MAX (32 * KIB)

/* A BLOB_PACK or BLOB_HEADS that is in work. */
struct pack {
	struct ask *ask;
	size_t head; /* bytes of each; 0 = all */
	size_t count;
	uint8_t (*digests)[SHA256_BYTES];
	uint64_t *sizes; /* UINT64_MAX: could not be read */
	uint64_t *offsets;
	uint8_t *plain; /* one chunk */
	uint64_t end;
	struct wire_out faults;
};

void
pack_free(struct pack *pack)
{
	if (pack == NULL)
		return;
	free(pack->digests);
	free(pack->sizes);
	free(pack->offsets);
	free(pack->plain);
	wire_out_release(&pack->faults);
	free(pack);
}

static int
pour_head(struct pack *pack, struct kit *kit, uint64_t at, uint64_t *ret_size,
    struct fault *fault)
{
	if (blob_reader_head(pack->ask->reader, kit, pack->head, pack->plain,
		fault) != ERR_OK)
		return fault->err;
	if (file_write_at(pack->ask->fd, at, pack->plain, pack->head) != ERR_OK)
		return fault_sys(fault, "filling memory");
	*ret_size = pack->head;
	return ERR_OK;
}

/* One blob's bytes from offset `at` on. */
static int
pour_one(struct pack *pack, struct kit *kit, uint64_t at, uint64_t *ret_size,
    struct fault *fault)
{
	const struct blob_reader *reader = pack->ask->reader;
	const uint64_t size = blob_reader_size(reader);
	const uint64_t count = blob_reader_chunk_count(reader);

	if (pack->head != 0 && size > pack->head)
		return pour_head(pack, kit, at, ret_size, fault);
	if (at > PACK_BYTES_MAX || size > PACK_BYTES_MAX - at)
		return fault_set(fault, ERR_LIMIT,
		    "it does not fit in a pack beside the others");
	for (uint64_t i = 0; i < count; i++) {
		const size_t len = blob_reader_chunk_len(reader, i);

		if (blob_reader_chunk(reader, kit, i, pack->plain, fault) !=
		    ERR_OK)
			return fault->err;
		if (file_write_at(pack->ask->fd, at, pack->plain, len) !=
		    ERR_OK)
			return fault_sys(fault, "filling memory");
		at += len;
	}
	*ret_size = size;
	return ERR_OK;
}

/* An item that cannot be read does not keep the others back. */
static void
note_fault(struct pack *pack, size_t index, const struct fault *fault)
{
	pack->sizes[index] = UINT64_MAX;
	wire_put_u32(&pack->faults, (uint32_t)index);
	wire_put_u8(&pack->faults, (uint8_t)fault->err);
	wire_put_str(&pack->faults, fault->why);
}

static void
add_items(struct pack *pack, struct kit *kit)
{
	struct ask *ask = pack->ask;
	const struct place *place = ask->session->serve->place;
	uint64_t at = pack_head_bytes(pack->count);

	for (size_t i = 0; i < pack->count; i++) {
		struct fault fault = {.err = ERR_OK};
		int err = blob_reader_open(place, ask->org_key,
		    pack->digests[i], &fault, &ask->reader);

		if (err == ERR_OK)
			err = pour_one(pack, kit, at, &pack->sizes[i], &fault);
		blob_reader_free(take_ptr(ask->reader));
		if (err != ERR_OK) {
			note_fault(pack, i, &fault);
			continue;
		}
		at += pack->sizes[i];
		at = (at + PACK_ALIGN - 1) / PACK_ALIGN * PACK_ALIGN;
	}
}

/* The head goes last, when all sizes are known. */
static int
finish(struct pack *pack, struct fault *fault)
{
	auto_free uint8_t *head = xmalloc((size_t)pack_head_bytes(pack->count));
	int fd = pack->ask->fd;

	pack->end = pack_plan(pack->sizes, pack->count, pack->offsets, head);
	if (pack->end == 0 || pack->faults.is_failed)
		return fault_set(
		    fault, ERR_LIMIT, "too much for one pack, or too broken");
	if (file_write_at(fd, 0, head, (size_t)pack_head_bytes(pack->count)) !=
		ERR_OK ||
	    ftruncate(fd, (off_t)pack->end) == -1)
		return fault_sys(fault, "filling memory");
	if (fcntl(fd, F_ADD_SEALS,
		F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == -1)
		return fault_sys(fault, "sealing memory");
	return ERR_OK;
}

static void
pack_work(struct job *job, struct kit *kit)
{
	struct ask *ask = (struct ask *)job;
	struct serve *serve = ask->session->serve;

	if (place_check(serve->place, &ask->fault) == ERR_OK &&
	    keys_get(serve->keys, ask->org, &ask->fault, &ask->org_key) ==
		ERR_OK) {
		ask->fd =
		    memfd_create("loep-pack", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		if (ask->fd == -1) {
			(void)fault_sys(&ask->fault, "making memory");
		} else {
			add_items(ask->pack, kit);
			ask->fault.err = finish(ask->pack, &ask->fault);
		}
	}
	ask_finish(ask);
}

static void
pack_done(struct job *job)
{
	struct ask *ask = (struct ask *)job;
	struct session *session = ask->session;
	struct wire_out body;

	if (ask->fault.err != ERR_OK) {
		say_ask(ask);
	} else if (session->chan != NULL) {
		wire_out_init(&body, LIMIT_MSG_BYTES);
		wire_put_u64(&body, ask->pack->end);
		wire_put_bytes(
		    &body, ask->pack->faults.buf, ask->pack->faults.len);
		(void)chan_send(session->chan, MSG_BLOB_PACKED, ask->request,
		    &body, take_fd(ask->fd));
		wire_out_release(&body);
	}
	ask_free(ask);
}

static struct pack *
pack_new(struct ask *ask, const uint8_t *digests, size_t count)
{
	struct pack *pack = xcalloc(1, sizeof(*pack));

	pack->ask = ask;
	pack->count = count;
	pack->digests = xmemdup(digests, count * SHA256_BYTES);
	pack->sizes = xcalloc(count, sizeof(*pack->sizes));
	pack->offsets = xcalloc(count, sizeof(*pack->offsets));
	pack->plain = xmalloc(BLOB_CHUNK_BYTES);
	wire_out_init(&pack->faults, FAULTS_BYTES_MAX);
	return pack;
}

int
open_pack(void *arg, struct chan *chan, struct msg *msg)
{
	struct ask *ask = ask_new(arg, msg, false);
	const uint8_t *digests;
	uint32_t head = 0;
	size_t len;

	(void)chan;
	digests = wire_get_bytes(&msg->in, &len);
	if (ask->fault.err == ERR_OK &&
	    (len == 0 || len % SHA256_BYTES != 0 ||
		len / SHA256_BYTES > PACK_ITEMS_MAX))
		(void)fault_set(&ask->fault, ERR_FORMAT,
		    "a pack has 1 to %zu items", PACK_ITEMS_MAX);
	if (msg->type == MSG_BLOB_HEADS)
		head = wire_get_u32(&msg->in);
	if (ask->fault.err == ERR_OK && msg->type == MSG_BLOB_HEADS &&
	    (head == 0 || head > PACK_HEAD_BYTES_MAX))
		(void)fault_set(&ask->fault, ERR_FORMAT,
		    "a head has 1 to %zu bytes", PACK_HEAD_BYTES_MAX);
	if (ask->fault.err == ERR_OK) {
		ask->pack = pack_new(ask, digests, len / SHA256_BYTES);
		ask->pack->head = head;
	}
	return ask_submit(ask, POOL_BULK, pack_work, pack_done);
}
