/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loep-hook - tells organisations' endpoints what happened (Standard Webhooks).
 *
 * Reads:  what is due, signed (HOOK_LEASE); what receivers answer.
 * Writes: to receivers; what became of each message (HOOK_DONE).
 * Trusts: nothing that a receiver says but its status.  It holds no secret of
 *         an endpoint, can make no socket and open no file: connections come
 *         from its dialers, which go nowhere but to the open internet, or where
 *         the configuration allows (lib/dial_any.h).
 * Ends:   with its parent, or when a dialer is gone.  What was on its way is
 *         sent again, with the same id.
 */
#include "hook/post.h"
#include "lib/dial_any.h"
#include "lib/fileio.h"
#include "lib/limits.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/store_link.h"
#include "lib/utf8.h"
#include "lib/xalloc.h"

#include <inttypes.h>

/* Messages on their way at a time, one of an endpoint each: a receiver that
 * lets us wait holds up no other. */
#define SLOTS 6
/* The store is asked again after this, without a hint of it. */
#define LOOK_MS	       2000
#define FILE_BYTES_MAX ((size_t)4 * MIB)
#define WHY_BYTES      256
#define ID_BYTES       64

struct hooks;

enum slot_state {
	SLOT_FREE,
	SLOT_DIALLING,
	SLOT_POSTING,
	SLOT_ENDED /* the store must still hear of it */
};

/* One message, from its lease until the store knows its end. */
struct slot {
	struct hooks *hooks;
	enum slot_state state;
	int dialer;
	struct loop_watch *watch;
	bool is_telling;
	char id[ID_BYTES];
	char *url;
	struct place place;
	int64_t at_s;
	char *body;
	char *signature;
	/* How it ended. */
	const char *outcome;
	int64_t code;
	int64_t retry_after_s;
	char why[WHY_BYTES];
};

struct hooks {
	struct program program;
	struct store_link store;
	struct loop_timer *timer;
	struct post_conf post;
	char *authorities;
	bool is_leasing;
	struct slot slots[SLOTS];
};

static struct hooks hooks;

static void look(struct hooks *h);

static void
on_look(void *arg)
{
	struct hooks *h = arg;

	h->timer = NULL;
	look(h);
}

static void
look_later(struct hooks *h, uint64_t ms)
{
	loop_timer_cancel(h->timer);
	h->timer = loop_timer(h->program.loop, ms, on_look, h);
}

/* --- what became of it --- */

static void
slot_clear(struct slot *s)
{
	free(s->url);
	free(s->body);
	free(s->signature);
	s->url = s->body = s->signature = NULL;
	s->state = SLOT_FREE;
	s->id[0] = '\0';
}

static void
on_told(void *arg, enum err err, const char *why, int fd)
{
	struct slot *s = arg;

	if (fd != -1)
		(void)close(fd);
	s->is_telling = false;
	/* A store that is away hears it when it is back. */
	if (err == ERR_UNAVAILABLE)
		return;
	if (err != ERR_OK)
		log_line(LOG_WARN,
		    "msg=\"the store takes no end\" delivery=%s reason=\"%s\"",
		    s->id, why);
	slot_clear(s);
	look_later(s->hooks, 0);
}

static void
tell(struct slot *s)
{
	struct values params;

	if (s->is_telling || !calls_is_connected(s->hooks->store.calls))
		return;
	s->is_telling = true;
	values_init(&params);
	values_add_text(&params, s->id);
	values_add_text(&params, s->outcome);
	values_add_int(&params, s->code);
	values_add_int(&params, s->retry_after_s);
	values_add_text(&params, s->why);
	(void)calls_start(s->hooks->store.calls, CALL_HOOK_DONE, 0, &params, -1,
	    NULL, on_told, s);
}

static void
end(struct slot *s, const char *outcome, const char *why)
{
	s->state = SLOT_ENDED;
	s->outcome = outcome;
	utf8_to_ascii(s->why, sizeof(s->why), why);
	if (strcmp(outcome, "delivered") != 0)
		log_line(LOG_WARN,
		    "msg=\"a message was not taken\" delivery=%s outcome=%s "
		    "code=%" PRId64 " reason=\"%s\"",
		    s->id, outcome, s->code, s->why);
	tell(s);
}

static void
on_posted(void *arg, const struct post_answer *answer)
{
	struct slot *s = arg;
	char why[64];

	s->code = answer->status;
	s->retry_after_s = answer->retry_after_s;
	(void)snprintf(
	    why, sizeof(why), "the receiver answers %ld", answer->status);
	if (answer->status == 0)
		end(s, "unreachable", answer->why);
	else if (answer->status < 300)
		end(s, "delivered", "");
	else
		end(s, answer->status == 410 ? "gone" : "refused", why);
}

/* --- sending --- */

static void
on_dialled(void *arg, int fd, unsigned int events)
{
	struct slot *s = arg;
	struct post_request request = {
	    .url = s->url,
	    .place = &s->place,
	    .id = s->id,
	    .at_s = s->at_s,
	    .signature = s->signature,
	    .body = s->body,
	    .fd = -1,
	};
	char why[WHY_BYTES];
	int err = dial_any_take(fd, why, sizeof(why), &request.fd);

	(void)events;
	if (err == ERR_EOF) {
		log_line(LOG_ERROR, "msg=\"a dialer is gone\"");
		exit(75);
	}
	loop_unwatch(s->watch);
	s->watch = NULL;
	if (err != ERR_OK) {
		end(s, "unreachable", why);
		return;
	}
	s->state = SLOT_POSTING;
	if (post_new(&s->hooks->post, &request, on_posted, s) == NULL)
		end(s, "unreachable", "libcurl refuses the address");
}

static void
dial(struct slot *s)
{
	if (place_read(s->url, &s->place) != ERR_OK || !s->place.is_tls) {
		end(s, "unreachable", "that is no address with https");
		return;
	}
	if (dial_any_ask(s->dialer, s->place.host, s->place.port) != ERR_OK) {
		log_line(LOG_ERROR, "msg=\"a dialer is gone\"");
		exit(75);
	}
	s->state = SLOT_DIALLING;
	s->watch = loop_watch(
	    s->hooks->program.loop, s->dialer, LOOP_READ, on_dialled, s);
}

/* --- leasing --- */

static char *
column(const struct values *row, const char *name)
{
	return values_text_dup(row, (size_t)call_column(CALL_HOOK_LEASE, name));
}

static void
on_row(void *arg, const struct values *row)
{
	struct hooks *h = arg;
	auto_free char *id = column(row, "id");
	struct slot *s = NULL;

	for (size_t i = 0; i < SLOTS; i++) {
		/* The store was away when we told it, and does not know. */
		if (h->slots[i].state != SLOT_FREE &&
		    strcmp(h->slots[i].id, id) == 0)
			return;
		if (h->slots[i].state == SLOT_FREE && s == NULL)
			s = &h->slots[i];
	}
	if (s == NULL)
		return;
	(void)snprintf(s->id, sizeof(s->id), "%s", id);
	s->url = column(row, "url");
	s->body = column(row, "body");
	s->signature = column(row, "signature");
	s->at_s = values_int(row, (size_t)call_column(CALL_HOOK_LEASE, "at"));
	s->code = s->retry_after_s = 0;
	dial(s);
}

static void
on_leased(void *arg, enum err err, const char *why, int fd)
{
	struct hooks *h = arg;

	if (fd != -1)
		(void)close(fd);
	if (err != ERR_OK && err != ERR_UNAVAILABLE)
		log_line(
		    LOG_WARN, "msg=\"nothing is leased\" reason=\"%s\"", why);
	h->is_leasing = false;
}

/* Tells what is untold, asks for as much as there is room for. */
static void
look(struct hooks *h)
{
	struct values params;
	int64_t room = 0;

	for (size_t i = 0; i < SLOTS; i++) {
		room += h->slots[i].state == SLOT_FREE;
		if (h->slots[i].state == SLOT_ENDED)
			tell(&h->slots[i]);
	}
	look_later(h, LOOK_MS);
	if (room == 0 || h->is_leasing || h->slots[0].dialer == -1 ||
	    !calls_is_connected(h->store.calls))
		return;
	h->is_leasing = true;
	values_init(&params);
	values_add_int(&params, room);
	(void)calls_start(h->store.calls, CALL_HOOK_LEASE, 0, &params, -1,
	    on_row, on_leased, h);
}

static void
on_came(void *arg)
{
	look(arg);
}

static void
on_changed(void *arg)
{
	/* With others that come along. */
	look_later(arg, 20);
}

static void
on_peer(void *arg, struct chan *chan)
{
	struct hooks *h = arg;

	store_link_peer(&h->store, chan);
}

/* --- the start --- */

/* The dialers, and libcurl with all that it wants to read. */
static void
prepare(struct hooks *h)
{
	struct program *p = &h->program;
	auto_close int ca_fd = program_conf_fd(p, "ca_file");
	struct inet_ranges allowed;

	for (size_t i = 0; i < SLOTS; i++) {
		h->slots[i].hooks = h;
		h->slots[i].dialer = -1;
	}
	if (inet_ranges_read(program_conf(p, "allow", ""), &allowed) !=
	    ERR_OK) {
		log_line(LOG_ERROR,
		    "msg=\"no endpoint is told anything\" reason=\"[hook] "
		    "allow is no list of ADDRESS/PREFIX, or longer than %d\"",
		    INET_RANGES_MAX);
		return;
	}
	if (ca_fd != -1)
		h->authorities = file_read_text(
		    ca_fd, FILE_BYTES_MAX, &h->post.authorities_len);
	h->post.authorities = h->authorities;
	for (size_t i = 0; i < SLOTS; i++) {
		if (dial_any_fork(&allowed, &h->slots[i].dialer) != ERR_OK) {
			log_line(LOG_ERROR, "msg=\"a dialer does not start\"");
			exit(71);
		}
	}
	h->post.transfers = transfers_new(p->loop);
	if (h->post.transfers == NULL) {
		log_line(LOG_ERROR, "msg=\"libcurl cannot be set up\"");
		exit(71);
	}
}

int
main(void)
{
	static const struct cage cage = {
	    .name = "hook",
	    .groups = CAGE_CONNECTED,
	    .files_max = 128,
	};
	static const struct program_ops ops = {.peer = on_peer};
	static const struct store_link_ops link_ops = {
	    .came = on_came, .changed = on_changed};
	struct hooks *h = &hooks;

	program_start(&h->program, ROLE_HOOK, "loep-hook");
	store_link_init(&h->store, &h->program, &link_ops, h);
	prepare(h);
	program_enter_cage(&h->program, &cage);
	program_run(&h->program, &ops, h);
	store_link_release(&h->store);
	transfers_free(h->post.transfers);
	free(h->authorities);
	return 0;
}
