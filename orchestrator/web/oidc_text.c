/* SPDX-License-Identifier: Apache-2.0 */
/* oidc_text.c - what the page behind a sign-in at a provider says. */
#include "web/oidc_text.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static const char *const words[OIDC_LANGUAGES] = {"nl", "fr", "de", "en"};

static const char *const texts[OIDC_TEXTS][OIDC_LANGUAGES] = {
    [OIDC_TEXT_TITLE] = {"Aanmelden", "Connexion", "Anmeldung", "Sign-in"},
    [OIDC_TEXT_WORKED] = {"Het aanmelden is gelukt.", "Vous êtes connecté.",
	"Die Anmeldung ist gelungen.", "The sign-in worked."},
    [OIDC_TEXT_ON] = {"Verder", "Continuer", "Weiter", "Go on"},
    [OIDC_TEXT_FAILED] = {"Het aanmelden is niet gelukt",
	"La connexion a échoué", "Die Anmeldung ist nicht gelungen",
	"The sign-in did not work"},
    [OIDC_TEXT_BACK] = {"Terug naar het aanmelden",
	"Retour à la page de connexion", "Zurück zur Anmeldung",
	"Back to the sign-in page"},
    [OIDC_TEXT_AWAY] =
	{"De identiteitsprovider is nu niet bereikbaar. Probeer het later "
	 "opnieuw, of meld u aan met uw wachtwoord.",
	    "Le fournisseur d'identité est injoignable pour le moment. "
	    "Réessayez plus tard ou connectez-vous avec votre mot de passe.",
	    "Der Identitätsanbieter ist gerade nicht erreichbar. Versuchen Sie "
	    "es später noch einmal, oder melden Sie sich mit Ihrem Passwort "
	    "an.",
	    "The identity provider cannot be reached now. Try again later, or "
	    "sign in with your password."},
    [OIDC_TEXT_EXPIRED] =
	{"Dit aanmelden is niet in deze browser begonnen, duurde te lang, of "
	 "is al afgerond. Begin opnieuw.",
	    "Cette connexion n'a pas commencé dans ce navigateur, a duré trop "
	    "longtemps ou est déjà terminée. Recommencez.",
	    "Diese Anmeldung hat nicht in diesem Browser begonnen, hat zu "
	    "lange gedauert oder ist schon beendet. Beginnen Sie neu.",
	    "This sign-in did not begin in this browser, took too long, or "
	    "has ended already. Begin again."},
    [OIDC_TEXT_PROVIDER] = {"De identiteitsprovider zegt:",
	"Le fournisseur d'identité répond :", "Der Identitätsanbieter sagt:",
	"The identity provider says:"},
    [OIDC_TEXT_TOKEN] =
	{"Wat de identiteitsprovider antwoordde, kan niet worden vertrouwd. "
	 "Begin opnieuw; gebeurt het weer, zeg het dan aan uw beheerder.",
	    "La réponse du fournisseur d'identité n'est pas fiable. "
	    "Recommencez ; si cela se reproduit, prévenez votre "
	    "administrateur.",
	    "Der Antwort des Identitätsanbieters ist nicht zu trauen. Beginnen "
	    "Sie neu; geschieht es wieder, sagen Sie es Ihrem Administrator.",
	    "What the identity provider answered cannot be trusted. Begin "
	    "again; if it happens again, tell your administrator."},
    [OIDC_TEXT_ACR] =
	{"Hier is een sterkere aanmelding bij de identiteitsprovider nodig, "
	 "met een tweede factor.",
	    "Une connexion plus forte chez le fournisseur d'identité est "
	    "requise, avec un second facteur.",
	    "Hier ist beim Identitätsanbieter eine stärkere Anmeldung nötig, "
	    "mit einem zweiten Faktor.",
	    "A stronger sign-in at the identity provider is needed here, with "
	    "a second factor."},
    [OIDC_TEXT_UNLINKED] =
	{"Geen account hier hoort bij u. Geef wie uw accounts beheert deze "
	 "naam, waaronder de provider u kent:",
	    "Aucun compte ici n'est le vôtre. Donnez à la personne qui gère "
	    "vos comptes ce nom, sous lequel le fournisseur vous connaît :",
	    "Kein Konto hier gehört zu Ihnen. Geben Sie denen, die Ihre Konten "
	    "verwalten, diesen Namen, unter dem der Anbieter Sie kennt:",
	    "No account here is yours. Give whoever manages your accounts this "
	    "name, which the provider knows you by:"},
    [OIDC_TEXT_WAITING] =
	{"U bent hier nog niet bekend. Geef deze code aan wie de accounts van "
	 "uw organisatie beheert; zodra u bent toegelaten, meldt u zich "
	 "opnieuw aan. U kunt 30 dagen wachten.",
	    "Vous n'êtes pas encore connu ici. Donnez ce code à la personne "
	    "qui gère les comptes de votre organisation ; une fois admis, "
	    "connectez-vous à nouveau. Votre demande attend 30 jours.",
	    "Sie sind hier noch nicht bekannt. Geben Sie diesen Code denen, "
	    "die die Konten Ihrer Organisation verwalten; sind Sie "
	    "aufgenommen, melden Sie sich wieder an. Sie können 30 Tage "
	    "warten.",
	    "You are not known here yet. Tell this code to whoever manages "
	    "the accounts of your organisation; once you are taken in, sign "
	    "in again. You can wait for 30 days."},
    [OIDC_TEXT_TURNED_AWAY] =
	{"U bent hier niet toegelaten. Vraag het aan wie de accounts van uw "
	 "organisatie beheert.",
	    "Vous n'avez pas été admis ici. Adressez-vous à la personne qui "
	    "gère les comptes de votre organisation.",
	    "Sie wurden hier nicht aufgenommen. Fragen Sie die, die die Konten "
	    "Ihrer Organisation verwalten.",
	    "You were not taken in here. Ask whoever manages the accounts of "
	    "your organisation."},
    [OIDC_TEXT_CROWD] =
	{"Er wachten nu te veel mensen op toelating. Probeer het later "
	 "opnieuw.",
	    "Trop de personnes attendent d'être admises pour le moment. "
	    "Réessayez plus tard.",
	    "Zu viele warten gerade auf Aufnahme. Versuchen Sie es später noch "
	    "einmal.",
	    "Too many people wait to be taken in now. Try again later."},
    [OIDC_TEXT_ANOTHER] =
	{"U hebt zich daar als iemand anders aangemeld. Sluit dit venster en "
	 "probeer het opnieuw.",
	    "Vous vous y êtes connecté sous une autre identité. Fermez cette "
	    "fenêtre et réessayez.",
	    "Sie haben sich dort als jemand anders angemeldet. Schließen Sie "
	    "dieses Fenster, und versuchen Sie es noch einmal.",
	    "You signed in there as somebody else. Close this window and try "
	    "again."},
    [OIDC_TEXT_NOT_NOW] =
	{"De identiteitsprovider zegt niet dat u zich zonet hebt aangemeld. "
	 "Sluit dit venster en probeer het opnieuw.",
	    "Le fournisseur d'identité ne dit pas que vous venez de vous "
	    "connecter. Fermez cette fenêtre et réessayez.",
	    "Der Identitätsanbieter sagt nicht, dass Sie sich gerade "
	    "angemeldet haben. Schließen Sie dieses Fenster, und versuchen Sie "
	    "es noch einmal.",
	    "The identity provider does not say that you signed in just now. "
	    "Close this window and try again."},
    [OIDC_TEXT_CLOSED] = {"Uw account hier is gesloten.",
	"Votre compte ici est fermé.", "Ihr Konto hier ist geschlossen.",
	"Your account here is closed."},
    [OIDC_TEXT_TAKEN] =
	{"Dit account is al gekoppeld, of deze identiteit hoort al bij een "
	 "account.",
	    "Ce compte est déjà lié, ou cette identité appartient déjà à un "
	    "compte.",
	    "Dieses Konto ist schon verknüpft, oder diese Identität gehört "
	    "schon zu einem Konto.",
	    "This account is linked already, or this identity belongs to an "
	    "account already."},
    [OIDC_TEXT_INVITATION] = {"De uitnodiging is gebruikt of verlopen.",
	"L'invitation a été utilisée ou a expiré.",
	"Die Einladung wurde benutzt oder ist abgelaufen.",
	"The invitation was used or ran out."},
    [OIDC_TEXT_SECOND] =
	{"Dit account heeft een tweede factor. Meld u aan en koppel het op "
	 "de pagina van uw account.",
	    "Ce compte a un second facteur. Connectez-vous et liez-le sur la "
	    "page de votre compte.",
	    "Dieses Konto hat einen zweiten Faktor. Melden Sie sich an, und "
	    "verknüpfen Sie es auf der Seite Ihres Kontos.",
	    "This account has a second factor. Sign in and link it on the page "
	    "of your account."},
};

enum oidc_language
oidc_language(const char *header)
{
	while (header != NULL && *header != '\0') {
		header += strspn(header, " ,\t");
		for (int i = 0; i < OIDC_LANGUAGES; i++) {
			if (strncasecmp(header, words[i], 2) == 0 &&
			    strchr("-,; ", header[2]) != NULL)
				return (enum oidc_language)i;
		}
		header += strcspn(header, ",");
	}
	return OIDC_EN;
}

const char *
oidc_language_word(enum oidc_language language)
{
	return words[language];
}

const char *
oidc_text(enum oidc_text text, enum oidc_language language)
{
	return texts[text][language];
}
