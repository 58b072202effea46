/* SPDX-License-Identifier: Apache-2.0 */
/* passwords.c - the passwords to try on an archive. */
#include "analysers/archive/passwords.h"

#include <string.h>

/* What analysts all over the world put on samples. */
static const char *const known[PASSWORDS_KNOWN] = {
    "infected", "malware", "virus", "novirus"};

void
passwords_init(struct passwords *passwords, const json_t *given)
{
	size_t i;
	json_t *item;

	*passwords = (struct passwords){0};
	json_array_foreach(given, i, item)
	{
		const char *text = json_string_value(item);

		if (text == NULL || text[0] == '\0')
			continue;
		if (passwords->given == PASSWORDS_GIVEN_MAX) {
			passwords->left_out++;
			continue;
		}
		passwords->text[passwords->given++] = text;
	}
	passwords->count = passwords->given;
	for (i = 0; i < PASSWORDS_KNOWN; i++)
		passwords->text[passwords->count++] = known[i];
}

json_t *
passwords_name(const struct passwords *passwords, size_t index)
{
	if (index < passwords->given)
		return json_pack("{s:I}", "given", (json_int_t)index);
	return json_pack("{s:s}", "known", passwords->text[index]);
}
