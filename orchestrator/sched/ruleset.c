/* SPDX-License-Identifier: Apache-2.0 */
/* ruleset.c - which rules loep-yara runs. */
#include "sched/ruleset.h"

#include "lib/digest.h"
#include "lib/log.h"
#include "lib/own.h"

#include "sched/job.h"
#include "sched/lease.h"
#include "sched/triage.h"
#include "sched/worker.h"

#include <fcntl.h>

/* Putting a whole set together keeps the store busy for a while. */
#define SOON_MS ((uint64_t)60)
/* After a store that could not answer. */
#define RETRY_MS ((uint64_t)1000)
/* The vault may be away for long: it is asked less and less often. */
#define RETRY_MS_MAX ((uint64_t)8000)

void
ruleset_init(struct ruleset *ruleset)
{
	*ruleset = (struct ruleset){
	    .fd = -1,
	    .image_fd = -1,
	    .in_use = RULES_UNKNOWN,
	};
}

static bool
send_fd(struct worker *worker, enum msg_type type, uint32_t request,
    struct wire_out *body, int fd)
{
	return chan_send(worker->chan, type, request, body,
		   fcntl(fd, F_DUPFD_CLOEXEC, 0)) == ERR_OK;
}

static void
send_rules(struct sched *sched)
{
	struct worker *worker = worker_find(sched, "yara");
	struct ruleset *rules = &sched->ruleset;
	struct wire_out body;

	if (worker == NULL || rules->is_sent)
		return;
	if (rules->fd == -1) {
		/* None was ever active: those of its folders hold. */
		if (rules->is_known && rules->rules_at == 0)
			rules->in_use = 0;
		return;
	}
	wire_out_init(&body, LIMIT_MSG_BYTES);
	rules->request = chan_next_request(worker->chan);
	wire_put_str(&body, rules->digest);
	if (rules->image_fd != -1)
		(void)send_fd(worker, MSG_RULESET_KNOWN, rules->request, &body,
		    rules->image_fd);
	wire_out_reset(&body);
	wire_put_u64(&body, (uint64_t)rules->version);
	wire_put_str(&body, rules->digest);
	rules->is_sent =
	    send_fd(worker, MSG_RULESET, rules->request, &body, rules->fd);
	rules->is_bad = false;
	wire_out_release(&body);
}

static void
on_row(void *arg, const struct values *row)
{
	struct ruleset *rules = &((struct sched *)arg)->ruleset;

	const uint8_t *digest;
	size_t len;

	rules->version = values_int(row, 0);
	digest = values_bytes(row, 1, &len);
	rules->digest[0] = '\0';
	if (len == SHA256_BYTES)
		hex_encode(rules->digest, digest, len);
	rules->rules_at = values_int(row, 2);
}

static void
on_retry(void *arg)
{
	struct sched *sched = arg;

	sched->ruleset.timer = NULL;
	ruleset_fetch(sched);
}

static void on_end(void *arg, enum err err, const char *why, int fd);

/* Whether they were compiled before; either way they go to loep-yara. */
static void
on_image(void *arg, enum err err, const char *why, int fd)
{
	struct sched *sched = arg;
	struct ruleset *rules = &sched->ruleset;

	rules->is_asked = false;
	if (err == ERR_UNAVAILABLE) {
		on_end(sched, err, why, fd);
		return;
	}
	rules->retry_ms = 0;
	if (err == ERR_OK)
		rules->image_fd = fd;
	else if (fd != -1)
		(void)close(fd);
	if (rules->is_again && rules->timer == NULL)
		rules->timer =
		    loop_timer(sched->program.loop, 0, on_retry, sched);
	rules->is_again = false;
	rules->is_known = true;
	rules->is_sent = false;
	send_rules(sched);
	triage_pump(sched);
}

static void
ask_image(struct sched *sched)
{
	struct ruleset *rules = &sched->ruleset;
	struct values params;

	if (rules->fd == -1) {
		on_image(sched, ERR_NOT_FOUND, "", -1);
		return;
	}
	rules->is_asked = true;
	values_init(&params);
	values_add_text(&params, rules->digest);
	(void)calls_start(sched->calls, CALL_RULESET_IMAGE_GET, 0, &params, -1,
	    NULL, on_image, sched);
}

static uint64_t
next_retry_ms(struct ruleset *rules)
{
	rules->retry_ms = rules->retry_ms == 0 ? RETRY_MS : 2 * rules->retry_ms;
	if (rules->retry_ms > RETRY_MS_MAX)
		rules->retry_ms = RETRY_MS_MAX;
	return rules->retry_ms;
}

static void
close_at(int *fd)
{
	if (*fd != -1)
		(void)close(*fd);
	*fd = -1;
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
			    rules->is_again ? 0 : next_retry_ms(rules),
			    on_retry, sched);
		rules->is_again = false;
		return;
	}
	close_at(&rules->fd);
	close_at(&rules->image_fd);
	rules->fd = fd;
	ask_image(sched);
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

	if (sched->is_stopping)
		return;
	/* What they wait for may be there: not later than now. */
	loop_timer_cancel(rules->timer);
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
	rules->retry_ms = 0;
}

void
ruleset_worker(struct sched *sched)
{
	sched->ruleset.is_sent = false;
	sched->ruleset.in_use = RULES_UNKNOWN;
	if (sched->ruleset.is_known)
		send_rules(sched);
}

/* From now on the store leases for these; what was done meanwhile under those
 * before, it leases once more. */
static void
tell_used(struct sched *sched)
{
	struct values params;

	values_init(&params);
	values_add_int(&params, sched->ruleset.in_use);
	(void)calls_start(
	    sched->calls, CALL_RULESET_USED, 0, &params, -1, NULL, NULL, NULL);
	lease_soon(sched);
}

void
ruleset_loaded(
    struct worker *worker, uint32_t request, unsigned int err, const char *why)
{
	struct sched *sched = worker->sched;
	struct ruleset *rules = &sched->ruleset;

	/* Others were sent since. */
	if (!rules->is_sent || request != rules->request)
		return;
	if (err != ERR_OK)
		log_line(LOG_ERROR,
		    "msg=\"the active rules cannot be used\" version=%lld "
		    "reason=\"%s\"",
		    (long long)rules->version, why);
	else if (why[0] != '\0')
		log_line(LOG_WARN,
		    "msg=\"not all active rules can be used\" version=%lld "
		    "reason=\"%s\"",
		    (long long)rules->version, why);
	rules->is_bad = err != ERR_OK;
	if (err == ERR_OK) {
		rules->in_use = rules->rules_at;
		tell_used(sched);
	}
	triage_pump(sched);
}

void
ruleset_image(
    struct worker *worker, uint32_t request, const char *digest, int fd)
{
	struct sched *sched = worker->sched;
	const struct ruleset *rules = &sched->ruleset;
	struct values params;

	/* Of no other rules than it was sent, and last. */
	if (!rules->is_sent || request != rules->request ||
	    strcmp(digest, rules->digest) != 0) {
		(void)close(fd);
		return;
	}
	values_init(&params);
	values_add_text(&params, digest);
	/* Without it they are compiled again another time. */
	(void)calls_start(sched->calls, CALL_RULESET_IMAGE_PUT, 0, &params, fd,
	    NULL, NULL, NULL);
}

int64_t
ruleset_in_use(const struct sched *sched)
{
	return sched->ruleset.in_use;
}

bool
ruleset_is_ready(const struct sched *sched, const struct job *job)
{
	const struct ruleset *rules = &sched->ruleset;

	if (strcmp(job->kind, "unseal_yara") == 0)
		return rules->is_known;
	return strcmp(job->kind, "yara") != 0 ||
	       (rules->is_known && job->rules_at == rules->in_use);
}

bool
ruleset_is_stale(const struct sched *sched, const struct job *job)
{
	return sched->ruleset.is_known &&
	       job->rules_at < sched->ruleset.in_use &&
	       strcmp(job->kind, "yara") == 0;
}
