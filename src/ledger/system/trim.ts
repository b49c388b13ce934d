/** What boost::trim takes off in the "C" locale, and nothing of what JavaScript would take off besides. */
const SPACE = " \t\n\v\f\r";

export function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && SPACE.includes(text[start] as string)) start++;
  while (end > start && SPACE.includes(text[end - 1] as string)) end--;
  return text.slice(start, end);
}
