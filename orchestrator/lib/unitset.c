/* SPDX-License-Identifier: Apache-2.0 */
/* unitset.c - compile units in sealed memory. */
#include "lib/unitset.h"
#include "lib/fileio.h"

#include "lib/own.h"

#include <fcntl.h>
#include <sys/mman.h>

static const char magic[8] = {'L', 'O', 'E', 'P', 'U', 'N', 'I', 'T'};

#define COUNT_AT ((size_t)12)
#define SEALS	 (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

void
unitset_out_init(struct unitset_out *out)
{
	out->count = 0;
	wire_out_init(&out->wire, UNITSET_BYTES_MAX);
	wire_put_raw(&out->wire, magic, sizeof(magic));
	wire_put_u32(&out->wire, UNITSET_VERSION);
	wire_put_u32(&out->wire, 0);
}

void
unitset_out_release(struct unitset_out *out)
{
	wire_out_release(&out->wire);
}

static void
put_text(struct wire_out *wire, const char *text, size_t len)
{
	wire_put_bytes(wire, text, len);
	wire_put_u8(wire, 0);
}

int
unitset_add(struct unitset_out *out, const struct unit *unit)
{
	struct wire_out *wire = &out->wire;
	size_t namespace_len = strlen(unit->namespace_name);
	size_t name_len = strlen(unit->name);
	size_t start = wire->len;

	if (namespace_len > UNIT_NAMESPACE_BYTES_MAX || name_len == 0 ||
	    name_len > UNIT_NAME_BYTES_MAX ||
	    unit->text_len > UNIT_TEXT_BYTES_MAX ||
	    (unit->flags & ~(unsigned int)UNIT_FLAGS) != 0 ||
	    memchr(unit->text, '\0', unit->text_len) != NULL)
		return ERR_FORMAT;
	if (out->count == UNITSET_COUNT_MAX)
		return ERR_LIMIT;
	wire_put_raw(wire, unit->closure, SHA256_BYTES);
	wire_put_raw(wire, unit->text_digest, SHA256_BYTES);
	wire_put_u8(wire, (uint8_t)unit->flags);
	put_text(wire, unit->namespace_name, namespace_len);
	put_text(wire, unit->name, name_len);
	put_text(wire, unit->text, unit->text_len);
	if (wire->is_failed) {
		/* What is there stays a whole set. */
		wire->len = start;
		wire->is_failed = false;
		return ERR_LIMIT;
	}
	out->count++;
	return ERR_OK;
}

int
unitset_seal(struct unitset_out *out, int *ret_fd)
{
	auto_close int fd = -1;
	int err;

	for (size_t i = 0; i < 4; i++)
		out->wire.buf[COUNT_AT + i] = (uint8_t)(out->count >> (8 * i));
	fd = memfd_create("units", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd == -1)
		return ERR_SYS;
	err = file_write(fd, out->wire.buf, out->wire.len);
	if (err != ERR_OK)
		return err;
	if (fcntl(fd, F_ADD_SEALS, SEALS | F_SEAL_SEAL) == -1)
		return ERR_SYS;
	*ret_fd = take_fd(fd);
	return ERR_OK;
}

int
unitset_init(struct unitset *set, const void *p, size_t len)
{
	const uint8_t *found;

	*set = (struct unitset){0};
	if (len > UNITSET_BYTES_MAX)
		return ERR_FORMAT;
	wire_in_init(&set->in, p, len);
	found = wire_get_raw(&set->in, sizeof(magic));
	if (found == NULL || memcmp(found, magic, sizeof(magic)) != 0 ||
	    wire_get_u32(&set->in) != UNITSET_VERSION)
		return ERR_FORMAT;
	set->count = wire_get_u32(&set->in);
	return set->in.is_failed || set->count > UNITSET_COUNT_MAX ? ERR_FORMAT
								   : ERR_OK;
}

int
unitset_open(struct unitset *set, int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);
	off_t size = lseek(fd, 0, SEEK_END);
	void *map;
	int err;

	*set = (struct unitset){0};
	if (seals == -1 || (seals & SEALS) != SEALS || size <= 0 ||
	    (uintmax_t)size > UNITSET_BYTES_MAX)
		return ERR_FORMAT;
	map = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return ERR_SYS;
	err = unitset_init(set, map, (size_t)size);
	set->map = map;
	set->map_len = (size_t)size;
	if (err != ERR_OK)
		unitset_release(set);
	return err;
}

void
unitset_release(struct unitset *set)
{
	if (set->map != NULL)
		(void)munmap(set->map, set->map_len);
	*set = (struct unitset){0};
}

static const char *
get_text(struct wire_in *in, size_t len_max, size_t *ret_len)
{
	const uint8_t *p = wire_get_bytes(in, ret_len);

	if (p == NULL || *ret_len > len_max ||
	    memchr(p, '\0', *ret_len) != NULL || wire_get_u8(in) != 0)
		in->is_failed = true;
	return (const char *)p;
}

int
unitset_next(struct unitset *set, struct unit *ret_unit)
{
	struct wire_in *in = &set->in;
	struct unit unit = {0};
	size_t len;

	if (set->read == set->count)
		return wire_in_is_done(in) ? ERR_NOT_FOUND : ERR_FORMAT;
	unit.closure = wire_get_raw(in, SHA256_BYTES);
	unit.text_digest = wire_get_raw(in, SHA256_BYTES);
	unit.flags = wire_get_u8(in);
	unit.namespace_name = get_text(in, UNIT_NAMESPACE_BYTES_MAX, &len);
	unit.name = get_text(in, UNIT_NAME_BYTES_MAX, &len);
	in->is_failed |= len == 0;
	unit.text = get_text(in, UNIT_TEXT_BYTES_MAX, &unit.text_len);
	if (in->is_failed || (unit.flags & ~(unsigned int)UNIT_FLAGS) != 0) {
		in->is_failed = true;
		return ERR_FORMAT;
	}
	set->read++;
	*ret_unit = unit;
	return ERR_OK;
}
