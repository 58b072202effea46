// SPDX-License-Identifier: Apache-2.0
// Attacks on safety controllers.

rule ics_safety_triton_framework : ics triconex triton
{
	meta:
		id = "LOEP-0731"
		author = "Loep"
		date = "2026-11-21"
		description = "The TriStation library of the TRITON framework, compiled or as source."
		reference = "https://attack.mitre.org/software/S1009/"
		tlp = "TLP:CLEAR"
		score = 90
		attack = "T0843,T0857,T0821,T0880"

	strings:
		$module_high = /\bTsHi\b/
		$module_low = /\bTsLow\b/
		$module_base = /\bTsBase\b/
		$names = /\bTS_cnames\b/
		$function_upload = /\bSafeAppendProgramMod\b/
		$function_explain = /\bExplReadRam(Ex)?\b/
		$function_write = /\bExplWriteRam(Ex)?\b/
		$function_info = /\bGetProjectInfo\b/
		$function_exec = /\bExplExec\b/

	condition:
		filesize < 16MB
		and (
			3 of ($module*, $names)
			or (2 of ($function*) and 1 of ($module*, $names))
			or 3 of ($function_upload, $function_explain, $function_write,
			$function_exec)
		)
}

rule ics_safety_triton_loader : ics triconex triton
{
	meta:
		id = "LOEP-0732"
		author = "Loep"
		date = "2026-11-21"
		description = "The program that loads the TRITON payload: its own name, its two payload files and the Triconex library."
		reference = "https://attack.mitre.org/software/S1009/"
		tlp = "TLP:CLEAR"
		score = 85
		attack = "T0843,T0849"

	strings:
		$trilog = "trilog.exe" nocase ascii wide
		$inject = "inject.bin" fullword ascii wide
		$imain = "imain.bin" fullword ascii wide
		$library = "library.zip" fullword ascii wide
		$code = "script_test.py" ascii wide
		$bundle = "PYTHONSCRIPT" ascii wide

	condition:
		filesize < 16MB
		and $inject and $imain
		and any of ($trilog, $library, $code, $bundle)
}
