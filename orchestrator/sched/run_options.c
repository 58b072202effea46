/* SPDX-License-Identifier: Apache-2.0 */
/* run_options.c - what was asked of a run. */
#include "sched/run_options.h"

#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"

/* Arguments, or variables of the environment. */
#define TEXTS_MAX ((size_t)128)
/* The text goes into one message with the sample's name. */
#define OPTIONS_BYTES_MAX (32 * KIB)

static int
refuse(char *why, size_t why_size, const char *what)
{
	(void)snprintf(why, why_size, "%s", what);
	return ERR_FORMAT;
}

static bool
is_text(const json_t *value)
{
	return json_is_string(value) &&
	       json_string_length(value) <= LIMIT_TEXT_BYTES;
}

static bool
are_args_valid(const json_t *args)
{
	if (args == NULL)
		return true;
	if (!json_is_array(args) || json_array_size(args) > TEXTS_MAX)
		return false;
	for (size_t i = 0; i < json_array_size(args); i++) {
		if (!is_text(json_array_get(args, i)))
			return false;
	}
	return true;
}

static bool
is_env_valid(json_t *env)
{
	const char *name;
	json_t *value;

	if (env == NULL)
		return true;
	if (!json_is_object(env) || json_object_size(env) > TEXTS_MAX)
		return false;
	json_object_foreach(env, name, value)
	{
		if (name[0] == '\0' || strchr(name, '=') != NULL ||
		    !is_text(value))
			return false;
	}
	return true;
}

static bool
is_profile_valid(const char *profile)
{
	size_t len = strlen(profile);

	return len > 0 && len < 64 &&
	       strspn(profile, "abcdefghijklmnopqrstuvwxyz0123456789._-") ==
		   len &&
	       profile[0] != '.' && profile[0] != '-';
}

static void
copy(json_t *to, const json_t *from, const char *name)
{
	json_t *value = json_object_get(from, name);

	if (value != NULL)
		(void)json_object_set(to, name, value);
}

/* How to start it: loep-vm checks the values. */
static void
copy_start(json_t *to, const json_t *from)
{
	static const char *const names[] = {
	    "method", "interpreter", "member", "password", "uid"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const json_t *value = json_object_get(from, names[i]);

		if (is_text(value) || json_is_integer(value))
			copy(to, from, names[i]);
	}
}

int
run_options_take(const json_t *options, char *why, size_t why_size,
    struct run_options *ret_options)
{
	const char *profile = json_member_text(options, "profile", "");
	const char *network = json_member_text(options, "network", "simulated");
	json_int_t seconds = json_member_int(options, "seconds", 0);
	auto_json json_t *kept = NULL;
	auto_free char *text = NULL;

	if (profile[0] == '\0')
		profile = "debian-12";
	if (seconds == 0)
		seconds = LIMIT_RUN_SECONDS;
	if (!is_profile_valid(profile))
		return refuse(why, why_size, "profile is not a profile's name");
	if (seconds < 1 || seconds > LIMIT_RUN_SECONDS_MAX)
		return refuse(why, why_size, "seconds is out of range");
	if (!are_args_valid(json_object_get(options, "args")))
		return refuse(
		    why, why_size, "args is not a short list of texts");
	if (!is_env_valid(json_object_get(options, "env")))
		return refuse(
		    why, why_size, "env is not a short list of named texts");
	if (strcmp(network, "simulated") != 0 && strcmp(network, "none") != 0)
		return refuse(
		    why, why_size, "network is neither none nor simulated");
	kept = json_pack("{s:s, s:I, s:s}", "profile", profile, "seconds",
	    seconds, "network", network);
	copy(kept, options, "args");
	copy(kept, options, "env");
	copy_start(kept, options);
	text = json_canonical(kept);
	if (strlen(text) > OPTIONS_BYTES_MAX)
		return refuse(why, why_size, "args and env are too long");
	(void)snprintf(
	    ret_options->profile, sizeof(ret_options->profile), "%s", profile);
	ret_options->seconds = (uint32_t)seconds;
	ret_options->json = take_ptr(text);
	return ERR_OK;
}

void
run_options_release(struct run_options *options)
{
	free(options->json);
	options->json = NULL;
}
