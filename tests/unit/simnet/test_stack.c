/* SPDX-License-Identifier: Apache-2.0 */
/* test_stack.c - a guest's frames and what comes back. */
#include "simnet/stack.h"

#include "simnet/tcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define GUEST	0x0a4d0002u /* 10.77.0.2 */
#define OUT_MAX 64

enum {
	FIN = 1,
	SYN = 2,
	RST = 4,
	ACK = 16
};

struct world {
	struct stack *stack;
	struct stack_time time;
	size_t count;
	struct {
		uint8_t bytes[FRAME_OUT_BYTES];
		size_t len;
	} out[OUT_MAX];
};

static struct world w;

static void
on_send(void *arg, const uint8_t *frame, size_t len)
{
	(void)arg;
	assert_true(w.count < OUT_MAX);
	assert_true(len <= FRAME_OUT_BYTES);
	memcpy(w.out[w.count].bytes, frame, len);
	w.out[w.count++].len = len;
}

static int
setup(void **state)
{
	const struct stack_ops ops = {on_send, NULL};

	(void)state;
	w = (struct world){.time = {1000, 1700000000000000}};
	w.stack = stack_new(&ops);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	stack_free(w.stack);
	return 0;
}

static void
put(const uint8_t *frame, size_t len)
{
	w.count = 0;
	stack_input(w.stack, &w.time, frame, len);
}

static void
put_ip(unsigned int proto, uint32_t dst, const uint8_t *p, size_t len)
{
	uint8_t frame[ETHER_BYTES + IPV4_BYTES + 1480] = {
	    2, 2, 2, 2, 2, 2, 4, 4, 4, 4, 4, 4, 8, 0};

	packet_ipv4(frame + ETHER_BYTES, proto, GUEST, dst, len);
	memcpy(frame + ETHER_BYTES + IPV4_BYTES, p, len);
	put(frame, ETHER_BYTES + IPV4_BYTES + len);
}

static void
put_tcp(unsigned int port, uint32_t seq, uint32_t ack, unsigned int flags,
    const char *data)
{
	uint8_t p[1480] = {0};
	size_t len = strlen(data);

	put16(p, 40000);
	put16(p + 2, port);
	put32(p + 4, seq);
	put32(p + 8, ack);
	p[12] = 0x50;
	p[13] = (uint8_t)flags;
	put16(p + 14, 65535);
	memcpy(p + 20, data, len);
	put_ip(PROTO_TCP, 0x05060708, p, 20 + len);
}

static const uint8_t *
tcp_out(size_t i)
{
	const uint8_t *p = w.out[i].bytes + ETHER_BYTES;

	assert_true(i < w.count);
	assert_int_equal(p[9], PROTO_TCP);
	assert_int_equal(packet_checksum(0, p, IPV4_BYTES), 0);
	assert_int_equal(
	    packet_checksum_l4(PROTO_TCP, get32(p + 12), get32(p + 16),
		p + IPV4_BYTES, get16(p + 2) - IPV4_BYTES),
	    0);
	return p + IPV4_BYTES;
}

static size_t
tcp_len(size_t i)
{
	return w.out[i].len - ETHER_BYTES - IPV4_BYTES - TCP_BYTES;
}

/* Opens a connection; returns the server's first sequence number + 1. */
static uint32_t
open_to(unsigned int port)
{
	uint32_t iss;

	put_tcp(port, 100, 0, SYN, "");
	assert_int_equal(w.count, 1);
	assert_int_equal(tcp_out(0)[13], SYN | ACK);
	assert_int_equal(get32(tcp_out(0) + 8), 101);
	iss = get32(tcp_out(0) + 4);
	put_tcp(port, 101, iss + 1, ACK, "");
	return iss + 1;
}

static void
test_arp(void **state)
{
	uint8_t f[42] = {255, 255, 255, 255, 255, 255, 4, 4, 4, 4, 4, 4, 8, 6,
	    0, 1, 8, 0, 6, 4, 0, 1, 4, 4, 4, 4, 4, 4, 10, 77, 0, 2, 0, 0, 0, 0,
	    0, 0, 10, 77, 0, 1};

	(void)state;
	put(f, sizeof(f));
	assert_int_equal(w.count, 1);
	assert_int_equal(get16(w.out[0].bytes + 20), 2);
	assert_int_equal(get32(w.out[0].bytes + 28), 0x0a4d0001);
	f[41] = 2; /* its own address: an announcement */
	put(f, sizeof(f));
	assert_int_equal(w.count, 0);
	put(f, 30);
	assert_int_equal(w.count, 0);
	assert_int_equal(w.stack->counts.malformed, 1);
}

static void
test_ping(void **state)
{
	uint8_t p[16] = {8, 0, 0, 0, 0, 7, 0, 1, 'a', 'b', 'c', 'd'};

	(void)state;
	put_ip(PROTO_ICMP, 0x01020304, p, sizeof(p));
	assert_int_equal(w.count, 1);
	assert_int_equal(w.out[0].bytes[34], 0);
	assert_int_equal(packet_checksum(0, w.out[0].bytes + 34, 16), 0);
	assert_int_equal(get32(w.out[0].bytes + 26), 0x01020304);
}

static void
test_http_conversation(void **state)
{
	uint32_t seq;
	const struct flow *f;

	(void)state;
	seq = open_to(80);
	put_tcp(80, 101, seq, ACK, "GET /a.sh HTTP/1.1\r\nHost: h.example");
	assert_int_equal(tcp_len(0), 0); /* acknowledged, not complete */
	put_tcp(80, 101 + 35, seq, ACK, "\r\n\r\n");
	assert_int_equal(w.count, 1);
	assert_memory_equal(tcp_out(0) + 20, "HTTP/1.1 200 OK\r\n", 17);
	f = w.stack->flows.all[0];
	assert_string_equal(f->app, "http");
	assert_string_equal(f->host, "h.example");
	assert_string_equal(f->path, "/a.sh");
	assert_int_equal(f->status, 200);
	seq += (uint32_t)tcp_len(0);
	put_tcp(80, 101 + 39, seq, FIN | ACK, "");
	assert_int_equal(tcp_out(0)[13] & FIN, FIN);
	assert_int_equal(tcp_count(w.stack->tcp), 1);
	put_tcp(80, 101 + 40, seq + 1, ACK, "");
	assert_int_equal(tcp_count(w.stack->tcp), 0);
}

static void
test_lost_answer_is_sent_again(void **state)
{
	uint32_t seq = open_to(80);
	size_t first;

	(void)state;
	put_tcp(80, 101, seq, ACK, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
	first = tcp_len(0);
	w.count = 0;
	w.time.now_ms += 1000;
	stack_tick(w.stack, &w.time);
	assert_int_equal(w.count, 1);
	assert_int_equal(get32(tcp_out(0) + 4), seq);
	assert_int_equal(tcp_len(0), first);
	/* Acknowledged: silence. */
	put_tcp(80, 101 + 27, seq + (uint32_t)first, ACK, "");
	w.count = 0;
	w.time.now_ms += 5000;
	stack_tick(w.stack, &w.time);
	assert_int_equal(w.count, 0);
}

static void
test_order_is_kept(void **state)
{
	uint32_t seq = open_to(9999);

	(void)state;
	put_tcp(9999, 110, seq, ACK, "later");
	assert_int_equal(get32(tcp_out(0) + 8), 101);
	put_tcp(9999, 101, seq, ACK, "first....");
	assert_int_equal(get32(tcp_out(0) + 8), 110);
	/* An overlap: only what is new counts. */
	put_tcp(9999, 105, seq, ACK, "t....later");
	assert_int_equal(get32(tcp_out(0) + 8), 115);
	assert_int_equal(w.stack->flows.all[0]->bytes_out, 14);
	assert_memory_equal(w.stack->flows.all[0]->head, "first....later", 14);
}

static void
test_smtp_dialog(void **state)
{
	uint32_t seq = open_to(25);
	static const char *const lines[] = {"EHLO x\r\n", "MAIL FROM:<a@b>\r\n",
	    "RCPT TO:<c@d>\r\n", "DATA\r\n", "QUIT is text here\r\n.\r\n",
	    "QUIT\r\n"};
	static const char *const codes[] = {
	    "250", "250", "250", "354", "250", "221"};
	uint32_t at = 101;

	(void)state;
	assert_memory_equal(tcp_out(0) + 20, "220 ", 4);
	seq += (uint32_t)tcp_len(0);
	for (size_t i = 0; i < 6; i++) {
		put_tcp(25, at, seq, ACK, lines[i]);
		assert_true(w.count > 0);
		assert_memory_equal(tcp_out(0) + 20, codes[i], 3);
		seq += (uint32_t)tcp_len(0);
		at += (uint32_t)strlen(lines[i]);
	}
	assert_string_equal(w.stack->flows.all[0]->app, "smtp");
}

static void
test_names_meet_connections(void **state)
{
	static const uint8_t q[] = {0, 53, 0, 53, 0, 37, 0, 0, 0, 1, 1, 0, 0, 1,
	    0, 0, 0, 0, 0, 0, 2, 'c', '2', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e',
	    0, 0, 1, 0, 1};
	uint8_t p[20] = {0x9c, 0x41, 0, 80};
	uint8_t query[sizeof(q)];
	uint32_t address;

	(void)state;
	memcpy(query, q, sizeof(q));
	put16(query + 4, sizeof(q));
	put_ip(PROTO_UDP, 0x08080808, query, sizeof(query));
	assert_int_equal(w.count, 1);
	address = get32(w.out[0].bytes + w.out[0].len - 4);
	p[12] = 0x50;
	p[13] = SYN;
	put_ip(PROTO_TCP, address, p, sizeof(p));
	assert_int_equal(w.count, 1);
	assert_string_equal(w.stack->flows.all[1]->name, "c2.example");
}

static void
test_ntp(void **state)
{
	uint8_t p[56] = {0, 123, 0, 123, 0, 56, 0, 0, 0x23};

	(void)state;
	put_ip(PROTO_UDP, 0x01010101, p, sizeof(p));
	assert_int_equal(w.count, 1);
	assert_int_equal(w.out[0].bytes[42], 0x24);
	assert_int_equal(get32(w.out[0].bytes + 42 + 40),
	    (uint32_t)(1700000000 + 2208988800));
}

static void
test_strangers_are_refused(void **state)
{
	(void)state;
	put_tcp(80, 5, 77, ACK, "");
	assert_int_equal(tcp_out(0)[13], RST);
	assert_int_equal(get32(tcp_out(0) + 4), 77);
	put_tcp(80, 5, 77, RST, "");
	assert_int_equal(w.count, 0);
}

static void
test_connections_are_bounded(void **state)
{
	uint8_t p[20] = {0};

	(void)state;
	p[12] = 0x50;
	p[13] = SYN;
	for (unsigned int i = 0; i < TCP_CONNS_MAX + 5; i++) {
		put16(p, i + 1);
		put16(p + 2, 80);
		put_ip(PROTO_TCP, 0x01010101, p, sizeof(p));
	}
	assert_int_equal(tcp_count(w.stack->tcp), TCP_CONNS_MAX);
	assert_int_equal(w.stack->counts.refused, 5);
	assert_int_equal(w.out[0].bytes[47] & RST, RST);
}

static void
test_lengths_that_lie(void **state)
{
	uint8_t f[60] = {2, 2, 2, 2, 2, 2, 4, 4, 4, 4, 4, 4, 8, 0, 0x45};

	(void)state;
	for (unsigned int header = 0; header < 16; header++) {
		for (unsigned int total = 0; total < 70; total++) {
			for (unsigned int proto = 0; proto < 20; proto++) {
				f[14] = (uint8_t)(0x40 | header);
				put16(f + 16, total);
				f[23] = (uint8_t)proto;
				put(f, sizeof(f));
			}
		}
	}
	assert_true(w.stack->counts.malformed > 0);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_arp),
	    T(test_ping),
	    T(test_http_conversation),
	    T(test_lost_answer_is_sent_again),
	    T(test_order_is_kept),
	    T(test_smtp_dialog),
	    T(test_names_meet_connections),
	    T(test_ntp),
	    T(test_strangers_are_refused),
	    T(test_connections_are_bounded),
	    T(test_lengths_that_lie),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
