/* SPDX-License-Identifier: Apache-2.0 */
/* ruleset.c - which rules loep-yara runs. */
#include "sched/ruleset.h"

#include "lib/digest.h"
#include "lib/log.h"
#include "lib/own.h"

#include "sched/job.h"
#include "sched/triage.h"
#include "sched/worker.h"

#include <fcntl.h>

/* Putting a whole set together keeps the store busy for a while. */
#define SOON_MS ((uint64_t)60)
/* After a store that could not answer. */
#define RETRY_MS ((uint64_t)1000)

void
ruleset_init(struct ruleset *ruleset)
{
	*ruleset = (struct ruleset){.fd = -1};
}

static void
send_rules(struct sched *sched)
{
	struct worker *worker = worker_find(sched, "yara");
	struct ruleset *rules = &sched->ruleset;
	struct wire_out body;

	if (worker == NULL || rules->fd == -1 || rules->is_sent)
		return;
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u64(&body, (uint64_t)rules->version);
	wire_put_str(&body, "");
	rules->is_sent = chan_send(worker->chan, MSG_RULESET, 0, &body,
			     fcntl(rules->fd, F_DUPFD_CLOEXEC, 0)) == ERR_OK;
	rules->is_bad = false;
	wire_out_release(&body);
}

static void
on_row(void *arg, const struct values *row)
{
	struct ruleset *rules = &((struct sched *)arg)->ruleset;

	rules->version = values_int(row, 0);
	rules->rules_at = values_int(row, 2);
}

static void
on_retry(void *arg)
{
	struct sched *sched = arg;

	sched->ruleset.timer = NULL;
	ruleset_fetch(sched);
}

static void
on_end(void *arg, enum err err, const char *why, int fd)
{
	struct sched *sched = arg;
	struct ruleset *rules = &sched->ruleset;

	rules->is_asked = false;
	if (err != ERR_OK || rules->is_again) {
		if (fd != -1)
			(void)close(fd);
		if (err != ERR_OK && err != ERR_UNAVAILABLE)
			log_line(LOG_WARN,
			    "msg=\"no rules to be had\" reason=\"%s\"", why);
		if (rules->timer == NULL)
			rules->timer = loop_timer(sched->program.loop,
			    rules->is_again ? 0 : RETRY_MS, on_retry, sched);
		rules->is_again = false;
		return;
	}
	if (rules->fd != -1)
		(void)close(rules->fd);
	rules->fd = fd;
	rules->is_known = true;
	rules->is_sent = false;
	send_rules(sched);
	triage_pump(sched);
}

void
ruleset_fetch(struct sched *sched)
{
	struct ruleset *rules = &sched->ruleset;
	struct values params;

	if (!calls_is_connected(sched->calls) || sched->is_stopping)
		return;
	if (rules->is_asked) {
		rules->is_again = true;
		return;
	}
	rules->is_asked = true;
	rules->version = rules->rules_at = 0;
	values_init(&params);
	(void)calls_start(sched->calls, CALL_RULESET_GET, 0, &params, -1,
	    on_row, on_end, sched);
}

void
ruleset_fetch_soon(struct sched *sched)
{
	struct ruleset *rules = &sched->ruleset;

	if (rules->timer == NULL && !sched->is_stopping)
		rules->timer =
		    loop_timer(sched->program.loop, SOON_MS, on_retry, sched);
}

void
ruleset_forget(struct sched *sched)
{
	struct ruleset *rules = &sched->ruleset;

	loop_timer_cancel(rules->timer);
	rules->timer = NULL;
	rules->is_known = rules->is_asked = rules->is_again = false;
}

void
ruleset_worker(struct sched *sched)
{
	sched->ruleset.is_sent = false;
	send_rules(sched);
}

void
ruleset_loaded(
    struct worker *worker, uint64_t number, unsigned int err, const char *why)
{
	struct sched *sched = worker->sched;

	if ((int64_t)number != sched->ruleset.version)
		return;
	if (err != ERR_OK)
		log_line(LOG_ERROR,
		    "msg=\"the active rules cannot be used\" version=%llu "
		    "reason=\"%s\"",
		    (unsigned long long)number, why);
	else if (why[0] != '\0')
		log_line(LOG_WARN,
		    "msg=\"not all active rules can be used\" version=%llu "
		    "reason=\"%s\"",
		    (unsigned long long)number, why);
	sched->ruleset.is_bad = err != ERR_OK;
	triage_pump(sched);
}

bool
ruleset_is_ready(const struct sched *sched, const struct job *job)
{
	const struct ruleset *rules = &sched->ruleset;

	if (strcmp(job->kind, "yara") != 0)
		return true;
	return rules->is_known && job->rules_at == rules->rules_at &&
	       (rules->fd == -1 || (rules->is_sent && !rules->is_bad));
}

bool
ruleset_is_stale(const struct sched *sched, const struct job *job)
{
	return sched->ruleset.is_known &&
	       job->rules_at < sched->ruleset.rules_at &&
	       strcmp(job->kind, "yara") == 0;
}
