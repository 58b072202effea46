/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_simnet.c - any bytes as a DNS query, a request head, a TLS hello and
 * what a guest says on a connection: the first byte chooses.
 *
 * fuzz-links: simnet
 */
#include "lib/xalloc.h"
#include "simnet/dns.h"
#include "simnet/http.h"
#include "simnet/service.h"
#include "simnet/tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
no_write(void *arg, const void *p, size_t len)
{
	(void)arg;
	(void)p;
	(void)len;
}

static void
no_close(void *arg)
{
	(void)arg;
}

static void
fuzz_dns(const uint8_t *data, size_t size)
{
	uint8_t answer[DNS_ANSWER_BYTES];
	struct names names;

	names_init(&names);
	if (dns_answer(&names, data, size, answer) > sizeof(answer))
		abort();
	/* A second time: now the name is known. */
	(void)dns_answer(&names, data, size, answer);
	names_release(&names);
}

static void
fuzz_http(const uint8_t *data, size_t size)
{
	char answer[HTTP_ANSWER_BYTES];
	struct http_request r;
	unsigned int status;

	(void)http_is_likely(data, size);
	if (http_parse(data, size, &r) != ERR_OK)
		return;
	if (r.head_bytes > size ||
	    http_answer(&r, answer, &status) > sizeof(answer))
		abort();
}

/* The bytes arrive in pieces of the size that the first one says. */
static void
fuzz_service(const uint8_t *data, size_t size, unsigned int port)
{
	const struct service_io io = {no_write, no_close, NULL};
	size_t piece = size > 0 ? (size_t)data[0] + 1 : 1;
	struct flow *flow = xcalloc(1, sizeof(*flow));
	struct service *service;
	struct names names;

	names_init(&names);
	service = service_new(port, flow, &names, &io);
	service_open(service);
	while (size > 0) {
		size_t n = size < piece ? size : piece;

		service_input(service, data, n);
		data += n;
		size -= n;
	}
	service_end(service);
	service_free(service);
	names_release(&names);
	free(flow);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned int ports[] = {80, 53, 25, 21, 6667, 443};
	char name[TLS_NAME_BYTES];

	if (size == 0)
		return 0;
	switch (data[0] % 4) {
	case 0:
		fuzz_dns(data + 1, size - 1);
		break;
	case 1:
		fuzz_http(data + 1, size - 1);
		break;
	case 2:
		(void)!tls_hello(data + 1, size - 1, name);
		break;
	default:
		fuzz_service(data + 1, size - 1, ports[data[0] / 4 % 6]);
		break;
	}
	return 0;
}
