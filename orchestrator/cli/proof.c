/* SPDX-License-Identifier: Apache-2.0 */
/* proof.c - password and code, typed where somebody sits. */
#include "cli/proof.h"

#include "cli/api.h"
#include "cli/prompt.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <string.h>
#include <unistd.h>

#define PROBLEM_BYTES_MAX ((size_t)64 * 1024)

static bool
has_way(const json_t *problem, const char *wanted)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(problem, "how"), i, one)
	{
		if (json_is_string(one) &&
		    strcmp(json_string_value(one), wanted) == 0)
			return true;
	}
	return false;
}

static char *
ask(const char *question, bool is_needed)
{
	return is_needed ? prompt_secret(question) : xstrdup("");
}

static void
forget(char *text)
{
	explicit_bzero(text, strlen(text));
	free(text);
}

bool
proof_give(struct api *api, const struct answer *a, long http)
{
	auto_json json_t *problem = NULL;
	auto_json json_t *body = NULL;
	char *password, *code;
	bool has_password;

	if (http != 403 || a->bytes == NULL || isatty(STDIN_FILENO) == 0 ||
	    json_parse(a->bytes, a->len, PROBLEM_BYTES_MAX, 16, &problem) !=
		ERR_OK ||
	    strcmp(json_member_text(problem, "type", ""),
		"urn:loep:problem:step-up") != 0)
		return false;
	has_password = has_way(problem, "password");
	/* What only a browser can do is said by the refusal. */
	if (!has_password && !has_way(problem, "code"))
		return false;
	(void)fprintf(stderr, "This needs proof that it is you.\n");
	password = ask("Password: ", has_password);
	code = ask("Code of the second factor: ",
	    json_is_true(json_object_get(problem, "code")));
	body = json_pack("{s:s,s:s}", "password", password, "code", code);
	forget(password);
	forget(code);
	json_decref(api_post(api, body, "/proof"));
	return true;
}
