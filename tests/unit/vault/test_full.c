/* SPDX-License-Identifier: Apache-2.0 */
/* test_full.c - a full disk: a clear error, nothing half-stored, recovery. */
#include "tests/unit/vault/drive.h"

#include <sched.h>
#include <setjmp.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <cmocka.h>

#define DISK_BYTES (24 * MIB)

static bool has_disk;

static bool
write_file(const char *path, const char *text)
{
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	return fd != -1 &&
	       write(fd, text, strlen(text)) == (ssize_t)strlen(text);
}

/* A small file system of this process's own, over /mnt or a new folder. */
static bool
mount_disk(char *ret_path, size_t size)
{
	auto_free char *uid = xasprintf("0 %u 1", getuid());
	auto_free char *gid = xasprintf("0 %u 1", getgid());
	auto_free char *options = xasprintf("size=%zu", (size_t)DISK_BYTES);

	(void)snprintf(ret_path, size, "/tmp/loep-full-XXXXXX");
	if (mkdtemp(ret_path) == NULL)
		return false;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) == -1)
		return false;
	(void)write_file("/proc/self/setgroups", "deny");
	if (!write_file("/proc/self/uid_map", uid) ||
	    !write_file("/proc/self/gid_map", gid))
		return false;
	return mount("tmpfs", ret_path, "tmpfs", MS_NOSUID | MS_NODEV,
		   options) == 0;
}

static struct drive *
start(void)
{
	struct drive *d = drive_new();
	char why[256];

	assert_int_equal(
	    drive_simple(d, MSG_KEY_CREATE, DRIVE_ORG_A, NULL, why), ERR_OK);
	return d;
}

/* An upload that the vault gives up on in the middle. */
static struct drive_stored
store_until_refused(struct drive *d, size_t len)
{
	struct drive_stored stored = {0};
	auto_free uint8_t *p = xmalloc(MIB);
	uint64_t writer = 0;
	int fd = -1;

	assert_int_equal(
	    drive_create(d, DRIVE_ORG_A, &writer, &fd, stored.why), ERR_OK);
	for (size_t at = 0; at < len; at += MIB) {
		drive_fill(p, MIB, at + 1);
		/* A refusal shows early, as EPIPE. */
		if (!drive_write(fd, p, MIB))
			break;
	}
	(void)close(fd);
	drive_send_commit(d, writer, len);
	return drive_recv_stored(d);
}

static size_t
count_tmp(const struct drive *d)
{
	auto_free char *path = xasprintf("%s/vault/tmp", d->state);
	struct stat st;

	/* Entries are counted by their links only for folders: look. */
	for (uint64_t id = 1; id < 50; id++) {
		auto_free char *name =
		    xasprintf("%s/%016llx", path, (unsigned long long)id);

		if (stat(name, &st) == 0)
			return id;
	}
	return 0;
}

static void
test_full_disk(void **state)
{
	struct drive_stored stored;
	auto_free char *filler = NULL;
	auto_free uint8_t *p = xmalloc(MIB);
	struct drive *d;
	int fd;

	(void)state;
	if (!has_disk) {
		print_message("no user namespaces here: no small disk\n");
		skip();
	}
	d = start();
	drive_fill(p, MIB, 99);
	stored = store_until_refused(d, 64 * MIB);
	assert_int_equal(stored.err, ERR_NO_SPACE);
	assert_non_null(strstr(stored.why, "no space"));
	/* What it wrote is gone, so that there is room again at once. */
	for (int i = 0; i < 100 && count_tmp(d) > 0; i++)
		(void)usleep(10000);
	assert_int_equal(count_tmp(d), 0);
	assert_int_equal(drive_store(d, DRIVE_ORG_A, p, MIB).err, ERR_OK);
	/* Filled by others: small uploads fail, too, and keys. */
	filler = xasprintf("%s/filler", d->state);
	fd = open(filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	while (drive_write(fd, p, 4096))
		continue;
	(void)close(fd);
	stored = drive_store(d, DRIVE_ORG_A, p + 1, MIB - 1);
	assert_int_equal(stored.err, ERR_NO_SPACE);
	assert_int_equal(
	    drive_simple(d, MSG_KEY_CREATE, DRIVE_ORG_B, NULL, stored.why),
	    ERR_NO_SPACE);
	/* It works again by itself. */
	assert_int_equal(unlink(filler), 0);
	stored = drive_store(d, DRIVE_ORG_A, p + 1, MIB - 1);
	assert_int_equal(stored.err, ERR_OK);
	assert_true(stored.is_new);
	assert_int_equal(
	    drive_simple(d, MSG_KEY_CREATE, DRIVE_ORG_B, NULL, stored.why),
	    ERR_OK);
	assert_int_equal(drive_simple(d, MSG_BLOB_VERIFY, DRIVE_ORG_A,
			     stored.sha256, stored.why),
	    ERR_OK);
	drive_free(d);
}

/* A quota or size limit looks the same. */
static void
test_size_limit(void **state)
{
	struct rlimit small = {.rlim_cur = 2 * MIB, .rlim_max = RLIM_INFINITY};
	struct rlimit open = {
	    .rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
	struct drive *d = start();
	struct drive_stored stored;

	(void)state;
	if (prlimit(d->pid, RLIMIT_FSIZE, &small, NULL) == -1) {
		print_message("no limits of other processes here\n");
		drive_free(d);
		skip();
	}
	stored = store_until_refused(d, 6 * MIB);
	assert_int_equal(stored.err, ERR_NO_SPACE);
	assert_int_equal(drive_store(d, DRIVE_ORG_A, "small", 5).err, ERR_OK);
	assert_int_equal(prlimit(d->pid, RLIMIT_FSIZE, &open, NULL), 0);
	assert_int_equal(store_until_refused(d, 6 * MIB).err, ERR_OK);
	drive_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_size_limit),
	    cmocka_unit_test(test_full_disk),
	};
	char disk[PATH_MAX];
	int failed;

	has_disk = mount_disk(disk, sizeof(disk));
	if (has_disk)
		(void)setenv("TMPDIR", disk, 1);
	cmocka_set_message_output(CM_OUTPUT_TAP);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	if (has_disk)
		(void)umount2(disk, MNT_DETACH);
	(void)rmdir(disk);
	return failed;
}
