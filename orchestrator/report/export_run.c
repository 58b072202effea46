/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_run.c - runs of a report that may leave, and what they asked the
 * network for.
 *
 * The network of a run is simulated: addresses that names had in it are made
 * up, and no indicator; those that were called without asking for a name, and
 * names themselves, are the sample's own.
 */
#include "report/export.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <arpa/inet.h>

#define RUNS_MAX ((size_t)500)

/* A name of the public DNS: letters, digits, hyphens, and a dot (RFC 1123). */
static bool
is_domain(const char *name)
{
	static const char *const local[] = {".arpa", ".local", ".lan",
	    ".internal", ".localdomain", ".home", ".corp"};
	size_t len = strlen(name), dots = 0, label = 0;

	if (len < 4 || len > 253)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = name[i];

		if (c == '.') {
			if (label == 0 || label > 63 || i + 1 == len)
				return false;
			dots++;
			label = 0;
			continue;
		}
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			c == '-' || c == '_'))
			return false;
		label++;
	}
	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++) {
		size_t n = strlen(local[i]);

		if (len > n && strcmp(name + len - n, local[i]) == 0)
			return false;
	}
	/* 192.0.2.1 is none. */
	return dots > 0 && strspn(name, "0123456789.") < len;
}

/* In lower case, without the root's dot; "" where it is no such name. */
static void
domain_of(const char *name, char ret_name[256])
{
	size_t len = strlen(name);

	ret_name[0] = '\0';
	if (len > 0 && name[len - 1] == '.')
		len--;
	if (len > 253)
		return;
	for (size_t i = 0; i < len; i++) {
		char c = name[i];

		ret_name[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	ret_name[len] = '\0';
	if (!is_domain(ret_name))
		ret_name[0] = '\0';
}

/* Reachable from anywhere (RFC 6890), and none of the simulated network's. */
static bool
is_global_v4(const uint8_t a[4])
{
	static const struct {
		uint32_t net;
		unsigned int bits;
	} special[] = {{0x00000000, 8}, {0x0a000000, 8}, {0x64400000, 10},
	    {0x7f000000, 8}, {0xa9fe0000, 16}, {0xac100000, 12},
	    {0xc0000000, 24}, {0xc0a80000, 16}, {0xc6120000, 15},
	    {0xe0000000, 3}};
	uint32_t v = (uint32_t)a[0] << 24 | (uint32_t)a[1] << 16 |
		     (uint32_t)a[2] << 8 | a[3];

	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
		if ((v ^ special[i].net) >> (32 - special[i].bits) == 0)
			return false;
	}
	return true;
}

/* "ipv4", "ipv6", or NULL where nobody could block it. */
static const char *
address_type(const char *text)
{
	uint8_t bytes[16];

	if (inet_pton(AF_INET, text, bytes) == 1)
		return is_global_v4(bytes) ? "ipv4" : NULL;
	/* 2000::/3 is what is given out (RFC 4291, 2.4). */
	if (inet_pton(AF_INET6, text, bytes) == 1)
		return bytes[0] >> 5 == 1 ? "ipv6" : NULL;
	return NULL;
}

static bool
is_plain(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text <= ' ' || *text >= 0x7f || *text == '"' ||
		    *text == '<' || *text == '>')
			return false;
	}
	return true;
}

static void
add_name(struct export_state *s, json_t *sample, const char *name,
    const char *profile)
{
	auto_free char *context =
	    xasprintf("asked for in a run on %s", profile);
	char domain[256];

	domain_of(name, domain);
	if (domain[0] != '\0')
		export_indicator(s, "domain", domain, sample, context);
	else if (name[0] != '\0')
		export_remove(s, "indicator", "form",
		    label_tlp(json_member_text(sample, "tlp", "")), name);
}

static void
add_url(struct export_state *s, json_t *sample, const json_t *c,
    const char *profile)
{
	const char *path = json_member_text(c, "path", "/");
	json_int_t port = json_member_int(c, "port", 80);
	bool is_tls = strcmp(json_member_text(c, "app", ""), "tls") == 0;
	auto_free char *context = NULL;
	auto_free char *url = NULL;
	char host[256], number[16] = "";

	domain_of(json_member_text(c, "host", ""), host);
	if (host[0] == '\0' || path[0] != '/' || !is_plain(path) ||
	    strlen(path) > 2000)
		return;
	if (port != (is_tls ? 443 : 80))
		(void)snprintf(
		    number, sizeof(number), ":%lld", (long long)port);
	url = xasprintf(
	    "%s://%s%s%s", is_tls ? "https" : "http", host, number, path);
	context = xasprintf("%s in a run on %s",
	    json_member_text(c, "method", "request"), profile);
	export_indicator(s, "url", url, sample, context);
}

static void
add_network(struct export_state *s, json_t *sample, const json_t *run)
{
	const char *profile = json_member_text(run, "profile", "");
	const json_t *network = json_object_get(run, "network");
	auto_free char *context =
	    xasprintf("connected to in a run on %s", profile);
	size_t at;
	json_t *row;

	json_array_foreach(json_object_get(network, "dns"), at, row)
	    add_name(s, sample, json_member_text(row, "name", ""), profile);
	json_array_foreach(json_object_get(run, "dns"), at, row)
	    add_name(s, sample, json_member_text(row, "name", ""), profile);
	json_array_foreach(json_object_get(network, "connections"), at, row)
	{
		const char *address = json_member_text(row, "address", "");
		const char *type = address_type(address);

		if (json_member_text(row, "name", "")[0] == '\0' &&
		    type != NULL)
			export_indicator(s, type, address, sample, context);
		if (json_member_text(row, "host", "")[0] != '\0')
			add_url(s, sample, row, profile);
	}
}

/* What was concluded of a run. */
static void
add_conclusions(const struct export_state *s, json_t *run, const char *trace)
{
	size_t at;
	json_t *row;

	json_array_foreach(json_object_get(s->doc, "findings"), at, row)
	{
		const json_t *detail = json_object_get(row, "detail");

		if (strcmp(json_member_text(row, "artefact", ""), trace) != 0 ||
		    strcmp(json_member_text(row, "type", ""), "finding") != 0)
			continue;
		(void)json_array_append_new(json_object_get(run, "signatures"),
		    json_pack("{s:s, s:s}", "name",
			json_member_text(row, "name", ""), "title",
			json_member_text(detail, "title", "")));
	}
}

static json_t *
make_run(const json_t *row, const json_t *sample)
{
	const json_t *environment = json_object_get(row, "environment");
	const json_t *profile = json_object_get(environment, "profile");
	char started[32], ended[32];

	export_time(json_member_text(row, "started", ""), started);
	export_time(json_member_text(row, "ended", ""), ended);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, "
			 "s:[]}",
	    "key", json_member_text(row, "id", ""), "sample",
	    json_member_text(sample, "key", ""), "tlp",
	    json_member_text(sample, "tlp", ""), "profile",
	    json_member_text(row, "profile", ""), "title",
	    json_member_text(profile, "title", ""), "os",
	    json_member_text(profile, "os", ""), "digest",
	    json_member_text(profile, "digest", ""), "started", started,
	    "ended", ended, "outcome", json_member_text(row, "outcome", ""),
	    "signatures");
}

/* A run of a sample that stays behind stays behind, too. */
void
export_runs(struct export_state *s)
{
	json_t *list = json_object_get(s->content, "runs");
	size_t at;
	json_t *row, *run;

	json_array_foreach(json_object_get(s->doc, "runs"), at, row)
	{
		json_t *sample = json_object_get(
		    s->by_artefact, json_member_text(row, "artefact", ""));

		if (!json_is_true(json_object_get(sample, "is_kept"))) {
			enum tlp tlp =
			    label_tlp(json_member_text(sample, "tlp", ""));

			export_remove(s, "run",
			    tlp > s->order->ceiling ? "label" : "form", tlp,
			    json_member_text(row, "artefact_name", ""));
			continue;
		}
		if (json_array_size(list) >= RUNS_MAX) {
			export_remove(s, "run", "form", TLP_CLEAR, "too many");
			continue;
		}
		run = make_run(row, sample);
		add_conclusions(s, run, json_member_text(row, "trace", ""));
		(void)json_array_append_new(list, run);
		/* What is known to be benign has no indicators. */
		if (strcmp(json_member_text(sample, "verdict", ""), "benign") !=
		    0)
			add_network(s, sample, row);
	}
}
