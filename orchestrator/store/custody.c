/* SPDX-License-Identifier: Apache-2.0 */
/* custody.c - who had which evidence when. */
#include "store/custody.h"

#include "lib/digest.h"

#define ACTION_BYTES 64

static json_t *
describe(const struct custody *what, json_t *more)
{
	char hex[SHA256_HEX_BYTES];

	if (more == NULL)
		more = json_object();
	hex_encode(hex, what->sha256, SHA256_BYTES);
	(void)json_object_set_new(more, "case", json_string(what->case_id));
	(void)json_object_set_new(more, "sha256", json_string(hex));
	(void)json_object_set_new(more, "size", json_integer(what->size));
	return more;
}

int
custody_by(struct request *r, const char *event, const struct custody *what,
    json_t *more)
{
	struct audit_object object = {"artefact", what->artefact, what->org};
	char action[ACTION_BYTES];

	(void)snprintf(action, sizeof(action), "custody.%s", event);
	return audit_by(r, action, &object, describe(what, more));
}

int
custody_own(struct store *store, const char *event, const struct custody *what,
    json_t *more)
{
	struct audit_object object = {"artefact", what->artefact, what->org};
	char action[ACTION_BYTES];

	(void)snprintf(action, sizeof(action), "custody.%s", event);
	return audit_own(store, action, &object, describe(what, more));
}
