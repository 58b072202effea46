/* SPDX-License-Identifier: Apache-2.0 */
/* command.c - the commands of loep, and what they share. */
#include "cli/command.h"

const struct command commands[] = {
    {"init", cmd_init, "make keys, database and the first organisation",
	"init [--org NAME] [--class CODE]"},
    {"tls-cert", cmd_tls_cert, "make a self-signed certificate, show it",
	"tls-cert [--name HOST]... [--days N] [--force] | tls-cert --show"},
    {"pgp-key", cmd_pgp_key, "make an OpenPGP key of the service, show it",
	"pgp-key --user-id 'NAME <ADDRESS>' [--days N] [--add] | "
	"pgp-key --show"},
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
	"      --restriction T  what you ask beyond the TLP label\n"
	"      --not-classified you declare that nothing of it is classified\n"
	"      --personal-data yes|no   does it hold personal data?\n"
	"      --third-party yes|no     may the CSIRT ask third parties?\n"
	"      --network yes|no         may runs have a (simulated) network?\n"
	"      --origin TEXT    where you have it from\n"
	"      --collected TIME when it was collected (2026-01-31T23:59:59Z)\n"
	"      --source HOST    where it comes from\n"
	"      --sha256 HEX     what you believe its SHA-256 is\n"
	"      --profile NAME   VM profile (default: chosen by type)\n"
	"      --seconds N      time that the sample gets in the VM\n"
	"  -r, --recursive      take the files below folders\n"
	"      --files0-from F  take the paths in F, each ended by a NUL\n"
	"      --resume         go on with what an earlier run left unfinished\n"
	"      --receipts DIR   keep the signed receipts there\n"
	"  -w, --wait           follow until all is analysed, then print a "
	"summary\n"
	"      --report FILE    with --wait: save the report (.html or "
	".json)\n"
	"\n"
	"FILE - is standard input (--name says what to call it)."},
    {"queue", cmd_queue, "the open cases in the order of work",
	"queue [list] [--owner any|none|me] [--stage WORD] |\n"
	"       queue staff | queue statistics [--days N] | queue classes |\n"
	"       queue times [--months N]"},
    {"case", cmd_case, "list cases, show one, work on one",
	"case list [--status open|closed] [--stage WORD] [--owner none|me|ID]\n"
	"         [--find WORDS]\n"
	"       case show NUMBER | case wait NUMBER | case findings NUMBER\n"
	"       case claim NUMBER | case unclaim NUMBER | case handovers NUMBER\n"
	"       case handover NUMBER --to ACCOUNT --note TEXT\n"
	"       case stage NUMBER checking|waiting|analysing|closed|declined\n"
	"         [--reason TEXT]\n"
	"       case set NUMBER [--title TEXT] [--severity WORD] "
	"[--rsit-class WORD]\n"
	"         [--rsit-type WORD] [--root-cause WORD] [--notification WORD]\n"
	"         [--aware TIME] [--malicious yes|no] [--cross-border yes|no]\n"
	"         [--scope WORD] [--scope-value TEXT] [--context TEXT]\n"
	"         [--nis2-stage WORD]\n"
	"       case message NUMBER TEXT | case messages NUMBER | "
	"case read NUMBER\n"
	"       case note NUMBER TEXT | case notes NUMBER\n"
	"       case task NUMBER TEXT [--assignee ACCOUNT] [--due TIME]\n"
	"       case tasks NUMBER | case done TASK | case undone TASK\n"
	"       case clocks NUMBER | case history NUMBER\n"
	"       case labels NUMBER [--tlp LABEL] [--pap LABEL] "
	"[--restriction TEXT]\n"
	"         [--permission TEXT]\n"
	"       case access NUMBER | case disclosures NUMBER | "
	"case deletions NUMBER\n"
	"       case withdraw SUBMISSION --reason TEXT | "
	"case delete NUMBER --reason TEXT\n"
	"       case approve DELETION | case refuse DELETION --reason TEXT |\n"
	"       case certificate DELETION\n"
	"       case merge NUMBER INTO --reason TEXT --yes |\n"
	"       case split NUMBER ARTEFACT... [--title TEXT] --reason TEXT\n"
	"       case hold NUMBER on|off --reason TEXT\n"
	"\n"
	"TEXT - is standard input.  TIME is 2026-01-31T23:59:59Z."},
    {"artefact", cmd_artefact, "show artefacts, their tree and findings",
	"artefact list CASE | artefact tree CASE | artefact show ID |\n"
	"       artefact download ID --reason TEXT -o FILE.zip |\n"
	"       artefact bytes ID [--offset N] [--length N] | artefact receipt ID |\n"
	"       artefact verdict ID malicious|suspicious|benign|no_finding|"
	"undetermined\n"
	"         [--confidence low|moderate|high] --reason TEXT |\n"
	"       artefact verdicts ID | artefact confirm VERDICT |\n"
	"       artefact restrict ID none|sealed|classified_suspected|legal|"
	"malformed\n"
	"         --reason TEXT |\n"
	"       artefact unseal ID --necessity TEXT | artefact unseals ID"},
    {"unseal", cmd_unseal, "who opened sealed artefacts, and what for",
	"unseal list CASE | unseal approve ID | unseal refuse ID --reason TEXT"},
    {"run", cmd_run, "runs in virtual machines",
	"run list CASE | run show ID | run events ID | run cancel ID |\n"
	"       run new ARTEFACT [--profile NAME] [--seconds N] [--arg TEXT]... "
	"[--wait]"},
    {"report", cmd_report, "fetch or renew a case's report",
	"report CASE [--format html|json|stix|misp|csv|indicators|root_cause]\n"
	"         [-o FILE] [--new] [--rev ID] | report list CASE\n"
	"       report draft CASE [--kind WORD] [--language nl|fr|de|en] "
	"[--sections FILE]\n"
	"       report edit ID --version N [--sections FILE] [--language WORD]\n"
	"         [--tlp LABEL] [--pap LABEL] [--restriction TEXT]\n"
	"       report submit ID | report approve ID [--comment TEXT] |\n"
	"       report return ID --comment TEXT | report issue ID |\n"
	"       report recall ID --reason TEXT |\n"
	"       report personal-data ID [--reviewed VERSION] |\n"
	"       report export ID --to RECIPIENT --format stix|misp|csv\n"
	"         --purpose TEXT [--ceiling LABEL]"},
    {"recipient", cmd_recipient, "who outside may be given things",
	"recipient list | recipient add NAME --kind community|partner|"
	"authority|\n"
	"         organisation|individual [--contact TEXT] [--tlp-max LABEL]\n"
	"         [--lacks-strict yes|no] [--sharing-group N] "
	"[--agreement TEXT]\n"
	"         [--until TIME] |\n"
	"       recipient set ID --version N [--active yes|no] [--name TEXT] "
	"...\n"
	"\n"
	"TIME is as 2027-01-01T00:00:00Z."},
    {"disclosure", cmd_disclosure, "what leaves, and on whose word",
	"disclosure show ID | disclosure preview|removed|file ID [-o FILE] |\n"
	"       disclosure submit ID [--days N] | disclosure approve ID |\n"
	"       disclosure consent ID --answer yes|no [--reason TEXT] |\n"
	"       disclosure deny ID --reason TEXT | disclosure send ID"},
    {"job", cmd_job, "what is queued, running, failed",
	"job list CASE [--status WORD] | job show ID | job retry ID | "
	"job cancel ID"},
    {"vm", cmd_vm, "the pool of virtual machines",
	"vm list | vm profiles | vm image [PROFILE] | vm build PROFILE |\n"
	"       vm check [SLOT] | vm rebuild SLOT"},
    {"rules", cmd_rules, "the rule set: versions, tests, who approved what",
	"rules init\n"
	"       rules add PATH... [--source NAME] [--replace SOURCE] "
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
	"org list | org add NAME --class CODE | org show ID |\n"
	"       org set ID [--name TEXT] [--class CODE] [--rank N] "
	"[--sector TEXT]\n"
	"         [--language nl|fr|de|en] [--state active|suspended|closed]\n"
	"         [--quota-bytes N] [--quota-uploads N]\n"
	"\n"
	"A quota of 0 is none, one of -1 what the configuration says."},
    {"policy", cmd_policy, "who is entitled to what: versions, by two people",
	"policy list | policy show VERSION | policy diff VERSION [--base N] "
	"|\n"
	"       policy propose FILE [--comment TEXT] [--from TIME] |\n"
	"       policy approve VERSION | policy reject VERSION [--reason TEXT]\n"
	"\n"
	"FILE is a JSON document (- is standard input); policy show prints "
	"one to start\nfrom.  TIME is as 2027-01-01T00:00:00Z."},
    {"exception", cmd_exception,
	"files from who is not entitled, by two people",
	"exception list | exception propose ORG --reason TEXT [--case NUMBER] "
	"|\n"
	"       exception approve ID"},
    {"key", cmd_key, "OpenPGP keys of organisations, by two people",
	"key [list] | key show ID | key add FILE [--org ID] |\n"
	"       key verify ID --fingerprint HEX --how TEXT |\n"
	"       key retire ID --reason TEXT\n"
	"\n"
	"FILE is an armored public key (- is standard input).  Whoever added "
	"a key does\nnot verify it; until then nothing is encrypted to it."},
    {"mode", cmd_mode, "normal, national incident or crisis, exercises",
	"mode [show] |\n"
	"       mode propose national_incident|national_crisis --reason TEXT "
	"[--plan TEXT]\n"
	"         [--exercise] [--case NUMBER]... [--class CODE]... "
	"[--outbound NAME]... |\n"
	"       mode leave --reason TEXT | mode approve | mode reject "
	"[--reason TEXT] |\n"
	"       mode log [SEQ]"},
    {"outbox", cmd_outbox, "mails that were or are to be sent",
	"outbox [list] [--status queued|sending|held|sent|failed] | "
	"outbox retry ID"},
    {"hook", cmd_hook, "endpoints that are told what happens (webhooks)",
	"hook [list] | hook add URL [--events WORD,WORD...] | hook log ID |\n"
	"       hook approve ID | hook refuse ID --reason TEXT |\n"
	"       hook disable ID [--reason TEXT] | hook rotate|test|retry ID"},
    {"user", cmd_user, "accounts of people and services",
	"user list | user add NAME [--org ID] [--login NAME] [--uid UID]\n"
	"         [--kind human|service] [--capabilities \"WORD ...\" | "
	"--role ROLE]\n"
	"       user set ID [--capabilities \"WORD ...\" | --role ROLE] "
	"[--login NAME] |\n"
	"       user disable ID | user enable ID |\n"
	"       user invite ID [--reset-totp] | user accept |\n"
	"       user passwd | user totp [remove] |\n"
	"       user oidc ID SUBJECT [--provider NAME] | user oidc ID --remove |\n"
	"       user waiting | user turn-away CODE |\n"
	"       user take CODE NAME [--org ID] [--capabilities WORDS | --role R] |\n"
	"       user cert ID FILE | user cert ID --remove |\n"
	"       user token list | user token revoke ID |\n"
	"       user token add NAME [--capabilities \"WORD ...\"] [--days N]\n"
	"         [--account ID] [-o FILE]"},
    {"hunt", cmd_hunt, "one file of rules over all that is stored",
	"hunt FILE [--keep]"},
    {"rescan", cmd_rescan, "what changed rules mean for what is stored",
	"rescan list | rescan show NUMBER | rescan wait NUMBER |\n"
	"       rescan changes NUMBER [--by rule|artefact|case|organisation] |\n"
	"       rescan gaps NUMBER |\n"
	"       rescan proof ARTEFACT RULE |\n"
	"       rescan pause|resume|cancel|retry NUMBER"},
    {"search", cmd_search, "find by hash, likeness, rule, name or words",
	"search [--kind any|hash|tlsh|rule|indicator|name|text] [--limit N] "
	"WORD...\n"
	"       search --like ARTEFACT [--limit N]"},
    {"audit", cmd_audit, "the audit chain",
	"audit list [--after SEQ] | audit export -o FILE | audit verify FILE "
	"[--key HEX]"},
    {"verify", cmd_verify, "re-hash stored evidence, name what is damaged",
	"verify [ARTEFACT]"},
    {"backup", cmd_backup, "copy all that cannot be made again, while running",
	"backup [--without-keys] DIR\n"
	"\n"
	"DIR is new, empty or an earlier backup, which is brought up to date: "
	"only what\nis new is copied, what was deleted is deleted there, too."},
    {"restore", cmd_restore, "make a state folder from a backup",
	"--state NEW restore DIR"},
    {"status", cmd_status, "the state of the service", "status"},
    {"doctor", cmd_doctor, "what this machine offers, and what is missing",
	"doctor"},
    {NULL, NULL, NULL, NULL},
};

const struct command *
command_find(const char *name)
{
	for (const struct command *c = commands; c->name != NULL; c++) {
		if (strcmp(c->name, name) == 0)
			return c;
	}
	return NULL;
}

void
command_usage(const char *name, int status)
{
	fprintf(status == 0 ? stdout : stderr, "usage: loep %s\n",
	    command_find(name)->usage);
	exit(status);
}

void
print_json(const json_t *json)
{
	(void)json_dumpf(json, stdout,
	    JSON_INDENT(2) | JSON_ENCODE_ANY | JSON_PRESERVE_ORDER);
	printf("\n");
}

void
print_rows(const struct cli *cli, json_t *rows,
    const struct table_column *columns, const char *none)
{
	if (cli->is_json)
		print_json(rows);
	else
		table_print(rows, columns, none);
	json_decref(rows);
}

void
print_object(
    const struct cli *cli, json_t *object, const struct table_column *columns)
{
	if (cli->is_json)
		print_json(object);
	else
		object_print(object, columns);
	json_decref(object);
}

const char *
command_object(int argc, char **argv)
{
	if (argc < 3)
		command_usage(argv[0], EXIT_USAGE);
	return argv[2];
}

const char *
command_option(int argc, char **argv, const char *name, const char *fallback)
{
	for (int i = 1; i + 1 < argc; i++) {
		if (strcmp(argv[i], name) == 0)
			return argv[i + 1];
	}
	return fallback;
}
