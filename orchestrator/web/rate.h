/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rate.h - how many requests somebody may send: a bucket of tokens for each
 * key (an address, an account), filled steadily.  Bounded memory: a new key
 * takes the place of the oldest of its set.
 */
#ifndef WEB_RATE_H
#define WEB_RATE_H

#include <stddef.h>
#include <stdint.h>

struct rate;

/* per_second and burst are at least 1. */
struct rate *rate_new(unsigned int per_second, unsigned int burst);
void rate_free(struct rate *rate);
/*
 * Takes one token of a key; returns 0, or how many milliseconds to wait for
 * one.
 */
uint64_t rate_take(
    struct rate *rate, const char *key, size_t len, uint64_t now_ms);
/* The same for an address as text: IPv6 counts by its first 64 bits. */
uint64_t rate_take_address(
    struct rate *rate, const char *address, uint64_t now_ms);

#endif
