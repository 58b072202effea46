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

static void
print_help(FILE *f)
{
	fprintf(f, "usage: loep [--state DIR] [--socket PATH] [--json] "
		   "[--quiet] COMMAND ...\n"
		   "       loep --server URL [--token-file FILE] [--ca FILE] "
		   "[--pin KEY] COMMAND ...\n\ncommands:\n");
	for (const struct command *c = commands; c->name != NULL; c++)
		fprintf(f, "  %-10s %s\n", c->name, c->summary);
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
