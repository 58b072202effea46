/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loep-store - owns the metadata and the audit chain.
 *
 * Reads:  CALL messages of web and sched, answers of the vault.
 * Writes: STATE/db/loep.db, the only file that it can open.
 * Trusts: nothing that web sends: who asks it reads from the connection's
 *         peer itself, and what they may see stands in every statement.
 * Ends:   with its parent, after committing what came in.
 *
 * loep-store --init STATE --org NAME --class CODE makes the first database.
 */
#include "lib/limits.h"
#include "lib/log.h"
#include "lib/own.h"
#include "lib/program.h"
#include "lib/xalloc.h"
#include "store/hasher.h"
#include "store/oidc.h"
#include "store/resume.h"
#include "store/store.h"

#include <errno.h>
#include <getopt.h>
#include <sys/stat.h>

#define MINUTE_US ((int64_t)60 * 1000000)
#define HOUR_US	  (60 * MINUTE_US)
#define DAY_US	  (24 * HOUR_US)

static int
usage(void)
{
	(void)fprintf(stderr,
	    "usage: loep-store --init STATE --org NAME "
	    "--class C1|C1b|C2|C3|C4|C5|CSIRT [--admin-uid UID]\n");
	return 64;
}

static int
init(const char *state, const char *org, const char *class_code, int64_t uid)
{
	auto_free char *folder = xasprintf("%s/db", state);
	char why[512];

	if (store_init(folder, org, class_code, uid, why, sizeof(why)) ==
	    ERR_OK)
		return 0;
	(void)fprintf(stderr, "loep-store: %s\n", why);
	return 1;
}

/* No number must not mean 0: that is root. */
static bool
read_uid(const char *text, int64_t *ret_uid)
{
	char *end;

	errno = 0;
	*ret_uid = strtoll(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && *ret_uid >= 0 &&
	       *ret_uid < UINT32_MAX;
}

static int
run_by_hand(int argc, char **argv)
{
	static const struct option options[] = {
	    {"init", required_argument, NULL, 'i'},
	    {"org", required_argument, NULL, 'o'},
	    {"class", required_argument, NULL, 'c'},
	    {"admin-uid", required_argument, NULL, 'u'},
	    {NULL, 0, NULL, 0},
	};
	const char *state = NULL;
	const char *org = NULL;
	const char *class_code = NULL;
	/* The caller's, unless loepd started us as another user than it was
	 * asked by. */
	int64_t uid = (int64_t)getuid();
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'i')
			state = optarg;
		else if (c == 'o')
			org = optarg;
		else if (c == 'c')
			class_code = optarg;
		else if (c == 'u' && !read_uid(optarg, &uid))
			return usage();
		else if (c == 'u')
			continue;
		else
			return usage();
	}
	if (state == NULL || org == NULL || class_code == NULL ||
	    optind != argc)
		return usage();
	return init(state, org, class_code, uid);
}

static void
on_peer(void *arg, struct chan *chan)
{
	store_add_peer(arg, chan);
}

static void
on_blame(void *arg, const struct chan *chan, const char *why)
{
	program_blame(arg, chan, why);
}

static void
enter_cage(struct program *program, const char *folder)
{
	const struct cage_path paths[] = {
	    {folder, CAGE_READ_WRITE},
	    {NULL, CAGE_READ},
	};
	const struct cage cage = {
	    .name = "store",
	    .groups = CAGE_FILES | CAGE_MEMFD,
	    .paths = paths,
	    .files_max = 16384,
	};

	program_enter_cage(program, &cage);
}

/* A word that is none asks the most. */
static enum second_factor
second_factor(const struct program *program)
{
	const char *word = program_conf(program, "second_factor", "staff");

	if (strcmp(word, "nobody") == 0)
		return SECOND_FACTOR_NOBODY;
	if (strcmp(word, "staff") == 0)
		return SECOND_FACTOR_STAFF;
	if (strcmp(word, "all") != 0)
		log_line(LOG_WARN,
		    "msg=\"not nobody, staff or all: taken as all\" "
		    "key=store.second_factor");
	return SECOND_FACTOR_ALL;
}

/* The parent says first which there are: "oidc", and each NAME. */
static void
configure_hook(struct store *store, const struct program *program)
{
	const char *portal = program_conf(program, "mail_portal", "");
	size_t len = strlen(portal);

	while (len > 0 && portal[len - 1] == '/')
		len--;
	free(store->hook.portal);
	store->hook.portal = xstrndup(portal, len);
	store->hook.retry_us =
	    1000000 * program_conf_int(program, "hook_retry_seconds", 10);
	store->hook.give_up_us =
	    HOUR_US * program_conf_int(program, "hook_give_up_hours", 72);
	store->hook.rotation_us =
	    HOUR_US * program_conf_int(program, "hook_rotation_hours", 24);
}

static void
configure_oidc(struct store *store, const struct program *program)
{
	auto_free char *names =
	    xstrdup(program_conf(program, "oidc_providers", ""));
	char *rest = names;
	const char *name;

	while ((name = strsep(&rest, " ")) != NULL) {
		struct oidc_conf conf = {.name = name};
		struct {
			const char *key;
			const char **value;
		} const keys[] = {
		    {"issuer", &conf.issuer},
		    {"client_id", &conf.client},
		    {"redirect_uri", &conf.redirect},
		    {"label", &conf.label},
		    {"required_acr", &conf.required_acr},
		    {"required_amr", &conf.required_amr},
		    {"signed_out_uri", &conf.signed_out},
		};

		for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
			auto_free char *key =
			    xasprintf("%s.%s", name, keys[i].key);

			*keys[i].value = program_conf(program, key, "");
		}
		if (name[0] != '\0' && !oidc_add(store->oidc, &conf))
			log_line(LOG_ERROR,
			    "msg=\"an identity provider is left out\" "
			    "name=%s reason=\"it has no issuer, another has "
			    "it, or there are more than %d\"",
			    name, OIDC_PROVIDERS_MAX);
	}
	store->oidc->flow_us =
	    1000000 * program_conf_int(program, "oidc_sign_in_seconds", 600);
	store->oidc->takes_strangers =
	    strcmp(program_conf(program, "oidc_strangers", "refuse"), "wait") ==
	    0;
}

static int
serve(void)
{
	static const struct program_ops ops = {.peer = on_peer};
	static struct program program;
	auto_free char *folder = NULL;
	struct store *store;
	char why[512];
	int hasher_fd;

	program_start(&program, ROLE_STORE, "loep-store");
	folder = xasprintf("%s/db", program_conf(&program, "state_dir", "."));
	(void)umask(077);
	if (hasher_fork(&hasher_fd) != ERR_OK) {
		log_line(LOG_ERROR, "msg=\"cannot fork the password hasher\"");
		return 71;
	}
	/* The cage first: what another program may have done to the file is
	 * read inside it. */
	enter_cage(&program, folder);
	if (store_new(program.loop, folder, why, sizeof(why), &store) !=
	    ERR_OK) {
		log_line(
		    LOG_ERROR, "msg=\"refusing to start\" reason=\"%s\"", why);
		return 78;
	}
	store->blame = on_blame;
	store->blame_arg = &program;
	store->hasher = hasher_new(program.loop, hasher_fd);
	store->second_factor = second_factor(&program);
	store->session_idle_us =
	    MINUTE_US * program_conf_int(&program, "session_idle_minutes", 30);
	store->session_max_us =
	    HOUR_US * program_conf_int(&program, "session_hours", 12);
	store->invite_us =
	    HOUR_US * program_conf_int(&program, "invite_hours", 72);
	store->step_up_us =
	    1000000 * program_conf_int(&program, "step_up_seconds", 600);
	store->verify_period_us =
	    DAY_US * program_conf_int(&program, "verify_days", 30);
	store->is_single_person =
	    strcmp(program_conf(&program, "rules_single_person", "no"),
		"yes") == 0;
	store->is_single_review =
	    strcmp(program_conf(&program, "review_single_person", "no"),
		"yes") == 0;
	store->may_fetch =
	    strcmp(program_conf(&program, "rules_fetch", "no"), "yes") == 0;
	store->sweep.period_us =
	    1000000 * program_conf_int(&program, "sweep_seconds", 24 * 3600);
	store->sweep.age_s = program_conf_int(&program, "orphan_seconds", 3600);
	store->submission_artefacts_max = program_conf_int(
	    &program, "submission_artefacts", LIMIT_SUBMISSION_ARTEFACTS);
	store->upload_us =
	    DAY_US * program_conf_int(&program, "upload_days", RESUME_DAYS);
	store->mail_give_up_us =
	    HOUR_US * program_conf_int(&program, "mail_give_up_hours", 72);
	store->quota_bytes = program_conf_int(&program, "quota_bytes", 0);
	store->quota_uploads =
	    program_conf_int(&program, "quota_uploads", 1000);
	configure_oidc(store, &program);
	configure_hook(store, &program);
	program_run(&program, &ops, store);
	store_free(store);
	return 0;
}

int
main(int argc, char **argv)
{
	(void)umask(077);
	return argc > 1 ? run_by_hand(argc, argv) : serve();
}
