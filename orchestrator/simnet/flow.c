/* SPDX-License-Identifier: Apache-2.0 */
/* flow.c - the table of flows. */
#include "simnet/flow.h"

#include "lib/xalloc.h"

#define BUCKETS 1024u

void
flows_init(struct flows *flows)
{
	*flows = (struct flows){0};
	flows->all = xcalloc(FLOWS_MAX, sizeof(*flows->all));
	flows->bucket = xcalloc(BUCKETS, sizeof(*flows->bucket));
}

void
flows_release(struct flows *flows)
{
	for (size_t i = 0; i < flows->count; i++)
		free(flows->all[i]);
	free(flows->all);
	free(flows->bucket);
	*flows = (struct flows){0};
}

static uint32_t
hash(const struct flow_key *key)
{
	uint32_t h = key->address * 2654435761u;

	h ^= ((uint32_t)key->guest_port << 16 | key->port) * 2246822519u;
	h ^= key->proto;
	return (h ^ h >> 15) % BUCKETS;
}

struct flow *
flows_find(const struct flows *flows, const struct flow_key *key)
{
	struct flow *f = flows->bucket[hash(key)];

	for (; f != NULL; f = f->next) {
		if (f->proto == key->proto && f->port == key->port &&
		    f->guest_port == key->guest_port &&
		    f->address == key->address)
			return f;
	}
	return NULL;
}

struct flow *
flows_add(struct flows *flows, const struct flow_key *key, int64_t wall_us)
{
	uint32_t h = hash(key);
	struct flow *f;

	if (flows->count == FLOWS_MAX) {
		flows->overflow++;
		return NULL;
	}
	f = xcalloc(1, sizeof(*f));
	f->proto = key->proto;
	f->guest_port = key->guest_port;
	f->port = key->port;
	f->address = key->address;
	f->first_us = wall_us;
	f->next = flows->bucket[h];
	flows->bucket[h] = f;
	flows->all[flows->count++] = f;
	return f;
}

void
flow_sent(struct flow *flow, const uint8_t *p, size_t len)
{
	size_t room;

	if (flow == NULL)
		return;
	flow->bytes_out += len;
	room = sizeof(flow->head) - flow->head_len;
	if (len < room)
		room = len;
	if (room > 0)
		memcpy(flow->head + flow->head_len, p, room);
	flow->head_len += room;
}
