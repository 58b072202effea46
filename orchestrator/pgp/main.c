/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loep-pgp - reads, opens and makes OpenPGP messages (lib/openpgp.h).
 *
 * Reads:  the service's own keys, once; questions of the store, the scheduler
 *         and loep-mail, whose inputs it never looks at itself.
 * Writes: answers.  Each question is a process of its own (worker.h), which
 *         has its input, a place for the result, and no more.
 * Trusts: nothing that such a process reports: whoever asked reads it as
 *         foreign bytes.
 * Ends:   with its parent; what is under way then is answered "away".
 */
#include "lib/fileio.h"
#include "lib/limits.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/program.h"
#include "lib/sealed.h"
#include "lib/trial.h"
#include "lib/xalloc.h"
#include "pgp/alone.h"
#include "pgp/worker.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <sys/syscall.h>

/* Processes at a time, and questions that wait for one. */
#define RUNNING_MAX	 4
#define WAITING_MAX	 256
#define OPTIONS_DEPTH	 3
#define PASSPHRASE_BYTES 1024
#define PEERS_MAX	 3

struct work {
	TAILQ_ENTRY(work) entry;
	struct chan *chan; /* NULL: whoever asked is gone */
	uint32_t request;
	uint32_t seconds;
	struct worker_order order;
	bool is_complete; /* PGP_OUT came */
	pid_t pid;	  /* 0 until it runs */
	int pidfd;
	const char *killed_as;
	struct loop_watch *watch;
	struct loop_timer *deadline;
};

TAILQ_HEAD(work_list, work);

static struct pgp {
	struct program program;
	struct keyring keyring;
	struct chan *peers[PEERS_MAX];
	struct work_list works;
	size_t running;
	size_t count;
} pgp;

static void start_next(struct pgp *p);

/* --- answers --- */

static void
answer(struct work *work, const struct worker_end *end, int fd)
{
	struct wire_out body;

	if (work->chan == NULL) {
		if (fd != -1)
			(void)close(fd);
		return;
	}
	wire_out_init(&body, LIMIT_MSG_BYTES - CHAN_HEADER_BYTES);
	wire_put_u8(&body, (uint8_t)end->err);
	wire_put_str(&body, end->why);
	wire_put_bytes(&body, end->detail, strlen(end->detail));
	(void)chan_send(work->chan, MSG_PGP_DONE, work->request, &body, fd);
	wire_out_release(&body);
}

static void
answer_now(struct work *work, enum err err, const char *why)
{
	static char none[] = "{}";
	struct worker_end end = {.err = err, .detail = none};

	(void)snprintf(end.why, sizeof(end.why), "%s", why);
	answer(work, &end, -1);
}

static void
work_free(struct pgp *p, struct work *work)
{
	loop_unwatch(work->watch);
	loop_timer_cancel(work->deadline);
	if (work->pidfd != -1)
		(void)close(work->pidfd);
	if (work->pid != 0)
		p->running--;
	worker_order_release(&work->order);
	TAILQ_REMOVE(&p->works, work, entry);
	p->count--;
	free(work);
}

/* The result in memory, so that nobody can change it any more. */
static int
seal_result(struct work *work, const struct worker_end *end)
{
	if (!work->order.has_memory || end->err != ERR_OK ||
	    fcntl(work->order.out_fd, F_ADD_SEALS,
		F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == -1)
		return -1;
	return take_fd(work->order.out_fd);
}

static void
on_ended(void *arg, int fd, unsigned int events)
{
	struct work *work = arg;
	struct worker_end end;

	(void)fd;
	(void)events;
	worker_reap(work->pid, &work->order, work->killed_as, &end);
	answer(work, &end, seal_result(work, &end));
	free(end.detail);
	work_free(&pgp, work);
	start_next(&pgp);
}

static void
kill_as(struct work *work, const char *why)
{
	if (work->killed_as == NULL)
		work->killed_as = why;
	(void)syscall(SYS_pidfd_send_signal, work->pidfd, SIGKILL, NULL, 0);
}

static void
on_deadline(void *arg)
{
	struct work *work = arg;

	work->deadline = NULL;
	kill_as(work, "time");
}

/* --- questions --- */

static bool
make_memory(struct worker_order *order)
{
	order->report_fd = memfd_create("loep-report", MFD_CLOEXEC);
	if (order->out_fd == -1) {
		order->has_memory = true;
		order->out_fd = memfd_create(
		    "loep-result", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	}
	return order->report_fd != -1 && order->out_fd != -1;
}

static void
start(struct pgp *p, struct work *work)
{
	if (!make_memory(&work->order) ||
	    worker_start(&work->order, &p->keyring, &work->pid, &work->pidfd) !=
		ERR_OK) {
		log_line(LOG_WARN, "msg=\"cannot start a process\"");
		answer_now(work, ERR_UNAVAILABLE, "away");
		work_free(p, work);
		return;
	}
	p->running++;
	/* A pipe must end when the process ends. */
	if (!work->order.has_memory) {
		(void)close(work->order.out_fd);
		work->order.out_fd = -1;
	}
	(void)close(work->order.input_fd);
	work->order.input_fd = -1;
	work->watch =
	    loop_watch(p->program.loop, work->pidfd, LOOP_READ, on_ended, work);
	work->deadline = loop_timer(
	    p->program.loop, (uint64_t)work->seconds * 1000, on_deadline, work);
}

static void
start_next(struct pgp *p)
{
	struct work *work, *next;

	for (work = TAILQ_FIRST(&p->works);
	     work != NULL && p->running < RUNNING_MAX; work = next) {
		next = TAILQ_NEXT(work, entry);
		if (work->is_complete && work->pid == 0)
			start(p, work);
	}
}

static struct work *
find(struct pgp *p, const struct chan *chan, uint32_t request)
{
	struct work *work;

	TAILQ_FOREACH (work, &p->works, entry) {
		if (work->chan == chan && work->request == request)
			return work;
	}
	return NULL;
}

static struct work *
add(struct pgp *p, struct chan *chan, uint32_t request)
{
	struct work *work = xcalloc(1, sizeof(*work));

	work->chan = chan;
	work->request = request;
	work->pidfd = -1;
	worker_order_init(&work->order);
	TAILQ_INSERT_TAIL(&p->works, work, entry);
	p->count++;
	return work;
}

static int
on_ask(void *arg, struct chan *chan, struct msg *msg)
{
	struct pgp *p = arg;
	uint8_t what = wire_get_u8(&msg->in);
	uint64_t size = wire_get_u64(&msg->in);
	uint8_t how = wire_get_u8(&msg->in);
	const uint8_t *text;
	json_t *options = NULL;
	struct work *work;
	size_t len;

	text = wire_get_bytes(&msg->in, &len);
	if (find(p, chan, msg->request) != NULL || what < PGP_INSPECT ||
	    what >= PGP_WHAT_END_ || how < BLOB_MEMFD || how > BLOB_RANGE ||
	    json_parse(text, len, LIMIT_MSG_BYTES, OPTIONS_DEPTH, &options) !=
		ERR_OK)
		return ERR_PEER;
	work = add(p, chan, msg->request);
	work->order.what = (enum pgp_what)what;
	work->order.how = (enum blob_open)how;
	work->order.size = size;
	work->order.options = options;
	work->order.input_fd = take_fd(msg->fd);
	if (p->count > WAITING_MAX) {
		answer_now(work, ERR_UNAVAILABLE, "away");
		work_free(p, work);
	}
	return ERR_OK;
}

static int
on_to(void *arg, struct chan *chan, struct msg *msg)
{
	struct work *work = find(arg, chan, msg->request);
	struct op_to *to;

	/* One that was refused is forgotten. */
	if (work == NULL)
		return ERR_OK;
	if (work->is_complete || work->order.to_count == PGP_TO_MAX)
		return ERR_PEER;
	to = &work->order.to[work->order.to_count];
	wire_get_str(&msg->in, to->fpr, sizeof(to->fpr));
	if (msg->in.is_failed)
		return ERR_PEER;
	to->fd = take_fd(msg->fd);
	work->order.to_count++;
	return ERR_OK;
}

static int
on_out(void *arg, struct chan *chan, struct msg *msg)
{
	struct pgp *p = arg;
	struct work *work = find(p, chan, msg->request);
	uint32_t seconds = wire_get_u32(&msg->in);

	if (work == NULL)
		return ERR_OK;
	if (work->is_complete || seconds == 0 || seconds > PGP_SECONDS_MAX)
		return ERR_PEER;
	work->seconds = seconds;
	work->order.out_fd = take_fd(msg->fd);
	work->is_complete = true;
	start_next(p);
	return ERR_OK;
}

static void
cancel(struct pgp *p, struct work *work)
{
	if (work->pid != 0) {
		kill_as(work, "cancelled");
		return;
	}
	answer_now(work, ERR_EOF, "cancelled");
	work_free(p, work);
}

static int
on_cancel(void *arg, struct chan *chan, struct msg *msg)
{
	struct work *work = find(arg, chan, msg->request);

	if (work != NULL)
		cancel(arg, work);
	return ERR_OK;
}

/* --- peers --- */

static void
on_gone(void *arg, struct chan *chan, int err)
{
	struct pgp *p = arg;
	struct work *work, *next;

	if (err == ERR_PEER)
		program_blame(
		    &p->program, chan, "broke the protocol of loep-pgp");
	for (work = TAILQ_FIRST(&p->works); work != NULL; work = next) {
		next = TAILQ_NEXT(work, entry);
		if (work->chan != chan)
			continue;
		work->chan = NULL;
		cancel(p, work);
	}
	for (size_t i = 0; i < PEERS_MAX; i++) {
		if (p->peers[i] == chan)
			p->peers[i] = NULL;
	}
	chan_free(chan);
}

static const struct chan_handler handlers[] = {
    {MSG_PGP_ASK, on_ask},
    {MSG_PGP_TO, on_to},
    {MSG_PGP_OUT, on_out},
    {MSG_PGP_CANCEL, on_cancel},
    {MSG_NONE_, NULL},
};

static const struct chan_ops peer_ops = {
    .handlers = handlers,
    .gone = on_gone,
};

static void
send_keys(struct pgp *p, struct chan *chan)
{
	auto_free char *text = json_canonical(p->keyring.list);
	int fd;

	if (sealed_make("loep-keys", text, strlen(text), &fd) != ERR_OK) {
		log_line(LOG_WARN, "msg=\"cannot tell the keys\"");
		return;
	}
	(void)chan_send(chan, MSG_PGP_KEYS, 0, NULL, fd);
}

static void
on_peer(void *arg, struct chan *chan)
{
	static const enum role roles[PEERS_MAX] = {
	    ROLE_STORE, ROLE_SCHED, ROLE_MAIL};
	struct pgp *p = arg;

	for (size_t i = 0; i < PEERS_MAX; i++) {
		if (chan_peer(chan) != roles[i])
			continue;
		if (p->peers[i] != NULL)
			on_gone(p, p->peers[i], ERR_EOF);
		p->peers[i] = chan;
		chan_set_ops(chan, &peer_ops, p);
		send_keys(p, chan);
		return;
	}
	chan_free(chan);
}

static void
on_stop(void *arg)
{
	struct pgp *p = arg;

	/* Processes that run die with this one (PR_SET_PDEATHSIG). */
	loop_stop(p->program.loop);
}

/* --- the start --- */

static void
load_keys(struct pgp *p)
{
	auto_close int key_fd = program_conf_fd(&p->program, "secret_key_file");
	auto_close int pass_fd =
	    program_conf_fd(&p->program, "passphrase_file");
	auto_free char *passphrase = NULL;
	char why[KEYRING_WHY_BYTES] = "there is no file of keys";
	auto_free char *text = NULL;
	size_t len = 0, pass_len = 0;
	int err = ERR_FORMAT;

	if (key_fd != -1)
		text = file_read_text(key_fd, KEYRING_BYTES_MAX, &len);
	passphrase = pass_fd == -1
			 ? xstrdup("")
			 : file_read_text(pass_fd, PASSPHRASE_BYTES, &pass_len);
	passphrase[strcspn(passphrase, "\r\n")] = '\0';
	if (text != NULL)
		err = keyring_load(&p->keyring, text, len, passphrase, why);
	explicit_bzero(passphrase, strlen(passphrase));
	if (text != NULL)
		explicit_bzero(text, len);
	if (err == ERR_OK)
		return;
	/* Without keys of ours it still reads those of others. */
	log_line(LOG_ERROR, "msg=\"no own OpenPGP key\" reason=\"%s\"", why);
	keyring_release(&p->keyring);
	p->keyring.list = json_pack("{s:[]}", "keys");
}

int
main(int argc, char **argv)
{
	static const struct program_ops ops = {
	    .peer = on_peer,
	    .stop = on_stop,
	};
	struct pgp *p = &pgp;

	/* librnp's words about foreign bytes are for nobody. */
	(void)setenv("RNP_LOG_CONSOLE", "0", 1);
	if (argc > 1)
		return alone_main(argc, argv);
	TAILQ_INIT(&p->works);
	program_start(&p->program, ROLE_PGP, "loep-pgp");
	worker_prepare();
	load_keys(p);
	program_enter_cage(&p->program, &worker_cage);
	program_run(&p->program, &ops, p);
	keyring_release(&p->keyring);
	/* Botan unlocks its memory at exit(), which the cage would punish. */
	_exit(0);
}
