/**
 * Dates in UTC as numbers, parsed and printed without a clock.
 *
 * @module
 */

import { fail, ok, type Result } from '../../../lib/result.ts';

/** A moment in UTC. */
export interface Moment {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
  readonly milliseconds: number;
}

const iso =
  /^(\d{4})-?(\d\d)-?(\d\d)(?:[T ](\d\d):?(\d\d)(?::?(\d\d)(?:\.(\d{1,7}))?)?(Z|[+-]\d\d:?\d\d)?)?$/i;

/** Parses ISO 8601, with or without separators. Without an offset it is UTC. */
export function parseMoment(text: string): Moment | undefined {
  const match = iso.exec(text);
  if (!match) return undefined;
  const [year, month, day, hours, minutes, seconds] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  const milliseconds = Number((match[7] ?? '').padEnd(3, '0').slice(0, 3));
  const given = { year, month, day, hours, minutes, seconds, milliseconds };
  const offset = /^([+-])(\d\d):?(\d\d)$/.exec(match[8] ?? '');
  if (!offset) return given;
  const away = (Number(offset[2]) * 60 + Number(offset[3])) * 60;
  return { ...momentAt(secondsOf(given) - (offset[1] === '-' ? -away : away)), milliseconds };
}

/** Returns the seconds since 1970, milliseconds left out. */
export function secondsOf(at: Moment): number {
  return dayNumber(at.year, at.month, at.day) * 86_400 + at.hours * 3600 + at.minutes * 60 + at.seconds;
}

/** Returns the moment that many seconds after 1970. */
export function momentAt(seconds: number): Moment {
  const days = Math.floor(seconds / 86_400);
  const rest = seconds - days * 86_400;
  // Howard Hinnant, "chrono-compatible low-level date algorithms": eras of 400 years that start in March.
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const ofEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  );
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * ofYear + 2) / 153);
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: ofYear - Math.floor((153 * fromMarch + 2) / 5) + 1,
    hours: Math.floor(rest / 3600),
    minutes: Math.floor(rest / 60) % 60,
    seconds: rest % 60,
    milliseconds: 0,
  };
}

/** Days since 1970. The inverse of what {@link momentAt} does. */
function dayNumber(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const ofYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  return (
    era * 146_097 +
    yearOfEra * 365 +
    Math.floor(yearOfEra / 4) -
    Math.floor(yearOfEra / 100) +
    ofYear -
    719_468
  );
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July'],
  ...['August', 'September', 'October', 'November', 'December'],
];

/** .NET's formats of one letter, in the invariant culture. */
const standard: Readonly<Record<string, string>> = {
  d: 'MM/dd/yyyy',
  D: 'dddd, dd MMMM yyyy',
  f: 'dddd, dd MMMM yyyy HH:mm',
  F: 'dddd, dd MMMM yyyy HH:mm:ss',
  g: 'MM/dd/yyyy HH:mm',
  G: 'MM/dd/yyyy HH:mm:ss',
  m: 'MMMM dd',
  M: 'MMMM dd',
  o: "yyyy'-'MM'-'dd'T'HH':'mm':'ss'.'fffffff'Z'",
  O: "yyyy'-'MM'-'dd'T'HH':'mm':'ss'.'fffffff'Z'",
  r: "ddd, dd MMM yyyy HH':'mm':'ss 'GMT'",
  R: "ddd, dd MMM yyyy HH':'mm':'ss 'GMT'",
  s: "yyyy'-'MM'-'dd'T'HH':'mm':'ss",
  t: 'HH:mm',
  T: 'HH:mm:ss',
  u: "yyyy'-'MM'-'dd HH':'mm':'ss'Z'",
  y: 'yyyy MMMM',
  Y: 'yyyy MMMM',
};

const specifier = /'([^']*)'|"([^"]*)"|\\(.)|%|([a-zA-Z])\4*|[^a-zA-Z]/g;

/** Prints a moment in a .NET format. The error completes "the function 'utcNow' ...". */
export function formatMoment(at: Moment, format: string): Result<string> {
  const custom =
    format.length === 1 && Object.hasOwn(standard, format) ? (standard[format] as string) : format;
  if (/^[a-zA-Z]$/.test(custom)) return fail(`does not support the date format '${format}' yet`);
  let out = '';
  for (const match of custom.matchAll(specifier)) {
    const [part, single, double, escaped, letter] = match;
    const literal = single ?? double ?? escaped;
    if (literal !== undefined) out += literal;
    else if (part === '%') continue;
    else if (letter === undefined) out += part;
    else {
      const printed = field(at, part);
      if (printed === undefined) return fail(`does not support '${part}' in the date format '${format}' yet`);
      out += printed;
    }
  }
  return ok(out);
}

function field(at: Moment, part: string): string | undefined {
  const two = (value: number): string => String(value).padStart(2, '0');
  const weekday = days[(((dayNumber(at.year, at.month, at.day) + 4) % 7) + 7) % 7] as string;
  const month = months[at.month - 1] as string;
  switch (part) {
    case 'yyyy':
      return String(at.year).padStart(4, '0');
    case 'yy':
      return two(at.year % 100);
    case 'MMMM':
      return month;
    case 'MMM':
      return month.slice(0, 3);
    case 'MM':
      return two(at.month);
    case 'M':
      return String(at.month);
    case 'dddd':
      return weekday;
    case 'ddd':
      return weekday.slice(0, 3);
    case 'dd':
      return two(at.day);
    case 'd':
      return String(at.day);
    case 'HH':
      return two(at.hours);
    case 'H':
      return String(at.hours);
    case 'hh':
      return two(at.hours % 12 || 12);
    case 'h':
      return String(at.hours % 12 || 12);
    case 'mm':
      return two(at.minutes);
    case 'm':
      return String(at.minutes);
    case 'ss':
      return two(at.seconds);
    case 's':
      return String(at.seconds);
    case 'tt':
      return at.hours < 12 ? 'AM' : 'PM';
    // No specifiers in .NET: they stand for themselves.
    case 'T':
    case 'Z':
      return part;
    default:
      return /^f{1,7}$/.test(part)
        ? String(at.milliseconds).padStart(3, '0').padEnd(7, '0').slice(0, part.length)
        : undefined;
  }
}
