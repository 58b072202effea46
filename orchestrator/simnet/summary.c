/* SPDX-License-Identifier: Apache-2.0 */
/* summary.c - names, connections and counts of a run. */
#include "simnet/summary.h"

#include "lib/log.h"
#include "simnet/dns.h"

#define NAMES_SHOWN 400u
#define FLOWS_SHOWN 400u

static void
set_text(json_t *object, const char *name, const char *text)
{
	if (text != NULL && text[0] != '\0')
		(void)json_object_set_new(object, name, json_string(text));
}

static const char *
proto_name(unsigned int proto)
{
	return proto == PROTO_TCP    ? "tcp"
	       : proto == PROTO_UDP  ? "udp"
	       : proto == PROTO_ICMP ? "icmp"
				     : "other";
}

static json_t *
flow_json(const struct flow *f)
{
	char address[16], head[4 * FLOW_HEAD_BYTES + 8];
	json_t *json =
	    json_pack("{ss ss sI sI sI sI}", "proto", proto_name(f->proto),
		"address", packet_address(address, f->address), "port",
		(json_int_t)(f->proto == PROTO_ICMP ? 0 : f->port), "sent",
		(json_int_t)f->bytes_out, "received", (json_int_t)f->bytes_in,
		"time_us", (json_int_t)f->first_us);

	set_text(json, "name", f->name);
	set_text(json, "app", f->app);
	set_text(json, "method", f->method);
	set_text(json, "host", f->host);
	set_text(json, "path", f->path);
	set_text(json, "user_agent", f->agent);
	if (f->status != 0)
		(void)json_object_set_new(
		    json, "status", json_integer(f->status));
	if (f->requests > 1)
		(void)json_object_set_new(
		    json, "requests", json_integer(f->requests));
	if (f->head_len > 0 && f->app == NULL)
		set_text(json, "head",
		    log_quote_text(head, sizeof(head), f->head, f->head_len));
	return json;
}

static json_t *
names_json(const struct names *names)
{
	json_t *list = json_array();
	char address[16], types[64];

	for (size_t i = 0; i < names->count && i < NAMES_SHOWN; i++) {
		const struct name *n = &names->all[i];

		(void)json_array_append_new(
		    list, json_pack("{ss ss ss sI}", "name", n->text, "address",
			      packet_address(address, n->address), "types",
			      dns_types(types, n->types), "queries",
			      (json_int_t)n->queries));
	}
	return list;
}

static json_t *
flows_json(const struct flows *flows)
{
	json_t *list = json_array();

	for (size_t i = 0; i < flows->count; i++) {
		const struct flow *f = flows->all[i];

		/* Queries are in the names already. */
		if (f->app != NULL && strcmp(f->app, "dns") == 0)
			continue;
		if (json_array_size(list) == FLOWS_SHOWN)
			break;
		(void)json_array_append_new(list, flow_json(f));
	}
	return list;
}

static json_t *
all_json(const struct stack *stack, const struct pcap *pcap)
{
	const struct stack_counts *c = &stack->counts;

	return json_pack("{sI sI sI sI sI sI sI sI sI sI sI sb s:o s:o}",
	    "packets", (json_int_t)c->frames, "bytes", (json_int_t)c->bytes,
	    "ipv6", (json_int_t)c->ipv6, "fragments", (json_int_t)c->fragments,
	    "malformed", (json_int_t)c->malformed, "refused",
	    (json_int_t)c->refused, "pcap_packets", (json_int_t)pcap->packets,
	    "pcap_bytes", (json_int_t)pcap->bytes, "pcap_cut",
	    (json_int_t)pcap->cut, "names_total",
	    (json_int_t)(stack->names.count + stack->names.overflow),
	    "connections_total",
	    (json_int_t)(stack->flows.count + stack->flows.overflow), "is_cut",
	    0, "names", names_json(&stack->names), "connections",
	    flows_json(&stack->flows));
}

char *
summary_make(const struct stack *stack, const struct pcap *pcap)
{
	auto_json json_t *json = all_json(stack, pcap);
	static const char *const lists[] = {"connections", "names"};
	char *text = json_canonical(json);
	size_t which = 0;

	while (strlen(text) > SUMMARY_BYTES) {
		json_t *list = json_object_get(json, lists[which % 2]);
		size_t keep = json_array_size(list) * 3 / 4;

		while (json_array_size(list) > keep)
			(void)json_array_remove(
			    list, json_array_size(list) - 1);
		(void)json_object_set_new(json, "is_cut", json_true());
		free(text);
		text = json_canonical(json);
		which++;
	}
	return text;
}
