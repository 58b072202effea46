// SPDX-License-Identifier: Apache-2.0
// Mots des pages de ceux qui transmettent.
import type { operator as en } from '../en/operator.js';

export const operator: typeof en = {
  nav: {
    home: 'Mes dossiers',
    submit: 'Nouvel envoi',
    colleagues: 'Collègues',
    account: 'Mon compte',
  },
  signIn: {
    title: 'Connexion',
    claim: 'L’analyse de ce qu’une intrusion a laissé',
    login: 'Identifiant',
    password: 'Mot de passe',
    code: 'Code',
    codeHint:
      'Six chiffres de votre application d’authentification, ou un de vos codes de secours.',
    submit: 'Se connecter',
    otherAccount: 'Autre compte',
    refused: 'Le nom, le mot de passe ou le code est incorrect.',
    forgotten:
      'Mot de passe oublié ? Un gestionnaire de votre organisation, ou le CSIRT, peut vous envoyer une nouvelle invitation.',
  },
  invitation: {
    title: 'Accepter une invitation',
    text: 'Choisissez un mot de passe. Il vous permettra de vous connecter.',
    secret: 'Invitation',
    password: 'Nouveau mot de passe',
    passwordHint:
      'Au moins 12 caractères. Plusieurs mots sans lien entre eux font un bon mot de passe.',
    again: 'Le même, encore une fois',
    different: 'Les deux ne sont pas identiques.',
    refused: 'L’invitation est inconnue, déjà utilisée ou expirée.',
    weak: 'Ce mot de passe est trop court ou trop facile à deviner.',
    submit: 'Définir le mot de passe',
    doneTitle: 'Votre mot de passe est défini',
    done: (login) => `Connectez-vous avec le nom ${login}.`,
  },
  home: {
    title: 'Mes dossiers',
    none: 'Il n’y a pas encore de dossiers.',
  },
  account: {
    title: 'Mon compte',
    name: 'Nom',
  },
};
