/* SPDX-License-Identifier: Apache-2.0 */
/* status.c - loep status: the state of the service, for people. */
#include "cli/command.h"

/* What a machine tells another, and people look up with --json. */
static bool
is_detail(const char *name)
{
	static const char *const names[] = {"detail", "digest", "manifest"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

static void
print_scalar(const char *name, const json_t *value)
{
	char text[1024];
	const char *unit = strrchr(name, '_');

	unit = unit == NULL ? name : unit + 1;
	if (json_is_integer(value) && strcmp(unit, "bytes") == 0) {
		(void)text_size(
		    text, sizeof(text), (uint64_t)json_integer_value(value));
		printf("%s", text);
	} else if (json_is_integer(value)) {
		printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
	} else if (json_is_string(value)) {
		(void)text_clean(text, sizeof(text), json_string_value(value));
		printf("%s", text[0] != '\0' ? text : "-");
	} else {
		printf("%s", json_is_true(value)    ? "yes"
			     : json_is_false(value) ? "no"
						    : "-");
	}
}

/* The members of an object in one line; those of objects in it behind them. */
static void
print_members(const json_t *object, bool is_first)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		if (json_is_object(value) || json_is_array(value) ||
		    is_detail(name) || strcmp(name, "name") == 0)
			continue;
		printf("%s%s ", is_first ? "" : ", ", name);
		print_scalar(name, value);
		is_first = false;
	}
	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		const char *inner;
		json_t *scalar;

		if (!json_is_object(value) || is_detail(name))
			continue;
		json_object_foreach(value, inner, scalar)
		{
			if (json_is_object(scalar) || json_is_array(scalar))
				continue;
			printf("%s%s ", is_first ? "" : ", ", inner);
			print_scalar(inner, scalar);
			is_first = false;
		}
	}
	if (is_first)
		printf("none");
}

/* One line an item, the first behind the label. */
static void
print_list(const json_t *list)
{
	size_t i;
	json_t *item;

	if (json_array_size(list) == 0)
		printf("none\n");
	json_array_foreach(list, i, item)
	{
		if (i > 0)
			printf("%-15s", "");
		if (json_is_object(item)) {
			print_scalar("name", json_object_get(item, "name"));
			printf(": ");
			print_members(item, true);
		} else
			print_scalar("", item);
		printf("\n");
	}
}

int
cmd_status(struct cli *cli, int argc, char **argv)
{
	auto_json json_t *status = NULL;
	const char *name;
	json_t *value;

	(void)argc;
	(void)argv;
	status = api_get(cli->api, "/status");
	if (cli->is_json) {
		print_json(status);
		return 0;
	}
	json_object_foreach(status, name, value)
	{
		printf("%s%-14s%s ", text_style("\033[1m"), name,
		    text_style("\033[0m"));
		if (json_is_array(value)) {
			print_list(value);
			continue;
		}
		if (json_is_object(value))
			print_members(value, true);
		else
			print_scalar(name, value);
		printf("\n");
	}
	return 0;
}
