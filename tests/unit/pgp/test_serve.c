/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_serve.c - the real loep-pgp in its real cage, asked as the scheduler
 * asks it (lib/openpgp.h): streams, memory, errors, what is called off.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/fileio.h"
#include "lib/limits.h"
#include "lib/openpgp.h"
#include "lib/own.h"
#include "lib/sealed.h"
#include "lib/xalloc.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define STREAM_BYTES (48 * MIB)

static struct rig {
	struct loop *loop;
	struct chan *parent;
	struct chan *peer;
	struct pgp_asks *asks;
	char *binary;
	char *secret; /* path of the keys */
	pid_t pid;
	int ends;
	/* the last answer */
	enum err err;
	char why[PGP_WHY_BYTES];
	json_t *detail;
	int fd;
	bool is_gone;
} rig;

static void
on_done(void *arg, struct pgp_answer *answer)
{
	(void)arg;
	rig.ends++;
	rig.err = answer->err;
	(void)snprintf(rig.why, sizeof(rig.why), "%s", answer->why);
	json_decref(rig.detail);
	rig.detail = json_deep_copy(answer->detail);
	if (rig.fd != -1)
		(void)close(rig.fd);
	rig.fd = take_fd(answer->fd);
}

static int
on_answer(void *arg, struct chan *chan, struct msg *msg)
{
	(void)arg;
	(void)chan;
	return pgp_asks_handle(rig.asks, msg);
}

static void
on_gone(void *arg, struct chan *chan, int err)
{
	(void)arg;
	(void)err;
	rig.is_gone = true;
	rig.peer = NULL;
	pgp_asks_set_chan(rig.asks, NULL);
	chan_free(chan);
}

static const struct chan_handler handlers[] = {
    {MSG_PGP_KEYS, on_answer},
    {MSG_PGP_DONE, on_answer},
    {MSG_NONE_, NULL},
};
static const struct chan_ops ops = {.handlers = handlers, .gone = on_gone};

static int
on_ready(void *arg, struct chan *chan, struct msg *msg)
{
	(void)arg;
	(void)chan;
	(void)msg;
	return ERR_OK;
}

static void
on_parent_gone(void *arg, struct chan *chan, int err)
{
	(void)arg;
	(void)chan;
	(void)err;
}

static const struct chan_handler parent_handlers[] = {
    {MSG_READY, on_ready},
    {MSG_BLAME, on_ready},
    {MSG_NONE_, NULL},
};
static const struct chan_ops parent_ops = {
    .handlers = parent_handlers,
    .gone = on_parent_gone,
};

static void
send_conf(const char *key, const char *value, int fd)
{
	struct wire_out body;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_str(&body, key);
	if (fd == -1)
		wire_put_str(&body, value);
	(void)chan_send(
	    rig.parent, fd == -1 ? MSG_CONF : MSG_CONF_FD, 0, &body, fd);
	wire_out_release(&body);
}

static void
send_peer(int fd)
{
	struct wire_out body;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u16(&body, ROLE_SCHED);
	wire_put_str(&body, "");
	(void)chan_send(rig.parent, MSG_PEER, 0, &body, fd);
	wire_out_release(&body);
}

/* As loepd starts it. */
static int
start(void **unused)
{
	int fds[2];

	(void)unused;
	if (chan_pair(fds) != ERR_OK)
		return -1;
	rig.pid = fork();
	if (rig.pid == 0) {
		(void)dup2(fds[1], 3);
		(void)execl(rig.binary, "loep-pgp", (char *)NULL);
		_exit(127);
	}
	(void)close(fds[1]);
	rig.loop = loop_new();
	rig.parent = chan_new(rig.loop, fds[0], ROLE_PARENT, ROLE_PGP, "");
	chan_set_ops(rig.parent, &parent_ops, NULL);
	send_conf("instance", "", -1);
	send_conf("secret_key_file", NULL, open(rig.secret, O_RDONLY));
	(void)chan_send(rig.parent, MSG_CONF_END, 0, NULL, -1);
	if (chan_pair(fds) != ERR_OK)
		return -1;
	send_peer(fds[1]);
	rig.asks = pgp_asks_new(rig.loop);
	rig.fd = -1;
	rig.is_gone = false;
	rig.peer = chan_new(rig.loop, fds[0], ROLE_SCHED, ROLE_PGP, "");
	chan_set_ops(rig.peer, &ops, NULL);
	pgp_asks_set_chan(rig.asks, rig.peer);
	while (pgp_asks_keys(rig.asks) == NULL && !rig.is_gone)
		loop_turn(rig.loop, 5000);
	return rig.is_gone ? -1 : 0;
}

static int
stop(void **unused)
{
	(void)unused;
	pgp_asks_free(rig.asks);
	chan_free(rig.peer);
	(void)chan_send(rig.parent, MSG_STOP, 0, NULL, -1);
	(void)waitpid(rig.pid, NULL, 0);
	chan_free(rig.parent);
	loop_free(rig.loop);
	json_decref(rig.detail);
	rig.detail = NULL;
	if (rig.fd != -1)
		(void)close(rig.fd);
	return 0;
}

static void
wait_for(int ends)
{
	while (rig.ends < ends)
		loop_turn(rig.loop, 30000);
}

static void
expect(enum err err, const char *why)
{
	if (rig.err != err || strcmp(rig.why, why) != 0)
		fail_msg("%s, \"%s\"; wanted %s, \"%s\"", err_name(rig.err),
		    rig.why, err_name(err), why);
}

static void
ask_bytes(struct pgp_order *order, const void *p, size_t len)
{
	int ends = rig.ends;

	order->out_fd = -1;
	(void)pgp_asks_start_bytes(rig.asks, order, p, len, on_done, NULL);
	/* Never from within. */
	assert_int_equal(rig.ends, ends);
	wait_for(ends + 1);
}

static void
test_keys(void **unused)
{
	const json_t *keys = json_object_get(pgp_asks_keys(rig.asks), "keys");
	const json_t *key = json_array_get(keys, 0);

	(void)unused;
	assert_int_equal(json_array_size(keys), 1);
	assert_int_equal(strlen(json_member_text(key, "fpr", "")), 40);
	assert_non_null(strstr(
	    json_member_text(key, "armor", ""), "BEGIN PGP PUBLIC KEY BLOCK"));
	assert_null(strstr(json_member_text(key, "armor", ""), "PRIVATE"));
}

static void
test_memory(void **unused)
{
	struct pgp_order order = {.what = PGP_ENCRYPT};
	const uint8_t *map;
	size_t len;
	int sealed;

	(void)unused;
	ask_bytes(&order, "plain", 5);
	expect(ERR_OK, "");
	sealed = take_fd(rig.fd);
	assert_int_equal(sealed_map(sealed, MIB, &map, &len), ERR_OK);
	order = (struct pgp_order){.what = PGP_DECRYPT};
	ask_bytes(&order, map, len);
	expect(ERR_OK, "");
	sealed_unmap(map, len);
	(void)close(sealed);
	assert_int_equal(sealed_map(rig.fd, MIB, &map, &len), ERR_OK);
	assert_int_equal(len, 5);
	assert_memory_equal(map, "plain", 5);
	sealed_unmap(map, len);
	/* What fails leaves nothing behind. */
	order = (struct pgp_order){.what = PGP_DECRYPT};
	ask_bytes(&order, "plain", 5);
	expect(ERR_FORMAT, "no_message");
	assert_int_equal(rig.fd, -1);
}

/* --- streams --- */

struct pump {
	pthread_t thread;
	int fd;
	size_t len;
	uint8_t sum;
};

static void *
pour(void *arg)
{
	struct pump *pump = arg;
	static uint8_t block[65536];

	for (size_t done = 0; done < pump->len; done += sizeof(block)) {
		memset(block, (int)(done >> 16), sizeof(block));
		if (file_write(pump->fd, block, sizeof(block)) != ERR_OK)
			break;
	}
	(void)close(pump->fd);
	return NULL;
}

static void *
drink(void *arg)
{
	struct pump *pump = arg;
	uint8_t block[65536];
	ssize_t n;

	while ((n = read(pump->fd, block, sizeof(block))) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			pump->sum |=
			    block[i] ^ (uint8_t)((pump->len + (size_t)i) >> 16);
		}
		pump->len += (size_t)n;
	}
	(void)close(pump->fd);
	return NULL;
}

/* A pipe's end for the order, the other for a thread. */
static void
pump_start(struct pump *pump, bool is_input, int *ret_fd)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pump->fd = fds[is_input ? 1 : 0];
	*ret_fd = fds[is_input ? 0 : 1];
	assert_int_equal(
	    pthread_create(&pump->thread, NULL, is_input ? pour : drink, pump),
	    0);
}

/* Peak memory of the children that ended so far. */
static long
peak_kib(void)
{
	char path[64], line[256];
	long peak = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", rig.pid);
	f = fopen(path, "r");
	if (f == NULL)
		return -1;
	while (fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, "VmHWM:", 6) == 0)
			peak = strtol(line + 6, NULL, 10);
	}
	(void)fclose(f);
	return peak;
}

/* Encrypted and decrypted at once, neither ever as a whole. */
static void
test_streams(void **unused)
{
	struct pump in = {.len = STREAM_BYTES}, out = {0};
	struct pgp_order encrypt = {
	    .what = PGP_ENCRYPT, .how = BLOB_STREAM, .size = PGP_SIZE_UNKNOWN};
	struct pgp_order decrypt = {
	    .what = PGP_DECRYPT, .how = BLOB_STREAM, .size = PGP_SIZE_UNKNOWN};
	int ends = rig.ends;
	int fds[2];

	(void)unused;
	(void)signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pump_start(&in, true, &encrypt.input_fd);
	pump_start(&out, false, &decrypt.out_fd);
	encrypt.out_fd = fds[1];
	decrypt.input_fd = fds[0];
	(void)pgp_asks_start(rig.asks, &encrypt, on_done, NULL);
	(void)pgp_asks_start(rig.asks, &decrypt, on_done, NULL);
	wait_for(ends + 1);
	expect(ERR_OK, "");
	wait_for(ends + 2);
	expect(ERR_OK, "");
	(void)pthread_join(in.thread, NULL);
	(void)pthread_join(out.thread, NULL);
	assert_int_equal(out.len, STREAM_BYTES);
	assert_int_equal(out.sum, 0);
	/* The long-lived process saw none of it. */
	assert_true(peak_kib() < 64 * 1024);
}

/* A stream that never comes: cancelled, and by its deadline. */
static void
test_called_off(void **unused)
{
	struct pgp_order order = {.what = PGP_DECRYPT,
	    .how = BLOB_STREAM,
	    .size = PGP_SIZE_UNKNOWN,
	    .out_fd = -1,
	    .seconds = 1};
	int ends = rig.ends;
	int fds[2], more[2];
	uint32_t id;

	(void)unused;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	order.input_fd = fds[0];
	(void)pgp_asks_start(rig.asks, &order, on_done, NULL);
	wait_for(ends + 1);
	expect(ERR_LIMIT, "time");
	(void)close(fds[1]);
	assert_int_equal(pipe2(more, O_CLOEXEC), 0);
	order.input_fd = more[0];
	order.seconds = 600;
	id = pgp_asks_start(rig.asks, &order, on_done, NULL);
	pgp_asks_cancel(rig.asks, id);
	/* It hears no more of it, and others are still served. */
	test_memory(NULL);
	assert_int_equal(rig.ends, ends + 4);
	(void)close(more[1]);
}

/* Nobody reads: it ends, and says so. */
static void
test_reader_gone(void **unused)
{
	struct pump in = {.len = STREAM_BYTES};
	struct pgp_order order = {
	    .what = PGP_ENCRYPT, .how = BLOB_STREAM, .size = STREAM_BYTES};
	int ends = rig.ends;
	int fds[2];

	(void)unused;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	(void)close(fds[0]);
	order.out_fd = fds[1];
	pump_start(&in, true, &order.input_fd);
	(void)pgp_asks_start(rig.asks, &order, on_done, NULL);
	wait_for(ends + 1);
	expect(ERR_EOF, "output");
	(void)pthread_join(in.thread, NULL);
}

/* Fewer bytes than were promised are no message's end. */
static void
test_input_cut(void **unused)
{
	struct pump in = {.len = MIB};
	struct pgp_order order = {.what = PGP_ENCRYPT,
	    .how = BLOB_STREAM,
	    .size = 2 * MIB,
	    .out_fd = -1};
	int ends = rig.ends;

	(void)unused;
	pump_start(&in, true, &order.input_fd);
	(void)pgp_asks_start(rig.asks, &order, on_done, NULL);
	wait_for(ends + 1);
	expect(ERR_SYS, "input");
	assert_int_equal(rig.fd, -1);
	(void)pthread_join(in.thread, NULL);
}

static void
test_broken_protocol(void **unused)
{
	int ends = rig.ends;
	struct wire_out body;

	(void)unused;
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u8(&body, 99);
	wire_put_u64(&body, 0);
	wire_put_u8(&body, BLOB_MEMFD);
	wire_put_bytes(&body, "{}", 2);
	assert_int_equal(chan_send(rig.peer, MSG_PGP_ASK, 7, &body,
			     open("/dev/null", O_RDONLY)),
	    ERR_OK);
	wire_out_release(&body);
	while (!rig.is_gone)
		loop_turn(rig.loop, 5000);
	/* Without it, one is told so. */
	(void)pgp_asks_start_bytes(rig.asks,
	    &(struct pgp_order){.what = PGP_INSPECT, .out_fd = -1}, "a", 1,
	    on_done, NULL);
	wait_for(ends + 1);
	expect(ERR_UNAVAILABLE, "away");
}

static int
make_secret(void **unused)
{
	static char path[] = "/tmp/loep-pgp-XXXXXX";
	const char *o = getenv("O");
	auto_free char *command = NULL;
	int fd = mkstemp(path);

	(void)unused;
	if (fd == -1)
		return -1;
	(void)close(fd);
	rig.secret = path;
	rig.binary = xasprintf("%s/loep-pgp", o != NULL ? o : "build");
	command = xasprintf(
	    "%s --make-key 'CERT <cert@cert.example>' >%s", rig.binary, path);
	return system(command);
}

static int
drop_secret(void **unused)
{
	(void)unused;
	(void)unlink(rig.secret);
	free(rig.binary);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_keys, start, stop),
	    cmocka_unit_test_setup_teardown(test_memory, start, stop),
	    cmocka_unit_test_setup_teardown(test_streams, start, stop),
	    cmocka_unit_test_setup_teardown(test_called_off, start, stop),
	    cmocka_unit_test_setup_teardown(test_reader_gone, start, stop),
	    cmocka_unit_test_setup_teardown(test_input_cut, start, stop),
	    cmocka_unit_test_setup_teardown(test_broken_protocol, start, stop),
	};

	return cmocka_run_group_tests(tests, make_secret, drop_secret);
}
