/* SPDX-License-Identifier: Apache-2.0 */
/* tcp.c - connections of a guest to anywhere. */
#include "simnet/tcp.h"

#include "lib/limits.h"
#include "lib/xalloc.h"
#include "simnet/service.h"

#include <sys/queue.h>

#define BUCKETS	     1024u
#define WINDOW_BYTES 65535u
/* What IPv4 without options leaves of 1500, and the default (RFC 9293). */
#define MSS_OURS    1460u
#define MSS_DEFAULT 536u
/* Waiting for the guest to take: no answer of ours is that long. */
#define OUT_MAX	   (256 * KIB)
#define RESEND_MS  400u
#define RESEND_MAX 7u
#define IDLE_MS	   120000u
/* Both sides are done, or only the guest's last word is missing. */
#define LINGER_MS 2000u

enum tcp_flag {
	FIN = 1,
	SYN = 2,
	RST = 4,
	PSH = 8,
	ACK = 16
};

enum conn_state {
	CONN_OPENING,
	CONN_OPEN
};

struct conn {
	TAILQ_ENTRY(conn) entry; /* of the table */
	struct conn *next;	 /* in its bucket */
	struct tcp_table *table;
	struct flow_key key;
	uint32_t guest; /* its address */
	enum conn_state state;
	uint32_t rcv_nxt;
	uint32_t snd_una;
	uint32_t snd_nxt;
	uint32_t snd_max; /* behind everything ever sent */
	uint32_t window;  /* of the guest */
	uint32_t mss;
	uint8_t *out; /* from snd_una on */
	size_t out_len;
	bool is_closing;    /* no more is written; FIN after out */
	bool fin_is_acked;  /* all that we had to say has arrived */
	bool guest_is_done; /* its FIN came */
	bool is_dead;
	unsigned int resends;
	uint64_t resend_ms; /* 0 = nothing is on its way */
	uint64_t last_ms;
	struct flow *flow;
	struct service *service;
};

TAILQ_HEAD(conn_list, conn);

struct tcp_table {
	struct stack *stack;
	struct conn_list conns; /* oldest first */
	size_t count;
	uint32_t seed;
	struct conn *bucket[BUCKETS];
};

/* A segment as it came. */
struct segment {
	uint32_t seq;
	uint32_t ack;
	unsigned int flags;
	uint32_t window;
	uint32_t mss;
	const uint8_t *data;
	size_t len;
};

struct tcp_table *
tcp_table_new(struct stack *stack)
{
	struct tcp_table *t = xcalloc(1, sizeof(*t));

	t->stack = stack;
	t->seed = 0x10c35u;
	TAILQ_INIT(&t->conns);
	return t;
}

static uint32_t
hash(const struct flow_key *key)
{
	uint32_t h = key->address * 2654435761u;

	h ^= ((uint32_t)key->guest_port << 16 | key->port) * 2246822519u;
	return (h ^ h >> 13) % BUCKETS;
}

static void
conn_free(struct conn *c)
{
	struct conn **at = &c->table->bucket[hash(&c->key)];

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	TAILQ_REMOVE(&c->table->conns, c, entry);
	c->table->count--;
	service_free(c->service);
	free(c->out);
	free(c);
}

void
tcp_table_free(struct tcp_table *table)
{
	struct conn *c;

	if (table == NULL)
		return;
	while ((c = TAILQ_FIRST(&table->conns)) != NULL)
		conn_free(c);
	free(table);
}

size_t
tcp_count(const struct tcp_table *table)
{
	return table->count;
}

static struct conn *
find(struct tcp_table *t, const struct flow_key *key)
{
	struct conn *c = t->bucket[hash(key)];

	for (; c != NULL; c = c->next) {
		if (c->key.address == key->address &&
		    c->key.port == key->port &&
		    c->key.guest_port == key->guest_port)
			return c;
	}
	return NULL;
}

/* --- sending --- */

struct header {
	uint32_t seq;
	uint32_t ack;
	unsigned int flags;
};

static void
send_segment(struct stack *stack, const struct flow_key *key, uint32_t guest,
    const struct header *h, size_t data_len)
{
	uint8_t *p = stack_payload(stack);
	size_t header = TCP_BYTES;

	if (h->flags & SYN) {
		p[TCP_BYTES] = 2; /* maximum segment size */
		p[TCP_BYTES + 1] = 4;
		put16(p + TCP_BYTES + 2, MSS_OURS);
		header += 4;
	}
	put16(p, key->port);
	put16(p + 2, key->guest_port);
	put32(p + 4, h->seq);
	put32(p + 8, h->flags & ACK ? h->ack : 0);
	p[12] = (uint8_t)(header / 4 << 4);
	p[13] = (uint8_t)h->flags;
	put16(p + 14, WINDOW_BYTES);
	put32(p + 16, 0);
	put16(p + 16, packet_checksum_l4(PROTO_TCP, key->address, guest, p,
			  header + data_len));
	stack_send(stack, PROTO_TCP, key->address, guest, header + data_len);
}

static void
send_flags(struct conn *c, uint32_t seq, unsigned int flags)
{
	struct header h = {.seq = seq, .ack = c->rcv_nxt, .flags = flags};

	send_segment(c->table->stack, &c->key, c->guest, &h, 0);
}

static void
arm(struct conn *c)
{
	uint64_t now_ms = c->table->stack->time.now_ms;

	if (c->snd_una == c->snd_max && c->out_len == 0)
		c->resend_ms = 0;
	else if (c->resend_ms == 0)
		c->resend_ms = now_ms + ((uint64_t)RESEND_MS << c->resends);
}

/* Sends what the window lets through, then FIN; true if anything went. */
static bool
send_more(struct conn *c, uint32_t window)
{
	struct stack *stack = c->table->stack;
	bool has_sent = false;

	if (c->state == CONN_OPENING || c->fin_is_acked)
		return false;
	for (;;) {
		size_t at = c->snd_nxt - c->snd_una;
		size_t n;
		struct header h = {
		    .seq = c->snd_nxt, .ack = c->rcv_nxt, .flags = ACK | PSH};

		if (at >= c->out_len || at >= window)
			break;
		n = c->out_len - at;
		if (n > c->mss)
			n = c->mss;
		if (n > window - at)
			n = window - at;
		memcpy(stack_payload(stack) + TCP_BYTES, c->out + at, n);
		send_segment(stack, &c->key, c->guest, &h, n);
		c->snd_nxt += (uint32_t)n;
		has_sent = true;
	}
	if (c->is_closing && c->snd_nxt - c->snd_una == c->out_len) {
		send_flags(c, c->snd_nxt, FIN | ACK);
		c->snd_nxt++;
		has_sent = true;
	}
	if ((int32_t)(c->snd_nxt - c->snd_max) > 0)
		c->snd_max = c->snd_nxt;
	arm(c);
	return has_sent;
}

static void
conn_write(void *arg, const void *p, size_t len)
{
	struct conn *c = arg;

	if (c->is_closing || c->is_dead)
		return;
	if (len > OUT_MAX - c->out_len) {
		/* A guest that asks and never reads. */
		c->is_dead = true;
		return;
	}
	c->out = xrealloc(c->out, c->out_len + len);
	memcpy(c->out + c->out_len, p, len);
	c->out_len += len;
}

static void
conn_close(void *arg)
{
	struct conn *c = arg;

	c->is_closing = true;
}

/* --- receiving --- */

static uint32_t
option_mss(const uint8_t *p, size_t len)
{
	for (size_t at = 0; at < len && p[at] != 0;) {
		size_t n;

		if (p[at] == 1) {
			at++;
			continue;
		}
		if (len - at < 2)
			break;
		n = p[at + 1];
		if (n < 2 || n > len - at)
			break;
		if (p[at] == 2 && n == 4) {
			uint32_t mss = get16(p + at + 2);

			return mss < 64 ? 64 : mss > MSS_OURS ? MSS_OURS : mss;
		}
		at += n;
	}
	return MSS_DEFAULT;
}

/* False where the header is damaged. */
static bool
parse(const struct packet *in, struct flow_key *key, struct segment *ret_s)
{
	const uint8_t *p = in->payload;
	size_t header;

	if (in->len < TCP_BYTES)
		return false;
	header = (size_t)(p[12] >> 4) * 4;
	if (header < TCP_BYTES || header > in->len)
		return false;
	*key = (struct flow_key){
	    .proto = PROTO_TCP,
	    .guest_port = get16(p),
	    .port = get16(p + 2),
	    .address = in->dst,
	};
	*ret_s = (struct segment){
	    .seq = get32(p + 4),
	    .ack = get32(p + 8),
	    .flags = p[13],
	    .window = get16(p + 14),
	    .mss = option_mss(p + TCP_BYTES, header - TCP_BYTES),
	    .data = p + header,
	    .len = in->len - header,
	};
	return true;
}

/* Nobody is there: RFC 9293 3.5.2. */
static void
refuse(struct tcp_table *t, const struct flow_key *key, uint32_t guest,
    const struct segment *s)
{
	struct header h = {.flags = RST};

	if (s->flags & RST)
		return;
	if (s->flags & ACK) {
		h.seq = s->ack;
	} else {
		h.flags |= ACK;
		h.ack = s->seq + (uint32_t)s->len + ((s->flags & SYN) != 0) +
			((s->flags & FIN) != 0);
	}
	send_segment(t->stack, key, guest, &h, 0);
}

static void
open_conn(struct tcp_table *t, const struct flow_key *key, uint32_t guest,
    const struct segment *s)
{
	struct conn *c;
	struct service_io io;
	uint32_t h = hash(key);

	if (t->count == TCP_CONNS_MAX) {
		t->stack->counts.refused++;
		refuse(t, key, guest, s);
		return;
	}
	c = xcalloc(1, sizeof(*c));
	c->table = t;
	c->key = *key;
	c->guest = guest;
	c->rcv_nxt = s->seq + 1;
	t->seed = t->seed * 1664525u + 1013904223u;
	c->snd_una = t->seed;
	c->snd_nxt = c->snd_max = c->snd_una + 1;
	c->window = s->window;
	c->mss = s->mss;
	c->last_ms = t->stack->time.now_ms;
	/* Each connection is a flow, also of a port used again. */
	c->flow = flows_add(&t->stack->flows, key, t->stack->time.wall_us);
	if (c->flow != NULL)
		c->flow->name = names_of(&t->stack->names, key->address);
	io = (struct service_io){conn_write, conn_close, c};
	c->service = service_new(key->port, c->flow, &t->stack->names, &io);
	c->next = t->bucket[h];
	t->bucket[h] = c;
	TAILQ_INSERT_TAIL(&t->conns, c, entry);
	t->count++;
	send_flags(c, c->snd_una, SYN | ACK);
	arm(c);
}

/* What the guest acknowledges; false where it cannot be. */
static bool
take_ack(struct conn *c, const struct segment *s)
{
	uint32_t advance = s->ack - c->snd_una;
	size_t data;

	if (advance > c->snd_max - c->snd_una)
		/* Old, or never sent: RFC 9293 3.10.7.4. */
		return (int32_t)advance < 0;
	c->window = s->window;
	if (advance == 0)
		return true;
	if (c->state == CONN_OPENING) {
		c->state = CONN_OPEN;
		c->snd_una++;
		advance--;
		service_open(c->service);
	}
	data = advance > c->out_len ? c->out_len : advance;
	if (data > 0)
		memmove(c->out, c->out + data, c->out_len - data);
	c->out_len -= data;
	c->fin_is_acked = advance > data;
	c->snd_una += advance;
	if ((int32_t)(c->snd_nxt - c->snd_una) < 0)
		c->snd_nxt = c->snd_una;
	c->resends = 0;
	c->resend_ms = 0;
	return true;
}

static void
take_data(struct conn *c, const struct segment *s)
{
	uint32_t old = c->rcv_nxt - s->seq;
	const uint8_t *p = s->data;
	size_t len = s->len;
	bool has_fin = (s->flags & FIN) != 0;

	if (len == 0 && !has_fin)
		return;
	/* Sent again from before, or ahead of what is missing. */
	if (old > len || c->guest_is_done) {
		send_flags(c, c->snd_nxt, ACK);
		return;
	}
	p += old;
	len -= old;
	c->rcv_nxt += (uint32_t)len;
	if (len > 0)
		service_input(c->service, p, len);
	if (has_fin) {
		c->rcv_nxt++;
		c->guest_is_done = true;
		service_end(c->service);
	}
	if (!send_more(c, c->window))
		send_flags(c, c->snd_nxt, ACK);
}

static bool
is_finished(const struct conn *c)
{
	return c->is_dead || (c->guest_is_done && c->fin_is_acked);
}

static void
take_segment(struct conn *c, const struct segment *s)
{
	c->last_ms = c->table->stack->time.now_ms;
	if (c->flow != NULL)
		c->flow->packets++;
	if (s->flags & RST) {
		if (s->seq - c->rcv_nxt <= WINDOW_BYTES)
			c->is_dead = true;
		return;
	}
	if (s->flags & SYN) {
		if (c->state == CONN_OPENING)
			send_flags(c, c->snd_una, SYN | ACK);
		else
			send_flags(c, c->snd_nxt, ACK);
		return;
	}
	if ((s->flags & ACK) == 0)
		return;
	if (!take_ack(c, s)) {
		send_flags(c, c->snd_nxt, ACK);
		return;
	}
	if (c->state == CONN_OPENING)
		return;
	take_data(c, s);
	(void)send_more(c, c->window);
}

void
tcp_input(struct tcp_table *table, const struct packet *in)
{
	struct flow_key key;
	struct segment s;
	struct conn *c;

	if (!parse(in, &key, &s)) {
		table->stack->counts.malformed++;
		return;
	}
	c = find(table, &key);
	/* A port that is used again while we still linger. */
	if (c != NULL && (s.flags & (SYN | ACK)) == SYN &&
	    c->state == CONN_OPEN && (c->is_closing || c->guest_is_done)) {
		conn_free(c);
		c = NULL;
	}
	if (c != NULL)
		take_segment(c, &s);
	else if ((s.flags & (SYN | ACK | RST | FIN)) == SYN)
		open_conn(table, &key, in->src, &s);
	else
		refuse(table, &key, in->src, &s);
	if (c != NULL && is_finished(c))
		conn_free(c);
}

static void
resend(struct conn *c)
{
	if (c->resends++ == RESEND_MAX) {
		c->is_dead = true;
		return;
	}
	c->resend_ms = 0;
	if (c->state == CONN_OPENING) {
		send_flags(c, c->snd_una, SYN | ACK);
		arm(c);
		return;
	}
	c->snd_nxt = c->snd_una;
	/* A closed window is probed with one byte. */
	(void)send_more(c, c->window == 0 ? 1 : c->window);
	arm(c);
}

void
tcp_tick(struct tcp_table *table)
{
	uint64_t now_ms = table->stack->time.now_ms;
	struct conn *c = TAILQ_FIRST(&table->conns);

	while (c != NULL) {
		struct conn *next = TAILQ_NEXT(c, entry);
		uint64_t idle_ms =
		    c->is_closing && c->guest_is_done ? LINGER_MS : IDLE_MS;

		if (c->resend_ms != 0 && now_ms >= c->resend_ms)
			resend(c);
		if (now_ms - c->last_ms > idle_ms)
			c->is_dead = true;
		if (c->is_dead) {
			send_flags(c, c->snd_nxt, RST | ACK);
			conn_free(c);
		}
		c = next;
	}
}
