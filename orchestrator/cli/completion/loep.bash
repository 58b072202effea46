# SPDX-License-Identifier: Apache-2.0
# Completion of loep(1) for bash.
_loep() {
	local current previous command words verb
	current=${COMP_WORDS[COMP_CWORD]}
	previous=${COMP_WORDS[COMP_CWORD - 1]}
	command=
	verb=
	local i
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--state | --socket | --server | --token-file | --ca | --pin | --cert | --key) ((i++)) ;;
		-*) ;;
		*)
			if [ -z "$command" ]; then
				command=${COMP_WORDS[i]}
			elif [ -z "$verb" ]; then
				verb=${COMP_WORDS[i]}
			fi
			;;
		esac
	done
	case $previous in
	--state | --receipts | --goodware)
		mapfile -t COMPREPLY < <(compgen -d -- "$current")
		return
		;;
	--socket | --token-file | --ca | --cert | --key | --config | -o | --output | --report)
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	--tlp) words="CLEAR GREEN AMBER AMBER+STRICT RED" ;;
	--pap) words="CLEAR GREEN AMBER RED" ;;
	--severity) words="low medium high critical" ;;
	--confidence) words="low moderate high" ;;
	--owner) words="any none me" ;;
	--stage) words="received checking waiting analysing in_review reported closed declined" ;;
	--malicious | --cross-border) words="yes no" ;;
	--notification) words="mandatory voluntary unknown" ;;
	--nis2-stage) words="none early_warning notification final" ;;
	--scope) words="be_territory be_domain other" ;;
	--kind) [ "$command" = rules ] && words="folder archive git misp text" || words="file log disk_image memory_image vm_image pcap email archive url other" ;;
	--format) words="html json" ;;
	esac
	if [ -z "${words:-}" ]; then
		case $command in
		"") words="init tls-cert pgp-key start stop submit queue case artefact unseal run report job vm rules org user hunt search rescan recipient disclosure policy exception key mode outbox hook audit verify backup restore status doctor --state --socket --server --token-file --ca --pin --cert --key --json --quiet --help --version" ;;
		init) words="--org --class" ;;
		start) words="--background --config" ;;
		submit)
			if [[ $current != -* ]]; then
				mapfile -t COMPREPLY < <(compgen -f -- "$current")
				return
			fi
			words="--case --title --severity --tlp --pap --kind --password --restriction --not-classified --personal-data --third-party --network --origin --collected --comment --source --sha256 --profile --seconds --recursive --resume --receipts --wait --report --name"
			;;
		queue) words="list staff statistics times classes --owner --stage --days --months" ;;
		case) words="list show findings wait claim unclaim handover handovers stage set message messages read note notes task tasks done undone clocks history labels access disclosures deletions withdraw delete approve refuse certificate hold merge split --status  --stage --owner --find --to --note --reason --title --severity --rsit-class --rsit-type --root-cause --notification --aware --malicious --cross-border --scope --scope-value --context --nis2-stage --assignee --due" ;;
		artefact) words="list tree show download bytes receipt verdict verdicts confirm restrict unseal unseals --purpose --output --confidence --reason --necessity" ;;
		unseal) words="list approve refuse --reason" ;;
		run) words="list show events cancel new --profile --seconds --arg --wait" ;;
		report) words="list draft edit submit approve return issue recall personal-data export --reviewed --to --format --ceiling --purpose --kind --language --sections --version --comment --reason --format --output --new --rev" ;;
		job) words="list show retry cancel --status" ;;
		vm) words="list profiles image build check rebuild" ;;
		rules)
			if [ "$verb" = add ] && [[ $current != -* ]]; then
				mapfile -t COMPREPLY < <(compgen -f -- "$current")
				return
			fi
			words="init add remove list show test diff approve reject activate rollback quarantine noisy disable enable --source --replace --namespace --licence --tlp --owner --priority --comment --kind --on --wait --reason --goodware --no-goodware --keep"
			;;
		org) words="list show add set --name --class --rank --sector --language --state --quota-bytes --quota-uploads" ;;
		policy) words="list show diff propose approve reject --base --comment --from --reason" ;;
		key) words="list show add verify retire --org --fingerprint --how --reason" ;;
		pgp-key) words="--user-id --days --add --show" ;;
		recipient) words="list add set --kind --name --contact --tlp-max --lacks-strict --sharing-group --agreement --until --active --version" ;;
		disclosure) words="show preview removed file submit consent approve deny send --output --days --answer --reason" ;;
		exception) words="list propose approve --reason --case" ;;
		mode) words="show propose leave approve reject log national_incident national_crisis --reason --plan --exercise --case --class --outbound" ;;
		outbox) words="list retry --status" ;;
		hook) words="list add approve refuse disable rotate test retry log --events --reason" ;;
		hunt)
			mapfile -t COMPREPLY < <(compgen -f -- "$current")
			return
			;;
		rescan) words="list show wait changes gaps proof pause resume cancel retry" ;;
		search) words="--kind --like --limit" ;;
		tls-cert) words="--name --days --force --show" ;;
		user) words="list add set disable enable invite accept passwd totp oidc waiting take turn-away cert token --provider --org --login --uid --kind --capabilities --role --reset-totp --days --account" ;;
		audit)
			if [ "$verb" = verify ]; then
				mapfile -t COMPREPLY < <(compgen -f -- "$current")
				return
			fi
			words="list export verify --after"
			;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "${words:-}" -- "$current")
}
complete -o bashdefault -o default -F _loep loep
