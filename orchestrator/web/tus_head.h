/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tus_head.h - the headers of tus 1.0.0 (https://tus.io/protocols/
 * resumable-upload): numbers, Upload-Metadata, Upload-Checksum.  All of them
 * are foreign bytes.
 */
#ifndef WEB_TUS_HEAD_H
#define WEB_TUS_HEAD_H

#include "lib/checksum.h"
#include "lib/digest.h"
#include "lib/limits.h"

#include <stdbool.h>

#define TUS_VERSION "1.0.0"
#define TUS_EXTENSIONS \
 "creation,creation-with-upload,expiration,checksum,termination"
#define TUS_CHECKSUMS "sha1,sha256,crc32"
#define TUS_TYPE      "application/offset+octet-stream"
/* Upload-Metadata is kept and given back as it came. */
#define TUS_METADATA_BYTES ((size_t)8192)
#define TUS_PAIRS_MAX	   ((size_t)32)
#define TUS_DATE_BYTES	   ((size_t)40)

/* Upload-Checksum. */
struct tus_checksum {
	enum checksum_kind kind;
	uint8_t bytes[CHECKSUM_BYTES_MAX];
};

/* What Upload-Metadata says that means something here. */
struct tus_metadata {
	uint8_t filename[LIMIT_NAME_BYTES];
	size_t filename_len;
	char kind[32]; /* "" = not said */
	uint8_t sha256[SHA256_BYTES];
	bool has_sha256;
};

/*
 * Reads a number of bytes: decimal digits alone.  ERR_FORMAT where it is
 * something else, ERR_LIMIT from 2^63 on.
 */
int must_check tus_number(const char *text, int64_t *ret_number);
/* ERR_NOT_FOUND: an algorithm that there is not; ERR_FORMAT: no checksum. */
int must_check tus_checksum(const char *text, struct tus_checksum *ret_sum);
/*
 * "key base64,key base64 ...": keys are printable ASCII and differ, a value
 * may be missing.  Keys that are not known are passed over.  *ret_why says
 * what is wrong; ERR_FORMAT, or ERR_LIMIT where it is too long.
 */
int must_check tus_metadata(
    const char *text, struct tus_metadata *ret_metadata, const char **ret_why);
/* A time as HTTP has it: "Sun, 06 Nov 1994 08:49:37 GMT". */
const char *tus_date(char dst[TUS_DATE_BYTES], int64_t time_us);

#endif
