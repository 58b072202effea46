/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loep-web - the HTTP API.
 *
 * Reads:  requests from the connections of its listening socket, answers of
 *         the store on its channel, file contents from pipes that the store
 *         hands out.
 * Writes: calls to the store, answers to clients, uploads into pipes.
 * Touches: nothing else.  No files (those of the browser app are read before
 *         the cage), no database, no keys, no sockets but those that it
 *         accepts.
 * Trusts: the store.  Not one byte of a client; who a client is, the store
 *         reads from the connection itself.
 * Ends:   on STOP, when the answers under way are out, or with the parent.
 */
#include "lib/digest.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/program.h"
#include "web/asset.h"
#include "web/rate.h"
#include "web/serve.h"

static const struct cage cage = {
    .name = "web",
    .groups = CAGE_ACCEPT | CAGE_MEMFD,
    .files_max = 4096,
};

static struct program program;
static struct web web;

static int on_answer(void *arg, struct chan *chan, struct msg *msg);
static int on_changed(void *arg, struct chan *chan, struct msg *msg);
static void on_store_gone(void *arg, struct chan *chan, int err);

static const struct chan_handler store_handlers[] = {
    {MSG_CALL_ROWS, on_answer},
    {MSG_CALL_END, on_answer},
    {MSG_CHANGED, on_changed},
    {MSG_NONE_, NULL},
};

static const struct chan_ops store_ops = {
    .handlers = store_handlers,
    .gone = on_store_gone,
};

static int
on_answer(void *arg, struct chan *chan, struct msg *msg)
{
	(void)arg;
	(void)chan;
	return calls_handle(web.calls, msg);
}

static int
on_changed(void *arg, struct chan *chan, struct msg *msg)
{
	char what[32], id[64];

	(void)arg;
	(void)chan;
	wire_get_str(&msg->in, what, sizeof(what));
	wire_get_str(&msg->in, id, sizeof(id));
	if (!msg->in.is_failed && strcmp(what, "case") == 0)
		serve_changed(&web, id);
	return ERR_OK;
}

static void
on_store_gone(void *arg, struct chan *chan, int err)
{
	(void)arg;
	if (err == ERR_PEER)
		program_blame(&program, chan, "broke the protocol");
	log_line(LOG_WARN, "msg=\"the store is gone\"");
	web.store = NULL;
	web.generation++;
	chan_free(chan);
	calls_set_chan(web.calls, NULL);
}

static void
on_peer(void *arg, struct chan *chan)
{
	(void)arg;
	if (chan_peer(chan) != ROLE_STORE) {
		chan_free(chan);
		return;
	}
	if (web.store != NULL)
		on_store_gone(NULL, web.store, ERR_EOF);
	web.store = chan;
	web.generation++;
	chan_set_ops(chan, &store_ops, NULL);
	calls_set_chan(web.calls, chan);
}

static void
on_stop(void *arg)
{
	(void)arg;
	serve_stop(&web);
}

static const struct program_ops ops = {
    .peer = on_peer,
    .stop = on_stop,
};

static unsigned int
conf_number(const char *key, int64_t fallback, int64_t max)
{
	int64_t n = program_conf_int(&program, key, fallback);

	if (n >= 1 && n <= max)
		return (unsigned int)n;
	log_line(LOG_WARN,
	    "msg=\"not a sensible number, using the default\" key=web.%s", key);
	return (unsigned int)fallback;
}

/* The texts of a descriptor that came; NULL where none came. */
static char *
conf_text(const char *key)
{
	auto_close int fd = program_conf_fd(&program, key);
	char *text;

	/* Named, but not to be read: a list of what is revoked must not be
	 * passed over. */
	if (fd == -1 && program_conf(&program, key, "")[0] != '\0') {
		log_line(
		    LOG_ERROR, "msg=\"the file did not come\" key=%s", key);
		exit(78);
	}
	if (fd == -1)
		return NULL;
	text = tls_read_text(fd);
	if (text == NULL) {
		log_line(LOG_ERROR, "msg=\"cannot read it\" key=%s", key);
		exit(78);
	}
	return text;
}

/* The browser app; without it the API is served all the same. */
static void
load_app(void)
{
	const char *dir = program_conf(&program, "ui_dir", "");
	int err;

	if (dir[0] == '\0')
		return;
	err = assets_load(dir, &web.assets);
	if (err == ERR_OK)
		log_line(LOG_INFO, "msg=\"the browser app is there\" files=%zu",
		    web.assets->count);
	else
		log_line(LOG_WARN,
		    "msg=\"there is no browser app\" dir=%s reason=\"%s\"", dir,
		    err_name((enum err)err));
}

static void
serve_socket(int fd, const struct http_limits *limits, const struct tls *tls)
{
	const struct http_conf conf = {
	    .listen_fd = fd,
	    .tls = tls,
	    .limits = *limits,
	};

	if (http_start(web.loop, &conf, &serve_ops, &web,
		&web.http[web.http_count]) == ERR_OK) {
		web.http_count++;
		return;
	}
	log_line(LOG_ERROR,
	    "msg=\"cannot serve the socket\" tls=%d help=\"%s\"", tls != NULL,
	    tls != NULL ? "is the key that of the certificate?" : "");
	exit(71);
}

/* The addresses, with TLS. */
static void
serve_addresses(struct http_limits limits)
{
	char key[16];
	int fd;

	web.tls.certificate = conf_text("tls_certificate");
	web.tls.key = conf_text("tls_key");
	web.tls.trust = conf_text("client_ca");
	web.tls.revoked = conf_text("client_crl");
	limits.per_address = conf_number("connections_per_address", 256, 2000);
	for (int i = 0; i < WEB_LISTEN_MAX - 1; i++) {
		(void)snprintf(key, sizeof(key), "https%d", i);
		fd = program_conf_fd(&program, key);
		if (fd == -1)
			break;
		if (web.tls.certificate == NULL || web.tls.key == NULL) {
			log_line(LOG_ERROR,
			    "msg=\"an address, but no certificate and key\"");
			exit(78);
		}
		serve_socket(fd, &limits, &web.tls);
	}
}

int
main(void)
{
	struct http_limits limits = {.per_address = 0};
	uint8_t digest[SHA256_BYTES];
	int listen_fd;

	program_start(&program, ROLE_WEB, "loep-web");
	limits.connections = conf_number("connections", 512, 2000);
	limits.idle_seconds = conf_number("idle_seconds", 60, 3600);
	limits.head_seconds = conf_number("head_seconds", 30, 600);
	web.call_ms = 1000 * (uint64_t)conf_number("call_seconds", 60, 600);
	web.rate_addresses =
	    rate_new(conf_number("address_requests", 500, 100000),
		conf_number("address_burst", 2000, 1000000));
	web.rate_accounts =
	    rate_new(conf_number("account_requests", 500, 100000),
		conf_number("account_burst", 2000, 1000000));
	web.security_contact = program_conf(&program, "security_contact", "");
	web.loop = program.loop;
	web.calls = calls_new(web.loop);
	random_bytes(&web.id_seed, sizeof(web.id_seed));
	/* OpenSSL looks for its configuration at first use: now, while it
	 * may. */
	sha256_once("", 0, digest);
	load_app();
	serve_start(&web);
	listen_fd = program_conf_fd(&program, "listen");
	if (listen_fd == -1) {
		log_line(LOG_ERROR, "msg=\"no listening socket was given\"");
		return 78;
	}
	serve_socket(listen_fd, &limits, NULL);
	serve_addresses(limits);
	program_enter_cage(&program, &cage);
	program_run(&program, &ops, NULL);
	return 0;
}
