/** The page's words in four languages, from `i18n/*.json`. */

import { store, stored } from './storage.js';

export const LANGUAGES = Object.freeze({
  en: 'English',
  it: 'Italiano',
  de: 'Deutsch',
  es: 'Español',
});

const ATTRIBUTES = {
  i18nLabel: 'aria-label',
  i18nPlaceholder: 'placeholder',
  i18nTitle: 'title',
  i18nAlt: 'alt',
};

const changed = new EventTarget();
let words = {};
let fallback = {};

export let language = 'en';

/** The words of a key, with `{name}` replaced by its value. */
export function t(key, values = {}) {
  const text = words[key] ?? fallback[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** A number as this language writes it. */
export function number(value, digits = 0) {
  return new Intl.NumberFormat(language, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);
}

/** A day, such as 2026-05-01, as this language writes it. */
export function date(day) {
  // Without a time it would be midnight in Greenwich.
  const format = new Intl.DateTimeFormat(language, { dateStyle: 'long' });
  return format.format(new Date(`${day}T12:00`));
}

/** The name of a language of the world, in the page's language; undefined if it is not known. */
export function languageName(code) {
  try {
    return new Intl.DisplayNames([language], { type: 'language', fallback: 'none' }).of(code);
  } catch {
    return undefined;
  }
}

/** Call back now and whenever the language changes. */
export function onLanguage(callback) {
  changed.addEventListener('change', callback);
  callback();
}

/** Give an element words that follow the language. */
export function setWords(element, key, attribute = 'i18n') {
  element.dataset[attribute] = key;
  translate(element);
}

function translate(element) {
  if (element.dataset.i18n) element.textContent = t(element.dataset.i18n);
  for (const [name, attribute] of Object.entries(ATTRIBUTES)) {
    if (element.dataset[name]) element.setAttribute(attribute, t(element.dataset[name]));
  }
}

async function read(code) {
  const response = await fetch(new URL(`../i18n/${code}.json`, import.meta.url));
  return response.json();
}

/** The language chosen before, else the browser's first that there is, else English. */
export function preferred() {
  const wished = [stored('language'), ...navigator.languages].filter(Boolean);
  return wished.map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag in LANGUAGES) ?? 'en';
}

/** Speak another language. */
export async function speak(code, { remember = false } = {}) {
  if (Object.keys(fallback).length === 0) fallback = await read('en');
  words = code === 'en' ? fallback : await read(code);
  language = code;
  if (remember) store('language', code);
  document.documentElement.lang = code;
  const selector = '[data-i18n],[data-i18n-label],[data-i18n-placeholder],[data-i18n-title],[data-i18n-alt]';
  document.querySelectorAll(selector).forEach(translate);
  changed.dispatchEvent(new Event('change'));
}
