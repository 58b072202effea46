/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_hook.c - what a receiver of webhooks answers, line by line; addresses
 * of endpoints; lists of addresses.  The first byte says which.
 * fuzz-links: hook transfer
 */
#include "hook/answer.h"
#include "lib/inet.h"
#include "lib/own.h"
#include "lib/place.h"
#include "lib/xalloc.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_answer(const char *p, size_t len)
{
	struct answer answer = {0};

	while (len > 0) {
		const char *end = memchr(p, '\n', len);
		size_t n = end == NULL ? len : (size_t)(end - p) + 1;

		if (!answer_line(&answer, p, n, 784111777))
			break;
		if (answer.retry_after_s < 0 ||
		    answer.retry_after_s > ANSWER_RETRY_MAX_S ||
		    answer.head_bytes > ANSWER_HEAD_BYTES_MAX)
			abort();
		p += n;
		len -= n;
	}
}

static void
try_place(const char *text)
{
	struct place place;

	if (place_read(text, &place) != ERR_OK)
		return;
	/* What goes to the dialer and to libcurl is a host and a port. */
	if (place.host[0] == '\0' || strpbrk(place.host, "@/?#% \r\n") ||
	    place.port[0] == '\0' ||
	    place.port[strspn(place.port, "0123456789")] != '\0')
		abort();
}

static void
try_ranges(const char *text)
{
	static const uint8_t loopback[INET_BYTES] = {
	    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 127, 0, 0, 1};
	struct inet_ranges ranges;

	if (inet_ranges_read(text, &ranges) != ERR_OK)
		return;
	for (size_t i = 0; i < ranges.count; i++) {
		/* Each is in itself. */
		if (!inet_ranges_have(&ranges, ranges.ranges[i].address))
			abort();
	}
	(void)inet_ranges_have(&ranges, loopback);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = NULL;

	if (size == 0 || size > 70000)
		return 0;
	text = xstrndup((const char *)data + 1, size - 1);
	if (data[0] == 'a')
		try_answer((const char *)data + 1, size - 1);
	else if (data[0] == 'p')
		try_place(text);
	else
		try_ranges(text);
	return 0;
}
