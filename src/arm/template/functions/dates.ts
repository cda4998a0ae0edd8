/**
 * Functions on dates.
 * Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-date
 *
 * @module
 */

import type { Json } from '../../../lib/json.ts';
import type { Scope } from '../scope.ts';
import { formatMoment, type Moment, momentAt, parseMoment, secondsOf } from './calendar.ts';
import type { Arguments, TemplateFunction } from './contract.ts';

/** Functions on dates, by name. */
export const dateFunctions = {
  dateTimeAdd: { takes: [2, 3], call: dateTimeAdd },
  dateTimeFromEpoch: {
    takes: [1, 1],
    call: (args) => printed(args, momentAt(args.integer(0)), 'yyyy-MM-ddTHH:mm:ssZ'),
  },
  dateTimeToEpoch: { takes: [1, 1], call: (args) => secondsOf(moment(args, args.text(0))) },
  utcNow: { takes: [0, 1], call: utcNow },
} satisfies Record<string, TemplateFunction>;

function utcNow(args: Arguments, scope: Scope): Json {
  if (!scope.inDefault) {
    throw args.problem(
      `can only be used in the default value of a parameter, not in ${scope.place}; declare a parameter with it and use that`,
    );
  }
  return printed(args, moment(args, scope.context.utcNow), args.optionalText(0) ?? 'yyyyMMddTHHmmssZ');
}

/** Adds weeks, days, hours, minutes and seconds. Months and years have no fixed length and are refused. */
function dateTimeAdd(args: Arguments): Json {
  const base = args.text(0);
  const duration =
    /^(?<sign>-?)P(?=.)(?:(?<weeks>\d+)W)?(?:(?<days>\d+)D)?(?:T(?=.)(?:(?<hours>\d+)H)?(?:(?<minutes>\d+)M)?(?:(?<seconds>\d+)S)?)?$/.exec(
      args.text(1),
    )?.groups;
  if (!duration) {
    throw args.wrong(
      1,
      "a duration of weeks, days, hours, minutes and seconds such as 'P1DT2H' (years and months are not supported yet)",
    );
  }
  const count = (part: string): number => Number(duration[part] ?? 0);
  const days = count('weeks') * 7 + count('days');
  const added = days * 86_400 + count('hours') * 3600 + count('minutes') * 60 + count('seconds');
  const before = moment(args, base);
  const after = momentAt(secondsOf(before) + (duration.sign === '-' ? -added : added));
  return printed(args, { ...after, milliseconds: before.milliseconds }, args.optionalText(2) ?? formOf(base));
}

/** The format that a date is written in: what `dateTimeAdd` answers in unless told. */
function formOf(text: string): string {
  if (/^\d{8}T/.test(text)) return 'yyyyMMddTHHmmssZ';
  return text.includes(' ') ? 'u' : 'yyyy-MM-ddTHH:mm:ssZ';
}

function moment(args: Arguments, text: string): Moment {
  const parsed = parseMoment(text);
  if (!parsed) throw args.wrong(0, "a date in ISO 8601 such as '2024-05-31T12:00:00Z'");
  return parsed;
}

function printed(args: Arguments, at: Moment, format: string): string {
  const result = formatMoment(at, format);
  if (!result.ok) throw args.problem(result.error, args.count - 1);
  return result.value;
}
