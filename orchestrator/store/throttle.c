/* SPDX-License-Identifier: Apache-2.0 */
/* throttle.c - who has to wait before the next attempt to log in. */
#include "store/throttle.h"

#include "lib/digest.h"
#include "lib/xalloc.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A new key takes the place of the oldest of its set. */
#define SETS 2048
#define WAYS 4

#define FORGET_MS ((uint64_t)3600 * 1000)
/* Attempts without waiting, then 1 s, 2 s, 4 s ... up to the most. */
#define PAIR_FREE   5
#define PAIR_MS_MAX ((uint64_t)900 * 1000)
/* Many people may share an address. */
#define ADDRESS_FREE   50
#define ADDRESS_MS_MAX ((uint64_t)30 * 1000)
#define NAME_FREE      50
#define NAME_MS_MAX    ((uint64_t)60 * 1000)

struct entry {
	uint64_t key; /* 0 = free */
	uint32_t failures;
	uint64_t last_ms;
};

struct throttle {
	uint8_t salt[16];
	struct entry entries[SETS][WAYS];
};

struct throttle *
throttle_new(void)
{
	struct throttle *t = xcalloc(1, sizeof(*t));

	/* So that nobody can choose which keys push each other out. */
	random_bytes(t->salt, sizeof(t->salt));
	return t;
}

void
throttle_free(struct throttle *t)
{
	free(t);
}

/* What counts of an address: all of IPv4, a network of IPv6. */
static size_t
address_bytes(const char *address, uint8_t bytes[64])
{
	size_t len = strnlen(address, 48);

	if (inet_pton(AF_INET6, address, bytes) == 1)
		return 8;
	memcpy(bytes, address, len);
	return len;
}

static uint64_t
key_of(const struct throttle *t, char kind, const struct throttle_who *who)
{
	struct sha256 *ctx = sha256_new();
	uint8_t bytes[64], digest[SHA256_BYTES];
	uint64_t key;

	sha256_update(ctx, t->salt, sizeof(t->salt));
	sha256_update(ctx, &kind, 1);
	if (kind != 'n')
		sha256_update(ctx, bytes, address_bytes(who->address, bytes));
	sha256_update(ctx, "", 1);
	if (kind != 'a')
		sha256_update(ctx, who->name, strlen(who->name));
	sha256_final(ctx, digest);
	sha256_free(ctx);
	memcpy(&key, digest, sizeof(key));
	return key == 0 ? 1 : key;
}

static struct entry *
find(const struct throttle *t, uint64_t key)
{
	const struct entry *set = t->entries[key % SETS];

	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].key == key)
			return (struct entry *)(uintptr_t)&set[i];
	}
	return NULL;
}

static uint64_t
wait_of(const struct throttle *t, uint64_t key, uint32_t is_free,
    uint64_t ms_max, uint64_t now_ms)
{
	const struct entry *e = find(t, key);
	uint64_t wait_ms, gone_ms;
	uint32_t over;

	if (e == NULL || e->failures < is_free)
		return 0;
	gone_ms = now_ms - e->last_ms;
	if (gone_ms > FORGET_MS)
		return 0;
	over = e->failures - is_free;
	wait_ms = over >= 20 ? ms_max : (uint64_t)1000 << over;
	if (wait_ms > ms_max)
		wait_ms = ms_max;
	return gone_ms >= wait_ms ? 0 : wait_ms - gone_ms;
}

static uint64_t
longer(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

uint64_t
throttle_wait(
    const struct throttle *t, const struct throttle_who *who, uint64_t now_ms)
{
	uint64_t wait_ms =
	    wait_of(t, key_of(t, 'p', who), PAIR_FREE, PAIR_MS_MAX, now_ms);

	wait_ms = longer(wait_ms, wait_of(t, key_of(t, 'a', who), ADDRESS_FREE,
				      ADDRESS_MS_MAX, now_ms));
	if (!who->is_known)
		wait_ms = longer(wait_ms, wait_of(t, key_of(t, 'n', who),
					      NAME_FREE, NAME_MS_MAX, now_ms));
	return wait_ms;
}

static void
count(struct throttle *t, uint64_t key, uint64_t now_ms)
{
	struct entry *set = t->entries[key % SETS];
	struct entry *e = find(t, key);

	if (e == NULL) {
		e = &set[0];
		for (size_t i = 1; i < WAYS; i++) {
			if (set[i].last_ms < e->last_ms)
				e = &set[i];
		}
		*e = (struct entry){.key = key};
	}
	if (now_ms - e->last_ms > FORGET_MS)
		e->failures = 0;
	if (e->failures < UINT32_MAX)
		e->failures++;
	e->last_ms = now_ms;
}

void
throttle_attempt(
    struct throttle *t, const struct throttle_who *who, uint64_t now_ms)
{
	count(t, key_of(t, 'p', who), now_ms);
	count(t, key_of(t, 'a', who), now_ms);
	count(t, key_of(t, 'n', who), now_ms);
}

void
throttle_success(struct throttle *t, const struct throttle_who *who)
{
	static const char kinds[] = {'a', 'n'};
	struct entry *e = find(t, key_of(t, 'p', who));

	if (e != NULL)
		*e = (struct entry){0};
	/* Others' failures stay; this attempt was none. */
	for (size_t i = 0; i < sizeof(kinds); i++) {
		e = find(t, key_of(t, kinds[i], who));
		if (e != NULL && e->failures > 0)
			e->failures--;
	}
}
