/* SPDX-License-Identifier: Apache-2.0 */
/* quarantine.c - evidence of failed slots. */
#include "vm/quarantine.h"

#include "lib/loop.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

/* The last QUARANTINE_BYTES: where it went wrong is at the end. */
static void
copy_tail(const char *from, const char *to)
{
	auto_close int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	auto_close int out = -1;
	auto_free char *buf = NULL;
	struct stat st;
	ssize_t n;

	if (in == -1 || fstat(in, &st) == -1 || !S_ISREG(st.st_mode))
		return;
	buf = xmalloc(QUARANTINE_BYTES);
	n = pread(in, buf, QUARANTINE_BYTES,
	    st.st_size > (off_t)QUARANTINE_BYTES
		? st.st_size - (off_t)QUARANTINE_BYTES
		: 0);
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (n > 0 && out != -1)
		(void)!write(out, buf, (size_t)n);
}

static int
is_folder(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static void
remove_folder(const char *path)
{
	static const char *const files[] = {"reason", "serial.log", "qemu.log"};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		auto_free char *file = xasprintf("%s/%s", path, files[i]);

		(void)unlink(file);
	}
	(void)rmdir(path);
}

/* Their names begin with the time: the oldest sort first. */
static void
forget_old(const char *dir)
{
	struct dirent **all = NULL;
	int count = scandir(dir, &all, is_folder, alphasort);

	for (int i = 0; i < count; i++) {
		if ((size_t)(count - i) > QUARANTINE_KEEP) {
			auto_free char *path =
			    xasprintf("%s/%s", dir, all[i]->d_name);

			remove_folder(path);
		}
		free(all[i]);
	}
	free(all);
}

void
quarantine_keep(
    const char *dir, const char *root, const struct slot *slot, const char *why)
{
	auto_free char *folder = xasprintf("%s/%017lld-%s", dir,
	    (long long)loop_wall_us(), slot->machine.name);
	auto_free char *reason = xasprintf("%s/reason", folder);
	auto_free char *serial = xasprintf("%s/serial.log", folder);
	auto_free char *log = xasprintf("%s/qemu.log", folder);
	auto_free char *qemu_log =
	    xasprintf("%s/log/qemu/%s.log", root, slot->machine.name);
	FILE *f;

	if ((mkdir(dir, 0700) == -1 && errno != EEXIST) ||
	    mkdir(folder, 0700) == -1)
		return;
	f = fopen(reason, "we");
	if (f != NULL) {
		(void)fprintf(f, "%s\n", why);
		(void)fclose(f);
	}
	copy_tail(slot->machine.serial, serial);
	copy_tail(qemu_log, log);
	forget_old(dir);
}
