// SPDX-License-Identifier: Apache-2.0
// Wörter der Seiten derer, die etwas einreichen.
import type { operator as en } from '../en/operator.js';

export const operator: typeof en = {
  nav: {
    home: 'Meine Fälle',
    submit: 'Neue Einreichung',
    colleagues: 'Kollegen',
    account: 'Mein Konto',
  },
  signIn: {
    title: 'Anmelden',
    claim: 'Analyse dessen, was ein Eindringen hinterließ',
    login: 'Anmeldename',
    password: 'Passwort',
    code: 'Code',
    codeHint:
      'Sechs Ziffern aus Ihrer Authenticator-App oder einer Ihrer Wiederherstellungscodes.',
    submit: 'Anmelden',
    otherAccount: 'Anderes Konto',
    refused: 'Name, Passwort oder Code ist nicht richtig.',
    forgotten:
      'Passwort vergessen? Jemand, der Ihre Organisation verwaltet, oder das CSIRT kann Ihnen eine neue Einladung schicken.',
  },
  invitation: {
    title: 'Eine Einladung annehmen',
    text: 'Wählen Sie ein Passwort. Damit können Sie sich anmelden.',
    secret: 'Einladung',
    password: 'Neues Passwort',
    passwordHint:
      'Mindestens 12 Zeichen. Mehrere Wörter, die nicht zusammengehören, sind ein gutes Passwort.',
    again: 'Noch einmal dasselbe',
    different: 'Die beiden sind nicht gleich.',
    refused:
      'Die Einladung ist nicht bekannt, wurde schon benutzt oder ist abgelaufen.',
    weak: 'Dieses Passwort ist zu kurz oder zu leicht zu erraten.',
    submit: 'Passwort setzen',
    doneTitle: 'Ihr Passwort ist gesetzt',
    done: (login) => `Melden Sie sich mit dem Namen ${login} an.`,
  },
  home: {
    title: 'Meine Fälle',
    none: 'Es gibt noch keine Fälle.',
  },
  account: {
    title: 'Mein Konto',
    name: 'Name',
  },
};
