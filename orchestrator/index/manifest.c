/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.c - which segments make up the index, and which units are gone. */
#include "index/manifest.h"

#include "lib/digest.h"
#include "lib/fileio.h"
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/wire.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define MAGIC		 "LOEPIDXM"
#define MAGIC_BYTES	 ((size_t)8)
#define MANIFEST_VERSION 1
/* Magic, version, nonce: bound to the box behind them. */
#define HEADER_BYTES (MAGIC_BYTES + 4 + SEAL_NONCE_BYTES)
#define BYTES_MAX    (64 * MIB)

void
manifest_release(struct manifest *manifest)
{
	free(manifest->ids);
	ranges_release(&manifest->gone);
	*manifest = (struct manifest){0};
}

static int
get(struct manifest *m, const uint8_t *p, size_t len)
{
	struct wire_in in;
	uint32_t count;

	wire_in_init(&in, p, len);
	count = wire_get_u32(&in);
	if (in.is_failed || count > (in.len - in.pos) / 8)
		return ERR_FORMAT;
	m->ids = xcalloc(count, sizeof(*m->ids));
	m->ids_count = count;
	for (size_t i = 0; i < count; i++)
		m->ids[i] = wire_get_u64(&in);
	count = wire_get_u32(&in);
	if (in.is_failed || count > (in.len - in.pos) / 16)
		return ERR_FORMAT;
	for (size_t i = 0; i < count; i++) {
		uint64_t first = wire_get_u64(&in);
		uint64_t n = wire_get_u64(&in);

		if (first > INT64_MAX || n > INT64_MAX)
			return ERR_FORMAT;
		ranges_add(&m->gone, first, n);
	}
	return wire_in_is_done(&in) ? ERR_OK : ERR_FORMAT;
}

static int
unseal(struct index_keys *keys, const uint8_t *p, size_t len,
    struct manifest *ret_manifest)
{
	AUTO(manifest) m = {0};
	auto_free uint8_t *plain = NULL;
	struct seal_in in = {
	    .key = keys->directory_key,
	    .nonce = p + MAGIC_BYTES + 4,
	    .aad = p,
	    .aad_len = HEADER_BYTES,
	    .p = p + HEADER_BYTES,
	    .len = len - HEADER_BYTES,
	};

	if (len < HEADER_BYTES + SEAL_TAG_BYTES ||
	    memcmp(p, MAGIC, MAGIC_BYTES) != 0 ||
	    p[MAGIC_BYTES] != MANIFEST_VERSION)
		return ERR_FORMAT;
	plain = xmalloc(in.len);
	if (seal_unbox(keys->seal, &in, plain) != ERR_OK ||
	    get(&m, plain, in.len - SEAL_TAG_BYTES) != ERR_OK)
		return ERR_FORMAT;
	*ret_manifest = m;
	m = (struct manifest){0};
	return ERR_OK;
}

int
manifest_read(
    int folder, struct index_keys *keys, struct manifest *ret_manifest)
{
	auto_close int fd =
	    openat(folder, MANIFEST_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	auto_free uint8_t *p = NULL;
	struct stat st;
	size_t len = 0;

	if (fd == -1)
		return errno == ENOENT ? ERR_NOT_FOUND : ERR_SYS;
	if (fstat(fd, &st) == -1)
		return ERR_SYS;
	if (st.st_size < (off_t)HEADER_BYTES || st.st_size > (off_t)BYTES_MAX)
		return ERR_FORMAT;
	p = xmalloc((size_t)st.st_size);
	while (len < (size_t)st.st_size) {
		ssize_t n = read(fd, p + len, (size_t)st.st_size - len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0 ? ERR_FORMAT : ERR_SYS;
		len += (size_t)n;
	}
	return unseal(keys, p, len, ret_manifest);
}

static void
put(const struct manifest *m, struct wire_out *out)
{
	wire_put_u32(out, (uint32_t)m->ids_count);
	for (size_t i = 0; i < m->ids_count; i++)
		wire_put_u64(out, m->ids[i]);
	wire_put_u32(out, (uint32_t)m->gone.count);
	for (size_t i = 0; i < m->gone.count; i++) {
		wire_put_u64(out, m->gone.list[i].first);
		wire_put_u64(out, m->gone.list[i].count);
	}
}

static int
fail(void)
{
	return errno == ENOSPC || errno == EDQUOT ? ERR_NO_SPACE : ERR_SYS;
}

/* Writes all, syncs, renames, syncs the folder: in this order. */
static int
replace(int folder, const uint8_t *p, size_t len)
{
	auto_close int fd = openat(folder, MANIFEST_TMP_NAME,
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd == -1)
		return fail();
	if (file_write(fd, p, len) != ERR_OK || fsync(fd) == -1 ||
	    renameat(folder, MANIFEST_TMP_NAME, folder, MANIFEST_NAME) == -1 ||
	    fsync(folder) == -1)
		return fail();
	return ERR_OK;
}

int
manifest_write(
    int folder, struct index_keys *keys, const struct manifest *manifest)
{
	struct wire_out plain;
	auto_free uint8_t *bytes = NULL;
	size_t len;
	int err = ERR_LIMIT;

	wire_out_init(&plain, BYTES_MAX - HEADER_BYTES - SEAL_TAG_BYTES);
	put(manifest, &plain);
	if (!plain.is_failed) {
		len = HEADER_BYTES + plain.len + SEAL_TAG_BYTES;
		bytes = xcalloc(1, len);
		memcpy(bytes, MAGIC, MAGIC_BYTES);
		bytes[MAGIC_BYTES] = MANIFEST_VERSION;
		random_bytes(bytes + MAGIC_BYTES + 4, SEAL_NONCE_BYTES);
		err = seal_box(keys->seal,
		    &(struct seal_in){
			.key = keys->directory_key,
			.nonce = bytes + MAGIC_BYTES + 4,
			.aad = bytes,
			.aad_len = HEADER_BYTES,
			.p = plain.buf,
			.len = plain.len,
		    },
		    bytes + HEADER_BYTES);
		if (err == ERR_OK)
			err = replace(folder, bytes, len);
	}
	wire_out_release(&plain);
	return err;
}
