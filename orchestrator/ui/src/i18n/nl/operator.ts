// SPDX-License-Identifier: Apache-2.0
// Woorden van de pagina's van wie iets indient.
import type { operator as en } from '../en/operator.js';

export const operator: typeof en = {
  nav: {
    home: 'Mijn dossiers',
    submit: 'Nieuwe indiening',
    colleagues: "Collega's",
    account: 'Mijn account',
  },
  signIn: {
    title: 'Aanmelden',
    claim: 'Analyse van wat een binnendringing achterliet',
    login: 'Aanmeldnaam',
    password: 'Wachtwoord',
    code: 'Code',
    codeHint:
      'Zes cijfers uit uw authenticator-app, of een van uw herstelcodes.',
    submit: 'Aanmelden',
    otherAccount: 'Andere account',
    refused: 'Naam, wachtwoord of code is niet juist.',
    forgotten:
      'Wachtwoord vergeten? Een beheerder van uw organisatie of het CSIRT kan u een nieuwe uitnodiging sturen.',
  },
  invitation: {
    title: 'Een uitnodiging aanvaarden',
    text: 'Kies een wachtwoord. Daarmee kunt u zich aanmelden.',
    secret: 'Uitnodiging',
    password: 'Nieuw wachtwoord',
    passwordHint:
      'Minstens 12 tekens. Enkele woorden die niet bij elkaar horen zijn een goed wachtwoord.',
    again: 'Nog eens hetzelfde',
    different: 'De twee zijn niet gelijk.',
    refused: 'De uitnodiging is niet bekend, werd al gebruikt, of is verlopen.',
    weak: 'Dat wachtwoord is te kort of te makkelijk te raden.',
    submit: 'Wachtwoord instellen',
    doneTitle: 'Uw wachtwoord is ingesteld',
    done: (login) => `Meld u aan met de naam ${login}.`,
  },
  home: {
    title: 'Mijn dossiers',
    none: 'Er zijn nog geen dossiers.',
  },
  account: {
    title: 'Mijn account',
    name: 'Naam',
  },
};
