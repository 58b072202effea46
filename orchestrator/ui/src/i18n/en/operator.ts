// SPDX-License-Identifier: Apache-2.0
// Words of the pages of those who hand things in.
export const operator = {
  nav: {
    home: 'My cases',
    submit: 'New submission',
    colleagues: 'Colleagues',
    account: 'My account',
  },
  signIn: {
    title: 'Sign in',
    claim: 'Analysis of what an intrusion left behind',
    login: 'Login name',
    password: 'Password',
    code: 'Code',
    codeHint:
      'Six figures from your authenticator app, or one of your recovery codes.',
    submit: 'Sign in',
    otherAccount: 'Other account',
    refused: 'Name, password or code is not right.',
    forgotten:
      'Password forgotten? A manager of your organisation, or the CSIRT, can send you a new invitation.',
  },
  invitation: {
    title: 'Accept an invitation',
    text: 'Choose a password. With it you can sign in.',
    secret: 'Invitation',
    password: 'New password',
    passwordHint:
      'At least 12 characters. Several words that do not belong together are a good password.',
    again: 'The same again',
    different: 'The two are not the same.',
    refused: 'The invitation is not known, was used before, or ran out.',
    weak: 'That password is too short or too easy to guess.',
    submit: 'Set the password',
    doneTitle: 'Your password is set',
    done: (login: string) => `Sign in with the name ${login}.`,
  },
  home: {
    title: 'My cases',
    none: 'There are no cases yet.',
  },
  account: {
    title: 'My account',
    name: 'Name',
  },
};
