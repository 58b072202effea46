/* SPDX-License-Identifier: Apache-2.0 */
/* command.h - the commands of loep, and what they share. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "cli/api.h"
#include "cli/remote.h"
#include "cli/text.h"
#include "lib/json.h"

struct cli {
	struct api *api;
	char *state_dir;
	struct remote remote;
	char *programs_dir; /* of loepd and the others */
	bool is_json;	    /* --json: answers as they came */
	bool is_quiet;	    /* --quiet: no progress, results only */
};

struct command {
	const char *name;
	/* argv[0] is the command's name.  Returns the exit status. */
	int (*run)(struct cli *cli, int argc, char **argv);
	const char *summary; /* one line for `loep --help` */
	const char *usage;   /* for `loep NAME --help` */
};

extern const struct command commands[];

/* The table's entry, or NULL. */
const struct command *command_find(const char *name);
/* Prints the usage and exits: status 0 to stdout, else to stderr. */
__attribute__((noreturn)) void command_usage(const char *name, int status);

int cmd_init(struct cli *cli, int argc, char **argv);
int cmd_start(struct cli *cli, int argc, char **argv);
int cmd_stop(struct cli *cli, int argc, char **argv);
int cmd_tls_cert(struct cli *cli, int argc, char **argv);
int cmd_pgp_key(struct cli *cli, int argc, char **argv);
int cmd_key(struct cli *cli, int argc, char **argv);
int cmd_submit(struct cli *cli, int argc, char **argv);
int cmd_queue(struct cli *cli, int argc, char **argv);
int cmd_case(struct cli *cli, int argc, char **argv);
int cmd_artefact(struct cli *cli, int argc, char **argv);
int cmd_unseal(struct cli *cli, int argc, char **argv);
/* False where the verb is none of these. */
bool unseal_artefact(struct cli *cli, int argc, char **argv);
int cmd_run(struct cli *cli, int argc, char **argv);
int cmd_report(struct cli *cli, int argc, char **argv);
int cmd_job(struct cli *cli, int argc, char **argv);
int cmd_vm(struct cli *cli, int argc, char **argv);
int cmd_rules(struct cli *cli, int argc, char **argv);
int cmd_org(struct cli *cli, int argc, char **argv);
int cmd_user(struct cli *cli, int argc, char **argv);
int cmd_hunt(struct cli *cli, int argc, char **argv);
int cmd_rescan(struct cli *cli, int argc, char **argv);
int cmd_recipient(struct cli *cli, int argc, char **argv);
int cmd_disclosure(struct cli *cli, int argc, char **argv);
int cmd_policy(struct cli *cli, int argc, char **argv);
int cmd_exception(struct cli *cli, int argc, char **argv);
int cmd_mode(struct cli *cli, int argc, char **argv);
int cmd_outbox(struct cli *cli, int argc, char **argv);
int cmd_hook(struct cli *cli, int argc, char **argv);
int cmd_audit(struct cli *cli, int argc, char **argv);
int cmd_verify(struct cli *cli, int argc, char **argv);
int cmd_search(struct cli *cli, int argc, char **argv);
int cmd_backup(struct cli *cli, int argc, char **argv);
int cmd_restore(struct cli *cli, int argc, char **argv);
int cmd_status(struct cli *cli, int argc, char **argv);
int cmd_doctor(struct cli *cli, int argc, char **argv);

/* Prints any answer as JSON, indented. */
void print_json(const json_t *json);
/* --json: prints the array as JSON and frees it; else as a table. */
void print_rows(const struct cli *cli, json_t *rows,
    const struct table_column *columns, const char *none);

/* The same for one object. */
void print_object(
    const struct cli *cli, json_t *object, const struct table_column *columns);
/* What stands behind the command's verb, or usage and exit. */
const char *command_object(int argc, char **argv);
/* The value behind an option among the arguments, or fallback. */
const char *command_option(
    int argc, char **argv, const char *name, const char *fallback);

/* --- people's work (work.c) --- */

/* Verbs of `loep case` and `loep artefact`; false where it is none of them. */
bool work_on_case(struct cli *cli, int argc, char **argv);
bool work_on_artefact(struct cli *cli, int argc, char **argv);

/* --- the certificate (cert.c) --- */

/*
 * Makes STATE/tls with a certificate for this host, unless there is one, and
 * prints its fingerprint.
 */
void cert_first(const struct cli *cli);

/* --- guest images (image.c) --- */

/* Runs the recipe of a profile; becomes it, or ends the program. */
__attribute__((noreturn)) int vm_image(struct cli *cli, const char *profile);

/* --- waiting (wait.c) --- */

/*
 * Follows a case until nothing is left to do, showing progress.  Returns
 * false when jobs failed.
 */
bool wait_for_case(struct cli *cli, const char *number);
/* The same for one run. */
void wait_for_run(struct cli *cli, const char *id);
/* What a reader wants to know first: findings, tree, runs (summary.c). */
void summary_print(struct cli *cli, const char *number);

#endif
