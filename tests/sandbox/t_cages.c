/* SPDX-License-Identifier: Apache-2.0 */
/*
 * t_cages.c - every real program, in its real cage, tries what it may not do
 * (lib/trial.h) and must fail: refused with an error, or killed.
 */
#include "lib/cage.h"
#include "lib/chan.h"
#include "lib/limits.h"
#include "lib/own.h"
#include "lib/trial.h"
#include "lib/xalloc.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

/* What the trial ended with, beyond an exit status. */
#define KILLED_SIGSYS 1000

static char state[] = "/tmp/loep-cages-XXXXXX";
static char *secret; /* readable for this uid, in nobody's cage */
static char *bin;    /* where the programs are */

static void
send_text(struct chan *chan, const char *key, const char *value)
{
	struct wire_out body;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_str(&body, key);
	wire_put_str(&body, value);
	(void)chan_send(chan, MSG_CONF, 0, &body, -1);
	wire_out_release(&body);
}

/* A listening socket that web wants; anything open will do for others. */
static void
send_listen(struct chan *chan)
{
	struct wire_out body;
	int fds[2];

	assert_int_equal(chan_pair(fds), ERR_OK);
	(void)close(fds[1]);
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_str(&body, "listen");
	(void)chan_send(chan, MSG_CONF_FD, 0, &body, fds[0]);
	wire_out_release(&body);
}

static int
reap(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		return KILLED_SIGSYS + (WTERMSIG(status) == SIGSYS ? 0 : 1);
	return WEXITSTATUS(status);
}

/* Starts a program as loepd would, with one trial; how it ended. */
static int
try_program(
    const char *binary, const char *instance, enum role role, const char *act)
{
	auto_free char *path = xasprintf("%s/%s", bin, binary);
	auto_free char *rules = realpath("yara-rules", NULL);
	struct chan *chan;
	int fds[2];
	pid_t pid;

	assert_int_equal(chan_pair(fds), ERR_OK);
	pid = fork();
	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		if (fds[1] != 3)
			(void)dup2(fds[1], 3);
		else
			(void)fcntl(3, F_SETFD, 0);
		(void)execl(path, binary, (char *)NULL);
		_exit(127);
	}
	(void)close(fds[1]);
	chan = chan_new(NULL, fds[0], ROLE_PARENT, role, instance);
	send_text(chan, "instance", instance);
	send_text(chan, "state_dir", state);
	send_text(chan, "rules_dir", rules);
	send_text(chan, "trial", act);
	if (role == ROLE_WEB)
		send_listen(chan);
	(void)chan_send(chan, MSG_CONF_END, 0, NULL, -1);
	{
		int end = reap(pid);

		chan_free(chan);
		return end;
	}
}

/* Runs an analyser's child on a file with one trial; how the child ended. */
static int
try_child(const char *binary, const char *act)
{
	auto_free char *path = xasprintf("%s/%s", bin, binary);
	auto_free char *rules = realpath("yara-rules", NULL);
	auto_free char *conf = xasprintf("rules_dir=%s", rules);
	auto_free char *context = xasprintf("{\"trial\":\"%s\"}", act);
	int out[2];
	char text[4096] = "";
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		(void)dup2(out[1], 1);
		(void)execl(path, binary, "--conf", conf, "--file", secret,
		    "--context", context, (char *)NULL);
		_exit(127);
	}
	(void)close(out[1]);
	while (len < sizeof(text) - 1 &&
	       (n = read(out[0], text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	(void)close(out[0]);
	(void)reap(pid);
	/* {"type":"end","end":"crashed","code":31,...} */
	{
		const char *code = strstr(text, "\"code\":");

		if (code == NULL)
			fail_msg(
			    "%s said nothing of its end: %s", binary, text);
		return (int)strtol(code + strlen("\"code\":"), NULL, 10);
	}
}

static bool
is_refusal(int end)
{
	return end == TRIAL_REFUSED || end == KILLED_SIGSYS;
}

static void
expect_refused(
    const char *binary, const char *instance, enum role role, const char *act)
{
	int end = try_program(binary, instance, role, act);

	if (!is_refusal(end))
		fail_msg("%s was not stopped at \"%s\": it ended with %d",
		    binary, act, end);
}

struct program_row {
	const char *binary;
	const char *instance;
	enum role role;
};

static const struct program_row programs[] = {
    {"loep-web", "", ROLE_WEB},
    {"loep-store", "", ROLE_STORE},
    {"loep-vault", "", ROLE_VAULT},
    {"loep-sched", "", ROLE_SCHED},
    {"loep-identify", "identify", ROLE_ANALYSER},
    {"loep-yara", "yara", ROLE_ANALYSER},
    {"loep-archive", "archive", ROLE_ANALYSER},
    {"loep-behaviour", "behaviour", ROLE_ANALYSER},
    {"loep-rules", "rules", ROLE_ANALYSER},
    {"loep-report", "report", ROLE_ANALYSER},
    {"loep-grams", "grams", ROLE_ANALYSER},
    {"loep-hunt", "hunt", ROLE_ANALYSER},
    {"loep-index", "", ROLE_INDEX},
    {"loep-mail", "", ROLE_MAIL},
    {"loep-oidc", "", ROLE_OIDC},
    {"loep-hook", "", ROLE_HOOK},
    {"loep-syslog", "", ROLE_SYSLOG},
    {"loep-pgp", "", ROLE_PGP},
};
#define PROGRAMS (sizeof(programs) / sizeof(programs[0]))

static void
expect_all_refused(const char *act)
{
	for (size_t i = 0; i < PROGRAMS; i++)
		expect_refused(programs[i].binary, programs[i].instance,
		    programs[i].role, act);
}

static void
test_open(void **unused)
{
	auto_free char *act = xasprintf("open:%s", secret);

	(void)unused;
	expect_all_refused(act);
}

static void
test_create(void **unused)
{
	auto_free char *act = xasprintf("write:%s.new", secret);

	(void)unused;
	expect_all_refused(act);
	assert_int_equal(access(act + strlen("write:"), F_OK), -1);
}

/* The database is not the vault's, the keys are not the store's. */
static void
test_each_others_files(void **unused)
{
	auto_free char *db = xasprintf("open:%s/db/loep.db", state);
	auto_free char *key = xasprintf("open:%s/vault/keys/site.key", state);

	(void)unused;
	assert_int_equal(access(db + strlen("open:"), R_OK), 0);
	assert_int_equal(access(key + strlen("open:"), R_OK), 0);
	expect_refused("loep-vault", "", ROLE_VAULT, db);
	expect_refused("loep-store", "", ROLE_STORE, key);
	expect_refused("loep-web", "", ROLE_WEB, db);
	expect_refused("loep-sched", "", ROLE_SCHED, key);
	/* ... and the trial itself can succeed: the cages are not just shut. */
	assert_int_equal(
	    try_program("loep-vault", "", ROLE_VAULT, key), TRIAL_SUCCEEDED);
	assert_int_equal(
	    try_program("loep-store", "", ROLE_STORE, db), TRIAL_SUCCEEDED);
}

static void
test_connect(void **unused)
{
	(void)unused;
	expect_all_refused("connect");
}

static void
test_exec(void **unused)
{
	(void)unused;
	expect_all_refused("exec");
}

static void
test_ptrace(void **unused)
{
	(void)unused;
	expect_all_refused("ptrace");
}

static void
test_executable_memory(void **unused)
{
	(void)unused;
	expect_all_refused("code");
}

/* Those that fork children for a living may; the others may not. */
static void
test_fork(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < PROGRAMS; i++) {
		if (programs[i].role != ROLE_ANALYSER &&
		    programs[i].role != ROLE_PGP)
			expect_refused(programs[i].binary, programs[i].instance,
			    programs[i].role, "fork");
	}
}

/* Landlock's signal scope (version 6), or no kill(2) at all. */
static void
test_kill(void **unused)
{
	(void)unused;
	if (cage_landlock_version() < 6)
		skip();
	expect_all_refused("kill");
}

static const char *const analysers[] = {"loep-identify", "loep-yara",
    "loep-archive", "loep-behaviour", "loep-rules", "loep-report", "loep-grams",
    "loep-hunt"};

static void
expect_child_refused(const char *act)
{
	for (size_t i = 0; i < sizeof(analysers) / sizeof(analysers[0]); i++) {
		int code = try_child(analysers[i], act);

		/* SIGXFSZ: it may not write files at all. */
		if (code != TRIAL_REFUSED && code != SIGSYS && code != SIGXFSZ)
			fail_msg("the child of %s was not stopped at \"%s\": "
				 "it ended with %d",
			    analysers[i], act, code);
	}
}

static void
test_child(void **unused)
{
	static const char *const acts[] = {"fork", "exec", "connect", "ptrace",
	    "kill", "code", "input", "memory:17179869184"};
	auto_free char *open_act = xasprintf("open:%s", secret);

	(void)unused;
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		expect_child_refused(acts[i]);
	expect_child_refused(open_act);
}

static int
setup(void **unused)
{
	auto_free char *command = NULL;
	const char *o = getenv("O");
	FILE *f;

	(void)unused;
	bin = realpath(o != NULL ? o : "build", NULL);
	if (bin == NULL || mkdtemp(state) == NULL)
		return -1;
	command = xasprintf("%s/loepd --init --state %s", bin, state);
	if (system(command) != 0)
		return -1;
	secret = xasprintf("%s.secret", state);
	f = fopen(secret, "we");
	if (f == NULL || fputs("secret\n", f) == EOF || fclose(f) != 0)
		return -1;
	return 0;
}

static int
teardown(void **unused)
{
	auto_free char *command =
	    xasprintf("rm -rf %s %s", state, secret ? secret : "");

	(void)unused;
	return system(command);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_open),
	    cmocka_unit_test(test_create),
	    cmocka_unit_test(test_each_others_files),
	    cmocka_unit_test(test_connect),
	    cmocka_unit_test(test_exec),
	    cmocka_unit_test(test_fork),
	    cmocka_unit_test(test_ptrace),
	    cmocka_unit_test(test_kill),
	    cmocka_unit_test(test_executable_memory),
	    cmocka_unit_test(test_child),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, setup, teardown);
}
