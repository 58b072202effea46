/* SPDX-License-Identifier: Apache-2.0 */
/* sample.h - receives the sample and turns it into something to start. */
#ifndef AGENTS_LINUX_SAMPLE_H
#define AGENTS_LINUX_SAMPLE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../wire.h"
#include "start.h"

#define SAMPLE_MEMBER_BYTES   1024
#define SAMPLE_PASSWORD_BYTES 256
#define SAMPLE_TEXT_BYTES     256
/* Defaults of what the controller leaves out. */
#define SAMPLE_TIME_LIMIT_MS	 60000u
#define SAMPLE_FILE_BYTES_MAX	 (32u * 1024 * 1024)
#define SAMPLE_FILES_BYTES_MAX	 (256u * 1024 * 1024)
#define SAMPLE_CONSOLE_BYTES_MAX (1024u * 1024)
#define SAMPLE_EVENT_BYTES_MAX	 (256u * 1024 * 1024)

struct sample {
	int fd; /* being written; -1 when closed */
	uint64_t size;
	uint64_t received;
	uint64_t time_limit_ms;
	uint64_t file_bytes_max;
	uint64_t files_bytes_max;
	uint64_t console_bytes_max;
	uint64_t event_bytes_max;
	enum gwire_method method;
	uid_t uid;
	gid_t gid;
	char user[64];
	char home[256];
	char interpreter[START_TEXT_BYTES];
	char member[SAMPLE_MEMBER_BYTES];
	char password[SAMPLE_PASSWORD_BYTES];
	char path[PATH_MAX];
	size_t arg_count;
	size_t env_count;
	char *args[WIRE_STRINGS_MAX + 1];
	char *env[WIRE_STRINGS_MAX + 16];
};

/*
 * Take a SAMPLE frame and create its file. An enum gwire_ack; ret_text says
 * in words what is wrong (a static string, or NULL).
 */
enum gwire_ack sample_begin(
    struct sample *s, const struct gwire_frame *frame, const char **ret_text);

/* Take a SAMPLE_DATA frame. */
enum gwire_ack sample_data(
    struct sample *s, const struct gwire_frame *frame, const char **ret_text);

/* All bytes are there: decide, and unpack the member when one is asked for. */
void sample_plan(struct sample *s, struct start_plan *ret_plan);

/* Forget it (the file stays). */
void sample_release(struct sample *s);

#endif
