/* SPDX-License-Identifier: Apache-2.0 */
/* analyser_alone.c - an analyser without loepd: one file, JSON lines out. */
#include "lib/analyser_alone.h"

#include "lib/analyser_child.h"
#include "lib/limits.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define ARGS_MAX 64
/* From asking a late child to end to killing it. */
#define GRACE_MS 300

struct alone {
	const struct analyser *analyser;
	struct program program;
	const char *file;
	const char *context;
	uint32_t seconds;
	uint32_t memory_mib;
	bool is_with_data;
	struct child_order order;
	int records_fd;
};

/* main() has no arguments in its contract: they come from the kernel. */
static size_t
read_arguments(char *buf, size_t size)
{
	auto_close int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	while (fd != -1 && len < size - 1 &&
	       (n = read(fd, buf + len, size - 1 - len)) > 0)
		len += (size_t)n;
	buf[len] = '\0';
	return len;
}

bool
analyser_alone_is_asked(void)
{
	char buf[8 * KIB];
	size_t len = read_arguments(buf, sizeof(buf));

	return strlen(buf) + 1 < len;
}

__attribute__((noreturn, format(printf, 1, 2))) static void
usage(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fprintf(stderr,
	    "\nusage: --file PATH [--context JSON] "
	    "[--conf KEY=VALUE]... [--seconds N] [--memory-mib N] [--data]\n");
	exit(64);
}

static void
add_conf(struct alone *alone, const char *pair)
{
	struct program_conf *conf;
	const char *equals = strchr(pair, '=');

	if (equals == NULL || alone->program.conf_count == PROGRAM_CONF_MAX)
		usage("--conf takes KEY=VALUE");
	conf = &alone->program.conf[alone->program.conf_count++];
	conf->key = xstrndup(pair, (size_t)(equals - pair));
	conf->value = xstrdup(equals + 1);
	conf->fd = -1;
}

static uint32_t
number(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (*text == '\0' || *end != '\0' || n < 0 || n > 1000000)
		usage("'%s' is not a number from 0 to 1000000", text);
	return (uint32_t)n;
}

static void
parse_arguments(struct alone *alone, int argc, char **argv)
{
	static const struct option options[] = {
	    {"file", required_argument, NULL, 'f'},
	    {"context", required_argument, NULL, 'c'},
	    {"conf", required_argument, NULL, 'k'},
	    {"seconds", required_argument, NULL, 's'},
	    {"memory-mib", required_argument, NULL, 'm'},
	    {"data", no_argument, NULL, 'd'},
	    {NULL, 0, NULL, 0},
	};
	int letter;

	while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (letter) {
		case 'f':
			alone->file = optarg;
			break;
		case 'c':
			alone->context = optarg;
			break;
		case 'k':
			add_conf(alone, optarg);
			break;
		case 's':
			alone->seconds = number(optarg);
			break;
		case 'm':
			alone->memory_mib = number(optarg);
			break;
		case 'd':
			alone->is_with_data = true;
			break;
		default:
			usage("unknown option");
		}
	}
	if (alone->file == NULL || optind != argc)
		usage("one --file is needed, and nothing else");
}

/* Small files become sealed memory, as the vault would hand them out. */
static int
seal_copy(int file, uint64_t size)
{
	auto_close int fd =
	    memfd_create("artefact", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	uint64_t left = size;
	ssize_t n;

	while (fd != -1 && left > 0) {
		n = sendfile64(fd, file, NULL, left);
		if (n <= 0)
			return -1;
		left -= (uint64_t)n;
	}
	if (fd == -1 || lseek(fd, 0, SEEK_SET) == -1 ||
	    fcntl(fd, F_ADD_SEALS,
		F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == -1)
		return -1;
	return take_fd(fd);
}

static void
open_file(struct alone *alone)
{
	auto_close int fd = open(alone->file, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd == -1 || fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		usage("cannot open %s as a file: %s", alone->file,
		    strerror(errno));
	alone->order.scratch_fd = -1;
	alone->order.how = BLOB_MEMFD;
	alone->order.size = (uint64_t)st.st_size;
	alone->order.input_fd = alone->order.size <= LIMIT_MEMFD_BYTES
				    ? seal_copy(fd, alone->order.size)
				    : take_fd(fd);
	if (alone->order.input_fd == -1)
		usage("cannot copy %s to memory: %s", alone->file,
		    strerror(errno));
}

static void
make_order(struct alone *alone)
{
	const char *base = strrchr(alone->file, '/');
	auto_json json_t *context = NULL;
	int fds[2];

	base = base == NULL ? alone->file : base + 1;
	if (alone->context != NULL) {
		alone->order.context = xstrdup(alone->context);
	} else {
		context = json_pack("{s:o, s:i, s:s}", "name",
		    record_text(base, strlen(base)), "depth", 0, "relation",
		    "");
		alone->order.context = json_canonical(context);
	}
	alone->order.context_len = strlen(alone->order.context);
	alone->order.memory_mib = alone->memory_mib;
	if (pipe2(fds, O_CLOEXEC) == -1)
		usage("no pipe: %s", strerror(errno));
	alone->records_fd = fds[0];
	alone->order.out_fd = fds[1];
}

static int
print_record(void *arg, const struct record *record)
{
	const struct alone *alone = arg;
	auto_json json_t *line = NULL;
	auto_free char *text = NULL;

	line = json_pack("{s:s}", "type", record_type_name(record->type));
	if (record->type == RECORD_DATA) {
		(void)json_object_set_new(
		    line, "size", json_integer((json_int_t)record->len));
		if (alone->is_with_data) {
			auto_free char *hex = xmalloc(2 * record->len + 1);

			for (size_t i = 0; i < record->len; i++)
				(void)snprintf(
				    hex + 2 * i, 3, "%02x", record->data[i]);
			(void)json_object_set_new(
			    line, "bytes", json_stringn(hex, 2 * record->len));
		}
	} else {
		(void)json_object_update_missing(line, record->body);
	}
	text = json_dumps(line, JSON_COMPACT);
	(void)puts(text == NULL ? "{}" : text);
	return ERR_OK;
}

/* Copies records until the pipe ends or the deadline; true = it was met. */
static bool
print_records(struct alone *alone, struct record_in *in, int pidfd, int *err)
{
	static uint8_t buf[64 * KIB];
	uint64_t end_ms = loop_now_ms() + (uint64_t)alone->seconds * 1000;
	struct pollfd wait = {.fd = alone->records_fd, .events = POLLIN};
	bool is_late = false;
	ssize_t n;

	for (;;) {
		uint64_t now_ms = loop_now_ms();

		if (now_ms >= end_ms) {
			/* First it may write what it has. */
			(void)syscall(SYS_pidfd_send_signal, pidfd,
			    is_late ? SIGKILL : SIGTERM, NULL, 0);
			is_late = true;
			end_ms = now_ms + GRACE_MS;
		}
		if (poll(&wait, 1, (int)(end_ms - now_ms)) <= 0)
			continue;
		n = read(alone->records_fd, buf, sizeof(buf));
		if (n <= 0)
			return is_late;
		if (*err == ERR_OK)
			*err = record_feed(in, buf, (size_t)n);
	}
}

static const char *
end_name(enum analyse_end end)
{
	static const char *const names[] = {
	    [ANALYSE_DONE] = "done",
	    [ANALYSE_CRASHED] = "crashed",
	    [ANALYSE_TIMEOUT] = "timeout",
	    [ANALYSE_MEMORY] = "memory",
	    [ANALYSE_CANCELLED] = "cancelled",
	    [ANALYSE_REFUSED] = "refused",
	};

	return names[end];
}

static int
run(struct alone *alone, void *data)
{
	struct record_in *in = record_in_new(print_record, alone);
	struct child_end end;
	auto_close int pidfd = -1;
	bool is_late, is_complete;
	int err = ERR_OK;
	pid_t pid;

	if (child_start(alone->analyser, data, &alone->order, &pid, &pidfd) !=
	    ERR_OK) {
		(void)fprintf(stderr, "cannot start a child\n");
		return 71;
	}
	child_order_release(&alone->order);
	is_late = print_records(alone, in, pidfd, &err);
	child_reap(pid, is_late ? ANALYSE_TIMEOUT : ANALYSE_DONE, &end);
	is_complete = record_in_is_complete(in);
	record_in_free(in);
	(void)printf("{\"type\":\"end\",\"end\":\"%s\",\"code\":%u,"
		     "\"peak_kib\":%llu,\"cpu_us\":%llu,\"valid\":%s}\n",
	    err == ERR_OK && end.code == ANALYSER_EXIT_PARTIAL
		? "partial"
		: end_name(end.end),
	    end.code, (unsigned long long)end.peak_kib,
	    (unsigned long long)end.cpu_us, err == ERR_OK ? "true" : "false");
	if (fflush(stdout) != 0)
		return 74;
	return end.end == ANALYSE_DONE && is_complete ? 0 : 1;
}

int
analyser_alone_main(const struct analyser *analyser)
{
	static struct alone alone = {.seconds = LIMIT_ANALYSER_SECONDS};
	static char buf[64 * KIB];
	struct cage cage = child_parent_cage(analyser);
	char *argv[ARGS_MAX + 1];
	int argc = 0;
	size_t len = read_arguments(buf, sizeof(buf));
	void *data = NULL;

	for (size_t at = 0; at < len && argc < ARGS_MAX;
	     at += strlen(buf + at) + 1)
		argv[argc++] = buf + at;
	argv[argc] = NULL;
	log_init(analyser->name);
	(void)setlocale(LC_ALL, "C");
	(void)signal(SIGPIPE, SIG_IGN);
	alone.analyser = analyser;
	alone.program.role = ROLE_ANALYSER;
	alone.program.instance = analyser->name;
	parse_arguments(&alone, argc, argv);
	open_file(&alone);
	make_order(&alone);
	if (analyser->load != NULL)
		data = analyser->load(&alone.program);
	/* Standard output may be a file; the child may write none. */
	cage.file_bytes_max = (uint64_t)64 * GIB;
	program_enter_cage(&alone.program, &cage);
	return run(&alone, data);
}
