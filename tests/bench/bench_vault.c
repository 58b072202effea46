/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_vault.c - what loep-vault brings, measured by its own messages.
 *
 * usage: bench_vault [MIB]	(2048; TMPDIR says where)
 *
 * Prints "name value" lines: intake of one large file of several kinds, in
 * MB/s until it is durable, small blobs stored and opened per second, and the
 * growth of the process.
 */
#include "tests/unit/vault/drive.h"

#include <poll.h>

#define SMALL_BYTES ((size_t)20000)
#define SMALL_COUNT ((size_t)4000)
#define AT_ONCE	    ((size_t)32)

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long
peak_kib(const struct drive *d)
{
	auto_free char *path = xasprintf("/proc/%d/status", (int)d->pid);
	FILE *f = fopen(path, "re");
	char line[256];
	long kib = -1;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		(void)sscanf(line, "VmHWM: %ld kB", &kib);
	if (f != NULL)
		(void)fclose(f);
	return kib;
}

/* Processor time of the vault's process, all threads; tells more than the
 * clock where others use the machine, too. */
static double
cpu_s(const struct drive *d)
{
	auto_free char *path = xasprintf("/proc/%d/stat", (int)d->pid);
	FILE *f = fopen(path, "re");
	unsigned long user = 0, sys = 0;

	if (f == NULL ||
	    fscanf(f,
		"%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u "
		"%lu %lu",
		&user, &sys) != 2)
		drive_die("no %s", path);
	(void)fclose(f);
	return (double)(user + sys) / (double)sysconf(_SC_CLK_TCK);
}

/* A MiB of one kind; number makes each different from the others. */
static void
make_mib(uint8_t *p, const char *kind, uint64_t number)
{
	static const char words[][12] = {"connect ", "10.0.0.1 ", "GET ",
	    "/index.html ", "200 ", "user=root ", "pid=4711 ", "denied "};
	uint64_t x = number * 2654435761U + 1;

	memset(p, 0, MIB);
	if (strcmp(kind, "zeros") == 0)
		return;
	if (strcmp(kind, "noise") == 0) {
		uint64_t *at = (uint64_t *)(void *)p;

		for (size_t i = 0; i < MIB / 8; i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			at[i] = x;
		}
		return;
	}
	for (size_t i = 0; i + 32 < MIB;) {
		x = x * 6364136223846793005U + 1442695040888963407U;
		i += (size_t)snprintf((char *)p + i, 32, "%s%u ",
		    words[x >> 61], (unsigned int)(x >> 40 & 0xffff));
	}
}

static char *
make_file(const struct drive *d, const char *kind, size_t mib)
{
	char *path = xasprintf("%s/%s", d->state, kind);
	auto_free uint8_t *p = xmalloc(MIB);
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	for (size_t i = 0; i < mib; i++) {
		make_mib(p, kind, i);
		if (!drive_write(fd, p, MIB))
			drive_die("no room for %s", path);
	}
	/* So that the disk is idle when the measuring starts. */
	(void)fsync(fd);
	return path;
}

static double
intake(struct drive *d, const char *path, uint64_t size)
{
	auto_close int file = open(path, O_RDONLY | O_CLOEXEC);
	auto_free uint8_t *p = xmalloc(256 * KIB);
	struct drive_stored stored;
	uint64_t writer = 0;
	char why[256] = "";
	int fd = -1;
	double start = now();
	ssize_t n;

	if (drive_create(d, DRIVE_ORG_A, &writer, &fd, why) != ERR_OK)
		drive_die("%s", why);
	while ((n = read(file, p, 256 * KIB)) > 0) {
		if (!drive_write(fd, p, (size_t)n))
			drive_die("the vault closed the pipe");
	}
	(void)close(fd);
	drive_send_commit(d, writer, size);
	stored = drive_recv_stored(d);
	if (stored.err != ERR_OK)
		drive_die("%s", stored.why);
	return now() - start;
}

static double
sha256sum(const char *path)
{
	auto_free char *command = xasprintf("sha256sum '%s' >/dev/null", path);
	double start = now();

	if (system(command) != 0)
		drive_die("no sha256sum");
	return now() - start;
}

static void
bench_large(struct drive *d, const char *kind, size_t mib)
{
	auto_free char *path = make_file(d, kind, mib);
	const double bytes = (double)mib * (double)MIB;
	double vault_s, sum_s, cpu;

	sum_s = sha256sum(path);
	cpu = cpu_s(d);
	vault_s = intake(d, path, mib * MIB);
	cpu = cpu_s(d) - cpu;
	(void)printf("intake_%s_mb_per_s %.0f\n", kind, bytes / 1e6 / vault_s);
	(void)printf("sha256sum_%s_mb_per_s %.0f\n", kind, bytes / 1e6 / sum_s);
	(void)printf("intake_%s_vs_sha256sum %.2f\n", kind, sum_s / vault_s);
	(void)printf(
	    "intake_%s_cpu_ns_per_byte %.2f\n", kind, cpu * 1e9 / bytes);
	(void)printf("peak_mib_after_%s %ld\n", kind, peak_kib(d) / 1024);
	(void)fflush(stdout);
	(void)unlink(path);
}

/* AT_ONCE uploads are open at a time, as with that many analysers. */
static void
bench_small_stores(struct drive *d)
{
	auto_free uint8_t *p = xmalloc(SMALL_BYTES + SMALL_COUNT);
	uint64_t writers[AT_ONCE];
	int fds[AT_ONCE];
	double start;
	char why[256];

	drive_fill(p, SMALL_BYTES + SMALL_COUNT, 1);
	start = now();
	for (size_t done = 0; done < SMALL_COUNT; done += AT_ONCE) {
		for (size_t i = 0; i < AT_ONCE; i++) {
			if (drive_create(d, DRIVE_ORG_A, &writers[i], &fds[i],
				why) != ERR_OK)
				drive_die("%s", why);
		}
		for (size_t i = 0; i < AT_ONCE; i++) {
			(void)drive_write(fds[i], p + done + i, SMALL_BYTES);
			(void)close(fds[i]);
			drive_send_commit(d, writers[i], SMALL_BYTES);
		}
		for (size_t i = 0; i < AT_ONCE; i++) {
			if (drive_recv_stored(d).err != ERR_OK)
				drive_die("a small blob was not stored");
		}
	}
	(void)printf("small_commits_per_s %.0f\n",
	    (double)SMALL_COUNT / (now() - start));
	start = now();
	for (size_t i = 0; i < 300; i++) {
		if (drive_store(d, DRIVE_ORG_A, p + i, SMALL_BYTES - 1).err !=
		    ERR_OK)
			drive_die("a small blob was not stored");
	}
	(void)printf(
	    "small_commits_one_by_one_per_s %.0f\n", 300 / (now() - start));
	(void)fflush(stdout);
}

static void
send_open(struct drive *d, const uint8_t *p)
{
	uint8_t digest[SHA256_BYTES];

	sha256_once(p, SMALL_BYTES, digest);
	wire_out_reset(&d->body);
	wire_put_str(&d->body, DRIVE_ORG_A);
	wire_put_bytes(&d->body, digest, sizeof(digest));
	wire_put_u8(&d->body, BLOB_AUTO);
	(void)drive_send(d, MSG_BLOB_OPEN);
}

static void
bench_small_opens(struct drive *d, size_t at_once)
{
	auto_free uint8_t *p = xmalloc(SMALL_BYTES + SMALL_COUNT);
	double start;

	drive_fill(p, SMALL_BYTES + SMALL_COUNT, 1);
	start = now();
	for (size_t done = 0; done < SMALL_COUNT; done += at_once) {
		for (size_t i = 0; i < at_once; i++)
			send_open(d, p + done + i);
		for (size_t i = 0; i < at_once; i++) {
			drive_recv(d);
			if (d->msg.type != MSG_BLOB_OPENED)
				drive_die("a small blob was not opened");
			(void)close(d->msg.fd);
		}
	}
	(void)printf("small_opens_%zu_at_once_per_s %.0f\n", at_once,
	    (double)SMALL_COUNT / (now() - start));
	(void)fflush(stdout);
}

int
main(int argc, char **argv)
{
	static const char *const kinds[] = {"noise", "text", "zeros"};
	size_t mib = argc > 1 ? strtoul(argv[1], NULL, 10) : 2048;
	struct drive *d = drive_new();
	char why[256];

	if (drive_simple(d, MSG_KEY_CREATE, DRIVE_ORG_A, NULL, why) != ERR_OK)
		drive_die("%s", why);
	(void)printf("peak_mib_at_start %ld\n", peak_kib(d) / 1024);
	bench_small_stores(d);
	bench_small_opens(d, 1);
	bench_small_opens(d, AT_ONCE);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		bench_large(d, kinds[i], mib);
	drive_free(d);
	return 0;
}
