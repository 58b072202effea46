/* SPDX-License-Identifier: Apache-2.0 */
/* proof.c - what the index says of single rules and units. */
#include "sched/proof.h"

#include "lib/candidates.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include "sched/sched.h"

#include <inttypes.h>

/* An answer must fit in one message. */
#define ANSWER_BYTES_MAX ((size_t)60000)

struct question {
	struct sched *sched;
	int64_t token;
};

/* NULL: the index does not tell. */
static void
answer(const struct question *question, const char *text)
{
	struct values params;

	values_init(&params);
	values_add_int(&params, question->token);
	values_add_text(&params, text == NULL ? "" : text);
	(void)calls_start(question->sched->calls, CALL_PROOF_ANSWER, 0, &params,
	    -1, NULL, NULL, NULL);
}

static void
on_because(void *arg, enum err err, const char *why, struct wire_in *in, int fd)
{
	auto_free struct question *question = arg;
	auto_free char *text = NULL;
	const uint8_t *p;
	size_t len;

	(void)why;
	if (fd != -1)
		(void)close(fd);
	if (err == ERR_OK && in != NULL) {
		p = wire_get_bytes(in, &len);
		if (p != NULL && len <= ANSWER_BYTES_MAX)
			text = xstrndup((const char *)p, len);
	}
	answer(question, text);
}

static void
on_counted(void *arg, enum err err, const char *why, struct wire_in *in, int fd)
{
	auto_free struct question *question = arg;
	struct candidates found;
	char text[128];

	(void)why;
	(void)in;
	if (err != ERR_OK || fd == -1 ||
	    candidates_open(fd, 1, &found) != ERR_OK) {
		if (err != ERR_OK && fd != -1)
			(void)close(fd);
		answer(question, NULL);
		return;
	}
	(void)snprintf(text, sizeof(text),
	    "{\"candidates\":%" PRIu64 ",\"unindexed\":%" PRIu64 "}",
	    candidates_total(&found, 0), candidates_unindexed(&found));
	candidates_release(&found);
	answer(question, text);
}

/* How many units up to last the condition leaves; false: nobody can tell. */
static bool
count(struct question *question, const uint8_t *cond, size_t len, uint64_t last)
{
	struct index_link *index = &question->sched->index;
	struct candidates_ask ask;
	int fd = -1;
	int err;

	if (!index_is_there(index))
		return false;
	candidates_ask_init(&ask);
	err = candidates_ask_add(&ask, cond, len);
	if (err == ERR_OK)
		err = candidates_ask_seal(&ask, &fd);
	candidates_ask_release(&ask);
	return err == ERR_OK &&
	       index_query(index, fd, last, on_counted, question);
}

static void
on_row(void *arg, const struct values *row)
{
	int64_t last = values_int(row, 3);
	struct sched *sched = arg;
	struct question *question = xcalloc(1, sizeof(*question));
	const uint8_t *condition;
	size_t len;

	question->sched = sched;
	question->token = values_int(row, 0);
	condition = values_bytes(row, 2, &len);
	if (condition != NULL && last > 0 &&
	    count(question, condition, len, (uint64_t)last))
		return;
	if (condition != NULL && last == 0 &&
	    index_explain(&sched->index, (uint64_t)values_int(row, 1),
		condition, len, on_because, question))
		return;
	answer(question, NULL);
	free(question);
}

void
proof_fetch(struct sched *sched)
{
	struct values params;

	values_init(&params);
	(void)calls_start(sched->calls, CALL_PROOF_TASKS, 0, &params, -1,
	    on_row, NULL, sched);
}
