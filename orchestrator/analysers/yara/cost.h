/* SPDX-License-Identifier: Apache-2.0 */
/* cost.h - what rules cost: CPU time on buffers that make bad patterns slow. */
#ifndef YARA_COST_H
#define YARA_COST_H

#include <stddef.h>
#include <stdint.h>
#include <yara.h>

#define COST_BUFFER_BYTES ((size_t)256 * 1024)
#define COST_BUFFERS	  4
#define COST_ENDLESS	  UINT64_MAX

/* Fills the buffers: one letter, zeros, noise behind "MZ", words. */
void cost_fill(uint8_t (*buffers)[COST_BUFFER_BYTES]);
/*
 * CPU microseconds for all buffers; a scan that is cut, after two seconds,
 * counts as those.
 */
uint64_t cost_us(YR_RULES *rules, const uint8_t (*buffers)[COST_BUFFER_BYTES]);
/*
 * The same up to us_max, about: the buffers are scanned in pieces, and what
 * has taken longer is not measured to its end.  COST_ENDLESS where it is cut in
 * the first few KiB.
 */
uint64_t cost_us_up_to(YR_RULES *rules,
    const uint8_t (*buffers)[COST_BUFFER_BYTES], uint64_t us_max);

#endif
