/* SPDX-License-Identifier: Apache-2.0 */
/* options.c - parsing the options of a run. */
#include "vm/options.h"

#include "agents/wire.h"
#include "lib/limits.h"
#include "lib/own.h"

#include <string.h>

#define WHY_BYTES 256

static int
complain(char *why, const char *member, const char *what)
{
	(void)snprintf(why, WHY_BYTES, "option %s %s", member, what);
	return ERR_FORMAT;
}

static int
take_number(const json_t *json, const char *name, long long max,
    unsigned int *number, char *why)
{
	const json_t *v = json_object_get(json, name);

	if (v == NULL || json_is_null(v))
		return ERR_OK;
	if (!json_is_integer(v) || json_integer_value(v) < 0 ||
	    json_integer_value(v) > max)
		return complain(why, name, "is no number in its range");
	*number = (unsigned int)json_integer_value(v);
	return ERR_OK;
}

static int
take_text(const json_t *json, const char *name, const char **text, char *why)
{
	const json_t *v = json_object_get(json, name);

	if (v == NULL || json_is_null(v))
		return ERR_OK;
	if (!json_is_string(v) || json_string_length(v) > 1024)
		return complain(why, name, "is no short text");
	*text = json_string_value(v);
	return ERR_OK;
}

static int
check_list(const json_t *json, const char *name, char *why)
{
	const json_t *list = json_object_get(json, name);
	const json_t *v;
	size_t i;

	if (list == NULL || json_is_null(list))
		return ERR_OK;
	if (!json_is_array(list) || json_array_size(list) > OPTIONS_STRINGS)
		return complain(why, name, "is no list, or too long");
	json_array_foreach(list, i, v)
	{
		if (!json_is_string(v))
			return complain(why, name, "holds other than texts");
	}
	return ERR_OK;
}

static int
check_env(const json_t *json, char *why)
{
	json_t *env = json_object_get(json, "env");
	const char *name;
	json_t *v;

	if (env == NULL || json_is_null(env))
		return ERR_OK;
	if (!json_is_object(env) || json_object_size(env) > OPTIONS_STRINGS)
		return complain(why, "env", "is no object, or too large");
	json_object_foreach(env, name, v)
	{
		if (!json_is_string(v) || name[0] == '\0' ||
		    strchr(name, '=') != NULL)
			return complain(why, "env", "holds other than texts");
	}
	return ERR_OK;
}

static int
take_method(struct options *o, char *why)
{
	static const char *const names[] = {
	    [WIRE_M_AUTO] = "auto",
	    [WIRE_M_ELF] = "elf",
	    [WIRE_M_SCRIPT] = "script",
	    [WIRE_M_INTERPRETER] = "interpreter",
	    [WIRE_M_MEMBER] = "member",
	};
	const char *method = "auto";
	int err = take_text(o->json, "method", &method, why);

	if (err != ERR_OK)
		return err;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(method, names[i]) == 0) {
			o->method = (unsigned int)i;
			return ERR_OK;
		}
	}
	return complain(why, "method", "is not known");
}

static int
take_all(struct options *o, char *why)
{
	const char *network = "simulated";
	int err = take_number(
	    o->json, "seconds", LIMIT_RUN_SECONDS_MAX, &o->time_limit_s, why);

	if (err == ERR_OK)
		err = take_number(o->json, "uid", 65534, &o->uid, why);
	if (err == ERR_OK)
		err = take_text(o->json, "interpreter", &o->interpreter, why);
	if (err == ERR_OK)
		err = take_text(o->json, "member", &o->member, why);
	if (err == ERR_OK)
		err = take_text(o->json, "password", &o->password, why);
	if (err == ERR_OK)
		err = take_text(o->json, "network", &network, why);
	if (err == ERR_OK)
		err = check_list(o->json, "args", why);
	if (err == ERR_OK)
		err = check_env(o->json, why);
	if (err == ERR_OK)
		err = take_method(o, why);
	if (err != ERR_OK)
		return err;
	if (o->time_limit_s == 0)
		return complain(why, "seconds", "must be 1 or more");
	o->has_network = strcmp(network, "simulated") == 0;
	/* A real network is another program's business, not a default here. */
	if (!o->has_network && strcmp(network, "none") != 0)
		return complain(why, "network", "is not simulated or none");
	return ERR_OK;
}

int
options_parse(
    const char *text, size_t len, char *why, struct options *ret_options)
{
	struct options o = {.time_limit_s = LIMIT_RUN_SECONDS};
	int err;

	if (len == 0)
		o.json = json_object();
	else if (json_parse(text, len, OPTIONS_BYTES, 8, &o.json) != ERR_OK ||
		 !json_is_object(o.json)) {
		json_decref(o.json);
		return complain(why, "text", "is no JSON object");
	}
	err = take_all(&o, why);
	if (err != ERR_OK) {
		json_decref(o.json);
		return err;
	}
	*ret_options = o;
	return ERR_OK;
}

void
options_release(struct options *options)
{
	json_decref(options->json);
	options->json = NULL;
}

const json_t *
options_args(const struct options *options)
{
	return json_object_get(options->json, "args");
}

json_t *
options_env(const struct options *options)
{
	return json_object_get(options->json, "env");
}
