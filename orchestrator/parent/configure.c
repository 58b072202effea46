/* SPDX-License-Identifier: Apache-2.0 */
/* configure.c - what each program is told, and how it is started. */
#include "parent/configure.h"

#include "lib/limits.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/xalloc.h"
#include "parent/spawn.h"

#include <errno.h>
#include <fcntl.h>

/* The at-th provider: [oidc] itself, then each [oidc.NAME]; NULL beyond. */
static const char *
oidc_name(const struct family_conf *conf, size_t at)
{
	return at == 0 ? "oidc" : conf_name(conf->conf, "oidc", at - 1);
}

static const char *
oidc_get(const struct family_conf *conf, size_t at, const char *key)
{
	auto_free char *name = xasprintf("oidc.%s", key);

	return at == 0
		   ? conf_get(conf->conf, name)
		   : conf_get_of(conf->conf, "oidc", oidc_name(conf, at), key);
}

static bool
has_oidc(const struct family_conf *conf)
{
	for (size_t i = 0; oidc_name(conf, i) != NULL; i++) {
		if (oidc_get(conf, i, "issuer")[0] != '\0')
			return true;
	}
	return false;
}

bool
configure_is_wanted(
    const struct family_conf *conf, const struct table_program *program)
{
	if (program->role == ROLE_MAIL)
		return conf_get(conf->conf, "mail.relay")[0] != '\0';
	if (program->role == ROLE_SYSLOG)
		return conf_get(conf->conf, "syslog.server")[0] != '\0';
	if (program->role == ROLE_OIDC)
		return has_oidc(conf);
	if (program->role == ROLE_PGP) {
		auto_free char *own =
		    xasprintf("%s/pgp/secret.asc", conf->state_dir);

		return conf_get(conf->conf, "pgp.secret_key_file")[0] != '\0' ||
		       access(own, F_OK) == 0;
	}
	return !program->is_in_netns || conf->user_ns != -1;
}

/*
 * libyara makes and drops thousands of small objects for each scan, and a few
 * large blocks, at each of which malloc() would merge and sort all that lies
 * about.  Children of analysers live for seconds: what they dropped may as well
 * wait for its like.
 */
static const char analyser_tunables[] = "glibc.malloc.tcache_count=8192";

int
configure_spawn(const struct family_conf *conf,
    const struct table_program *program, int channel, pid_t *ret_pid,
    int *ret_pidfd)
{
	auto_free char *path =
	    xasprintf("%s/%s", conf->programs_dir, program->binary);
	auto_free char *home = xasprintf("%s/vm/home", conf->state_dir);
	struct spawn spawn = {
	    .path = path,
	    .name = program->binary,
	    .channel = channel,
	    .home = program->is_in_netns ? home : "/",
	    .tunables =
		program->role == ROLE_ANALYSER ? analyser_tunables : NULL,
	    .user_ns = program->is_in_netns ? conf->user_ns : -1,
	    .net_ns = program->is_in_netns ? conf->net_ns : -1,
	};

	spawn.uid = conf->uid_of(program->user, &spawn.gid);
	return spawn_program(&spawn, ret_pid, ret_pidfd);
}

static void
send_text(struct chan *chan, const char *key, const char *value)
{
	struct wire_out body;

	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_str(&body, key);
	wire_put_str(&body, value);
	(void)chan_send(chan, MSG_CONF, 0, &body, -1);
	wire_out_release(&body);
}

/* Sends a copy of fd. */
static void
send_fd(struct chan *chan, const char *key, int fd)
{
	struct wire_out body;

	if (fd == -1)
		return;
	wire_out_init(&body, LIMIT_MSG_BYTES);
	wire_put_str(&body, key);
	(void)chan_send(
	    chan, MSG_CONF_FD, 0, &body, fcntl(fd, F_DUPFD_CLOEXEC, 3));
	wire_out_release(&body);
}

/* The keys of the program's section, without the section's name. */
static void
send_section(
    const struct family_conf *conf, const char *section, struct chan *chan)
{
	size_t len = strlen(section);
	size_t count;
	const struct conf_key *keys = conf_keys(&count);

	for (size_t i = 0; i < count; i++) {
		if (strncmp(keys[i].name, section, len) != 0 ||
		    keys[i].name[len] != '.')
			continue;
		send_text(chan, keys[i].name + len + 1,
		    conf_get(conf->conf, keys[i].name));
	}
}

/* What an empty key of the configuration stands for. */
static void
send_defaults(const struct family_conf *conf,
    const struct table_program *program, struct chan *chan)
{
	auto_free char *images = xasprintf("%s/vm/images", conf->state_dir);
	/* As installed, else as in the source tree's build folder. */
	auto_free char *rules =
	    xasprintf("%s/../../share/loep/yara-rules", conf->programs_dir);
	auto_free char *own_rules =
	    xasprintf("%s/../yara-rules", conf->programs_dir);
	auto_free char *ui =
	    xasprintf("%s/../../share/loep/ui", conf->programs_dir);
	auto_free char *own_ui = xasprintf("%s/ui/dist", conf->programs_dir);

	if (program->role == ROLE_VM) {
		send_text(
		    chan, "tun_device", conf->tun_path ? conf->tun_path : "");
		if (conf_get(conf->conf, "vm.image_dir")[0] == '\0')
			send_text(chan, "image_dir", images);
	}
	/* No pool will come: nothing is to be waited for. */
	if (program->role == ROLE_SCHED && conf->user_ns == -1)
		send_text(chan, "pool_settle_ms", "0");
	if (program->role == ROLE_WEB &&
	    conf_get(conf->conf, "web.ui_dir")[0] == '\0')
		send_text(chan, "ui_dir", access(ui, R_OK) == 0 ? ui : own_ui);
	if (strcmp(program->section, "yara") == 0 &&
	    conf_get(conf->conf, "yara.rules_dir")[0] == '\0')
		send_text(chan, "rules_dir",
		    access(rules, R_OK) == 0 ? rules : own_rules);
}

/*
 * A file that a program gets as a descriptor: opened anew at each start, so that
 * a new one counts after a restart of the program.
 */
static void
send_opened(struct chan *chan, const char *key, const char *path)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		log_line(LOG_ERROR,
		    "msg=\"cannot read it\" path=%s reason=\"%s\"", path,
		    strerror(errno));
	send_fd(chan, key, fd);
}

static void
send_file(const struct family_conf *conf, struct chan *chan,
    const char *section, const char *key, const char *fallback)
{
	auto_free char *name = xasprintf("%s.%s", section, key);
	auto_free char *own = xasprintf(
	    "%s/%s", conf->state_dir, fallback == NULL ? "" : fallback);
	const char *path = conf_get(conf->conf, name);

	if (path[0] != '\0' || fallback != NULL)
		send_opened(chan, key, path[0] != '\0' ? path : own);
}

static void
send_https(const struct family_conf *conf, struct chan *chan)
{
	char name[32];

	if (conf->https_count == 0)
		return;
	send_file(conf, chan, "web", "tls_certificate", "tls/cert.pem");
	send_file(conf, chan, "web", "tls_key", "tls/key.pem");
	send_file(conf, chan, "web", "client_ca", NULL);
	send_file(conf, chan, "web", "client_crl", NULL);
	for (size_t i = 0; i < conf->https_count; i++) {
		(void)snprintf(name, sizeof(name), "https%zu", i);
		send_fd(chan, name, conf->https_fds[i]);
	}
}

/*
 * The providers: "oidc_providers" names them, NAME.KEY is of each.  The store
 * hears where browsers are to be sent, and what is asked of those that come
 * back; loep-oidc gets the secrets and who signs the certificates, too.
 */
static void
send_oidc(const struct family_conf *conf, struct chan *chan, enum role role)
{
	static const char *const keys[] = {"issuer", "client_id",
	    "redirect_uri", "signed_out_uri", "label", "required_acr",
	    "required_amr", "hosts"};
	static const char *const files[] = {"ca_file", "client_secret_file"};
	auto_free char *all = xstrdup("");
	const char *name;

	for (size_t i = 0; (name = oidc_name(conf, i)) != NULL; i++) {
		char *longer;

		if (oidc_get(conf, i, "issuer")[0] == '\0')
			continue;
		longer = xasprintf("%s%s%s", all, all[0] ? " " : "", name);
		free(all);
		all = longer;
		for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
			auto_free char *key = xasprintf("%s.%s", name, keys[k]);

			send_text(chan, key, oidc_get(conf, i, keys[k]));
		}
		for (size_t k = 0; role == ROLE_OIDC && k < 2; k++) {
			auto_free char *key =
			    xasprintf("%s.%s", name, files[k]);
			const char *path = oidc_get(conf, i, files[k]);

			if (path[0] != '\0')
				send_opened(chan, key, path);
		}
	}
	send_text(chan, "oidc_providers", all);
	send_text(chan, "oidc_sign_in_seconds",
	    conf_get(conf->conf, "oidc.sign_in_seconds"));
	send_text(
	    chan, "oidc_strangers", conf_get(conf->conf, "oidc.strangers"));
}

void
configure_send(const struct family_conf *conf,
    const struct table_program *program, struct chan *chan)
{
	char name[32];

	send_text(chan, "instance", program->instance);
	send_text(chan, "log_level", conf_get(conf->conf, "loepd.log_level"));
	send_text(chan, "state_dir", conf->state_dir);
	/* The first of two values for a key counts. */
	send_defaults(conf, program, chan);
	send_section(conf, program->section, chan);
	/* simnet and vm must agree on the slots. */
	if (program->role == ROLE_SIMNET)
		send_text(chan, "slots", conf_get(conf->conf, "vm.slots"));
	/* Rules are made by loep-rules; who may do what with them, the store
	 * decides. */
	if (program->role == ROLE_STORE) {
		send_text(chan, "rules_single_person",
		    conf_get(conf->conf, "rules.single_person"));
		send_text(chan, "review_single_person",
		    conf_get(conf->conf, "review.single_person"));
		send_text(
		    chan, "rules_fetch", conf_get(conf->conf, "rules.fetch"));
	}
	if (program->role == ROLE_STORE) {
		send_text(chan, "mail_give_up_hours",
		    conf_get(conf->conf, "mail.give_up_hours"));
		send_text(
		    chan, "mail_portal", conf_get(conf->conf, "mail.portal"));
		send_text(chan, "hook_retry_seconds",
		    conf_get(conf->conf, "hook.retry_seconds"));
		send_text(chan, "hook_give_up_hours",
		    conf_get(conf->conf, "hook.give_up_hours"));
		send_text(chan, "hook_rotation_hours",
		    conf_get(conf->conf, "hook.rotation_hours"));
	}
	if (program->role == ROLE_STORE || program->role == ROLE_OIDC)
		send_oidc(conf, chan, program->role);
	if (program->role == ROLE_HOOK)
		send_file(conf, chan, "hook", "ca_file", NULL);
	if (program->role == ROLE_SYSLOG)
		send_file(conf, chan, "syslog", "ca_file", NULL);
	if (program->role == ROLE_MAIL) {
		send_file(conf, chan, "mail", "ca_file", NULL);
		send_file(conf, chan, "mail", "password_file", NULL);
	}
	if (program->role == ROLE_PGP) {
		send_file(
		    conf, chan, "pgp", "secret_key_file", "pgp/secret.asc");
		send_file(conf, chan, "pgp", "passphrase_file", NULL);
	}
	if (program->role == ROLE_WEB) {
		send_fd(chan, "listen", conf->listen_fd);
		send_https(conf, chan);
	}
	for (size_t i = 0; i < conf->tap_count && program->role == ROLE_SIMNET;
	     i++) {
		(void)snprintf(name, sizeof(name), "tap%zu", i);
		send_fd(chan, name, conf->tap_fds[i]);
	}
	(void)chan_send(chan, MSG_CONF_END, 0, NULL, -1);
}
