/** First item of every payload, so that a payload on the wrong topic is refused at once. */
export const MESSAGE_KIND = {
  record: 1,
  head: 2,
  segment: 3,
  changeIndex: 4,
  change: 5,
  request: 6,
  response: 7,
  event: 8,
} as const;
