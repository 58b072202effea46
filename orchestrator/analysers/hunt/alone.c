/* SPDX-License-Identifier: Apache-2.0 */
/* alone.c - loep-hunt by itself. */
#include "analysers/hunt/alone.h"

#include "analysers/hunt/crew.h"
#include "lib/json.h"
#include "lib/limits.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/record.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

struct slot {
	char *path; /* NULL = free */
	uint64_t id;
};

struct desk; /* one child, as this half sees it */

struct alone {
	struct crew crew;
	struct desk *desks;
	FILE *paths;
	bool is_out; /* of paths */
	uint64_t last;
	uint64_t files;
	uint64_t bytes;
	uint64_t matches;
	uint64_t errors;
};

struct desk {
	struct alone *alone;
	struct crew_member *member;
	struct record_in *in;
	struct slot slots[CREW_SLOTS];
};

static void
put_line(struct alone *alone, const char *path, const char *type, json_t *body)
{
	auto_json json_t *line = json_pack("{s:s, s:o}", "type", type, "path",
	    record_text(path, strlen(path)));
	auto_free char *text = NULL;

	(void)json_object_update_missing(line, body);
	(void)json_object_del(line, "unit");
	text = json_dumps(line, JSON_COMPACT);
	(void)puts(text == NULL ? "{}" : text);
	alone->matches += strcmp(type, "match") == 0;
	alone->errors += strcmp(type, "error") == 0;
}

static void
put_error(
    struct alone *alone, const char *path, const char *what, const char *text)
{
	auto_json json_t *body =
	    json_pack("{s:s, s:s}", "what", what, "text", text);

	put_line(alone, path, "error", body);
}

static int
on_record(void *arg, const struct record *record)
{
	struct desk *desk = arg;
	json_int_t id = record->type == RECORD_FACT
			    ? json_member_int(record->body, "value", 0)
			    : json_member_int(record->body, "unit", 0);

	for (size_t i = 0; i < CREW_SLOTS; i++) {
		struct slot *slot = &desk->slots[i];

		if (slot->path == NULL || (json_int_t)slot->id != id)
			continue;
		if (record->type != RECORD_FACT) {
			put_line(desk->alone, slot->path,
			    record_type_name(record->type), record->body);
			return ERR_OK;
		}
		free(slot->path);
		slot->path = NULL;
		return ERR_OK;
	}
	return ERR_FORMAT;
}

/* What it had not answered is not known. */
static void
lose(struct desk *desk)
{
	for (size_t i = 0; i < CREW_SLOTS; i++) {
		if (desk->slots[i].path == NULL)
			continue;
		put_error(desk->alone, desk->slots[i].path, "crashed",
		    "the child that scanned it ended");
		free(desk->slots[i].path);
		desk->slots[i].path = NULL;
	}
	(void)close(desk->member->orders);
	desk->member->orders = -1;
}

static bool
load(struct alone *alone, const char *path, uint8_t *buffer, size_t *ret_len)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	size_t len = 0;
	ssize_t n = 0;

	if (fd == -1 || fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		put_error(alone, path, "read",
		    fd == -1 ? strerror(errno) : "it is no regular file");
		return false;
	}
	while (len < CREW_SLOT_BYTES &&
	       (n = read(fd, buffer + len, CREW_SLOT_BYTES - len)) > 0)
		len += (size_t)n;
	if (n == -1 ||
	    (len == CREW_SLOT_BYTES && n > 0 && read(fd, &st, 1) != 0)) {
		put_error(alone, path, n == -1 ? "read" : "too_large",
		    n == -1 ? strerror(errno)
			    : "it is larger than what is scanned at once");
		return false;
	}
	*ret_len = len;
	return true;
}

static bool
send(struct desk *desk, size_t slot, const char *path, size_t size)
{
	const char *base = strrchr(path, '/');
	uint8_t packet[sizeof(struct crew_order) + CREW_NAME_BYTES];
	struct crew_order order = {
	    .id = ++desk->alone->last,
	    .size = size,
	    .slot = (uint32_t)slot,
	};

	base = base == NULL ? path : base + 1;
	order.name_len = (uint32_t)strnlen(base, CREW_NAME_BYTES);
	memcpy(packet, &order, sizeof(order));
	memcpy(packet + sizeof(order), base, order.name_len);
	desk->slots[slot] = (struct slot){xstrdup(path), order.id};
	desk->alone->files++;
	desk->alone->bytes += size;
	/* A pipe takes this much while only two wait in it. */
	return write(desk->member->orders, packet,
		   sizeof(order) + order.name_len) != -1;
}

/* Gives a free slot of the child the next file. */
static void
fill_slot(struct desk *desk, size_t slot)
{
	struct alone *alone = desk->alone;
	auto_free char *line = NULL;
	size_t capacity = 0;
	size_t size;
	ssize_t len;

	while (!alone->is_out) {
		len = getline(&line, &capacity, alone->paths);
		if (len <= 0) {
			alone->is_out = true;
			return;
		}
		if (line[len - 1] == '\n')
			line[len - 1] = '\0';
		if (line[0] == '\0' ||
		    !load(alone, line,
			desk->member->buffers + slot * CREW_SLOT_BYTES, &size))
			continue;
		if (!send(desk, slot, line, size))
			lose(desk);
		return;
	}
}

static void
fill(struct alone *alone)
{
	for (size_t slot = 0; slot < CREW_SLOTS; slot++) {
		for (size_t i = 0; i < alone->crew.count; i++) {
			struct desk *desk = &alone->desks[i];

			if (desk->member->orders != -1 &&
			    desk->slots[slot].path == NULL)
				fill_slot(desk, slot);
		}
	}
}

static bool
is_busy(const struct desk *desk)
{
	for (size_t i = 0; i < CREW_SLOTS; i++) {
		if (desk->slots[i].path != NULL)
			return true;
	}
	return false;
}

static void
take(struct desk *desk)
{
	static uint8_t buf[64 * KIB];
	ssize_t n = read(desk->member->records, buf, sizeof(buf));

	if (n <= 0 || record_feed(desk->in, buf, (size_t)n) != ERR_OK)
		lose(desk);
}

/* Until no file is left and no child is at work; false: no child is left. */
static bool
work(struct alone *alone)
{
	struct pollfd waits[CREW_MAX];

	for (;;) {
		size_t busy = 0, alive = 0;

		fill(alone);
		for (size_t i = 0; i < alone->crew.count; i++) {
			struct desk *desk = &alone->desks[i];
			bool is_waited_for =
			    desk->member->orders != -1 && is_busy(desk);

			alive += desk->member->orders != -1;
			busy += is_waited_for;
			waits[i] = (struct pollfd){
			    .fd = is_waited_for ? desk->member->records : -1,
			    .events = POLLIN,
			};
		}
		if (busy == 0)
			return alive > 0;
		if (poll(waits, (nfds_t)alone->crew.count, -1) == -1)
			continue;
		for (size_t i = 0; i < alone->crew.count; i++) {
			if (waits[i].revents != 0)
				take(&alone->desks[i]);
		}
	}
}

static int
seal_file(const char *path)
{
	auto_close int file = open(path, O_RDONLY | O_CLOEXEC);
	auto_close int fd =
	    memfd_create("units", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	static uint8_t buf[64 * KIB];
	ssize_t n = 0;

	while (
	    file != -1 && fd != -1 && (n = read(file, buf, sizeof(buf))) > 0) {
		if (write(fd, buf, (size_t)n) != n)
			return -1;
	}
	if (file == -1 || fd == -1 || n == -1 ||
	    fcntl(fd, F_ADD_SEALS,
		F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == -1)
		return -1;
	return take_fd(fd);
}

static int
run(struct alone *alone, const char *units, size_t jobs, uint32_t seconds,
    const struct cage *cage)
{
	auto_close int fd = seal_file(units);
	char why[2048] = "";
	bool is_whole;
	int err;

	if (fd == -1) {
		(void)fprintf(stderr, "loep-hunt: cannot read %s: %s\n", units,
		    strerror(errno));
		return 66;
	}
	err =
	    crew_start(&alone->crew, jobs, fd, seconds, cage, why, sizeof(why));
	if (why[0] != '\0')
		(void)fprintf(stderr, "loep-hunt: %s\n", why);
	if (err != ERR_OK)
		return 65;
	alone->desks = xcalloc(jobs, sizeof(*alone->desks));
	for (size_t i = 0; i < jobs; i++) {
		alone->desks[i].alone = alone;
		alone->desks[i].member = &alone->crew.members[i];
		alone->desks[i].in = record_in_new(on_record, &alone->desks[i]);
	}
	is_whole = work(alone);
	crew_end(&alone->crew);
	for (size_t i = 0; i < jobs; i++)
		record_in_free(alone->desks[i].in);
	free(alone->desks);
	(void)printf("{\"type\":\"end\",\"files\":%llu,\"bytes\":%llu,"
		     "\"matches\":%llu,\"errors\":%llu}\n",
	    (unsigned long long)alone->files, (unsigned long long)alone->bytes,
	    (unsigned long long)alone->matches,
	    (unsigned long long)alone->errors);
	if (fflush(stdout) != 0)
		return 74;
	return is_whole && alone->is_out && alone->errors == 0 ? 0 : 1;
}

static int
usage(void)
{
	(void)fprintf(stderr,
	    "usage: loep-hunt --units FILE --paths-from FILE|- [--jobs N] "
	    "[--seconds N]\n");
	return 64;
}

int
hunt_alone(int argc, char **argv, const struct cage *cage)
{
	static const struct option options[] = {
	    {"units", required_argument, NULL, 'u'},
	    {"paths-from", required_argument, NULL, 'p'},
	    {"jobs", required_argument, NULL, 'j'},
	    {"seconds", required_argument, NULL, 's'},
	    {NULL, 0, NULL, 0},
	};
	struct alone alone = {.paths = stdin};
	const char *units = NULL, *paths = NULL;
	long jobs = sysconf(_SC_NPROCESSORS_ONLN);
	long seconds = LIMIT_ANALYSER_SECONDS;
	int letter, status;

	while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (letter == 'u')
			units = optarg;
		else if (letter == 'p')
			paths = optarg;
		else if (letter == 'j')
			jobs = strtol(optarg, NULL, 10);
		else if (letter == 's')
			seconds = strtol(optarg, NULL, 10);
		else
			return usage();
	}
	if (units == NULL || paths == NULL || optind != argc || jobs < 1 ||
	    jobs > (long)CREW_MAX || seconds < 2 || seconds > 86400)
		return usage();
	log_init("hunt");
	(void)setlocale(LC_ALL, "C");
	(void)signal(SIGPIPE, SIG_IGN);
	if (strcmp(paths, "-") != 0)
		alone.paths = fopen(paths, "re");
	if (alone.paths == NULL) {
		(void)fprintf(stderr, "loep-hunt: cannot read %s: %s\n", paths,
		    strerror(errno));
		return 66;
	}
	status = run(&alone, units, (size_t)jobs, (uint32_t)seconds, cage);
	(void)fclose(alone.paths);
	return status;
}
