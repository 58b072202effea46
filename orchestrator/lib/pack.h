/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack.h - several small artefacts of one organisation that travel together.
 *
 * A process, a message or a transaction for each small artefact costs more
 * than its analysis.  So up to PACK_ITEMS_MAX of them lie in one piece of
 * sealed memory, and one child analyses them one after another.  They are
 * always of ONE organisation: what a hostile artefact could do to a child, it
 * could do to the items behind it.
 *
 * The memory (made by the vault, BLOB_PACK; little-endian):
 *
 *	"LOEPPACK", u32 version (1), u32 count,
 *	count times: u64 offset, u64 size,
 *	the items' bytes, in order, each from a multiple of PACK_ALIGN on
 *
 * An item that could not be read has offset 0; BLOB_PACKED says why.  What
 * BLOB_HEADS makes looks the same: sizes are those of what is there.
 *
 * The list of what is to be done with it (the body of ANALYSE_PACK):
 *
 *	any number of: u32 index of the item, byte string: context JSON
 *
 * Members of the pack's common context are the item's too, where it has none
 * of the same name.  An item's own is its name, and what differs: the list has
 * room for as many items as their contexts are short.
 *
 * The child's answer: for each item of the list, in order, a frame
 * PACK_FRAME_BEGIN, the item's records (lib/record.h) and a frame
 * PACK_FRAME_END.  The frames are like those of records: u8 type, u32 length,
 * body; BEGIN: u32 index; END: u32 status (enum analyser_exit), u64 CPU time
 * in us, u64 peak memory in KiB.
 */
#ifndef LIB_PACK_H
#define LIB_PACK_H

#include "lib/err.h"
#include "lib/limits.h"
#include "lib/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACK_ITEMS_MAX ((size_t)256)
/* All of it, head included. */
#define PACK_BYTES_MAX (32 * MIB)
/* Larger ones travel alone. */
#define PACK_ITEM_BYTES_MAX ((uint64_t)MIB)
#define PACK_ALIGN	    ((uint64_t)64)
/* Of each item, where first bytes are asked for: a full pack fits. */
#define PACK_HEAD_BYTES_MAX ((size_t)(64 * KIB))

#define PACK_FRAME_BEGIN 0x40
#define PACK_FRAME_END	 0x41

/* --- the memory --- */

/* The bytes before the first item; a multiple of PACK_ALIGN. */
uint64_t pack_head_bytes(size_t count);
/*
 * Where each of count items goes: fills ret_offsets, and writes the head of
 * pack_head_bytes(count) bytes to head.  An item of size UINT64_MAX is one that
 * could not be read.  Returns the size of the whole, or 0 where that is more
 * than PACK_BYTES_MAX or there are more than PACK_ITEMS_MAX.
 */
uint64_t pack_plan(
    const uint64_t *sizes, size_t count, uint64_t *ret_offsets, uint8_t *head);

/* A pack as it lies in memory; borrowed. */
struct pack_view {
	const uint8_t *p;
	size_t len;
	size_t count;
};

/* Checks head and table.  ERR_FORMAT: it is no pack. */
int must_check pack_view_init(
    struct pack_view *view, const void *p, size_t len);
/* ERR_NOT_FOUND where there is no such item, or it could not be read. */
int must_check pack_view_item(const struct pack_view *view, size_t index,
    const uint8_t **ret_p, size_t *ret_len);

/* --- the list --- */

void pack_list_put(
    struct wire_out *list, uint32_t index, const void *context, size_t len);
/* ERR_EOF at the end, ERR_FORMAT where it is malformed; context is borrowed. */
int must_check pack_list_get(struct wire_in *list, uint32_t *ret_index,
    const uint8_t **ret_context, size_t *ret_len);

/* --- the answer --- */

struct pack_end {
	uint32_t status; /* enum analyser_exit */
	uint64_t cpu_us;
	uint64_t peak_kib;
};

#define PACK_BEGIN_BYTES ((size_t)(5 + 4))
#define PACK_END_BYTES	 ((size_t)(5 + 20))

void pack_begin_put(uint8_t dst[PACK_BEGIN_BYTES], uint32_t index);
void pack_end_put(uint8_t dst[PACK_END_BYTES], const struct pack_end *end);

/* Each returns ERR_OK to go on; anything else is pack_feed()'s result. */
struct pack_ops {
	int (*begin)(void *arg, uint32_t index);
	/* Bytes of the item's records, in pieces of any length. */
	int (*data)(void *arg, const uint8_t *p, size_t len);
	int (*end)(void *arg, const struct pack_end *end);
};

/* Takes the answer apart; holds no memory. */
struct pack_in {
	const struct pack_ops *ops;
	void *arg;
	bool is_in_item;
	bool is_failed;
	uint8_t head[PACK_END_BYTES]; /* a header, or a frame of ours */
	size_t have;
	size_t left; /* of the body of a record that passes through */
};

void pack_in_init(struct pack_in *in, const struct pack_ops *ops, void *arg);
/*
 * Takes bytes as they come.  ERR_FORMAT: no answer to a pack; feed no more.
 * The records themselves are not looked into.
 */
int must_check pack_feed(struct pack_in *in, const void *p, size_t len);

#endif
