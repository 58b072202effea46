/* SPDX-License-Identifier: Apache-2.0 */
/* program.c - the start of every program that loepd starts. */
#include "lib/program.h"

#include "lib/limits.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/trial.h"
#include "lib/xalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <sys/stat.h>

static int on_peer(void *arg, struct chan *chan, struct msg *msg);
static int on_stop(void *arg, struct chan *chan, struct msg *msg);
static void on_parent_gone(void *arg, struct chan *chan, int err);

static const struct chan_handler parent_handlers[] = {
    {MSG_PEER, on_peer},
    {MSG_STOP, on_stop},
    {MSG_NONE_, NULL},
};

static const struct chan_ops parent_ops = {
    .handlers = parent_handlers,
    .gone = on_parent_gone,
};

__attribute__((noreturn)) static void
refuse(const char *why)
{
	log_line(LOG_ERROR, "msg=\"refusing to start\" reason=\"%s\"", why);
	exit(78);
}

static void
keep_conf(struct program *p, struct msg *msg)
{
	char key[128];
	char value[LIMIT_TEXT_BYTES];
	struct program_conf *conf;

	if (p->conf_count == PROGRAM_CONF_MAX)
		refuse("too many configuration values");
	wire_get_str(&msg->in, key, sizeof(key));
	value[0] = '\0';
	if (msg->type == MSG_CONF)
		wire_get_str(&msg->in, value, sizeof(value));
	if (msg->in.is_failed)
		refuse("a configuration value is too long");
	conf = &p->conf[p->conf_count++];
	conf->key = xstrdup(key);
	conf->value = xstrdup(value);
	conf->fd = take_fd(msg->fd);
}

void
program_start(struct program *p, enum role role, const char *name)
{
	static uint8_t buf[LIMIT_MSG_BYTES];
	struct chan *early;
	struct stat st;
	struct msg msg;

	*p = (struct program){.role = role};
	log_init(name);
	/* libyara folds case by the locale: keep "C" (retrohunt facts). */
	(void)setlocale(LC_ALL, "C");
	(void)signal(SIGPIPE, SIG_IGN);
	if (fstat(PROGRAM_PARENT_FD, &st) == -1 || !S_ISSOCK(st.st_mode))
		refuse("this program is started by loepd, not by hand");
	(void)fcntl(PROGRAM_PARENT_FD, F_SETFD, FD_CLOEXEC);
	early = chan_new(NULL, PROGRAM_PARENT_FD, role, ROLE_PARENT, "");
	for (;;) {
		if (chan_recv(early, buf, &msg) != ERR_OK)
			refuse("the parent broke off the start");
		if (msg.type == MSG_CONF_END)
			break;
		if (msg.type != MSG_CONF && msg.type != MSG_CONF_FD)
			refuse("the parent sent something unexpected");
		keep_conf(p, &msg);
	}
	/* chan_free() would close the descriptor that lives on below. */
	free(early);
	p->instance = program_conf(p, "instance", "");
	if (strcmp(program_conf(p, "log_level", "info"), "debug") == 0)
		log_set_level(LOG_DEBUG);
	p->loop = loop_new();
}

const char *
program_conf(const struct program *p, const char *key, const char *fallback)
{
	for (size_t i = 0; i < p->conf_count; i++) {
		if (strcmp(p->conf[i].key, key) == 0)
			return p->conf[i].value;
	}
	return fallback;
}

int64_t
program_conf_int(const struct program *p, const char *key, int64_t fallback)
{
	const char *value = program_conf(p, key, NULL);
	char *end;
	long long n;

	if (value == NULL || value[0] == '\0')
		return fallback;
	errno = 0;
	n = strtoll(value, &end, 10);
	if (errno != 0 || *end != '\0')
		refuse("a configuration value is not a number");
	return n;
}

int
program_conf_fd(struct program *p, const char *key)
{
	for (size_t i = 0; i < p->conf_count; i++) {
		if (p->conf[i].fd != -1 && strcmp(p->conf[i].key, key) == 0)
			return take_fd(p->conf[i].fd);
	}
	return -1;
}

void
program_enter_cage(struct program *p, const struct cage *cage)
{
	if (cage_enter(cage, &p->cage) != ERR_OK) {
		log_line(LOG_ERROR, "msg=\"cannot enter the cage\" detail='%s'",
		    p->cage.json);
		exit(78);
	}
	if (program_conf(p, "trial", NULL) != NULL)
		trial_run(program_conf(p, "trial", NULL));
}

static int
on_peer(void *arg, struct chan *chan, struct msg *msg)
{
	struct program *p = arg;
	char instance[CHAN_INSTANCE_BYTES];
	enum role role = (enum role)wire_get_u16(&msg->in);

	(void)chan;
	wire_get_str(&msg->in, instance, sizeof(instance));
	if (msg->in.is_failed)
		return ERR_PEER;
	p->ops->peer(p->arg,
	    chan_new(p->loop, take_fd(msg->fd), p->role, role, instance));
	return ERR_OK;
}

static int
on_stop(void *arg, struct chan *chan, struct msg *msg)
{
	struct program *p = arg;

	(void)chan;
	(void)msg;
	if (p->ops->stop != NULL)
		p->ops->stop(p->arg);
	else
		loop_stop(p->loop);
	return ERR_OK;
}

static void
on_parent_gone(void *arg, struct chan *chan, int err)
{
	(void)arg;
	(void)chan;
	(void)err;
	log_line(LOG_WARN, "msg=\"the parent is gone, ending\"");
	_exit(0);
}

void
program_run(struct program *p, const struct program_ops *ops, void *arg)
{
	struct wire_out body;

	p->ops = ops;
	p->arg = arg;
	p->parent =
	    chan_new(p->loop, PROGRAM_PARENT_FD, p->role, ROLE_PARENT, "");
	chan_set_ops(p->parent, &parent_ops, p);
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_str(&body, p->cage.json);
	(void)chan_send(p->parent, MSG_READY, 0, &body, -1);
	wire_out_release(&body);
	loop_run(p->loop);
}

void
program_blame(struct program *p, const struct chan *chan, const char *why)
{
	struct wire_out body;

	log_line(LOG_WARN,
	    "msg=\"a peer misbehaved\" peer=%s instance=\"%s\" "
	    "reason=\"%s\"",
	    proto_role_name(chan_peer(chan)), chan_instance(chan), why);
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_u16(&body, (uint16_t)chan_peer(chan));
	wire_put_str(&body, chan_instance(chan));
	wire_put_str(&body, why);
	(void)chan_send(p->parent, MSG_BLAME, 0, &body, -1);
	wire_out_release(&body);
}
