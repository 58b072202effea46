/* SPDX-License-Identifier: Apache-2.0 */
/*
 * analyser.c - the parent half of an analyser: forks, keeps deadlines, reaps.
 *
 * It never reads an artefact.  All that it takes from its children is how
 * they ended.
 */
#include "lib/analyser.h"

#include "lib/analyser_alone.h"
#include "lib/analyser_child.h"
#include "lib/analyser_rules.h"
#include "lib/digest.h"
#include "lib/limits.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <sys/syscall.h>

/* Children and orders at a time; the scheduler sends far fewer. */
#define WORK_MAX 256
/* From asking a late child to end (it writes what it has) to killing it. */
#define GRACE_MS 300
/* An ANALYSER_INFO must fit in one message. */
#define DETAIL_BYTES_MAX ((size_t)60000)

struct work {
	TAILQ_ENTRY(work) entry;
	struct frame *frame;
	uint32_t request;
	struct child_order order;
	pid_t pid; /* 0 until ANALYSE_OUT came */
	int pidfd;
	struct loop_watch *watch;
	struct loop_timer *deadline;
	enum analyse_end killed_as;
};

TAILQ_HEAD(work_list, work);

struct frame {
	const struct analyser *analyser;
	void *data;
	struct program program;
	struct chan *sched; /* NULL while there is none */
	char *told;	    /* the detail that sched was told last */
	struct work_list works;
	size_t work_count;
	struct rules_loader rules;
};

static void
work_free(struct work *work)
{
	loop_unwatch(work->watch);
	loop_timer_cancel(work->deadline);
	if (work->pidfd != -1)
		(void)close(work->pidfd);
	child_order_release(&work->order);
	TAILQ_REMOVE(&work->frame->works, work, entry);
	work->frame->work_count--;
	free(work);
}

static void
report(struct frame *frame, uint32_t request, const struct child_end *end)
{
	struct wire_out body;

	if (frame->sched == NULL)
		return;
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u8(&body, (uint8_t)end->end);
	wire_put_u32(&body, end->code);
	wire_put_u64(&body, end->peak_kib);
	wire_put_u64(&body, end->cpu_us);
	(void)chan_send(frame->sched, MSG_ANALYSED, request, &body, -1);
	wire_out_release(&body);
}

static void
end_child(struct work *work, enum analyse_end as, int number)
{
	if (work->killed_as == ANALYSE_DONE)
		work->killed_as = as;
	(void)syscall(SYS_pidfd_send_signal, work->pidfd, number, NULL, 0);
}

static void
on_grace_over(void *arg)
{
	struct work *work = arg;

	work->deadline = NULL;
	end_child(work, ANALYSE_TIMEOUT, SIGKILL);
}

static void
on_deadline(void *arg)
{
	struct work *work = arg;

	end_child(work, ANALYSE_TIMEOUT, SIGTERM);
	work->deadline = loop_timer(
	    work->frame->program.loop, GRACE_MS, on_grace_over, work);
}

static void
on_ended(void *arg, int fd, unsigned int events)
{
	struct work *work = arg;
	struct child_end end;

	(void)fd;
	(void)events;
	child_reap(work->pid, work->killed_as, &end);
	report(work->frame, work->request, &end);
	work_free(work);
}

static struct work *
find(struct frame *frame, uint32_t request)
{
	struct work *work;

	TAILQ_FOREACH (work, &frame->works, entry) {
		if (work->request == request)
			return work;
	}
	return NULL;
}

/* Takes what order holds, also when there is no room for it. */
static int
add_work(struct frame *frame, uint32_t request, struct child_order *order)
{
	static const struct child_end refused = {.end = ANALYSE_REFUSED};
	struct work *work;

	if (frame->work_count == WORK_MAX) {
		child_order_release(order);
		report(frame, request, &refused);
		return ERR_OK;
	}
	work = xcalloc(1, sizeof(*work));
	work->frame = frame;
	work->request = request;
	work->pidfd = -1;
	work->order = *order;
	TAILQ_INSERT_TAIL(&frame->works, work, entry);
	frame->work_count++;
	return ERR_OK;
}

static int
on_analyse(void *arg, struct chan *chan, struct msg *msg)
{
	struct frame *frame = arg;
	struct child_order order = {.out_fd = -1, .scratch_fd = -1};
	const uint8_t *context;
	uint8_t how;

	(void)chan;
	order.size = wire_get_u64(&msg->in);
	how = wire_get_u8(&msg->in);
	context = wire_get_bytes(&msg->in, &order.context_len);
	if (find(frame, msg->request) != NULL || how < BLOB_MEMFD ||
	    how > BLOB_RANGE)
		return ERR_PEER;
	order.input_fd = take_fd(msg->fd);
	order.how = (enum blob_open)how;
	order.context = xstrndup((const char *)context, order.context_len);
	return add_work(frame, msg->request, &order);
}

static int
on_analyse_pack(void *arg, struct chan *chan, struct msg *msg)
{
	struct frame *frame = arg;
	struct child_order order = {
	    .is_pack = true,
	    .out_fd = -1,
	    .scratch_fd = -1,
	};
	static const struct child_end refused = {.end = ANALYSE_REFUSED};
	const uint8_t *context, *list;

	(void)chan;
	order.size = wire_get_u64(&msg->in);
	context = wire_get_bytes(&msg->in, &order.context_len);
	list = wire_get_bytes(&msg->in, &order.list_len);
	if (find(frame, msg->request) != NULL)
		return ERR_PEER;
	order.input_fd = take_fd(msg->fd);
	order.how = BLOB_MEMFD;
	order.context = xstrndup((const char *)context, order.context_len);
	order.list = xmemdup(list, order.list_len);
	if (frame->analyser->wants_files) {
		order.scratch_fd = memfd_create("loep-scratch", MFD_CLOEXEC);
		if (order.scratch_fd == -1) {
			log_line(LOG_WARN, "msg=\"no scratch memory\"");
			child_order_release(&order);
			report(frame, msg->request, &refused);
			return ERR_OK;
		}
	}
	return add_work(frame, msg->request, &order);
}

static int
on_analyse_out(void *arg, struct chan *chan, struct msg *msg)
{
	static const struct child_end refused = {.end = ANALYSE_REFUSED};
	struct frame *frame = arg;
	struct work *work = find(frame, msg->request);
	uint32_t seconds = wire_get_u32(&msg->in);
	uint32_t memory_mib = wire_get_u32(&msg->in);

	(void)chan;
	/* A refused order is forgotten; its second half may still come. */
	if (work == NULL)
		return ERR_OK;
	if (work->pid != 0 || seconds == 0)
		return ERR_PEER;
	work->order.out_fd = take_fd(msg->fd);
	work->order.memory_mib = memory_mib;
	if (child_start(frame->analyser, frame->data, &work->order, &work->pid,
		&work->pidfd) != ERR_OK) {
		log_line(LOG_WARN, "msg=\"cannot start a child\"");
		report(frame, work->request, &refused);
		work_free(work);
		return ERR_OK;
	}
	/* The child has its own; the pipe must end when the child ends. */
	child_order_release(&work->order);
	work->watch = loop_watch(
	    frame->program.loop, work->pidfd, LOOP_READ, on_ended, work);
	work->deadline = loop_timer(
	    frame->program.loop, (uint64_t)seconds * 1000, on_deadline, work);
	return ERR_OK;
}

static int
on_cancel(void *arg, struct chan *chan, struct msg *msg)
{
	static const struct child_end cancelled = {.end = ANALYSE_CANCELLED};
	struct frame *frame = arg;
	struct work *work = find(frame, msg->request);

	(void)chan;
	if (work == NULL)
		return ERR_OK; /* it ended while the message was under way */
	if (work->pid != 0) {
		end_child(work, ANALYSE_CANCELLED, SIGKILL);
		return ERR_OK;
	}
	report(frame, work->request, &cancelled);
	work_free(work);
	return ERR_OK;
}

/* Nobody waits for the results any more. */
static void
end_all(struct frame *frame)
{
	struct child_end end;
	struct work *work;

	rules_loader_stop(&frame->rules);
	while ((work = TAILQ_FIRST(&frame->works)) != NULL) {
		if (work->pid != 0) {
			end_child(work, ANALYSE_CANCELLED, SIGKILL);
			child_reap(work->pid, ANALYSE_CANCELLED, &end);
		}
		work_free(work);
	}
}

static void
on_sched_gone(void *arg, struct chan *chan, int err)
{
	struct frame *frame = arg;

	if (err == ERR_PEER)
		program_blame(
		    &frame->program, chan, "broke the protocol of analysers");
	if (frame->sched == chan)
		frame->sched = NULL;
	chan_free(chan);
	end_all(frame);
}

static void settle_heap(void);
static void send_info(struct frame *frame, bool is_anew);

static void
on_rules_end(void *arg, const struct rules_end *end)
{
	struct frame *frame = arg;
	struct wire_out body;
	int fd;

	settle_heap();
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u64(&body, end->rules.number);
	wire_put_u8(&body, (uint8_t)end->err);
	wire_put_str(&body, end->why);
	(void)chan_send(
	    frame->sched, MSG_RULESET_LOADED, end->request, &body, -1);
	wire_out_reset(&body);
	fd =
	    end->image_fd == -1 ? -1 : fcntl(end->image_fd, F_DUPFD_CLOEXEC, 0);
	if (fd != -1) {
		wire_put_str(&body, end->rules.digest);
		(void)chan_send(
		    frame->sched, MSG_RULESET_IMAGE, end->request, &body, fd);
	}
	wire_out_release(&body);
	if (end->err == ERR_OK)
		send_info(frame, false);
}

static int
on_ruleset(void *arg, struct chan *chan, struct msg *msg)
{
	struct frame *frame = arg;
	struct analyser_rules rules = {
	    .number = wire_get_u64(&msg->in),
	};

	(void)chan;
	wire_get_str(&msg->in, rules.digest, sizeof(rules.digest));
	if (msg->in.is_failed || (frame->analyser->ruleset == NULL &&
				     frame->analyser->compile == NULL))
		return ERR_PEER;
	rules.units_fd = take_fd(msg->fd);
	rules_loader_begin(&frame->rules, msg->request, &rules);
	return ERR_OK;
}

static int
on_ruleset_known(void *arg, struct chan *chan, struct msg *msg)
{
	struct frame *frame = arg;
	char digest[SHA256_HEX_BYTES];

	(void)chan;
	wire_get_str(&msg->in, digest, sizeof(digest));
	if (msg->in.is_failed || frame->analyser->compile == NULL)
		return ERR_PEER;
	rules_loader_known(&frame->rules, digest, take_fd(msg->fd));
	return ERR_OK;
}

static const struct chan_handler handlers[] = {
    {MSG_RULESET, on_ruleset},
    {MSG_RULESET_KNOWN, on_ruleset_known},
    {MSG_ANALYSE, on_analyse},
    {MSG_ANALYSE_PACK, on_analyse_pack},
    {MSG_ANALYSE_OUT, on_analyse_out},
    {MSG_ANALYSE_CANCEL, on_cancel},
    {MSG_NONE_, NULL},
};

static const struct chan_ops sched_ops = {
    .handlers = handlers,
    .gone = on_sched_gone,
};

/* Says what this analyser is; unless anew, only where that has changed. */
static void
send_info(struct frame *frame, bool is_anew)
{
	char engine[256] = "";
	auto_json json_t *detail = NULL;
	auto_free char *text = NULL;
	struct wire_out body;

	if (frame->analyser->info != NULL)
		frame->analyser->info(
		    frame->data, engine, sizeof(engine), &detail);
	text = detail == NULL ? xstrdup("{}") : json_canonical(detail);
	if (!is_anew && frame->told != NULL && strcmp(frame->told, text) == 0)
		return;
	free(frame->told);
	frame->told = xstrdup(text);
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_str(&body, frame->analyser->name);
	wire_put_str(&body, engine);
	wire_put_str(&body,
	    strlen(text) <= DETAIL_BYTES_MAX ? text : "{\"is_cut\":true}");
	(void)chan_send(frame->sched, MSG_ANALYSER_INFO, 0, &body, -1);
	wire_out_release(&body);
}

static void
on_peer(void *arg, struct chan *chan)
{
	struct frame *frame = arg;

	if (chan_peer(chan) != ROLE_SCHED) {
		chan_free(chan);
		return;
	}
	chan_free(frame->sched);
	end_all(frame);
	frame->sched = chan;
	chan_set_ops(chan, &sched_ops, frame);
	send_info(frame, true);
}

static void
on_stop(void *arg)
{
	struct frame *frame = arg;

	end_all(frame);
	loop_stop(frame->program.loop);
}

/*
 * Loading leaves thousands of small free pieces in the heap.  The first large
 * malloc() of every child would merge and sort them, and so copy most of the
 * heap's pages: that is done here, once.  (Large pages were tried as well:
 * they make the children slower.)
 */
static void
settle_heap(void)
{
	(void)malloc_trim(0);
	/* Less than what malloc() would map: it sorts what was merged. */
	free(xmalloc(100 * KIB));
	(void)malloc_trim(0);
}

int
analyser_main(const struct analyser *analyser)
{
	static const struct program_ops ops = {
	    .peer = on_peer,
	    .stop = on_stop,
	};
	static struct frame frame;
	char name[64];
	struct cage cage = child_parent_cage(analyser);

	if (analyser_alone_is_asked())
		return analyser_alone_main(analyser);
	(void)snprintf(name, sizeof(name), "loep-%s", analyser->name);
	frame.analyser = analyser;
	TAILQ_INIT(&frame.works);
	program_start(&frame.program, ROLE_ANALYSER, name);
	if (analyser->load != NULL)
		frame.data = analyser->load(&frame.program);
	program_enter_cage(&frame.program, &cage);
	settle_heap();
	rules_loader_init(&frame.rules, analyser, frame.data);
	frame.rules.loop = frame.program.loop;
	frame.rules.ended = on_rules_end;
	frame.rules.arg = &frame;
	program_run(&frame.program, &ops, &frame);
	return 0;
}
