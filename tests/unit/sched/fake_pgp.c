/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_pgp.c - a loep-pgp whose ciphertext is the plain bytes, each with its
 * bits turned over.
 */
#include "fake.h"

#include "lib/own.h"
#include "lib/sealed.h"
#include "lib/xalloc.h"

#include <unistd.h>

#define BYTES_MAX 65536

struct chan *fake_peer(struct fake *f, enum role role, const char *instance);

static size_t
turn(int fd, uint8_t *bytes, bool is_pipe)
{
	size_t len = 0;
	ssize_t n;

	do {
		n = is_pipe
			? read(fd, bytes + len, BYTES_MAX - len)
			: pread(fd, bytes + len, BYTES_MAX - len, (off_t)len);
		assert_true(n >= 0);
		len += (size_t)n;
	} while (n > 0);
	for (size_t i = 0; i < len; i++)
		bytes[i] ^= 0xff;
	return len;
}

static void
answer(struct fake_pgp *p, uint32_t request, enum err err, const char *why,
    size_t bytes, int fd)
{
	char detail[64];
	struct wire_out body;

	(void)snprintf(detail, sizeof(detail), "{\"bytes\":%zu}", bytes);
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u8(&body, (uint8_t)err);
	wire_put_str(&body, why);
	wire_put_bytes(&body, detail, strlen(detail));
	(void)chan_send(p->chan, MSG_PGP_DONE, request, &body, fd);
	wire_out_release(&body);
}

static int
on_ask(void *arg, struct chan *chan, struct msg *msg)
{
	struct fake_pgp *p = arg;

	(void)chan;
	p->what = wire_get_u8(&msg->in);
	(void)wire_get_u64(&msg->in);
	(void)wire_get_u8(&msg->in);
	if (p->input_fd != -1)
		(void)close(p->input_fd);
	p->input_fd = take_fd(msg->fd);
	return ERR_OK;
}

static int
on_out(void *arg, struct chan *chan, struct msg *msg)
{
	static uint8_t bytes[BYTES_MAX];
	struct fake_pgp *p = arg;
	size_t len;
	int fd = -1;

	(void)chan;
	p->asked[p->what]++;
	if (p->fails[p->what] != NULL) {
		answer(p, msg->request, p->err, p->fails[p->what], 0, -1);
		return ERR_OK;
	}
	len = turn(p->input_fd, bytes, p->what == PGP_ENCRYPT);
	if (p->what == PGP_DECRYPT) {
		assert_int_equal(msg->fd, -1);
		assert_int_equal(sealed_make("plain", bytes, len, &fd), ERR_OK);
	} else {
		assert_int_equal(write(msg->fd, bytes, len), (ssize_t)len);
		(void)close(take_fd(msg->fd));
	}
	answer(p, msg->request, ERR_OK, "", len, fd);
	return ERR_OK;
}

static int
on_cancel(void *arg, struct chan *chan, struct msg *msg)
{
	struct fake_pgp *p = arg;

	(void)chan;
	(void)msg;
	p->cancels++;
	return ERR_OK;
}

static void
on_gone(void *arg, struct chan *chan, int err)
{
	struct fake_pgp *p = arg;

	(void)err;
	p->chan = NULL;
	chan_free(chan);
}

void
fake_pgp_attach(struct fake *f, struct fake_pgp *p, const char *keys)
{
	static const struct chan_handler handlers[] = {
	    {MSG_PGP_ASK, on_ask},
	    {MSG_PGP_OUT, on_out},
	    {MSG_PGP_CANCEL, on_cancel},
	    {MSG_NONE_, NULL},
	};
	static const struct chan_ops ops = {
	    .handlers = handlers,
	    .gone = on_gone,
	};
	int fd;

	p->input_fd = -1;
	p->chan = fake_peer(f, ROLE_PGP, "");
	chan_set_ops(p->chan, &ops, p);
	assert_int_equal(sealed_make("keys", keys, strlen(keys), &fd), ERR_OK);
	(void)chan_send(p->chan, MSG_PGP_KEYS, 0, NULL, fd);
}

void
fake_pgp_detach(struct fake_pgp *p)
{
	if (p->input_fd != -1)
		(void)close(p->input_fd);
	p->input_fd = -1;
	if (p->chan != NULL)
		chan_free(p->chan);
	p->chan = NULL;
}
