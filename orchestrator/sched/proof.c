/* SPDX-License-Identifier: Apache-2.0 */
/* proof.c - what the index says of single rules and units. */
#include "sched/proof.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include "sched/sched.h"

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
on_row(void *arg, const struct values *row)
{
	struct sched *sched = arg;
	struct question *question = xcalloc(1, sizeof(*question));
	const uint8_t *condition;
	size_t len;

	question->sched = sched;
	question->token = values_int(row, 0);
	condition = values_bytes(row, 2, &len);
	if (condition != NULL &&
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
