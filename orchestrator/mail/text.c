/* SPDX-License-Identifier: Apache-2.0 */
/* text.c - what mails say, in Dutch, French, German and English. */
#include "mail/text.h"

#include <string.h>

static const struct text texts[] = {
    {"ack",
	{
	    [TEXT_NL] = {"Ontvangst bevestigd",
		"Wij hebben uw melding ontvangen. Ze heeft het nummer "
		"{number}; vermeld het wanneer u ons schrijft of belt.\n\n"
		"{clock}\n\nDit bericht is automatisch. Wij kunnen niet op "
		"elke melding antwoorden.\n"},
	    [TEXT_FR] = {"Réception confirmée",
		"Nous avons reçu votre signalement. Il porte le numéro "
		"{number} ; mentionnez-le lorsque vous nous écrivez ou nous "
		"appelez.\n\n{clock}\n\nCe message est automatique. Nous ne "
		"pouvons pas répondre à chaque signalement.\n"},
	    [TEXT_DE] = {"Eingang bestätigt",
		"Wir haben Ihre Meldung erhalten. Sie hat die Nummer "
		"{number}; geben Sie sie an, wenn Sie uns schreiben oder "
		"anrufen.\n\n{clock}\n\nDiese Nachricht ist automatisch. Wir "
		"können nicht auf jede Meldung antworten.\n"},
	    [TEXT_EN] = {"Receipt confirmed",
		"We have received your report. Its number is {number}; "
		"mention it when you write to us or call us.\n\n{clock}\n\n"
		"This message is automatic. We cannot answer every report.\n"},
	}},
    {TEXT_ACK_CRISIS,
	{
	    [TEXT_NL] = {"Ontvangst bevestigd (nationale cybercrisis)",
		"Wij hebben uw melding ontvangen. Ze heeft het nummer "
		"{number}; vermeld het wanneer u ons schrijft of belt.\n\n"
		"Er is een nationaal cyberincident of een nationale "
		"cybercrisis. Essentiële diensten gaan voor; andere meldingen "
		"kunnen later worden behandeld.\n\n{clock}\n\nDit bericht is "
		"automatisch.\n"},
	    [TEXT_FR] = {"Réception confirmée (cybercrise nationale)",
		"Nous avons reçu votre signalement. Il porte le numéro "
		"{number} ; mentionnez-le lorsque vous nous écrivez ou nous "
		"appelez.\n\nUn cyberincident national ou une cybercrise "
		"nationale est en cours. Les services essentiels passent en "
		"premier ; les autres signalements peuvent être traités plus "
		"tard.\n\n{clock}\n\nCe message est automatique.\n"},
	    [TEXT_DE] = {"Eingang bestätigt (nationale Cyberkrise)",
		"Wir haben Ihre Meldung erhalten. Sie hat die Nummer "
		"{number}; geben Sie sie an, wenn Sie uns schreiben oder "
		"anrufen.\n\nEs besteht ein nationaler Cybervorfall oder eine "
		"nationale Cyberkrise. Wesentliche Dienste gehen vor; andere "
		"Meldungen können später behandelt werden.\n\n{clock}\n\n"
		"Diese Nachricht ist automatisch.\n"},
	    [TEXT_EN] = {"Receipt confirmed (national cyber crisis)",
		"We have received your report. Its number is {number}; "
		"mention it when you write to us or call us.\n\nThere is a "
		"national cyber incident or a national cyber crisis. "
		"Essential services come first; other reports may be handled "
		"later.\n\n{clock}\n\nThis message is automatic.\n"},
	}},
    {"refused",
	{
	    [TEXT_NL] = {"Uw bericht",
		"Wij hebben uw bericht ontvangen onder het nummer {number}. "
		"Organisaties van klasse {class} hebben geen recht op analyse "
		"van artefacten: er is niets opgeslagen. Dit kunnen wij wel "
		"voor u doen:\n\n{services}\n"},
	    [TEXT_FR] = {"Votre message",
		"Nous avons reçu votre message sous le numéro {number}. Les "
		"organisations de la classe {class} n'ont pas droit à "
		"l'analyse d'artefacts : rien n'a été conservé. Voici ce que "
		"nous pouvons faire pour vous :\n\n{services}\n"},
	    [TEXT_DE] = {"Ihre Nachricht",
		"Wir haben Ihre Nachricht unter der Nummer {number} erhalten. "
		"Organisationen der Klasse {class} haben kein Anrecht auf die "
		"Analyse von Artefakten: Es wurde nichts gespeichert. Dies "
		"können wir für Sie tun:\n\n{services}\n"},
	    [TEXT_EN] = {"Your message",
		"We have received your message under the number {number}. "
		"Organisations of class {class} are not entitled to artefact "
		"analysis: nothing was stored. This is what we can do for "
		"you:\n\n{services}\n"},
	}},
    {"report_available",
	{
	    [TEXT_NL] = {"Verslag beschikbaar",
		"Er is een verslag over dossier {number} beschikbaar.\n"},
	    [TEXT_FR] = {"Rapport disponible",
		"Un rapport sur le dossier {number} est disponible.\n"},
	    [TEXT_DE] = {"Bericht verfügbar",
		"Zu Fall {number} ist ein Bericht verfügbar.\n"},
	    [TEXT_EN] = {"Report available",
		"A report about case {number} is available.\n"},
	}},
    {"message_waiting",
	{
	    [TEXT_NL] = {"Bericht voor u",
		"Er wacht een bericht op u in dossier {number}.\n"},
	    [TEXT_FR] = {"Message pour vous",
		"Un message vous attend dans le dossier {number}.\n"},
	    [TEXT_DE] = {"Nachricht für Sie",
		"In Fall {number} wartet eine Nachricht auf Sie.\n"},
	    [TEXT_EN] = {"Message for you",
		"A message is waiting for you in case {number}.\n"},
	}},
    {"late_detection",
	{
	    [TEXT_NL] = {"Nieuwe vaststelling",
		"Nieuwe regels hebben iets gevonden in wat u eerder hebt "
		"gestuurd; zie dossier {number}.\n"},
	    [TEXT_FR] = {"Nouvelle constatation",
		"De nouvelles règles ont trouvé quelque chose dans ce que "
		"vous aviez envoyé ; voir le dossier {number}.\n"},
	    [TEXT_DE] = {"Neue Feststellung",
		"Neue Regeln haben etwas in dem gefunden, was Sie früher "
		"gesendet haben; siehe Fall {number}.\n"},
	    [TEXT_EN] = {"New finding",
		"New rules found something in what you sent earlier; see case "
		"{number}.\n"},
	}},
    {"withdrawn",
	{
	    [TEXT_NL] = {"Ingetrokken",
		"Wat u in dossier {number} hebt ingetrokken, wordt niet "
		"verder behandeld.\n"},
	    [TEXT_FR] = {"Retiré",
		"Ce que vous avez retiré du dossier {number} n'est plus "
		"traité.\n"},
	    [TEXT_DE] = {"Zurückgezogen",
		"Was Sie in Fall {number} zurückgezogen haben, wird nicht "
		"weiter bearbeitet.\n"},
	    [TEXT_EN] = {"Withdrawn",
		"What you withdrew in case {number} is not worked on any "
		"more.\n"},
	}},
    {"declined",
	{
	    [TEXT_NL] = {"Niet in behandeling",
		"Wij nemen dossier {number} niet in behandeling. De reden "
		"staat in het dossier.\n"},
	    [TEXT_FR] = {"Non traité",
		"Nous ne traitons pas le dossier {number}. La raison figure "
		"dans le dossier.\n"},
	    [TEXT_DE] = {"Nicht bearbeitet",
		"Wir bearbeiten Fall {number} nicht. Der Grund steht im "
		"Fall.\n"},
	    [TEXT_EN] = {"Declined",
		"We do not work on case {number}. The reason is in the "
		"case.\n"},
	}},
    {"report_recalled",
	{
	    [TEXT_NL] = {"Verslag teruggetrokken",
		"Een verslag over dossier {number} is teruggetrokken; gebruik "
		"het niet meer.\n"},
	    [TEXT_FR] = {"Rapport retiré",
		"Un rapport sur le dossier {number} a été retiré ; ne "
		"l'utilisez plus.\n"},
	    [TEXT_DE] = {"Bericht zurückgezogen",
		"Ein Bericht zu Fall {number} wurde zurückgezogen; verwenden "
		"Sie ihn nicht mehr.\n"},
	    [TEXT_EN] = {"Report recalled",
		"A report about case {number} was recalled; do not use it any "
		"more.\n"},
	}},
    {"consent_asked",
	{
	    [TEXT_NL] = {"Uw toestemming gevraagd",
		"Wij vragen uw toestemming om iets uit dossier {number} met "
		"anderen te delen. Wat, met wie en tot wanneer u kunt "
		"antwoorden, staat in het dossier. Zonder antwoord delen wij "
		"niets.\n"},
	    [TEXT_FR] = {"Votre accord est demandé",
		"Nous demandons votre accord pour partager avec d'autres une "
		"partie du dossier {number}. Quoi, avec qui et jusqu'à quand "
		"vous pouvez répondre : voir le dossier. Sans réponse, nous "
		"ne partageons rien.\n"},
	    [TEXT_DE] = {"Ihre Zustimmung wird erbeten",
		"Wir bitten um Ihre Zustimmung, etwas aus Fall {number} mit "
		"anderen zu teilen. Was, mit wem und bis wann Sie antworten "
		"können, steht im Fall. Ohne Antwort teilen wir nichts.\n"},
	    [TEXT_EN] = {"Your consent is asked for",
		"We ask for your consent to share something of case {number} "
		"with others. What, with whom and until when you can answer "
		"is in the case. Without an answer we share nothing.\n"},
	}},
    {"merged",
	{
	    [TEXT_NL] = {"Dossiers samengevoegd",
		"Een ander dossier van u is samengevoegd met dossier {number}. "
		"Beide nummers blijven geldig en leiden naar dit dossier.\n"},
	    [TEXT_FR] = {"Dossiers réunis",
		"Un autre de vos dossiers a été réuni au dossier {number}. Les "
		"deux numéros restent valables et mènent à ce dossier.\n"},
	    [TEXT_DE] = {"Fälle zusammengelegt",
		"Ein anderer Ihrer Fälle wurde mit Fall {number} "
		"zusammengelegt. Beide Nummern bleiben gültig und führen zu "
		"diesem Fall.\n"},
	    [TEXT_EN] = {"Cases merged",
		"Another of your cases was merged with case {number}. Both "
		"numbers stay valid and lead to this case.\n"},
	}},
    {"split",
	{
	    [TEXT_NL] = {"Dossier opgesplitst",
		"Een deel van een dossier van u gaat verder als dossier "
		"{number}. Het eerdere nummer blijft geldig voor de rest.\n"},
	    [TEXT_FR] = {"Dossier scindé",
		"Une partie d'un de vos dossiers continue comme dossier "
		"{number}. Le numéro précédent reste valable pour le "
		"reste.\n"},
	    [TEXT_DE] = {"Fall geteilt",
		"Ein Teil eines Ihrer Fälle wird als Fall {number} "
		"weitergeführt. Die frühere Nummer bleibt für den Rest "
		"gültig.\n"},
	    [TEXT_EN] = {"Case split",
		"Part of a case of yours goes on as case {number}. The earlier "
		"number stays valid for the rest.\n"},
	}},
    {"hook_disabled",
	{
	    [TEXT_NL] = {"Webhook uitgeschakeld",
		"Een webhook van uw organisatie is uitgeschakeld, omdat de "
		"ontvanger ervan geen berichten meer aanneemt. De reden staat "
		"bij de webhook.\n"},
	    [TEXT_FR] = {"Webhook désactivé",
		"Un webhook de votre organisation a été désactivé, car son "
		"destinataire n'accepte plus de messages. La raison figure "
		"auprès du webhook.\n"},
	    [TEXT_DE] = {"Webhook abgeschaltet",
		"Ein Webhook Ihrer Organisation wurde abgeschaltet, weil sein "
		"Empfänger keine Nachrichten mehr annimmt. Der Grund steht "
		"beim Webhook.\n"},
	    [TEXT_EN] = {"Webhook disabled",
		"A webhook of your organisation was disabled, because its "
		"receiver takes no messages any more. The reason stands with "
		"the webhook.\n"},
	}},
    {"deletion_refused",
	{
	    [TEXT_NL] = {"Niet verwijderd",
		"De verwijdering die in dossier {number} is gevraagd, is "
		"geweigerd. De reden staat in het dossier.\n"},
	    [TEXT_FR] = {"Non supprimé",
		"La suppression demandée dans le dossier {number} a été "
		"refusée. La raison figure dans le dossier.\n"},
	    [TEXT_DE] = {"Nicht gelöscht",
		"Die Löschung, um die in Fall {number} gebeten wurde, wurde "
		"abgelehnt. Der Grund steht im Fall.\n"},
	    [TEXT_EN] = {"Not deleted",
		"The deletion that was asked for in case {number} was refused. "
		"The reason is in the case.\n"},
	}},
    {"key_expiring",
	{
	    [TEXT_NL] = {"OpenPGP-sleutel loopt af",
		"De OpenPGP-sleutel {number} is nog {days} dagen geldig. "
		"Verleng hem, of maak een nieuwe, en voeg hem toe voor het "
		"zover is: daarna wordt niets meer naar deze sleutel "
		"versleuteld, en er wordt ook niets onversleuteld "
		"gestuurd.\n"},
	    [TEXT_FR] = {"Clé OpenPGP bientôt expirée",
		"La clé OpenPGP {number} est encore valable {days} jours. "
		"Prolongez-la, ou créez-en une nouvelle, et ajoutez-la avant "
		"cette date : ensuite, rien ne sera plus chiffré avec cette "
		"clé, ni envoyé en clair.\n"},
	    [TEXT_DE] = {"OpenPGP-Schlüssel läuft ab",
		"Der OpenPGP-Schlüssel {number} gilt noch {days} Tage. "
		"Verlängern Sie ihn oder erzeugen Sie einen neuen, und fügen "
		"Sie ihn vorher hinzu: danach wird nichts mehr an diesen "
		"Schlüssel verschlüsselt und auch nichts unverschlüsselt "
		"gesendet.\n"},
	    [TEXT_EN] = {"OpenPGP key about to expire",
		"The OpenPGP key {number} is good for {days} more days. Extend "
		"it, or make a new one, and add it before then: afterwards "
		"nothing is encrypted to this key any more, and nothing is "
		"sent in clear either.\n"},
	}},
};

static const char *const phrases[TEXT_PHRASES][TEXT_LANGUAGES] = {
    [TEXT_AROUND_THE_CLOCK] =
	{"Voor uw klasse ({class}) werken wij de klok rond.",
	    "Pour votre classe ({class}), nous travaillons jour et nuit.",
	    "Für Ihre Klasse ({class}) arbeiten wir rund um die Uhr.",
	    "For your class ({class}) we work around the clock."},
    [TEXT_OFFICE_OPEN] =
	{"Voor uw klasse ({class}) werken wij tijdens de kantooruren.",
	    "Pour votre classe ({class}), nous travaillons aux heures de "
	    "bureau.",
	    "Für Ihre Klasse ({class}) arbeiten wir zu den Bürozeiten.",
	    "For your class ({class}) we work in office hours."},
    [TEXT_OFFICE_CLOSED] =
	{"Voor uw klasse ({class}) werken wij tijdens de kantooruren; wij "
	 "openen weer op {opening}.",
	    "Pour votre classe ({class}), nous travaillons aux heures de "
	    "bureau ; nous rouvrons le {opening}.",
	    "Für Ihre Klasse ({class}) arbeiten wir zu den Bürozeiten; wir "
	    "öffnen wieder am {opening}.",
	    "For your class ({class}) we work in office hours; we open again "
	    "on {opening}."},
    [TEXT_EXERCISE] = {"OEFENING", "EXERCICE", "ÜBUNG", "EXERCISE"},
    [TEXT_PORTAL] = {"Meer leest u, na aanmelding, op:",
	"Pour en savoir plus, connectez-vous à :",
	"Mehr lesen Sie nach der Anmeldung unter:", "To read more, log in at:"},
    [TEXT_CLOSE] = {"Einde van het bericht", "Fin du message",
	"Ende der Nachricht", "End of the message"},
};

static const struct {
	const char *word;
	const char *in[TEXT_LANGUAGES];
} services[] = {
    {"warnings", {"waarschuwingen", "avertissements", "Warnungen", "warnings"}},
    {"incident_analysis", {"incidentanalyse", "analyse d'incidents",
			      "Vorfallanalyse", "incident analysis"}},
    {"on_site_handling", {"bijstand ter plaatse", "assistance sur place",
			     "Unterstützung vor Ort", "on-site handling"}},
    {"handling_support",
	{"ondersteuning bij incidenten", "soutien en cas d'incident",
	    "Unterstützung bei Vorfällen", "support in handling incidents"}},
    {"coordination",
	{"coördinatie", "coordination", "Koordinierung", "coordination"}},
    {"vulnerability_coordination",
	{"coördinatie van kwetsbaarheden", "coordination des vulnérabilités",
	    "Koordinierung von Schwachstellen", "vulnerability coordination"}},
    {"artefact_analysis", {"analyse van artefacten", "analyse d'artefacts",
			      "Analyse von Artefakten", "artefact analysis"}},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum text_language
text_language(const char *word)
{
	static const char *const words[TEXT_LANGUAGES] = {
	    "nl", "fr", "de", "en"};

	for (int i = 0; i < TEXT_LANGUAGES; i++) {
		if (strcmp(words[i], word) == 0)
			return (enum text_language)i;
	}
	return TEXT_EN;
}

const struct text *
text_find(const char *kind)
{
	for (size_t i = 0; i < COUNT(texts); i++) {
		if (strcmp(texts[i].kind, kind) == 0)
			return &texts[i];
	}
	return NULL;
}

const char *
text_phrase(enum text_phrase phrase, enum text_language language)
{
	return phrases[phrase][language];
}

const char *
text_service(const char *service, enum text_language language)
{
	for (size_t i = 0; i < COUNT(services); i++) {
		if (strcmp(services[i].word, service) == 0)
			return services[i].in[language];
	}
	return service;
}
