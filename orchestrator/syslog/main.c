/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loep-syslog - carries the audit chain to a receiver of syslog (RFC 5424, over
 * TLS as RFC 5425 has it, or to a local socket).
 *
 * Reads:  entries behind the last one that the receiver has (SYSLOG_NEXT): ids
 *         and words of ours, no names.
 * Writes: to the receiver, in the chain's order; how far it has them
 *         (SYSLOG_DONE).  The chain is the spool: nothing waits here, and
 *         nothing waits for this.
 * Trusts: nothing that the receiver says.  It can make no socket and open no
 *         file: connections come from its dialer (lib/dial.h).
 * Ends:   with its parent, or when nobody is at the receiver's address: started
 *         again, it looks it up again.  Entries whose arrival the receiver's
 *         machine had not confirmed are sent again, with the same number.
 */
#include "lib/dial.h"
#include "lib/fileio.h"
#include "lib/limits.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/place.h"
#include "lib/store_link.h"
#include "lib/utf8.h"
#include "lib/xalloc.h"
#include "syslog/carrier.h"
#include "syslog/line.h"

#include <inttypes.h>

#define BATCH 256
/* The store is asked for more after this, where it had nothing. */
#define LOOK_MS 1000
/* Between two looks at a connection that works. */
#define PUMP_MS 20
/* A receiver that dies with unread bytes says so (RST) within this. */
#define SETTLE_MS ((uint64_t)1000)
/* Without a connection: until the next attempt, and until the address is
 * looked up again. */
#define AGAIN_MS       5000
#define LOST_MS	       ((uint64_t)60000)
#define BATCH_BYTES    (BATCH * (LINE_BYTES_MAX + 8))
#define FILE_BYTES_MAX ((size_t)4 * MIB)

struct carried {
	struct program program;
	struct store_link store;
	struct loop_timer *timer;
	struct carrier *carrier;
	struct line_from from;
	struct place place;
	char host[256];
	bool is_local;
	bool is_asking;
	bool is_opening;
	bool is_stopping; /* once what went is told */
	uint64_t lost_ms; /* since when there is no connection */
	/* Entries that are being sent: their ends in the bytes, for datagrams,
	 * and the last one's number. */
	struct wire_out bytes;
	size_t ends[BATCH];
	size_t count;
	size_t next; /* of ends */
	size_t at;
	int64_t last;
	uint64_t sent_ms; /* when the last byte went; 0 = not yet */
};

static struct carried carried;

static void look(struct carried *c);

static void
on_look(void *arg)
{
	struct carried *c = arg;

	c->timer = NULL;
	look(c);
}

static void
look_later(struct carried *c, uint64_t ms)
{
	loop_timer_cancel(c->timer);
	c->timer = loop_timer(c->program.loop, ms, on_look, c);
}

/* Forgets what was not confirmed: the store has it. */
static void
drop(struct carried *c)
{
	wire_out_reset(&c->bytes);
	c->count = c->next = c->at = 0;
	c->sent_ms = 0;
}

/* --- the receiver --- */

static void
lose(struct carried *c, const char *why)
{
	char text[CARRIER_WHY_BYTES];

	utf8_to_ascii(text, sizeof(text), why);
	log_line(LOG_WARN,
	    "msg=\"the audit chain waits for its receiver\" reason=\"%s\"",
	    text);
	carrier_close(c->carrier);
	drop(c);
	if (c->lost_ms == 0)
		c->lost_ms = loop_now_ms();
	if (c->is_stopping) {
		loop_stop(c->program.loop);
		return;
	}
	if (loop_now_ms() - c->lost_ms > LOST_MS) {
		log_line(
		    LOG_INFO, "msg=\"starting again, to look it up again\"");
		exit(75);
	}
	look_later(c, AGAIN_MS);
}

static void
on_opened(void *arg, enum err err, const char *why)
{
	struct carried *c = arg;

	c->is_opening = false;
	if (err != ERR_OK) {
		lose(c, why);
		return;
	}
	c->lost_ms = 0;
	log_line(LOG_INFO, "msg=\"the audit chain goes out\"");
	look(c);
}

/* --- the store --- */

static char *
column(const struct values *row, const char *name)
{
	return values_text_dup(
	    row, (size_t)call_column(CALL_SYSLOG_NEXT, name));
}

static int64_t
number(const struct values *row, const char *name)
{
	return values_int(row, (size_t)call_column(CALL_SYSLOG_NEXT, name));
}

static void
on_row(void *arg, const struct values *row)
{
	struct carried *c = arg;
	auto_free char *action = column(row, "action");
	auto_free char *outcome = column(row, "outcome");
	auto_free char *actor_kind = column(row, "actor_kind");
	auto_free char *account = column(row, "account");
	auto_free char *object_kind = column(row, "object_kind");
	auto_free char *object = column(row, "object");
	auto_free char *org = column(row, "org");
	struct line_row line = {number(row, "seq"), number(row, "at"), action,
	    outcome, actor_kind, account, object_kind, object, org, {0}};
	size_t len;
	const uint8_t *hash = values_bytes(
	    row, (size_t)call_column(CALL_SYSLOG_NEXT, "hash"), &len);

	if (c->count == BATCH || len != sizeof(line.hash))
		return;
	memcpy(line.hash, hash, len);
	line_put(&c->bytes, &c->from, &line, !c->is_local);
	c->ends[c->count++] = c->bytes.len;
	c->last = line.seq;
}

static void
on_rows(void *arg, enum err err, const char *why, int fd)
{
	struct carried *c = arg;

	if (fd != -1)
		(void)close(fd);
	c->is_asking = false;
	if (err != ERR_OK && err != ERR_UNAVAILABLE)
		log_line(LOG_WARN,
		    "msg=\"the store gives no entries\" reason=\"%s\"", why);
	if (err != ERR_OK)
		drop(c);
	look_later(c, c->count > 0 ? 0 : LOOK_MS);
}

static void
ask(struct carried *c)
{
	struct values params;

	if (!calls_is_connected(c->store.calls)) {
		look_later(c, LOOK_MS);
		return;
	}
	drop(c);
	c->is_asking = true;
	values_init(&params);
	/* The store knows how far it is. */
	values_add_int(&params, 0);
	values_add_int(&params, BATCH);
	(void)calls_start(c->store.calls, CALL_SYSLOG_NEXT, 0, &params, -1,
	    on_row, on_rows, c);
}

static void
on_told(void *arg, enum err err, const char *why, int fd)
{
	struct carried *c = arg;

	(void)why;
	if (fd != -1)
		(void)close(fd);
	c->is_asking = false;
	/* A store that went away is told again when it is back. */
	if (err == ERR_OK)
		drop(c);
	look_later(c, err == ERR_OK ? 0 : LOOK_MS);
}

static void
tell(struct carried *c)
{
	struct values params;

	if (!calls_is_connected(c->store.calls)) {
		look_later(c, LOOK_MS);
		return;
	}
	c->is_asking = true;
	values_init(&params);
	values_add_int(&params, c->last);
	(void)calls_start(
	    c->store.calls, CALL_SYSLOG_DONE, 0, &params, -1, NULL, on_told, c);
}

/* --- sending --- */

/* Sends what there is; then waits until it has arrived. */
static void
pump(struct carried *c)
{
	char why[CARRIER_WHY_BYTES] = "";
	size_t sent = 0;
	int err = ERR_OK;

	while (err == ERR_OK && c->at < c->bytes.len) {
		/* A datagram is one entry. */
		size_t end = c->is_local ? c->ends[c->next] : c->bytes.len;

		err = carrier_send(
		    c->carrier, c->bytes.buf + c->at, end - c->at, &sent, why);
		if (err == ERR_OK && sent == 0) {
			look_later(c, PUMP_MS);
			return;
		}
		c->at += sent;
		c->next += c->at == end;
	}
	if (err == ERR_OK)
		err = carrier_settled(c->carrier, why);
	if (err != ERR_OK && err != ERR_AGAIN) {
		lose(c, why);
		return;
	}
	if (err == ERR_AGAIN || c->sent_ms == 0)
		c->sent_ms = loop_now_ms();
	if (c->is_local ||
	    (err == ERR_OK &&
		(c->is_stopping || loop_now_ms() - c->sent_ms >= SETTLE_MS)))
		tell(c);
	else
		look_later(c, PUMP_MS);
}

static void
look(struct carried *c)
{
	char why[CARRIER_WHY_BYTES] = "";

	if (c->carrier == NULL || c->is_asking || c->is_opening)
		return;
	if (c->is_stopping && c->at == 0) {
		loop_stop(c->program.loop);
		return;
	}
	if (!carrier_is_open(c->carrier)) {
		c->is_opening = true;
		carrier_open(c->carrier, on_opened, c);
		return;
	}
	if (c->count > 0) {
		pump(c);
		return;
	}
	if (carrier_settled(c->carrier, why) == ERR_UNAVAILABLE)
		lose(c, why);
	else
		ask(c);
}

static void
on_came(void *arg)
{
	look_later(arg, 0);
}

static void
on_changed(void *arg)
{
	(void)arg;
}

/* What is on its way is not sent a second time by the next one. */
static void
on_stop(void *arg)
{
	struct carried *c = arg;

	c->is_stopping = true;
	if (c->at == 0 || !calls_is_connected(c->store.calls))
		loop_stop(c->program.loop);
	else
		look_later(c, 0);
}

static void
on_peer(void *arg, struct chan *chan)
{
	struct carried *c = arg;

	store_link_peer(&c->store, chan);
}

/* --- the start --- */

static void
on_again(void *arg)
{
	(void)arg;
	exit(75);
}

static void
set_host(struct carried *c)
{
	const char *host = program_conf(&c->program, "hostname", "");

	if (host[0] != '\0')
		(void)snprintf(c->host, sizeof(c->host), "%s", host);
	else if (gethostname(c->host, sizeof(c->host) - 1) == -1)
		c->host[0] = '\0';
	c->from.host = c->host;
	c->from.sd_id = program_conf(&c->program, "sd_id", "loep@32473");
}

/* host, host:port, [address] or [address]:port; 6514 where it names none. */
static int
read_server(const char *text, struct place *place)
{
	char port[PLACE_PORT_BYTES + 1];
	size_t len = strlen(text);
	int err = place_read_host(text, place);

	if (err != ERR_OK)
		return err;
	(void)snprintf(port, sizeof(port), ":%s", place->port);
	if (len < strlen(port) || strcmp(text + len - strlen(port), port) != 0)
		(void)snprintf(place->port, sizeof(place->port), "6514");
	return ERR_OK;
}

/* The receiver, and libcurl with all that it wants to read. */
static void
prepare(struct carried *c)
{
	struct program *p = &c->program;
	const char *server = program_conf(p, "server", "");
	auto_close int ca_fd = program_conf_fd(p, "ca_file");
	auto_free char *ca = NULL;
	struct carrier_conf conf = {.dialer = -1};
	char why[DIAL_WHY_BYTES] = "[syslog] server is no host, host:port or "
				   "path of a socket";
	int err = ERR_OK;

	c->is_local = conf.is_local = server[0] == '/';
	if (c->is_local)
		(void)snprintf(
		    c->place.host, sizeof(c->place.host), "%s", server);
	else
		err = read_server(server, &c->place);
	if (err == ERR_OK && !line_sd_id_is_valid(c->from.sd_id)) {
		err = ERR_FORMAT;
		(void)snprintf(
		    why, sizeof(why), "[syslog] sd_id is no name@number");
	}
	if (err == ERR_OK)
		err = dial_fork(
		    &(struct dial_place){c->place.host, c->place.port}, 1, why,
		    sizeof(why), &conf.dialer);
	if (err != ERR_OK) {
		log_line(LOG_ERROR,
		    "msg=\"the audit chain does not go out\" reason=\"%s\"",
		    why);
		(void)loop_timer(p->loop, LOST_MS / 2, on_again, NULL);
		return;
	}
	if (ca_fd != -1)
		ca = file_read_text(
		    ca_fd, FILE_BYTES_MAX, &conf.authorities_len);
	conf.authorities = ca;
	conf.host = c->place.host;
	conf.port = c->place.port;
	if (carrier_new(p->loop, &conf, &c->carrier) != ERR_OK) {
		log_line(LOG_ERROR, "msg=\"libcurl cannot be set up\"");
		exit(71);
	}
}

int
main(void)
{
	static const struct cage cage = {
	    .name = "syslog",
	    .groups = CAGE_CONNECTED,
	    .files_max = 64,
	};
	static const struct program_ops ops = {
	    .peer = on_peer, .stop = on_stop};
	static const struct store_link_ops link_ops = {
	    .came = on_came, .changed = on_changed};
	struct carried *c = &carried;

	program_start(&c->program, ROLE_SYSLOG, "loep-syslog");
	store_link_init(&c->store, &c->program, &link_ops, c);
	wire_out_init(&c->bytes, BATCH_BYTES);
	set_host(c);
	prepare(c);
	program_enter_cage(&c->program, &cage);
	program_run(&c->program, &ops, c);
	carrier_free(c->carrier);
	store_link_release(&c->store);
	wire_out_release(&c->bytes);
	return 0;
}
