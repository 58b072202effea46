/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_guest.h - a hypervisor and a guest's agent for tests: part of the test
 * that includes it.
 */
#ifndef FAKE_GUEST_H
#define FAKE_GUEST_H

#include "lib/xalloc.h"
#include "vm/slot.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>

/* What the guest does once its sample was started. */
enum act {
	ACT_END,
	ACT_TIMEOUT,
	ACT_REFUSE, /* NOT_EXECUTED */
	ACT_OFF,    /* powers off */
	ACT_CRASH,
	ACT_SILENT,  /* says nothing any more */
	ACT_HANG_UP, /* its channel ends, the guest goes on */
	ACT_FLOOD,
	ACT_FOREVER, /* chatters until it is stopped */
	ACT_DEAF,    /* does not even answer PING after the restore */
	ACT_NO_BOOT  /* the machine does not start */
};

struct fake {
	enum act act;
	enum guest_fate fate;
	int boots, saves, restores, destroys, overlays;
	bool is_there;
	pthread_t thread;
	bool has_thread;
	int fd; /* the agent's end */
	struct slot *slot;
	char sample[64];
	size_t sample_len;
	uint64_t time_limit_ms;
	bool net_fails;
	bool net_is_deaf;
	char policy[256];
	int progress;
};

static struct fake fake;
static char folder[] = "/tmp/loep-slot-XXXXXX";
static struct profile profile;
static struct slot slot;

/* --- the agent --- */

struct agent {
	uint32_t sequence;
	struct gwire_decoder in;
	struct gwire_builder out;
	uint8_t frame[WIRE_FRAME_BYTES];
};

static void
begin(struct agent *a, enum gwire_type type)
{
	gwire_begin(&a->out, a->frame, sizeof(a->frame), type);
}

static void
end(struct agent *a)
{
	size_t len = gwire_end(&a->out, ++a->sequence);

	(void)!send(fake.fd, a->frame, len, MSG_NOSIGNAL);
}

static void
ack(struct agent *a, const struct gwire_frame *f)
{
	begin(a, WIRE_ACK);
	gwire_put_number(&a->out, WIRE_K_ACKED, f->sequence);
	gwire_put_number(&a->out, WIRE_K_CODE, WIRE_A_OK);
	end(a);
}

static void
say_done(struct agent *a, enum gwire_cause cause)
{
	begin(a, WIRE_DONE);
	gwire_put_number(&a->out, WIRE_K_CAUSE, cause);
	end(a);
}

static void
flood(struct agent *a)
{
	static uint8_t data[60000];

	for (int i = 0; i < 400; i++) {
		begin(a, WIRE_CONSOLE);
		gwire_put_bytes(&a->out, WIRE_K_DATA, data, sizeof(data));
		end(a);
	}
}

static void
perform(struct agent *a)
{
	begin(a, WIRE_STARTED);
	end(a);
	switch (fake.act) {
	case ACT_END:
		say_done(a, WIRE_C_ENDED);
		break;
	case ACT_TIMEOUT:
		say_done(a, WIRE_C_TIMEOUT);
		break;
	case ACT_REFUSE:
		begin(a, WIRE_NOT_EXECUTED);
		gwire_put_text(&a->out, WIRE_K_TEXT, "no such program");
		end(a);
		say_done(a, WIRE_C_NOT_EXECUTED);
		break;
	case ACT_OFF:
	case ACT_CRASH:
		fake.fate = fake.act == ACT_OFF ? GUEST_OFF : GUEST_CRASHED;
		slot_wake(fake.slot);
		break;
	case ACT_HANG_UP:
		(void)shutdown(fake.fd, SHUT_RDWR);
		break;
	case ACT_FLOOD:
		flood(a);
		break;
	default:
		break;
	}
}

static void
remember(const struct gwire_frame *f)
{
	const uint8_t *p;
	size_t len;

	if (f->type == WIRE_SAMPLE)
		fake.time_limit_ms = gwire_number(f, WIRE_K_TIME_LIMIT_MS, 0);
	p = gwire_bytes(f, WIRE_K_DATA, &len);
	if (f->type == WIRE_SAMPLE_DATA && p != NULL &&
	    len <= sizeof(fake.sample) - fake.sample_len) {
		memcpy(fake.sample + fake.sample_len, p, len);
		fake.sample_len += len;
	}
}

static void
handle(struct agent *a, const struct gwire_frame *f)
{
	remember(f);
	switch (f->type) {
	case WIRE_HELLO:
		begin(a, WIRE_READY);
		end(a);
		break;
	case WIRE_SAMPLE_DATA:
		break;
	case WIRE_START:
		ack(a, f);
		perform(a);
		break;
	case WIRE_STOP:
		ack(a, f);
		if (fake.act == ACT_FOREVER)
			say_done(a, WIRE_C_STOPPED);
		break;
	case WIRE_PING:
		if (fake.act == ACT_SILENT && fake.sample_len > 0 &&
		    a->sequence > 4)
			break;
		if (fake.act == ACT_DEAF && fake.restores > 0)
			break;
		ack(a, f);
		break;
	default:
		ack(a, f);
		break;
	}
}

static void *
agent_main(void *arg)
{
	struct agent *a = xcalloc(1, sizeof(*a));
	struct gwire_frame f;
	uint8_t buf[4096];
	ssize_t n;

	(void)arg;
	while ((n = recv(fake.fd, buf, sizeof(buf), 0)) > 0) {
		const uint8_t *p = buf;

		while (n > 0) {
			size_t took = gwire_push(&a->in, p, (size_t)n);

			p += took;
			n -= (ssize_t)took;
			while (gwire_next(&a->in, &f))
				handle(a, &f);
		}
	}
	free(a);
	return NULL;
}

/* --- the hypervisor --- */

static int
do_boot(void *arg, const struct machine *m, char *why)
{
	(void)arg;
	(void)m;
	fake.boots++;
	fake.fate = GUEST_RUNS;
	if (fake.act == ACT_NO_BOOT) {
		(void)snprintf(why, DRIVER_WHY_BYTES, "no boot today");
		return ERR_SYS;
	}
	fake.is_there = true;
	return ERR_OK;
}

static void
end_agent(void)
{
	if (!fake.has_thread)
		return;
	(void)shutdown(fake.fd, SHUT_RDWR);
	(void)pthread_join(fake.thread, NULL);
	(void)close(fake.fd);
	fake.has_thread = false;
}

static int
do_save(void *arg, const struct machine *m, const char *path, char *why)
{
	(void)arg;
	(void)m;
	(void)why;
	fake.saves++;
	fake.is_there = false;
	end_agent();
	(void)close(open(path, O_WRONLY | O_CREAT, 0600));
	return ERR_OK;
}

static int
do_restore(void *arg, const struct machine *m, const char *path, char *why)
{
	(void)arg;
	(void)m;
	(void)why;
	assert_false(fake.is_there);
	assert_int_equal(access(path, R_OK), 0);
	assert_int_equal(access(m->overlay, R_OK), 0);
	fake.restores++;
	fake.fate = GUEST_RUNS;
	fake.is_there = true;
	return ERR_OK;
}

static int
do_destroy(void *arg, const struct machine *m, char *why)
{
	(void)arg;
	(void)m;
	(void)why;
	fake.destroys++;
	fake.is_there = false;
	end_agent();
	return ERR_OK;
}

static int
do_open_port(
    void *arg, const struct machine *m, struct port **ret_port, char *why)
{
	int fds[2];

	(void)arg;
	(void)m;
	(void)why;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	fake.fd = fds[0];
	fake.has_thread =
	    pthread_create(&fake.thread, NULL, agent_main, NULL) == 0;
	*ret_port = port_of_fd(fds[1]);
	return ERR_OK;
}

static int
do_overlay(void *arg, const char *backing, const char *path, char *why)
{
	(void)arg;
	(void)why;
	assert_int_equal(access(backing, R_OK), 0);
	fake.overlays++;
	(void)close(open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600));
	return ERR_OK;
}

static enum guest_fate
do_fate(void *arg, const struct machine *m)
{
	(void)arg;
	(void)m;
	return fake.fate;
}

#endif
