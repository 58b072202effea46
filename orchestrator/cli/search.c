/* SPDX-License-Identifier: Apache-2.0 */
/* search.c - loep search: find things again. */
#include "cli/command.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <getopt.h>

static const struct table_column found_columns[] = {
    {"found", "kind", 's'},
    {"case", "case", 's'},
    {"organisation", "org_name", 's'},
    {"name", "name", 's'},
    {"artefact", "artefact", 's'},
    {"distance", "score", 'd'},
    {"why", "why", 's'},
    {NULL, NULL, 0},
};

int
cmd_search(struct cli *cli, int argc, char **argv)
{
	static const struct option options[] = {
	    {"kind", required_argument, NULL, 'k'},
	    {"like", required_argument, NULL, 'l'},
	    {"limit", required_argument, NULL, 'n'},
	    {NULL, 0, NULL, 0},
	};
	const char *kind = "any";
	const char *like = NULL;
	size_t limit = 50;
	auto_free char *words = xstrdup("");
	json_t *rows;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'k')
			kind = optarg;
		else if (c == 'l')
			like = optarg;
		else if (c == 'n')
			limit = (size_t)strtoul(optarg, NULL, 10);
		else
			command_usage("search", EXIT_USAGE);
	}
	if ((like == NULL) == (optind == argc))
		command_usage("search", EXIT_USAGE);
	for (int i = optind; i < argc; i++) {
		char *more = xasprintf(
		    "%s%s%s", words, words[0] != '\0' ? " " : "", argv[i]);

		free(words);
		words = more;
	}
	rows = like != NULL
		   ? api_list(cli->api, limit, "/artefacts/%s/related", like)
		   : api_list(
			 cli->api, limit, "/search?q=%s&kind=%s", words, kind);
	print_rows(cli, rows, found_columns, "Nothing is found.");
	return 0;
}
