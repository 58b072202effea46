/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow.h - what is remembered of each connection for the summary of a run.
 * The capture holds the rest.  Foreign bytes are kept as quoted text.
 */
#ifndef SIMNET_FLOW_H
#define SIMNET_FLOW_H

#include <stddef.h>
#include <stdint.h>

#define FLOWS_MAX	  ((size_t)2048)
#define FLOW_METHOD_BYTES 16
#define FLOW_HOST_BYTES	  256
#define FLOW_PATH_BYTES	  1024
#define FLOW_HEAD_BYTES	  48

struct flow {
	unsigned int proto;  /* PROTO_* */
	uint16_t guest_port; /* the ICMP identifier for ICMP */
	uint16_t port;
	uint32_t address; /* what the guest wanted, host order */
	const char *name; /* of the address, by DNS; lives as long as names */
	int64_t first_us;
	uint64_t bytes_out; /* payload that the guest sent */
	uint64_t bytes_in;  /* payload that it got */
	uint64_t packets;   /* that the guest sent */
	const char *app;    /* "http", "tls", "dns", "smtp" ... or NULL */
	char method[FLOW_METHOD_BYTES];
	char host[FLOW_HOST_BYTES]; /* Host header, or the server name in TLS */
	char path[FLOW_PATH_BYTES];
	char agent[FLOW_HOST_BYTES]; /* User-Agent */
	unsigned int requests;
	unsigned int status;	       /* of the first answer */
	uint8_t head[FLOW_HEAD_BYTES]; /* first bytes that the guest sent */
	size_t head_len;
	struct flow *next; /* in its bucket */
};

struct flows {
	struct flow **all; /* FLOWS_MAX, in order of appearance */
	size_t count;
	uint64_t overflow; /* flows that found no place */
	struct flow **bucket;
};

struct flow_key {
	unsigned int proto;
	uint16_t guest_port;
	uint16_t port;
	uint32_t address;
};

void flows_init(struct flows *flows);
void flows_release(struct flows *flows);
/* The newest flow with that key, or NULL. */
struct flow *flows_find(const struct flows *flows, const struct flow_key *key);
/* A new flow, or NULL when there is no place (counted). */
struct flow *flows_add(
    struct flows *flows, const struct flow_key *key, int64_t wall_us);
/* Counts payload from the guest, keeps its first bytes.  flow may be NULL. */
void flow_sent(struct flow *flow, const uint8_t *p, size_t len);

#endif
