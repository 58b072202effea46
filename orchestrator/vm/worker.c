/* SPDX-License-Identifier: Apache-2.0 */
/* worker.c - the threads of the slots. */
#include "vm/worker.h"

#include "lib/own.h"
#include "lib/xalloc.h"
#include "vm/quarantine.h"

#include <sys/eventfd.h>

/* --- notes --- */

void
notes_init(struct notes *notes)
{
	TAILQ_INIT(&notes->list);
	(void)pthread_mutex_init(&notes->lock, NULL);
	notes->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void
notes_put(struct notes *notes, struct note *note)
{
	uint64_t one = 1;

	(void)pthread_mutex_lock(&notes->lock);
	TAILQ_INSERT_TAIL(&notes->list, note, entry);
	(void)pthread_mutex_unlock(&notes->lock);
	(void)!write(notes->fd, &one, sizeof(one));
}

struct note *
notes_take(struct notes *notes)
{
	struct note *note;

	(void)pthread_mutex_lock(&notes->lock);
	note = TAILQ_FIRST(&notes->list);
	if (note != NULL)
		TAILQ_REMOVE(&notes->list, note, entry);
	(void)pthread_mutex_unlock(&notes->lock);
	return note;
}

struct note *
note_new(enum note_kind kind, size_t slot)
{
	struct note *note = xcalloc(1, sizeof(*note));

	note->kind = kind;
	note->slot = slot;
	note->fd = -1;
	return note;
}

void
note_free(struct note *note)
{
	if (note->fd != -1)
		(void)close(note->fd);
	run_order_free(note->order);
	run_result_release(&note->result);
	free(note->text);
	free(note->text2);
	free(note);
}

/* --- hooks of the slot --- */

static void
on_progress(void *arg, const struct slot *slot, const char *state,
    unsigned int percent, const char *text)
{
	struct worker *w = arg;
	struct note *note = note_new(NOTE_PROGRESS, slot->machine.slot);

	note->text = xstrdup(state);
	note->text2 = xstrdup(text);
	note->percent = percent;
	notes_put(w->notes, note);
}

static void
on_net_begin(
    void *arg, const struct slot *slot, const char *policy, int pcap_fd)
{
	struct worker *w = arg;
	struct note *note = note_new(NOTE_NET_BEGIN, slot->machine.slot);

	note->text = xstrdup(policy);
	note->fd = pcap_fd;
	notes_put(w->notes, note);
}

static void
on_net_end(void *arg, const struct slot *slot)
{
	struct worker *w = arg;

	notes_put(w->notes, note_new(NOTE_NET_END, slot->machine.slot));
}

/* --- the thread --- */

static void
run(struct worker *w, struct run_order *order, struct note *done)
{
	struct note *note = note_new(NOTE_RESULT, w->slot.machine.slot);
	char why[SLOT_WHY_BYTES] = "";
	bool is_bad;

	run_execute(&w->slot, order, &note->result);
	is_bad = note->result.is_slot_bad;
	if (is_bad)
		done->text = xstrdup(note->result.reason);
	note->order = order;
	notes_put(w->notes, note);
	/* Nobody waits for this. */
	if (slot_clean(&w->slot, why) != ERR_OK && !is_bad) {
		is_bad = true;
		done->text = xstrdup(why);
	}
	done->is_good = !is_bad;
}

static void
act(struct worker *w, enum slot_action action, struct run_order *order)
{
	struct note *done = note_new(NOTE_DONE, w->slot.machine.slot);
	char why[SLOT_WHY_BYTES] = "";
	int err = ERR_OK;

	switch (action) {
	case ACTION_BUILD:
	case ACTION_REBUILD:
		err = slot_build(&w->slot, w->profile, action == ACTION_REBUILD,
		    why, &done->times);
		break;
	case ACTION_CHECK:
		err = slot_check(&w->slot, why);
		break;
	case ACTION_RUN:
	default:
		break;
	}
	done->is_good = err == ERR_OK;
	if (action == ACTION_RUN)
		run(w, order, done);
	else if (err != ERR_OK)
		done->text = xstrdup(why);
	if (!done->is_good && !w->slot.is_quitting) {
		quarantine_keep(w->quarantine_dir, w->libvirt_root, &w->slot,
		    done->text == NULL ? "" : done->text);
		/* Whatever is left of it must not run on. */
		(void)w->slot.driver.destroy(
		    w->slot.driver.arg, &w->slot.machine, why);
	}
	notes_put(w->notes, done);
}

static void *
thread_main(void *arg)
{
	struct worker *w = arg;
	char why[SLOT_WHY_BYTES];

	while (!w->slot.is_quitting) {
		struct run_order *order;
		enum slot_action action;

		(void)pthread_mutex_lock(&w->lock);
		while (w->action == ACTION_NONE && !w->slot.is_quitting)
			(void)pthread_cond_wait(&w->has_order, &w->lock);
		action = w->action;
		order = take_ptr(w->order);
		w->action = ACTION_NONE;
		(void)pthread_mutex_unlock(&w->lock);
		if (action != ACTION_NONE)
			act(w, action, order);
	}
	(void)w->slot.driver.destroy(w->slot.driver.arg, &w->slot.machine, why);
	return NULL;
}

int
worker_start(struct worker *worker, size_t number, const char *dir,
    const struct driver *driver, struct notes *notes)
{
	const struct slot_hooks hooks = {
	    on_progress, on_net_begin, on_net_end, worker};
	int err = slot_init(&worker->slot, number, dir, driver, &hooks);

	if (err != ERR_OK)
		return err;
	state_init(&worker->core);
	worker->notes = notes;
	(void)pthread_mutex_init(&worker->lock, NULL);
	(void)pthread_cond_init(&worker->has_order, NULL);
	if (pthread_create(&worker->thread, NULL, thread_main, worker) != 0)
		return ERR_SYS;
	worker->is_started = true;
	return ERR_OK;
}

void
worker_order(struct worker *worker, enum slot_action action,
    const struct profile *profile, struct run_order *order)
{
	worker->slot.is_cancelled = false;
	(void)pthread_mutex_lock(&worker->lock);
	worker->action = action;
	worker->profile = profile;
	worker->order = order;
	(void)pthread_cond_signal(&worker->has_order);
	(void)pthread_mutex_unlock(&worker->lock);
}

void
worker_stop(struct worker *worker)
{
	if (!worker->is_started)
		return;
	worker->slot.is_quitting = true;
	(void)pthread_mutex_lock(&worker->lock);
	(void)pthread_cond_signal(&worker->has_order);
	(void)pthread_mutex_unlock(&worker->lock);
	slot_wake(&worker->slot);
	(void)pthread_join(worker->thread, NULL);
	run_order_free(worker->order);
	slot_release(&worker->slot);
	worker->is_started = false;
}
