/* SPDX-License-Identifier: Apache-2.0 */
/* proto.h - roles and message types, made from proto.def. */
#ifndef LIB_PROTO_H
#define LIB_PROTO_H

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One bit each, so that the catalogue can name sets. */
enum role {
	ROLE_NONE = 0,
	ROLE_PARENT = 1 << 0,
	ROLE_WEB = 1 << 1,
	ROLE_STORE = 1 << 2,
	ROLE_VAULT = 1 << 3,
	ROLE_SCHED = 1 << 4,
	ROLE_ANALYSER = 1 << 5,
	ROLE_VM = 1 << 6,
	ROLE_SIMNET = 1 << 7,
	ROLE_INDEX = 1 << 8,
	ROLE_MAIL = 1 << 9,
	ROLE_OIDC = 1 << 10,
	ROLE_PGP = 1 << 11,
	ROLE_HOOK = 1 << 12,
	ROLE_SYSLOG = 1 << 13,
	ROLE_ANY = 0x3ffe
};

enum msg_fd {
	FD_NONE,
	FD_MAY,
	FD_MUST
};

#define MSG(name, from, to, fd, body) MSG_##name,
enum msg_type {
	MSG_NONE_ = 0,
#include "lib/proto.def"
	MSG_COUNT
};
#undef MSG

struct msg_spec {
	const char *name;
	unsigned int from; /* enum role bits */
	unsigned int to;
	enum msg_fd fd;
	const char *body;
};

/* How a blob's plain bytes can be read (BLOB_OPEN, ANALYSE). */
enum blob_open {
	BLOB_MEMFD = 1, /* sealed memory: mmap or pread it */
	BLOB_STREAM,	/* a pipe: read it once, in order */
	BLOB_RANGE,	/* a socket that answers ranges (lib/range.h) */
	BLOB_AUTO /* asks: BLOB_MEMFD up to LIMIT_MEMFD_BYTES, else RANGE */
};

/* How an analyser's child ended (ANALYSED). */
enum analyse_end {
	ANALYSE_DONE = 0, /* exited 0 after DONE */
	ANALYSE_CRASHED,  /* killed by a signal, or a status other than 0 */
	ANALYSE_TIMEOUT,  /* met its deadline and was killed */
	ANALYSE_MEMORY,	  /* ran out of the memory it was given */
	ANALYSE_CANCELLED,
	ANALYSE_REFUSED /* could not be started */
};

/* How a run ended (RUN_END); the closed list that reports name. */
enum run_outcome {
	RUN_DONE = 0,	  /* the sample's processes all ended */
	RUN_TIMEOUT,	  /* its time was up: normal for what stays resident */
	RUN_NOT_EXECUTED, /* the guest could not start it */
	RUN_AGENT_LOST,	  /* the agent fell silent; the guest still ran */
	RUN_GUEST_CRASHED,
	RUN_GUEST_OFF, /* the guest powered off or rebooted */
	RUN_FLOODED,   /* more bytes than the run may send */
	RUN_VM_FAILED, /* no clean guest could be had */
	RUN_NO_PROOF,  /* closed egress could not be proved: not started */
	RUN_CANCELLED,
	RUN_OUTCOME_COUNT
};

/* NULL where type is not in the catalogue. */
const struct msg_spec *proto_spec(unsigned int type);
const char *proto_role_name(enum role role);
const char *proto_outcome_name(enum run_outcome outcome);
/*
 * Checks that from may send type to `to`, that a descriptor is there exactly
 * when it must be, and that the body has the declared shape with nothing left
 * over.  ERR_PEER when not.
 */
int must_check proto_check(unsigned int type, enum role from, enum role to,
    bool has_fd, const void *body, size_t body_len);

#endif
