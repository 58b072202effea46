/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_load.c - analysts and slow uploads over TLS, and how long they wait.
 *
 *	bench_load [-c ANALYSTS] [-s SECONDS] [-r RATE] [-u UPLOADS -i FILE]
 *	    PORT CA TOKENS REQUESTS
 *
 * ANALYSTS (50) connections to localhost:PORT stay open for SECONDS (10), each
 * with its own line of the file TOKENS; CA is trusted.  Each asks what a
 * line "NAME PATH" of the file REQUESTS says, chosen at random (always the
 * same sequence).  Without RATE each asks anew as soon as its answer is
 * complete, which finds how much the service can do.  With RATE all together
 * ask that often in a second, come what may: a request whose turn comes while
 * its analyst still waits is late from that moment on, so that a service that
 * stands still is not asked less (no coordinated omission).
 *
 * UPLOADS are tus uploads into the submission whose id the file holds, each
 * sending a few hundred bytes every 200 ms until the end, then the rest.
 *
 * Prints one JSON object.  An answer other than 200 is an error and said.
 */
#include "lib/own.h"
#include "lib/xalloc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_BYTES_MAX ((size_t)16 << 20)
#define ROUTES_MAX	 64
#define DRIP_BYTES	 400
#define DRIP_SECONDS	 0.2
/* Answers that are under way at the end have this long. */
#define END_SECONDS 30.0

enum peer_state {
	PEER_IDLE,   /* waits for its turn */
	PEER_ASKED,  /* waits for its answer */
	PEER_PATCH,  /* an upload, drip by drip */
	PEER_PATCHED /* an upload that waits for its answer */
};

struct peer {
	enum peer_state state;
	int fd;
	SSL *ssl;
	char *token;
	double due; /* when its turn comes, or came */
	double drip_due;
	size_t route;
	size_t left; /* of an upload's body */
	char *in;
	size_t in_len, in_size;
};

struct request {
	char *path;
	size_t route;
};

struct sample {
	float ms;
	uint32_t route;
};

struct load {
	int port;
	SSL_CTX *ctx;
	int epoll;
	double seconds, rate, started;
	struct peer *peers;
	size_t analysts, uploads, asked;
	struct request *requests;
	size_t request_count;
	char *routes[ROUTES_MAX];
	size_t route_count;
	char **tokens;
	size_t token_count;
	char *submission;
	struct sample *samples;
	size_t sample_count, sample_size;
	uint64_t seed, bytes;
	size_t errors, finished;
};

__attribute__((noreturn, format(printf, 1, 2))) static void
die(const char *fmt, ...)
{
	va_list args;

	(void)fputs("bench_load: ", stderr);
	va_start(args, fmt);
	(void)vfprintf(stderr, fmt, args);
	va_end(args);
	(void)fputc('\n', stderr);
	exit(1);
}

static double
now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* xorshift64: the same requests in each run. */
static size_t
chance(struct load *load, size_t n)
{
	load->seed ^= load->seed << 13;
	load->seed ^= load->seed >> 7;
	load->seed ^= load->seed << 17;
	return (size_t)(load->seed % n);
}

/* --- files --- */

static char **
read_lines(const char *path, size_t *ret_count)
{
	FILE *f = fopen(path, "re");
	auto_free char *line = NULL;
	char **lines = NULL;
	size_t size = 0, count = 0;
	ssize_t n;

	if (f == NULL)
		die("%s: %s", path, strerror(errno));
	while ((n = getline(&line, &size, f)) > 0) {
		if (line[n - 1] == '\n')
			line[--n] = '\0';
		if (n == 0)
			continue;
		lines = xrealloc(lines, (count + 1) * sizeof(*lines));
		lines[count++] = xstrdup(line);
	}
	(void)fclose(f);
	if (count == 0)
		die("%s is empty", path);
	*ret_count = count;
	return lines;
}

static size_t
route_of(struct load *load, const char *name, size_t len)
{
	for (size_t i = 0; i < load->route_count; i++) {
		if (strlen(load->routes[i]) == len &&
		    memcmp(load->routes[i], name, len) == 0)
			return i;
	}
	if (load->route_count == ROUTES_MAX)
		die("more than %d names", ROUTES_MAX);
	load->routes[load->route_count] = xstrndup(name, len);
	return load->route_count++;
}

static void
read_requests(struct load *load, const char *path)
{
	char **lines = read_lines(path, &load->request_count);

	load->requests = xcalloc(load->request_count, sizeof(*load->requests));
	for (size_t i = 0; i < load->request_count; i++) {
		char *space = strchr(lines[i], ' ');

		if (space == NULL || space[1] != '/')
			die("not \"NAME /PATH\": %s", lines[i]);
		load->requests[i].route =
		    route_of(load, lines[i], (size_t)(space - lines[i]));
		load->requests[i].path = xstrdup(space + 1);
		free(lines[i]);
	}
	free(lines);
}

/* --- connections --- */

static void
peer_open(struct load *load, struct peer *peer, size_t at)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)load->port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = at};
	int one = 1;

	peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (peer->fd == -1 ||
	    connect(peer->fd, (struct sockaddr *)&to, sizeof(to)) == -1)
		die("connect: %s", strerror(errno));
	(void)setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	peer->ssl = SSL_new(load->ctx);
	if (peer->ssl == NULL || SSL_set_fd(peer->ssl, peer->fd) != 1 ||
	    SSL_set1_host(peer->ssl, "localhost") != 1 ||
	    SSL_set_tlsext_host_name(peer->ssl, "localhost") != 1 ||
	    SSL_connect(peer->ssl) != 1)
		die("no TLS with port %d", load->port);
	if (fcntl(peer->fd, F_SETFL, O_NONBLOCK) == -1 ||
	    epoll_ctl(load->epoll, EPOLL_CTL_ADD, peer->fd, &event) == -1)
		die("epoll: %s", strerror(errno));
}

/* Small, and the socket has nothing waiting: taken at once. */
static void
peer_send(struct peer *peer, const void *p, size_t len)
{
	int n = SSL_write(peer->ssl, p, (int)len);

	if (n != (int)len)
		die("a connection takes no more (%d)",
		    SSL_get_error(peer->ssl, n));
}

static void
peer_ask(struct load *load, struct peer *peer)
{
	const struct request *r =
	    &load->requests[chance(load, load->request_count)];
	auto_free char *head = xasprintf("GET %s HTTP/1.1\r\n"
					 "Host: localhost:%d\r\n"
					 "Authorization: Bearer %s\r\n"
					 "Accept: application/json\r\n\r\n",
	    r->path, load->port, peer->token);

	peer->route = r->route;
	peer->in_len = 0;
	peer->state = PEER_ASKED;
	load->asked++;
	peer_send(peer, head, strlen(head));
}

/* Reads what is there; false at the end of the connection. */
static bool
peer_read(struct load *load, struct peer *peer)
{
	int n, err;

	for (;;) {
		if (peer->in_size - peer->in_len < 16384) {
			peer->in_size = 2 * peer->in_size + 65536;
			if (peer->in_size > ANSWER_BYTES_MAX)
				die("an answer without end");
			peer->in = xrealloc(peer->in, peer->in_size);
		}
		/* One byte stays for a NUL. */
		n = SSL_read(peer->ssl, peer->in + peer->in_len,
		    (int)(peer->in_size - peer->in_len - 1));
		if (n <= 0)
			break;
		peer->in_len += (size_t)n;
		load->bytes += (uint64_t)n;
	}
	peer->in[peer->in_len] = '\0';
	err = SSL_get_error(peer->ssl, n);
	return err == SSL_ERROR_WANT_READ || err == SSL_ERROR_WANT_WRITE;
}

static const char *
header_of(const struct peer *peer, const char *name, const char *end)
{
	const char *p = strcasestr(peer->in, name);

	return p == NULL || p >= end ? NULL : p + strlen(name);
}

/* Is the answer complete?  One at a time, so it ends with what is there. */
static bool
is_complete(const struct peer *peer)
{
	const char *end =
	    peer->in_len == 0 ? NULL : strstr(peer->in, "\r\n\r\n");
	const char *length;
	size_t head;

	if (end == NULL)
		return false;
	head = (size_t)(end - peer->in) + 4;
	length = header_of(peer, "\r\nContent-Length: ", end + 2);
	if (length != NULL)
		return peer->in_len - head == strtoull(length, NULL, 10);
	if (header_of(peer, "\r\nTransfer-Encoding: chunked", end + 2) == NULL)
		return true;
	return peer->in_len - head >= 5 &&
	       memcmp(peer->in + peer->in_len - 5, "0\r\n\r\n", 5) == 0;
}

/* The answer's status; 0 = it is no HTTP. */
static unsigned long
status_of(const struct peer *peer)
{
	return strncmp(peer->in, "HTTP/1.1 ", 9) == 0
		   ? strtoul(peer->in + 9, NULL, 10)
		   : 0;
}

/* --- uploads --- */

/* Creates an upload and begins to send it; the answer is waited for. */
static void
upload_begin(struct load *load, struct peer *peer, size_t bytes)
{
	auto_free char *head = xasprintf(
	    "POST /api/v1/submissions/%s/uploads HTTP/1.1\r\n"
	    "Host: localhost\r\nAuthorization: Bearer %s\r\n"
	    "Tus-Resumable: 1.0.0\r\nUpload-Length: %zu\r\n"
	    "Upload-Metadata: filename c2xvdw==\r\nContent-Length: 0\r\n\r\n",
	    load->submission, peer->token, bytes);
	auto_free char *patch = NULL;
	const char *at;
	double until = now() + END_SECONDS;

	peer_send(peer, head, strlen(head));
	while (!is_complete(peer)) {
		if (!peer_read(load, peer) || now() > until)
			die("no answer to a new upload");
		(void)usleep(1000);
	}
	at = header_of(peer, "\r\nLocation: ", peer->in + peer->in_len);
	if (status_of(peer) != 201 || at == NULL)
		die("a new upload: %s", peer->in);
	patch = xasprintf("PATCH %.*s HTTP/1.1\r\nHost: localhost\r\n"
			  "Authorization: Bearer %s\r\nTus-Resumable: 1.0.0\r\n"
			  "Upload-Offset: 0\r\nContent-Type: "
			  "application/offset+octet-stream\r\n"
			  "Content-Length: %zu\r\n\r\n",
	    (int)strcspn(at, "\r"), at, peer->token, bytes);
	peer->in_len = 0;
	peer->left = bytes;
	peer->state = PEER_PATCH;
	peer_send(peer, patch, strlen(patch));
}

static void
upload_drip(struct load *load, struct peer *peer, size_t count)
{
	char bytes[16384];

	while (count > 0) {
		size_t n = count < sizeof(bytes) ? count : sizeof(bytes);

		/* Every upload is another file. */
		for (size_t i = 0; i < n; i++)
			bytes[i] = (char)('a' + chance(load, 26));
		peer_send(peer, bytes, n);
		count -= n;
		peer->left -= n;
	}
	peer->drip_due += DRIP_SECONDS;
	if (peer->left == 0)
		peer->state = PEER_PATCHED;
}

static void
begin_uploads(struct load *load)
{
	size_t drips = (size_t)(load->seconds / DRIP_SECONDS) + 1;

	for (size_t i = 0; i < load->uploads; i++) {
		struct peer *peer = &load->peers[load->analysts + i];

		peer->token = load->tokens[i % load->token_count];
		peer_open(load, peer, load->analysts + i);
		upload_begin(load, peer, drips * DRIP_BYTES);
	}
}

/* --- what happens --- */

static void
note(struct load *load, struct peer *peer, double at)
{
	struct sample *s;
	unsigned long status = status_of(peer);

	if (status != 200) {
		if (load->errors++ < 5)
			(void)fprintf(stderr, "%s: %.300s\n",
			    load->routes[peer->route], peer->in);
		return;
	}
	if (load->sample_count == load->sample_size) {
		load->sample_size = 2 * load->sample_size + 65536;
		load->samples = xrealloc(
		    load->samples, load->sample_size * sizeof(*load->samples));
	}
	s = &load->samples[load->sample_count++];
	s->ms = (float)(1000 * (at - peer->due));
	s->route = (uint32_t)peer->route;
}

static void
on_readable(struct load *load, struct peer *peer)
{
	double at;

	if (!peer_read(load, peer))
		die("a connection ended: %s", peer->in);
	if (peer->state != PEER_ASKED && peer->state != PEER_PATCHED) {
		if (peer->in_len > 0)
			die("an answer that nobody asked for: %s", peer->in);
		return;
	}
	if (!is_complete(peer))
		return;
	at = now();
	if (peer->state == PEER_PATCHED) {
		load->finished += status_of(peer) == 204;
		peer->in_len = 0;
		peer->state = PEER_IDLE;
		return;
	}
	note(load, peer, at);
	peer->state = PEER_IDLE;
	peer->due = load->rate > 0
			? peer->due + (double)load->analysts / load->rate
			: at;
	peer->in_len = 0;
}

/* Lets everybody act whose turn has come. */
static void
take_turns(struct load *load, double at)
{
	for (size_t i = 0; i < load->analysts; i++) {
		if (load->peers[i].state == PEER_IDLE &&
		    load->peers[i].due <= at)
			peer_ask(load, &load->peers[i]);
	}
	for (size_t i = load->analysts; i < load->analysts + load->uploads;
	     i++) {
		if (load->peers[i].state == PEER_PATCH &&
		    load->peers[i].drip_due <= at &&
		    load->peers[i].left > DRIP_BYTES)
			upload_drip(load, &load->peers[i], DRIP_BYTES);
	}
}

/* Seconds until somebody's turn comes, or until a time. */
static double
wait_seconds(const struct load *load, double at, double until)
{
	for (size_t i = 0; i < load->analysts; i++) {
		if (load->peers[i].state == PEER_IDLE &&
		    load->peers[i].due < until)
			until = load->peers[i].due;
	}
	for (size_t i = load->analysts; i < load->analysts + load->uploads;
	     i++) {
		if (load->peers[i].state == PEER_PATCH &&
		    load->peers[i].drip_due < until)
			until = load->peers[i].drip_due;
	}
	return until <= at ? 0 : until - at;
}

/* To the microsecond: a turn that is late by the clock's grain would count. */
static void
listen_for(struct load *load, double seconds)
{
	const struct timespec wait = {.tv_sec = (time_t)seconds,
	    .tv_nsec = (long)(1e9 * (seconds - (double)(time_t)seconds))};
	struct epoll_event events[64];
	int n = epoll_pwait2(load->epoll, events, 64, &wait, NULL);

	for (int i = 0; i < n; i++)
		on_readable(load, &load->peers[events[i].data.u64]);
}

static bool
is_quiet(const struct load *load)
{
	for (size_t i = 0; i < load->analysts + load->uploads; i++) {
		if (load->peers[i].state != PEER_IDLE)
			return false;
	}
	return true;
}

/* Returns how long it went. */
static double
run(struct load *load)
{
	double at = now(), until, took;
	size_t peers = load->analysts + load->uploads;

	load->started = at;
	until = at + load->seconds;
	/* Spread over the time between two requests, and two drips. */
	for (size_t i = 0; i < peers; i++) {
		struct peer *peer = &load->peers[i];

		peer->due = at + (load->rate > 0 ? (double)i / load->rate : 0);
		peer->drip_due = at + DRIP_SECONDS * (double)i / (double)peers;
	}
	while ((at = now()) < until) {
		take_turns(load, at);
		listen_for(load, wait_seconds(load, now(), until));
	}
	took = now() - load->started;
	for (size_t i = load->analysts; i < peers; i++)
		upload_drip(load, &load->peers[i], load->peers[i].left);
	until = at + END_SECONDS;
	while (!is_quiet(load) && now() < until)
		listen_for(load, 0.1);
	return took;
}

/* --- what was seen --- */

static int
compare(const void *a, const void *b)
{
	const struct sample *x = a, *y = b;

	return x->ms < y->ms ? -1 : x->ms > y->ms;
}

/* route == route_count: all of them. */
static void
print_times(const struct load *load, size_t route)
{
	size_t count = 0, at = 0;
	double p50 = 0, p99 = 0, worst = 0, sum = 0;

	for (size_t i = 0; i < load->sample_count; i++)
		count += route == load->route_count ||
			 load->samples[i].route == route;
	for (size_t i = 0; i < load->sample_count; i++) {
		if (route != load->route_count &&
		    load->samples[i].route != route)
			continue;
		worst = (double)load->samples[i].ms;
		sum += worst;
		if (at == count / 2)
			p50 = worst;
		if (at == count * 99 / 100)
			p99 = worst;
		at++;
	}
	(void)printf("\"count\":%zu,\"mean_ms\":%.3f,\"p50_ms\":%.3f,"
		     "\"p99_ms\":%.3f,\"worst_ms\":%.3f",
	    count, count == 0 ? 0 : sum / (double)count, p50, p99, worst);
}

static void
print(struct load *load, double took)
{
	struct rusage usage;
	double own;

	qsort(
	    load->samples, load->sample_count, sizeof(*load->samples), compare);
	(void)getrusage(RUSAGE_SELF, &usage);
	own = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	      (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
	(void)printf("{\"seconds\":%.3f,\"rps\":%.1f,\"errors\":%zu,"
		     "\"mib\":%.1f,\"own_cpu_seconds\":%.2f,\"uploads\":%zu,"
		     "\"uploads_finished\":%zu,",
	    took, (double)load->sample_count / took, load->errors,
	    (double)load->bytes / 1048576, own, load->uploads, load->finished);
	print_times(load, load->route_count);
	(void)printf(",\"routes\":{");
	for (size_t i = 0; i < load->route_count; i++) {
		(void)printf("%s\"%s\":{", i == 0 ? "" : ",", load->routes[i]);
		print_times(load, i);
		(void)printf("}");
	}
	(void)printf("}}\n");
}

static void
take_options(struct load *load, int argc, char **argv)
{
	const char *file = NULL;
	int option;

	while ((option = getopt(argc, argv, "c:s:r:u:i:")) != -1) {
		if (option == 'c')
			load->analysts = strtoul(optarg, NULL, 10);
		else if (option == 's')
			load->seconds = strtod(optarg, NULL);
		else if (option == 'r')
			load->rate = strtod(optarg, NULL);
		else if (option == 'u')
			load->uploads = strtoul(optarg, NULL, 10);
		else if (option == 'i')
			file = optarg;
		else
			die("see its head for how to use it");
	}
	if (argc - optind != 4 || (load->uploads > 0 && file == NULL))
		die("PORT CA TOKENS REQUESTS, and -i with -u");
	if (file != NULL)
		load->submission = read_lines(file, &load->asked)[0];
	load->asked = 0;
}

int
main(int argc, char **argv)
{
	struct load load = {.analysts = 50, .seconds = 10, .seed = 88172645463};

	take_options(&load, argc, argv);
	load.port = (int)strtol(argv[optind], NULL, 10);
	load.tokens = read_lines(argv[optind + 2], &load.token_count);
	read_requests(&load, argv[optind + 3]);
	load.ctx = SSL_CTX_new(TLS_client_method());
	load.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (load.ctx == NULL || load.epoll == -1 ||
	    SSL_CTX_load_verify_locations(load.ctx, argv[optind + 1], NULL) !=
		1)
		die("cannot use %s", argv[optind + 1]);
	SSL_CTX_set_verify(load.ctx, SSL_VERIFY_PEER, NULL);
	load.peers = xcalloc(load.analysts + load.uploads, sizeof(*load.peers));
	for (size_t i = 0; i < load.analysts; i++) {
		load.peers[i].token = load.tokens[i % load.token_count];
		peer_open(&load, &load.peers[i], i);
	}
	begin_uploads(&load);
	print(&load, run(&load));
	return load.errors > 0 || load.finished < load.uploads;
}
