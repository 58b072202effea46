/* SPDX-License-Identifier: Apache-2.0 */
/* pending.c - unfinished uploads, one small file each. */
#include "cli/pending.h"

#include "lib/own.h"
#include "lib/xalloc.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* NULL where the environment names no place. */
static char *
folder(void)
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");

	if (state != NULL && state[0] == '/')
		return xasprintf("%s/loep/uploads", state);
	if (home != NULL && home[0] == '/')
		return xasprintf("%s/.local/state/loep/uploads", home);
	return NULL;
}

static int
make_folders(const char *path)
{
	auto_free char *copy = xstrdup(path);

	for (char *slash = strchr(copy + 1, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0700) == -1 && errno != EEXIST)
			return ERR_SYS;
		*slash = '/';
	}
	return mkdir(copy, 0700) == -1 && errno != EEXIST ? ERR_SYS : ERR_OK;
}

/* The last part of the location names the file. */
static char *
file_of(const char *location)
{
	const char *slash = strrchr(location, '/');
	auto_free char *dir = folder();

	if (dir == NULL)
		return NULL;
	return xasprintf("%s/%s.json", dir, slash ? slash + 1 : location);
}

void
pending_keep(const struct pending *p)
{
	static bool is_said;
	auto_free char *dir = folder();
	auto_free char *path = file_of(p->location);
	auto_free char *fresh = NULL;
	auto_json json_t *json =
	    json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I}", "service",
		p->service, "location", p->location, "number", p->number,
		"path", p->path, "name", p->name, "size", (json_int_t)p->size,
		"mtime_us", (json_int_t)p->mtime_us);

	/* A name that is no UTF-8 makes no JSON. */
	if (path != NULL && json != NULL && make_folders(dir) == ERR_OK) {
		fresh = xasprintf("%s.new", path);
		if (json_dump_file(json, fresh, JSON_COMPACT) == 0 &&
		    rename(fresh, path) == 0)
			return;
	}
	if (!is_said)
		fprintf(stderr,
		    "loep: this upload cannot be remembered: --resume will "
		    "not know it\n");
	is_said = true;
}

void
pending_forget(const char *location)
{
	auto_free char *path = file_of(location);

	if (path != NULL)
		(void)unlink(path);
}

/* NULL where it is none of that service. */
static json_t *
load(const char *path, const char *service)
{
	auto_json json_t *json =
	    json_load_file(path, JSON_REJECT_DUPLICATES, NULL);

	if (json == NULL ||
	    strcmp(json_member_text(json, "service", ""), service) != 0 ||
	    strncmp(json_member_text(json, "location", ""), "/api/v1/uploads/",
		16) != 0 ||
	    json_member_text(json, "path", "")[0] != '/' ||
	    json_member_int(json, "size", -1) < 0)
		return NULL;
	return json_incref(json);
}

json_t *
pending_list(const char *service)
{
	auto_free char *dir = folder();
	json_t *list = json_array();
	struct dirent **entries = NULL;
	/* The ids of uploads begin with their time. */
	int count = dir == NULL ? 0 : scandir(dir, &entries, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		const size_t len = strlen(name);
		auto_free char *path = xasprintf("%s/%s", dir, name);
		json_t *one = len > 5 && strcmp(name + len - 5, ".json") == 0
				  ? load(path, service)
				  : NULL;

		if (one != NULL)
			(void)json_array_append_new(list, one);
		free(entries[i]);
	}
	free(entries);
	return list;
}
