/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the sample: caught through fanotify, held open, sent at the end. */
#include "keep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "sha256.h"

#define DELETED_SUFFIX " (deleted)"
/* Ticks for which a process is searched for its memfd. */
#define WATCH_TICKS 20

/* Written by the guest's own services all the time, not by a sample. */
static const char *const noise[] = {"/run/systemd/", "/run/log/", "/run/udev/",
    "/var/log/journal/", "/var/lib/systemd/", "/run/utmp", "/proc/", "/sys/",
    "/run/crond"};

/* File systems that hold files a sample can write. */
static const char *const writable[] = {"ext2", "ext3", "ext4", "tmpfs",
    "devtmpfs", "ramfs", "overlay", "btrfs", "xfs", "vfat", "f2fs", "ntfs3",
    "fuseblk", "hugetlbfs", "mqueue"};

static bool
is_writable_type(const char *type)
{
	size_t i;

	for (i = 0; i < sizeof(writable) / sizeof(writable[0]); i++)
		if (strcmp(type, writable[i]) == 0)
			return true;
	return false;
}

/* Octal escapes of mountinfo (proc(5)), in place. */
static void
unescape(char *s)
{
	char *out = s;

	while (*s != '\0') {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' &&
		    s[2] <= '7' && s[3] >= '0' && s[3] <= '7') {
			*out++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 |
					(s[3] - '0'));
			s += 4;
		} else {
			*out++ = *s++;
		}
	}
	*out = '\0';
}

void
keep_mark_mounts(struct keep *k)
{
	FILE *f;
	char line[4096];

	if (k->fan == -1)
		return;
	f = fopen("/proc/self/mountinfo", "re");
	if (f == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL) {
		char point[2048], type[64];
		const char *dash = strstr(line, " - ");

		if (dash == NULL ||
		    sscanf(line, "%*s %*s %*s %*s %2047s", point) != 1 ||
		    sscanf(dash + 3, "%63s", type) != 1)
			continue;
		if (!is_writable_type(type))
			continue;
		unescape(point);
		(void)fanotify_mark(k->fan, FAN_MARK_ADD | FAN_MARK_FILESYSTEM,
		    FAN_CLOSE_WRITE, AT_FDCWD, point);
	}
	(void)fclose(f);
}

void
keep_start(struct keep *k)
{
	memset(k, 0, sizeof(*k));
	k->fan = fanotify_init(
	    FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK | FAN_UNLIMITED_MARKS,
	    O_RDONLY | O_LARGEFILE | O_CLOEXEC);
	keep_mark_mounts(k);
}

/* Where a descriptor's file is now; false when it has no name any more. */
static bool
fd_path(int fd, char *ret_path, size_t size)
{
	char link[64];
	size_t suffix = strlen(DELETED_SUFFIX);
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, ret_path, size - 1);
	if (n < 0)
		n = 0;
	ret_path[n] = '\0';
	if ((size_t)n > suffix &&
	    strcmp(ret_path + (size_t)n - suffix, DELETED_SUFFIX) == 0) {
		ret_path[(size_t)n - suffix] = '\0';
		return false;
	}
	return true;
}

static size_t
slot_of(const struct keep *k, uint64_t device, uint64_t inode)
{
	uint64_t h = (inode ^ device << 40) * 0x9E3779B97F4A7C15u;
	size_t i = (size_t)(h >> 32) & (KEEP_SLOTS - 1);

	while (k->slot[i] != 0) {
		const struct kept *f = &k->file[k->slot[i] - 1];

		if (f->device == device && f->inode == inode)
			break;
		i = (i + 1) & (KEEP_SLOTS - 1);
	}
	return i;
}

/* Takes fd. NULL when it was not kept. */
static struct kept *
keep_fd(struct keep *k, int fd, pid_t pid)
{
	char path[PATH_MAX];
	struct kept *f;
	struct stat st;
	size_t slot;

	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		return NULL;
	}
	slot = slot_of(k, st.st_dev, st.st_ino);
	if (k->slot[slot] != 0) {
		(void)close(fd);
		return &k->file[k->slot[slot] - 1];
	}
	(void)fd_path(fd, path, sizeof(path));
	if (k->count == KEEP_FILES_MAX) {
		k->lost++;
		(void)close(fd);
		return NULL;
	}
	f = &k->file[k->count++];
	memset(f, 0, sizeof(*f));
	f->fd = fd;
	f->device = st.st_dev;
	f->inode = st.st_ino;
	f->pid = pid;
	f->path = strdup(path);
	k->slot[slot] = (uint16_t)k->count;
	return f;
}

static bool
is_noise(int fd)
{
	char path[PATH_MAX];
	size_t i;

	(void)fd_path(fd, path, sizeof(path));
	for (i = 0; i < sizeof(noise) / sizeof(noise[0]); i++)
		if (strncmp(path, noise[i], strlen(noise[i])) == 0)
			return true;
	return false;
}

void
keep_read(struct keep *k, keep_is_sample_fn *is_sample, void *arg)
{
	struct fanotify_event_metadata buf[256];
	pid_t self = getpid();
	ssize_t n;

	if (k->fan == -1)
		return;
	while ((n = read(k->fan, buf, sizeof(buf))) > 0) {
		const struct fanotify_event_metadata *ev = buf;

		for (; FAN_EVENT_OK(ev, n); ev = FAN_EVENT_NEXT(ev, n)) {
			if ((ev->mask & FAN_Q_OVERFLOW) != 0) {
				k->overflow++;
				continue;
			}
			if (ev->fd < 0) {
				k->lost++;
				continue;
			}
			if (ev->pid == self ||
			    (!is_sample(arg, ev->pid) && is_noise(ev->fd))) {
				(void)close(ev->fd);
				continue;
			}
			(void)keep_fd(k, ev->fd, ev->pid);
		}
	}
	/* EMFILE and the like: the kernel dropped that event. */
	if (n == -1 && errno != EAGAIN && errno != EINTR)
		k->lost++;
}

static void
find_memfd(struct keep *k, pid_t pid)
{
	char dirname[64];
	struct dirent *entry;
	DIR *dir;

	(void)snprintf(dirname, sizeof(dirname), "/proc/%d/fd", (int)pid);
	dir = opendir(dirname);
	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		char target[PATH_MAX];
		struct kept *f;
		ssize_t n = readlinkat(
		    dirfd(dir), entry->d_name, target, sizeof(target) - 1);
		int fd;

		if (n < 7 || memcmp(target, "/memfd:", 7) != 0)
			continue;
		fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_CLOEXEC);
		if (fd == -1)
			continue;
		f = keep_fd(k, fd, pid);
		if (f != NULL)
			f->is_memfd = true;
	}
	(void)closedir(dir);
}

void
keep_watch_memfd(struct keep *k, pid_t pid)
{
	size_t i;

	find_memfd(k, pid);
	for (i = 0; i < k->watch_count && k->watch[i] != pid; i++)
		;
	if (i == KEEP_WATCH_MAX)
		return;
	if (i == k->watch_count)
		k->watch_count++;
	k->watch[i] = pid;
	k->watch_ticks[i] = WATCH_TICKS;
}

void
keep_tick(struct keep *k)
{
	size_t i = 0;

	while (i < k->watch_count) {
		find_memfd(k, k->watch[i]);
		if (--k->watch_ticks[i] > 0) {
			i++;
			continue;
		}
		k->watch_count--;
		k->watch[i] = k->watch[k->watch_count];
		k->watch_ticks[i] = k->watch_ticks[k->watch_count];
	}
}

void
keep_executable(struct keep *k, pid_t pid)
{
	char path[64];
	struct kept *f;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1) {
		k->lost++;
		return;
	}
	f = keep_fd(k, fd, pid);
	if (f != NULL) {
		f->is_executed = true;
		f->is_memfd |=
		    f->path != NULL && strncmp(f->path, "/memfd:", 7) == 0;
	}
}

/* Device numbers of stat(2), from those of the kernel's super blocks. */
static uint64_t
user_device(uint64_t device)
{
	return makedev(
	    (unsigned int)(device >> 20), (unsigned int)(device & 0xfffff));
}

void
keep_renamed(struct keep *k, uint64_t device, uint64_t inode, const char *path)
{
	size_t slot = slot_of(k, user_device(device), inode);
	struct kept *f;
	char *copy;

	if (k->slot[slot] == 0)
		return;
	f = &k->file[k->slot[slot] - 1];
	/* The first name is the one that the sample chose to write to. */
	if (f->is_renamed)
		return;
	copy = strdup(path);
	if (copy == NULL)
		return;
	free(f->path);
	f->path = copy;
	f->is_renamed = true;
}

static void
send_begin(const struct kept *f, struct channel *ch, const struct stat *st)
{
	char path[PATH_MAX];
	bool has_name = fd_path(f->fd, path, sizeof(path)) && st->st_nlink > 0;
	bool is_moved =
	    has_name && f->path != NULL && strcmp(path, f->path) != 0;
	enum gwire_file_reason reason = WIRE_FR_WRITTEN;

	if (f->is_asked)
		reason = WIRE_FR_ASKED;
	else if (f->is_memfd)
		reason = WIRE_FR_MEMFD;
	else if (!has_name)
		reason = f->is_executed ? WIRE_FR_EXECUTED : WIRE_FR_DELETED;
	else if (is_moved)
		reason = WIRE_FR_RENAMED;
	channel_begin(ch, WIRE_FILE_BEGIN);
	gwire_put_text(&ch->out, WIRE_K_PATH, path);
	if (is_moved)
		gwire_put_text(&ch->out, WIRE_K_TARGET, f->path);
	gwire_put_number(&ch->out, WIRE_K_REASON, reason);
	gwire_put_number(&ch->out, WIRE_K_MODE, st->st_mode);
	gwire_put_number(&ch->out, WIRE_K_UID, st->st_uid);
	gwire_put_number(&ch->out, WIRE_K_GID, st->st_gid);
	gwire_put_number(&ch->out, WIRE_K_SIZE, (uint64_t)st->st_size);
	gwire_put_number(&ch->out, WIRE_K_PID, (uint64_t)f->pid);
	/* As the events number devices. */
	gwire_put_number(&ch->out, WIRE_K_DEVICE,
	    (uint64_t)major(f->device) << 20 | minor(f->device));
	gwire_put_number(&ch->out, WIRE_K_INODE, f->inode);
	channel_send(ch);
}

/* Content up to size_max bytes; *ret_sent says how many it were. */
static int
send_content(const struct kept *f, struct channel *ch, uint64_t size_max,
    uint64_t *ret_sent)
{
	uint8_t chunk[WIRE_CHUNK_BYTES], digest[SHA256_BYTES];
	struct sha256 sha;
	uint64_t sent = 0;
	ssize_t n = 1;
	bool is_cut;

	sha256_init(&sha);
	while (sent < size_max) {
		uint64_t want = size_max - sent;

		n = pread(f->fd, chunk,
		    want < sizeof(chunk) ? (size_t)want : sizeof(chunk),
		    (off_t)sent);
		if (n <= 0)
			break;
		if (channel_wait(ch, false) == -1)
			return -1;
		channel_begin(ch, WIRE_FILE_DATA);
		gwire_put_bytes(&ch->out, WIRE_K_DATA, chunk, (size_t)n);
		channel_send(ch);
		sha256_update(&sha, chunk, (size_t)n);
		sent += (uint64_t)n;
	}
	/* Cut by the limit (is there one more byte?) or by a read error. */
	is_cut = n < 0 || (n > 0 && pread(f->fd, chunk, 1, (off_t)sent) == 1);
	sha256_final(&sha, digest);
	channel_begin(ch, WIRE_FILE_END);
	gwire_put_number(&ch->out, WIRE_K_SIZE, sent);
	gwire_put_number(&ch->out, WIRE_K_TRUNCATED, is_cut);
	gwire_put_bytes(&ch->out, WIRE_K_SHA256, digest, sizeof(digest));
	channel_send(ch);
	*ret_sent = sent;
	return 0;
}

int
keep_send(struct keep *k, struct channel *ch, const struct keep_limits *limits,
    struct keep_totals *ret_totals)
{
	uint64_t left = limits->total_bytes_max;
	int result = 0;
	size_t i;

	memset(ret_totals, 0, sizeof(*ret_totals));
	for (i = 0; i < k->count; i++) {
		struct kept *f = &k->file[i];
		uint64_t size_max = limits->file_bytes_max, sent = 0;
		struct stat st;

		if (size_max > left)
			size_max = left;
		if (result == 0 && fstat(f->fd, &st) == 0) {
			if (size_max == 0 && st.st_size > 0) {
				ret_totals->skipped++;
			} else if (channel_wait(ch, false) == 0) {
				send_begin(f, ch, &st);
				result = send_content(f, ch, size_max, &sent);
				ret_totals->files++;
			} else {
				result = -1;
			}
		}
		left -= sent;
		ret_totals->bytes += sent;
		(void)close(f->fd);
		free(f->path);
	}
	k->count = 0;
	if (k->fan != -1)
		(void)close(k->fan);
	k->fan = -1;
	return result;
}

int
keep_send_path(
    struct channel *ch, const char *path, const struct keep_limits *limits)
{
	struct kept f = {.is_asked = true};
	struct stat st;
	uint64_t sent;
	int result;

	/* Nonblocking: a pipe of that name must not hold us. */
	f.fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (f.fd == -1)
		return -1;
	if (fstat(f.fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		(void)close(f.fd);
		return -1;
	}
	f.device = st.st_dev;
	f.inode = st.st_ino;
	send_begin(&f, ch, &st);
	result = send_content(&f, ch, limits->file_bytes_max, &sent);
	(void)close(f.fd);
	return result;
}
