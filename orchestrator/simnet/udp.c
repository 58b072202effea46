/* SPDX-License-Identifier: Apache-2.0 */
/* udp.c - UDP (RFC 768) with DNS and NTP behind it. */
#include "simnet/udp.h"

#include "simnet/dns.h"

#include <string.h>

#define NTP_PORT  123
#define NTP_BYTES 48u
/* Seconds from 1900, NTP's epoch, to 1970. */
#define NTP_EPOCH 2208988800ull

static void
put_ntp_time(uint8_t *p, int64_t wall_us)
{
	uint64_t us = (uint64_t)wall_us;

	put32(p, (uint32_t)(us / 1000000 + NTP_EPOCH));
	put32(p + 4, (uint32_t)((us % 1000000 << 32) / 1000000));
}

/* A server of stratum 2 (RFC 5905 7.3); 0 where it was no client's request. */
static size_t
answer_ntp(
    const struct stack *stack, const uint8_t *p, size_t len, uint8_t *out)
{
	if (len < NTP_BYTES || (p[0] & 7) != 3)
		return 0;
	memset(out, 0, NTP_BYTES);
	out[0] = (uint8_t)((p[0] & 0x38) | 4);
	out[1] = 2;
	out[2] = p[2];
	out[3] = 0xec; /* precision: 2^-20 s */
	put32(out + 4, 0x00000100);
	put32(out + 8, 0x00000200);
	put32(out + 12, NAMES_BASE + 1);
	put_ntp_time(out + 16, stack->time.wall_us - 16000000);
	memcpy(out + 24, p + 40, 8);
	put_ntp_time(out + 32, stack->time.wall_us);
	put_ntp_time(out + 40, stack->time.wall_us);
	return NTP_BYTES;
}

static size_t
answer(struct stack *stack, struct flow *flow, const struct packet *in,
    uint8_t *out)
{
	const uint8_t *p = in->payload + UDP_BYTES;
	size_t len = get16(in->payload + 4) - UDP_BYTES, n = 0;
	const char *app = NULL;

	switch (get16(in->payload + 2)) {
	case DNS_PORT:
		n = dns_answer(&stack->names, p, len, out);
		app = "dns";
		break;
	case NTP_PORT:
		n = answer_ntp(stack, p, len, out);
		app = "ntp";
		break;
	default:
		break;
	}
	if (n > 0 && flow != NULL && flow->app == NULL)
		flow->app = app;
	return n;
}

void
udp_input(struct stack *stack, const struct packet *in)
{
	struct flow_key key = {.proto = PROTO_UDP, .address = in->dst};
	uint8_t *out = stack_payload(stack);
	struct flow *flow;
	size_t len;

	len = in->len < UDP_BYTES ? 0 : get16(in->payload + 4);
	if (len < UDP_BYTES || len > in->len) {
		stack->counts.malformed++;
		return;
	}
	key.guest_port = get16(in->payload);
	key.port = get16(in->payload + 2);
	flow = stack_flow(stack, &key);
	if (flow != NULL)
		flow->packets++;
	flow_sent(flow, in->payload + UDP_BYTES, len - UDP_BYTES);
	len = answer(stack, flow, in, out + UDP_BYTES);
	if (len == 0)
		return;
	if (flow != NULL)
		flow->bytes_in += len;
	put16(out, key.port);
	put16(out + 2, key.guest_port);
	put16(out + 4, (unsigned int)(len + UDP_BYTES));
	put16(out + 6, 0);
	put16(out + 6, packet_checksum_l4(
			   PROTO_UDP, in->dst, in->src, out, len + UDP_BYTES));
	stack_send(stack, PROTO_UDP, in->dst, in->src, len + UDP_BYTES);
}
