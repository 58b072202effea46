/* SPDX-License-Identifier: Apache-2.0 */
/* unseal.c - plain bytes of sealed artefacts, on their way in and out. */
#include "sched/unseal.h"

#include "lib/log.h"
#include "lib/own.h"

#include "sched/lease.h"
#include "sched/output.h"
#include "sched/triage.h"
#include "sched/triage_end.h"
#include "sched/worker.h"

#include <fcntl.h>

#define PREFIX "unseal_"
/* For a child that comes slowly, since its container is large. */
#define SEAL_SECONDS 3600

bool
unseal_is_kind(const char *kind)
{
	return strncmp(kind, PREFIX, strlen(PREFIX)) == 0;
}

const char *
unseal_analyser(const char *kind)
{
	return unseal_is_kind(kind) ? kind + strlen(PREFIX) : kind;
}

/* --- loep-pgp --- */

static int
on_message(void *arg, struct chan *chan, struct msg *msg)
{
	struct sched *sched = arg;

	(void)chan;
	return pgp_asks_handle(sched->pgp, msg);
}

static void
on_gone(void *arg, struct chan *chan, int err)
{
	struct sched *sched = arg;

	if (err == ERR_PEER)
		program_blame(
		    &sched->program, chan, "broke the protocol of loep-pgp");
	log_line(LOG_WARN, "msg=\"loep-pgp is gone\"");
	if (sched->pgp_chan == chan) {
		sched->pgp_chan = NULL;
		pgp_asks_set_chan(sched->pgp, NULL);
	}
	chan_free(chan);
}

static void
on_keys(void *arg, const json_t *keys)
{
	(void)keys;
	lease_soon(arg);
}

void
unseal_attach(struct sched *sched, struct chan *chan)
{
	static const struct chan_handler handlers[] = {
	    {MSG_PGP_DONE, on_message},
	    {MSG_PGP_KEYS, on_message},
	    {MSG_NONE_, NULL},
	};
	static const struct chan_ops ops = {
	    .handlers = handlers,
	    .gone = on_gone,
	};

	if (sched->pgp_chan != NULL)
		on_gone(sched, sched->pgp_chan, ERR_EOF);
	sched->pgp_chan = chan;
	chan_set_ops(chan, &ops, sched);
	pgp_asks_set_chan(sched->pgp, chan);
	pgp_asks_on_keys(sched->pgp, on_keys, sched);
}

/* Without a key of its own it would open nothing: such jobs wait. */
static bool
is_possible(const struct sched *sched)
{
	return pgp_asks_is_connected(sched->pgp) &&
	       json_array_size(
		   json_object_get(pgp_asks_keys(sched->pgp), "keys")) > 0;
}

void
unseal_kinds(struct sched *sched, char *dst, size_t size)
{
	static const char *const kinds[] = {
	    "unseal_identify", "unseal_yara", "unseal_archive"};

	if (!is_possible(sched))
		return;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct worker *worker =
		    worker_find(sched, unseal_analyser(kinds[i]));
		size_t len = strlen(dst);

		/* Each may be a large piece of memory. */
		if (worker == NULL || worker->detail == NULL ||
		    lease_held_of(sched, kinds[i]) >= 2 ||
		    strlen(kinds[i]) + 2 > size - len)
			continue;
		(void)snprintf(dst + len, size - len, "%s%s",
		    len > 0 ? "," : "", kinds[i]);
	}
}

/* --- in --- */

/* For people, who see it as the reason of the job. */
static const char *
sentence(const char *why)
{
	static const struct {
		const char *word;
		const char *sentence;
	} table[] = {
	    {"no_message", "it is no encrypted message, or a broken one"},
	    {"integrity", "it was altered or cut"},
	    {"unprotected", "it has no protection of its integrity"},
	    {"no_key", "it is encrypted for none of the service's keys"},
	    {"password", "it is encrypted with a password alone"},
	    {"limit", "what is in it is more than is held in memory (256 MiB)"},
	    {"time", "decrypting it took too long"},
	    {"memory", "decrypting it took too much memory"},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (strcmp(table[i].word, why) == 0)
			return table[i].sentence;
	}
	return "decrypting it failed";
}

static void
fail(struct triage *t, const struct pgp_answer *answer)
{
	struct job_end end = {
	    .outcome = "failed",
	    .reason = sentence(answer->why),
	    /* A process that died is another matter than such bytes. */
	    .is_final = answer->err != ERR_SYS,
	};

	if (answer->err == ERR_UNAVAILABLE)
		job_release_or_fail(t->job, "loep-pgp does not run");
	else
		job_end(t->job, &end);
}

static void
on_decrypted(void *arg, struct pgp_answer *answer)
{
	struct triage *t = arg;
	struct pgp_answer odd = {.err = ERR_SYS, .why = ""};
	off_t size;

	t->question = 0;
	if (answer->err != ERR_OK) {
		fail(t, answer);
		return;
	}
	size = answer->fd == -1 ? -1 : lseek(answer->fd, 0, SEEK_END);
	if (size == -1) {
		fail(t, &odd);
		return;
	}
	t->job->size = size;
	triage_opened(t, take_fd(answer->fd), (uint64_t)size);
}

void
unseal_open(struct triage *t, int fd)
{
	auto_json json_t *options =
	    json_pack("{s:I}", "bytes_max", (json_int_t)PGP_MEMORY_BYTES_MAX);

	t->question = pgp_asks_start(t->job->sched->pgp,
	    &(struct pgp_order){
		.what = PGP_DECRYPT,
		.how = t->how,
		.size = t->size,
		.input_fd = fd,
		.out_fd = -1,
		.options = options,
		.seconds = triage_seconds(t),
	    },
	    on_decrypted, t);
}

/* --- out --- */

int
unseal_seal(struct sched *sched, int to_fd, pgp_done_fn *done, void *arg,
    int *ret_fd, uint32_t *ret_question)
{
	auto_json json_t *options = json_pack("{s:b}", "to_self", 1);
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) == -1) {
		(void)close(to_fd);
		return ERR_SYS;
	}
	(void)fcntl(fds[1], F_SETFL, O_NONBLOCK);
	*ret_question = pgp_asks_start(sched->pgp,
	    &(struct pgp_order){
		.what = PGP_ENCRYPT,
		.how = BLOB_STREAM,
		.size = PGP_SIZE_UNKNOWN,
		.input_fd = fds[0],
		.out_fd = to_fd,
		.options = options,
		.seconds = SEAL_SECONDS,
	    },
	    done, arg);
	*ret_fd = fds[1];
	return ERR_OK;
}

void
unseal_neutral(
    struct output_spec *spec, size_t number, char *name, size_t name_size)
{
	(void)snprintf(name, name_size, "member-%zu.pgp", number);
	spec->name = name;
	spec->name_len = strlen(name);
	if (strcmp(spec->relation, "decompressed") != 0)
		spec->relation = "archive_member";
	spec->kind = "file";
	spec->detail = "{\"sealed\":true}";
}
