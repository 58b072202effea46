/* SPDX-License-Identifier: Apache-2.0 */
/* store_link.c - the store, as a program has it that talks to nobody else. */
#include "lib/store_link.h"

static int
on_call(void *arg, struct chan *chan, struct msg *msg)
{
	struct store_link *link = arg;

	(void)chan;
	return calls_handle(link->calls, msg);
}

static int
on_changed(void *arg, struct chan *chan, struct msg *msg)
{
	struct store_link *link = arg;

	(void)chan;
	(void)msg;
	link->ops->changed(link->arg);
	return ERR_OK;
}

static void
on_gone(void *arg, struct chan *chan, int err)
{
	struct store_link *link = arg;

	if (err == ERR_PEER)
		program_blame(link->program, chan, "broke the protocol");
	if (link->chan == chan) {
		link->chan = NULL;
		calls_set_chan(link->calls, NULL);
	}
	chan_free(chan);
}

static const struct chan_handler handlers[] = {
    {MSG_CALL_ROWS, on_call},
    {MSG_CALL_END, on_call},
    {MSG_CHANGED, on_changed},
    {MSG_NONE_, NULL},
};

static const struct chan_ops chan_ops = {
    .handlers = handlers,
    .gone = on_gone,
};

void
store_link_init(struct store_link *link, struct program *program,
    const struct store_link_ops *ops, void *arg)
{
	*link = (struct store_link){
	    .program = program,
	    .calls = calls_new(program->loop),
	    .ops = ops,
	    .arg = arg,
	};
}

void
store_link_release(struct store_link *link)
{
	calls_free(link->calls);
	link->calls = NULL;
}

void
store_link_peer(struct store_link *link, struct chan *chan)
{
	if (chan_peer(chan) != ROLE_STORE) {
		chan_free(chan);
		return;
	}
	if (link->chan != NULL)
		on_gone(link, link->chan, ERR_EOF);
	link->chan = chan;
	chan_set_ops(chan, &chan_ops, link);
	calls_set_chan(link->calls, chan);
	link->ops->came(link->arg);
}
