/* SPDX-License-Identifier: Apache-2.0 */
/* err.h - the closed set of results that functions of Loep return. */
#ifndef LIB_ERR_H
#define LIB_ERR_H

/*
 * ERR_FORMAT and ERR_LIMIT are verdicts about foreign bytes.  ERR_PEER means
 * that another process broke the protocol: it is to be killed, never us.
 * ERR_SYS leaves the reason in errno.  The values travel in CALL_END messages,
 * so new ones go at the end.
 */
enum err {
	ERR_OK = 0,
	ERR_SYS,	 /* a system call failed; errno says why */
	ERR_FORMAT,	 /* the bytes are not what they claim to be */
	ERR_LIMIT,	 /* a bound of lib/limits.h was met */
	ERR_PEER,	 /* a peer process sent what it may not send */
	ERR_EOF,	 /* the other end is gone */
	ERR_AGAIN,	 /* nothing now; come back later */
	ERR_NOT_FOUND,	 /* no such object, or none that you may see */
	ERR_DENIED,	 /* the principal lacks the capability */
	ERR_CONFLICT,	 /* the object's state does not allow it */
	ERR_NO_SPACE,	 /* the disk or a quota is full */
	ERR_UNAVAILABLE, /* a part of the service is down; retry later */
	ERR_STALE,	 /* it changed since the one who edits it read it */
	ERR_COUNT
};

#define must_check __attribute__((warn_unused_result))

/* A short lower-case name such as "not_found"; never NULL. */
const char *err_name(enum err err);

#endif
