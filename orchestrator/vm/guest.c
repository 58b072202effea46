/* SPDX-License-Identifier: Apache-2.0 */
/* guest.c - talking to the agent. */
#include "vm/guest.h"

#include "lib/log.h"
#include "lib/loop.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define HELLO_EVERY_MS 3000u

void
guest_init(struct guest *guest, struct port *port, int wake_fd,
    int (*check)(void *arg, char *why), void *arg)
{
	memset(guest, 0, sizeof(*guest));
	guest->port = port;
	guest->wake_fd = wake_fd;
	guest->check = check;
	guest->arg = arg;
}

static int
say(char *why, int err, const char *text)
{
	(void)snprintf(why, GUEST_WHY_BYTES, "%s", text);
	return err;
}

int
guest_wait(struct guest *guest, uint64_t until_ms, bool wants_write, char *why)
{
	struct pollfd set[2];
	uint64_t now_ms = loop_now_ms(), count;
	int timeout_ms, err;

	if (now_ms >= until_ms)
		return say(why, ERR_AGAIN, "the agent did not answer in time");
	timeout_ms =
	    until_ms - now_ms > 60000 ? 60000 : (int)(until_ms - now_ms);
	port_arm(guest->port, wants_write);
	set[0] = (struct pollfd){
	    .fd = guest->port->fd, .events = guest->port->events};
	set[1] = (struct pollfd){.fd = guest->wake_fd, .events = POLLIN};
	if (poll(set, 2, timeout_ms) == -1 && errno != EINTR)
		return say(why, ERR_SYS, "poll failed");
	if (guest->wake_fd != -1 && (set[1].revents & POLLIN))
		(void)!read(guest->wake_fd, &count, sizeof(count));
	/* Always asked: a wake may have been taken by an earlier wait. */
	err = guest->check == NULL ? ERR_OK : guest->check(guest->arg, why);
	return err;
}

struct gwire_builder *
guest_begin(struct guest *guest, enum gwire_type type)
{
	gwire_begin(&guest->out, guest->frame, sizeof(guest->frame), type);
	return &guest->out;
}

int
guest_send(
    struct guest *guest, uint64_t until_ms, uint32_t *ret_sequence, char *why)
{
	size_t size = gwire_end(&guest->out, ++guest->sequence), at = 0;

	if (size == 0)
		return say(
		    why, ERR_LIMIT, "a command to the agent is too long");
	while (at < size) {
		size_t n = 0;
		int err =
		    port_write(guest->port, guest->frame + at, size - at, &n);

		if (err == ERR_AGAIN)
			err = guest_wait(guest, until_ms, true, why);
		else if (err != ERR_OK)
			return say(why, err, "the agent's channel is broken");
		if (err != ERR_OK)
			return err;
		at += n;
	}
	if (ret_sequence != NULL)
		*ret_sequence = guest->sequence;
	return ERR_OK;
}

/* The next frame from the agent. */
static int
receive(struct guest *guest, uint64_t until_ms, struct gwire_frame *ret_frame,
    char *why)
{
	uint8_t buf[4096];
	size_t n = 0;
	int err;

	while (!gwire_next(&guest->in, ret_frame)) {
		/* Never more than the decoder has room for. */
		size_t room =
		    sizeof(guest->in.buf) - (guest->in.end - guest->in.start);

		if (room > sizeof(buf))
			room = sizeof(buf);
		err = port_read(guest->port, buf, room, &n);
		if (err == ERR_OK)
			(void)gwire_push(&guest->in, buf, n);
		else if (err == ERR_AGAIN)
			err = guest_wait(guest, until_ms, false, why);
		else
			return say(why, err, "the agent's channel ended");
		if (err != ERR_OK)
			return err;
	}
	return ERR_OK;
}

static int
take_ack(const struct gwire_frame *frame, char *why)
{
	uint64_t code = gwire_number(frame, WIRE_K_CODE, WIRE_A_INVALID);
	char text[256] = "";
	size_t size;
	const uint8_t *p = gwire_bytes(frame, WIRE_K_TEXT, &size);

	if (code == WIRE_A_OK)
		return ERR_OK;
	if (p != NULL)
		(void)log_quote_text(text, sizeof(text), p, size);
	(void)snprintf(why, GUEST_WHY_BYTES,
	    "the agent refused (code %llu): %s", (unsigned long long)code,
	    text);
	return ERR_DENIED;
}

int
guest_ask(struct guest *guest, uint64_t until_ms, char *why)
{
	struct gwire_frame frame;
	uint32_t sequence;
	int err = guest_send(guest, until_ms, &sequence, why);

	while (err == ERR_OK) {
		err = receive(guest, until_ms, &frame, why);
		if (err == ERR_OK && frame.type == WIRE_ACK &&
		    gwire_number(&frame, WIRE_K_ACKED, 0) == sequence)
			return take_ack(&frame, why);
	}
	return err;
}

int
guest_hello(struct guest *guest, uint64_t until_ms, char *why)
{
	struct gwire_frame frame;
	int err;

	for (;;) {
		uint64_t again_ms = loop_now_ms() + HELLO_EVERY_MS;

		if (again_ms > until_ms)
			again_ms = until_ms;
		(void)guest_begin(guest, WIRE_HELLO);
		gwire_put_number(&guest->out, WIRE_K_VERSION, WIRE_VERSION);
		err = guest_send(guest, until_ms, NULL, why);
		while (err == ERR_OK) {
			err = receive(guest, again_ms, &frame, why);
			if (err == ERR_OK && frame.type == WIRE_READY)
				return ERR_OK;
		}
		if (err != ERR_AGAIN || loop_now_ms() >= until_ms)
			return err;
	}
}

int
guest_ping(struct guest *guest, uint64_t until_ms, char *why)
{
	(void)guest_begin(guest, WIRE_PING);
	return guest_ask(guest, until_ms, why);
}

int
guest_set_clock(struct guest *guest, uint64_t until_ms, char *why)
{
	(void)guest_begin(guest, WIRE_SET_CLOCK);
	gwire_put_number(
	    &guest->out, WIRE_K_WALL_NS, (uint64_t)loop_wall_us() * 1000);
	return guest_ask(guest, until_ms, why);
}
