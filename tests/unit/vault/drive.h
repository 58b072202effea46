/* SPDX-License-Identifier: Apache-2.0 */
/*
 * drive.h - a real loep-vault process, driven by the messages of the store.
 *
 * The test plays the parent (configuration, READY, PEER) and the store.  Every
 * function ends the test program with a sentence when the vault misbehaves.
 */
#ifndef TESTS_VAULT_DRIVE_H
#define TESTS_VAULT_DRIVE_H

#include "lib/chan.h"
#include "lib/digest.h"
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define DRIVE_ORG_A "0f8fad5b-d9cb-469f-a165-70867728950e"
#define DRIVE_ORG_B "7c9e6679-7425-40de-944b-e07fc1f90ae7"

struct drive {
	char state[PATH_MAX];
	pid_t pid;
	struct chan *parent;
	struct chan *store;
	uint8_t *buf; /* of the last answer */
	struct msg msg;
	struct wire_out body;
};

/* What a finished upload said. */
struct drive_stored {
	int err;
	char why[256];
	uint8_t sha256[SHA256_BYTES];
	uint64_t size;
	uint64_t disk_bytes;
	bool is_new;
};

__attribute__((noreturn, format(printf, 1, 2))) static inline void
drive_die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)printf("Bail out! ");
	(void)vprintf(fmt, ap);
	(void)printf("\n");
	va_end(ap);
	(void)fflush(stdout);
	exit(99);
}

/* The program is in one of the folders above this one. */
static inline char *
drive_program(void)
{
	char path[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (len <= 0)
		drive_die("no /proc/self/exe");
	path[len] = '\0';
	for (;;) {
		char *slash = strrchr(path, '/');
		char *program;

		if (slash == NULL)
			drive_die("build loep-vault first");
		*slash = '\0';
		program = xasprintf("%s/loep-vault", path);
		if (access(program, X_OK) == 0)
			return program;
		free(program);
	}
}

/* Runs loep-vault with two arguments; its exit status, output discarded. */
static inline int
drive_run(const char *option, const char *state, const char *output)
{
	auto_free char *program = drive_program();
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int fd = open(output == NULL ? "/dev/null" : output,
		    O_WRONLY | O_CREAT | O_TRUNC, 0600);

		(void)dup2(fd, 1);
		(void)dup2(fd, 2);
		(void)execl(program, program, option, state, (char *)NULL);
		_exit(126);
	}
	if (pid == -1 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		drive_die("loep-vault %s did not run", option);
	return WEXITSTATUS(status);
}

static inline int
drive_remove_entry(
    const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void
drive_remove(const char *path)
{
	(void)nftw(path, drive_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void
drive_put_conf(struct drive *d, const char *key, const char *value)
{
	wire_out_reset(&d->body);
	wire_put_str(&d->body, key);
	wire_put_str(&d->body, value);
	if (chan_send(d->parent, MSG_CONF, 0, &d->body, -1) != ERR_OK)
		drive_die("the vault does not take its configuration");
}

/* A new channel from a store. */
static inline void
drive_connect(struct drive *d)
{
	int fds[2];

	if (chan_pair(fds) != ERR_OK)
		drive_die("no socket pair");
	wire_out_reset(&d->body);
	wire_put_u16(&d->body, ROLE_STORE);
	wire_put_str(&d->body, "");
	if (chan_send(d->parent, MSG_PEER, 0, &d->body, fds[1]) != ERR_OK)
		drive_die("the vault does not take a peer");
	d->store = chan_new(NULL, fds[0], ROLE_STORE, ROLE_VAULT, "");
}

/* Starts the vault in d->state; true once it says READY. */
static inline bool
drive_try_start(struct drive *d)
{
	auto_free char *program = drive_program();
	int fds[2];

	(void)signal(SIGPIPE, SIG_IGN);
	if (chan_pair(fds) != ERR_OK)
		drive_die("no socket pair");
	d->pid = fork();
	if (d->pid == 0) {
		if (dup2(fds[1], 3) == -1)
			_exit(126);
		(void)fcntl(3, F_SETFD, 0);
		(void)execl(program, program, (char *)NULL);
		_exit(126);
	}
	(void)close(fds[1]);
	d->parent = chan_new(NULL, fds[0], ROLE_PARENT, ROLE_VAULT, "");
	wire_out_init(&d->body, LIMIT_MSG_BYTES);
	d->buf = xmalloc(LIMIT_MSG_BYTES);
	drive_put_conf(d, "state_dir", d->state);
	drive_put_conf(d, "instance", "");
	if (chan_send(d->parent, MSG_CONF_END, 0, NULL, -1) != ERR_OK)
		return false;
	if (chan_recv(d->parent, d->buf, &d->msg) != ERR_OK ||
	    d->msg.type != MSG_READY)
		return false;
	drive_connect(d);
	return true;
}

/* Ends the vault's process (SIGKILL) and forgets its channels. */
static inline void
drive_kill(struct drive *d)
{
	(void)kill(d->pid, SIGKILL);
	(void)waitpid(d->pid, NULL, 0);
	chan_free(take_ptr(d->parent));
	chan_free(take_ptr(d->store));
	wire_out_release(&d->body);
	free(take_ptr(d->buf));
}

/* Makes a vault in a fresh folder and starts it. */
static inline struct drive *
drive_new(void)
{
	struct drive *d = xcalloc(1, sizeof(*d));
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(d->state, sizeof(d->state), "%s/loep-vault-XXXXXX",
	    tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(d->state) == NULL)
		drive_die("no folder %s", d->state);
	if (drive_run("--init", d->state, NULL) != 0)
		drive_die("loep-vault --init failed");
	if (!drive_try_start(d))
		drive_die("loep-vault does not start");
	return d;
}

static inline void
drive_free(struct drive *d)
{
	drive_kill(d);
	drive_remove(d->state);
	free(d);
}

/* --- requests and answers --- */

static inline uint32_t
drive_send(struct drive *d, enum msg_type type)
{
	uint32_t request = chan_next_request(d->store);

	if (chan_send(d->store, type, request, &d->body, -1) != ERR_OK)
		drive_die("the vault is gone");
	return request;
}

static inline void
drive_recv(struct drive *d)
{
	int err = chan_recv(d->store, d->buf, &d->msg);

	if (err != ERR_OK)
		drive_die("no answer: %s", err_name((enum err)err));
}

/* The result of a VAULT_DONE that was received. */
static inline int
drive_err(struct drive *d, char *why, size_t why_size)
{
	int err;

	if (d->msg.type != MSG_VAULT_DONE)
		drive_die("an answer of type %d", d->msg.type);
	err = wire_get_u8(&d->msg.in);
	wire_get_str(&d->msg.in, why, why_size);
	return err;
}

/* Sends a message that names an organisation, and perhaps a digest. */
static inline int
drive_simple(struct drive *d, enum msg_type type, const char *org,
    const uint8_t *sha256, char why[256])
{
	wire_out_reset(&d->body);
	wire_put_str(&d->body, org);
	if (sha256 != NULL)
		wire_put_bytes(&d->body, sha256, SHA256_BYTES);
	(void)drive_send(d, type);
	drive_recv(d);
	return drive_err(d, why, 256);
}

/* BLOB_CREATE; ERR_OK and the writer's number and pipe. */
static inline int
drive_create(struct drive *d, const char *org, uint64_t *ret_writer,
    int *ret_pipe, char why[256])
{
	wire_out_reset(&d->body);
	wire_put_str(&d->body, org);
	(void)drive_send(d, MSG_BLOB_CREATE);
	drive_recv(d);
	if (d->msg.type != MSG_BLOB_PIPE)
		return drive_err(d, why, 256);
	*ret_writer = wire_get_u64(&d->msg.in);
	*ret_pipe = take_fd(d->msg.fd);
	return ERR_OK;
}

static inline void
drive_send_commit(struct drive *d, uint64_t writer, uint64_t size)
{
	wire_out_reset(&d->body);
	wire_put_u64(&d->body, writer);
	wire_put_u64(&d->body, size);
	(void)drive_send(d, MSG_BLOB_COMMIT);
}

static inline struct drive_stored
drive_recv_stored(struct drive *d)
{
	struct drive_stored stored = {0};
	const uint8_t *digest;
	size_t len;

	drive_recv(d);
	if (d->msg.type != MSG_BLOB_STORED) {
		stored.err = drive_err(d, stored.why, sizeof(stored.why));
		return stored;
	}
	digest = wire_get_bytes(&d->msg.in, &len);
	if (len != SHA256_BYTES)
		drive_die("a digest of %zu bytes", len);
	memcpy(stored.sha256, digest, len);
	stored.size = wire_get_u64(&d->msg.in);
	stored.disk_bytes = wire_get_u64(&d->msg.in);
	stored.is_new = wire_get_u8(&d->msg.in) != 0;
	return stored;
}

/* Writes to a pipe; false when the other end has closed. */
static inline bool
drive_write(int fd, const void *p, size_t len)
{
	const uint8_t *at = p;

	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

/* A whole upload. */
static inline struct drive_stored
drive_store(struct drive *d, const char *org, const void *p, size_t len)
{
	struct drive_stored stored = {0};
	uint64_t writer = 0;
	int fd = -1;

	stored.err = drive_create(d, org, &writer, &fd, stored.why);
	if (stored.err != ERR_OK)
		return stored;
	(void)drive_write(fd, p, len);
	(void)close(fd);
	drive_send_commit(d, writer, len);
	return drive_recv_stored(d);
}

/* BLOB_OPEN; ERR_OK, size, and the descriptor.  *how is what was given. */
static inline int
drive_open(struct drive *d, const char *org, const uint8_t *sha256,
    enum blob_open *how, int *ret_fd)
{
	char why[256];

	wire_out_reset(&d->body);
	wire_put_str(&d->body, org);
	wire_put_bytes(&d->body, sha256, SHA256_BYTES);
	wire_put_u8(&d->body, (uint8_t)*how);
	(void)drive_send(d, MSG_BLOB_OPEN);
	drive_recv(d);
	if (d->msg.type != MSG_BLOB_OPENED)
		return drive_err(d, why, sizeof(why));
	(void)wire_get_u64(&d->msg.in);
	*how = (enum blob_open)wire_get_u8(&d->msg.in);
	*ret_fd = take_fd(d->msg.fd);
	return ERR_OK;
}

/* Where the file of a blob is. */
static inline char *
drive_blob_path(
    const struct drive *d, const char *org, const uint8_t sha256[SHA256_BYTES])
{
	char hex[SHA256_HEX_BYTES];

	hex_encode(hex, sha256, SHA256_BYTES);
	return xasprintf(
	    "%s/vault/blobs/%s/%.2s/%.2s/%s", d->state, org, hex, hex + 2, hex);
}

/* Bytes that do not compress, the same for the same seed. */
static inline void
drive_fill(uint8_t *p, size_t len, uint64_t seed)
{
	uint64_t x = seed * 2654435761U + 88172645463325252U;

	for (size_t i = 0; i < len; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		p[i] = (uint8_t)(x >> 24);
	}
}

#endif
