/* SPDX-License-Identifier: Apache-2.0 */
/* crew.h - the caged children of a loep-hunt that runs by itself. */
#ifndef HUNT_CREW_H
#define HUNT_CREW_H

#include "lib/cage.h"
#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CREW_MAX ((size_t)64)
/* Buffers of one child: the next file is read while one is scanned. */
#define CREW_SLOTS ((size_t)2)
/* A file that is larger is an error, never "no match". */
#define CREW_SLOT_BYTES ((size_t)1 << 30)
#define CREW_NAME_BYTES ((size_t)4096)

/* What a child is told, before the name's bytes. */
struct crew_order {
	uint64_t id;
	uint64_t size;
	uint32_t slot;
	uint32_t name_len;
};

struct crew_member {
	int orders;	  /* the pipe that it reads, -1 = it is gone */
	int records;	  /* the pipe that it writes */
	uint8_t *buffers; /* CREW_SLOTS of CREW_SLOT_BYTES, shared */
};

struct crew {
	struct crew_member members[CREW_MAX];
	size_t count;
	pid_t pid; /* of the caged process that forks them */
};

/*
 * Starts count children with the units of fd (sealed memory).  ERR_FORMAT:
 * the rules cannot be used; why says more, also of rules set aside.
 */
int must_check crew_start(struct crew *crew, size_t count, int units_fd,
    uint32_t seconds, const struct cage *cage, char *why, size_t why_size);
void crew_end(struct crew *crew);

#endif
