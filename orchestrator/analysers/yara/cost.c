/* SPDX-License-Identifier: Apache-2.0 */
/* cost.c - what rules cost. */
#include "analysers/yara/cost.h"

#include <stdbool.h>
#include <time.h>

/* libyara counts in seconds; a scan of one buffer takes milliseconds. */
#define SCAN_SECONDS_MAX 2
/* What a scan that was cut counts as: in full, however busy the machine. */
#define CUT_US ((uint64_t)SCAN_SECONDS_MAX * 1000000)
/* Pieces of a buffer, where the cost is only compared: each is as long as all
 * before it, four times, so that the slowest patterns are seen at once. */
#define FIRST_BYTES   ((size_t)1024)
#define FURTHER_BYTES 4
/* What is cut before that has no end for a file of any size. */
#define ENDLESS_BYTES ((size_t)4096)
/* On a busy machine a scan may be cut although it had hardly run. */
#define TRIES 8

void
cost_fill(uint8_t (*buffers)[COST_BUFFER_BYTES])
{
	static const char words[] =
	    "GET /index.php?id=1 HTTP/1.1\r\nHost: example.org\r\n"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    " = \"TVqQAAMAAAAEAAAA//8AALgAAAAAAAAAQAAAAAAAAAAAAAAAAAAA\";"
	    "function x(a,b){return eval(unescape('%u9090%u9090'));}\n"
	    "          \t\t\t\t\t\t        0123456789abcdef0123456789ABCDEF\n"
	    "user@example.org C:\\Windows\\System32\\cmd.exe /c \x90\x90\n";
	uint64_t noise = 88172645463325252u;

	memset(buffers[0], 'a', COST_BUFFER_BYTES);
	memset(buffers[1], 0, COST_BUFFER_BYTES);
	for (size_t i = 0; i < COST_BUFFER_BYTES; i++) {
		/* xorshift64 (Marsaglia 2003): the same in each run. */
		noise ^= noise << 13;
		noise ^= noise >> 7;
		noise ^= noise << 17;
		buffers[2][i] = (uint8_t)(noise >> 32);
		buffers[3][i] = (uint8_t)words[i % (sizeof(words) - 1)];
	}
	memcpy(buffers[2], "MZ", 2);
}

static int
on_scan(YR_SCAN_CONTEXT *context, int message, void *data, void *arg)
{
	(void)context;
	(void)message;
	(void)data;
	(void)arg;
	return CALLBACK_CONTINUE;
}

static uint64_t
cpu_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* False when libyara's clock, which is a person's, ended the scan, and that
 * had most of the time for itself. */
static bool
scan(YR_RULES *rules, const uint8_t *p, size_t len)
{
	for (int i = 0; i < TRIES; i++) {
		uint64_t start = cpu_us();

		if (yr_rules_scan_mem(rules, p, len, SCAN_FLAGS_NO_TRYCATCH,
			on_scan, NULL, SCAN_SECONDS_MAX) != ERROR_SCAN_TIMEOUT)
			return true;
		if (cpu_us() - start > CUT_US / 2)
			return false;
	}
	return false;
}

uint64_t
cost_us(YR_RULES *rules, const uint8_t (*buffers)[COST_BUFFER_BYTES])
{
	uint64_t start = cpu_us();

	for (size_t i = 0; i < COST_BUFFERS; i++) {
		if (!scan(rules, buffers[i], COST_BUFFER_BYTES))
			return CUT_US;
	}
	return cpu_us() - start;
}

uint64_t
cost_us_up_to(YR_RULES *rules, const uint8_t (*buffers)[COST_BUFFER_BYTES],
    uint64_t us_max)
{
	uint64_t start = cpu_us();
	size_t at = 0;

	for (size_t end = FIRST_BYTES; at < COST_BUFFER_BYTES;
	     end *= FURTHER_BYTES) {
		for (size_t i = 0; i < COST_BUFFERS; i++) {
			if (!scan(rules, buffers[i] + at, end - at))
				return end <= ENDLESS_BYTES ? COST_ENDLESS
							    : CUT_US;
			if (cpu_us() - start > us_max)
				return cpu_us() - start;
		}
		at = end;
	}
	return cpu_us() - start;
}

_Static_assert(COST_BUFFER_BYTES == FIRST_BYTES << 8,
    "the last piece ends with the buffer");
