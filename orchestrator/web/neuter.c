/* SPDX-License-Identifier: Apache-2.0 */
/* neuter.c - a sample on its way out as a ZIP. */
#include "web/neuter.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "lib/zip_out.h"

#define PASSWORD "infected"
#define MANIFEST "manifest.json"

struct neuter {
	struct zip_out *zip;
	struct wire_out due; /* what goes out next */
	size_t taken;	     /* of it */
	int64_t bytes;
	bool is_ended;
};

/* Memory is all that can fail here, and that ends the program. */
static void
must(int err)
{
	if (err != ERR_OK)
		abort();
}

static void
put_manifest(struct neuter *n, const char *manifest)
{
	size_t len = strlen(manifest);
	auto_free uint8_t *copy = xmemdup(manifest, len + 1);

	must(zip_out_member(n->zip, MANIFEST, len, &n->due));
	must(zip_out_data(n->zip, copy, len));
	wire_put_raw(&n->due, copy, len);
	must(zip_out_member_end(n->zip, &n->due));
}

struct neuter *
neuter_new(const char *name, const char *manifest, uint64_t size)
{
	const struct zip_out_size members[] = {
	    {MANIFEST, strlen(manifest)}, {name, size}};
	struct neuter *n = xcalloc(1, sizeof(*n));

	n->zip = zip_out_new(PASSWORD);
	wire_out_init(&n->due, 2 * LIMIT_MSG_BYTES);
	n->bytes = (int64_t)zip_out_bytes(members, 2);
	put_manifest(n, manifest);
	must(zip_out_member(n->zip, name, size, &n->due));
	return n;
}

void
neuter_free(struct neuter *n)
{
	if (n == NULL)
		return;
	zip_out_free(n->zip);
	wire_out_release(&n->due);
	free(n);
}

int64_t
neuter_bytes(const struct neuter *n)
{
	return n->bytes;
}

size_t
neuter_take(struct neuter *n, uint8_t *buf, size_t size)
{
	size_t len = n->due.len - n->taken;

	if (len > size)
		len = size;
	if (len == 0)
		return 0;
	memcpy(buf, n->due.buf + n->taken, len);
	n->taken += len;
	return len;
}

int
neuter_data(struct neuter *n, uint8_t *p, size_t len)
{
	return zip_out_data(n->zip, p, len);
}

int
neuter_end(struct neuter *n)
{
	int err;

	if (n->is_ended)
		return ERR_OK;
	wire_out_reset(&n->due);
	n->taken = 0;
	err = zip_out_member_end(n->zip, &n->due);
	if (err == ERR_OK)
		err = zip_out_end(n->zip, &n->due);
	n->is_ended = err == ERR_OK;
	return err;
}
