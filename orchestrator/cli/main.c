/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loep - the command line client.
 *
 * Reads:  its arguments, the files to submit, the API on a Unix socket.
 * Trusts: nothing that the API says about artefacts: foreign text is cleaned
 *         before it reaches the terminal.
 * Ends:   with a status that means something (loep(1)).
 */
#include "cli/command.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <getopt.h>
#include <limits.h>
#include <locale.h>

const struct command commands[] = {
    {"init", cmd_init, "make keys, database and the first organisation",
	"init [--org NAME] [--class CODE]"},
    {"tls-cert", cmd_tls_cert, "make a self-signed certificate, show it",
	"tls-cert [--name HOST]... [--days N] [--force] | tls-cert --show"},
    {"start", cmd_start, "run the service in the foreground",
	"start [--background] [--config FILE]"},
    {"stop", cmd_stop, "stop the service of this state folder", "stop"},
    {"submit", cmd_submit, "send files as evidence and have them analysed",
	"submit [options] FILE...\n"
	"\n"
	"  -c, --case NUMBER    add to this case (default: a new one)\n"
	"      --title TEXT     title of the new case\n"
	"      --severity WORD  low, medium, high, critical\n"
	"      --tlp LABEL      CLEAR, GREEN, AMBER, AMBER+STRICT, RED\n"
	"      --pap LABEL      CLEAR, GREEN, AMBER, RED\n"
	"      --kind KIND      file, log, disk_image, memory_image, pcap, "
	"email, archive, other\n"
	"      --password TEXT  password of an archive (repeat for more)\n"
	"      --comment TEXT   what it is, in your words\n"
	"      --source HOST    where it comes from\n"
	"      --sha256 HEX     what you believe its SHA-256 is\n"
	"      --profile NAME   VM profile (default: chosen by type)\n"
	"      --seconds N      time that the sample gets in the VM\n"
	"  -r, --recursive      take the files below folders\n"
	"      --files0-from F  take the paths in F, each ended by a NUL\n"
	"      --receipts DIR   keep the signed receipts there\n"
	"  -w, --wait           follow until all is analysed, then print a "
	"summary\n"
	"      --report FILE    with --wait: save the report (.html or "
	".json)\n"
	"\n"
	"FILE - is standard input (--name says what to call it)."},
    {"case", cmd_case, "list cases, show one, wait for one",
	"case list [--status open|closed] | case show NUMBER | "
	"case wait NUMBER | case findings NUMBER"},
    {"artefact", cmd_artefact, "show artefacts, their tree and findings",
	"artefact list CASE | artefact tree CASE | artefact show ID |\n"
	"       artefact get ID --purpose TEXT -o FILE | artefact receipt ID"},
    {"run", cmd_run, "runs in virtual machines",
	"run list CASE | run show ID | run events ID | run cancel ID |\n"
	"       run new ARTEFACT [--profile NAME] [--seconds N] [--arg TEXT]... "
	"[--wait]"},
    {"report", cmd_report, "fetch or renew a case's report",
	"report CASE [--format html|json] [-o FILE] [--new] [--rev ID] | "
	"report list CASE"},
    {"job", cmd_job, "what is queued, running, failed",
	"job list CASE [--status WORD] | job show ID | job retry ID | "
	"job cancel ID"},
    {"vm", cmd_vm, "the pool of virtual machines",
	"vm list | vm profiles | vm image [PROFILE] | vm build PROFILE |\n"
	"       vm check [SLOT] | vm rebuild SLOT"},
    {"rules", cmd_rules, "the rule set: versions, tests, who approved what",
	"rules add PATH... [--source NAME] [--replace SOURCE] "
	"[--namespace NAME]\n"
	"           [--licence TEXT] [--tlp LABEL] [--owner TEXT] "
	"[--priority N]\n"
	"           [--comment TEXT] [--kind folder|archive|git|misp|text]\n"
	"           [--on VERSION] [--wait]\n"
	"       rules remove SOURCE [--on VERSION] [--wait]\n"
	"       rules list [--state WORD] | rules show [VERSION] [RULE]\n"
	"       rules test VERSION [--goodware DIR | --no-goodware] [--keep]\n"
	"       rules preview VERSION\n"
	"       rules diff A B | rules reject VERSION --reason TEXT\n"
	"       rules approve VERSION | rules activate VERSION | "
	"rules rollback [VERSION]\n"
	"       rules quarantine|noisy|disable|enable RULE... --reason TEXT "
	"[--on VERSION]\n"
	"\n"
	"PATH is a folder, a file of rules (- is standard input), an archive, "
	"a git\nrepository or a MISP export (.json).  Without --on a version "
	"is made from the\nactive one.  RULE is a name, or NAMESPACE:NAME."},
    {"org", cmd_org, "organisations",
	"org list | org add NAME --class CODE | org show ID"},
    {"user", cmd_user, "accounts of people and services",
	"user list | user add NAME [--org ID] [--login NAME] [--uid UID]\n"
	"         [--kind human|service] [--capabilities \"WORD ...\"]\n"
	"       user set ID [--capabilities \"WORD ...\"] [--login NAME] |\n"
	"       user disable ID | user enable ID |\n"
	"       user invite ID [--reset-totp] | user accept |\n"
	"       user passwd | user totp [remove] |\n"
	"       user token list | user token revoke ID |\n"
	"       user token add NAME [--capabilities \"WORD ...\"] [--days N]\n"
	"         [--account ID] [-o FILE]"},
    {"hunt", cmd_hunt, "one file of rules over all that is stored",
	"hunt FILE [--keep]"},
    {"rescan", cmd_rescan, "what changed rules mean for what is stored",
	"rescan list | rescan show NUMBER | rescan wait NUMBER |\n"
	"       rescan changes NUMBER | rescan gaps NUMBER |\n"
	"       rescan proof ARTEFACT RULE |\n"
	"       rescan pause|resume|cancel NUMBER"},
    {"audit", cmd_audit, "the audit chain",
	"audit list [--after SEQ] | audit export -o FILE | audit verify FILE "
	"[--key HEX]"},
    {"verify", cmd_verify, "re-hash stored evidence, name what is damaged",
	"verify [ARTEFACT]"},
    {"status", cmd_status, "the state of the service", "status"},
    {"doctor", cmd_doctor, "what this machine offers, and what is missing",
	"doctor"},
    {NULL, NULL, NULL, NULL},
};

static void
print_help(FILE *f)
{
	fprintf(f, "usage: loep [--state DIR] [--socket PATH] [--json] "
		   "[--quiet] COMMAND ...\n"
		   "       loep --server URL [--token-file FILE] [--ca FILE] "
		   "[--pin KEY] COMMAND ...\n\ncommands:\n");
	for (const struct command *c = commands; c->name != NULL; c++)
		fprintf(f, "  %-9s %s\n", c->name, c->summary);
	fprintf(f, "\n`loep COMMAND --help` explains one; loep(1) all.\n"
		   "The state folder is --state, else $LOEP_STATE, else\n"
		   "~/.local/state/loep (root: /var/lib/loep).\n");
}

static char *
own_folder(void)
{
	char path[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
	auto_free char *installed = NULL;
	char *slash;

	if (len == -1)
		return xstrdup(".");
	path[len] = '\0';
	slash = strrchr(path, '/');
	if (slash != NULL)
		*slash = '\0';
	/* bin/loep has the others in lib/loep/. */
	installed = xasprintf("%s/../lib/loep/loepd", path);
	if (access(installed, X_OK) == 0)
		return xasprintf("%s/../lib/loep", path);
	return xstrdup(path);
}

static char *
default_state(void)
{
	const char *own = getenv("LOEP_STATE");
	const char *xdg = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");

	if (own != NULL && own[0] != '\0')
		return xstrdup(own);
	if (geteuid() == 0)
		return xstrdup("/var/lib/loep");
	if (xdg != NULL && xdg[0] == '/')
		return xasprintf("%s/loep", xdg);
	return xasprintf("%s/.local/state/loep", home ? home : "");
}

/* Global options stand before or after the command's name. */
static int
take_globals(struct cli *cli, int argc, char **argv)
{
	int kept = 1;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0) {
			while (i < argc)
				argv[kept++] = argv[i++];
		} else if (strcmp(argv[i], "--json") == 0) {
			cli->is_json = true;
		} else if (strcmp(argv[i], "--quiet") == 0) {
			cli->is_quiet = true;
		} else if (strcmp(argv[i], "--state") == 0 && i + 1 < argc) {
			free(cli->state_dir);
			cli->state_dir = xstrdup(argv[++i]);
		} else if (i + 1 < argc &&
			   remote_option(&cli->remote, argv[i], argv[i + 1])) {
			i++;
		} else {
			argv[kept++] = argv[i];
		}
	}
	argv[kept] = NULL;
	return kept;
}

int
main(int argc, char **argv)
{
	struct cli cli = {0};
	const struct command *command;
	int status;

	/* For the width of characters; numbers and texts stay the same. */
	if (setlocale(LC_CTYPE, "") == NULL ||
	    strcmp(setlocale(LC_CTYPE, NULL), "C") == 0)
		(void)setlocale(LC_CTYPE, "C.UTF-8");
	cli.state_dir = default_state();
	argc = take_globals(&cli, argc, argv);
	if (argc < 2 || strcmp(argv[1], "help") == 0 ||
	    strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		print_help(argc < 2 ? stderr : stdout);
		return argc < 2 ? EXIT_USAGE : 0;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("loep %s\n", LOEP_VERSION);
		return 0;
	}
	command = command_find(argv[1]);
	if (command == NULL)
		fail(EXIT_USAGE,
		    "there is no command \"%s\"; `loep --help` "
		    "lists them",
		    argv[1]);
	for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--help") == 0)
			command_usage(command->name, 0);
	}
	remote_settle(&cli.remote);
	if (cli.remote.socket_path == NULL)
		cli.remote.socket_path =
		    xasprintf("%s/run/loep.sock", cli.state_dir);
	cli.programs_dir = own_folder();
	cli.api = api_new(&cli.remote);
	status = command->run(&cli, argc - 1, argv + 1);
	api_free(cli.api);
	remote_release(&cli.remote);
	if (fflush(stdout) != 0 || ferror(stdout))
		return EXIT_CANNOT_WRITE;
	return status;
}
