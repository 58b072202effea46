/* SPDX-License-Identifier: Apache-2.0 */
/* progress.c - one line on standard error that is written over. */
#include "cli/text.h"

#include "lib/loop.h"

#include <stdarg.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LINE_BYTES 512
/* Terminals flicker when they are written more often. */
#define REDRAW_MS 100

static bool is_shown;
static uint64_t drawn_ms;

static size_t
columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == -1 || size.ws_col < 20)
		return 80;
	return size.ws_col;
}

void
progress_line(const char *fmt, ...)
{
	char line[LINE_BYTES];
	va_list ap;

	if (!text_is_error_terminal())
		return;
	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	fprintf(stderr, "\r\033[K%.*s", (int)columns() - 1, line);
	(void)fflush(stderr);
	is_shown = true;
}

void
progress_clear(void)
{
	if (is_shown)
		fprintf(stderr, "\r\033[K");
	is_shown = false;
	drawn_ms = 0;
}

static void
bar(char *dst, size_t cells, uint64_t done, uint64_t total)
{
	size_t full = total == 0 ? cells : (size_t)(done * cells / total);

	if (full > cells)
		full = cells;
	memset(dst, '#', full);
	memset(dst + full, '.', cells - full);
	dst[cells] = '\0';
}

void
progress_bar(
    const char *what, uint64_t done, int64_t total, uint64_t started_ms)
{
	uint64_t now_ms = loop_now_ms();
	uint64_t spent_ms = now_ms - started_ms + 1;
	uint64_t rate = done * 1000 / spent_ms;
	char cells[25], size[32], speed[32], name[64];

	if (now_ms - drawn_ms < REDRAW_MS)
		return;
	drawn_ms = now_ms;
	(void)text_clean(name, sizeof(name), what);
	(void)text_size(size, sizeof(size), done);
	(void)text_size(speed, sizeof(speed), rate);
	if (total <= 0) {
		progress_line("%s  %s  %s/s", name, size, speed);
		return;
	}
	bar(cells, sizeof(cells) - 1, done, (uint64_t)total);
	progress_line("[%s] %3u%%  %s  %s/s  %llus left  %s", cells,
	    (unsigned int)(done * 100 / (uint64_t)total), size, speed,
	    rate == 0 ? 0ULL
		      : (unsigned long long)(((uint64_t)total - done) / rate),
	    name);
}
