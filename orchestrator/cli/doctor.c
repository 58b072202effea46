/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor.c - loep doctor: what this machine offers, and what is missing.
 *
 * It tries instead of asking: a throw-away Loep is made and every program
 * really enters its cage; its own report is what is shown.
 */
#include "cli/command.h"
#include "lib/cage.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define OUTPUT_BYTES_MAX ((size_t)256 * 1024)
#define CHECK_SECONDS	 120

struct doctor {
	struct cli *cli;
	json_t *items; /* {what, ok, found, help} */
	size_t missing;
};

static void
note(struct doctor *d, const char *what, bool is_ok, const char *found,
    const char *help)
{
	char clean[400];

	(void)text_clean(clean, sizeof(clean), found);
	(void)json_array_append_new(
	    d->items, json_pack("{s:s, s:b, s:s, s:s}", "what", what, "ok",
			  is_ok, "found", clean, "help", is_ok ? "" : help));
	d->missing += is_ok ? 0 : 1;
	if (d->cli->is_json)
		return;
	printf("%s%-4s%s %-22s %s\n",
	    text_style(is_ok ? "\033[32m" : "\033[31m"), is_ok ? "ok" : "MISS",
	    text_style("\033[0m"), what, clean);
	if (!is_ok)
		printf("     %-22s -> %s\n", "", help);
}

/* Runs a program of ours and takes what it prints on both outputs. */
static char *
run(struct doctor *d, char *const *args, int *ret_status)
{
	auto_free char *path =
	    xasprintf("%s/%s", d->cli->programs_dir, args[0]);
	char *text = xcalloc(1, OUTPUT_BYTES_MAX + 1);
	size_t len = 0;
	int fds[2];
	pid_t pid;
	ssize_t n;

	if (pipe2(fds, O_CLOEXEC) == -1)
		fail(EXIT_FAILED, "pipe: %s", strerror(errno));
	pid = fork();
	if (pid == 0) {
		if (dup2(fds[1], 1) == -1 || dup2(fds[1], 2) == -1)
			_exit(71);
		(void)execv(path, args);
		_exit(127);
	}
	(void)close(fds[1]);
	for (;;) {
		struct pollfd wait = {.fd = fds[0], .events = POLLIN};

		if (poll(&wait, 1, CHECK_SECONDS * 1000) <= 0) {
			(void)kill(pid, SIGKILL);
			break;
		}
		n = read(fds[0], text + len, OUTPUT_BYTES_MAX - len);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	(void)close(fds[0]);
	if (pid == -1 || waitpid(pid, ret_status, 0) == -1)
		*ret_status = -1;
	return text;
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void
check_cage(struct doctor *d, const json_t *entry)
{
	const char *program = json_member_text(entry, "program", "?");
	const json_t *cage = json_object_get(entry, "cage");
	auto_free char *text = NULL;

	if (!json_is_object(cage)) {
		note(d, program, false, "did not start",
		    "see the messages of `loep start`; without user "
		    "namespaces loep-vm and loep-simnet stay off");
		return;
	}
	text = xasprintf("Landlock %lld, %lld paths, seccomp %s (%lld calls), "
			 "network %s, capabilities %s, fork %s, exec %s%s",
	    (long long)json_member_int(cage, "landlock", 0),
	    (long long)json_member_int(cage, "paths", 0),
	    json_member_text(cage, "seccomp", "?"),
	    (long long)json_member_int(cage, "calls_allowed", 0),
	    json_member_text(cage, "network", "?"),
	    json_member_text(cage, "capabilities", "?"),
	    json_is_true(json_object_get(cage, "fork")) ? "yes" : "no",
	    json_is_true(json_object_get(cage, "exec")) ? "yes" : "no",
	    json_is_true(json_object_get(cage, "developer"))
		? ", DEVELOPER BUILD: not for real samples"
		: "");
	note(d, program, true, text, "");
}

/* The part of the output from the first line that is "[" on. */
static const char *
find_json(const char *text)
{
	const char *at = text;

	while (at != NULL && *at != '[') {
		at = strchr(at, '\n');
		if (at != NULL)
			at++;
	}
	return at;
}

/* The array that ends with "]" on a line of its own, or NULL. */
static json_t *
take_json(const char *text)
{
	const char *end = strstr(text, "\n]");
	json_t *json = NULL;

	if (end == NULL || json_parse(text, (size_t)(end + 2 - text),
			       OUTPUT_BYTES_MAX, 24, &json) != ERR_OK)
		return NULL;
	return json;
}

/* What runs only where it is configured: with nobody at the other end. */
static void
configure_all(const char *state)
{
	auto_free char *path = xasprintf("%s/loep.conf", state);
	auto_close int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

	if (fd == -1 ||
	    dprintf(fd, "[mail]\nrelay = 127.0.0.1:9\n"
			"from = doctor@localhost\n"
			"[oidc]\nissuer = https://127.0.0.1:9\n") < 0)
		fail(EXIT_CANNOT_WRITE, "cannot write %s: %s", path,
		    strerror(errno));
}

static void
check_cages(struct doctor *d)
{
	char state[] = "/tmp/loep-doctor-XXXXXX";
	char *init[] = {(char[]){"loepd"}, (char[]){"--init"},
	    (char[]){"--state"}, state, NULL};
	char *check[] = {(char[]){"loepd"}, (char[]){"--check"},
	    (char[]){"--state"}, state, NULL};
	auto_free char *made = NULL;
	auto_free char *text = NULL;
	auto_json json_t *cages = NULL;
	const char *from;
	json_t *entry;
	size_t at;
	int status = 0;

	if (mkdtemp(state) == NULL)
		fail(EXIT_CANNOT_WRITE, "cannot make a folder in /tmp: %s",
		    strerror(errno));
	(void)chmod(state, 0755);
	made = run(d, init, &status);
	if (status != 0) {
		note(d, "loepd --init", false, made,
		    "a service cannot be made here; the message says why");
	} else {
		configure_all(state);
		text = run(d, check, &status);
		from = find_json(text);
		if (from == NULL || (cages = take_json(from)) == NULL)
			note(d, "programs", false, text,
			    "the programs do not start; the message says why");
		json_array_foreach(cages, at, entry) check_cage(d, entry);
	}
	(void)nftw(state, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void
check_binary(
    struct doctor *d, const char *what, const char *path, const char *package)
{
	auto_free char *help =
	    xasprintf("apt-get install --no-install-recommends %s", package);

	note(d, what, access(path, F_OK) == 0, path, help);
}

static void
check_kernel(struct doctor *d)
{
	int version = cage_landlock_version();
	auto_free char *text = xasprintf("version %d%s", version,
	    version >= 4 ? ""
			 : " (TCP is closed from version 4 on; seccomp "
			   "closes it here)");

	note(d, "Landlock", version >= 1, text,
	    "use Linux 5.13 or newer with landlock in the lsm= list; cages "
	    "cannot be entered without it");
	note(d, "memory cgroups", access("/sys/fs/cgroup", F_OK) == 0,
	    "/sys/fs/cgroup", "mount cgroup2 (limits work without it)");
}

/* loep-vm knows: it boots something and looks whether that really runs. */
static void
check_kvm(struct doctor *d)
{
	auto_free char *state = xasprintf("%s/vm/images", d->cli->state_dir);
	/* In a build folder the images are beside the programs. */
	auto_free char *images =
	    access(state, R_OK) == 0
		? xstrdup(state)
		: xasprintf("%s/vm-images", d->cli->programs_dir);
	const char *from;
	char *args[] = {(char[]){"loep-vm"}, (char[]){"--probe"}, images, NULL};
	int status = 0;
	auto_free char *text = NULL;
	auto_json json_t *found = NULL;
	bool is_kvm;

	if (!d->cli->is_json && !d->cli->is_quiet)
		progress_line("booting something under KVM ...");
	text = run(d, args, &status);
	progress_clear();
	from = strchr(text, '{');
	if (from == NULL || json_parse(from, strcspn(from, "\n"),
				OUTPUT_BYTES_MAX, 24, &found) != ERR_OK)
		found = NULL;
	is_kvm = json_is_true(json_object_get(found, "kvm"));
	note(d, "KVM", is_kvm,
	    json_member_text(found, "reason", is_kvm ? "works" : text),
	    "without it guests run under emulation (slower, and it works); "
	    "load kvm_intel or kvm_amd, or enable nested virtualisation");
	/* Its absence is no fault. */
	if (!is_kvm)
		d->missing--;
}

int
cmd_doctor(struct cli *cli, int argc, char **argv)
{
	struct doctor d = {.cli = cli, .items = json_array()};

	(void)argc;
	(void)argv;
	check_kernel(&d);
	check_binary(
	    &d, "QEMU", "/usr/bin/qemu-system-x86_64", "qemu-system-x86");
	check_binary(&d, "qemu-img", "/usr/bin/qemu-img", "qemu-utils");
	check_binary(&d, "libvirt QEMU driver",
	    "/usr/lib/x86_64-linux-gnu/libvirt/connection-driver/"
	    "libvirt_driver_qemu.so",
	    "libvirt-daemon libvirt-daemon-driver-qemu");
	check_binary(
	    &d, "firmware", "/usr/share/seabios/bios-256k.bin", "seabios");
	check_kvm(&d);
	check_cages(&d);
	note(&d, "service", true,
	    api_is_up(cli->api) ? "answers" : "is not running", "");
	if (cli->is_json)
		print_json(d.items);
	else if (d.missing == 0)
		printf("\nNothing that Loep needs is missing.\n");
	else
		printf("\n%zu things are missing.\n", d.missing);
	json_decref(d.items);
	return d.missing == 0 ? 0 : EXIT_FAILED;
}
