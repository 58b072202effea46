/* SPDX-License-Identifier: Apache-2.0 */
/* technique.c - names and tactics of ATT&CK techniques. */
#include "report/export.h"

#define TECHNIQUE(id, name, tactic) {id, name, tactic},
static const struct technique techniques[] = {
#include "report/technique.def"
};
#undef TECHNIQUE

const struct technique *
technique_find(const char *id)
{
	for (size_t i = 0; i < sizeof(techniques) / sizeof(techniques[0]);
	     i++) {
		if (strcmp(techniques[i].id, id) == 0)
			return &techniques[i];
	}
	return NULL;
}
