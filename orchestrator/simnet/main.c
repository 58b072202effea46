/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loep-simnet - the Internet that guests see, and the capture of what they
 * do on it.
 *
 * Touches: the packet sockets of the taps that it was given (tap0 ...), pipes
 *	for captures, and sockets of its own namespace, for the proof that
 *	nothing gets out (proof.h).
 * Trusts:  nothing that arrives on a tap.
 * Ends:    at STOP, or when loepd ends.
 */
#include "lib/limits.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/program.h"
#include "simnet/proof.h"
#include "simnet/tap.h"

#include <inttypes.h>

struct simnet {
	struct program program;
	struct chan *vm;
	struct tap taps[PROOF_TAPS_MAX];
	size_t count;
};

static struct simnet simnet;

static const struct cage cage = {
    .name = "simnet",
    .groups = CAGE_SOCKET,
    .files_max = 256,
};

static struct tap *
find(struct simnet *s, const char *tap)
{
	for (size_t i = 0; i < s->count; i++) {
		if (strcmp(s->taps[i].name, tap) == 0)
			return &s->taps[i];
	}
	return NULL;
}

static struct tap *
find_slot(struct simnet *s, const char *slot)
{
	for (size_t i = 0; i < s->count; i++) {
		if (s->taps[i].stack != NULL &&
		    strcmp(s->taps[i].slot, slot) == 0)
			return &s->taps[i];
	}
	return NULL;
}

static void
send_ready(struct simnet *s, const char *slot, int err, const json_t *proof)
{
	auto_free char *text = json_canonical(proof);
	struct wire_out body;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_str(&body, slot);
	wire_put_u8(&body, (uint8_t)err);
	wire_put_str(&body, text);
	(void)chan_send(s->vm, MSG_NET_READY, 0, &body, -1);
	wire_out_release(&body);
}

static void
on_done(void *arg, struct tap *tap, const char *summary)
{
	struct simnet *s = arg;
	struct wire_out body;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_str(&body, tap->slot);
	wire_put_str(&body, summary);
	if (s->vm != NULL)
		(void)chan_send(s->vm, MSG_NET_DONE, 0, &body, -1);
	wire_out_release(&body);
}

static int
prove(
    struct simnet *s, const char *tap, const json_t *policy, json_t **ret_proof)
{
	const char *cookie = json_member_text(policy, "netns_cookie", "0");
	struct proof_conf conf = {.taps = s->count, .tap = tap};

	for (size_t i = 0; i < s->count; i++)
		conf.packet_fds[i] = s->taps[i].fd;
	conf.vm_cookie = strtoull(cookie, NULL, 10);
	return proof_make(&conf, ret_proof);
}

static int
on_net_begin(void *arg, struct chan *chan, struct msg *msg)
{
	struct simnet *s = arg;
	auto_json json_t *policy = NULL;
	auto_json json_t *proof = NULL;
	char slot[64], name[16];
	const uint8_t *text;
	struct tap *tap;
	size_t len;
	int err;

	(void)chan;
	wire_get_str(&msg->in, slot, sizeof(slot));
	wire_get_str(&msg->in, name, sizeof(name));
	text = wire_get_bytes(&msg->in, &len);
	if (msg->in.is_failed ||
	    json_parse(text, len, LIMIT_TEXT_BYTES, 4, &policy) != ERR_OK)
		return ERR_PEER;
	tap = find(s, name);
	err = prove(s, name, policy, &proof);
	if (tap == NULL)
		err = ERR_NOT_FOUND;
	if (err == ERR_OK) {
		(void)snprintf(tap->slot, sizeof(tap->slot), "%s", slot);
		tap->done = on_done;
		tap->arg = s;
		tap_begin(tap, take_fd(msg->fd),
		    strcmp(json_member_text(policy, "mode", "none"),
			"simulated") == 0);
	} else {
		log_line(LOG_ERROR,
		    "msg=\"no proof of closed egress\" slot=\"%s\"", slot);
	}
	send_ready(s, slot, err, proof);
	return ERR_OK;
}

static int
on_net_end(void *arg, struct chan *chan, struct msg *msg)
{
	struct simnet *s = arg;
	struct wire_out body;
	struct tap *tap;
	char slot[64];

	wire_get_str(&msg->in, slot, sizeof(slot));
	if (msg->in.is_failed)
		return ERR_PEER;
	tap = find_slot(s, slot);
	if (tap != NULL) {
		tap_end(tap);
		return ERR_OK;
	}
	/* A run whose proof failed has nothing to tell. */
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_str(&body, slot);
	wire_put_str(&body, "{}");
	(void)chan_send(chan, MSG_NET_DONE, 0, &body, -1);
	wire_out_release(&body);
	return ERR_OK;
}

static void
on_vm_gone(void *arg, struct chan *chan, int err)
{
	struct simnet *s = arg;

	if (err == ERR_PEER)
		program_blame(&s->program, chan, "broke the protocol");
	if (s->vm == chan)
		s->vm = NULL;
	for (size_t i = 0; i < s->count; i++)
		tap_abort(&s->taps[i]);
	chan_free(chan);
}

static const struct chan_handler handlers[] = {
    {MSG_NET_BEGIN, on_net_begin},
    {MSG_NET_END, on_net_end},
    {MSG_NONE_, NULL},
};

static const struct chan_ops vm_ops = {
    .handlers = handlers,
    .gone = on_vm_gone,
};

static void
on_peer(void *arg, struct chan *chan)
{
	struct simnet *s = arg;

	if (chan_peer(chan) != ROLE_VM) {
		chan_free(chan);
		return;
	}
	if (s->vm != NULL)
		on_vm_gone(s, s->vm, ERR_EOF);
	s->vm = chan;
	chan_set_ops(chan, &vm_ops, s);
}

int
main(void)
{
	static const struct program_ops ops = {.peer = on_peer};
	struct simnet *s = &simnet;

	program_start(&s->program, ROLE_SIMNET, "loep-simnet");
	for (size_t i = 0; i < PROOF_TAPS_MAX; i++) {
		char key[16];
		int fd;

		(void)snprintf(key, sizeof(key), "tap%hhu", (unsigned char)i);
		fd = program_conf_fd(&s->program, key);
		if (fd == -1)
			break;
		tap_init(&s->taps[s->count++], s->program.loop, fd);
	}
	log_line(LOG_INFO, "msg=\"the taps are there\" count=%zu", s->count);
	program_enter_cage(&s->program, &cage);
	program_run(&s->program, &ops, s);
	return 0;
}
