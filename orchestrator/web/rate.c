/* SPDX-License-Identifier: Apache-2.0 */
/* rate.c - how many requests somebody may send. */
#include "web/rate.h"

#include "lib/digest.h"
#include "lib/xalloc.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define SETS 1024
#define WAYS 4
/* Thousandths of a request. */
#define UNIT 1000

struct bucket {
	uint64_t key; /* 0 = free */
	uint64_t units;
	uint64_t last_ms;
};

struct rate {
	uint64_t per_second;
	uint64_t units_max;
	uint8_t salt[16];
	struct bucket buckets[SETS][WAYS];
};

struct rate *
rate_new(unsigned int per_second, unsigned int burst)
{
	struct rate *rate = xcalloc(1, sizeof(*rate));

	rate->per_second = per_second;
	rate->units_max = (uint64_t)burst * UNIT;
	random_bytes(rate->salt, sizeof(rate->salt));
	return rate;
}

void
rate_free(struct rate *rate)
{
	free(rate);
}

static uint64_t
key_of(const struct rate *rate, const void *p, size_t len)
{
	struct sha256 *ctx = sha256_new();
	uint8_t digest[SHA256_BYTES];
	uint64_t key;

	sha256_update(ctx, rate->salt, sizeof(rate->salt));
	sha256_update(ctx, p, len);
	sha256_final(ctx, digest);
	sha256_free(ctx);
	memcpy(&key, digest, sizeof(key));
	return key == 0 ? 1 : key;
}

static struct bucket *
find(struct rate *rate, uint64_t key, uint64_t now_ms)
{
	struct bucket *set = rate->buckets[key % SETS];
	struct bucket *oldest = &set[0];

	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].key == key)
			return &set[i];
		if (set[i].last_ms < oldest->last_ms)
			oldest = &set[i];
	}
	*oldest = (struct bucket){
	    .key = key, .units = rate->units_max, .last_ms = now_ms};
	return oldest;
}

uint64_t
rate_take(struct rate *rate, const char *key, size_t len, uint64_t now_ms)
{
	struct bucket *b = find(rate, key_of(rate, key, len), now_ms);
	uint64_t gone_ms = now_ms - b->last_ms;
	uint64_t room = rate->units_max - b->units;

	/* UNIT is what a request costs, and milliseconds in a second. */
	if (gone_ms > room / rate->per_second)
		b->units = rate->units_max;
	else
		b->units += gone_ms * rate->per_second;
	b->last_ms = now_ms;
	if (b->units >= UNIT) {
		b->units -= UNIT;
		return 0;
	}
	return (UNIT - b->units + rate->per_second - 1) / rate->per_second;
}

uint64_t
rate_take_address(struct rate *rate, const char *address, uint64_t now_ms)
{
	uint8_t bytes[16];

	if (inet_pton(AF_INET6, address, bytes) == 1)
		return rate_take(rate, (const char *)bytes, 8, now_ms);
	return rate_take(rate, address, strlen(address), now_ms);
}
