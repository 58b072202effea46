/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guestctl - a controller for one guest, for the tests.
 *
 * usage: guestctl SOCKET ready
 *        guestctl SOCKET run [-n NAME] [-i INTERPRETER] [-m MEMBER]
 *            [-p PASSWORD] [-t SECONDS] [-u UID] [-d FOLDER] [-o TRACE]
 *            [-s STOP_AFTER_MS] [-w PAUSE_MS] [-q] [-E BYTES]
 *            FILE [ARGUMENT ...]
 *        guestctl - decode TRACE
 *
 * Talks to the agent through the Unix socket behind the virtio-serial port
 * and prints one line for each frame: TYPE key=value ..., bytes in C style.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "agents/wire.h"

struct options {
	const char *name;
	const char *interpreter;
	const char *member;
	const char *password;
	const char *folder;
	const char *trace;
	unsigned int seconds;
	unsigned int uid;
	unsigned int stop_ms;
	unsigned int pause_ms;
	unsigned long event_bytes;
	bool is_quiet;
};

static struct gwire_decoder decoder;
static uint8_t frame_buf[WIRE_FRAME_BYTES];
static uint32_t sequence;
static int sock = -1;
static int trace_fd = -1;
static FILE *dropped;
static unsigned int file_number;
static uint64_t counts[256];

static void __attribute__((noreturn, format(printf, 1, 2)))
die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)fputs("guestctl: ", stderr);
	(void)vfprintf(stderr, fmt, ap);
	(void)fputc('\n', stderr);
	va_end(ap);
	exit(2);
}

static uint64_t
now_ms(clockid_t clock)
{
	struct timespec ts;

	(void)clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void
dial(const char *path)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	uint64_t start = now_ms(CLOCK_MONOTONIC);

	if (strlen(path) >= sizeof(sa.sun_path))
		die("%s: too long", path);
	memcpy(sa.sun_path, path, strlen(path) + 1);
	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	while (connect(sock, (const struct sockaddr *)&sa, sizeof(sa)) == -1) {
		if (now_ms(CLOCK_MONOTONIC) - start > 10000)
			die("%s: %s", path, strerror(errno));
		(void)usleep(20000);
	}
}

static void
send_frame(struct gwire_builder *b)
{
	size_t n = gwire_end(b, sequence++);
	const uint8_t *p = frame_buf;

	if (n == 0)
		die("frame does not fit");
	while (n > 0) {
		ssize_t w = write(sock, p, n);

		if (w == -1)
			die("write: %s", strerror(errno));
		p += w;
		n -= (size_t)w;
	}
}

static void
send_plain(enum gwire_type type)
{
	struct gwire_builder b;

	gwire_begin(&b, frame_buf, sizeof(frame_buf), type);
	send_frame(&b);
}

/* Wait for one frame; false when the time is over or the peer has gone. */
static bool
receive(struct gwire_frame *frame, unsigned int timeout_ms)
{
	uint64_t end = now_ms(CLOCK_MONOTONIC) + timeout_ms;

	while (!gwire_next(&decoder, frame)) {
		struct pollfd pfd = {.fd = sock, .events = POLLIN};
		uint64_t now = now_ms(CLOCK_MONOTONIC);
		uint8_t buf[32768];
		size_t space =
		    sizeof(decoder.buf) - (decoder.end - decoder.start);
		ssize_t n;

		if (now >= end || poll(&pfd, 1, (int)(end - now)) <= 0)
			return false;
		n = read(sock, buf, space < sizeof(buf) ? space : sizeof(buf));
		if (n <= 0)
			return false;
		if (trace_fd != -1 && write(trace_fd, buf, (size_t)n) != n)
			die("trace: %s", strerror(errno));
		/* Reads are smaller than what a frame leaves free. */
		if (gwire_push(&decoder, buf, (size_t)n) != (size_t)n)
			die("decoder is full");
	}
	return true;
}

static void
print_bytes(const uint8_t *p, size_t n)
{
	size_t i;

	(void)putchar('"');
	for (i = 0; i < n; i++) {
		if (p[i] == '"' || p[i] == '\\')
			(void)printf("\\%c", p[i]);
		else if (p[i] >= 0x20 && p[i] < 0x7f)
			(void)putchar(p[i]);
		else
			(void)printf("\\x%02x", (unsigned int)p[i]);
	}
	(void)putchar('"');
}

static void
print_frame(const struct gwire_frame *frame)
{
	const char *name = gwire_type_name(frame->type);
	struct gwire_cursor cur;
	struct gwire_field f;

	(void)printf("%s", name == NULL ? "?" : name);
	if (frame->type == WIRE_EVENT) {
		name = gwire_event_name(
		    (unsigned int)gwire_number(frame, WIRE_K_EVENT_KIND, 0));
		(void)printf(" %s", name == NULL ? "?" : name);
	}
	gwire_fields(frame, &cur);
	while (gwire_field_next(&cur, &f)) {
		const char *key = gwire_key_name(f.key);

		(void)printf(" %s=", key == NULL ? "?" : key);
		if (!f.is_bytes)
			(void)printf("%llu", (unsigned long long)f.number);
		else if (frame->type == WIRE_FILE_DATA)
			(void)printf("%zu bytes", f.size);
		else
			print_bytes(f.data, f.size);
	}
	(void)printf("%s\n", cur.is_damaged ? " DAMAGED" : "");
	(void)fflush(stdout);
}

/* Keep the bytes of collected files: FOLDER/1, FOLDER/2 ... */
static void
save_file(const struct gwire_frame *frame, const char *folder)
{
	char path[4096];
	const uint8_t *data;
	size_t size;

	if (folder == NULL)
		return;
	if (frame->type == WIRE_FILE_BEGIN) {
		(void)snprintf(
		    path, sizeof(path), "%s/%u", folder, ++file_number);
		dropped = fopen(path, "we");
	} else if (frame->type == WIRE_FILE_DATA && dropped != NULL) {
		data = gwire_bytes(frame, WIRE_K_DATA, &size);
		if (data != NULL && fwrite(data, 1, size, dropped) != size)
			die("cannot write %s", folder);
	} else if (frame->type == WIRE_FILE_END && dropped != NULL) {
		(void)fclose(dropped);
		dropped = NULL;
	}
}

static void
expect_ack(const char *what)
{
	struct gwire_frame frame;

	do {
		if (!receive(&frame, 30000))
			die("%s: no answer", what);
	} while (frame.type != WIRE_ACK);
	if (gwire_number(&frame, WIRE_K_CODE, 99) != WIRE_A_OK) {
		print_frame(&frame);
		die("%s: refused", what);
	}
}

static void
wait_ready(unsigned int timeout_ms)
{
	uint64_t start = now_ms(CLOCK_MONOTONIC);
	struct gwire_frame frame;

	for (;;) {
		if (now_ms(CLOCK_MONOTONIC) - start > timeout_ms)
			die("the agent does not answer");
		send_plain(WIRE_HELLO);
		if (receive(&frame, 500) && frame.type == WIRE_READY)
			break;
	}
	print_frame(&frame);
	(void)printf("READY_AFTER_MS %llu\n",
	    (unsigned long long)(now_ms(CLOCK_MONOTONIC) - start));
	(void)fflush(stdout);
	/* Answers to further greetings are still on their way. */
	send_plain(WIRE_PING);
	expect_ack("PING");
}

static void
send_sample(const struct options *o, const char *path, char *const *args)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	off_t size = fd == -1 ? -1 : lseek(fd, 0, SEEK_END);
	uint8_t data[WIRE_CHUNK_BYTES];
	struct gwire_builder b;
	off_t pos = 0;
	ssize_t n;

	if (size == -1)
		die("%s: %s", path, strerror(errno));
	gwire_begin(&b, frame_buf, sizeof(frame_buf), WIRE_SAMPLE);
	gwire_put_text(&b, WIRE_K_NAME, o->name);
	gwire_put_number(&b, WIRE_K_SIZE, (uint64_t)size);
	if (o->interpreter != NULL) {
		gwire_put_number(&b, WIRE_K_METHOD, WIRE_M_INTERPRETER);
		gwire_put_text(&b, WIRE_K_INTERPRETER, o->interpreter);
	}
	if (o->member != NULL)
		gwire_put_number(&b, WIRE_K_METHOD, WIRE_M_MEMBER);
	gwire_put_text(&b, WIRE_K_MEMBER, o->member);
	gwire_put_text(&b, WIRE_K_PASSWORD, o->password);
	gwire_put_number(&b, WIRE_K_UID, o->uid);
	gwire_put_number(&b, WIRE_K_TIME_LIMIT_MS, o->seconds * 1000u);
	if (o->event_bytes != 0)
		gwire_put_number(&b, WIRE_K_EVENT_BYTES_MAX, o->event_bytes);
	for (; *args != NULL; args++)
		gwire_put_text(&b, WIRE_K_ARG, *args);
	gwire_put_text(&b, WIRE_K_ENV, "LOEP_TEST=1");
	send_frame(&b);
	expect_ack("SAMPLE");
	while ((n = pread(fd, data, sizeof(data), pos)) > 0) {
		gwire_begin(&b, frame_buf, sizeof(frame_buf), WIRE_SAMPLE_DATA);
		gwire_put_bytes(&b, WIRE_K_DATA, data, (size_t)n);
		send_frame(&b);
		pos += n;
	}
	(void)close(fd);
}

static void
summary(uint64_t begin_ms)
{
	unsigned int i;

	for (i = 0; i < 256; i++)
		if (counts[i] != 0 && gwire_event_name(i) != NULL)
			(void)printf("COUNT %s %llu\n", gwire_event_name(i),
			    (unsigned long long)counts[i]);
	(void)printf("STREAM frames=%llu malformed=%llu skipped=%llu gaps=%llu "
		     "ms=%llu\n",
	    (unsigned long long)decoder.frames,
	    (unsigned long long)decoder.malformed,
	    (unsigned long long)decoder.skipped_bytes,
	    (unsigned long long)decoder.gaps,
	    (unsigned long long)(now_ms(CLOCK_MONOTONIC) - begin_ms));
}

static void
show(const struct gwire_frame *frame, const struct options *o)
{
	if (frame->type == WIRE_EVENT)
		counts[gwire_number(frame, WIRE_K_EVENT_KIND, 0) & 255]++;
	save_file(frame, o->folder);
	if (!o->is_quiet ||
	    (frame->type != WIRE_EVENT && frame->type != WIRE_FILE_DATA &&
		frame->type != WIRE_CONSOLE))
		print_frame(frame);
}

static int
run(const struct options *o, const char *path, char *const *args)
{
	struct gwire_builder b;
	struct gwire_frame frame;
	uint64_t begin;
	bool is_stopped = o->stop_ms == 0;

	wait_ready(240000);
	gwire_begin(&b, frame_buf, sizeof(frame_buf), WIRE_SET_CLOCK);
	gwire_put_number(&b, WIRE_K_WALL_NS, now_ms(CLOCK_REALTIME) * 1000000u);
	send_frame(&b);
	expect_ack("SET_CLOCK");
	send_sample(o, path, args);
	if (o->trace != NULL)
		trace_fd = open(
		    o->trace, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	send_plain(WIRE_START);
	begin = now_ms(CLOCK_MONOTONIC);
	for (;;) {
		uint64_t spent = now_ms(CLOCK_MONOTONIC) - begin;

		if (!is_stopped && spent >= o->stop_ms) {
			send_plain(WIRE_STOP);
			is_stopped = true;
		}
		if (spent > (o->seconds + 120) * 1000u)
			die("no DONE");
		if (!receive(&frame, is_stopped ? 5000 : 100))
			continue;
		show(&frame, o);
		/* A controller that takes nothing for a while. */
		if (frame.type == WIRE_STARTED && o->pause_ms > 0)
			(void)usleep(o->pause_ms * 1000);
		if (frame.type == WIRE_DONE)
			break;
	}
	summary(begin);
	return 0;
}

static int
decode(const char *path)
{
	const struct options o = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct gwire_frame frame;
	uint8_t buf[8192];
	ssize_t n;

	if (fd == -1)
		die("%s: %s", path, strerror(errno));
	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		size_t done = 0;

		while (done < (size_t)n) {
			done +=
			    gwire_push(&decoder, buf + done, (size_t)n - done);
			while (gwire_next(&decoder, &frame))
				show(&frame, &o);
		}
	}
	while (gwire_finish(&decoder, &frame))
		show(&frame, &o);
	(void)close(fd);
	summary(now_ms(CLOCK_MONOTONIC));
	return 0;
}

int
main(int argc, char *argv[])
{
	struct options o = {.name = "sample", .seconds = 30};
	int c;

	if (argc < 3)
		die("usage: guestctl SOCKET ready | run ... | decode TRACE");
	if (strcmp(argv[2], "decode") == 0 && argc == 4)
		return decode(argv[3]);
	dial(argv[1]);
	if (strcmp(argv[2], "ready") == 0) {
		wait_ready(240000);
		return 0;
	}
	optind = 3;
	while ((c = getopt(argc, argv, "+n:i:m:p:t:u:d:o:s:w:qE:")) != -1) {
		switch (c) {
		case 'n':
			o.name = optarg;
			break;
		case 'i':
			o.interpreter = optarg;
			break;
		case 'm':
			o.member = optarg;
			break;
		case 'p':
			o.password = optarg;
			break;
		case 't':
			o.seconds = (unsigned int)strtoul(optarg, NULL, 10);
			break;
		case 'u':
			o.uid = (unsigned int)strtoul(optarg, NULL, 10);
			break;
		case 'd':
			o.folder = optarg;
			break;
		case 'o':
			o.trace = optarg;
			break;
		case 's':
			o.stop_ms = (unsigned int)strtoul(optarg, NULL, 10);
			break;
		case 'w':
			o.pause_ms = (unsigned int)strtoul(optarg, NULL, 10);
			break;
		case 'q':
			o.is_quiet = true;
			break;
		case 'E':
			o.event_bytes = strtoul(optarg, NULL, 10);
			break;
		default:
			die("unknown option");
		}
	}
	if (optind >= argc)
		die("no sample given");
	return run(&o, argv[optind], argv + optind + 1);
}
