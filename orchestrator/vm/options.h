/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options.h - what one may ask of a run: the JSON of RUN_START.
 *
 *	seconds		1 to LIMIT_RUN_SECONDS_MAX
 *	method		"auto", "elf", "script", "interpreter" or "member":
 *			how the agent starts it
 *	interpreter	program for "interpreter"
 *	member		name in the archive, for "member"
 *	password	of that archive
 *	args		list of texts
 *	env		object of texts
 *	uid		whom the sample runs as in the guest; 0
 *	network		"simulated" (default) or "none"
 *
 * Other members are for other programs and are left alone.
 */
#ifndef VM_OPTIONS_H
#define VM_OPTIONS_H

#include "lib/err.h"
#include "lib/json.h"

#include <stdbool.h>

#define OPTIONS_BYTES	((size_t)49152)
#define OPTIONS_STRINGS ((size_t)256) /* as WIRE_STRINGS_MAX */

struct options {
	json_t *json; /* owned; the texts point into it */
	unsigned int time_limit_s;
	unsigned int method; /* enum gwire_method */
	unsigned int uid;
	const char *interpreter; /* NULL where not given, as the next two */
	const char *member;
	const char *password;
	bool has_network;
};

/* ERR_FORMAT with a sentence in why (256 bytes). */
int must_check options_parse(
    const char *text, size_t len, char *why, struct options *ret_options);
void options_release(struct options *options);
/* A list of texts, an object of texts; or NULL. */
const json_t *options_args(const struct options *options);
json_t *options_env(const struct options *options);

#endif
