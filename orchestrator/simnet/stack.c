/* SPDX-License-Identifier: Apache-2.0 */
/* stack.c - Ethernet, ARP, IPv4, ICMP and the way to TCP and UDP. */
#include "simnet/stack.h"

#include "lib/xalloc.h"
#include "simnet/tcp.h"
#include "simnet/udp.h"

/* Locally administered, as QEMU's own are; the guest's router. */
static const uint8_t router[ETHER_ADDR_BYTES] = {
    0x52, 0x54, 0x00, 0x77, 0x00, 0x01};

#define ARP_REQUEST 1u
#define ARP_REPLY   2u
#define ICMP_ECHO   8u

struct stack *
stack_new(const struct stack_ops *ops)
{
	struct stack *stack = xcalloc(1, sizeof(*stack));

	stack->ops = *ops;
	names_init(&stack->names);
	flows_init(&stack->flows);
	stack->tcp = tcp_table_new(stack);
	return stack;
}

void
stack_free(struct stack *stack)
{
	if (stack == NULL)
		return;
	tcp_table_free(stack->tcp);
	flows_release(&stack->flows);
	names_release(&stack->names);
	free(stack);
}

static void
put_ether(struct stack *stack, unsigned int type)
{
	memcpy(stack->out, stack->guest, ETHER_ADDR_BYTES);
	memcpy(stack->out + ETHER_ADDR_BYTES, router, ETHER_ADDR_BYTES);
	put16(stack->out + 12, type);
}

uint8_t *
stack_payload(struct stack *stack)
{
	return stack->out + ETHER_BYTES + IPV4_BYTES;
}

void
stack_send(struct stack *stack, unsigned int proto, uint32_t src, uint32_t dst,
    size_t payload_len)
{
	put_ether(stack, ETHERTYPE_IPV4);
	packet_ipv4(stack->out + ETHER_BYTES, proto, src, dst, payload_len);
	stack->ops.send(
	    stack->ops.arg, stack->out, ETHER_BYTES + IPV4_BYTES + payload_len);
}

struct flow *
stack_flow(struct stack *stack, const struct flow_key *key)
{
	struct flow *flow = flows_find(&stack->flows, key);

	if (flow != NULL)
		return flow;
	flow = flows_add(&stack->flows, key, stack->time.wall_us);
	if (flow != NULL)
		flow->name = names_of(&stack->names, key->address);
	return flow;
}

/* Everyone on the wire is the router, except the guest itself (RFC 826). */
static void
take_arp(struct stack *stack, const uint8_t *p, size_t len)
{
	uint8_t *out = stack->out + ETHER_BYTES;
	uint32_t sender, target;

	if (len < ARP_BYTES || get16(p) != 1 || get16(p + 2) != 0x0800 ||
	    p[4] != ETHER_ADDR_BYTES || p[5] != 4) {
		stack->counts.malformed++;
		return;
	}
	sender = get32(p + 14);
	target = get32(p + 24);
	/* Announcements and the search for duplicates (RFC 5227). */
	if (get16(p + 6) != ARP_REQUEST || sender == 0 || sender == target)
		return;
	put_ether(stack, ETHERTYPE_ARP);
	memcpy(out, p, 6);
	put16(out + 6, ARP_REPLY);
	memcpy(out + 8, router, ETHER_ADDR_BYTES);
	put32(out + 14, target);
	memcpy(out + 18, p + 8, ETHER_ADDR_BYTES);
	put32(out + 24, sender);
	stack->ops.send(stack->ops.arg, stack->out, ETHER_BYTES + ARP_BYTES);
}

static void
take_icmp(struct stack *stack, const struct packet *in)
{
	struct flow_key key = {.proto = PROTO_ICMP, .address = in->dst};
	uint8_t *out = stack_payload(stack);
	struct flow *flow;

	if (in->len < ICMP_BYTES) {
		stack->counts.malformed++;
		return;
	}
	if (in->payload[0] == ICMP_ECHO)
		key.guest_port = get16(in->payload + 4);
	key.port = in->payload[0];
	flow = stack_flow(stack, &key);
	if (flow != NULL) {
		flow->packets++;
		flow_sent(flow, in->payload + ICMP_BYTES, in->len - ICMP_BYTES);
	}
	if (in->payload[0] != ICMP_ECHO ||
	    in->len > FRAME_OUT_BYTES - ETHER_BYTES - IPV4_BYTES)
		return;
	memcpy(out, in->payload, in->len);
	out[0] = 0; /* echo reply, RFC 792 */
	put16(out + 2, 0);
	put16(out + 2, packet_checksum(0, out, in->len));
	if (flow != NULL)
		flow->bytes_in += in->len - ICMP_BYTES;
	stack_send(stack, PROTO_ICMP, in->dst, in->src, in->len);
}

static void
take_other(struct stack *stack, const struct packet *in, unsigned int proto)
{
	struct flow_key key = {.proto = proto, .address = in->dst};
	struct flow *flow = stack_flow(stack, &key);

	if (flow != NULL)
		flow->packets++;
	flow_sent(flow, in->payload, in->len);
}

static void
take_ipv4(struct stack *stack, const uint8_t *p, size_t len)
{
	struct packet in;
	size_t header, total;

	header = len < IPV4_BYTES ? 0 : (size_t)(p[0] & 0x0f) * 4;
	total = len < IPV4_BYTES ? 0 : get16(p + 2);
	/* Short frames are padded: the length in the header counts. */
	if (header < IPV4_BYTES || p[0] >> 4 != 4 || total < header ||
	    total > len) {
		stack->counts.malformed++;
		return;
	}
	if ((get16(p + 6) & 0x3fff) != 0) {
		stack->counts.fragments++;
		return;
	}
	in.src = get32(p + 12);
	in.dst = get32(p + 16);
	in.payload = p + header;
	in.len = total - header;
	switch (p[9]) {
	case PROTO_ICMP:
		take_icmp(stack, &in);
		break;
	case PROTO_TCP:
		tcp_input(stack->tcp, &in);
		break;
	case PROTO_UDP:
		udp_input(stack, &in);
		break;
	default:
		take_other(stack, &in, p[9]);
		break;
	}
}

void
stack_input(struct stack *stack, const struct stack_time *time,
    const uint8_t *frame, size_t len)
{
	stack->time = *time;
	stack->counts.frames++;
	stack->counts.bytes += len;
	if (len < ETHER_BYTES) {
		stack->counts.malformed++;
		return;
	}
	memcpy(stack->guest, frame + ETHER_ADDR_BYTES, ETHER_ADDR_BYTES);
	switch (get16(frame + 12)) {
	case ETHERTYPE_ARP:
		take_arp(stack, frame + ETHER_BYTES, len - ETHER_BYTES);
		break;
	case ETHERTYPE_IPV4:
		take_ipv4(stack, frame + ETHER_BYTES, len - ETHER_BYTES);
		break;
	case ETHERTYPE_IPV6:
		stack->counts.ipv6++;
		break;
	default:
		break;
	}
}

void
stack_tick(struct stack *stack, const struct stack_time *time)
{
	stack->time = *time;
	tcp_tick(stack->tcp);
}
