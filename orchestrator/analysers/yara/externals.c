/* SPDX-License-Identifier: Apache-2.0 */
/* externals.c - what rules are told of an artefact beside its bytes. */
#include "analysers/yara/externals.h"

#include "analysers/yara/compile.h"

static const struct {
	const char *bytes;
	size_t len;
	const char *word;
} types[] = {
    {"MZ", 2, "EXE"},
    {"\x7f"
     "ELF",
	4, "ELF"},
    {"%PDF", 4, "PDF"},
    {"PK\x03\x04", 4, "ZIP"},
    {"Rar!", 4, "RAR"},
    {"7z\xbc\xaf", 4, "7ZIP"},
    {"\x1f\x8b", 2, "GZIP"},
    {"\xd0\xcf\x11\xe0", 4, "OLE"},
    {"{\\rtf", 5, "RTF"},
    {"GIF8", 4, "GIF"},
    {"\xff\xd8\xff", 3, "JPG"},
    {"\x89PNG", 4, "PNG"},
    {"BM", 2, "BMP"},
    {"MSCF", 4, "CAB"},
    {"L\0\0\0\x01\x14\x02", 7, "LNK"},
    {"regf", 4, "REGISTRYHIVE"},
    {"ElfFile", 7, "EVTX"},
    {"\xca\xfe\xba\xbe", 4, "JAVACLASS"},
};

static const char *
type_of(const void *head, size_t len)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (len >= types[i].len &&
		    memcmp(head, types[i].bytes, types[i].len) == 0)
			return types[i].word;
	}
	return "";
}

static void
define(YR_SCANNER *scanner, enum external external, const char *value)
{
	(void)yr_scanner_define_string_variable(
	    scanner, external_name(external), value);
}

void
externals_define(
    YR_SCANNER *scanner, const json_t *context, const void *head, size_t len)
{
	const char *name = json_member_text(context, "name", "");
	const char *dot = strrchr(name, '.');

	define(scanner, EXTERNAL_FILENAME, name);
	define(scanner, EXTERNAL_FILEPATH,
	    json_member_text(context, "path", name));
	define(scanner, EXTERNAL_EXTENSION, dot == NULL ? "" : dot);
	define(scanner, EXTERNAL_FILETYPE,
	    json_member_text(context, "filetype", type_of(head, len)));
	define(scanner, EXTERNAL_OWNER, json_member_text(context, "owner", ""));
}
