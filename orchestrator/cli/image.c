/* SPDX-License-Identifier: Apache-2.0 */
/* image.c - loep vm image: builds a guest image by its recipe, without root. */
#include "cli/command.h"
#include "lib/own.h"
#include "lib/xalloc.h"

#include <ctype.h>
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

/* The first of the two that is there: as installed, or in the source tree. */
static char *
found(const struct cli *cli, const char *installed, const char *built)
{
	char *path = xasprintf("%s/%s", cli->programs_dir, installed);

	if (access(path, X_OK) == 0)
		return path;
	free(path);
	return xasprintf("%s/%s", cli->programs_dir, built);
}

static bool
is_name(const char *name)
{
	for (const char *p = name; *p != '\0'; p++) {
		if (!isalnum((unsigned char)*p) && *p != '-')
			return false;
	}
	return name[0] != '\0' && name[0] != '-';
}

int
vm_image(struct cli *cli, const char *profile)
{
	auto_free char *from = NULL, *in_tree = NULL, *recipe = NULL;
	auto_free char *agent = NULL, *images = NULL, *output = NULL;
	char *args[6];

	if (!is_name(profile))
		fail(EXIT_USAGE, "a profile's name is letters, digits and -");
	from = xasprintf("../../share/loep/vm-images/%s/build", profile);
	in_tree = xasprintf("../vm-images/%s/build", profile);
	recipe = found(cli, from, in_tree);
	agent =
	    found(cli, "agents/linux/loep-agent", "agents/linux/loep-agent");
	images = xasprintf("%s/vm/images", cli->state_dir);
	output = xasprintf("%s/%s", images, profile);
	if (access(recipe, X_OK) == -1)
		fail(EXIT_NO_INPUT, "there is no recipe %s: %s", recipe,
		    strerror(errno));
	if ((mkdir(images, 0700) == -1 && errno != EEXIST) ||
	    (mkdir(output, 0700) == -1 && errno != EEXIST))
		fail(EXIT_CANNOT_WRITE,
		    "cannot make %s: %s; run this as the user that Loep "
		    "runs as, after `loep init`",
		    output, strerror(errno));
	if (!cli->is_quiet)
		printf("Building %s in %s. Then start Loep again, or: loep vm "
		       "build %s\n",
		    profile, output, profile);
	(void)fflush(stdout);
	args[0] = recipe;
	args[1] = (char[]){"-o"};
	args[2] = output;
	args[3] = (char[]){"-a"};
	args[4] = agent;
	args[5] = NULL;
	(void)execv(recipe, args);
	fail(EXIT_UNREACHABLE, "cannot run %s: %s", recipe, strerror(errno));
}
