/* SPDX-License-Identifier: Apache-2.0 */
/* init.c - the first making of a state folder. */
#include "parent/init.h"

#include "lib/conf.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "parent/account.h"
#include "parent/spawn.h"
#include "parent/statedir.h"
#include "parent/table.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

static int
make(const char *state_dir, const char *name, mode_t mode, const char *user)
{
	gid_t gid;
	uid_t uid = account_uid(user, &gid);

	if (statedir_make(state_dir, name, mode, uid, gid) == ERR_OK)
		return ERR_OK;
	fprintf(stderr, "loepd: cannot make %s/%s: %s\n", state_dir, name,
	    strerror(errno));
	return ERR_SYS;
}

int
init_folders(const char *state_dir)
{
	if (make(state_dir, "vault", 0700, "loep-vault") != ERR_OK ||
	    make(state_dir, "db", 0700, "loep-store") != ERR_OK ||
	    make(state_dir, "index", 0700, "loep-index") != ERR_OK ||
	    make(state_dir, "vm", 0700, "loep-vm") != ERR_OK ||
	    make(state_dir, "vm/home", 0700, "loep-vm") != ERR_OK ||
	    make(state_dir, "run", 0755, "loep-parent") != ERR_OK)
		return ERR_SYS;
	return ERR_OK;
}

/* Runs one program's --init and waits for it. */
static int
run(const struct init *init, const char *binary, const char *user,
    char *const *args)
{
	auto_free char *path = xasprintf("%s/%s", init->programs_dir, binary);
	auto_close int pidfd = -1;
	struct spawn spawn = {
	    .path = path,
	    .name = binary,
	    .args = args,
	    .channel = -1,
	    .user_ns = -1,
	    .net_ns = -1,
	};
	pid_t pid;
	int status;

	spawn.uid = account_uid(user, &spawn.gid);
	if (spawn_program(&spawn, &pid, &pidfd) != ERR_OK ||
	    waitpid(pid, &status, 0) == -1)
		return ERR_SYS;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return ERR_OK;
	fprintf(stderr, "loepd: %s --init failed; nothing is in service yet\n",
	    binary);
	return ERR_SYS;
}

/* A commented file with every key at its default. */
static int
write_conf(const char *state_dir)
{
	auto_free char *path = xasprintf("%s/loep.conf", state_dir);
	size_t count;
	const struct conf_key *keys = conf_keys(&count);
	char section[64] = "";
	FILE *f;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd == -1)
		return errno == EEXIST ? ERR_OK : ERR_SYS;
	f = fdopen(fd, "w");
	if (f == NULL)
		return ERR_SYS;
	fprintf(f, "# Loep's configuration: each key with its default.\n"
		   "# See loep.conf(5).  Changes count after a restart.\n");
	for (size_t i = 0; i < count; i++) {
		size_t len = strcspn(keys[i].name, ".");

		if (strncmp(section, keys[i].name, len) != 0 ||
		    section[len] != '\0') {
			(void)snprintf(section, sizeof(section), "%.*s",
			    (int)len, keys[i].name);
			fprintf(f, "\n[%s]\n", section);
		}
		fprintf(f, "# %s\n#%s = %s\n", keys[i].text,
		    keys[i].name + len + 1, keys[i].fallback);
	}
	return fclose(f) == 0 ? ERR_OK : ERR_SYS;
}

/* mkdir -p for the last component's parents is the administrator's. */
static int
make_state(const char *state_dir)
{
	struct stat st;

	if (mkdir(state_dir, 0755) == -1 && errno != EEXIST) {
		fprintf(stderr, "loepd: cannot make %s: %s\n", state_dir,
		    strerror(errno));
		return ERR_SYS;
	}
	if (stat(state_dir, &st) == -1 || !S_ISDIR(st.st_mode)) {
		fprintf(stderr, "loepd: %s is not a folder\n", state_dir);
		return ERR_SYS;
	}
	return ERR_OK;
}

int
init_run(const struct init *init)
{
	char *vault[] = {(char[]){"--init"}, xstrdup(init->state_dir), NULL};
	char *store[] = {(char[]){"--init"}, xstrdup(init->state_dir),
	    (char[]){"--org"}, xstrdup(init->org_name), (char[]){"--class"},
	    xstrdup(init->org_class), (char[]){"--admin-uid"},
	    xstrdup(init->admin_uid), NULL};
	auto_free char *db = xasprintf("%s/db/loep.db", init->state_dir);
	auto_free char *key =
	    xasprintf("%s/vault/keys/site.key", init->state_dir);
	struct stat st;

	if (make_state(init->state_dir) != ERR_OK)
		return ERR_SYS;
	if (lstat(db, &st) == 0 || lstat(key, &st) == 0) {
		fprintf(stderr,
		    "loepd: %s already holds a Loep (%s exists); "
		    "nothing was changed. Choose another folder with "
		    "--state.\n",
		    init->state_dir, lstat(db, &st) == 0 ? db : key);
		return ERR_CONFLICT;
	}
	if (init_folders(init->state_dir) != ERR_OK)
		return ERR_SYS;
	if (run(init, "loep-vault", "loep-vault", vault) != ERR_OK ||
	    run(init, "loep-store", "loep-store", store) != ERR_OK)
		return ERR_SYS;
	if (write_conf(init->state_dir) != ERR_OK) {
		fprintf(stderr, "loepd: cannot write %s/loep.conf: %s\n",
		    init->state_dir, strerror(errno));
		return ERR_SYS;
	}
	return ERR_OK;
}
