/* SPDX-License-Identifier: Apache-2.0 */
/* account.c - the system user of each program where loepd starts as root. */
#include "parent/account.h"

#include "parent/table.h"

#include <pwd.h>
#include <unistd.h>

#define USERS_MAX 32

static struct {
	const char *name;
	uid_t uid;
	gid_t gid;
} users[USERS_MAX];

int
account_load(const char *fallback, const char **ret_name)
{
	if (geteuid() != 0)
		return ERR_OK;
	for (size_t i = 0; i < table_program_count && i < USERS_MAX; i++) {
		const struct passwd *pw = getpwnam(table_programs[i].user);

		if (pw == NULL)
			pw = getpwnam(fallback);
		if (pw == NULL || pw->pw_uid == 0) {
			*ret_name = fallback;
			return ERR_NOT_FOUND;
		}
		users[i].name = table_programs[i].user;
		users[i].uid = pw->pw_uid;
		users[i].gid = pw->pw_gid;
	}
	return ERR_OK;
}

uid_t
account_uid(const char *user, gid_t *ret_gid)
{
	for (size_t i = 0; i < USERS_MAX && users[i].name != NULL; i++) {
		if (strcmp(users[i].name, user) == 0) {
			*ret_gid = users[i].gid;
			return users[i].uid;
		}
	}
	*ret_gid = getegid();
	return geteuid();
}
